// SPDX-License-Identifier: GPL-3.0-or-later
// Umbrella header of data/: what ui/ and app/ include.
#pragma once

#include "data/annotations.h"
#include "data/catalogue.h"
#include "data/comparison-report.h"
#include "data/comparison.h"
#include "data/crop.h"
#include "data/evaluate.h"
#include "data/export.h"
#include "data/frame-list.h"
#include "data/frame-reader.h"
#include "data/model-store.h"
#include "data/object-list.h"
#include "data/project.h"
#include "data/queries.h"
#include "data/recents.h"
#include "data/run-item.h"
#include "data/run-list.h"
#include "data/run-writer.h"
#include "data/samples.h"
#include "data/variant.h"
#include "data/worst-frames.h"
