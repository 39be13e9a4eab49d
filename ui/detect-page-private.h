// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "detect-page.h"

#include "busy-bar.h"
#include "density-strip.h"
#include "filmstrip.h"
#include "frame-loader.h"
#include "inspector.h"
#include "mailbox.h"
#include "transport-bar.h"

G_BEGIN_DECLS

struct _SqDetectPage
{
  AdwBin parent_instance;

  /* Template widgets */
  GtkStack *stack;
  AdwFlap *flap;
  SqVideoView *view;
  SqTransportBar *transport;
  SqDensityStrip *density_strip;
  SqFilmstrip *filmstrip;
  SqInspector *inspector;
  AdwStatusPage *error_page;
  SqBusyBar *busy;
  GtkListBox *recents;
  GtkWidget *recents_box;

  /* Owned references */
  SqWorkspace *workspace;
  SqFilterState *filter;
  SqPipeline *pipeline;
  SqMailbox *mailbox;
  SqDensity *density;
  SqFrameLoader *loader;
  GCancellable *cancellable; // of model loading
  SqModelEntry *entry;       // being loaded or run
  SqModel *model;
  SqFilmItem *picked; // the picture the user looks at, instead of the newest
  char **paths;
  char *title, *subtitle;
  char *device;
  GHashTable *thumbnails; // of recent sources: address -> GdkTexture

  /* State */
  guint n_failed;   // files skipped
  guint tick_id;    // statistics
  gboolean moving;  // a video: the inspector keeps its rows
};

/* detect-page-run.c */
void _sq_detect_page_start (SqDetectPage *self);
void _sq_detect_page_stop (SqDetectPage *self);
void _sq_detect_page_on_picked (SqDetectPage *self, SqFilmItem *item);
void _sq_detect_page_on_seek (SqDetectPage *self, gint64 pts_ns);
void _sq_detect_page_on_rate (SqDetectPage *self, double rate);
void _sq_detect_page_on_frame (SqFrame *frame, gint64 tag, gpointer user_data);
void _sq_detect_page_cancel (SqDetectPage *self);

/* detect-page-recents.c */
void _sq_detect_page_fill_recents (SqDetectPage *self);
void _sq_detect_page_on_recent_activated (SqDetectPage *self, GtkListBoxRow *row);

/* detect-page.c */
void _sq_detect_page_show (SqDetectPage *self, const char *name);
void _sq_detect_page_show_error (SqDetectPage *self, const char *title, const char *message);
void _sq_detect_page_set_title (SqDetectPage *self, const char *title, const char *subtitle);
void _sq_detect_page_set_busy (SqDetectPage *self, const char *text); // NULL: not busy

G_END_DECLS
