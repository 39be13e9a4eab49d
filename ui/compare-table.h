// SPDX-License-Identifier: GPL-3.0-or-later
// Two models in figures, A beside B and what is between them, then how far they agree. Every figure has its place from the start.
#pragma once

#include "data/data.h"
#include "tally.h"
#include <adwaita.h>

G_BEGIN_DECLS

#define SQ_TYPE_COMPARE_TABLE (sq_compare_table_get_type ())
G_DECLARE_FINAL_TYPE (SqCompareTable, sq_compare_table, SQ, COMPARE_TABLE, AdwBin)

GtkWidget *sq_compare_table_new (void);
void sq_compare_table_set_models (SqCompareTable *self, const SqComparedModel *a, const SqComparedModel *b, double wall_fps); // 0 unknown
void sq_compare_table_set_state (SqCompareTable *self, const SqTallyState *state); // NULL: nothing compared

// What a row says, "size", "engine-fps", ...: of column 0 (A, or both), 1 (B), 2 (difference).
const char *sq_compare_table_get_text (SqCompareTable *self, const char *row, int column);

G_END_DECLS
