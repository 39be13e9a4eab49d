// SPDX-License-Identifier: GPL-3.0-or-later
// Renaming and deleting stored sessions, from any widget of a window.
#pragma once

#include "data/data.h"
#include <adwaita.h>

G_BEGIN_DECLS

void sq_session_edit_rename (GtkWidget *from, SqProject *project, SqRun *run); // asks for the name
void sq_session_edit_delete (GtkWidget *from, SqProject *project, SqRun *run); // offers to undo

G_END_DECLS
