// SPDX-License-Identifier: GPL-3.0-or-later
// An object in a grid: its picture, what it is, and where it was seen.
#pragma once

#include "crop-loader.h"

G_BEGIN_DECLS

#define SQ_TYPE_OBJECT_CELL (sq_object_cell_get_type ())
G_DECLARE_FINAL_TYPE (SqObjectCell, sq_object_cell, SQ, OBJECT_CELL, GtkWidget)

GtkWidget *sq_object_cell_new (void);

// `loader` (borrowed) must live until the cell is cleared.
void sq_object_cell_set (SqObjectCell *self, SqCropLoader *loader, const SqCrop *crop, const char *title, const char *session,
                         const char *place);
void sq_object_cell_clear (SqObjectCell *self);

gboolean sq_object_cell_get_has_picture (SqObjectCell *self);
const char *sq_object_cell_get_problem (SqObjectCell *self); // why there is none; NULL

G_END_DECLS
