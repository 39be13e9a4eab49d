// SPDX-License-Identifier: GPL-3.0-or-later
// Average precision per class of one evaluation, or of two beside each other; sorted by any column.
//
// Signals: "selected" (int class): another row is looked at; -1 none.
#pragma once

#include "data/data.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SQ_TYPE_CLASS_TABLE (sq_class_table_get_type ())
G_DECLARE_FINAL_TYPE (SqClassTable, sq_class_table, SQ, CLASS_TABLE, GtkWidget)

GtkWidget *sq_class_table_new (void);
void sq_class_table_set (SqClassTable *self, SqJudge *a, SqJudge *b); // borrowed until set again; `b` nullable
guint sq_class_table_get_n_rows (SqClassTable *self);
int sq_class_table_get_class (SqClassTable *self, guint row); // in the order shown
void sq_class_table_sort (SqClassTable *self, const char *column, GtkSortType order);

G_END_DECLS
