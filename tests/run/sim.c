// SPDX-License-Identifier: GPL-3.0-or-later
#include "sim.h"

#include <time.h>

static SimDevice devices[SIM_MAX];
static int runs[SIM_MAX]; // atomic

typedef struct
{
  SqExec parent;
  int device;
  SqGraph *graph;
} SimExec;

static SqExec *
sim_compile (const SqGraph *graph, const SqExecOptions *options, GError **error)
{
  SimExec *self;

  if (devices[options->device].fails_with >= 0)
    {
      g_set_error_literal (error, SQ_ERROR, devices[options->device].fails_with, "It does not want to.");
      return NULL;
    }
  for (int passed = 0; passed < devices[options->device].build_us; passed += 10000)
    {
      g_usleep (10000);
      if (g_cancellable_is_cancelled (options->cancellable))
        {
          g_set_error_literal (error, SQ_ERROR, SQ_ERROR_CANCELLED, "It was told to stop.");
          return NULL;
        }
      if (options->progress != NULL)
        options->progress ((double) passed / devices[options->device].build_us, options->progress_data);
    }
  self = g_new0 (SimExec, 1);
  self->device = options->device;
  self->graph = sq_graph_copy (graph);
  return &self->parent;
}

static gboolean
sim_run (SqExec *exec, SqTensor *const *in, SqTensor **out, GError **error)
{
  SimExec *self = (SimExec *) exec;
  const SimDevice *device = &devices[self->device];
  int n = g_atomic_int_add (&runs[self->device], 1) + 1;

  if (device->dies_at > 0 && n >= device->dies_at)
    {
      g_set_error_literal (error, SQ_ERROR, SQ_ERROR_DEVICE_LOST, "It died.");
      return FALSE;
    }
  if (device->frame_us > 0)
    nanosleep (&(struct timespec){ device->frame_us / 1000000, device->frame_us % 1000000 * 1000 }, NULL);
  for (guint i = 0; i < self->graph->outputs->len; i++)
    {
      const SqValue *v = sq_graph_value (self->graph, g_array_index (self->graph->outputs, int, i));

      out[i] = sq_tensor_new (v->dtype, &v->shape);
    }
  return TRUE;
}

static void
sim_free (SqExec *exec)
{
  sq_graph_free (((SimExec *) exec)->graph);
  g_free (exec);
}

void
sim_install (void)
{
  static const SqBackend backend = {
    .id = "sim", .takes_frames = TRUE, .fp8 = TRUE, .compile = sim_compile, .run = sim_run, .free = sim_free
  };

  for (int i = 0; i < SIM_MAX; i++)
    sim_set (i, (SimDevice){ .fails_with = -1 });
  sq_backend_add_for_tests (&backend);
}

void
sim_set (int device, SimDevice settings)
{
  devices[device] = settings;
  g_atomic_int_set (&runs[device], 0);
}

int
sim_runs (int device)
{
  return g_atomic_int_get (&runs[device]);
}
