// SPDX-License-Identifier: GPL-3.0-or-later
// The objects of one class in all sessions, as pictures.
//
// Properties: "n-items" (of what was found so far), "loading".
// Signals:    "activate" (gint64 run, gint64 seq): open the session at that frame.
// Thread:     main
#pragma once

#include "data/data.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SQ_TYPE_OBJECT_GRID (sq_object_grid_get_type ())
G_DECLARE_FINAL_TYPE (SqObjectGrid, sq_object_grid, SQ, OBJECT_GRID, GtkWidget)

GtkWidget *sq_object_grid_new (void);

// A query without a class, or no project: empties the grid.
void sq_object_grid_search (SqObjectGrid *self, SqProject *project, const SqRunQuery *query);

gboolean sq_object_grid_get_loading (SqObjectGrid *self);
GListModel *sq_object_grid_get_list (SqObjectGrid *self); // of SqFoundItem
void sq_object_grid_activate (SqObjectGrid *self, guint position);

G_END_DECLS
