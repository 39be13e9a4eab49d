// SPDX-License-Identifier: GPL-3.0-or-later
// Children in a row, the last at its end; in as many rows as they need where one is too narrow.
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SQ_TYPE_WRAP_BOX (sq_wrap_box_get_type ())
G_DECLARE_FINAL_TYPE (SqWrapBox, sq_wrap_box, SQ, WRAP_BOX, GtkWidget)

GtkWidget *sq_wrap_box_new (void);
void sq_wrap_box_set_spread (SqWrapBox *self, gboolean spread); // FALSE: the last follows the others

G_END_DECLS
