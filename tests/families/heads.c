// SPDX-License-Identifier: GPL-3.0-or-later
// A family's description of its heads, run through the (emulated) kernels, finds what its own decode finds: on random outputs for every
// family and layout, and on what real models say about a picture.
#include "engine/engine.h"
#include "engine/families/family.h"
#include "engine/run/detector.h"
#include "tests/common/data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_HEADS 8
#define KEEP 1000

static const struct
{
  const char *path, *family; // family: as which it is loaded, NULL = guess
  guint heads;
  gboolean run; // also with a picture
} files[] = {
  { "fixtures/onnx/yolov8n.onnx", NULL, 1 },
  { "fixtures/onnx/yolov3-tinyu.onnx", NULL, 1 },
  { "fixtures/onnx/yolov5n-v7.0.onnx", NULL, 1 },
  { "fixtures/onnx/yolov6n.onnx", NULL, 1 },
  { "fixtures/onnx/yolov7-tiny-grid.onnx", NULL, 1 },
  { "fixtures/onnx/yolov7-tiny-raw.onnx", NULL, 3 },
  { "fixtures/onnx/yolov7-tiny-raw.onnx", "yolov7-raw", 3 },
  { "fixtures/onnx/yolox-nano.onnx", NULL, 3 },
  { "fixtures/onnx/yolox-nano-decoded.onnx", NULL, 1 },
  { "fixtures/onnx/yolov10n.onnx", NULL, 0 },
  { "models/yolov8n-int8-dynamic/yolov8n_int8.onnx", NULL, 1, TRUE },
  { "models/yolox-nano/yolox_nano.onnx", NULL, 3, TRUE },
  { "models/yolo-fastestv2/yolo-fastestv2.onnx", NULL, 2, TRUE },
  { "models/yolo-fastestv2/yolo-fastestv2-raw6.onnx", NULL, 2, TRUE },
  { "models/yolo-fastestv2/yolo-fastestv2-single-output.onnx", NULL, 2, TRUE },
  { "models/nanodet-m/nanodet_m_320.onnx", NULL, 3, TRUE },
  { "models/fastestdet/FastestDet.onnx", NULL, 0 },
  { "models/yolov5-lite-e/v5Lite-e-sim-320.onnx", NULL, 3, TRUE },
  { "models/yolo-fastest-1.0/yolo-fastest.cfg", NULL, 2, TRUE },
  { "models/yolo-fastest-1.1-xl/yolo-fastest-1.1-xl.weights", NULL, 2, TRUE },
};

static float
edge (const SqDetection *d)
{
  return isnan (d->x1) ? -1e30f : d->x1; // sortable
}

static int
by_class (gconstpointer left, gconstpointer right)
{
  const SqDetection *a = left, *b = right;

  if (a->class_id != b->class_id)
    return a->class_id < b->class_id ? -1 : 1;
  return edge (a) < edge (b) ? -1 : edge (a) > edge (b);
}

static gboolean
near (const SqDetection *a, const SqDetection *b)
{
  const float *x = &a->x1, *y = &b->x1;

  for (int i = 0; i < 4; i++)
    if (isnan (x[i]) != isnan (y[i]) || fabsf (x[i] - y[i]) > 1e-3f + 1e-5f * fabsf (y[i]))
      return FALSE;
  return fabsf (a->score - b->score) <= 1e-5f;
}

// Both sorted by class, then left edge. What lies on the floor itself may fall either way.
static void
assert_same (const GArray *got, const GArray *want, float floor)
{
  g_autofree guint8 *used = g_new0 (guint8, MAX (got->len, 1));
  guint from = 0, missing = 0, left = 0;

  for (guint i = 0; i < want->len; i++)
    {
      const SqDetection *w = &g_array_index (want, SqDetection, i);
      gboolean found = FALSE;
      float reach = 1e-2f + 2e-5f * fabsf (edge (w));

      while (from < got->len)
        {
          const SqDetection *g = &g_array_index (got, SqDetection, from);

          if (g->class_id > w->class_id || (g->class_id == w->class_id && edge (g) >= edge (w) - reach))
            break;
          from++;
        }
      for (guint k = from; k < got->len && !found; k++)
        {
          const SqDetection *g = &g_array_index (got, SqDetection, k);

          if (g->class_id != w->class_id || edge (g) > edge (w) + reach)
            break;
          if (!used[k] && near (g, w))
            used[k] = found = TRUE;
        }
      missing += !found && w->score > floor + 1e-5f;
    }
  for (guint k = 0; k < got->len; k++)
    left += !used[k] && g_array_index (got, SqDetection, k).score > floor + 1e-5f;
  g_assert_cmpuint (missing, ==, 0);
  g_assert_cmpuint (left, ==, 0);
}

static int
descending (gconstpointer left, gconstpointer right)
{
  float a = ((const SqDetection *) left)->score, b = ((const SqDetection *) right)->score;

  return a < b ? 1 : a > b ? -1 : 0;
}

// The best KEEP: their scores are those of the best of all.
static void
check_best (const SqCudaBox *boxes, GArray *want, guint32 count)
{
  g_autofree SqCudaBox *best = g_new (SqCudaBox, KEEP);
  g_autofree gpointer scratch = g_malloc (sq_cuda_kernels_emulated ()->topk_scratch (count));
  guint32 kept = 0;
  SqCudaTopk job = { boxes, &count, count, best, &kept, KEEP, scratch };

  g_assert_cmpint (sq_cuda_kernels_emulated ()->topk (&job, NULL), ==, 0);
  g_assert_cmpuint (kept, ==, MIN (count, KEEP));
  g_array_sort (want, descending);
  for (guint i = 0; i < MIN (kept, want->len); i++)
    g_assert_cmpfloat_with_epsilon (best[i].score, g_array_index (want, SqDetection, i).score, 1e-5);
}

// Runs the heads over `outputs` and compares with decode; returns how many candidates there were.
static guint
compare (const SqModel *model, SqTensor *const *outputs, guint expected, float floor)
{
  SqCudaOutputHead heads[MAX_HEADS];
  guint n = model->family->heads != NULL ? model->family->heads (model, heads, MAX_HEADS) : 0;
  g_autoptr (GArray) got = g_array_new (FALSE, FALSE, sizeof (SqDetection)), want = g_array_new (FALSE, FALSE, sizeof (SqDetection));
  g_autofree SqCudaBox *boxes = NULL;
  guint32 count = 0, capacity;

  g_assert_cmpuint (n, ==, expected);
  model->family->decode (model, outputs, floor, want);
  if (n == 0)
    return want->len;
  g_assert_cmpuint (model->family->heads (model, heads, n - 1), ==, 0);
  g_assert_cmpuint (model->family->heads (model, heads, MAX_HEADS), ==, n);
  capacity = want->len + 100;
  boxes = g_new0 (SqCudaBox, capacity);
  for (guint i = 0; i < n; i++)
    {
      SqCudaHead job = heads[i].head;

      job.boxes = sq_tensor_f32 (outputs[heads[i].boxes]) + heads[i].box_at;
      job.objectness = heads[i].objectness >= 0 ? sq_tensor_f32 (outputs[heads[i].objectness]) + heads[i].objectness_at : NULL;
      job.classes = sq_tensor_f32 (outputs[heads[i].classes]) + heads[i].class_at;
      job.type = SQ_CUDA_F32;
      job.floor = floor;
      job.out = boxes;
      job.count = &count;
      job.capacity = capacity;
      g_assert_cmpint (sq_cuda_kernels_emulated ()->head (&job, NULL), ==, 0);
    }
  g_assert_cmpuint (count, <=, capacity);
  if (count > 0)
    check_best (boxes, want, count);
  for (guint i = 0; i < count; i++)
    {
      SqDetection d = { boxes[i].x1, boxes[i].y1, boxes[i].x2, boxes[i].y2, boxes[i].score, boxes[i].class_id, 0 };

      g_array_append_val (got, d);
    }
  g_array_sort (got, by_class);
  g_array_sort (want, by_class);
  assert_same (got, want, floor);
  return want->len;
}

static guint
compare_random (const SqModel *model, guint expected)
{
  SqTensor *outputs[16] = { NULL };
  guint n = model->graph->outputs->len, found;

  for (guint i = 0; i < n; i++)
    {
      outputs[i] = sq_tensor_new (SQ_F32, &sq_graph_value (model->graph, g_array_index (model->graph->outputs, int, i))->shape);
      sq_test_fill (outputs[i], i, -3, 1);
      for (gint64 k = 0; k < outputs[i]->n; k += 97)
        sq_tensor_f32 (outputs[i])[k] = NAN;
    }
  found = compare (model, outputs, expected, .6f);
  for (guint i = 0; i < n; i++)
    sq_tensor_unref (outputs[i]);
  return found;
}

static void
test_random (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  g_autofree char *path = sq_test_data (files[i].path);
  SqModelOptions options = { .family = files[i].family };
  g_autoptr (SqModel) model = NULL;
  g_autoptr (GError) error = NULL;

  if (path == NULL)
    return;
  model = sq_model_load (path, &options, NULL, &error);
  g_assert_no_error (error);
  compare_random (model, files[i].heads);
}

static void
test_picture (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data), found;
  g_autofree char *path = sq_test_data (files[i].path), *picture = path != NULL ? sq_test_data ("images/demo") : NULL;
  const char *const paths[] = { picture, NULL };
  g_autoptr (SqModel) model = NULL;
  g_autoptr (SqDetector) detector = NULL;
  g_autoptr (SqSource) source = NULL;
  g_autoptr (SqDetectorJob) job = NULL;
  g_autoptr (GError) error = NULL;

  if (picture == NULL)
    return;
  model = sq_model_load (path, NULL, NULL, &error);
  g_assert_no_error (error);
  detector = sq_detector_new (model, NULL, &error);
  g_assert_no_error (error);
  source = sq_source_open (paths, NULL, &error);
  g_assert_no_error (error);
  job = sq_detector_job_new (sq_source_next (source, &error));
  g_assert_no_error (error);
  g_assert_true (sq_detector_job_preprocess (job, model, &error));
  g_assert_true (sq_detector_infer (detector, job, &error));
  g_assert_no_error (error);
  found = compare (model, job->outputs, files[i].heads, SQ_SCORE_FLOOR);
  g_test_message ("%u candidates", found);
  g_assert_cmpuint (found, >, 0);
}

// darknet's layers that no model here has: [region] with softmax, new_coords, more anchors than a description holds.
static void
test_darknet_layers (void)
{
  static const int anchors[] = { 5, 3, 9 };

  for (int i = 0; i < 3; i++)
    {
      SqDarknetHead layer = {
        .region = i == 0, .classes = 20, .n_anchors = anchors[i], .scale_xy = i == 1 ? 2 : 1, .new_coords = i == 1, .softmax = i == 0
      };
      g_autoptr (GArray) layers = g_array_new (FALSE, FALSE, sizeof (SqDarknetHead));
      SqGraph *graph = sq_graph_new ();
      SqModel model = { .family = sq_family_find ("darknet"), .input = { .width = 416, .height = 320 }, .n_classes = 20, .graph = graph };

      for (int a = 0; a < layer.n_anchors; a++)
        {
          layer.anchors[a][0] = 1.5f * (float) (a + 1);
          layer.anchors[a][1] = 1.1f * (float) (a + 2);
        }
      g_array_append_val (layers, layer);
      model.family_data = layers;
      sq_graph_add_output (graph, sq_graph_add_input (graph, "map", SQ_F32, &SQ_SHAPE (1, layer.n_anchors * 25, 10, 13)));
      compare_random (&model, i == 2 ? 0 : 1);
      sq_graph_free (graph);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *name = g_strdup_printf ("/families/heads/random/%u", i), *run = g_strdup_printf ("/families/heads/picture/%u", i);

      g_test_add_data_func (name, GUINT_TO_POINTER (i), test_random);
      if (files[i].run)
        g_test_add_data_func (run, GUINT_TO_POINTER (i), test_picture);
    }
  g_test_add_func ("/families/heads/darknet-layers", test_darknet_layers);
  return g_test_run ();
}
