// SPDX-License-Identifier: GPL-3.0-or-later
// What would run each layer on a GPU that is not here: the whole backend plans for a described device, with the real cuDNN. Prints a table.
// Usage: test-plans GENERATION [HOW_MANY_MODELS], as 75 or 90
#include "engine/backends/backend.h"
#include "engine/backends/cudnn.h"
#include "engine/formats/format.h"
#include "engine/ops/op.h"
#include "engine/passes/pass.h"
#include "tests/common/data.h"
#include "tests/fake/gpu.h"
#include "tests/gpu/devices.h"

#include <stdlib.h>
#include <string.h>

static const TestDevice *device;
static SqGpuApi api;

static SqGpuDnn *
dnn_new (int index, GError **error)
{
  g_autofree char *json = test_device_json (device);

  return _sq_cudnn_new_without_device (json, error);
}

// A plan's description is all that is kept of it, also as its saved form: the same convolution is not planned twice.
typedef struct
{
  char *text;
  gsize workspace;
} Kept;

static SqGpuPlan *
plan_new (SqGpuDnn *dnn, const SqGpuConv *conv, const char *saved, GError **error)
{
  SqGpuPlan *plan = saved == NULL ? _sq_cudnn_plan_new (dnn, conv, NULL, error) : NULL;
  Kept *kept;

  if (plan == NULL && saved == NULL)
    return NULL;
  kept = g_new0 (Kept, 1);
  kept->text = plan != NULL ? _sq_cudnn_plan_describe (plan) : g_strdup (saved);
  kept->workspace = plan != NULL ? _sq_cudnn_plan_workspace (plan) : 0;
  g_clear_pointer (&plan, _sq_cudnn_plan_free);
  return (SqGpuPlan *) kept;
}

static char *
plan_describe (const SqGpuPlan *plan)
{
  return g_strdup (((const Kept *) plan)->text);
}

static char *
plan_save (SqGpuPlan *plan)
{
  return plan_describe (plan);
}

static gsize
plan_workspace (const SqGpuPlan *plan)
{
  return ((const Kept *) plan)->workspace;
}

static void
plan_free (SqGpuPlan *plan)
{
  g_free (((Kept *) plan)->text);
  g_free (plan);
}

static int
properties (int index, SqGpuProperties *p)
{
  *p = (SqGpuProperties){ .major = device->sm / 10, .minor = device->sm % 10, .multiprocessors = device->multiprocessors };
  g_strlcpy (p->name, device->name, sizeof p->name);
  p->memory = (gsize) device->memory;
  return SQ_GPU_OK;
}

// The network as a quantised file would have it: 8 bits in front of every convolution, weights on a grid. The numbers are of no matter.
static SqGraph *
quantised (const SqGraph *graph)
{
  SqGraph *copy = sq_graph_copy (graph);
  g_autoptr (GPtrArray) old = g_steal_pointer (&copy->nodes);
  g_autofree int *rounded = g_new (int, graph->values->len);

  for (guint i = 0; i < graph->values->len; i++)
    rounded[i] = SQ_NO_VALUE;
  copy->nodes = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < old->len; i++)
    {
      SqNode *node = g_memdup2 (g_ptr_array_index (old, i), sizeof (SqNode));

      if (node->op == &sq_op_conv)
        {
          const SqTensor *w = sq_graph_value (copy, node->in[1])->constant;
          SqParams params = { .fake_quant = { .scale = .05f, .zero = 10, .low = 0, .high = 255 } };
          SqTensor *grid = sq_tensor_new (SQ_F32, &w->shape);

          memcpy (grid->data, w->data, w->bytes);
          grid->grid = g_malloc0 (sizeof *grid->grid + sizeof (float));
          grid->grid->n = 1;
          grid->grid->scale[0] = .01f;
          node->in[1] = sq_graph_add_constant (copy, NULL, grid);
          if (rounded[node->in[0]] == SQ_NO_VALUE)
            g_assert_true (sq_graph_add (copy, &sq_op_fake_quant, &params, &node->in[0], 1, &rounded[node->in[0]], NULL));
          node->in[0] = rounded[node->in[0]];
        }
      g_ptr_array_add (copy->nodes, node);
    }
  return copy;
}

static void
plan (const char *name, const SqGraph *graph, SqPrecision precision)
{
  SqExecOptions options = { .precision = precision };
  g_autoptr (GError) error = NULL;
  g_autoptr (SqExec) exec = sq_exec_new (sq_backend_find ("cuda"), graph, &options, &error);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  static const char *const ids[] = { "auto", "f32", "f16", "int8", "fp8" };
  guint plans = 0, tensor = 0, own = 0, plain = 0, wide = 0;

  g_assert_no_error (error);
  text = sq_exec_describe (exec);
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    if (g_str_has_prefix (lines[i], "conv"))
      {
        g_test_message ("sm_%d %s %s", device->sm, name, lines[i]);
        plans += strstr (lines[i], "cuDNN") != NULL;
        tensor += strstr (lines[i], "tensor cores") != NULL;
        own += strstr (lines[i], "own depthwise") != NULL || strstr (lines[i], "few channels") != NULL;
        if (strstr (lines[i], "own plain") == NULL)
          continue;
        plain++;
        // a few output channels are no work for anybody
        wide += strstr (lines[i], " 1x") == NULL || g_ascii_strtoll (strstr (lines[i], " 1x") + 3, NULL, 10) > 4;
      }
  g_test_message ("sm_%-3d %-26s %-4s %3u plans (%u on tensor cores), %2u own kernels, %u by the plain kernel", device->sm, name,
                  ids[precision], plans, tensor, own, plain);
  g_assert_cmpuint (plans + own, >, 0);
  g_assert_cmpuint (wide, ==, 0);
  g_assert_cmpint (strstr (text, " e4m3 ") != NULL, ==, precision == SQ_PRECISION_FP8);
}

static void
test_model (gconstpointer data)
{
  const char *relative = data;
  g_autofree char *path = sq_test_data (relative), *name = g_path_get_basename (relative);
  g_autoptr (GError) error = NULL;
  g_autoptr (SqImport) import = NULL;
  g_autoptr (SqGraph) graph = NULL, whole = NULL;

  if (path == NULL)
    return;
  if (!_sq_cudnn_load (&error))
    {
      g_test_skip (error->message);
      return;
    }
  if (g_str_has_suffix (path, ".cfg"))
    {
      g_autofree char *weights = g_strdup_printf ("%.*s.weights", (int) strlen (path) - 4, path);

      import = sq_darknet_import (path, weights, &error);
    }
  else
    import = sq_onnx_import (path, 0, 0, &error);
  g_assert_no_error (error);
  graph = sq_passes_apply_default (import->graph, NULL);
  plan (name, graph, SQ_PRECISION_HALF);
  whole = quantised (graph);
  plan (name, whole, SQ_PRECISION_INT8);
  if (device->sm >= 89)
    plan (name, graph, SQ_PRECISION_FP8);
}

int
main (int argc, char **argv)
{
  static const char *const models[] = { "models/yolox-nano/yolox_nano.onnx", "models/yolo-fastest-1.1-xl/yolo-fastest-1.1-xl.cfg",
                                        "models/yolov5-lite-e/v5Lite-e-sim-320.onnx", "fixtures/bench/v8n-random-640.onnx" };
  const SqGpuApi *fake;
  int result;

  g_test_init (&argc, &argv, NULL);
  fake = sq_fake_gpu_open (&(SqFakeGpuConfig){ .n_devices = 1, .memory = (gsize) 8 << 30, .no_math = TRUE });
  api = *fake;
  api.properties = properties;
  api.dnn_new = dnn_new;
  api.dnn_free = _sq_cudnn_free;
  api.dnn_version = _sq_cudnn_version;
  api.plan_new = plan_new;
  api.plan_save = plan_save;
  api.plan_workspace = plan_workspace;
  api.plan_describe = plan_describe;
  api.plan_free = plan_free;
  sq_gpu_set_api (&api);
  for (guint d = 0; argc > 1 && d < G_N_ELEMENTS (test_devices); d++)
    if (atoi (argv[1]) == test_devices[d].sm)
      device = &test_devices[d];
  g_assert_nonnull (device);
  for (guint m = 0; m < (argc > 2 ? MIN ((guint) atoi (argv[2]), G_N_ELEMENTS (models)) : G_N_ELEMENTS (models)); m++)
    {
      g_autofree char *base = g_path_get_basename (models[m]), *path = g_strdup_printf ("/gpu/plans/sm_%d/%s", device->sm, base);

      g_test_add_data_func (path, models[m], test_model);
    }
  result = g_test_run ();
  sq_gpu_set_api (NULL);
  g_assert_cmpint (sq_fake_gpu_close (), ==, 0);
  return result;
}
