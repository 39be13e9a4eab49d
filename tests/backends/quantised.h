// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/graph.h"

// Everything an 8-bit layer can meet: padding that is not 0, depthwise, a residual, a concatenation, a pool, floats beside it. Two outputs,
// made of 1 x 3 x 24 x 32.
SqGraph *sq_test_quantised_network (void);
