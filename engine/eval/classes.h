// SPDX-License-Identifier: GPL-3.0-or-later
// Which classes of two lists of names are the same: two models', or a model's and its labels'.
//
// Thread: any
#pragma once

#include <glib.h>

G_BEGIN_DECLS

// Letters and digits in lower case, and of COCO's two generations of names the newer one ("motorbike" is "motorcycle"). Names come from
// strangers: not even UTF-8 is certain. Transfer full.
char *sq_class_plain_name (const char *name);

// Per name of `from` the index of the same one in `to`, -1 none (the caller frees); `n_found` may be NULL.
int *sq_classes_map (const char *const *from, guint n_from, const char *const *to, guint n_to, guint *n_found);

G_END_DECLS
