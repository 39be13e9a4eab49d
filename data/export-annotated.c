// SPDX-License-Identifier: GPL-3.0-or-later
// A run as pictures to look at: every stored frame with its objects drawn on it.
#include "engine/error.h"
#include "engine/media/encode.h"
#include "engine/run/annotate.h"
#include "export-private.h"
#include "frame-reader.h"
#include <string.h>

typedef struct
{
  const char *folder;
  SqFrameReader *reader;
  GHashTable *names; // used ones: pictures of two folders may have the same
  gint64 n;          // written
} Out;

static char *
choose_name (SqExport *self, Out *out, const SqStoredFrame *frame)
{
  g_autofree char *stem = _sq_export_picture_name (self, frame);
  char *name, *dot = strrchr (stem, '.');

  if (dot != NULL)
    *dot = '\0';
  name = g_strdup_printf ("%s.jpg", stem);
  for (guint i = 2; g_hash_table_contains (out->names, name); i++)
    {
      g_free (name);
      name = g_strdup_printf ("%s %u.jpg", stem, i);
    }
  g_hash_table_add (out->names, g_strdup (name));
  return name;
}

static gboolean
annotated_frame (SqExport *self, const SqStoredFrame *frame, GArray *objects, gpointer data, GError **error)
{
  Out *out = data;
  g_autofree char *name = choose_name (self, out, frame), *path = g_build_filename (out->folder, name, NULL);
  g_autoptr (SqFrame) pixels = NULL, drawn = NULL;

  // A picture takes its time: progress and the wish to stop are looked at each time.
  if (g_cancellable_is_cancelled (self->cancellable))
    {
      g_set_error_literal (error, SQ_ERROR, SQ_ERROR_CANCELLED, "Cancelled.");
      return FALSE;
    }
  pixels = sq_frame_reader_read_stored (out->reader, self->run, frame, error);
  if (pixels == NULL)
    return FALSE;
  if (sq_frame_load (pixels) == NULL)
    {
      g_set_error_literal (error, SQ_ERROR, SQ_ERROR_OUT_OF_MEMORY, "The picture cannot be fetched from the graphics card.");
      return FALSE;
    }
  drawn = sq_annotate_frame (pixels, objects, self->run->labels);
  if (!sq_frame_save (drawn, path, error))
    return FALSE;
  out->n++;
  if (self->progress != NULL && self->run->n_frames > 0)
    self->progress (MIN (1., (double) out->n / self->run->n_frames), self->progress_data);
  return TRUE;
}

gboolean
_sq_export_annotated (SqExport *self, const char *folder, GError **error)
{
  g_autoptr (SqFrameReader) reader = sq_frame_reader_new ();
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Out out = { folder, reader, names, 0 };

  return _sq_export_each_frame (self, annotated_frame, &out, error);
}
