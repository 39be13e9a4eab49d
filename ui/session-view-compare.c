// SPDX-License-Identifier: GPL-3.0-or-later
// A session that is one side of a comparison leads to it.
#include "config.h"

#include "session-view-private.h"

typedef struct
{
  SqProject *project;
  gint64 run;
} Find;

static void
find_free (gpointer data)
{
  Find *find = data;

  g_object_unref (find->project);
  g_free (find);
}

static void
find_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Find *find = task_data;
  SqStoredComparison *found = g_new0 (SqStoredComparison, 1);
  GError *error = NULL;

  if (sq_project_find_comparison (find->project, find->run, found, &error))
    {
      g_task_return_pointer (task, found, g_free);
      return;
    }
  g_free (found);
  g_task_return_error (task, error);
}

static void
on_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqSessionView *self = SQ_SESSION_VIEW (source);
  g_autofree SqStoredComparison *found = g_task_propagate_pointer (G_TASK (result), NULL);

  if (found == NULL || found->id == 0 || self->run == NULL || g_task_get_cancellable (G_TASK (result)) != self->cancellable)
    return;
  // In this order: an action with a target that is not there yet is complained about.
  gtk_actionable_set_action_target (GTK_ACTIONABLE (self->compare), "(xx)", found->a, found->b);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (self->compare), "win.compare-runs");
  gtk_widget_set_visible (self->compare, TRUE);
}

void
_sq_session_view_find_comparison (SqSessionView *self)
{
  g_autoptr (GTask) task = g_task_new (self, self->cancellable, on_found, NULL);
  Find *find = g_new (Find, 1);

  gtk_widget_set_visible (self->compare, FALSE);
  *find = (Find){ g_object_ref (sq_workspace_get_project (self->workspace)), self->run->id };
  g_task_set_task_data (task, find, find_free);
  g_task_run_in_thread (task, find_thread);
}
