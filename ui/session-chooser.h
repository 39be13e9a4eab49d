// SPDX-License-Identifier: GPL-3.0-or-later
// Asks for a second session of the same source, and opens both in Compare: nothing is run.
#pragma once

#include "data/data.h"
#include <adwaita.h>

G_BEGIN_DECLS

#define SQ_TYPE_SESSION_CHOOSER (sq_session_chooser_get_type ())
G_DECLARE_FINAL_TYPE (SqSessionChooser, sq_session_chooser, SQ, SESSION_CHOOSER, AdwWindow)

// `from`: has the action "win.compare-runs".
GtkWidget *sq_session_chooser_new (GtkWidget *from, SqProject *project, SqRun *run);
guint sq_session_chooser_get_n_choices (SqSessionChooser *self);
void sq_session_chooser_choose (SqSessionChooser *self, gint64 run);

G_END_DECLS
