// SPDX-License-Identifier: GPL-3.0-or-later
// Totals per run and class are brought up to date once per transaction, in the same transaction as the frames they count: after a crash
// they agree with what is there. When a transaction fails the run is broken: later frames are refused and the end is stored as a failure.
#include "run-store.h"

#include "engine/media/encode.h"
#include "run-rows.h"
#include <string.h>

#define THUMBNAIL_SIDE 256 // px
#define THUMBNAIL_QUALITY 78

typedef struct
{
  char *name;
  gint64 n;
  float best;
  GHashTable *tracks; // set of numbers
} Class;

typedef struct
{
  gint64 frames, busy_ns;
} Device;

struct _SqRunStore
{
  SqHub *hub;
  SqRunRow *row; // what the run's rows say

  GMutex lock;
  GCond cond;
  gint64 run;               // under lock; -1 not begun, 0 refused
  guint queued, thumbnails; // waiting frames, under lock
  char *broken;             // why nothing more is stored, under lock

  // writer thread only
  GHashTable *classes; // class id -> Class
  GHashTable *devices; // id -> Device
  gint64 n_frames, n_detections, n_objects;
  gint64 cover, cover_objects;
};

typedef struct
{
  SqRunStore *store;
  gint64 seq;
  SqResult *result; // without pixels unless a thumbnail is wanted
  gboolean thumbnail;
  gboolean counted; // in `queued`
} FrameWork;

typedef struct
{
  SqRunStore *store;
  SqRunState state;
  char *message;
} FinishWork;

typedef struct
{
  SqRunStore *store;
  SqSourceInfo source; // without its strings
} SourceWork;

typedef struct
{
  SqRunStore *store;
  char *device;
  SqDeviceSample sample;
} SampleWork;

static void
class_free (gpointer data)
{
  Class *class = data;

  g_free (class->name);
  g_hash_table_unref (class->tracks);
  g_free (class);
}

SqRunStore *
sq_run_store_new (SqHub *hub, const SqRunInfo *info)
{
  SqRunStore *self = g_atomic_rc_box_new0 (SqRunStore);

  self->hub = sq_hub_ref (hub);
  self->row = sq_run_row_new (info);
  self->run = -1;
  self->cover = self->cover_objects = -1;
  self->classes = g_hash_table_new_full (NULL, NULL, NULL, class_free);
  self->devices = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  return self;
}

SqRunStore *
sq_run_store_ref (SqRunStore *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
run_store_clear (gpointer data)
{
  SqRunStore *self = data;

  sq_hub_unref (self->hub);
  sq_run_row_free (self->row);
  g_hash_table_unref (self->classes);
  g_hash_table_unref (self->devices);
  g_free (self->broken);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
}

void
sq_run_store_unref (SqRunStore *self)
{
  g_atomic_rc_box_release_full (self, run_store_clear);
}

static void
unref_store (gpointer data)
{
  sq_run_store_unref (data);
}

SqSourceKind
sq_run_store_get_kind (SqRunStore *self)
{
  SqSourceKind kind;

  g_mutex_lock (&self->lock);
  kind = self->row->source_kind;
  g_mutex_unlock (&self->lock);
  return kind;
}

static void
set_broken (SqRunStore *self, const char *message)
{
  g_mutex_lock (&self->lock);
  if (self->broken == NULL)
    self->broken = g_strdup (message);
  if (self->run < 0)
    self->run = 0;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
}

static gboolean
is_broken (SqRunStore *self)
{
  gboolean broken;

  g_mutex_lock (&self->lock);
  broken = self->broken != NULL || self->run == 0;
  g_mutex_unlock (&self->lock);
  return broken;
}

static gboolean
begin_write (SqWriter *writer, SqStore *store, gpointer data, GError **error)
{
  SqRunStore *self = data;

  sq_writer_hurry (writer); // somebody may wait for the run's number
  return sq_run_row_insert (self->row, store, error);
}

static void
begin_written (gpointer data, const GError *error)
{
  SqRunStore *self = data;

  if (error != NULL)
    {
      set_broken (self, error->message);
      return;
    }
  g_mutex_lock (&self->lock);
  self->run = self->row->id;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
  sq_hub_post (self->hub, self->row->id, SQ_CHANGE_ADDED);
}

void
sq_run_store_begin (SqRunStore *self, SqWriter *writer)
{
  sq_writer_push (writer, begin_write, begin_written, sq_run_store_ref (self), unref_store);
}

gint64
sq_run_store_get_row (SqRunStore *self)
{
  return is_broken (self) ? 0 : self->row->id;
}

SqHub *
sq_run_store_get_hub (SqRunStore *self)
{
  return self->hub;
}

void
sq_run_store_refuse (SqRunStore *self, const char *path)
{
  g_autofree char *shown = g_filename_display_name (path);
  g_autofree char *message = g_strdup_printf ("“%s” is read-only: the run is not stored; copy the project to another folder.", shown);

  set_broken (self, message);
  sq_hub_fail (self->hub, message);
}

gint64
sq_run_store_get_run (SqRunStore *self)
{
  gint64 run;

  g_mutex_lock (&self->lock);
  while (self->run < 0)
    g_cond_wait (&self->cond, &self->lock);
  run = self->run;
  g_mutex_unlock (&self->lock);
  return run;
}

static void
update_class (gpointer key, gpointer value, gpointer data)
{
  SqStatement *statement = data;
  Class *class = value;

  sq_bind_int (statement, 2, GPOINTER_TO_INT (key));
  sq_bind_text (statement, 3, class->name);
  sq_bind_int (statement, 4, class->n);
  sq_bind_double (statement, 5, class->best);
  sq_bind_int (statement, 6, g_hash_table_size (class->tracks));
}

static gboolean
write_totals (SqWriter *writer, SqStore *store, gpointer data, GError **error)
{
  SqRunStore *self = data;
  SqStatement *statement;
  GHashTableIter iter;
  gpointer key, value;

  statement = sq_store_prepare (store, "UPDATE run SET n_frames = ?2, n_detections = ?3, n_objects = ?4, cover = ?5 WHERE id = ?1", error);
  if (statement == NULL)
    return FALSE;
  sq_bind_int (statement, 1, self->row->id);
  sq_bind_int (statement, 2, self->n_frames);
  sq_bind_int (statement, 3, self->n_detections);
  sq_bind_int (statement, 4, self->n_objects);
  sq_bind_int (statement, 5, self->cover);
  if (!sq_store_run (store, statement, error))
    return FALSE;

  g_hash_table_iter_init (&iter, self->classes);
  while (g_hash_table_iter_next (&iter, &key, &value))
    {
      statement = sq_store_prepare (
          store, "INSERT OR REPLACE INTO run_class (run, class, name, n, best, n_tracks) VALUES (?, ?, ?, ?, ?, ?)", error);
      if (statement == NULL)
        return FALSE;
      sq_bind_int (statement, 1, self->row->id);
      update_class (key, value, statement);
      if (!sq_store_run (store, statement, error))
        return FALSE;
    }
  g_hash_table_iter_init (&iter, self->devices);
  while (g_hash_table_iter_next (&iter, &key, &value))
    {
      Device *device = value;

      statement = sq_store_prepare (store, "INSERT OR REPLACE INTO run_device (run, device, frames, busy_ns) VALUES (?, ?, ?, ?)", error);
      if (statement == NULL)
        return FALSE;
      sq_bind_int (statement, 1, self->row->id);
      sq_bind_text (statement, 2, key);
      sq_bind_int (statement, 3, device->frames);
      sq_bind_int (statement, 4, device->busy_ns);
      if (!sq_store_run (store, statement, error))
        return FALSE;
    }
  return TRUE;
}

static guint
count_objects (SqRunStore *self, const SqResult *result)
{
  g_autoptr (GArray) objects = sq_result_detections (result, &self->row->filter);

  for (guint i = 0; i < objects->len; i++)
    {
      const SqDetection *object = &g_array_index (objects, SqDetection, i);
      Class *class = g_hash_table_lookup (self->classes, GINT_TO_POINTER (object->class_id));

      if (class == NULL)
        {
          class = g_new0 (Class, 1);
          class->name = sq_run_row_class_name (self->row, object->class_id);
          class->tracks = g_hash_table_new (NULL, NULL);
          g_hash_table_insert (self->classes, GINT_TO_POINTER (object->class_id), class);
        }
      class->n++;
      class->best = MAX (class->best, object->score);
      if (object->track > 0)
        g_hash_table_add (class->tracks, GINT_TO_POINTER (object->track));
    }
  return objects->len;
}

static void
count_device (SqRunStore *self, const SqResult *result)
{
  const char *id = result->device != NULL ? result->device : self->row->device;
  Device *device = g_hash_table_lookup (self->devices, id);

  if (device == NULL)
    {
      device = g_new0 (Device, 1);
      g_hash_table_insert (self->devices, g_strdup (id), device);
    }
  device->frames++;
  device->busy_ns += result->stage_ns[SQ_STAGE_INFER];
}

static gboolean
write_thumbnail (SqRunStore *self, SqStore *store, FrameWork *work, guint n_objects, GError **error)
{
  g_autoptr (SqFrame) small = sq_frame_scale (work->result->frame, THUMBNAIL_SIDE, THUMBNAIL_SIDE, NULL);
  g_autoptr (GBytes) jpeg = small != NULL ? sq_frame_encode_jpeg (small, THUMBNAIL_QUALITY, NULL) : NULL;

  if (jpeg == NULL) // a picture less, not a run
    return TRUE;
  if (!sq_thumbnail_insert (store, self->row->id, work->seq, jpeg, error))
    return FALSE;
  if ((gint64) n_objects > self->cover_objects)
    {
      self->cover = work->seq;
      self->cover_objects = n_objects;
    }
  return TRUE;
}

static void
release (FrameWork *work)
{
  SqRunStore *self = work->store;

  g_mutex_lock (&self->lock);
  if (work->counted)
    {
      self->queued--;
      if (work->thumbnail)
        self->thumbnails--;
      work->counted = FALSE;
      g_cond_broadcast (&self->cond);
    }
  g_mutex_unlock (&self->lock);
}

static gboolean
frame_write (SqWriter *writer, SqStore *store, gpointer data, GError **error)
{
  FrameWork *work = data;
  SqRunStore *self = work->store;
  guint n_objects;
  gboolean good = TRUE;

  if (!is_broken (self))
    {
      n_objects = count_objects (self, work->result);
      count_device (self, work->result);
      self->n_frames++;
      self->n_detections += work->result->n_candidates;
      self->n_objects += n_objects;
      sq_writer_before_commit (writer, write_totals, self);
      good = sq_frame_insert (store, self->row, work->seq, work->result, n_objects, error);
      if (good && work->thumbnail)
        good = write_thumbnail (self, store, work, n_objects, error);
    }
  g_clear_pointer (&work->result, sq_result_unref);
  release (work);
  return good;
}

static void
frame_written (gpointer data, const GError *error)
{
  FrameWork *work = data;

  if (error != NULL)
    set_broken (work->store, error->message);
  else
    sq_hub_post (work->store->hub, work->store->row->id, SQ_CHANGE_UPDATED);
}

static void
frame_work_free (gpointer data)
{
  FrameWork *work = data;

  g_clear_pointer (&work->result, sq_result_unref);
  release (work);
  sq_run_store_unref (work->store);
  g_free (work);
}

// The same result on a frame without pixels: waiting for the disk must not hold pictures in memory.
static SqResult *
without_pixels (SqResult *result)
{
  SqFrame *frame = sq_frame_new (result->frame->width, result->frame->height, 0, NULL, result->frame->path, result->frame->index,
                                 result->frame->pts_ns, NULL, NULL);
  SqResult *copy;

  frame->duration_ns = result->frame->duration_ns;
  frame->decode_ns = result->frame->decode_ns;
  copy = sq_result_new (frame, g_memdup2 (result->candidates, result->n_candidates * sizeof (SqDetection)), result->n_candidates,
                        result->nms_done);
  memcpy (copy->stage_ns, result->stage_ns, sizeof copy->stage_ns);
  copy->device = result->device;
  return copy;
}

void
sq_run_store_push (SqRunStore *self, SqWriter *writer, SqResult *result, gint64 seq, gboolean thumbnail, guint max_thumbnails)
{
  FrameWork *work;

  g_mutex_lock (&self->lock);
  if (thumbnail && self->row->source_kind != SQ_SOURCE_PICTURES && self->thumbnails >= max_thumbnails)
    thumbnail = FALSE;
  while (self->queued >= SQ_RUN_WRITER_QUEUE || (thumbnail && self->thumbnails >= max_thumbnails))
    g_cond_wait (&self->cond, &self->lock);
  self->queued++;
  if (thumbnail)
    self->thumbnails++;
  g_mutex_unlock (&self->lock);

  work = g_new0 (FrameWork, 1);
  work->store = sq_run_store_ref (self);
  work->seq = seq;
  work->thumbnail = thumbnail;
  work->counted = TRUE;
  work->result = thumbnail ? sq_result_ref (result) : without_pixels (result);
  sq_writer_push (writer, frame_write, frame_written, work, frame_work_free);
}

static gboolean
finish_write (SqWriter *writer, SqStore *store, gpointer data, GError **error)
{
  FinishWork *work = data;
  SqRunStore *self = work->store;
  g_autofree char *broken = NULL;
  gboolean begun;

  g_mutex_lock (&self->lock);
  broken = g_strdup (self->broken);
  begun = self->row->id > 0 && self->run != 0;
  g_mutex_unlock (&self->lock);
  if (!begun)
    return TRUE;
  sq_writer_hurry (writer);
  return sq_run_row_finish (self->row, store, broken != NULL ? SQ_RUN_FAILED : work->state, broken != NULL ? broken : work->message, error);
}

static void
finish_written (gpointer data, const GError *error)
{
  FinishWork *work = data;

  if (error == NULL)
    sq_hub_post (work->store->hub, work->store->row->id, SQ_CHANGE_UPDATED);
}

static void
finish_work_free (gpointer data)
{
  FinishWork *work = data;

  sq_run_store_unref (work->store);
  g_free (work->message);
  g_free (work);
}

void
sq_run_store_finish (SqRunStore *self, SqWriter *writer, SqRunState state, const char *message)
{
  FinishWork *work = g_new (FinishWork, 1);

  work->store = sq_run_store_ref (self);
  work->state = state;
  work->message = g_strdup (message);
  sq_writer_push (writer, finish_write, finish_written, work, finish_work_free);
}

static gboolean
source_write (SqWriter *writer, SqStore *store, gpointer data, GError **error)
{
  SourceWork *work = data;

  return is_broken (work->store) || sq_run_row_set_source (work->store->row, store, &work->source, error);
}

static void
source_work_free (gpointer data)
{
  SourceWork *work = data;

  sq_run_store_unref (work->store);
  g_free (work);
}

void
sq_run_store_set_source (SqRunStore *self, SqWriter *writer, const SqSourceInfo *source)
{
  SourceWork *work = g_new (SourceWork, 1);

  g_mutex_lock (&self->lock);
  self->row->source_kind = source->kind;
  g_mutex_unlock (&self->lock);
  work->store = sq_run_store_ref (self);
  work->source = *source;
  sq_writer_push (writer, source_write, NULL, work, source_work_free);
}

static gboolean
sample_write (SqWriter *writer, SqStore *store, gpointer data, GError **error)
{
  SampleWork *work = data;

  return is_broken (work->store) || work->store->row->id == 0
         || sq_sample_insert (store, work->store->row->id, work->device, &work->sample, error);
}

static void
sample_work_free (gpointer data)
{
  SampleWork *work = data;

  sq_run_store_unref (work->store);
  g_free (work->device);
  g_free (work);
}

void
sq_run_store_add_sample (SqRunStore *self, SqWriter *writer, const char *device, const SqDeviceSample *sample)
{
  SampleWork *work = g_new (SampleWork, 1);

  work->store = sq_run_store_ref (self);
  work->device = g_strdup (device);
  work->sample = *sample;
  sq_writer_push (writer, sample_write, NULL, work, sample_work_free);
}
