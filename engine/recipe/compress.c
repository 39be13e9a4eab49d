// SPDX-License-Identifier: GPL-3.0-or-later
#include "compress.h"

#include "calibration.h"
#include "engine/formats/format.h"
#include "engine/model-metadata.h"
#include "step.h"
#include <glib/gstdio.h>
#include <unistd.h>

static void
set (GHashTable *metadata, const char *key, char *value)
{
  g_hash_table_insert (metadata, g_strdup (key), value);
}

// What of a whole run looking at the pictures is, and measuring what came out.
#define SHARE_OF_PICTURES .05
#define SHARE_OF_FIDELITY .15

char *
sq_layer_name (const SqGraph *graph, guint node)
{
  const char *name = sq_graph_value (graph, sq_graph_node (graph, node)->out[0])->name;

  return name != NULL && *name != '\0' ? g_strdup (name) : g_strdup_printf ("layer %u", node);
}

const SqReference *
sq_recipe_job_reference (SqRecipeJob *self, const SqRecipeProgress *progress, GError **error)
{
  if (self->reference == NULL)
    self->reference = sq_reference_new (self->original, self->pictures, SQ_FIDELITY_THRESHOLD, progress, error);
  return self->reference;
}

static SqModel *
written (SqModel *model, gboolean half, GHashTable *metadata, GCancellable *cancellable, GError **error)
{
  g_autofree char *path = NULL;
  SqModel *again = NULL;
  int file = g_file_open_tmp ("squint-XXXXXX.onnx", &path, error);

  if (file < 0)
    return NULL;
  close (file);
  if (sq_onnx_write (model->graph, &(SqOnnxWriteOptions){ .half = half, .metadata = metadata }, path, error))
    again = sq_model_load (path, NULL, cancellable, error);
  g_unlink (path);
  return again;
}

SqModel *
sq_recipe_job_written (const SqRecipeJob *self, SqModel *model, GCancellable *cancellable, GError **error)
{
  g_autoptr (GHashTable) metadata = sq_model_describe (model);

  return written (model, self->half, metadata, cancellable, error);
}

double
sq_recipe_job_agreement (SqRecipeJob *self, SqModel *variant, const SqRecipeProgress *progress, GError **error)
{
  SqRecipeProgress first = _sq_recipe_part (progress, 0, self->reference == NULL ? .5 : 0), second = *progress;
  const SqReference *reference = sq_recipe_job_reference (self, &first, error);
  g_autoptr (SqModel) file = reference != NULL ? sq_recipe_job_written (self, variant, progress->cancellable, error) : NULL;
  g_autoptr (SqFidelity) fidelity = NULL;

  second.from = first.to;
  if (file == NULL || (fidelity = sq_fidelity_measure (reference, file, &second, error)) == NULL)
    return -1;
  // an original that sees nothing in these pictures cannot be disagreed with
  return fidelity->agreement >= 0 ? fidelity->agreement : fidelity->total.n[SQ_MATCH_NEW] == 0;
}

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
  guint n = recipe->steps->len;

  for (guint i = 0; i < n; i++)
    {
      const SqRecipeStep *step = &g_array_index (recipe->steps, SqRecipeStep, i);
      SqRecipeProgress part = _sq_recipe_part (progress, (double) i / n, (double) (i + 1) / n);
      SqModel *next;

      job->except = (const char *const *) step->except;
      if ((next = step->kind->apply (job, *model, step->params, &part, error)) == NULL)
        return FALSE;
      sq_model_unref (*model);
      *model = next;
    }
  return TRUE;
}

static gboolean
measure (SqCompressed *self, SqRecipeJob *job, const SqRecipeProgress *progress, GError **error)
{
  SqRecipeProgress first = _sq_recipe_part (progress, 0, .5), second = _sq_recipe_part (progress, .5, 1);
  const SqReference *reference = sq_recipe_job_reference (job, &first, error);
  g_autoptr (SqModel) file = reference != NULL ? written (self->model, self->half, self->metadata, progress->cancellable, error) : NULL;

  if (file == NULL || (self->fidelity = sq_fidelity_measure (reference, file, &second, error)) == NULL)
    return FALSE;
  if (job->layers != NULL)
    {
      g_array_unref (self->fidelity->layers);
      self->fidelity->layers = g_steal_pointer (&job->layers);
    }
  set (self->metadata, SQ_KEY_FIDELITY, sq_fidelity_to_text (self->fidelity));
  return TRUE;
}

static void
job_clear (SqRecipeJob *job)
{
  g_clear_pointer (&job->reference, sq_reference_free);
  g_clear_pointer (&job->layers, g_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SqRecipeJob, job_clear)

static void
describe_pictures (SqCompressed *self, const SqCalibration *pictures, GString *report)
{
  self->warning = g_strdup (pictures->warning);
  set (self->metadata, SQ_KEY_CALIBRATION, g_strdup_printf ("%u pictures, sha256 %s", pictures->paths->len, pictures->hash));
  g_string_append_printf (report, "measured on %u of %u pictures, %u of them unreadable", pictures->paths->len, pictures->n_found,
                          pictures->n_unreadable);
}

SqCompressed *
sq_compress (SqModel *original, const SqRecipe *recipe, const char *folder, const SqRecipeProgress *progress, GError **error)
{
  static const SqRecipeProgress silent = { .to = 1 };
  g_autoptr (SqCompressed) self = g_new0 (SqCompressed, 1);
  g_autoptr (SqModel) model = sq_model_ref (original);
  g_autoptr (SqCalibration) pictures = NULL;
  g_autoptr (GString) report = g_string_new (NULL);
  g_auto (SqRecipeJob) job = { .original = original, .report = report, .device = recipe->device };
  SqRecipeProgress look, work, judge;

  progress = progress != NULL ? progress : &silent;
  look = _sq_recipe_part (progress, 0, SHARE_OF_PICTURES);
  work = _sq_recipe_part (progress, SHARE_OF_PICTURES, 1 - SHARE_OF_FIDELITY);
  judge = _sq_recipe_part (progress, 1 - SHARE_OF_FIDELITY, 1);
  if (!check (model, recipe, folder, error))
    return NULL;
  if (folder != NULL && (job.pictures = pictures = sq_calibration_open (folder, recipe->pictures, &look, error)) == NULL)
    return NULL;
  if (!run_steps (&job, recipe, &model, &work, error))
    return NULL;
  self->metadata = sq_model_describe (model);
  set (self->metadata, SQ_KEY_RECIPE, sq_recipe_to_text (recipe));
  if (pictures != NULL)
    describe_pictures (self, pictures, report);
  if (report->len > 0)
    {
      self->report = g_strdup (report->str);
      set (self->metadata, SQ_KEY_REPORT, g_strdup (report->str));
    }
  self->half = job.half;
  self->model = g_steal_pointer (&model);
  if (pictures != NULL && !measure (self, &job, &judge, error))
    return NULL;
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
  g_clear_pointer (&self->fidelity, sq_fidelity_free);
  g_free (self);
}
