// SPDX-License-Identifier: GPL-3.0-or-later
// `bench --parallel`: several devices against each alone.
#pragma once

#include "cli.h"

G_BEGIN_DECLS

// `devices` NULL: every GPU, else every core.
SqExit sq_cli_bench_parallel (SqModel *model, const char *devices, SqParallel mode, double seconds, gboolean json);

G_END_DECLS
