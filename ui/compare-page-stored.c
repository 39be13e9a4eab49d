// SPDX-License-Identifier: GPL-3.0-or-later
// Two past runs over the same frames, from what was stored of them: no model is run.
#include "config.h"

#include "compare-page-private.h"

#include "format.h"
#include <glib/gi18n.h>

#define PAGE 128 // frames read at once
#define FRAME_NS (G_GINT64_CONSTANT (1000000000) / 25)

/* Reading, on a worker: from the project into the tally */

typedef struct
{
  SqProject *project;
  gint64 run;
  GPtrArray *page; // SqStoredFrame, one after another
} Reader;

typedef struct
{
  Reader reader[SQ_N_SIDES];
  GArray *pairs; // SqFramePair
  SqTally *tally;
} Reading;

static void
reading_free (gpointer data)
{
  Reading *reading = data;

  for (int s = 0; s < SQ_N_SIDES; s++)
    {
      g_object_unref (reading->reader[s].project);
      g_clear_pointer (&reading->reader[s].page, g_ptr_array_unref);
    }
  g_array_unref (reading->pairs);
  sq_tally_unref (reading->tally);
  g_free (reading);
}

// NULL where it cannot be read any more.
static SqStoredFrame *
read_frame (Reader *self, gint64 seq)
{
  gint64 first = self->page != NULL && self->page->len > 0 ? ((SqStoredFrame *) self->page->pdata[0])->seq : -1;

  if (first < 0 || seq < first || seq >= first + self->page->len)
    {
      g_clear_pointer (&self->page, g_ptr_array_unref);
      self->page = sq_project_load_frames (self->project, self->run, seq, PAGE, NULL);
      first = seq;
    }
  return self->page != NULL && seq - first < self->page->len ? self->page->pdata[seq - first] : NULL;
}

static SqResult *
make_pair (SqStoredFrame *a, SqStoredFrame *b, gint64 index)
{
  g_autoptr (SqFrame) frame = sq_frame_new (a->width, a->height, 0, NULL, a->path, index, a->pts_ns, NULL, NULL);
  g_autoptr (SqResult) known = sq_stored_frame_to_result (a, NULL);

  frame->duration_ns = a->duration_ns;
  known->other = sq_stored_frame_to_result (b, NULL);
  return sq_tally_make_pair (known, frame);
}

static void
read_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Reading *reading = task_data;

  for (guint i = 0; i < reading->pairs->len && !g_cancellable_is_cancelled (cancellable); i++)
    {
      const SqFramePair *pair = &g_array_index (reading->pairs, SqFramePair, i);
      SqStoredFrame *a = read_frame (&reading->reader[SQ_SIDE_A], pair->seq_a), *b = read_frame (&reading->reader[SQ_SIDE_B], pair->seq_b);

      if (a != NULL && b != NULL)
        {
          g_autoptr (SqResult) result = make_pair (a, b, pair->index);

          sq_tally_add (reading->tally, result);
        }
    }
  g_task_return_boolean (task, TRUE);
}

static void
read_pairs (SqComparePage *self)
{
  SqProject *project = sq_workspace_get_project (self->workspace);
  g_autoptr (GTask) task = g_task_new (self, self->cancellable, NULL, NULL);
  Reading *reading = g_new0 (Reading, 1);

  reading->reader[SQ_SIDE_A] = (Reader){ g_object_ref (project), self->stored->a->id, NULL };
  reading->reader[SQ_SIDE_B] = (Reader){ g_object_ref (project), self->stored->b->id, NULL };
  reading->pairs = g_array_ref (self->stored->pairs);
  reading->tally = sq_tally_ref (self->tally);
  g_task_set_task_data (task, reading, reading_free);
  g_task_run_in_thread (task, read_thread);
}

/* Showing */

static void
describe (SqComparePage *self)
{
  const SqRun *a = self->stored->a, *b = self->stored->b;
  g_autoptr (GDateTime) when = g_date_time_new_from_unix_local (a->started_us / G_USEC_PER_SEC);
  g_autofree char *when_text = sq_format_when (when);
  // Translators: two models, when
  g_autofree char *text = g_strdup_printf (_("%s and %s, %s"), a->model, b->model, when_text);

  _sq_compare_page_set_title (self, a->name, text);
  sq_compare_view_set_names (self->view, a->model, b->model);
}

static void
show_stored (SqComparePage *self)
{
  SqComparedRuns *runs = self->stored;
  const char *const *labels_a = (const char *const *) runs->a->labels, *const *labels_b = (const char *const *) runs->b->labels;

  self->paths = g_strdupv (runs->a->paths);
  self->moving = runs->a->source_kind != SQ_SOURCE_PICTURES;
  self->figures[SQ_SIDE_A] = runs->side_a;
  self->figures[SQ_SIDE_B] = runs->side_b;
  self->wall_fps = 0;
  _sq_compare_page_set_labels (self, labels_a, labels_b);
  // As they were looked at; B's too, where it had others of its own.
  g_object_set (self, "share", runs->filter_a.confidence == runs->filter_b.confidence && runs->filter_a.iou == runs->filter_b.iou, NULL);
  sq_filter_state_set_confidence (self->side[SQ_SIDE_A].filter, runs->filter_a.confidence);
  sq_filter_state_set_overlap (self->side[SQ_SIDE_A].filter, runs->filter_a.iou);
  sq_filter_state_set_confidence (self->side[SQ_SIDE_B].filter, runs->filter_b.confidence);
  sq_filter_state_set_overlap (self->side[SQ_SIDE_B].filter, runs->filter_b.iou);
  for (int s = 0; s < SQ_N_SIDES; s++)
    sq_filter_state_set_region (self->side[s].filter, runs->filter_a.region);
  describe (self);
  _sq_compare_page_begin (self, labels_a, labels_b);
  gtk_widget_set_visible (GTK_WIDGET (self->transport), self->moving);
  gtk_widget_set_visible (self->strip_row, runs->pairs->len > 1);
  sq_transport_bar_set_rate_visible (self->transport, FALSE);
  sq_transport_bar_set_duration (self->transport, MAX (runs->a->duration_ns, 1));
  sq_transport_bar_set_seekable (self->transport, TRUE);
  sq_disagreement_strip_set_n_frames (self->strip, g_array_index (runs->pairs, SqFramePair, runs->pairs->len - 1).index + 1);
  read_pairs (self);
}

static void
on_compared (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SqComparePage) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SqComparedRuns) runs = sq_project_compare_runs_finish (SQ_PROJECT (source), result, &error);

  if (self->workspace == NULL || self->cancellable == NULL || g_task_get_cancellable (G_TASK (result)) != self->cancellable
      || g_cancellable_is_cancelled (self->cancellable))
    return;
  sq_busy_bar_set_text (self->busy, NULL);
  if (runs == NULL)
    {
      _sq_compare_page_show_error (self, _("Sessions Not Compared"), error->message);
      return;
    }
  self->stored = g_steal_pointer (&runs);
  show_stored (self);
}

void
sq_compare_page_open_runs (SqComparePage *self, gint64 a, gint64 b)
{
  SqProject *project;

  g_return_if_fail (SQ_IS_COMPARE_PAGE (self));

  project = sq_workspace_get_project (self->workspace);
  if (project == NULL)
    return;
  _sq_compare_page_stop (self);
  g_clear_pointer (&self->paths, g_strfreev);
  self->cancellable = g_cancellable_new ();
  sq_busy_bar_set_text (self->busy, _("Reading both sessions…"));
  sq_project_compare_runs_async (project, a, b, NULL, self->cancellable, on_compared, g_object_ref (self));
}

/* Playing: the next frame when this one has been on show for as long as it lasts, never faster than pictures can be read */

static gboolean
on_play_due (gpointer data)
{
  SqComparePage *self = data;

  self->play_id = 0;
  if (!_sq_compare_page_pick_neighbour (self, 1))
    _sq_compare_page_set_playing (self, FALSE);
  return G_SOURCE_REMOVE;
}

void
_sq_compare_page_schedule (SqComparePage *self)
{
  gint64 now = g_get_monotonic_time (), lasts;

  if (!self->playing || self->play_id != 0 || self->picked == NULL)
    return;
  lasts = (self->picked->frame->duration_ns > 0 ? self->picked->frame->duration_ns : FRAME_NS) / 1000;
  self->due_us = MAX (self->due_us + lasts, now);
  self->play_id = g_timeout_add ((self->due_us - now) / 1000, on_play_due, self);
}

void
_sq_compare_page_set_playing (SqComparePage *self, gboolean playing)
{
  g_clear_handle_id (&self->play_id, g_source_remove);
  self->playing = playing;
  sq_transport_bar_set_playing (self->transport, playing);
  if (!playing)
    return;
  self->due_us = g_get_monotonic_time ();
  _sq_compare_page_schedule (self);
}
