// SPDX-License-Identifier: GPL-3.0-or-later
// A play list of items opened one after another. The kind is decided by the first item; in a list of pictures every file gives one frame,
// in a list of videos times and indices run on.
#include "source.h"

#include "averror.h"
#include "convert.h"
#include "demux.h"
#include "hardware.h"
#include "engine/error.h"
#include "paths.h"
#include "still.h"
#include "video.h"
#include <errno.h>
#include <string.h>

#define NS G_GINT64_CONSTANT (1000000000)
#define MAX_PROBED 64 // videos of a list whose length is read at once

typedef struct
{
  char *path;
  gint64 duration_ns; // -1 unknown
  gint64 n_frames;    // -1 unknown
} Item;

struct _SqSource
{
  int gpu; // CUDA device that decodes videos, -1 the processor
  SqSourceInfo info;
  SqInterrupt interrupt;
  GPtrArray *items; // Item
  guint next_item;
  SqPool *pool;
  SqConverter *stills, *videos;
  AVFrame *raw;
  SqVideo *video; // the item before next_item, NULL between items
  gint64 base_ns; // where `video` starts
  gint64 base_index;
  gint64 end_ns; // of the last frame given
  gint64 end_index;
  SqFrame *first; // decoded while opening
  GError *first_error;
};

static Item *
item_new (const char *path)
{
  Item *item = g_new0 (Item, 1);

  item->path = g_strdup (path);
  item->duration_ns = item->n_frames = -1;
  return item;
}

static void
item_free (gpointer data)
{
  Item *item = data;

  g_free (item->path);
  g_free (item);
}

static gboolean
list_items (SqSource *self, const char *const *paths, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) first_error = NULL;

  for (guint i = 0; paths[i] != NULL; i++)
    {
      g_autoptr (GError) local_error = NULL;
      g_autoptr (GPtrArray) files = NULL;
      g_autofree char *plain = g_str_has_prefix (paths[i], "file://") ? g_filename_from_uri (paths[i], NULL, NULL) : NULL;
      const char *path = plain != NULL ? plain : paths[i];

      if (sq_media_is_address (path) || !g_file_test (path, G_FILE_TEST_IS_DIR))
        {
          g_ptr_array_add (self->items, item_new (path));
          continue;
        }
      files = sq_folder_list_pictures (path, cancellable, &local_error);
      for (guint j = 0; files != NULL && j < files->len; j++)
        g_ptr_array_add (self->items, item_new (g_ptr_array_index (files, j)));
      if (files == NULL && first_error == NULL)
        first_error = g_steal_pointer (&local_error);
    }
  if (self->items->len == 0)
    {
      if (first_error == NULL)
        g_set_error_literal (&first_error, SQ_ERROR, SQ_ERROR_FORMAT, "No picture or video was named; choose one.");
      g_propagate_error (error, g_steal_pointer (&first_error));
      return FALSE;
    }
  // A bad folder among good ones is told with the first frame.
  self->first_error = g_steal_pointer (&first_error);
  return TRUE;
}

static SqFrame *
convert (SqSource *self, gboolean still, SqOrient orient, const SqVideoTime *time, gint64 began_us, const char *path, GError **error)
{
  int width, height, stride, code;
  guint8 *pixels;
  gpointer loan;
  SqFrame *frame;

  if (sq_hardware_has (self->raw) && orient == SQ_ORIENT_NONE)
    {
      frame = sq_hardware_frame (self->raw, self->pool, self->gpu, path, time->index, time->pts_ns);
      frame->duration_ns = time->duration_ns;
      frame->decode_ns = (g_get_monotonic_time () - began_us) * 1000;
      return frame;
    }
  code = sq_hardware_fetch (self->raw);
  if (code >= 0)
    code = sq_converter_run (still ? self->stills : self->videos, self->pool, self->raw, orient, &width, &height, &stride, &pixels, &loan);
  av_frame_unref (self->raw);
  if (code < 0)
    {
      sq_averror_set (error, code, path);
      return NULL;
    }
  frame = sq_frame_new (width, height, stride, pixels, path, time->index, time->pts_ns, sq_pool_return, loan);
  frame->duration_ns = time->duration_ns;
  frame->decode_ns = (g_get_monotonic_time () - began_us) * 1000;
  return frame;
}

static SqFrame *
read_still (SqSource *self, AVFormatContext *format, const char *path, gint64 began_us, GError **error)
{
  SqVideoTime time = { .pts_ns = self->end_ns, .index = self->end_index };
  AVFrame *frame = sq_still_decode (format, path, &self->interrupt, error);

  if (frame == NULL)
    return NULL;
  av_frame_unref (self->raw);
  av_frame_move_ref (self->raw, frame);
  av_frame_free (&frame);
  return convert (self, TRUE, sq_orient_from_frame (self->raw), &time, began_us, path, error);
}

// GIF, APNG, AVIF ...: a video when there is a second picture in it.
static gboolean
has_second_packet (AVFormatContext *format)
{
  AVPacket *packet = av_packet_alloc ();
  int n = 0;

  while (n < 2 && av_read_frame (format, packet) >= 0)
    {
      n++;
      av_packet_unref (packet);
    }
  av_packet_free (&packet);
  return n == 2;
}

// One file as a picture, wherever it stands in the list. `video` (nullable) receives a file that turns out to move.
static SqFrame *
read_item (SqSource *self, const char *path, SqVideo **video, GError **error)
{
  g_autoptr (SqFrame) frame = NULL;
  gint64 began_us = g_get_monotonic_time ();
  AVFormatContext *format = sq_demux_open (path, &self->interrupt, error);
  gboolean live = sq_demux_is_camera (path);
  gboolean still;

  if (format == NULL)
    return NULL;
  still = sq_demux_is_still (format);
  if (!still && !live && sq_path_is_picture_name (path))
    {
      still = !has_second_packet (format);
      avformat_close_input (&format);
      format = sq_demux_open (path, &self->interrupt, error);
      if (format == NULL)
        return NULL;
    }
  if (still || video == NULL)
    {
      frame = read_still (self, format, path, began_us, error);
      avformat_close_input (&format);
      return g_steal_pointer (&frame);
    }
  *video = sq_video_new (format, path, &self->interrupt, live, self->gpu, error);
  return NULL;
}

static void
probe_lengths (SqSource *self)
{
  gint64 duration = 0, n_frames = 0;

  for (guint i = 0; i < self->items->len; i++)
    {
      Item *item = g_ptr_array_index (self->items, i);

      if (i > 0 && self->items->len <= MAX_PROBED && !sq_interrupt_asked (&self->interrupt))
        {
          SqVideo *video = NULL;
          SqFrame *frame = read_item (self, item->path, &video, NULL);

          if (frame != NULL)
            {
              item->duration_ns = NS;
              item->n_frames = 1;
              sq_frame_unref (frame);
            }
          if (video != NULL)
            {
              item->duration_ns = sq_video_get_duration_ns (video);
              item->n_frames = sq_video_get_n_frames (video);
              self->info.seekable = self->info.seekable && sq_video_get_seekable (video) && item->duration_ns >= 0;
              sq_video_free (video);
            }
          else if (frame == NULL) // broken: skipped when its turn comes
            item->duration_ns = item->n_frames = 0;
        }
      duration = duration < 0 || item->duration_ns < 0 ? -1 : duration + item->duration_ns;
      n_frames = n_frames < 0 || item->n_frames < 0 ? -1 : n_frames + item->n_frames;
    }
  self->info.duration_ns = duration;
  self->info.n_frames = n_frames;
  if (duration < 0 && self->items->len > 1)
    self->info.seekable = FALSE;
}

static char *
display_name (const char *const *paths)
{
  g_autofree char *shown = sq_media_display_path (paths[0]);
  g_autofree char *base = NULL;

  if (sq_media_is_address (paths[0]))
    return g_steal_pointer (&shown);
  base = g_path_get_basename (shown);
  if (paths[1] == NULL)
    return g_steal_pointer (&base);
  return g_strdup_printf ("%s and %u more", base, g_strv_length ((char **) paths) - 1);
}

static gboolean
open_first (SqSource *self, GError **error)
{
  Item *item = g_ptr_array_index (self->items, 0);
  g_autoptr (GError) local_error = NULL;
  SqSourceInfo *info = &self->info;

  self->next_item = 1;
  self->first = read_item (self, item->path, &self->video, &local_error);
  if (self->video != NULL)
    {
      info->duration_ns = item->duration_ns = sq_video_get_duration_ns (self->video);
      info->n_frames = item->n_frames = sq_video_get_n_frames (self->video);
      info->kind =
          sq_demux_is_camera (item->path) || (sq_media_is_address (item->path) && info->duration_ns < 0) ? SQ_SOURCE_LIVE : SQ_SOURCE_VIDEO;
      info->fps = sq_video_get_fps (self->video);
      info->width = sq_video_get_width (self->video);
      info->height = sq_video_get_height (self->video);
      info->seekable = info->kind == SQ_SOURCE_VIDEO && sq_video_get_seekable (self->video);
      if (info->kind == SQ_SOURCE_VIDEO && self->items->len > 1)
        probe_lengths (self);
      return TRUE;
    }
  if (self->first == NULL)
    {
      if (self->items->len == 1 || g_error_matches (local_error, SQ_ERROR, SQ_ERROR_CANCELLED))
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return FALSE;
        }
      if (self->first_error == NULL)
        self->first_error = g_steal_pointer (&local_error);
      self->end_ns = NS;
      self->end_index = 1;
    }
  info->kind = SQ_SOURCE_PICTURES;
  // A list that begins with a broken video is still a list of videos.
  if (self->first == NULL && sq_path_is_video_name (item->path))
    {
      info->kind = SQ_SOURCE_VIDEO;
      info->n_frames = info->duration_ns = -1;
      self->end_ns = self->end_index = 0;
      return TRUE;
    }
  info->n_frames = self->items->len;
  info->duration_ns = self->items->len * NS;
  info->seekable = TRUE;
  if (self->first != NULL)
    {
      info->width = self->first->width;
      info->height = self->first->height;
    }
  return TRUE;
}

SqSource *
sq_source_open (const char *const *paths, GCancellable *cancellable, GError **error)
{
  return sq_source_open_gpu (paths, -1, cancellable, error);
}

SqSource *
sq_source_open_gpu (const char *const *paths, int gpu, GCancellable *cancellable, GError **error)
{
  g_autoptr (SqSource) self = g_new0 (SqSource, 1);

  g_return_val_if_fail (paths != NULL, NULL);

  sq_averror_init ();
  self->gpu = gpu;
  self->items = g_ptr_array_new_with_free_func (item_free);
  self->pool = sq_pool_new ();
  self->stills = sq_converter_new (TRUE);
  self->videos = sq_converter_new (FALSE);
  self->raw = av_frame_alloc ();
  self->interrupt.cancellable = cancellable;
  self->info.n_frames = self->info.duration_ns = -1;
  if (!list_items (self, paths, cancellable, error))
    return NULL;
  self->info.path = g_strdup (paths[0]);
  self->info.name = display_name (paths);
  if (!open_first (self, error))
    return NULL;
  self->interrupt.cancellable = NULL;
  return g_steal_pointer (&self);
}

void
sq_source_free (SqSource *self)
{
  g_clear_pointer (&self->video, sq_video_free);
  g_clear_pointer (&self->first, sq_frame_unref);
  g_clear_error (&self->first_error);
  g_ptr_array_unref (self->items);
  g_clear_pointer (&self->pool, sq_pool_unref);
  g_clear_pointer (&self->stills, sq_converter_free);
  g_clear_pointer (&self->videos, sq_converter_free);
  av_frame_free (&self->raw);
  g_free (self->info.name);
  g_free (self->info.path);
  g_free (self);
}

const SqSourceInfo *
sq_source_get_info (SqSource *self)
{
  return &self->info;
}

void
sq_source_interrupt (SqSource *self)
{
  g_atomic_int_set (&self->interrupt.stop, 1);
}

static SqFrame *
next_of_video (SqSource *self, GError **error)
{
  Item *item = g_ptr_array_index (self->items, self->next_item - 1);
  gint64 began_us = g_get_monotonic_time ();
  SqVideoTime time;
  int code = sq_video_next (self->video, self->raw, &time);

  if (code == 0)
    {
      time.pts_ns += self->base_ns;
      time.index += self->base_index;
      self->end_ns = time.pts_ns + time.duration_ns;
      self->end_index = time.index + 1;
      if (!sq_demux_check_size (self->raw->width, self->raw->height, item->path, error))
        return NULL;
      return convert (self, FALSE, sq_video_get_orient (self->video), &time, began_us, item->path, error);
    }
  if (code == AVERROR_EXIT)
    {
      sq_averror_set (error, code, item->path);
      return NULL;
    }
  item->duration_ns = self->end_ns - self->base_ns; // measured beats stated
  item->n_frames = self->end_index - self->base_index;
  if (code == AVERROR_EOF && self->next_item >= self->items->len)
    return NULL; // stays open: it knows its frames, and the user may seek back
  g_clear_pointer (&self->video, sq_video_free);
  self->base_ns = self->end_ns;
  self->base_index = self->end_index;
  if (code != AVERROR_EOF)
    sq_averror_set (error, code, item->path);
  return NULL;
}

SqFrame *
sq_source_next (SqSource *self, GError **error)
{
  if (sq_interrupt_asked (&self->interrupt))
    {
      g_set_error_literal (error, SQ_ERROR, SQ_ERROR_CANCELLED, "Cancelled.");
      return NULL;
    }
  if (self->first_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&self->first_error));
      return NULL;
    }
  if (self->first != NULL)
    {
      self->end_ns = NS;
      self->end_index = 1;
      return g_steal_pointer (&self->first);
    }
  for (;;)
    {
      GError *local_error = NULL;
      SqFrame *frame = NULL;
      Item *item;

      if (self->video != NULL)
        {
          frame = next_of_video (self, &local_error);
          if (local_error != NULL)
            g_propagate_error (error, local_error);
          if (frame != NULL || local_error != NULL)
            return frame;
        }
      if (self->next_item >= self->items->len)
        return NULL;
      item = g_ptr_array_index (self->items, self->next_item++);
      if (self->info.kind == SQ_SOURCE_PICTURES)
        {
          frame = read_item (self, item->path, NULL, error);
          self->end_ns += NS;
          self->end_index++;
          return frame;
        }
      frame = read_item (self, item->path, &self->video, &local_error);
      self->base_ns = self->end_ns;
      self->base_index = self->end_index;
      if (frame != NULL)
        {
          frame->duration_ns = NS;
          self->end_ns += NS;
          self->end_index++;
          return frame;
        }
      if (self->video == NULL)
        {
          g_propagate_error (error, local_error);
          return NULL;
        }
    }
}

static gboolean
seek_pictures (SqSource *self, gint64 pts_ns)
{
  gint64 index = CLAMP (pts_ns / NS, 0, (gint64) self->items->len - 1);

  g_clear_pointer (&self->first, sq_frame_unref);
  g_clear_error (&self->first_error);
  self->next_item = index;
  self->end_ns = index * NS;
  self->end_index = index;
  return TRUE;
}

// Opens the item that is on screen at `pts_ns`, unless it is open already.
static gboolean
seek_item (SqSource *self, gint64 pts_ns, GError **error)
{
  gint64 base_ns = 0, base_index = 0;
  guint i = 0;
  Item *item = g_ptr_array_index (self->items, 0);

  while (i + 1 < self->items->len && item->duration_ns >= 0 && pts_ns >= base_ns + item->duration_ns)
    {
      base_ns += item->duration_ns;
      base_index += MAX (item->n_frames, 0);
      item = g_ptr_array_index (self->items, ++i);
    }
  if (self->video == NULL || self->next_item != i + 1)
    {
      g_clear_pointer (&self->video, sq_video_free);
      self->next_item = i + 1;
      g_clear_pointer (&self->first, sq_frame_unref);
      self->end_ns = base_ns;
      self->end_index = base_index;
      self->first = read_item (self, item->path, &self->video, error);
      if (self->video == NULL && self->first == NULL)
        return FALSE;
    }
  self->base_ns = base_ns;
  self->base_index = base_index;
  return TRUE;
}

gboolean
sq_source_seek (SqSource *self, gint64 pts_ns, GError **error)
{
  int code;

  g_atomic_int_set (&self->interrupt.stop, 0);
  pts_ns = MAX (pts_ns, 0);
  if (!self->info.seekable)
    {
      sq_media_error (error, SQ_ERROR_FORMAT, self->info.path, "is a live stream and cannot be rewound.");
      return FALSE;
    }
  if (self->info.kind == SQ_SOURCE_PICTURES)
    return seek_pictures (self, pts_ns);
  if (!seek_item (self, pts_ns, error))
    return FALSE;
  if (self->video == NULL)
    return TRUE;
  code = sq_video_seek (self->video, pts_ns - self->base_ns);
  if (code < 0 && code != AVERROR_EOF)
    {
      sq_averror_set (error, code, self->info.path);
      return FALSE;
    }
  return TRUE;
}
