// SPDX-License-Identifier: GPL-3.0-or-later
// What all forms of a comparison's report say alike. Private to comparison-*.c.
#pragma once

#include "comparison-report.h"

G_BEGIN_DECLS

typedef struct
{
  const char *name;
  char *a, *b;      // "-" unknown
  char *difference; // of B from A; "" where that says nothing
} SqReportRow;

// Both models' facts (SqReportRow).
GPtrArray *_sq_report_rows (const SqComparisonReport *self);

extern const char *const _sq_match_words[SQ_N_MATCHES]; // "agreed", "moved", "class", "lost", "new"
extern const char *const _sq_size_words[SQ_N_SIZES];

// Classes with boxes (guint), those with most disagreements first.
GArray *_sq_report_classes (const SqComparison *comparison);

G_END_DECLS
