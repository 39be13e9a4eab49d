// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "workspace.h"

G_BEGIN_DECLS

SqModelStore *_sq_workspace_get_samples (SqWorkspace *self);

G_END_DECLS
