// SPDX-License-Identifier: GPL-3.0-or-later
// Boxes and labels, with the numbers of objects that were followed, drawn into a copy of a frame, without a graphics library.
#pragma once

#include "result.h"

G_BEGIN_DECLS

// `detections`: SqDetection, of the classes `labels` (NULL-terminated; others are numbered). Returns a new frame (transfer full).
SqFrame *sq_annotate_frame (const SqFrame *frame, const GArray *detections, char *const *labels);

G_END_DECLS
