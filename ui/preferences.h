// SPDX-License-Identifier: GPL-3.0-or-later
// Settings, bound to GSettings row by row; the settings are the only state.
#pragma once

#include "workspace.h"
#include <adwaita.h>

G_BEGIN_DECLS

#define SQ_TYPE_PREFERENCES (sq_preferences_get_type ())
G_DECLARE_FINAL_TYPE (SqPreferences, sq_preferences, SQ, PREFERENCES, AdwPreferencesWindow)

GtkWidget *sq_preferences_new (GtkWindow *parent, SqWorkspace *workspace);

G_END_DECLS
