// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "compare-view.h"
#include "picture-view-private.h"
#include "split-handle.h"

G_BEGIN_DECLS

struct _SqCompareView
{
  SqPictureView parent_instance;

  SqSplitHandle *handle;

  /* Owned references */
  SqResult *result;
  GArray *boxes[SQ_N_SIDES]; // SqDetection under the filters
  GArray *matches;           // SqMatch, disagreements first
  SqComparison *comparison;  // knows which classes are the same
  SqFilterState *filter[SQ_N_SIDES];
  char **labels[SQ_N_SIDES];
  char *badge[SQ_N_SIDES];

  SqCompareMode mode;
};

const SqDetection *_sq_compare_view_get_box (SqCompareView *self, const SqMatch *match, SqSide side); // NULL none
const char *_sq_compare_view_get_label (SqCompareView *self, SqSide side, const SqDetection *box);
void _sq_compare_view_get_part (SqCompareView *self, SqSide side, graphene_rect_t *part); // of the widget, that is the side's
void _sq_compare_view_snapshot (GtkWidget *widget, GtkSnapshot *snapshot);

G_END_DECLS
