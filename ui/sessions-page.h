// SPDX-License-Identifier: GPL-3.0-or-later
// All stored runs, newest first; one of them opened.
//
// Properties: "title", "subtitle", "can-go-back" (a session is open).
// Signals:    "run-again" (GStrv paths).
#pragma once

#include "evaluation-view.h"
#include "object-grid.h"
#include "session-filters.h"
#include "session-view.h"
#include "video-view.h"
#include "workspace.h"
#include <adwaita.h>

G_BEGIN_DECLS

#define SQ_TYPE_SESSIONS_PAGE (sq_sessions_page_get_type ())
G_DECLARE_FINAL_TYPE (SqSessionsPage, sq_sessions_page, SQ, SESSIONS_PAGE, AdwBin)

GtkWidget *sq_sessions_page_new (void);
void sq_sessions_page_set_workspace (SqSessionsPage *self, SqWorkspace *workspace);

void sq_sessions_page_open (SqSessionsPage *self, SqRun *run);                // where it was left
void sq_sessions_page_open_at (SqSessionsPage *self, SqRun *run, gint64 seq); // at a frame
void sq_sessions_page_rename (SqSessionsPage *self, SqRun *run);              // asks for the name
void sq_sessions_page_delete (SqSessionsPage *self, SqRun *run);              // offers to undo
void sq_sessions_page_compare_with (SqSessionsPage *self, SqRun *run); // asks for another session of the same source
void sq_sessions_page_run_again (SqSessionsPage *self, SqRun *run);

// The open session, or the two of its comparison (`b` not 0), beside labels: see SqEvaluationView.
void sq_sessions_page_evaluate (SqSessionsPage *self, gint64 a, gint64 b, const char *labels, const char *pictures);
SqEvaluationView *sq_sessions_page_get_evaluation (SqSessionsPage *self);

gboolean sq_sessions_page_get_can_go_back (SqSessionsPage *self);
void sq_sessions_page_go_back (SqSessionsPage *self);
void sq_sessions_page_toggle_search (SqSessionsPage *self); // opens and focuses; closes it from within
void sq_sessions_page_clear_search (SqSessionsPage *self);
gboolean sq_sessions_page_escape (SqSessionsPage *self); // takes back what is searched for, else closes the search; FALSE: nothing to do
void sq_sessions_page_export (SqSessionsPage *self);     // of the open session

GListModel *sq_sessions_page_get_list (SqSessionsPage *self); // of SqRunItem
SqSessionFilters *sq_sessions_page_get_filters (SqSessionsPage *self);
SqObjectGrid *sq_sessions_page_get_objects (SqSessionsPage *self);
SqSessionView *sq_sessions_page_get_session_view (SqSessionsPage *self);
gboolean sq_sessions_page_get_has_view (SqSessionsPage *self); // a session's pictures are on show
SqVideoView *sq_sessions_page_get_view (SqSessionsPage *self);
SqFilterState *sq_sessions_page_get_filter (SqSessionsPage *self);
void sq_sessions_page_toggle_play (SqSessionsPage *self);
void sq_sessions_page_step (SqSessionsPage *self, int direction);
SqRun *sq_sessions_page_get_run (SqSessionsPage *self); // the open one, or NULL

G_END_DECLS
