// SPDX-License-Identifier: GPL-3.0-or-later
#include "run-pictures.h"

#include "engine/error.h"
#include "engine/media/encode.h"
#include "frame-reader.h"
#include "remove-folder.h"
#include <errno.h>
#include <unistd.h>

#define PAGE 500       // stored frames read at once
#define MOST_SIDE 1280 // px of a frame: networks see less of it

typedef struct
{
  const SqRun *run;
  const char *folder;
  SqFrameReader *reader; // of a video
  guint n, most;
  gint64 every, seen; // each `every`-th frame of a video
} Making;

static gboolean
refuse (const char *path, GError **error)
{
  g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” cannot be written (%s); check the disk.", path, g_strerror (errno));
  return FALSE;
}

static gboolean
link_picture (Making *self, const SqStoredFrame *frame, GError **error)
{
  g_autofree char *base = frame->path != NULL ? g_path_get_basename (frame->path) : NULL, *name = NULL, *link = NULL;

  if (base == NULL || !g_file_test (frame->path, G_FILE_TEST_IS_REGULAR))
    return TRUE;
  name = g_strdup_printf ("%06u-%s", self->n, base);
  link = g_build_filename (self->folder, name, NULL);
  if (symlink (frame->path, link) != 0)
    return refuse (link, error);
  self->n++;
  return TRUE;
}

static gboolean
save_frame (Making *self, const SqStoredFrame *stored, GError **error)
{
  g_autofree char *name = g_strdup_printf ("%06u.jpg", self->n), *path = g_build_filename (self->folder, name, NULL);
  g_autoptr (SqFrame) frame = NULL, small = NULL;

  if (self->seen++ % self->every != 0)
    return TRUE;
  frame = sq_frame_reader_read_stored (self->reader, self->run, stored, error);
  small = frame != NULL ? sq_frame_scale (frame, MOST_SIDE, MOST_SIDE, error) : NULL;
  if (small == NULL || !sq_frame_save (small, path, error))
    return FALSE;
  self->n++;
  return TRUE;
}

static gboolean
fill (Making *self, SqProject *project, GCancellable *cancellable, GError **error)
{
  gboolean video = self->run->source_kind != SQ_SOURCE_PICTURES;

  for (gint64 at = 0; self->n < self->most;)
    {
      g_autoptr (GPtrArray) frames = sq_project_load_frames (project, self->run->id, at, PAGE, error);

      if (frames == NULL)
        return FALSE;
      for (guint i = 0; i < frames->len && self->n < self->most; i++)
        if (g_cancellable_is_cancelled (cancellable))
          {
            g_set_error_literal (error, SQ_ERROR, SQ_ERROR_CANCELLED, "Stopped.");
            return FALSE;
          }
        else if (!(video ? save_frame : link_picture) (self, frames->pdata[i], error))
          return FALSE;
      if (frames->len < PAGE)
        break;
      at = ((SqStoredFrame *) frames->pdata[frames->len - 1])->seq + 1;
    }
  if (self->n == 0)
    g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "The pictures of “%s” are no longer there; choose a folder of pictures.", self->run->name);
  return self->n > 0;
}

char *
sq_run_pictures_make (SqProject *project, gint64 run, guint most_pictures, guint most_frames, GCancellable *cancellable, GError **error)
{
  g_autoptr (SqRun) what = sq_project_load_run (project, run, error);
  g_autofree char *folder = what != NULL ? g_dir_make_tmp ("squint-session-XXXXXX", error) : NULL;
  g_autoptr (SqFrameReader) reader = sq_frame_reader_new ();
  Making self = { what, folder, reader };
  gboolean done;

  if (folder == NULL)
    return NULL;
  self.most = what->source_kind == SQ_SOURCE_PICTURES ? most_pictures : most_frames;
  self.every = MAX (1, (what->n_frames + most_frames - 1) / most_frames);
  done = fill (&self, project, cancellable, error);
  if (!done)
    sq_remove_folder (folder);
  return done ? g_steal_pointer (&folder) : NULL;
}
