// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session-view.h"

#include "density-strip.h"
#include "frame-loader.h"
#include "inspector.h"
#include "session-details.h"
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
  GtkInfoBar *origin_bar;
  GtkLabel *origin_text;
  SqSessionDetails *details;

  /* Owned references */
  SqWorkspace *workspace;
  SqFilterState *filter;
  SqFrameLoader *loader;
  SqProject *project; // of the run on show
  SqRun *run;
  SqFrameList *frames;
  GtkSingleSelection *selection;
  SqFrameItem *item; // on show, or waited for
  GCancellable *cancellable;
  GCancellable *exporting; // NULL: nothing is exported

  /* Borrowed references */
  SqBusyBar *export_bar;

  /* State */
  gint64 start_seq; // to be shown first
  gboolean playing;
  gint64 clock_us; // when the frame on show was due, while playing
  gint64 clock_pts;
  guint play_id;
  gboolean moving;
  SqOrigin origin; // of the run's first file
};

void _sq_session_view_show_seq (SqSessionView *self, gint64 seq);
void _sq_session_view_set_playing (SqSessionView *self, gboolean playing);
void _sq_session_view_refresh (SqSessionView *self);         // asks for the pixels of the frame on show again
void _sq_session_view_find_comparison (SqSessionView *self); // session-view-compare.c
void _sq_session_view_check_origin (SqSessionView *self);    // session-view-origin.c
void _sq_session_view_ask_origin (SqSessionView *self);
void _sq_session_view_class_init_actions (GtkWidgetClass *widget_class); // session-view-menu.c
void _sq_session_view_init_film (SqSessionView *self);                   // session-view-film.c
void _sq_session_view_film_selected (SqSessionView *self);

G_END_DECLS
