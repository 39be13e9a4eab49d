// SPDX-License-Identifier: GPL-3.0-or-later
#include "compress.h"

#include "calibration.h"
#include "engine/formats/format.h"
#include "engine/model-metadata.h"
#include "step.h"

static void
set (GHashTable *metadata, const char *key, char *value)
{
  g_hash_table_insert (metadata, g_strdup (key), value);
}

// What of a whole run its steps are, beside looking at the pictures.
#define SHARE_OF_PICTURES .05

static gboolean
check (const SqModel *model, const SqRecipe *recipe, const char *pictures, GError **error)
{
  if (sq_recipe_needs_pictures (recipe) && pictures == NULL)
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT, "%s needs pictures to measure on: name a folder of them.", recipe->title);
      return FALSE;
    }
  for (guint i = 0; i < recipe->steps->len; i++)
    {
      const SqRecipeKind *kind = g_array_index (recipe->steps, SqRecipeStep, i).kind;

      if (kind->check != NULL && !kind->check (model, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
run_steps (SqRecipeJob *job, const SqRecipe *recipe, SqModel **model, const SqRecipeProgress *progress, GError **error)
{
  double begin = progress->from + SHARE_OF_PICTURES * (progress->to - progress->from), each = (progress->to - begin) / recipe->steps->len;

  for (guint i = 0; i < recipe->steps->len; i++)
    {
      const SqRecipeStep *step = &g_array_index (recipe->steps, SqRecipeStep, i);
      SqRecipeProgress part = *progress;
      SqModel *next;

      part.from = begin + i * each;
      part.to = part.from + each;
      if ((next = step->kind->apply (job, *model, step->params, &part, error)) == NULL)
        return FALSE;
      sq_model_unref (*model);
      *model = next;
    }
  return TRUE;
}

SqCompressed *
sq_compress (SqModel *original, const SqRecipe *recipe, const char *folder, const SqRecipeProgress *progress, GError **error)
{
  static const SqRecipeProgress silent = { .to = 1 };
  g_autoptr (SqCompressed) self = g_new0 (SqCompressed, 1);
  g_autoptr (SqModel) model = sq_model_ref (original);
  g_autoptr (SqCalibration) pictures = NULL;
  g_autoptr (GString) report = g_string_new (NULL);
  SqRecipeProgress look;
  SqRecipeJob job = { .original = original, .report = report };

  progress = progress != NULL ? progress : &silent;
  look = *progress;
  look.to = progress->from + SHARE_OF_PICTURES * (progress->to - progress->from);
  if (!check (model, recipe, folder, error))
    return NULL;
  if (sq_recipe_needs_pictures (recipe) && (job.pictures = pictures = sq_calibration_open (folder, recipe->pictures, &look, error)) == NULL)
    return NULL;
  if (!run_steps (&job, recipe, &model, progress, error))
    return NULL;
  self->metadata = sq_model_describe (model);
  set (self->metadata, SQ_KEY_RECIPE, sq_recipe_to_text (recipe));
  if (pictures != NULL)
    {
      self->warning = g_strdup (pictures->warning);
      set (self->metadata, SQ_KEY_CALIBRATION, g_strdup_printf ("%u pictures, sha256 %s", pictures->paths->len, pictures->hash));
      g_string_append_printf (report, "measured on %u of %u pictures, %u of them unreadable", pictures->paths->len, pictures->n_found,
                              pictures->n_unreadable);
    }
  if (report->len > 0)
    {
      self->report = g_strdup (report->str);
      set (self->metadata, SQ_KEY_REPORT, g_strdup (report->str));
    }
  self->half = job.half;
  self->model = g_steal_pointer (&model);
  return g_steal_pointer (&self);
}

gboolean
sq_compressed_write (const SqCompressed *self, const char *path, GError **error)
{
  return sq_onnx_write (self->model->graph, &(SqOnnxWriteOptions){ .half = self->half, .metadata = self->metadata }, path, error);
}

void
sq_compressed_free (SqCompressed *self)
{
  g_clear_pointer (&self->model, sq_model_unref);
  g_clear_pointer (&self->metadata, g_hash_table_unref);
  g_free (self->warning);
  g_free (self->report);
  g_free (self);
}
