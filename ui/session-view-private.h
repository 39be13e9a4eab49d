// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session-view.h"

#include "density-strip.h"
#include "frame-loader.h"
#include "inspector.h"
#include "transport-bar.h"

G_BEGIN_DECLS

struct _SqSessionView
{
  AdwBin parent_instance;

  /* Template widgets */
  AdwFlap *flap;
  SqVideoView *view;
  SqTransportBar *transport;
  SqDensityStrip *density_strip;
  SqInspector *inspector;
  GtkWidget *film, *compare;
  GtkListView *film_list;

  /* Owned references */
  SqWorkspace *workspace;
  SqFilterState *filter;
  SqFrameLoader *loader;
  SqRun *run;
  SqFrameList *frames;
  GtkSingleSelection *selection;
  SqFrameItem *item; // on show, or waited for
  GCancellable *cancellable;

  /* State */
  gint64 start_seq; // to be shown first
  gboolean playing;
  gint64 clock_us; // when the frame on show was due, while playing
  gint64 clock_pts;
  guint play_id;
  gboolean moving;
};

void _sq_session_view_show_seq (SqSessionView *self, gint64 seq);
void _sq_session_view_find_comparison (SqSessionView *self); // session-view-compare.c

G_END_DECLS
