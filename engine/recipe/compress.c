// SPDX-License-Identifier: GPL-3.0-or-later
#include "compress.h"

#include "calibration.h"
#include "engine/formats/format.h"
#include "engine/model-metadata.h"
#include "int8.h"

static void
set (GHashTable *metadata, const char *key, char *value)
{
  g_hash_table_insert (metadata, g_strdup (key), value);
}

static gboolean
run_int8 (SqCompressed *self, const SqModel *model, const SqRecipeStep *step, const char *folder, const SqRecipeProgress *progress,
          GError **error)
{
  SqRecipeProgress look = *progress, rest = *progress;
  g_autoptr (SqCalibration) pictures = NULL;
  SqInt8Report report;
  SqGraph *graph;

  look.to = rest.from = progress->from + (progress->to - progress->from) * .05;
  if (folder == NULL)
    {
      g_set_error_literal (error, SQ_ERROR, SQ_ERROR_FORMAT, "8 bits need pictures to measure on: name a folder of them.");
      return FALSE;
    }
  if (!sq_int8_check (model, error)
      || (pictures = sq_calibration_open (folder, (guint) step->params[SQ_INT8_PICTURES], &look, error)) == NULL
      || (graph = sq_int8_apply (model, pictures, step, &rest, &report, error)) == NULL)
    return FALSE;
  sq_graph_free (self->graph);
  self->graph = graph;
  self->warning = g_strdup (pictures->warning);
  set (self->metadata, SQ_KEY_CALIBRATION, g_strdup_printf ("%u pictures, sha256 %s", pictures->paths->len, pictures->hash));
  g_free (self->report);
  self->report = g_strdup_printf ("8 bits      %u of %u convolutions; %u values, %u of them by channel\n"
                                  "measured on %u of %u pictures, %u of them unreadable",
                                  report.n_quantised, report.n_convs, report.n_values, report.n_channelwise, pictures->paths->len,
                                  pictures->n_found, pictures->n_unreadable);
  return TRUE;
}

SqCompressed *
sq_compress (const SqModel *model, const SqRecipe *recipe, const char *pictures, const SqRecipeProgress *progress, GError **error)
{
  g_autoptr (SqCompressed) self = g_new0 (SqCompressed, 1);
  static const SqRecipeProgress silent = { .to = 1 };

  self->graph = sq_graph_copy (model->graph);
  self->metadata = sq_model_describe (model);
  set (self->metadata, SQ_KEY_RECIPE, sq_recipe_to_text (recipe));
  for (guint i = 0; i < recipe->steps->len; i++)
    {
      const SqRecipeStep *step = &g_array_index (recipe->steps, SqRecipeStep, i);

      if (step->kind == SQ_STEP_HALF)
        self->half = TRUE;
      else if (!run_int8 (self, model, step, pictures, progress != NULL ? progress : &silent, error))
        return NULL;
    }
  if (self->report != NULL)
    set (self->metadata, SQ_KEY_REPORT, g_strdup (self->report));
  return g_steal_pointer (&self);
}

gboolean
sq_compressed_write (const SqCompressed *self, const char *path, GError **error)
{
  return sq_onnx_write (self->graph, &(SqOnnxWriteOptions){ .half = self->half, .metadata = self->metadata }, path, error);
}

void
sq_compressed_free (SqCompressed *self)
{
  g_clear_pointer (&self->graph, sq_graph_free);
  g_clear_pointer (&self->metadata, g_hash_table_unref);
  g_free (self->warning);
  g_free (self->report);
  g_free (self);
}
