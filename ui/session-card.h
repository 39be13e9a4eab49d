// SPDX-License-Identifier: GPL-3.0-or-later
// One stored run in the grid: thumbnail, name, when, model, counts.
//
// Properties: "item" (SqRunItem, nullable).
#pragma once

#include "data/data.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SQ_TYPE_SESSION_CARD (sq_session_card_get_type ())
G_DECLARE_FINAL_TYPE (SqSessionCard, sq_session_card, SQ, SESSION_CARD, GtkWidget)

GtkWidget *sq_session_card_new (void);
void sq_session_card_set_item (SqSessionCard *self, SqRunItem *item);
SqRunItem *sq_session_card_get_item (SqSessionCard *self);

// The Menu key and Shift+F10 open the menu of the card that has the focus.
void sq_session_card_add_menu_keys (GtkWidget *grid);

G_END_DECLS
