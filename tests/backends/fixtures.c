// SPDX-License-Identifier: GPL-3.0-or-later
// Every family's fixture on its stored input against ONNX Runtime's stored output. argv[1] names the backend.
#include "engine/backends/backend.h"
#include "engine/formats/format.h"
#include "engine/passes/pass.h"
#include "tests/common/data.h"
#include "tests/common/device.h"

#include <math.h>

#define TOLERANCE 1e-3 // relative L2; see fixtures/README.md
#define PIXELS .05     // or this, absolute

typedef struct
{
  const char *name, *input;
  int width, height;
  gboolean rows; // 1x300x6: near ties may swap
  const char *outputs[3];
} Fixture;

static const Fixture fixtures[] = {
  { "yolo11n", "input_rgb01", 0, 0, FALSE, { "output0" } },
  { "yolo12n", "input_rgb01", 0, 0, FALSE, { "output0" } },
  { "yolo26n", "input_rgb01", 0, 0, TRUE, { "output0" } },
  { "yolov10n", "input_rgb01", 0, 0, TRUE, { "output0" } },
  { "yolov3-tinyu", "input_rgb01", 0, 0, FALSE, { "output0" } },
  { "yolov5n-v7.0", "input_rgb01", 0, 0, FALSE, { "output0" } },
  { "yolov5nu", "input_rgb01", 0, 0, FALSE, { "output0" } },
  { "yolov6n", "input_rgb01", 0, 0, FALSE, { "outputs" } },
  { "yolov7-tiny-grid", "input_rgb01", 0, 0, FALSE, { "output" } },
  { "yolov7-tiny-raw", "input_rgb01", 0, 0, FALSE, { "classes", "boxes", "298" } },
  { "yolov8n-dyn", "input_rgb01", 320, 320, FALSE, { "output0" } },
  { "yolov8n-dyn", "input_rgb01_192x256", 256, 192, FALSE, { "output0@192x256" } },
  { "yolov8n-op12", "input_rgb01", 0, 0, FALSE, { "output0" } },
  { "yolov8n", "input_rgb01", 0, 0, FALSE, { "output0" } },
  { "yolov9t", "input_rgb01", 0, 0, FALSE, { "output0" } },
  { "yolox-nano-decoded", "input_bgr255", 0, 0, FALSE, { "output" } },
  { "yolox-nano", "input_bgr255", 0, 0, FALSE, { "output" } },
};

static SqTestDevice device;
static const char *backend_id;

// The largest distance from any expected row to the nearest row of the same class.
static double
worst_row (const SqTensor *got, const SqTensor *want)
{
  gint64 n = want->shape.dim[1];
  double worst = 0;

  for (gint64 i = 0; i < n; i++)
    {
      const float *w = sq_tensor_f32 (want) + i * 6;
      double best = INFINITY;

      for (gint64 k = 0; k < n; k++)
        {
          const float *g = sq_tensor_f32 (got) + k * 6;
          double d = 0;

          if (g[5] != w[5])
            continue;
          for (int c = 0; c < 5; c++)
            d = fmax (d, fabs (g[c] - w[c]));
          best = fmin (best, d);
        }
      worst = fmax (worst, best);
    }
  return worst;
}

static void
test_fixture (gconstpointer data)
{
  const Fixture *fixture = data;
  g_autofree char *model_file = g_strdup_printf ("fixtures/onnx/%s.onnx", fixture->name),
                  *input_file = g_strdup_printf ("fixtures/%s.npy", fixture->input);
  g_autofree char *model_path = sq_test_data (model_file), *input_path = model_path != NULL ? sq_test_data (input_file) : NULL;
  g_autoptr (SqTensor) input = NULL;
  g_autoptr (SqImport) import = NULL;
  g_autoptr (SqGraph) graph = NULL;
  g_autoptr (SqExec) exec = NULL;
  g_autoptr (GError) error = NULL;
  SqTensor *out[3] = { NULL };

  if (input_path == NULL)
    return;
  if (fixture->rows && device.options.precision == SQ_PRECISION_HALF)
    {
      g_test_skip ("half precision orders near ties of random networks differently");
      return;
    }
  import = sq_onnx_import (model_path, fixture->width, fixture->height, &error);
  g_assert_no_error (error);
  graph = sq_passes_apply_default (import->graph, NULL);
  exec = sq_exec_new (device.backend, graph, &device.options, &error);
  g_assert_no_error (error);
  input = sq_test_npy (input_path);
  sq_exec_run (exec, &input, out, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < graph->outputs->len; i++)
    {
      g_autofree char *file = g_strdup_printf ("fixtures/expected/%s.%s.npy", fixture->name, fixture->outputs[i]),
                      *path = sq_test_data (file);
      g_autoptr (SqTensor) want = sq_test_npy (path);
      double relative, absolute;

      g_assert_true (sq_shape_equal (&want->shape, &out[i]->shape));
      relative = fixture->rows ? INFINITY : sq_test_relative_l2 (out[i], want);
      absolute = fixture->rows ? worst_row (out[i], want) : sq_test_max_abs (out[i], want);
      g_test_message ("%s %s on %s: relative L2 %.2e, absolute %.2e", fixture->name, fixture->outputs[i], backend_id, relative, absolute);
      g_assert_true (relative <= TOLERANCE * device.tolerance || absolute <= PIXELS * device.tolerance);
      sq_tensor_unref (out[i]);
    }
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  backend_id = argc > 1 ? argv[1] : "ref";
  sq_test_device_open (&device, backend_id);
  if (device.missing != NULL)
    {
      g_print ("1..0 # SKIP this processor has no %s\n", device.missing);
      return 0;
    }
  for (guint i = 0; i < G_N_ELEMENTS (fixtures); i++)
    {
      g_autofree char *name = g_strdup_printf ("/backends/%s/fixture/%s/%d", backend_id, fixtures[i].name, fixtures[i].height);

      g_test_add_data_func (name, &fixtures[i], test_fixture);
    }
  result = g_test_run ();
  sq_test_device_close (&device);
  return result;
}
