// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "picture-view-private.h"
#include "video-view.h"

G_BEGIN_DECLS

struct _SqVideoView
{
  SqPictureView parent_instance;

  /* Owned references */
  SqResult *result;
  GArray *detections; // SqDetection under the filter
  SqFilterState *filter;
  char **labels;
};

void _sq_video_view_snapshot (GtkWidget *widget, GtkSnapshot *snapshot);

G_END_DECLS
