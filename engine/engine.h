// SPDX-License-Identifier: GPL-3.0-or-later
// The engine's umbrella header: all that ui/ and app/ see of it.
#pragma once

#include "engine/devices/device.h"
#include "engine/devices/monitor.h"
#include "engine/error.h"
#include "engine/eval/comparison.h"
#include "engine/media/frame.h"
#include "engine/media/source.h"
#include "engine/memory.h"
#include "engine/model.h"
#include "engine/recipe/compress.h"
#include "engine/recipe/recipe-edit.h"
#include "engine/recipe/timing.h"
#include "engine/run/pipeline.h"
#include "engine/run/result.h"
#include "engine/run/speedup.h"
