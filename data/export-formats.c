// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/error.h"
#include "export-private.h"
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

typedef struct
{
  GOutputStream *stream;
  GString *text;
  gint64 n; // written so far
} Out;

// An object as all JSON forms write it, without the braces' outside.
static void
append_object (SqExport *self, GString *text, const SqDetection *d)
{
  g_string_append_printf (text, "{\"class\":%d,\"name\":", d->class_id);
  _sq_append_json (text, _sq_export_class_name (self, d->class_id));
  g_string_append (text, ",\"score\":");
  _sq_append_float (text, d->score);
  g_string_append (text, ",\"box\":[");
  _sq_append_float (text, d->x1);
  g_string_append_c (text, ',');
  _sq_append_float (text, d->y1);
  g_string_append_c (text, ',');
  _sq_append_float (text, d->x2);
  g_string_append_c (text, ',');
  _sq_append_float (text, d->y2);
  g_string_append_c (text, ']');
  if (d->track > 0)
    g_string_append_printf (text, ",\"track\":%d", d->track);
  g_string_append_c (text, '}');
}

static void
append_frame (SqExport *self, GString *text, const SqStoredFrame *frame, GArray *objects)
{
  g_string_append (text, "{\"path\":");
  _sq_append_json (text, frame->path);
  g_string_append_printf (text,
                          ",\"width\":%d,\"height\":%d,\"index\":%" G_GINT64_FORMAT ",\"pts_ns\":%" G_GINT64_FORMAT ",\"detections\":[",
                          frame->width, frame->height, frame->index, frame->pts_ns);
  for (guint i = 0; i < objects->len; i++)
    {
      if (i > 0)
        g_string_append_c (text, ',');
      append_object (self, text, &g_array_index (objects, SqDetection, i));
    }
  g_string_append (text, "]}");
}

static gboolean
json_frame (SqExport *self, const SqStoredFrame *frame, GArray *objects, gpointer data, GError **error)
{
  Out *out = data;

  g_string_append (out->text, out->n++ > 0 ? ",\n" : "\n");
  append_frame (self, out->text, frame, objects);
  return _sq_export_write (self, out->stream, out->text, error);
}

gboolean
_sq_export_json (SqExport *self, GOutputStream *stream, GError **error)
{
  g_autoptr (GString) text = g_string_new ("{\"model\":");
  g_auto (GStrv) devices = g_strsplit (self->run->device, ",", -1);
  Out out = { stream, text, 0 };

  _sq_append_json (text, self->run->model);
  g_string_append (text, ",\"level\":");
  _sq_append_json (text, self->run->level);
  g_string_append (text, ",\"device\":[");
  for (guint i = 0; devices[i] != NULL; i++)
    {
      g_string_append (text, i > 0 ? "," : "");
      _sq_append_json (text, devices[i]);
    }
  g_string_append (text, "],\"images\":[");
  if (!_sq_export_each_frame (self, json_frame, &out, error))
    return FALSE;
  g_string_append (text, "]");
  if (self->run->finished_us > self->run->started_us)
    g_string_append_printf (text, ",\"seconds\":{\"total\":%" G_GINT64_FORMAT ".%06d}",
                            (self->run->finished_us - self->run->started_us) / G_USEC_PER_SEC,
                            (int) ((self->run->finished_us - self->run->started_us) % G_USEC_PER_SEC));
  g_string_append (text, "}\n");
  return _sq_export_write (self, stream, text, error);
}

static gboolean
jsonl_frame (SqExport *self, const SqStoredFrame *frame, GArray *objects, gpointer data, GError **error)
{
  Out *out = data;

  append_frame (self, out->text, frame, objects);
  g_string_append_c (out->text, '\n');
  return _sq_export_write (self, out->stream, out->text, error);
}

gboolean
_sq_export_jsonl (SqExport *self, GOutputStream *stream, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  Out out = { stream, text, 0 };

  return _sq_export_each_frame (self, jsonl_frame, &out, error);
}

static gboolean
csv_frame (SqExport *self, const SqStoredFrame *frame, GArray *objects, gpointer data, GError **error)
{
  Out *out = data;

  for (guint i = 0; i < objects->len; i++)
    {
      const SqDetection *d = &g_array_index (objects, SqDetection, i);
      const float numbers[] = { d->score, d->x1, d->y1, d->x2, d->y2 };

      g_string_append_printf (out->text, "%" G_GINT64_FORMAT ",%" G_GINT64_FORMAT ".%09" G_GINT64_FORMAT ",",
                              frame->index >= 0 ? frame->index : frame->seq, frame->pts_ns / 1000000000, frame->pts_ns % 1000000000);
      _sq_append_csv (out->text, frame->path);
      g_string_append_printf (out->text, ",%d,", d->class_id);
      _sq_append_csv (out->text, _sq_export_class_name (self, d->class_id));
      for (guint j = 0; j < G_N_ELEMENTS (numbers); j++)
        {
          g_string_append_c (out->text, ',');
          _sq_append_float (out->text, numbers[j]);
        }
      g_string_append_c (out->text, ',');
      if (d->track > 0)
        g_string_append_printf (out->text, "%d", d->track);
      g_string_append (out->text, "\r\n");
    }
  return _sq_export_write (self, out->stream, out->text, error);
}

gboolean
_sq_export_csv (SqExport *self, GOutputStream *stream, GError **error)
{
  g_autoptr (GString) text = g_string_new ("frame,time_s,path,class,name,score,x1,y1,x2,y2,track\r\n");
  Out out = { stream, text, 0 };

  return _sq_export_each_frame (self, csv_frame, &out, error) && _sq_export_write (self, stream, text, error);
}

static gboolean
coco_image (SqExport *self, const SqStoredFrame *frame, GArray *objects, gpointer data, GError **error)
{
  Out *out = data;
  g_autofree char *name = _sq_export_picture_name (self, frame);

  g_string_append_printf (out->text, "%s{\"id\":%" G_GINT64_FORMAT ",\"file_name\":", out->n++ > 0 ? ",\n" : "\n", frame->seq + 1);
  _sq_append_json (out->text, name);
  g_string_append_printf (out->text, ",\"width\":%d,\"height\":%d,\"frame_id\":%" G_GINT64_FORMAT ",\"pts_ns\":%" G_GINT64_FORMAT "}",
                          frame->width, frame->height, frame->index, frame->pts_ns);
  return _sq_export_write (self, out->stream, out->text, error);
}

static gboolean
coco_annotations (SqExport *self, const SqStoredFrame *frame, GArray *objects, gpointer data, GError **error)
{
  Out *out = data;

  for (guint i = 0; i < objects->len; i++)
    {
      const SqDetection *d = &g_array_index (objects, SqDetection, i);
      const float box[] = { d->x1, d->y1, d->x2 - d->x1, d->y2 - d->y1 };

      g_string_append_printf (out->text, "%s{\"id\":%" G_GINT64_FORMAT ",\"image_id\":%" G_GINT64_FORMAT ",\"category_id\":%d,\"bbox\":[",
                              out->n > 0 ? ",\n" : "\n", out->n + 1, frame->seq + 1, d->class_id + 1);
      for (guint j = 0; j < 4; j++)
        {
          if (j > 0)
            g_string_append_c (out->text, ',');
          _sq_append_float (out->text, box[j]);
        }
      g_string_append (out->text, "],\"area\":");
      _sq_append_float (out->text, box[2] * box[3]);
      g_string_append (out->text, ",\"iscrowd\":0,\"score\":");
      _sq_append_float (out->text, d->score);
      if (d->track > 0)
        g_string_append_printf (out->text, ",\"track_id\":%d", d->track);
      g_string_append_c (out->text, '}');
      out->n++;
    }
  return _sq_export_write (self, out->stream, out->text, error);
}

// Category ids are class + 1, as in COCO 0 is the background.
gboolean
_sq_export_coco (SqExport *self, GOutputStream *stream, GError **error)
{
  g_autoptr (GString) text = g_string_new ("{\"info\":{\"description\":");
  Out images = { stream, text, 0 }, annotations = { stream, text, 0 };

  _sq_append_json (text, self->run->name);
  g_string_append (text, ",\"version\":\"1.0\",\"contributor\":\"Squint\"},\"licenses\":[],\"images\":[");
  self->progress_span = .5;
  if (!_sq_export_each_frame (self, coco_image, &images, error))
    return FALSE;
  g_string_append (text, "],\"annotations\":[");
  self->progress_from = .5;
  if (!_sq_export_each_frame (self, coco_annotations, &annotations, error))
    return FALSE;
  g_string_append (text, "],\"categories\":[");
  for (guint i = 0; self->run->labels[i] != NULL; i++)
    {
      g_string_append_printf (text, "%s{\"id\":%u,\"name\":", i > 0 ? "," : "", i + 1);
      _sq_append_json (text, self->run->labels[i]);
      g_string_append (text, ",\"supercategory\":\"\"}");
    }
  g_string_append (text, "]}\n");
  return _sq_export_write (self, stream, text, error);
}

static gboolean
set_contents (const char *path, const char *text, GError **error)
{
  g_autoptr (GError) local_error = NULL;

  if (g_file_set_contents (path, text, -1, &local_error))
    return TRUE;
  g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” cannot be written (%s); free some space or choose another folder.", path,
               local_error->message);
  return FALSE;
}

static gboolean
yolo_frame (SqExport *self, const SqStoredFrame *frame, GArray *objects, gpointer data, GError **error)
{
  const char *folder = data;
  g_autofree char *name = _sq_export_picture_name (self, frame);
  g_autofree char *file = NULL, *path = NULL;
  g_autoptr (GString) text = g_string_new (NULL);
  char *dot = strrchr (name, '.');

  if (dot != NULL)
    *dot = 0;
  file = g_strconcat (name, ".txt", NULL);
  path = g_build_filename (folder, "labels", file, NULL);
  for (guint i = 0; i < objects->len; i++)
    {
      const SqDetection *d = &g_array_index (objects, SqDetection, i);
      const float numbers[] = { (d->x1 + d->x2) / 2 / frame->width, (d->y1 + d->y2) / 2 / frame->height, (d->x2 - d->x1) / frame->width,
                                (d->y2 - d->y1) / frame->height, d->score };

      g_string_append_printf (text, "%d", d->class_id);
      for (guint j = 0; j < G_N_ELEMENTS (numbers); j++)
        {
          g_string_append_c (text, ' ');
          _sq_append_float (text, numbers[j]);
        }
      g_string_append_c (text, '\n');
    }
  return set_contents (path, text->str, error);
}

gboolean
_sq_export_yolo (SqExport *self, const char *folder, GError **error)
{
  g_autofree char *labels = g_build_filename (folder, "labels", NULL);
  g_autofree char *classes = g_build_filename (folder, "classes.txt", NULL);
  g_autofree char *names = g_strjoinv ("\n", self->run->labels);
  g_autofree char *text = g_strconcat (names, "\n", NULL);

  if (g_mkdir (labels, 0755) != 0)
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” cannot be made (%s); choose another folder.", labels, g_strerror (errno));
      return FALSE;
    }
  return set_contents (classes, text, error) && _sq_export_each_frame (self, yolo_frame, (gpointer) folder, error);
}
