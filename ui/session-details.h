// SPDX-License-Identifier: GPL-3.0-or-later
// What people write to a session: tags, and a note that saves itself.
#pragma once

#include "data/data.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SQ_TYPE_SESSION_DETAILS (sq_session_details_get_type ())
G_DECLARE_FINAL_TYPE (SqSessionDetails, sq_session_details, SQ, SESSION_DETAILS, GtkWidget)

GtkWidget *sq_session_details_new (void);

// What was written to the session before is saved. `project`, `run`: both or neither.
void sq_session_details_set_run (SqSessionDetails *self, SqProject *project, SqRun *run);

void sq_session_details_add_tag (SqSessionDetails *self, const char *tag);
void sq_session_details_remove_tag (SqSessionDetails *self, const char *tag);
void sq_session_details_set_note (SqSessionDetails *self, const char *note); // as if typed

G_END_DECLS
