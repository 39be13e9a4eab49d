// SPDX-License-Identifier: GPL-3.0-or-later
// A darknet network of 32 x 32 with random weights, written into `folder` and loaded.
#pragma once

#include "engine/model.h"

G_BEGIN_DECLS

SqModel *make_tiny_model (const char *folder);

G_END_DECLS
