// SPDX-License-Identifier: GPL-3.0-or-later
// What `squint-cli compare` prints, whether the frames were looked at now or come out of a project.
#pragma once

#include "cli.h"

G_BEGIN_DECLS

// `format` table, json or html; `output` NULL: to stdout. FALSE after a message.
gboolean sq_cli_print_comparison (const SqComparisonReport *report, const char *format, const char *output);

G_END_DECLS
