// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures in batches of one per core, each on a network of its own with one thread; then every value's observer sees the batch in the
// pictures' order, several values at once. Two meetings of threads per batch, and sums that do not depend on the number of cores.
#include "observe.h"

#include "engine/backends/backend.h"

#define MAX_WORKERS 16
#define TOTAL_BYTES ((gsize) 768 << 20) // of values held at once by all workers

typedef struct
{
  const SqModel *model;
  const SqCalibration *pictures;
  const int *values;
  guint first, end; // of values
  SqObserveFunc func;
  gpointer data;
  SqExec *execs[MAX_WORKERS];      // NULL where only the network's input is looked at
  SqTensor **tensors[MAX_WORKERS]; // [end - first], of the batch's pictures
  GError *errors[MAX_WORKERS];
  guint n_workers, batch, n_batch; // batch: its first picture
  int next;                        // atomic
} Part;

// The network cut down to what makes values [first, end); those that are its input need nothing.
static SqGraph *
part_of (const SqGraph *graph, const int *values, guint first, guint end)
{
  SqGraph *part = sq_graph_copy (graph);

  g_array_set_size (part->outputs, 0);
  for (guint k = first; k < end; k++)
    if (values[k] != g_array_index (graph->inputs, int, 0))
      sq_graph_add_output (part, values[k]);
  sq_graph_prune (part);
  return part;
}

static void
run_picture (Part *part, guint w)
{
  g_autoptr (SqTensor) input = sq_calibration_input (part->pictures, part->batch + w, part->model, &part->errors[w]);
  g_autofree SqTensor **out = g_new0 (SqTensor *, part->end - part->first + 1);
  guint at = 0;

  if (input == NULL || (part->execs[w] != NULL && !sq_exec_run (part->execs[w], &input, out, &part->errors[w])))
    return;
  for (guint k = part->first; k < part->end; k++)
    part->tensors[w][k - part->first] =
        part->values[k] == g_array_index (part->model->graph->inputs, int, 0) ? sq_tensor_ref (input) : out[at++];
}

static gpointer
run_pictures (gpointer data)
{
  Part *part = data;
  guint w;

  while ((w = (guint) g_atomic_int_add (&part->next, 1)) < part->n_batch)
    run_picture (part, w);
  return NULL;
}

static gpointer
show_values (gpointer data)
{
  Part *part = data;
  guint k;

  while ((k = part->first + (guint) g_atomic_int_add (&part->next, 1)) < part->end)
    for (guint w = 0; w < part->n_batch; w++)
      {
        part->func (k, part->tensors[w][k - part->first], part->batch + w, part->data);
        g_clear_pointer (&part->tensors[w][k - part->first], sq_tensor_unref);
      }
  return NULL;
}

static void
together (Part *part, GThreadFunc func)
{
  GThread *threads[MAX_WORKERS];

  part->next = 0;
  for (guint i = 1; i < part->n_workers; i++)
    threads[i] = g_thread_new ("observe", func, part);
  func (part);
  for (guint i = 1; i < part->n_workers; i++)
    g_thread_join (threads[i]);
}

// FALSE with the first picture's error.
static gboolean
take_batch (Part *part, GError **error)
{
  gboolean ok = TRUE;

  together (part, run_pictures);
  for (guint w = 0; w < part->n_batch; w++)
    if (part->errors[w] != NULL)
      {
        if (ok)
          g_propagate_error (error, g_steal_pointer (&part->errors[w]));
        g_clear_error (&part->errors[w]);
        ok = FALSE;
      }
  if (ok)
    together (part, show_values);
  else
    for (guint w = 0; w < part->n_batch; w++)
      for (guint k = 0; k < part->end - part->first; k++)
        g_clear_pointer (&part->tensors[w][k], sq_tensor_unref);
  return ok;
}

static gboolean
observe_part (Part *part, const SqRecipeProgress *progress, double done, double share, const char *what, GError **error)
{
  g_autoptr (SqGraph) graph = part_of (part->model->graph, part->values, part->first, part->end);
  SqExecOptions options = { .threads = 1 };
  guint n = part->pictures->paths->len;
  gboolean ok = TRUE;

  for (guint w = 0; w < part->n_workers; w++)
    {
      part->tensors[w] = g_new0 (SqTensor *, part->end - part->first);
      if (ok && graph->outputs->len > 0)
        ok = (part->execs[w] = sq_exec_new (sq_backend_find ("cpu"), graph, &options, error)) != NULL;
    }
  for (part->batch = 0; ok && part->batch < n; part->batch += part->n_workers)
    {
      part->n_batch = MIN (part->n_workers, n - part->batch);
      ok = _sq_recipe_progress (progress, done + share * part->batch / n, what, error) && take_batch (part, error);
    }
  for (guint w = 0; w < part->n_workers; w++)
    {
      g_clear_pointer (&part->execs[w], sq_exec_free);
      g_clear_pointer (&part->tensors[w], g_free);
    }
  return ok;
}

gboolean
sq_observe (const SqModel *model, const SqCalibration *pictures, const int *values, guint n, SqObserveFunc func, gpointer data,
            const SqRecipeProgress *progress, const char *what, GError **error)
{
  Part part = { .model = model, .pictures = pictures, .values = values, .func = func, .data = data };

  part.n_workers = MIN (MIN (g_get_num_processors (), MAX_WORKERS), pictures->paths->len);
  for (part.first = 0; part.first < n; part.first = part.end)
    {
      gsize sum = 0;

      for (part.end = part.first; part.end < n; part.end++)
        {
          sum += (gsize) sq_shape_elements (&sq_graph_value (model->graph, values[part.end])->shape) * sizeof (float);
          if (part.end > part.first && sum > TOTAL_BYTES / part.n_workers)
            break;
        }
      if (!observe_part (&part, progress, (double) part.first / n, (double) (part.end - part.first) / n, what, error))
        return FALSE;
    }
  return TRUE;
}
