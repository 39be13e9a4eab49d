// SPDX-License-Identifier: GPL-3.0-or-later
// Whole networks from a picture to boxes: the same as on the CPU. argv[1] names the device: fake (the simulated GPU, whose cuDNN plans are
// the reference convolution) or cuda.
#include "engine/media/source.h"
#include "engine/run/detector.h"
#include "tests/common/data.h"
#include "tests/common/device.h"

#include <math.h>

static const char *device_name;
static SqTestDevice device;

static const struct
{
  const char *model;
  gboolean on_device; // heads too
} models[] = {
  { "yolox-nano/yolox_nano.onnx", TRUE },
  { "yolo-fastest-1.1-xl/yolo-fastest-1.1-xl.cfg", TRUE },
  { "yolov5-lite-e/v5Lite-e-sim-320.onnx", TRUE },
  { "fastestdet/FastestDet.onnx", FALSE },
  { "yolov8n-int8-qdq-320/yolov8n_int8.onnx", TRUE },
};

static SqFrame *
demo (const char *name)
{
  g_autofree char *relative = g_strdup_printf ("images/demo/%s", name), *path = sq_test_data (relative);
  const char *const paths[] = { path, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (SqSource) source = NULL;
  SqFrame *frame;

  if (path == NULL)
    return NULL;
  source = sq_source_open (paths, NULL, &error);
  g_assert_no_error (error);
  frame = sq_source_next (source, &error);
  g_assert_no_error (error);
  return frame;
}

static double
overlap (const SqDetection *a, const SqDetection *b)
{
  double w = fmin (a->x2, b->x2) - fmax (a->x1, b->x1), h = fmin (a->y2, b->y2) - fmax (a->y1, b->y1);
  double both = fmax (w, 0) * fmax (h, 0);

  return both / ((a->x2 - a->x1) * (a->y2 - a->y1) + (b->x2 - b->x1) * (b->y2 - b->y1) - both);
}

static guint
count_matches (const GArray *want, const GArray *got, double iou, double score)
{
  guint n = 0;

  for (guint i = 0; i < want->len; i++)
    for (guint k = 0; k < got->len; k++)
      {
        const SqDetection *a = &g_array_index (want, SqDetection, i), *b = &g_array_index (got, SqDetection, k);

        if (a->class_id == b->class_id && overlap (a, b) >= iou && fabs (a->score - b->score) <= score)
          {
            n++;
            break;
          }
      }
  return n;
}

static void
compare (SqModel *model, SqDetector *cpu, SqPrecision precision, SqFrame *const *frames, guint n_frames, guint batch)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqDetector) gpu =
      sq_detector_new (model, &(SqDetectorOptions){ .device = device.device, .precision = precision, .batch = (int) batch }, &error);
  SqFilter filter = SQ_FILTER_DEFAULT;
  SqDetectorJob *jobs[4];
  SqResult *results[4];
  double ms = -1;
  gboolean exact = precision == SQ_PRECISION_F32;

  g_assert_no_error (error);
  g_assert_cmpuint (sq_detector_get_batch (gpu), ==, batch);
  g_assert_true (sq_detector_forward_ms (gpu, &ms, &error));
  g_assert_cmpfloat (ms, >=, 0);
  for (guint i = 0; i < n_frames; i++)
    jobs[i] = sq_detector_job_new (sq_frame_ref (frames[i]));
  for (guint i = 0; i < n_frames; i += batch)
    {
      g_assert_true (sq_detector_run_batch (gpu, jobs + i, MIN (batch, n_frames - i), results + i, &error));
      g_assert_no_error (error);
    }
  for (guint i = 0; i < n_frames; i++)
    {
      g_autoptr (SqResult) here = sq_detector_detect (cpu, sq_frame_ref (frames[i]), &error);
      g_autoptr (GArray) want = sq_result_detections (here, &filter), got = sq_result_detections (results[i], &filter);

      g_test_message ("%s: %u detections on the CPU, %u on the GPU, candidates %u and %u", model->name, want->len, got->len,
                      here->n_candidates, results[i]->n_candidates);
      g_assert_cmpuint (count_matches (want, got, exact ? .99 : .9, exact ? .002 : .05), >=, exact ? want->len : want->len * 8 / 10);
      g_assert_cmpuint (count_matches (got, want, exact ? .99 : .9, exact ? .002 : .05), >=, exact ? got->len : got->len * 8 / 10);
      g_assert_cmpstr (results[i]->device, ==, device.device);
      sq_result_unref (results[i]);
      sq_detector_job_free (jobs[i]);
    }
}

static void
test_model (gconstpointer data)
{
  guint m = GPOINTER_TO_UINT (data);
  g_autofree char *relative = g_strdup_printf ("models/%s", models[m].model), *path = sq_test_data (relative);
  SqFrame *frames[3] = { path != NULL ? demo ("dog.jpg") : NULL, path != NULL ? demo ("giraffe.jpg") : NULL,
                         path != NULL ? demo ("person.jpg") : NULL };
  gboolean whole = g_str_has_prefix (models[m].model, "yolov8n-int8");
  g_autoptr (SqModel) model = NULL;
  g_autoptr (SqDetector) cpu = NULL;
  g_autoptr (GError) error = NULL;

  if (frames[0] == NULL)
    return;
  sq_test_device_open (&device, device_name);
  model = sq_model_load (path, NULL, NULL, &error);
  g_assert_no_error (error);
  cpu = sq_detector_new (model, NULL, &error);
  g_assert_no_error (error);
  if (!whole)
    compare (model, cpu, SQ_PRECISION_F32, frames, 2, 1);
  compare (model, cpu, SQ_PRECISION_AUTO, frames, 2, 1);
  if (models[m].on_device && !whole)
    compare (model, cpu, SQ_PRECISION_F32, frames, 3, 2); // the last batch is half full
  sq_test_device_close (&device);
  for (guint i = 0; i < G_N_ELEMENTS (frames); i++)
    sq_frame_unref (frames[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  device_name = argc > 1 ? argv[1] : "fake";
  for (guint i = 0; i < G_N_ELEMENTS (models); i++)
    {
      g_autofree char *base = g_path_get_dirname (models[i].model), *name = g_strdup_printf ("/backends/cuda/detect/%s", base);

      g_test_add_data_func (name, GUINT_TO_POINTER (i), test_model);
    }
  return g_test_run ();
}
