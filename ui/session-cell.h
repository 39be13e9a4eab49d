// SPDX-License-Identifier: GPL-3.0-or-later
// A place in the grid of sessions, cheap to make and to bind; its SqSessionCard is made and filled when there is time.
//
// GtkGridView 4.8 keeps thirty rows of widgets alive around the view and binds them all anew when a session is added at the top: two hundred
// cards at once would stop the main loop for a fifth of a second. So cells wait in a queue, the ones in view first, and are filled a few
// milliseconds at a time.
#pragma once

#include "data/data.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SQ_TYPE_SESSION_CELL (sq_session_cell_get_type ())
G_DECLARE_FINAL_TYPE (SqSessionCell, sq_session_cell, SQ, SESSION_CELL, GtkWidget)

GtkWidget *sq_session_cell_new (void);
void sq_session_cell_set_item (SqSessionCell *self, SqRunItem *item); // nullable

// Something scrolled: cells that wait may have come near.
void sq_session_cell_wake (void);

G_END_DECLS
