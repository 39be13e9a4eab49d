// SPDX-License-Identifier: GPL-3.0-or-later
// How scores look: one model, or two side by side.
#pragma once

#include "data/evaluate.h"

G_BEGIN_DECLS

typedef struct
{
  const char *name; // of the model or run
  SqJudge *judge;
  double seconds; // it took; 0: stored
} SqScored;

void sq_cli_print_scores (const SqScored *sides, guint n);
void sq_cli_print_scores_json (const SqScored *sides, guint n);

G_END_DECLS
