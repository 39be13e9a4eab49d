// SPDX-License-Identifier: GPL-3.0-or-later
// "Show in Files".
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

// The file, selected in the file manager; the folder alone where there is none that selects. A toast where neither works.
void sq_reveal_file (GtkWidget *from, const char *path);

G_END_DECLS
