// SPDX-License-Identifier: GPL-3.0-or-later
// Darknet networks with random weights, written into `folder` and loaded.
#pragma once

#include "engine/model.h"

G_BEGIN_DECLS

SqModel *make_tiny_model (const char *folder); // 32 x 32
SqModel *make_tiny_model_of (const char *folder, const char *name, guint32 seed, int side);

G_END_DECLS
