// SPDX-License-Identifier: GPL-3.0-or-later
// Whole networks from a picture to boxes: the same as on the CPU. argv[1] names the device: fake (the simulated GPU, whose cuDNN plans are
// the reference convolution) or cuda.
#include "engine/backends/gpu.h"
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

// How near a precision comes to the CPU's detections: of the same class, with so much overlap and so little between the scores; and how
// many of them do, of all pictures' together. Small networks lose most in 8-bit floats.
typedef struct
{
  SqPrecision precision;
  double iou, score, share;
} Bar;

static const Bar exact = { SQ_PRECISION_F32, .99, .002, 1 }, usual = { SQ_PRECISION_AUTO, .9, .05, .8 },
                 rough = { SQ_PRECISION_FP8, .5, .3, .5 };

static void
compare (SqModel *model, SqDetector *cpu, const Bar *bar, SqFrame *const *frames, guint n_frames, guint batch)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqDetector) gpu =
      sq_detector_new (model, &(SqDetectorOptions){ .device = device.device, .precision = bar->precision, .batch = (int) batch }, &error);
  SqFilter filter = SQ_FILTER_DEFAULT;
  SqDetectorJob *jobs[4];
  SqResult *results[4];
  guint n_want = 0, n_got = 0, found = 0, right = 0;
  double ms = -1;

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

      n_want += want->len;
      n_got += got->len;
      found += count_matches (want, got, bar->iou, bar->score);
      right += count_matches (got, want, bar->iou, bar->score);
      g_test_message ("%s: %u detections on the CPU, %u on the GPU, candidates %u and %u", model->name, want->len, got->len,
                      here->n_candidates, results[i]->n_candidates);
      g_assert_cmpstr (results[i]->device, ==, device.device);
      sq_result_unref (results[i]);
      sq_detector_job_free (jobs[i]);
    }
  g_test_message ("%s, precision %d: %u of %u found, %u of %u right", model->name, bar->precision, found, n_want, right, n_got);
  g_assert_cmpfloat (found, >=, bar->share * n_want);
  g_assert_cmpfloat (right, >=, bar->share * n_got);
}

// The device, a model and three pictures; NULL where the test data is not here.
static SqModel *
open_all (const char *name, SqFrame *frames[3])
{
  static const char *const names[] = { "dog.jpg", "giraffe.jpg", "person.jpg" };
  g_autofree char *relative = g_strdup_printf ("models/%s", name), *path = sq_test_data (relative);
  g_autoptr (GError) error = NULL;
  SqModel *model;

  if (path == NULL)
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    frames[i] = demo (names[i]);
  sq_test_device_open (&device, device_name);
  model = sq_model_load (path, NULL, NULL, &error);
  g_assert_no_error (error);
  return model;
}

static void
close_all (SqFrame *frames[3])
{
  sq_test_device_close (&device);
  for (guint i = 0; i < 3; i++)
    sq_frame_unref (frames[i]);
}

static gboolean
can_fp8 (void)
{
  SqGpuProperties p;

  return sq_gpu_api (NULL)->properties (0, &p) == SQ_GPU_OK && p.major * 10 + p.minor >= 89;
}

static void
test_model (gconstpointer data)
{
  guint m = GPOINTER_TO_UINT (data);
  gboolean whole = g_str_has_prefix (models[m].model, "yolov8n-int8");
  SqFrame *frames[3];
  g_autoptr (SqModel) model = open_all (models[m].model, frames);
  g_autoptr (SqDetector) cpu = NULL;
  g_autoptr (GError) error = NULL;

  if (model == NULL)
    return;
  cpu = sq_detector_new (model, NULL, &error);
  g_assert_no_error (error);
  if (!whole)
    compare (model, cpu, &exact, frames, 2, 1);
  compare (model, cpu, &usual, frames, 2, 1);
  if (can_fp8 ())
    compare (model, cpu, &rough, frames, 3, 1);
  if (models[m].on_device && !whole)
    compare (model, cpu, &exact, frames, 3, 2); // the last batch is half full
  close_all (frames);
}

// The device's own suppression leaves what the host's does, to the bit and in its order, and nothing else comes back.
static void
test_nms (void)
{
  static const SqFilter filters[] = { SQ_FILTER_DEFAULT,
                                      { .confidence = .06f, .iou = .3f, .max_detections = 20 },
                                      { .confidence = .1f, .iou = .6f, .class_agnostic = TRUE },
                                      { .confidence = .2f, .iou = 1, .max_detections = 7 },
                                      { .confidence = .01f, .iou = 0, .max_detections = 300 } };
  SqFrame *frames[3];
  g_autoptr (SqModel) model = open_all ("yolo-fastest-1.1-xl/yolo-fastest-1.1-xl.cfg", frames);
  guint with_fewer = 0, detections = 0;
  g_autoptr (GError) error = NULL;

  if (model == NULL)
    return;
  for (guint f = 0; f < G_N_ELEMENTS (filters); f++)
    {
      SqDetectorOptions options = { .device = device.device, .batch = 3 };
      SqDetectorJob *jobs[3];
      SqResult *all[3], *left[3];

      for (int here = 0; here < 2; here++)
        {
          g_autoptr (SqDetector) detector = NULL;

          options.filter = here ? &filters[f] : NULL;
          detector = sq_detector_new (model, &options, &error);
          g_assert_no_error (error);
          for (guint i = 0; i < 3; i++)
            jobs[i] = sq_detector_job_new (sq_frame_ref (frames[i]));
          g_assert_true (sq_detector_run_batch (detector, jobs, 3, here ? left : all, &error));
          g_assert_no_error (error);
          for (guint i = 0; i < 3; i++)
            sq_detector_job_free (jobs[i]);
        }
      for (guint i = 0; i < 3; i++)
        {
          g_autoptr (GArray) want = sq_result_detections (all[i], &filters[f]), again = sq_result_detections (left[i], &filters[f]);

          g_test_message ("filter %u: %u of %u candidates, %u came back", f, want->len, all[i]->n_candidates, left[i]->n_candidates);
          g_assert_cmpmem (left[i]->candidates, left[i]->n_candidates * sizeof (SqDetection), want->data, want->len * sizeof (SqDetection));
          g_assert_cmpmem (again->data, again->len * sizeof (SqDetection), want->data, want->len * sizeof (SqDetection));
          g_assert_true (left[i]->nms_done && !all[i]->nms_done);
          with_fewer += want->len < all[i]->n_candidates;
          detections += want->len;
          sq_result_unref (all[i]);
          sq_result_unref (left[i]);
        }
    }
  g_assert_cmpuint (with_fewer, >=, 12);
  g_assert_cmpuint (detections, >=, 40);
  close_all (frames);
}

// --- a frame that its video decoder left on the GPU
// ------------------------------------------------------------------------------------------------------------------------------------

typedef struct
{
  const SqGpuApi *api;
  guint8 *luma, *chroma; // the device's
  guint8 *rgb;           // what fetching it gives
  int stride;
  guint fetched;
} Decoded;

static gboolean
fetch (gpointer data, const guint8 **pixels, int *stride, GDestroyNotify *free_pixels, gpointer *free_data)
{
  Decoded *decoded = data;

  *pixels = decoded->rgb;
  *stride = decoded->stride;
  decoded->fetched++;
  return TRUE;
}

static void
let_go (gpointer data)
{
  Decoded *decoded = data;

  decoded->api->free (decoded->luma);
  decoded->api->free (decoded->chroma);
  g_free (decoded->rgb);
}

static guint8
byte (double v)
{
  return (guint8) CLAMP (v + .5, 0, 255);
}

// BT.601, limited range, chroma of two by two pixels; and back to the RGB that comes of it.
static void
to_nv12 (const SqFrame *frame, guint8 *luma, guint8 *chroma, guint8 *rgb)
{
  int w = frame->width & ~1, h = frame->height & ~1;

  for (int y = 0; y < h; y++)
    for (int x = 0; x < w; x++)
      {
        const guint8 *p = frame->pixels + (gsize) y * frame->stride + 3 * x;

        luma[y * w + x] = byte (16 + .257 * p[0] + .504 * p[1] + .098 * p[2]);
        if ((x | y) & 1)
          continue;
        chroma[y / 2 * w + x] = byte (128 - .148 * p[0] - .291 * p[1] + .439 * p[2]);
        chroma[y / 2 * w + x + 1] = byte (128 + .439 * p[0] - .368 * p[1] - .071 * p[2]);
      }
  for (int y = 0; y < h; y++)
    for (int x = 0; x < w; x++)
      {
        double l = 1.164 * (luma[y * w + x] - 16), u = chroma[y / 2 * w + (x & ~1)] - 128., v = chroma[y / 2 * w + (x & ~1) + 1] - 128.;
        guint8 *p = rgb + ((gsize) y * w + x) * 3;

        p[0] = byte (l + 1.596 * v);
        p[1] = byte (l - .392 * u - .813 * v);
        p[2] = byte (l + 2.017 * u);
      }
}

// Its pixels are not fetched to detect on that GPU; they are for another device, and give the same boxes.
static void
test_decoded (void)
{
  g_autofree char *path = sq_test_data ("models/yolox-nano/yolox_nano.onnx");
  g_autoptr (SqFrame) source = path != NULL ? demo ("dog.jpg") : NULL;
  g_autoptr (SqModel) model = NULL;
  g_autoptr (SqDetector) gpu = NULL, cpu = NULL;
  g_autoptr (SqResult) there = NULL, here = NULL;
  g_autoptr (GArray) got = NULL, want = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree guint8 *luma = NULL, *chroma = NULL;
  SqFilter filter = SQ_FILTER_DEFAULT;
  SqGpuStream *stream;
  Decoded decoded = { 0 };
  SqFrame *frame;
  gsize size;
  int w, h;

  if (source == NULL)
    return;
  w = source->width & ~1;
  h = source->height & ~1;
  size = (gsize) w * h;
  sq_test_device_open (&device, device_name);
  decoded.api = sq_gpu_api (&error);
  g_assert_no_error (error);
  luma = g_malloc (size);
  chroma = g_malloc (size / 2);
  decoded.rgb = g_malloc (size * 3);
  decoded.stride = 3 * w;
  to_nv12 (source, luma, chroma, decoded.rgb);
  g_assert_cmpint (decoded.api->set_device (0), ==, SQ_GPU_OK);
  g_assert_cmpint (decoded.api->stream_new (&stream), ==, SQ_GPU_OK);
  g_assert_cmpint (decoded.api->alloc ((gpointer *) &decoded.luma, size), ==, SQ_GPU_OK);
  g_assert_cmpint (decoded.api->alloc ((gpointer *) &decoded.chroma, size / 2), ==, SQ_GPU_OK);
  g_assert_cmpint (decoded.api->copy (decoded.luma, luma, size, SQ_GPU_TO_DEVICE, stream), ==, SQ_GPU_OK);
  g_assert_cmpint (decoded.api->copy (decoded.chroma, chroma, size / 2, SQ_GPU_TO_DEVICE, stream), ==, SQ_GPU_OK);
  g_assert_cmpint (decoded.api->stream_wait (stream), ==, SQ_GPU_OK);
  g_assert_cmpint (decoded.api->stream_free (stream), ==, SQ_GPU_OK);
  frame =
      sq_frame_new_gpu (w, h, &(SqFrameGpu){ 0, decoded.luma, decoded.chroma, w, w, 601, FALSE }, "video", 0, 0, fetch, let_go, &decoded);

  model = sq_model_load (path, NULL, NULL, &error);
  g_assert_no_error (error);
  gpu = sq_detector_new (model, &(SqDetectorOptions){ .device = device.device, .precision = SQ_PRECISION_F32 }, &error);
  g_assert_no_error (error);
  there = sq_detector_detect (gpu, sq_frame_ref (frame), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (decoded.fetched, ==, 0);
  cpu = sq_detector_new (model, NULL, &error);
  g_assert_no_error (error);
  here = sq_detector_detect (cpu, sq_frame_ref (frame), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (decoded.fetched, ==, 1);
  got = sq_result_detections (there, &filter);
  want = sq_result_detections (here, &filter);
  g_test_message ("%u detections on the GPU, %u on the CPU", got->len, want->len);
  g_assert_cmpuint (got->len, >=, 3);
  g_assert_cmpuint (count_matches (want, got, .95, .03), ==, want->len);
  g_assert_cmpuint (count_matches (got, want, .95, .03), ==, got->len);
  g_clear_pointer (&there, sq_result_unref);
  g_clear_pointer (&here, sq_result_unref);
  sq_frame_unref (frame);
  g_clear_pointer (&gpu, sq_detector_free);
  sq_test_device_close (&device);
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
  g_test_add_func ("/backends/cuda/detect/nms", test_nms);
  g_test_add_func ("/backends/cuda/detect/decoded-on-gpu", test_decoded);
  return g_test_run ();
}
