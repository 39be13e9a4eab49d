// SPDX-License-Identifier: GPL-3.0-or-later
// Who is taken for whom: a row per class of the labels, a column per class seen, of those that occur; every number is a button.
//
// Signals: "cell" (int truth, int seen): the number of classes means nothing.
#pragma once

#include "data/data.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SQ_TYPE_CONFUSION_GRID (sq_confusion_grid_get_type ())
G_DECLARE_FINAL_TYPE (SqConfusionGrid, sq_confusion_grid, SQ, CONFUSION_GRID, GtkWidget)

GtkWidget *sq_confusion_grid_new (void);
void sq_confusion_grid_set (SqConfusionGrid *self, SqJudge *judge); // nullable: empty

G_END_DECLS
