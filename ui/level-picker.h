// SPDX-License-Identifier: GPL-3.0-or-later
// A button that says at which level the model is chosen and lets another be: those that were made, and those that can be.
#pragma once

#include "model-choice.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SQ_TYPE_LEVEL_PICKER (sq_level_picker_get_type ())
G_DECLARE_FINAL_TYPE (SqLevelPicker, sq_level_picker, SQ, LEVEL_PICKER, GtkWidget)

GtkWidget *sq_level_picker_new (void);
void sq_level_picker_set_choice (SqLevelPicker *self, SqModelChoice *choice);

// The n-th of the list, from 0, as a click on it; nothing where there are fewer.
void sq_level_picker_choose (SqLevelPicker *self, guint n);

G_END_DECLS
