// SPDX-License-Identifier: GPL-3.0-or-later
#include "project-private.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *
boot_id (void)
{
  char *text = NULL;

  if (!g_file_get_contents ("/proc/sys/kernel/random/boot_id", &text, NULL, NULL))
    return g_strdup ("?");
  return g_strstrip (text);
}

// Field 22 of /proc/PID/stat, counted after the name, which may hold anything: ticks since boot.
static char *
start_time (const char *pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%s/stat", pid);
  g_autofree char *text = NULL;
  g_auto (GStrv) fields = NULL;
  const char *after;

  if (!g_file_get_contents (path, &text, NULL, NULL) || (after = strrchr (text, ')')) == NULL)
    return NULL;
  fields = g_strsplit (after + 1, " ", -1); // [0] is empty, [1] the state (field 3)
  return g_strv_length (fields) > 20 ? g_strdup (fields[20]) : NULL;
}

char *
_sq_process_owner (void)
{
  g_autofree char *boot = boot_id ();
  g_autofree char *pid = g_strdup_printf ("%d", (int) getpid ());
  g_autofree char *start = start_time (pid);

  return g_strjoin (" ", boot, pid, start != NULL ? start : "?", NULL);
}

gboolean
_sq_process_alive (const char *owner)
{
  g_auto (GStrv) parts = g_strsplit (owner != NULL ? owner : "", " ", 3);
  g_autofree char *boot = boot_id ();
  g_autofree char *start = NULL;

  if (g_strv_length (parts) != 3 || strcmp (parts[0], boot) != 0)
    return FALSE;
  start = start_time (parts[1]);
  return start != NULL && strcmp (start, parts[2]) == 0;
}
