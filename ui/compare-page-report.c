// SPDX-License-Identifier: GPL-3.0-or-later
// The comparison as a page of its own, with the thresholds as they are set. A worker counts what was kept once more and reads the worst
// frames' pictures again.
#include "config.h"

#include "compare-page-private.h"

#include "toast.h"
#include <glib/gi18n.h>
#include <string.h>

#define MAX_READ 48 // pictures, of which neighbours in a video are left out

typedef struct
{
  char *path;    // to write
  char **source; // what to open for a video; NULL: every frame has a file of its own
  GPtrArray *pairs;
  GStringChunk *texts;
  char **labels[SQ_N_SIDES];
  SqFilter filter[SQ_N_SIDES];
  guint8 *classes[SQ_N_SIDES];
  SqComparisonReport report; // its texts are in `texts`
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;

  g_free (job->path);
  g_strfreev (job->source);
  g_ptr_array_unref (job->pairs);
  g_string_chunk_free (job->texts);
  g_clear_pointer (&job->report.paths, g_hash_table_unref);
  for (int s = 0; s < SQ_N_SIDES; s++)
    {
      g_strfreev (job->labels[s]);
      g_free (job->classes[s]);
      g_clear_pointer (&job->filter[s].region, sq_region_unref);
    }
  g_free (job);
}

static const char *
keep_text (Job *job, const char *text)
{
  return text != NULL ? g_string_chunk_insert (job->texts, text) : NULL;
}

static void
keep_side (Job *job, SqComparePage *self, SqSide side)
{
  SqComparedModel *model = side == SQ_SIDE_A ? &job->report.a : &job->report.b;
  SqFilter *filter = &job->filter[side];

  *model = self->figures[side];
  model->name = keep_text (job, model->name);
  model->level = keep_text (job, model->level);
  model->device = keep_text (job, model->device);
  model->precision = keep_text (job, model->precision);
  job->labels[side] = g_strdupv (self->side[side].labels);
  model->labels = (const char *const *) job->labels[side];
  *filter = sq_filter_state_get_filter (self->side[side].filter);
  if (filter->classes != NULL)
    filter->classes = job->classes[side] = g_memdup2 (filter->classes, filter->n_classes);
  if (filter->region != NULL)
    sq_region_ref (filter->region);
}

/* On the worker */

static GArray *
get_boxes (const Job *job, const SqResult *pair, SqSide side)
{
  return sq_result_detections (side == SQ_SIDE_A ? pair : pair->other, &job->filter[side]);
}

static gint
worse_first (gconstpointer x, gconstpointer y)
{
  guint a = sq_compared_frame_disagreements (x), b = sq_compared_frame_disagreements (y);

  return a != b ? (a < b ? 1 : -1) : ((const SqComparedFrame *) x)->index < ((const SqComparedFrame *) y)->index ? -1 : 1;
}

static SqResult *
find_pair (const Job *job, gint64 index)
{
  guint low = 0, high = job->pairs->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (((SqResult *) job->pairs->pdata[middle])->frame->index < index)
        low = middle + 1;
      else
        high = middle;
    }
  return job->pairs->pdata[low];
}

// NULL where the picture is no longer there, or is another one.
static SqFrame *
read_picture (const Job *job, SqSource *video, const SqFrame *known, GCancellable *cancellable)
{
  g_autoptr (SqSource) own = video == NULL ? sq_source_open ((const char *const[]){ known->path, NULL }, cancellable, NULL) : NULL;
  SqSource *source = video != NULL ? video : own;
  SqFrame *frame;

  if (source == NULL || (video != NULL && !sq_source_seek (video, known->pts_ns, NULL)))
    return NULL;
  frame = sq_source_next (source, NULL);
  if (frame != NULL && (frame->width != known->width || frame->height != known->height))
    g_clear_pointer (&frame, sq_frame_unref);
  return frame;
}

static void
add_worst (const Job *job, const SqComparison *comparison, SqWorstFrames *worst, GCancellable *cancellable)
{
  g_autoptr (GArray) frames = g_array_copy ((GArray *) sq_comparison_get_frames (comparison));
  g_autoptr (SqSource) video = job->source != NULL ? sq_source_open ((const char *const *) job->source, cancellable, NULL) : NULL;
  guint n_read = 0;

  g_array_sort (frames, worse_first);
  for (guint i = 0; i < frames->len && n_read < MAX_READ && (job->source == NULL || video != NULL); i++)
    {
      const SqComparedFrame *f = &g_array_index (frames, SqComparedFrame, i);
      SqResult *pair = find_pair (job, f->index);
      g_autoptr (GArray) a = NULL, b = NULL;
      g_autoptr (SqFrame) frame = NULL;

      if (sq_compared_frame_disagreements (f) == 0)
        break;
      if (!sq_worst_frames_wants (worst, f->index, f->pts_ns, sq_compared_frame_disagreements (f)))
        continue;
      n_read++;
      frame = read_picture (job, video, pair->frame, cancellable);
      if (frame == NULL)
        continue;
      a = get_boxes (job, pair, SQ_SIDE_A);
      b = get_boxes (job, pair, SQ_SIDE_B);
      sq_worst_frames_add (worst, comparison, f->index, f->pts_ns, frame, a, b, NULL);
    }
}

static void
report_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Job *job = task_data;
  g_autoptr (SqComparison) comparison = sq_comparison_new (job->report.a.labels, job->report.b.labels);
  g_autoptr (SqWorstFrames) worst = sq_worst_frames_new (SQ_WORST_FRAMES_MAX);
  GError *error = NULL;

  for (guint i = 0; i < job->pairs->len; i++)
    {
      const SqResult *pair = job->pairs->pdata[i];
      g_autoptr (GArray) a = get_boxes (job, pair, SQ_SIDE_A), b = get_boxes (job, pair, SQ_SIDE_B);

      sq_comparison_add (comparison, pair->frame->index, pair->frame->pts_ns, a, b);
      if (job->report.paths != NULL)
        g_hash_table_insert (job->report.paths, g_memdup2 (&pair->frame->index, sizeof (gint64)), g_strdup (pair->frame->path));
    }
  add_worst (job, comparison, worst, cancellable);
  job->report.comparison = comparison;
  job->report.worst = worst;
  if (sq_comparison_report_save_html (&job->report, job->path, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/* On the main thread */

static void
on_saved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GtkWidget *widget = GTK_WIDGET (source);
  g_autoptr (GError) error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error))
    sq_toast (widget, _("Report saved"));
  else
    sq_toast_error (widget, error->message);
}

void
sq_compare_page_save_report_to (SqComparePage *self, const char *path)
{
  g_autoptr (GTask) task = NULL;
  Job *job;

  g_return_if_fail (SQ_IS_COMPARE_PAGE (self));

  if (self->tally == NULL)
    return;
  job = g_new0 (Job, 1);
  job->path = g_strdup (path);
  job->source = self->moving ? g_strdupv (self->paths) : NULL;
  job->pairs = sq_tally_list_pairs (self->tally);
  job->texts = g_string_chunk_new (256);
  keep_side (job, self, SQ_SIDE_A);
  keep_side (job, self, SQ_SIDE_B);
  job->report.source = keep_text (job, self->title != NULL ? self->title : "");
  job->report.filter = job->filter[SQ_SIDE_A];
  job->report.wall_fps = self->wall_fps;
  if (!self->moving)
    job->report.paths = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  task = g_task_new (self, NULL, on_saved, NULL);
  g_task_set_task_data (task, job, job_free);
  g_task_run_in_thread (task, report_thread);
}

void
sq_compare_page_save_report (SqComparePage *self)
{
  g_return_if_fail (SQ_IS_COMPARE_PAGE (self));

  if (self->tally != NULL)
    _sq_compare_page_ask (self, _("Save Report"), ".html", sq_compare_page_save_report_to);
}
