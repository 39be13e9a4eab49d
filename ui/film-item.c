// SPDX-License-Identifier: GPL-3.0-or-later
#include "film-item.h"

struct _SqFilmItem
{
  GObject parent_instance;

  GdkTexture *texture;
  char *path, *name;
  int width, height;
  gint64 index, pts_ns;
  gint64 stage_ns[SQ_N_STAGES];
  SqDetection *candidates;
  guint n_candidates;
  gboolean nms_done;
};

G_DEFINE_FINAL_TYPE (SqFilmItem, sq_film_item, G_TYPE_OBJECT)

static void
sq_film_item_finalize (GObject *object)
{
  SqFilmItem *self = SQ_FILM_ITEM (object);

  g_clear_object (&self->texture);
  g_free (self->path);
  g_free (self->name);
  g_free (self->candidates);
  G_OBJECT_CLASS (sq_film_item_parent_class)->finalize (object);
}

static void
sq_film_item_class_init (SqFilmItemClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sq_film_item_finalize;
}

static void
sq_film_item_init (SqFilmItem *self)
{
}

// At most this many source pixels are averaged per thumbnail pixel and axis: enough for the eye, and a 100-megapixel picture stays cheap.
#define MAX_TAPS 4

GdkTexture *
sq_film_make_thumbnail (const SqFrame *frame)
{
  int h = SQ_FILM_HEIGHT, w = CLAMP ((gint64) frame->width * h / frame->height, 12, 4 * h);
  guint8 *pixels = g_malloc ((gsize) w * h * 3);
  g_autoptr (GBytes) bytes = NULL;

  for (int y = 0; y < h; y++)
    for (int x = 0; x < w; x++)
      {
        guint sum[3] = { 0, 0, 0 };

        for (int ty = 0; ty < MAX_TAPS; ty++)
          for (int tx = 0; tx < MAX_TAPS; tx++)
            {
              gint64 sx = ((gint64) x * MAX_TAPS + tx) * frame->width / (w * MAX_TAPS);
              gint64 sy = ((gint64) y * MAX_TAPS + ty) * frame->height / (h * MAX_TAPS);
              const guint8 *p = frame->pixels + sy * frame->stride + sx * 3;

              for (int c = 0; c < 3; c++)
                sum[c] += p[c];
            }
        for (int c = 0; c < 3; c++)
          pixels[((gsize) y * w + x) * 3 + c] = sum[c] / (MAX_TAPS * MAX_TAPS);
      }
  bytes = g_bytes_new_take (pixels, (gsize) w * h * 3);
  return gdk_memory_texture_new (w, h, GDK_MEMORY_R8G8B8, bytes, w * 3);
}

SqFilmItem *
sq_film_item_new (const SqResult *result)
{
  SqFilmItem *self = g_object_new (SQ_TYPE_FILM_ITEM, NULL);
  const SqFrame *frame = result->frame;

  self->texture = sq_film_make_thumbnail (frame);
  self->path = g_strdup (frame->path);
  self->name = g_path_get_basename (frame->path);
  self->width = frame->width;
  self->height = frame->height;
  self->index = frame->index;
  self->pts_ns = frame->pts_ns;
  memcpy (self->stage_ns, result->stage_ns, sizeof self->stage_ns);
  self->candidates = g_memdup2 (result->candidates, sizeof (SqDetection) * result->n_candidates);
  self->n_candidates = result->n_candidates;
  self->nms_done = result->nms_done;
  return self;
}

GdkTexture *
sq_film_item_get_texture (SqFilmItem *self)
{
  return self->texture;
}

const char *
sq_film_item_get_path (SqFilmItem *self)
{
  return self->path;
}

const char *
sq_film_item_get_name (SqFilmItem *self)
{
  return self->name;
}

gint64
sq_film_item_get_pts_ns (SqFilmItem *self)
{
  return self->pts_ns;
}

gint64
sq_film_item_get_index (SqFilmItem *self)
{
  return self->index;
}

SqResult *
sq_film_item_make_result (SqFilmItem *self, SqFrame *frame)
{
  SqDetection *candidates = g_memdup2 (self->candidates, sizeof (SqDetection) * self->n_candidates);
  SqResult *result;

  if (frame != NULL)
    frame = sq_frame_ref (frame);
  else
    frame = sq_frame_new (self->width, self->height, self->width * 3, NULL, self->path, self->index, self->pts_ns, NULL, NULL);
  result = sq_result_new (frame, candidates, self->n_candidates, self->nms_done);
  memcpy (result->stage_ns, self->stage_ns, sizeof self->stage_ns);
  return result;
}

guint
sq_film_item_count (SqFilmItem *self, const SqFilter *filter)
{
  g_autoptr (SqResult) result = sq_film_item_make_result (self, NULL);
  g_autoptr (GArray) detections = sq_result_detections (result, filter);

  return detections->len;
}
