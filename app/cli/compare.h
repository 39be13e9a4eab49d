// SPDX-License-Identifier: GPL-3.0-or-later
// What `squint-cli compare` prints, whether the frames were looked at now or come out of a project.
#pragma once

#include "cli.h"

G_BEGIN_DECLS

// `format` table, json or html; `output` NULL: to stdout. FALSE after a message.
gboolean sq_cli_print_comparison (const SqComparisonReport *report, const char *format, const char *output);

// Two past runs, "3,5", or the comparison that a run, "3", is a side of. `classes` NULL: all.
SqExit sq_cli_compare_runs (const char *project, const char *runs, const SqFilter *filter, const char *classes, const char *format,
                            const char *output);

G_END_DECLS
