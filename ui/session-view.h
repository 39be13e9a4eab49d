// SPDX-License-Identifier: GPL-3.0-or-later
// One stored run: its frames with their stored detections, filtered again at will; nothing is run.
//
// Properties: "run" notifies when another session is shown or its facts change.
#pragma once

#include "busy-bar.h"
#include "session-details.h"
#include "video-view.h"
#include "workspace.h"
#include <adwaita.h>

G_BEGIN_DECLS

#define SQ_TYPE_SESSION_VIEW (sq_session_view_get_type ())
G_DECLARE_FINAL_TYPE (SqSessionView, sq_session_view, SQ, SESSION_VIEW, AdwBin)

GtkWidget *sq_session_view_new (void);
void sq_session_view_set_workspace (SqSessionView *self, SqWorkspace *workspace);
void sq_session_view_open (SqSessionView *self, SqRun *run);                // where it was left; NULL: lets go of the one on show
void sq_session_view_open_at (SqSessionView *self, SqRun *run, gint64 seq); // at that frame; -1: where it was left
SqRun *sq_session_view_get_run (SqSessionView *self);
char *sq_session_view_describe (SqSessionView *self); // one line of facts
SqVideoView *sq_session_view_get_view (SqSessionView *self);
SqFilterState *sq_session_view_get_filter (SqSessionView *self);
void sq_session_view_toggle_play (SqSessionView *self);
void sq_session_view_step (SqSessionView *self, int direction);
void sq_session_view_export (SqSessionView *self); // asks where and how
void sq_session_view_export_to (SqSessionView *self, SqExportFormat format, const char *path);
void sq_session_view_set_export_bar (SqSessionView *self, SqBusyBar *bar); // borrowed: shows how far an export is, also of a session left
gboolean sq_session_view_get_exporting (SqSessionView *self);

SqSessionDetails *sq_session_view_get_details (SqSessionView *self);
SqOrigin sq_session_view_get_origin (SqSessionView *self);           // what the bar over the picture says
void sq_session_view_locate (SqSessionView *self, const char *path); // where the source is now; refused where it is another

G_END_DECLS
