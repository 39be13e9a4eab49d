// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "retention.h"

#include "toast.h"
#include <glib/gi18n.h>

#define DAY_US (24 * 3600 * (gint64) G_USEC_PER_SEC)

const char *const sq_retention_ids[] = { "forever", "year", "quarter", "month", NULL };

static const int days[] = { 0, 365, 90, 30 };

typedef struct
{
  SqProject *project;
  int days;
  gint64 before_us;
  GArray *runs; // gint64, NULL until known
} Old;

static void
old_free (gpointer data)
{
  Old *old = data;

  g_object_unref (old->project);
  g_clear_pointer (&old->runs, g_array_unref);
  g_free (old);
}

static void
find_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Old *old = data;
  SqRunQuery query = { .to_us = old->before_us };

  old->runs = sq_project_list_run_ids (old->project, &query, NULL);
  g_task_return_boolean (task, old->runs != NULL);
}

static void
undo (gpointer toast, gpointer data)
{
  Old *old = data;

  for (guint i = 0; i < old->runs->len; i++)
    sq_project_restore_run (old->project, g_array_index (old->runs, gint64, i));
}

static void
on_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  const Old *old = g_task_get_task_data (G_TASK (result));
  g_autofree char *text = NULL;
  Old *kept;

  if (!g_task_propagate_boolean (G_TASK (result), NULL) || old->runs->len == 0)
    return;
  for (guint i = 0; i < old->runs->len; i++)
    sq_project_delete_run (old->project, g_array_index (old->runs, gint64, i));
  text = g_strdup_printf (ngettext ("%u session older than %d days deleted", "%u sessions older than %d days deleted", old->runs->len),
                          old->runs->len, old->days);
  kept = g_new (Old, 1);
  *kept = (Old){ g_object_ref (old->project), old->days, old->before_us, g_array_ref (old->runs) };
  sq_toast_undo (GTK_WIDGET (source), text, undo, NULL, kept, old_free);
}

void
sq_retention_apply (GtkWidget *from, SqProject *project, GSettings *settings)
{
  g_autofree char *id = g_settings_get_string (settings, "keep-sessions");
  g_autoptr (GTask) task = NULL;
  Old *old;
  int keep = 0;

  g_return_if_fail (GTK_IS_WIDGET (from));

  for (guint i = 0; sq_retention_ids[i] != NULL; i++)
    if (g_str_equal (id, sq_retention_ids[i]))
      keep = days[i];
  if (keep == 0 || sq_project_get_read_only (project))
    return;
  old = g_new0 (Old, 1);
  *old = (Old){ g_object_ref (project), keep, g_get_real_time () - keep * DAY_US, NULL };
  task = g_task_new (from, NULL, on_found, NULL);
  g_task_set_task_data (task, old, old_free);
  g_task_run_in_thread (task, find_thread);
}
