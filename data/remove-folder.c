// SPDX-License-Identifier: GPL-3.0-or-later
#include "remove-folder.h"

#include <errno.h>
#include <glib/gstdio.h>

void
sq_remove_folder (const char *path)
{
  GDir *dir;
  const char *name;

  if (g_unlink (path) == 0 || errno == ENOENT)
    return;
  dir = g_dir_open (path, 0, NULL);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      sq_remove_folder (child);
    }
  g_clear_pointer (&dir, g_dir_close);
  g_rmdir (path);
}
