// SPDX-License-Identifier: GPL-3.0-or-later
// Stores every run that starts in a workspace into its project.
//
// Thread: main
#pragma once

#include "ui/workspace.h"

G_BEGIN_DECLS

#define SQ_TYPE_RECORDER (sq_recorder_get_type ())
G_DECLARE_FINAL_TYPE (SqRecorder, sq_recorder, SQ, RECORDER, GObject)

SqRecorder *sq_recorder_new (SqWorkspace *workspace);

G_END_DECLS
