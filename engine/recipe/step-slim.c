// SPDX-License-Identifier: GPL-3.0-or-later
// A share of the operations, however it hurts least: a smaller input, fewer channels, half of the way with each, or layers in two. All are
// tried and the one whose detections on the calibration pictures agree most with the original's is taken. A way that a network does not
// allow is left out.
#include "step.h"

#define BROKEN .05     // agreement below which a network computes something else
#define LEAST_ALONE .6 // of fewer operations, anything but a smaller input leaves nothing that detects

enum
{
  KEEP, // share of the operations
};

typedef struct
{
  const char *what;
  double resize, prune, lowrank; // shares; 1: not at all
  SqModel *model;
  char *report, *why; // why not
  double agreement;
} Way;

static SqModel *
run_kind (const SqRecipeKind *kind, SqRecipeJob *job, SqModel *model, double keep, const SqRecipeProgress *progress, GError **error)
{
  double params[SQ_STEP_MAX_PARAMS] = { 0 };

  for (int i = 0; kind->params[i].key != NULL; i++)
    params[i] = g_str_equal (kind->params[i].key, "keep") ? keep : kind->params[i].fallback;
  if (kind->check != NULL && !kind->check (model, error))
    return NULL;
  return kind->apply (job, model, params, progress, error);
}

// Makes the way's model smaller with one more kind of step, in `share` of the progress.
static void
go_on (Way *way, const SqRecipeKind *kind, SqRecipeJob *job, double keep, double share, SqRecipeProgress *part, GError **error)
{
  SqModel *smaller;

  part->to = part->from + share;
  if (way->model != NULL && keep < 1)
    {
      smaller = run_kind (kind, job, way->model, keep, part, error);
      sq_model_unref (way->model);
      way->model = smaller;
    }
  part->from = part->to;
}

// FALSE only where it has been stopped: what does not go is noted.
static gboolean
try_way (Way *way, SqRecipeJob *job, SqModel *model, const SqRecipeProgress *progress, GError **error)
{
  SqRecipeProgress part = *progress;
  double span = progress->to - progress->from;
  SqRecipeJob own = *job;
  g_autoptr (GError) cause = NULL;

  own.report = g_string_new (NULL);
  way->model = sq_model_ref (model);
  go_on (way, &sq_recipe_kind_resize, &own, way->resize, .3 * span, &part, &cause);
  if (way->model != NULL && way->prune < 1) // what the smaller input has saved beyond its share need not be saved again
    go_on (way, &sq_recipe_kind_prune, &own, MIN (way->resize * way->prune * model->flop / way->model->flop, .99), .5 * span, &part,
           &cause);
  go_on (way, &sq_recipe_kind_lowrank, &own, way->lowrank, way->lowrank < 1 ? .5 * span : 0, &part, &cause);
  part.to = progress->to;
  if (way->model != NULL && (way->agreement = sq_recipe_job_agreement (&own, way->model, &part, &cause)) < 0)
    g_clear_pointer (&way->model, sq_model_unref);
  way->report = g_string_free (own.report, FALSE);
  if (cause == NULL)
    return TRUE;
  if (g_error_matches (cause, SQ_ERROR, SQ_ERROR_CANCELLED) || g_error_matches (cause, SQ_ERROR, SQ_ERROR_IO))
    {
      g_propagate_error (error, g_steal_pointer (&cause));
      return FALSE;
    }
  way->why = g_strdup (cause->message);
  return TRUE;
}

static SqModel *
choose (SqRecipeJob *job, const SqModel *model, const Way *ways, guint n, GError **error)
{
  const Way *best = NULL;

  for (guint i = 0; i < n; i++)
    if (ways[i].model != NULL && (best == NULL || ways[i].agreement > best->agreement))
      best = &ways[i];
  if (best == NULL || (best->agreement >= 0 && best->agreement < BROKEN))
    {
      if (n > 0 && ways[0].why != NULL)
        g_set_error_literal (error, SQ_ERROR, SQ_ERROR_FORMAT, ways[0].why);
      else
        g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT, "%s detects something else with so few operations: choose a level that keeps more.",
                     model->name);
      return NULL;
    }
  g_string_append (job->report, best->report);
  g_string_append_printf (job->report, "chosen      %s, for it agrees most with the original\n", best->what);
  for (guint i = 0; i < n; i++)
    if (ways[i].model != NULL)
      g_string_append_printf (job->report, "            %s: %.3f at %.1f %% of the operations\n", ways[i].what, ways[i].agreement,
                              100 * ways[i].model->flop / model->flop);
  for (guint i = 0; i < n; i++)
    if (ways[i].why != NULL)
      g_string_append_printf (job->report, "            not %s: %s\n", ways[i].what, ways[i].why);
  return sq_model_ref (best->model);
}

static SqModel *
apply (SqRecipeJob *job, SqModel *model, const double *params, const SqRecipeProgress *progress, GError **error)
{
  double keep = params[KEEP], half = (1 + keep) / 2;
  Way ways[] = { { .what = "a smaller input", .resize = keep, .prune = 1, .lowrank = 1 },
                 { .what = "both", .resize = half, .prune = keep / half, .lowrank = 1 },
                 { .what = "fewer channels", .resize = 1, .prune = keep, .lowrank = 1 },
                 { .what = "layers in two", .resize = 1, .prune = 1, .lowrank = keep } };
  guint n = keep >= LEAST_ALONE ? 4 : 2;
  SqRecipeProgress part = *progress;
  double each = (progress->to - progress->from) / (n + 1);
  SqModel *result = NULL;
  gboolean ok;

  part.to = part.from + each;
  ok = sq_recipe_job_reference (job, &part, error) != NULL; // once for all ways
  for (guint i = 0; ok && i < n; i++)
    {
      part.from = part.to;
      part.to += each;
      ok = try_way (&ways[i], job, model, &part, error);
    }
  if (ok)
    result = choose (job, model, ways, n, error);
  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      g_clear_pointer (&ways[i].model, sq_model_unref);
      g_free (ways[i].report);
      g_free (ways[i].why);
    }
  return result;
}

static gboolean
check (const SqModel *model, GError **error)
{
  return sq_recipe_kind_resize.check (model, NULL) || sq_recipe_kind_prune.check (model, error);
}

const SqRecipeKind sq_recipe_kind_slim = {
  .id = "slim",
  .needs_pictures = TRUE,
  .params = { [KEEP] = { "keep", .75, .05, 1 } },
  .check = check,
  .apply = apply,
};
