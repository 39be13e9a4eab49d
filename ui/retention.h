// SPDX-License-Identifier: GPL-3.0-or-later
// Sessions older than the preferences say are deleted when a project is opened; one message offers to undo all of it.
//
// Thread: main; the project is asked on a worker
#pragma once

#include "data/data.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

extern const char *const sq_retention_ids[]; // of the setting "keep-sessions", NULL-terminated

void sq_retention_apply (GtkWidget *from, SqProject *project, GSettings *settings);

G_END_DECLS
