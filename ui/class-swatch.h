// SPDX-License-Identifier: GPL-3.0-or-later
// A dot in a class's colour.
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SQ_TYPE_CLASS_SWATCH (sq_class_swatch_get_type ())
G_DECLARE_FINAL_TYPE (SqClassSwatch, sq_class_swatch, SQ, CLASS_SWATCH, GtkWidget)

GtkWidget *sq_class_swatch_new (int class_id);
void sq_class_swatch_set_class (SqClassSwatch *self, int class_id);

G_END_DECLS
