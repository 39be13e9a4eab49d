// SPDX-License-Identifier: GPL-3.0-or-later
// A button that says which model is chosen and lets another be.
#pragma once

#include "model-choice.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SQ_TYPE_MODEL_PICKER (sq_model_picker_get_type ())
G_DECLARE_FINAL_TYPE (SqModelPicker, sq_model_picker, SQ, MODEL_PICKER, GtkWidget)

GtkWidget *sq_model_picker_new (void);
void sq_model_picker_set_choice (SqModelPicker *self, SqModelChoice *choice);

G_END_DECLS
