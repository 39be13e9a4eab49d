// SPDX-License-Identifier: GPL-3.0-or-later
// The fastest that still agrees: which layers are in 8 bits (small ones are often faster in floats) and how large the input is, each tried
// on the device itself, by turns with the original. What was measured is remembered, so a search that was stopped goes on where it was.
#include "int8.h"
#include "search-notes.h"
#include "step.h"
#include "timing.h"

#include "engine/ops/op.h"

#define SECONDS 2.0        // of measuring per try
#define NEXT_SIZE .95      // share of the operations that the next smaller input may take
#define SHARE_OF_A_TRY .08 // of the progress

enum
{
  KEEP,    // agreement
  MINUTES, // at most
};

// Layers stay in floats that sum over fewer numbers than one of these.
static const gint64 depths[] = { 0, 16, 48, 96, 192 };

typedef struct
{
  SqRecipeJob *job;
  double keep;
  gint64 end; // time to stop
  SqSearchNotes *notes;
  const SqRecipeProgress *progress;
  double done; // of the progress
  GString *front;
  SqModel *best;
  double best_time; // share of the original's
  char *best_name;
  int order[G_N_ELEMENTS (depths)]; // of depths, the fastest first; known after the first size
  gboolean known;
} Search;

static gboolean
out_of_time (const Search *self)
{
  return g_get_monotonic_time () > self->end;
}

static SqRecipeProgress
next_part (Search *self, double share)
{
  double from = self->done;

  self->done = MIN (from + share, 1);
  return _sq_recipe_part (self->progress, from, self->done);
}

// Measures one way. `agreement` gets what was reached, also where it is too little to be worth timing (-1). FALSE with an error.
static gboolean
try_model (Search *self, SqModel *model, const char *name, double *agreement, double *measured, GError **error)
{
  SqRecipeProgress part = next_part (self, SHARE_OF_A_TRY);
  double time = -1;
  g_autofree char *key = g_strdup_printf ("%s %dx%d", name, model->input.width, model->input.height);

  if (!sq_search_notes_get (self->notes, key, agreement, &time) || (time < 0 && *agreement >= self->keep))
    {
      g_autoptr (SqModel) file = NULL;
      SqTimePair pair;

      if ((*agreement = sq_recipe_job_agreement (self->job, model, &part, error)) < 0)
        return FALSE;
      if (*agreement >= self->keep)
        {
          if ((file = sq_recipe_job_written (self->job, model, part.cancellable, error)) == NULL
              || !sq_time_pair (self->job->original, file, self->job->device, SECONDS, part.cancellable, &pair, error))
            return FALSE;
          time = pair.variant_ms / pair.original_ms;
        }
      sq_search_notes_set (self->notes, key, *agreement, time);
    }
  *measured = time;
  if (time < 0)
    g_string_append_printf (self->front, "            %s: agreement %.3f\n", key, *agreement);
  else
    g_string_append_printf (self->front, "            %s: agreement %.3f, %.2f of the time\n", key, *agreement, time);
  if (*agreement >= self->keep && time >= 0 && time < self->best_time)
    {
      g_clear_pointer (&self->best, sq_model_unref);
      self->best = sq_model_ref (model);
      self->best_time = time;
      g_free (self->best_name);
      self->best_name = g_steal_pointer (&key);
    }
  return TRUE;
}

// Numbers that one number of a layer's output is the sum of.
static gint64
depth (const SqModel *model, guint node)
{
  const SqShape *w = &sq_graph_value (model->graph, sq_graph_node (model->graph, node)->in[1])->shape;

  return w->dim[1] * w->dim[2] * w->dim[3];
}

// With the layers in 8 bits that sum over at least depths[d]. FALSE with an error; `time` -1 where it was not worth measuring.
static gboolean
try_depth (Search *self, SqModel *model, const SqInt8 *int8, int d, guint *last, double *time, GError **error)
{
  guint n = sq_int8_n_layers (int8), rounded = 0;
  g_autofree gboolean *stays = g_new (gboolean, n);
  g_autofree char *name = NULL;
  g_autoptr (SqGraph) graph = NULL;
  g_autoptr (SqModel) variant = NULL;
  double agreement;

  *time = -1;
  for (guint i = 0; i < n; i++)
    rounded += !(stays[i] = depth (model, sq_int8_layer (int8, i)) < depths[d]);
  if (rounded == *last || rounded == 0)
    return TRUE;
  *last = rounded;
  graph = sq_int8_graph (int8, stays, NULL);
  name = g_strdup_printf ("%u of %u layers in 8 bits", rounded, n);
  return (variant = sq_model_derive (model, graph, error)) != NULL && try_model (self, variant, name, &agreement, time, error);
}

// At the first size all depths; then in the order of their times until one agrees enough.
static gboolean
try_int8 (Search *self, SqModel *model, GError **error)
{
  SqRecipeProgress part = next_part (self, 2 * SHARE_OF_A_TRY);
  SqInt8Options options = { .positions = 256, .depthwise = TRUE, .except = self->job->except };
  g_autoptr (GError) none = NULL;
  g_autoptr (SqInt8) int8 = NULL;
  double times[G_N_ELEMENTS (depths)];
  guint last = G_MAXUINT;
  int n = 0;

  if (!sq_int8_check (model, &none))
    return TRUE;
  if ((int8 = sq_int8_new (model, self->job->pictures, &options, &part, error)) == NULL)
    return FALSE;
  for (guint k = 0; k < G_N_ELEMENTS (depths) && !out_of_time (self); k++)
    {
      int d = self->known ? self->order[k] : (int) k;
      double time;

      if (!try_depth (self, model, int8, d, &last, &time, error))
        return FALSE;
      if (self->known && time >= 0)
        return TRUE;
      if (self->known)
        continue;
      // sorted in: what was not measured comes last
      time = time < 0 ? G_MAXDOUBLE : time;
      for (n = (int) k; n > 0 && times[n - 1] > time; n--)
        {
          times[n] = times[n - 1];
          self->order[n] = self->order[n - 1];
        }
      times[n] = time;
      self->order[n] = d;
    }
  self->known = self->known || !out_of_time (self);
  return TRUE;
}

static SqModel *
smaller_input (SqRecipeJob *job, SqModel *model, double keep, const SqRecipeProgress *progress, GError **error)
{
  double params[SQ_STEP_MAX_PARAMS] = { keep };
  SqRecipeJob own = *job;
  SqModel *result;

  own.report = g_string_new (NULL);
  result = sq_recipe_kind_resize.apply (&own, model, params, progress, error);
  g_string_free (own.report, TRUE);
  return result;
}

// As it is, then smaller and smaller until it no longer agrees.
static gboolean
walk (Search *self, SqModel *model, GError **error)
{
  g_autoptr (SqModel) at = sq_model_ref (model);
  double share = 1, agreement, time;

  while (at != NULL)
    {
      SqRecipeProgress part;
      g_autoptr (GError) cause = NULL;
      SqModel *next;

      if (!try_model (self, at, "floats", &agreement, &time, error))
        return FALSE;
      if (agreement < self->keep || out_of_time (self))
        break;
      if (!try_int8 (self, at, error))
        return FALSE;
      share = MIN (share, at->flop / model->flop) * NEXT_SIZE;
      part = next_part (self, SHARE_OF_A_TRY);
      next = out_of_time (self) ? NULL : smaller_input (self->job, model, share, &part, &cause);
      if (cause != NULL && g_error_matches (cause, SQ_ERROR, SQ_ERROR_CANCELLED))
        {
          g_propagate_error (error, g_steal_pointer (&cause));
          return FALSE;
        }
      sq_model_unref (at);
      at = next;
    }
  return TRUE;
}

static SqModel *
apply (SqRecipeJob *job, SqModel *model, const double *params, const SqRecipeProgress *progress, GError **error)
{
  Search self = { .job = job, .keep = params[KEEP], .progress = progress, .best_time = 1 };
  g_autofree char *except = NULL;
  SqRecipeProgress part;
  SqModel *result = NULL;
  gboolean done;

  job->half = TRUE; // of what stays floats the file holds halves
  self.end = g_get_monotonic_time () + (gint64) (params[MINUTES] * 60 * G_USEC_PER_SEC);
  self.front = g_string_new (NULL);
  except = job->except != NULL ? g_strjoinv ("\n", (char **) job->except) : NULL;
  self.notes = sq_search_notes_open (job->original->sha256, job->pictures->hash, job->device, except);
  part = next_part (&self, SHARE_OF_A_TRY);
  done = sq_recipe_job_reference (job, &part, error) != NULL && walk (&self, model, error);
  if (done && self.best != NULL)
    g_string_append_printf (job->report, "fastest     %s, %.2f of the original's time on %s\n%s", self.best_name, self.best_time,
                            job->device, self.front->str);
  else if (done)
    g_string_append_printf (job->report, "fastest     the original: nothing that keeps %.0f %% is faster on %s\n%s", 100 * self.keep,
                            job->device, self.front->str);
  if (done)
    result = sq_model_ref (self.best != NULL ? self.best : model);
  sq_search_notes_close (self.notes);
  g_string_free (self.front, TRUE);
  g_clear_pointer (&self.best, sq_model_unref);
  g_free (self.best_name);
  return result;
}

const SqRecipeKind sq_recipe_kind_fastest = {
  .id = "fastest",
  .needs_pictures = TRUE,
  .bound = TRUE,
  .params = { [KEEP] = { "keep", .85, 0, 1 }, [MINUTES] = { "minutes", 10, .1, 1440 } },
  .apply = apply,
};
