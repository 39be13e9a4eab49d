// SPDX-License-Identifier: GPL-3.0-or-later
#include "object-search.h"

#include "project-private.h"

#define FRAMES 32          // read at once
#define NEAR 4             // frames that lie closer are read together with what is between them
#define MOST_CLASSES 65536 // whatever a file says
#define SPACING_NS G_GINT64_CONSTANT (1000000000)

struct _SqObjectSearch
{
  SqProject *project;
  SqRunQuery query;
  GArray *runs; // gint64, newest first; NULL: not asked for yet
  guint at;     // of them
  SqRun *run;   // being looked through; NULL: the next
  int class_id;
  gint64 after;       // seq
  gint64 last_ns;     // of what was taken last from a video without numbers; -1 nothing
  GHashTable *tracks; // numbers that were taken already
};

static void
found_frame_clear (gpointer data)
{
  SqFoundFrame *self = data;

  g_free (self->run_name);
  g_free (self->path);
}

SqFoundFrame *
sq_found_frame_ref (SqFoundFrame *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
sq_found_frame_unref (SqFoundFrame *self)
{
  g_atomic_rc_box_release_full (self, found_frame_clear);
}

static void
unref_frame (gpointer frame)
{
  sq_found_frame_unref (frame);
}

SqObjectSearch *
sq_object_search_new (SqProject *project, const SqRunQuery *query)
{
  SqObjectSearch *self = g_new0 (SqObjectSearch, 1);

  self->project = g_object_ref (project);
  sq_run_query_copy (&self->query, query);
  self->tracks = g_hash_table_new (NULL, NULL);
  return self;
}

void
sq_object_search_free (SqObjectSearch *self)
{
  g_clear_pointer (&self->runs, g_array_unref);
  g_clear_pointer (&self->run, sq_run_unref);
  g_hash_table_unref (self->tracks);
  sq_run_query_clear (&self->query);
  g_object_unref (self->project);
  g_free (self);
}

static int
find_class (const SqRun *run, const char *name)
{
  for (guint i = 0; i < run->counts->len; i++)
    {
      const SqClassCount *count = &g_array_index (run->counts, SqClassCount, i);

      if (g_ascii_strcasecmp (count->name, name) == 0 && count->class_id >= 0 && count->class_id < MOST_CLASSES)
        return count->class_id;
    }
  return -1;
}

// Leaves `run` NULL when there is no other. FALSE with an error.
static gboolean
open_next_run (SqObjectSearch *self, GError **error)
{
  while (self->run == NULL && self->at < self->runs->len)
    {
      g_autoptr (GPtrArray) found = _sq_project_load_runs (self->project, &g_array_index (self->runs, gint64, self->at++), 1, error);

      if (found == NULL)
        return FALSE;
      if (found->len == 0)
        continue; // deleted meanwhile
      if ((self->class_id = find_class (found->pdata[0], self->query.class_name)) < 0)
        continue;
      self->run = sq_run_ref (found->pdata[0]);
      self->after = -1;
      self->last_ns = -1;
      g_hash_table_remove_all (self->tracks);
    }
  return TRUE;
}

// Objects of the frame as the run counts them; the first is the best.
static GArray *
objects_of (const SqObjectSearch *self, SqStoredFrame *frame)
{
  g_autofree guint8 *classes = g_new0 (guint8, self->class_id + 1);
  SqFilter filter = self->run->filter;

  classes[self->class_id] = 1;
  filter.confidence = MAX (self->query.min_score, filter.confidence);
  filter.classes = classes;
  filter.n_classes = (guint) self->class_id + 1;
  return _sq_stored_frame_detections (frame, &filter);
}

// Which object of a frame has not been shown, the best of them: of a picture the best; -1 none.
static int
find_news (SqObjectSearch *self, const SqStoredFrame *frame, const GArray *objects)
{
  gboolean numbered = FALSE;
  int news = -1;

  if (self->run->source_kind == SQ_SOURCE_PICTURES)
    return objects->len > 0 ? 0 : -1;
  for (guint i = 0; i < objects->len; i++)
    {
      int track = g_array_index (objects, SqDetection, i).track;

      numbered = numbered || track > 0;
      if (track > 0 && g_hash_table_add (self->tracks, GINT_TO_POINTER (track)) && news < 0)
        news = (int) i;
    }
  if (!numbered && objects->len > 0 && (self->last_ns < 0 || frame->pts_ns - self->last_ns >= SPACING_NS || frame->pts_ns < self->last_ns))
    news = 0;
  if (news >= 0)
    self->last_ns = frame->pts_ns;
  return news;
}

static void
take (SqObjectSearch *self, SqStoredFrame *frame, GPtrArray *found)
{
  g_autoptr (GArray) objects = objects_of (self, frame);
  int news = find_news (self, frame, objects);
  SqFoundFrame *f;

  if (news < 0)
    return;
  f = g_atomic_rc_box_new0 (SqFoundFrame);
  f->run = self->run->id;
  f->run_name = g_strdup (self->run->name);
  f->seq = frame->seq;
  f->index = frame->index;
  f->pts_ns = frame->pts_ns;
  f->kind = self->run->source_kind;
  f->path = g_strdup (frame->path);
  f->width = frame->width;
  f->height = frame->height;
  f->best = g_array_index (objects, SqDetection, news);
  f->n = objects->len;
  g_ptr_array_add (found, f);
}

// Frames [*at, ...) of `seqs` that lie close together, read at once; `at` moves behind them.
static GPtrArray *
load_stretch (SqObjectSearch *self, const GArray *seqs, guint *at, GError **error)
{
  gint64 first = g_array_index (seqs, gint64, *at), last = first;

  while (*at < seqs->len && g_array_index (seqs, gint64, *at) - last <= NEAR)
    last = g_array_index (seqs, gint64, (*at)++);
  return sq_project_load_frames (self->project, self->run->id, first, (guint) (last - first + 1), error);
}

// The next frames of the run that is open, until it ends or there are enough.
static gboolean
look_through (SqObjectSearch *self, guint limit, GPtrArray *found, GError **error)
{
  g_autoptr (GArray) seqs =
      sq_project_search_frames (self->project, self->run->id, self->class_id, MAX (self->query.min_score, self->run->filter.confidence),
                                self->after, MIN (limit - found->len, FRAMES), error);
  guint n = MIN (limit - found->len, FRAMES);

  if (seqs == NULL)
    return FALSE;
  for (guint at = 0, next = 0; at < seqs->len;)
    {
      g_autoptr (GPtrArray) frames = load_stretch (self, seqs, &at, error);

      if (frames == NULL)
        return FALSE;
      for (guint i = 0; i < frames->len; i++) // between those that were asked for lie others
        if (next < seqs->len && ((SqStoredFrame *) frames->pdata[i])->seq == g_array_index (seqs, gint64, next))
          {
            take (self, frames->pdata[i], found);
            next++;
          }
      next = at;
    }
  if (seqs->len > 0)
    self->after = g_array_index (seqs, gint64, seqs->len - 1);
  if (seqs->len < n)
    g_clear_pointer (&self->run, sq_run_unref);
  return TRUE;
}

GPtrArray *
sq_object_search_next (SqObjectSearch *self, guint limit, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func (unref_frame);

  g_return_val_if_fail (self->query.class_name != NULL, NULL);
  if (self->runs == NULL && (self->runs = sq_project_list_run_ids (self->project, &self->query, error)) == NULL)
    return NULL;
  while (found->len < limit)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return NULL;
      if (!open_next_run (self, error))
        return NULL;
      if (self->run == NULL)
        break;
      if (!look_through (self, limit, found, error))
        return NULL;
    }
  return g_steal_pointer (&found);
}
