// SPDX-License-Identifier: GPL-3.0-or-later
// What all pages share: settings, project, models, recents, devices. Made by app/, handed down to every page.
//
// Properties: "settings", "project" (nullable until opened), "models", "recents", "monitor", "project-error" (nullable).
// Signals:    "run-starting" (SqPipeline, const SqRunStart *): sinks may be added.
// Thread:     main
#pragma once

#include "compressor.h"
#include "device-monitor.h"
#include "filter-state.h"
#include "model-list.h"

G_BEGIN_DECLS

#define SQ_TYPE_WORKSPACE (sq_workspace_get_type ())
G_DECLARE_FINAL_TYPE (SqWorkspace, sq_workspace, SQ, WORKSPACE, GObject)

// `data_dir` NULL: the user's own folders; tests give one.
SqWorkspace *sq_workspace_new (const char *data_dir);

GSettings *sq_workspace_get_settings (SqWorkspace *self);
SqProject *sq_workspace_get_project (SqWorkspace *self);
SqModelList *sq_workspace_get_models (SqWorkspace *self);
SqCompressor *sq_workspace_get_compressor (SqWorkspace *self);
SqRecents *sq_workspace_get_recents (SqWorkspace *self);
SqDeviceMonitor *sq_workspace_get_monitor (SqWorkspace *self);
const char *sq_workspace_get_project_error (SqWorkspace *self); // why there is no project, for people

// Opens the project the settings name; "notify::project" follows.
void sq_workspace_open_project (SqWorkspace *self);

// Flushes and lets go of the project; at the end of the program. Blocks.
void sq_workspace_close (SqWorkspace *self);

// What is about to run; all borrowed for the call.
typedef struct
{
  const char *const *paths;
  const char *device; // as asked for
  SqFilterState *filter;
  // of a pair's second model, NULL where there is none
  SqModel *other;
  const char *other_device;
  SqFilterState *other_filter;
} SqRunStart;

void sq_workspace_announce_run (SqWorkspace *self, SqPipeline *pipeline, const SqRunStart *start);

// Path of a picture to try things on; fetched once where none is installed.
void sq_workspace_get_sample_async (SqWorkspace *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
char *sq_workspace_get_sample_finish (SqWorkspace *self, GAsyncResult *result, GError **error);

// A new filter state with the user's default confidence and overlap.
SqFilterState *sq_workspace_new_filter (SqWorkspace *self);

G_END_DECLS
