// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "compare-page.h"

#include "busy-bar.h"
#include "compare-table.h"
#include "filter-panel.h"
#include "frame-loader.h"
#include "level-picker.h"
#include "mailbox.h"
#include "model-picker.h"
#include "transport-bar.h"
#include "wrap-box.h"

G_BEGIN_DECLS

// What one side is made of.
typedef struct
{
  SqModelChoice *choice;
  SqModelEntry *entry; // being loaded or run
  SqModel *model;      // NULL until read
  char **labels;       // of what is on show
  char *device;        // as the run was asked for
  SqFilterState *filter;
  char **device_ids; // of the row's items, "" the default
} SqCompareSide;

struct _SqComparePage
{
  AdwBin parent_instance;

  /* Template widgets */
  SqModelPicker *picker_a, *picker_b;
  SqLevelPicker *level_a, *level_b;
  GtkToggleButton *mode_split, *mode_panes, *mode_b;
  SqBusyBar *busy;
  GtkStack *stack;
  GtkButton *last_button;
  AdwFlap *flap;
  SqCompareView *view;
  GtkWidget *strip_row;
  SqDisagreementStrip *strip;
  SqTransportBar *transport;
  GtkLabel *summary;
  SqCompareTable *table;
  GtkDropDown *device_a, *device_b;
  GtkSwitch *share_switch;
  GtkWidget *heading_a, *heading_b;
  SqFilterPanel *panel_a, *panel_b;
  AdwStatusPage *error_page;

  /* Owned references */
  SqWorkspace *workspace;
  SqCompareSide side[SQ_N_SIDES];
  SqPipeline *pipeline;
  SqMailbox *mailbox;
  SqTally *tally;
  SqTallyState *state;
  SqFrameLoader *loader;
  GCancellable *cancellable; // of model loading
  SqResult *picked;          // of the tally: what the user looks at, instead of the newest; no pixels
  char **paths, **offered;
  char *title, *subtitle;
  GtkFileChooserNative *chooser; // while open
  SqComparedRuns *stored;        // past runs, instead of a pipeline

  /* What is known of both, for table and report */
  SqComparedModel figures[SQ_N_SIDES];
  double wall_fps;

  /* State */
  gint64 index;     // of the frame on show, -1 none
  gint64 last_pts;  // of the run's newest frame
  guint n_failed;   // files skipped
  guint tick_id;    // statistics
  gboolean moving;  // a video
  gboolean playing; // past runs
  guint play_id;
  gint64 due_us; // when the frame on show was due
  gboolean share, syncing;
  gboolean stale; // the models are others than those that ran
  gboolean filling; // widgets are being set, not chosen from
};

/* compare-page-run.c */
void _sq_compare_page_start (SqComparePage *self);
void _sq_compare_page_stop (SqComparePage *self);
void _sq_compare_page_cancel (SqComparePage *self);
void _sq_compare_page_refresh (SqComparePage *self);                                                         // figures and strip, now
void _sq_compare_page_begin (SqComparePage *self, const char *const *labels_a, const char *const *labels_b); // counting

/* compare-page-show.c */
void _sq_compare_page_show_pair (SqComparePage *self, SqResult *pair, gint64 index);
void _sq_compare_page_show_newest (SqComparePage *self, SqResult *pair);
void _sq_compare_page_seek (SqComparePage *self, gint64 pts_ns);
void _sq_compare_page_on_frame (SqFrame *frame, gint64 tag, gpointer user_data);
void _sq_compare_page_update_summary (SqComparePage *self);
gboolean _sq_compare_page_pick_neighbour (SqComparePage *self, int direction); // of the frames that were compared; FALSE: there is none

/* compare-page-save.c */
typedef void (*SqCompareSave) (SqComparePage *self, const char *path);
void _sq_compare_page_ask (SqComparePage *self, const char *title, const char *suffix, SqCompareSave save); // `suffix` is static

/* compare-page-stored.c */
void _sq_compare_page_schedule (SqComparePage *self);
void _sq_compare_page_set_playing (SqComparePage *self, gboolean playing);

/* compare-page-sides.c */
void _sq_compare_page_init_sides (SqComparePage *self);
void _sq_compare_page_clear_sides (SqComparePage *self);
char *_sq_compare_page_dup_device (SqComparePage *self, SqSide side); // B: NULL as A
void _sq_compare_page_set_labels (SqComparePage *self, const char *const *a, const char *const *b);
void _sq_compare_page_set_share (SqComparePage *self, gboolean share);

/* compare-page.c */
void _sq_compare_page_show (SqComparePage *self, const char *name);
void _sq_compare_page_show_error (SqComparePage *self, const char *title, const char *message);
void _sq_compare_page_set_title (SqComparePage *self, const char *title, const char *subtitle);

G_END_DECLS
