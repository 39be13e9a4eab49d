// SPDX-License-Identifier: GPL-3.0-or-later
#include "damage.h"

#include "engine/backends/backend.h"
#include <math.h>

#define MAX_WORKERS 16

// Of one output: how it is cut into channels, and how much each varies.
typedef struct
{
  gint64 outer, channels, inner;
  double *variance; // [channels]
} Output;

typedef struct
{
  const SqModel *model;
  guint n_pictures, n_outputs, n_changes;
  SqTensor **inputs;   // [n_pictures]
  SqTensor **expected; // [n_pictures][n_outputs]
  Output *outputs;
  SqChangeFunc change;
  gconstpointer data;
  double *damage;
  const SqRecipeProgress *progress;
  int next;    // atomic
  GMutex lock; // of error, and of reporting
  GError *error;
} Job;

// Channels are dim 1 of a map; of rows of boxes the shorter side.
static void
output_init (Output *self, const SqShape *shape)
{
  int axis = shape->rank == 3 && shape->dim[2] < shape->dim[1] ? 2 : MIN (1, shape->rank - 1);

  self->outer = sq_shape_span (shape, 0, axis);
  self->channels = shape->dim[axis];
  self->inner = sq_shape_span (shape, axis + 1, shape->rank);
  self->variance = g_new0 (double, (gsize) self->channels);
}

// Sum over a channel of (x - y)^2, y NULL: of (x - mean)^2.
static double
squares (const Output *o, gint64 c, const float *x, const float *y)
{
  double sum = 0, mean = 0;

  for (int pass = y != NULL ? 1 : 0; pass < 2; pass++)
    {
      sum = 0;
      for (gint64 i = 0; i < o->outer; i++)
        for (gint64 k = 0; k < o->inner; k++)
          {
            gint64 at = (i * o->channels + c) * o->inner + k;
            double d = (double) x[at] - (y != NULL ? (double) y[at] : mean);

            sum += pass == 0 ? (double) x[at] : d * d;
          }
      mean = sum / (double) (o->outer * o->inner);
    }
  return sum;
}

static void
free_outputs (SqTensor **out, guint n)
{
  for (guint k = 0; k < n; k++)
    g_clear_pointer (&out[k], sq_tensor_unref);
}

static double
damage_of (const Job *job, SqTensor *const *out, guint picture)
{
  double total = 0, n = 0;

  for (guint k = 0; k < job->n_outputs; k++)
    {
      const Output *o = &job->outputs[k];

      for (gint64 c = 0; c < o->channels; c++, n++)
        total += squares (o, c, sq_tensor_f32 (out[k]), sq_tensor_f32 (job->expected[picture * job->n_outputs + k])) / o->variance[c];
    }
  return n > 0 ? total / n : 0;
}

static gboolean
report (Job *job, guint i, GError **error)
{
  gboolean wanted;

  g_mutex_lock (&job->lock);
  wanted = _sq_recipe_progress (job->progress, (double) i / job->n_changes, "Measuring each layer's damage", error);
  g_mutex_unlock (&job->lock);
  return wanted;
}

static gboolean
try_change (Job *job, guint i, GError **error)
{
  g_autoptr (SqGraph) graph = job->change (i, job->data);
  g_autoptr (SqExec) exec = sq_exec_new (sq_backend_find ("cpu"), graph, &(SqExecOptions){ .threads = 1 }, error);
  g_autofree SqTensor **out = g_new0 (SqTensor *, job->n_outputs);
  double sum = 0;

  if (exec == NULL)
    return FALSE;
  for (guint p = 0; p < job->n_pictures; p++)
    {
      if (!sq_exec_run (exec, &job->inputs[p], out, error))
        return FALSE;
      sum += damage_of (job, out, p);
      free_outputs (out, job->n_outputs);
    }
  job->damage[i] = sqrt (sum / job->n_pictures);
  return TRUE;
}

static gpointer
work (gpointer data)
{
  Job *job = data;
  GError *error = NULL;
  guint i;

  while ((i = (guint) g_atomic_int_add (&job->next, 1)) < job->n_changes && report (job, i, &error) && try_change (job, i, &error))
    ;
  if (error != NULL)
    {
      g_atomic_int_set (&job->next, (int) job->n_changes);
      g_mutex_lock (&job->lock);
      if (job->error == NULL)
        job->error = g_steal_pointer (&error);
      g_mutex_unlock (&job->lock);
      g_clear_error (&error);
    }
  return NULL;
}

// What the unchanged network says.
static gboolean
expect (Job *job, const SqCalibration *pictures, GError **error)
{
  g_autoptr (SqExec) exec = sq_exec_new (sq_backend_find ("cpu"), job->model->graph, &(SqExecOptions){ .threads = 0 }, error);

  if (exec == NULL)
    return FALSE;
  for (guint p = 0; p < job->n_pictures; p++)
    {
      SqTensor **out = &job->expected[p * job->n_outputs];

      if ((job->inputs[p] = sq_calibration_input (pictures, p, job->model, error)) == NULL
          || !sq_exec_run (exec, &job->inputs[p], out, error))
        return FALSE;
      for (guint k = 0; k < job->n_outputs; k++)
        for (gint64 c = 0; c < job->outputs[k].channels; c++)
          job->outputs[k].variance[c] += squares (&job->outputs[k], c, sq_tensor_f32 (out[k]), NULL) / job->n_pictures;
    }
  for (guint k = 0; k < job->n_outputs; k++)
    for (gint64 c = 0; c < job->outputs[k].channels; c++)
      job->outputs[k].variance[c] += 1e-9 * (double) (job->outputs[k].outer * job->outputs[k].inner); // of constants
  return TRUE;
}

static void
work_together (Job *job)
{
  guint n = MIN (MIN (g_get_num_processors (), MAX_WORKERS), job->n_changes);
  GThread *threads[MAX_WORKERS];

  for (guint i = 1; i < n; i++)
    threads[i] = g_thread_new ("damage", work, job);
  work (job);
  for (guint i = 1; i < n; i++)
    g_thread_join (threads[i]);
}

gboolean
sq_damage_measure (const SqModel *model, const SqCalibration *pictures, guint n_pictures, guint n_changes, SqChangeFunc change,
                   gconstpointer data, double *damage, const SqRecipeProgress *progress, GError **error)
{
  Job job = { .model = model, .n_changes = n_changes, .change = change, .data = data, .damage = damage, .progress = progress };
  gboolean ok;

  job.n_pictures = MIN (n_pictures, pictures->paths->len);
  job.n_outputs = model->graph->outputs->len;
  job.inputs = g_new0 (SqTensor *, job.n_pictures);
  job.expected = g_new0 (SqTensor *, job.n_pictures * job.n_outputs);
  job.outputs = g_new0 (Output, job.n_outputs);
  g_mutex_init (&job.lock);
  for (guint k = 0; k < job.n_outputs; k++)
    output_init (&job.outputs[k], &sq_graph_value (model->graph, g_array_index (model->graph->outputs, int, k))->shape);
  ok = expect (&job, pictures, error);
  if (ok)
    {
      work_together (&job);
      ok = job.error == NULL;
      if (!ok)
        g_propagate_error (error, job.error);
    }
  free_outputs (job.inputs, job.n_pictures);
  free_outputs (job.expected, job.n_pictures * job.n_outputs);
  for (guint k = 0; k < job.n_outputs; k++)
    g_free (job.outputs[k].variance);
  g_free (job.inputs);
  g_free (job.expected);
  g_free (job.outputs);
  g_mutex_clear (&job.lock);
  return ok;
}
