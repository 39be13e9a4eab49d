// SPDX-License-Identifier: GPL-3.0-or-later
#include "model.h"

#include "engine/families/family.h"
#include "engine/families/labels.h"
#include "engine/model-metadata.h"
#include "engine/passes/pass.h"
#include <string.h>

static void
model_clear (gpointer data)
{
  SqModel *self = data;

  g_free (self->path);
  g_free (self->name);
  g_free (self->sha256);
  g_free (self->precision);
  g_strfreev (self->labels);
  g_clear_pointer (&self->graph, sq_graph_free);
  g_clear_pointer (&self->metadata, g_hash_table_unref);
  if (self->family_data_free != NULL && self->family_data != NULL)
    self->family_data_free (self->family_data);
}

SqModel *
sq_model_ref (SqModel *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
sq_model_unref (SqModel *self)
{
  g_atomic_rc_box_release_full (self, model_clear);
}

// yolo.cfg <-> yolo.weights, whichever was named.
static gboolean
darknet_paths (const char *path, char **cfg, char **weights)
{
  const char *dot = strrchr (path, '.');

  if (dot == NULL || (g_ascii_strcasecmp (dot, ".cfg") != 0 && g_ascii_strcasecmp (dot, ".weights") != 0))
    return FALSE;
  *cfg = g_strdup_printf ("%.*s.cfg", (int) (dot - path), path);
  *weights = g_strdup_printf ("%.*s.weights", (int) (dot - path), path);
  return TRUE;
}

static gboolean
hash_file (GChecksum *checksum, guint64 *size, const char *path, GCancellable *cancellable, GError **error)
{
  g_autoptr (GMappedFile) map = g_mapped_file_new (path, FALSE, error);
  const guint8 *data;

  if (map == NULL)
    return FALSE;
  data = (const guint8 *) g_mapped_file_get_contents (map);
  for (gsize at = 0, length = g_mapped_file_get_length (map); at < length; at += 1 << 22)
    {
      if (g_cancellable_is_cancelled (cancellable))
        {
          g_set_error_literal (error, SQ_ERROR, SQ_ERROR_CANCELLED, "Loading was cancelled.");
          return FALSE;
        }
      g_checksum_update (checksum, data + at, (gssize) MIN (length - at, 1 << 22));
    }
  *size += g_mapped_file_get_length (map);
  return TRUE;
}

// What the file says, then a .names file beside it, then COCO's names where the count fits.
static void
find_labels (SqModel *self, const SqModelOptions *options)
{
  const char *names = g_hash_table_lookup (self->metadata, "names");
  g_auto (GStrv) found = NULL;
  GPtrArray *labels = g_ptr_array_new ();

  if (options->labels != NULL)
    found = g_strdupv ((char **) options->labels);
  else if (names != NULL)
    found = sq_labels_parse_python (names);
  if (found == NULL)
    {
      g_autofree char *folder = g_path_get_dirname (self->path);
      g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
      const char *file;

      while (dir != NULL && found == NULL && (file = g_dir_read_name (dir)) != NULL)
        if (g_str_has_suffix (file, ".names"))
          {
            g_autofree char *path = g_build_filename (folder, file, NULL);

            found = sq_labels_read (path);
            if (found != NULL && g_strv_length (found) != self->n_classes)
              g_clear_pointer (&found, g_strfreev);
          }
    }
  if (found == NULL && self->n_classes == 80)
    found = sq_labels_coco ();
  self->labels_known = found != NULL && g_strv_length (found) >= self->n_classes;
  for (guint i = 0; i < self->n_classes; i++)
    g_ptr_array_add (labels, found != NULL && i < g_strv_length (found) ? g_strdup (found[i]) : g_strdup_printf ("class %u", i));
  g_ptr_array_add (labels, NULL);
  self->labels = (char **) g_ptr_array_free (labels, FALSE);
}

static gboolean
check_task (const SqImport *import, const char *display, GError **error)
{
  const char *task = g_hash_table_lookup (import->metadata, "task");

  if (task == NULL || g_str_equal (task, "detect"))
    return TRUE;
  g_set_error (error, SQ_ERROR, SQ_ERROR_UNSUPPORTED_OP,
               "%s is made for the task '%s'; Squint shows detectors only, export a detection model.", display, task);
  return FALSE;
}

static gboolean
check_input (const SqImport *import, const char *display, GError **error)
{
  const SqValue *input;

  if (import->graph->inputs->len == 1)
    {
      input = sq_graph_value (import->graph, g_array_index (import->graph->inputs, int, 0));
      if (input->dtype == SQ_F32 && input->shape.rank == 4 && input->shape.dim[0] == 1 && input->shape.dim[1] == 3
          && input->shape.dim[2] <= 8192 && input->shape.dim[3] <= 8192)
        return TRUE;
    }
  g_set_error (error, SQ_ERROR, SQ_ERROR_UNSUPPORTED_OP,
               "%s does not take one picture of three channels as float numbers; export it with batch size 1 and one input.", display);
  return FALSE;
}

static gboolean
choose_family (SqModel *self, const SqImport *import, const SqModelOptions *options, const char *display, GError **error)
{
  const char *stated = g_hash_table_lookup (import->metadata, SQ_KEY_FAMILY);
  GString *shapes;

  if (options->family != NULL)
    self->family = sq_family_find (options->family);
  else
    {
      self->family = stated != NULL ? sq_family_find (stated) : NULL;
      self->family = self->family != NULL ? self->family : sq_family_guess (import);
    }
  if (self->family != NULL)
    {
      self->family_id = self->family->id;
      self->family_title = self->family->title;
      return TRUE;
    }
  if (options->family != NULL)
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_UNKNOWN_FAMILY, "There is no model family '%s'.", options->family);
      return FALSE;
    }
  if (import->nms_left_out)
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_UNSUPPORTED_OP,
                   "%s ends in an NMS of its own, behind boxes of unknown layout: export it again without NMS, Squint does that itself.",
                   display);
      return FALSE;
    }
  shapes = g_string_new (NULL);
  for (guint i = 0; i < import->graph->outputs->len; i++)
    {
      g_autofree char *shape = sq_shape_to_string (_sq_family_output (import, i));

      g_string_append_printf (shapes, "%s%s", i > 0 ? ", " : "", shape);
    }
  g_set_error (error, SQ_ERROR, SQ_ERROR_UNKNOWN_FAMILY, "%s has outputs of unknown meaning (%s): choose its model family.", display,
               shapes->str);
  g_string_free (shapes, TRUE);
  return FALSE;
}

SqModel *
sq_model_load (const char *path, const SqModelOptions *options, GCancellable *cancellable, GError **error)
{
  static const SqModelOptions defaults;
  g_autoptr (SqModel) self = NULL;
  g_autoptr (SqImport) import = NULL;
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree char *display = g_filename_display_basename (path), *cfg = NULL, *weights = NULL;
  const SqValue *input;
  char *dot;

  options = options != NULL ? options : &defaults;
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "%s does not exist: check the name.", display);
      return NULL;
    }
  if (darknet_paths (path, &cfg, &weights))
    import = sq_darknet_import (cfg, weights, error);
  else
    import = sq_onnx_import (path, options->width, options->height, error);
  if (import == NULL || !check_task (import, display, error) || !check_input (import, display, error))
    return NULL;

  self = g_atomic_rc_box_new0 (SqModel);
  self->path = g_canonicalize_filename (cfg != NULL ? cfg : path, NULL);
  self->name = g_filename_display_basename (self->path);
  dot = strrchr (self->name, '.');
  if (dot != NULL && dot != self->name)
    *dot = '\0';
  self->format = import->format;
  self->nms_left_out = import->nms_left_out;
  self->precision = g_steal_pointer (&import->precision);
  self->metadata = g_hash_table_ref (import->metadata);
  if ((cfg != NULL
       && (!hash_file (checksum, &self->file_size, cfg, cancellable, error)
           || !hash_file (checksum, &self->file_size, weights, cancellable, error)))
      || (cfg == NULL && !hash_file (checksum, &self->file_size, path, cancellable, error)))
    return NULL;
  self->sha256 = g_strdup (g_checksum_get_string (checksum));

  input = sq_graph_value (import->graph, g_array_index (import->graph->inputs, int, 0));
  self->input.height = (int) input->shape.dim[2];
  self->input.width = (int) input->shape.dim[3];
  if (!choose_family (self, import, options, display, error) || !self->family->setup (self, import, error))
    return NULL;
  if (options->family == NULL)
    sq_model_read_input (self->metadata, &self->input);
  if (options->input != NULL)
    {
      SqInputSpec spec = *options->input;

      spec.width = self->input.width;
      spec.height = self->input.height;
      self->input = spec;
    }
  find_labels (self, options);
  self->graph = sq_passes_apply_default (import->graph, NULL);
  self->flop = sq_graph_flop (self->graph);
  self->n_params = sq_graph_params (self->graph);
  return g_steal_pointer (&self);
}

SqModel *
sq_model_derive (const SqModel *base, const SqGraph *graph, GError **error)
{
  g_autoptr (SqModel) self = g_atomic_rc_box_new0 (SqModel);
  g_autoptr (GHashTable) metadata = sq_model_describe (base);
  const SqValue *input = sq_graph_value (graph, g_array_index (graph->inputs, int, 0));
  // families read what a written file would say
  SqImport import = { .graph = (SqGraph *) graph, .format = base->format, .metadata = metadata, .precision = base->precision };

  self->path = g_strdup (base->path);
  self->name = g_strdup (base->name);
  self->sha256 = g_strdup (base->sha256);
  self->file_size = base->file_size;
  self->format = base->format;
  self->nms_left_out = base->nms_left_out;
  self->precision = g_strdup (base->precision);
  self->metadata = g_hash_table_ref (base->metadata);
  self->family = base->family;
  self->family_id = base->family_id;
  self->family_title = base->family_title;
  self->input.height = (int) input->shape.dim[2];
  self->input.width = (int) input->shape.dim[3];
  if (!self->family->setup (self, &import, error))
    return NULL;
  sq_model_read_input (metadata, &self->input);
  self->n_classes = base->n_classes;
  self->labels = g_strdupv (base->labels);
  self->labels_known = base->labels_known;
  self->graph = sq_graph_copy (graph);
  self->flop = sq_graph_flop (graph);
  self->n_params = sq_graph_params (graph);
  return g_steal_pointer (&self);
}
