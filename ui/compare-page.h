// SPDX-License-Identifier: GPL-3.0-or-later
// Two models on the same pictures or video: both are run, shown against each other, and told apart in figures.
//
// Properties: "title", "subtitle", "has-run" (a comparison or its remains are on show), "inspector-visible", "share" (both sides have the
//             same thresholds).
// Thread:     main
#pragma once

#include "compare-view.h"
#include "disagreement-strip.h"
#include "model-choice.h"
#include "tally.h"
#include "workspace.h"
#include <adwaita.h>

G_BEGIN_DECLS

#define SQ_TYPE_COMPARE_PAGE (sq_compare_page_get_type ())
G_DECLARE_FINAL_TYPE (SqComparePage, sq_compare_page, SQ, COMPARE_PAGE, AdwBin)

GtkWidget *sq_compare_page_new (void);
void sq_compare_page_set_workspace (SqComparePage *self, SqWorkspace *workspace);

// Starts at once with the two models chosen; what runs is stopped.
void sq_compare_page_open (SqComparePage *self, const char *const *paths);
void sq_compare_page_close (SqComparePage *self); // back to the empty page

// Two past runs of the project over the same frames, from what was stored of them.
void sq_compare_page_open_runs (SqComparePage *self, gint64 a, gint64 b);

// Chooses both models. What is open is compared with them at once.
void sq_compare_page_set_models (SqComparePage *self, SqModelEntry *a, SqModelEntry *b);
void sq_compare_page_swap (SqComparePage *self);

// What can be compared on without being asked: shown on the empty page, nullable.
void sq_compare_page_offer (SqComparePage *self, const char *const *paths);

void sq_compare_page_toggle_play (SqComparePage *self);
void sq_compare_page_step (SqComparePage *self, int direction);
void sq_compare_page_walk (SqComparePage *self, int direction); // to the next (1) or previous (-1) disagreement, the worst frame (0)
void sq_compare_page_jump (SqComparePage *self, gint64 index);  // to a frame that was compared
void sq_compare_page_nudge_confidence (SqComparePage *self, float by);
void sq_compare_page_save_picture (SqComparePage *self); // asks where
void sq_compare_page_save_picture_to (SqComparePage *self, const char *path);
void sq_compare_page_save_report (SqComparePage *self); // an HTML page; asks where
void sq_compare_page_save_report_to (SqComparePage *self, const char *path);
void sq_compare_page_choose_level (SqComparePage *self, guint n); // B's, as sq_level_picker_choose

gboolean sq_compare_page_get_has_run (SqComparePage *self);
SqCompareView *sq_compare_page_get_view (SqComparePage *self);
SqDisagreementStrip *sq_compare_page_get_strip (SqComparePage *self);
SqFilterState *sq_compare_page_get_filter (SqComparePage *self, SqSide side);
SqModelChoice *sq_compare_page_get_choice (SqComparePage *self, SqSide side);
SqPipeline *sq_compare_page_get_pipeline (SqComparePage *self);                          // NULL when none
SqTally *sq_compare_page_get_tally (SqComparePage *self);                                // NULL when none
const char *sq_compare_page_get_text (SqComparePage *self, const char *row, int column); // see sq_compare_table_get_text
const char *sq_compare_page_get_state_name (SqComparePage *self);                        // "empty", "run" or "error"

G_END_DECLS
