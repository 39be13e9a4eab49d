// SPDX-License-Identifier: GPL-3.0-or-later
// The window: sidebar, header, pages, toasts, drops.
#pragma once

#include "compare-page.h"
#include "detect-page.h"
#include "devices-page.h"
#include "models-page.h"
#include "sessions-page.h"
#include "workspace.h"
#include <adwaita.h>

G_BEGIN_DECLS

#define SQ_TYPE_WINDOW (sq_window_get_type ())
G_DECLARE_FINAL_TYPE (SqWindow, sq_window, SQ, WINDOW, AdwApplicationWindow)

GtkWidget *sq_window_new (GtkApplication *application, SqWorkspace *workspace); // application nullable in tests

void sq_window_open_paths (SqWindow *self, const char *const *paths); // goes to Detect and starts
void sq_window_show_page (SqWindow *self, const char *name);          // "detect", "compare", "models", "sessions", "devices"
const char *sq_window_get_page (SqWindow *self);

// What a drop of files does on the page on show; TRUE where it was taken.
gboolean sq_window_drop_files (SqWindow *self, GSList *files); // GFile

SqDetectPage *sq_window_get_detect_page (SqWindow *self);
SqComparePage *sq_window_get_compare_page (SqWindow *self);
SqModelsPage *sq_window_get_models_page (SqWindow *self);
SqSessionsPage *sq_window_get_sessions_page (SqWindow *self);
SqDevicesPage *sq_window_get_devices_page (SqWindow *self);

G_END_DECLS
