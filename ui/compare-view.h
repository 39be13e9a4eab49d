// SPDX-License-Identifier: GPL-3.0-or-later
// What two models see in the same picture: A and B on either side of a line, side by side, or B alone. What they agree on is quiet; what
// one of them misses, what has moved and what they call differently is loud, and faint on the side whose model does not see it.
//
// Properties: "mode" (SqCompareMode as int), "split" (0..1 of the width, from the left).
// Signals:    "matches-changed" (): another result or other filters.
// Thread:     main
#pragma once

#include "filter-state.h"
#include "picture-view.h"

G_BEGIN_DECLS

typedef enum
{
  SQ_COMPARE_SPLIT,
  SQ_COMPARE_PANES,
  SQ_COMPARE_ONLY_B,
  SQ_N_COMPARE_MODES,
} SqCompareMode;

typedef enum
{
  SQ_SIDE_A, // the reference
  SQ_SIDE_B,
  SQ_N_SIDES,
} SqSide;

#define SQ_TYPE_COMPARE_VIEW (sq_compare_view_get_type ())
G_DECLARE_FINAL_TYPE (SqCompareView, sq_compare_view, SQ, COMPARE_VIEW, SqPictureView)

GtkWidget *sq_compare_view_new (void);

void sq_compare_view_set_result (SqCompareView *self, SqResult *pair); // A's, which holds B's; nullable
SqResult *sq_compare_view_get_result (SqCompareView *self);            // transfer none
void sq_compare_view_set_filters (SqCompareView *self, SqFilterState *a, SqFilterState *b);
void sq_compare_view_set_labels (SqCompareView *self, const char *const *a, const char *const *b);
void sq_compare_view_set_names (SqCompareView *self, const char *a, const char *b); // of the models, shown in the corners

void sq_compare_view_set_mode (SqCompareView *self, SqCompareMode mode);
GtkWidget *sq_compare_view_get_handle (SqCompareView *self); // SqSplitHandle; hidden in other modes

// SqMatch elements under the filters, disagreements first (transfer none, may be empty).
GArray *sq_compare_view_get_matches (SqCompareView *self);
guint sq_compare_view_count (SqCompareView *self, SqMatchKind kind);

// Under a point of the widget.
SqSide sq_compare_view_get_side (SqCompareView *self, double x);

G_END_DECLS
