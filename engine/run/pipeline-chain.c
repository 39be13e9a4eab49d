// SPDX-License-Identifier: GPL-3.0-or-later
// The network in parts, one per device. A frame carries the values that later parts still read.
#include "pipeline-private.h"

#include "engine/backends/backend.h"
#include "engine/devices/busy.h"
#include "engine/devices/device.h"
#include <string.h>

#define MAX_VALUES 64   // that a part hands on or takes
#define UNBALANCED 1.15 // measured parts this unequal are cut anew

static SqExec *
build (SqPipeline *self, const Lane *lane, const SqGraphPart *part, GError **error)
{
  const SqBackend *backend;
  SqExecOptions options = { .threads = lane->threads };
  int index;

  if (!sq_backend_parse (lane->device->id, &backend, &index, error))
    return NULL;
  options.device = MAX (index, 0);
  return sq_exec_new (backend, part->graph, &options, error);
}

static void
unref_value (gpointer tensor)
{
  if (tensor != NULL)
    sq_tensor_unref (tensor);
}

// Runs a part on what the frame carries, and drops what no later part reads.
static gboolean
run_part (SqPipeline *self, SqExec *exec, guint at, GPtrArray *live, GError **error)
{
  const SqGraphPart *part = g_ptr_array_index (self->chain, at);
  SqTensor *in[MAX_VALUES], *out[MAX_VALUES] = { NULL };

  for (guint i = 0; i < part->in->len; i++)
    in[i] = g_ptr_array_index (live, g_array_index (part->in, int, i));
  if (!sq_exec_run (exec, in, out, error))
    return FALSE;
  for (guint i = 0; i < part->out->len; i++)
    g_ptr_array_index (live, g_array_index (part->out, int, i)) = out[i];
  for (guint i = 0; i < part->in->len; i++)
    {
      int value = g_array_index (part->in, int, i);
      gboolean wanted = FALSE;

      for (guint later = at + 1; later < self->chain->len && !wanted; later++)
        {
          const GArray *reads = ((SqGraphPart *) g_ptr_array_index (self->chain, later))->in;

          for (guint k = 0; k < reads->len && !wanted; k++)
            wanted = g_array_index (reads, int, k) == value;
        }
      for (guint k = 0; k < self->model->graph->outputs->len && !wanted; k++)
        wanted = g_array_index (self->model->graph->outputs, int, k) == value;
      if (!wanted)
        g_clear_pointer (&g_ptr_array_index (live, value), sq_tensor_unref);
    }
  return TRUE;
}

static GPtrArray *
new_live (SqPipeline *self, SqTensor *input)
{
  GPtrArray *live = g_ptr_array_new_with_free_func (unref_value);

  g_ptr_array_set_size (live, (int) self->model->graph->values->len);
  g_ptr_array_index (live, g_array_index (self->model->graph->inputs, int, 0)) = sq_tensor_ref (input);
  return live;
}

static void
collect_outputs (SqPipeline *self, Item *item)
{
  const SqGraph *graph = self->model->graph;

  item->job->n_outputs = graph->outputs->len;
  for (guint i = 0; i < graph->outputs->len; i++)
    {
      int value = g_array_index (graph->outputs, int, i);
      SqTensor *constant = sq_graph_value (graph, value)->constant;

      item->job->outputs[i] = sq_tensor_ref (constant != NULL ? constant : g_ptr_array_index (item->live, value));
    }
  g_clear_pointer (&item->live, g_ptr_array_unref);
}

static gboolean
do_part (SqPipeline *self, Lane *lane, SqExec *exec, Item *item, GError **error)
{
  gint64 start = g_get_monotonic_time (), ns;
  gboolean done;

  if (item->live == NULL)
    {
      if (item->job->input == NULL && !sq_detector_job_preprocess (item->job, self->model, error))
        return FALSE;
      item->live = new_live (self, item->job->input);
      item->job->stage_ns[SQ_STAGE_INFER] = 0;
    }
  sq_device_busy_begin (lane->device->id);
  done = run_part (self, exec, lane->part, item->live, error);
  sq_device_busy_end (lane->device->id);
  if (!done)
    return FALSE;
  ns = (g_get_monotonic_time () - start) * 1000;
  item->job->stage_ns[SQ_STAGE_INFER] += ns;
  item->job->device = lane->device->id;
  if (lane->part + 1 == (int) self->chain->len)
    {
      collect_outputs (self, item);
      _sq_pipeline_meter (self, SQ_STAGE_INFER, item->job);
    }
  _sq_pipeline_lane_done (self, lane, ns);
  return TRUE;
}

static void
part_main (SqPipeline *self, int index)
{
  Lane *lane;
  const SqGraphPart *part;
  GError *error = NULL;
  SqExec *exec;
  Item *item = NULL;

  g_mutex_lock (&self->lock);
  lane = pipeline_lane (self, index);
  part = g_ptr_array_index (self->chain, lane->part);
  g_mutex_unlock (&self->lock);
  _sq_pipeline_lane_begin (lane);
  exec = build (self, lane, part, &error);
  if (exec != NULL)
    _sq_pipeline_lane_ready (self, lane);
  while (exec != NULL && (item = lane->part == 0 ? _sq_pipeline_take (self, lane) : _sq_pipeline_take_part (self, lane->part)) != NULL)
    {
      if (item->job != NULL && !do_part (self, lane, exec, item, &error))
        break;
      if (lane->part + 1 == (int) self->chain->len)
        _sq_pipeline_push (self, SQ_STAGE_POST, item);
      else
        _sq_pipeline_hand_on (self, lane->part, item);
    }
  g_clear_pointer (&exec, sq_exec_free);
  _sq_pipeline_lane_end (self, lane, item, error);
}

// --- cutting
// ------------------------------------------------------------------------------------------------------------------------------------------

// How long each part takes on its device, in seconds; FALSE where one cannot be built, which its lane will say. For the estimates are right
// for no device: depthwise convolutions cost far more than their operations.
static gboolean
time_parts (SqPipeline *self, GPtrArray *lanes, double *seconds)
{
  g_autoptr (SqTensor) input = NULL;
  g_autoptr (GPtrArray) live = NULL;
  const SqValue *v = sq_graph_value (self->model->graph, g_array_index (self->model->graph->inputs, int, 0));
  gboolean good = TRUE;

  input = sq_tensor_new (v->dtype, &v->shape);
  if (input == NULL)
    return FALSE;
  live = new_live (self, input);
  for (guint i = 0; i < self->chain->len && good; i++)
    {
      const SqGraphPart *part = g_ptr_array_index (self->chain, i);
      g_autoptr (SqExec) exec = NULL;

      sq_device_pin (((Lane *) g_ptr_array_index (lanes, i))->device->id);
      exec = build (self, g_ptr_array_index (lanes, i), part, NULL);
      good = exec != NULL;
      seconds[i] = G_MAXDOUBLE;
      for (int run = 0; run < 4 && good; run++) // the first warms up; inputs stay for the next
        {
          g_autoptr (GPtrArray) copy = g_ptr_array_copy (live, NULL, NULL);
          gint64 start;

          g_ptr_array_set_free_func (copy, unref_value);
          for (guint k = 0; k < copy->len; k++)
            if (g_ptr_array_index (copy, k) != NULL)
              sq_tensor_ref (g_ptr_array_index (copy, k));
          start = g_get_monotonic_time ();
          good = run_part (self, exec, i, copy, NULL);
          seconds[i] = run > 0 ? MIN (seconds[i], (double) (g_get_monotonic_time () - start) / 1e6) : seconds[i];
          if (run == 3 && good)
            {
              g_ptr_array_unref (live);
              live = g_steal_pointer (&copy);
            }
        }
    }
  return good;
}

// "cuda:0" and "cuda:1": then what differs from the estimates is the network's doing, else the devices'.
static gboolean
are_alike (GPtrArray *lanes)
{
  const char *first = ((Lane *) g_ptr_array_index (lanes, 0))->device->id;
  gsize kind = strcspn (first, ":");

  for (guint i = 1; i < lanes->len; i++)
    {
      const char *other = ((Lane *) g_ptr_array_index (lanes, i))->device->id;

      if (strncmp (first, other, kind) != 0 || first[kind] != ':' || other[kind] != ':')
        return FALSE;
    }
  return TRUE;
}

static void
cut (SqPipeline *self, GPtrArray *lanes)
{
  const SqGraph *graph = self->model->graph;
  g_autofree double *seconds = sq_graph_estimate (graph), *taken = g_new (double, lanes->len);
  g_autofree double *speed = g_new (double, lanes->len);
  double most = 0, least = G_MAXDOUBLE;
  gboolean alike = are_alike (lanes);

  self->chain = sq_graph_cut (graph, seconds, NULL, lanes->len);
  if (!time_parts (self, lanes, taken))
    return;
  for (guint i = 0; i < self->chain->len; i++)
    {
      const SqGraphPart *part = g_ptr_array_index (self->chain, i);
      double factor = taken[i] / MAX (part->seconds, 1e-12);

      speed[i] = 1 / factor;
      for (guint k = part->first; k < part->end && alike; k++)
        seconds[k] *= factor;
      most = MAX (most, taken[i]);
      least = MIN (least, taken[i]);
    }
  if (most <= UNBALANCED * least)
    return;
  g_ptr_array_unref (self->chain);
  self->chain = sq_graph_cut (graph, seconds, alike ? NULL : speed, lanes->len);
}

static void
cut_main (SqPipeline *self, int unused)
{
  g_autoptr (GPtrArray) lanes = g_ptr_array_new ();
  gboolean fits = TRUE;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->lanes->len; i++)
    if (pipeline_lane (self, i)->part >= 0)
      g_ptr_array_add (lanes, pipeline_lane (self, i));
  g_mutex_unlock (&self->lock);

  cut (self, lanes);
  for (guint i = 0; i < self->chain->len; i++)
    {
      const SqGraphPart *part = g_ptr_array_index (self->chain, i);

      fits = fits && part->in->len <= MAX_VALUES && part->out->len <= MAX_VALUES;
    }
  g_mutex_lock (&self->lock);
  if (!_sq_pipeline_over (self) && (!fits || self->chain->len < lanes->len))
    _sq_pipeline_fail_locked (self,
                              g_error_new (SQ_ERROR, SQ_ERROR_UNSUPPORTED_OP,
                                           "This network cannot be cut into %u parts: use --parallel data, or fewer devices.", lanes->len));
  for (guint i = 0; i < self->lanes->len; i++)
    if (pipeline_lane (self, i)->part >= 0 && !_sq_pipeline_over (self))
      _sq_pipeline_start_worker (self, "sq-part", part_main, (int) i);
  g_mutex_unlock (&self->lock);
}

void
_sq_pipeline_start_chain (SqPipeline *self)
{
  int part = 0;

  for (guint i = 0; i < self->devices->len; i++)
    {
      Device *device = pipeline_device (self, i);
      Lane *lane = g_new0 (Lane, 1);
      gboolean cpu = g_str_equal (device->id, "cpu");

      *lane = (Lane){ .device = device, .part = part++, .threads = cpu ? self->options.threads : 1 };
      device->failed = FALSE; // a part of the network may fit where the whole did not
      device->lanes++;
      g_ptr_array_add (self->lanes, lane);
    }
  _sq_pipeline_settle (self, SQ_PARALLEL_PIPELINE, NULL, "%s",
                       self->options.parallel == SQ_PARALLEL_PIPELINE ? "" : "Pipeline: the network fits on no device alone.");
  _sq_pipeline_start_worker (self, "sq-cut", cut_main, 0);
}
