// SPDX-License-Identifier: GPL-3.0-or-later
// Drop something, watch it being detected.
//
// Properties: "workspace", "title", "subtitle", "has-run" (a run or its remains are on show), "inspector-visible".
// Thread:     main
#pragma once

#include "video-view.h"
#include "workspace.h"
#include <adwaita.h>

G_BEGIN_DECLS

#define SQ_TYPE_DETECT_PAGE (sq_detect_page_get_type ())
G_DECLARE_FINAL_TYPE (SqDetectPage, sq_detect_page, SQ, DETECT_PAGE, AdwBin)

GtkWidget *sq_detect_page_new (void);
void sq_detect_page_set_workspace (SqDetectPage *self, SqWorkspace *workspace);

// Starts at once with the current model; what runs is stopped.
void sq_detect_page_open (SqDetectPage *self, const char *const *paths);
void sq_detect_page_close (SqDetectPage *self); // back to the empty page

void sq_detect_page_toggle_play (SqDetectPage *self);
void sq_detect_page_step (SqDetectPage *self, int direction);

gboolean sq_detect_page_get_has_run (SqDetectPage *self);
SqVideoView *sq_detect_page_get_view (SqDetectPage *self);
const char *const *sq_detect_page_get_paths (SqDetectPage *self); // what is open, or NULL
SqFilterState *sq_detect_page_get_filter (SqDetectPage *self);
SqPipeline *sq_detect_page_get_pipeline (SqDetectPage *self);   // NULL when none
const char *sq_detect_page_get_state_name (SqDetectPage *self); // "empty", "run" or "error"

G_END_DECLS
