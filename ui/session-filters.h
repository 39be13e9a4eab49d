// SPDX-License-Identifier: GPL-3.0-or-later
// What narrows the sessions down besides words: class and score, date, model, device, tag. Chips in as many rows as they need.
//
// Signals: "changed": ask sq_session_filters_fill again.
// Thread:  main; what there is to choose from is read on a worker
#pragma once

#include "data/data.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SQ_TYPE_SESSION_FILTERS (sq_session_filters_get_type ())
G_DECLARE_FINAL_TYPE (SqSessionFilters, sq_session_filters, SQ, SESSION_FILTERS, GtkWidget)

typedef enum
{
  SQ_SESSION_CLASS,
  SQ_SESSION_DATE, // "today", "7", "30" (days), "range"
  SQ_SESSION_MODEL,
  SQ_SESSION_DEVICE,
  SQ_SESSION_TAG,
  SQ_N_SESSION_FACETS
} SqSessionFacet;

GtkWidget *sq_session_filters_new (void);
void sq_session_filters_set_project (SqSessionFilters *self, SqProject *project); // nullable

void sq_session_filters_set (SqSessionFilters *self, SqSessionFacet facet, const char *value); // NULL: not filtered
const char *sq_session_filters_get_label (SqSessionFilters *self, SqSessionFacet facet);       // what the chip says
void sq_session_filters_set_min_score (SqSessionFilters *self, double score);                  // 0..1
void sq_session_filters_set_range (SqSessionFilters *self, GDateTime *from, GDateTime *to);    // whole days, both included; NULL: open
void sq_session_filters_clear (SqSessionFilters *self);
gboolean sq_session_filters_get_any (SqSessionFilters *self);

// All but the text; strings are borrowed until the next change.
void sq_session_filters_fill (SqSessionFilters *self, SqRunQuery *query);

G_END_DECLS
