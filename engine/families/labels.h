// SPDX-License-Identifier: GPL-3.0-or-later
// Class names: from a file's metadata, from a .names file, or COCO's.
//
// Owner: transfer full (GStrv)
#pragma once

#include <glib.h>

// "{0: 'person', 1: \"bike's\"}" or "['person', ...]", as Python writes it; NULL where it is neither. At most 65,536 names.
char **sq_labels_parse_python (const char *text);

// One name per line; NULL where the file cannot be read or holds no text.
char **sq_labels_read (const char *path);

// The 80 classes of COCO, in the order every detector uses.
char **sq_labels_coco (void);
