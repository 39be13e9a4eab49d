// SPDX-License-Identifier: GPL-3.0-or-later
// Runs that were stopped, until their threads have ended, so that nobody waits for those.
//
// Thread: main
#pragma once

#include "engine/engine.h"

G_BEGIN_DECLS

void sq_retire_pipeline (SqPipeline *pipeline); // takes it over and stops it

// Waits for all of them, so that their last results are handed on. Blocks up to a frame; at the program's end.
void sq_retired_wait (void);

G_END_DECLS
