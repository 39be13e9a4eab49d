// SPDX-License-Identifier: GPL-3.0-or-later
// Picture in and boxes out against their twins, and the test of the test: planted mistakes must be found.
#include "cuda-buffers.h"
#include "cuda-tests.h"
#include "cuda-twins.h"

#include "tests/emulation/cuemu.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// kernels with a mistake, see tests/emulation/meson.build
int sq_cuda_planted_pool (const SqCudaPool *job, void *stream);
int sq_cuda_planted_topk (const SqCudaTopk *job, void *stream);

static const unsigned seeds[] = { 0, 1, 20240611 };

typedef struct
{
  void (*test) (void);
} Test;

static void
run_all (gconstpointer data)
{
  const Test *t = data;

  for (guint i = 0; i < G_N_ELEMENTS (seeds); i++)
    {
      cuemu_set_seed (seeds[i]);
      sq_rand = g_rand_new_with_seed (42);
      t->test ();
      g_clear_pointer (&sq_rand, g_rand_free);
    }
}

void
sq_cuda_test_add (const char *path, void (*test) (void))
{
  Test *t = g_new (Test, 1);

  t->test = test;
  g_test_add_data_func_full (path, t, run_all, g_free);
}

static void
expect (gpointer p, SqCudaType type, double room, int steps, const char *what)
{
  g_autofree char *why = NULL;

  if (!sq_buffer_same (p, type, type == SQ_CUDA_F16 ? MAX (room, 1.1e-3) : room, room, steps, &why))
    g_error ("%s: %s", what, why);
  if (!sq_buffers_intact ())
    g_error ("%s: wrote outside of its memory", what);
  sq_buffers_clear ();
}

static void
test_letterbox (void)
{
  for (int i = 0; i < 60; i++)
    {
      SqCudaLetterbox job = { .format = sq_pick (3) == 0 ? SQ_CUDA_NV12 : SQ_CUDA_RGB24,
                              .src_width = 1 + sq_pick (90),
                              .src_height = 1 + sq_pick (70),
                              .full_range = sq_pick (2),
                              .matrix = (const int[]){ 601, 709, 2020 }[sq_pick (3)],
                              .area = sq_pick (2),
                              .bgr = sq_pick (2),
                              .pad = 114,
                              .mean = { 103.53f, 116.28f, 123.675f },
                              .scale = { 1 / 57.375f, 1 / 57.12f, 1 / 255.f },
                              .out_width = 1 + sq_pick (64),
                              .out_height = 1 + sq_pick (48),
                              .type = (const SqCudaType[]){ SQ_CUDA_F32, SQ_CUDA_F32, SQ_CUDA_F16, SQ_CUDA_S8, SQ_CUDA_E4M3 }[sq_pick (5)],
                              .out_scale = .02f,
                              .out_zero = -3 };
      SqCudaLetterbox twin;
      gboolean nv12 = job.format == SQ_CUDA_NV12, interleaved = sq_pick (2);
      int even_width = (job.src_width + 1) / 2 * 2;

      job.width = 1 + sq_pick (job.out_width);
      job.height = 1 + sq_pick (job.out_height);
      job.left = sq_pick (job.out_width - job.width + 1);
      job.top = sq_pick (job.out_height - job.height + 1);
      job.src_stride = (nv12 ? even_width : 3 * job.src_width) + sq_pick (5);
      job.pixels = sq_buffer_new ((gsize) job.src_stride * job.src_height, 0);
      sq_buffer_fill ((gpointer) job.pixels, SQ_CUDA_U8, job.src_stride * job.src_height, 0, 256, FALSE);
      if (nv12)
        {
          job.chroma_stride = even_width + 2;
          job.chroma = sq_buffer_new ((gsize) job.chroma_stride * ((job.src_height + 1) / 2), 0);
          sq_buffer_fill ((gpointer) job.chroma, SQ_CUDA_U8, job.chroma_stride * ((job.src_height + 1) / 2), 0, 256, FALSE);
        }
      job.pixel = interleaved ? 3 + sq_pick (2) * 5 : 1;
      job.row = job.pixel * job.out_width;
      job.channel = interleaved ? 1 : job.row * job.out_height;
      job.out = sq_buffer_new ((gsize) job.out_width * job.out_height * (interleaved ? job.pixel : 3) * sq_twin_bytes (job.type), 0);
      twin = job;
      twin.out = sq_buffer_twin (job.out);
      g_assert_cmpint (sq_cuda_kernels_emulated ()->letterbox (&job, NULL), ==, 0);
      sq_twin_letterbox (&twin);
      expect (job.out, job.type, job.type == SQ_CUDA_F16 ? 1e-3 : 0, 0, nv12 ? "letterbox of NV12" : "letterbox of RGB"); // to the bit
    }
}

// Boxes in one order, for comparison: what is appended has none. Past capacity only the count is the same.
static void
sort_boxes (SqCudaBox *boxes, guint32 n)
{
  if (n > 0)
    qsort (boxes, n, sizeof *boxes, sq_twin_compare_boxes);
}

static void
compare_boxes (const SqCudaBox *got, const SqCudaBox *want, guint32 n, double room, const char *what)
{
  for (guint32 i = 0; i < n; i++)
    {
      const float *a = &got[i].x1, *b = &want[i].x1;

      g_assert_cmpint (got[i].class_id, ==, want[i].class_id);
      for (int k = 0; k < 5; k++)
        if (!(fabs (a[k] - b[k]) <= room * (1 + fabs (b[k]))) && a[k] != b[k] && !(isnan (a[k]) && isnan (b[k])))
          g_error ("%s: box %u, number %d: %.9g instead of %.9g", what, i, k, a[k], b[k]);
    }
}

static SqCudaHead
any_head (void)
{
  static const int class_counts[] = { 1, 3, 80 };
  SqCudaHead job = { .type = sq_pick (3) == 0 ? SQ_CUDA_F16 : SQ_CUDA_F32,
                     .grid_width = 1 + sq_pick (9),
                     .anchors = 1 + sq_pick (3),
                     .n_classes = class_counts[sq_pick (3)],
                     .kind = (SqCudaBoxKind) sq_pick (SQ_CUDA_BOX_BINS + 1),
                     .bins = 8,
                     .box_squashed = sq_pick (2),
                     .objectness_squashed = sq_pick (2),
                     .classes_squashed = sq_pick (2),
                     .best_class_only = sq_pick (2),
                     .class_softmax = sq_pick (4) == 0,
                     .stride_x = 8,
                     .stride_y = 16,
                     .scale_xy = 1.5f,
                     .centre = .4f,
                     .floor = sq_number (0, .6f) };
  int fields = job.kind == SQ_CUDA_BOX_BINS ? 4 * job.bins : 4, columns = fields + 1 + job.n_classes;
  gint64 total;
  char *data;
  gsize size = sq_twin_bytes (job.type);

  job.cells = job.grid_width * (1 + sq_pick (9));
  for (int a = 0; a < 8; a++)
    for (int k = 0; k < 2; k++)
      job.anchor_size[a][k] = sq_number (5, 100);
  total = (gint64) job.cells * job.anchors * columns;
  data = sq_buffer_new ((gsize) total * size, 0);
  sq_buffer_fill (data, job.type, total, -2, 2, sq_pick (2));
  if (sq_pick (2) == 0) // rows
    {
      job.box_cell = job.objectness_cell = job.class_cell = columns;
      job.box_anchor = job.objectness_anchor = job.class_anchor = (gint64) job.cells * columns;
      job.box_field = job.class_field = 1;
    }
  else // planes
    {
      job.box_cell = job.objectness_cell = job.class_cell = 1;
      job.box_anchor = job.objectness_anchor = job.class_anchor = (gint64) job.cells * columns;
      job.box_field = job.class_field = job.cells;
    }
  job.boxes = data;
  job.objectness = sq_pick (2) == 0 ? data + (gsize) (fields * job.box_field) * size : NULL;
  job.classes = data + (gsize) ((fields + 1) * job.box_field) * size;
  return job;
}

static void
test_head (void)
{
  for (int i = 0; i < 150; i++)
    {
      SqCudaHead job = any_head (), twin;
      guint32 room = sq_pick (4) == 0 ? 20 : (guint32) (job.cells * job.anchors * job.n_classes) + 5, before = sq_pick (2) * 5, n;

      job.capacity = room;
      job.out = sq_buffer_new (room * sizeof (SqCudaBox), 0);
      job.count = sq_buffer_new (sizeof (guint32), 0);
      twin = job;
      twin.out = sq_buffer_twin (job.out);
      twin.count = sq_buffer_twin (job.count);
      *job.count = *twin.count = before;
      g_assert_cmpint (sq_cuda_kernels_emulated ()->head (&job, NULL), ==, 0);
      sq_twin_head (&twin);
      g_assert_cmpuint (*job.count, ==, *twin.count);
      g_assert_true (sq_buffers_intact ());
      n = MIN (*job.count, room) - MIN (before, room);
      if (*job.count <= room)
        {
          sort_boxes (job.out + before, n);
          sort_boxes (twin.out + before, n);
          compare_boxes (job.out + before, twin.out + before, n, 1e-6, "head");
        }
      sq_buffers_clear ();
    }
}

// Many ties, odd numbers, fewer and more than fit.
static guint32
some_boxes (SqCudaBox *boxes, guint32 n, gboolean wild)
{
  for (guint32 i = 0; i < n; i++)
    {
      float x = (float) sq_pick (50), y = (float) sq_pick (50);

      boxes[i] = (SqCudaBox){ x, y, x + (float) sq_pick (40), y + (float) sq_pick (40), (float) sq_pick (30) / 30, sq_pick (4) };
      if (wild && sq_pick (6) == 0)
        (&boxes[i].x1)[sq_pick (5)] = (const float[]){ NAN, INFINITY, -INFINITY }[sq_pick (3)];
    }
  return n;
}

typedef int (*TopkRun) (const SqCudaTopk *, void *);

static gboolean
topk_case (TopkRun run, guint32 capacity, guint32 count, guint32 keep, gboolean wild, gboolean alike)
{
  SqCudaTopk job = { .capacity = capacity, .keep = keep }, twin;
  gboolean same;

  job.boxes = sq_buffer_new (capacity * sizeof (SqCudaBox), 0);
  some_boxes ((SqCudaBox *) job.boxes, capacity, wild);
  for (guint32 i = 3; alike && i < capacity; i++)
    ((SqCudaBox *) job.boxes)[i] = job.boxes[i % 3];
  job.count = sq_buffer_new (sizeof (guint32), 0);
  *(guint32 *) job.count = count;
  job.out = sq_buffer_new (keep * sizeof (SqCudaBox), 0);
  job.out_count = sq_buffer_new (sizeof (guint32), 0);
  job.scratch = sq_buffer_new (sq_cuda_kernels_emulated ()->topk_scratch (capacity), 0);
  twin = job;
  twin.out = sq_buffer_twin (job.out);
  twin.out_count = sq_buffer_twin (job.out_count);
  g_assert_cmpint (run (&job, NULL), ==, 0);
  sq_twin_topk (&twin);
  same = *job.out_count == *twin.out_count;
  for (guint32 i = 0; same && i < *job.out_count; i++)
    same = sq_twin_compare_boxes (&job.out[i], &twin.out[i]) == 0;
  same = sq_buffers_intact () && same;
  sq_buffers_clear ();
  return same;
}

static void
test_topk (void)
{
  static const struct
  {
    guint32 capacity, count, keep;
  } cases[] = { { 10, 0, 5 },         { 10, 1, 5 },         { 10, 5, 5 },
                { 10, 6, 5 },         { 100, 100, 1 },      { 100, 300, 50 }, // over
                { 300, 300, 300 },    { 3000, 2500, 100 },  { 5000, 5000, 4096 },
                { 5000, 4097, 4096 }, { 2000, 2000, 1024 }, { 1, 1, 4096 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (int way = 0; way < 3; way++)
      if (!topk_case (sq_cuda_kernels_emulated ()->topk, cases[i].capacity, cases[i].count, cases[i].keep, way == 1, way == 2))
        g_error ("topk of %u of %u into %u", cases[i].count, cases[i].capacity, cases[i].keep);
}

static void
test_nms (void)
{
  static const guint32 sizes[] = { 1, 2, 31, 32, 33, 100, 333 };

  for (int i = 0; i < 60; i++)
    {
      guint32 capacity = sizes[sq_pick (7)], count = sq_pick (3) == 0 ? capacity + 7 : (guint32) sq_pick ((int) capacity + 1);
      SqCudaNms job = { .capacity = capacity,
                        .limit = 1 + (guint32) sq_pick (400),
                        .iou = (const float[]){ .3f, .45f, 0, 1 }[sq_pick (4)] },
                twin;

      job.class_agnostic = sq_pick (2);
      if (sq_pick (2) == 0)
        {
          SqCudaFrame *frame = sq_buffer_new (sizeof (SqCudaFrame), 0);

          *frame = (SqCudaFrame){ sq_number (.2f, 3), sq_number (.2f, 3), sq_number (-5, 40), sq_number (-5, 40), 60, 45 };
          job.frame = frame;
        }
      job.boxes = sq_buffer_new (capacity * sizeof (SqCudaBox), 0);
      some_boxes ((SqCudaBox *) job.boxes, capacity, sq_pick (2));
      sort_boxes ((SqCudaBox *) job.boxes, MIN (count, capacity));
      job.count = sq_buffer_new (sizeof (guint32), 0);
      *(guint32 *) job.count = count;
      job.out = sq_buffer_new (capacity * sizeof (SqCudaBox), 0);
      job.out_count = sq_buffer_new (sizeof (guint32), 0);
      job.scratch = sq_buffer_new ((gsize) capacity * ((capacity + 31) / 32) * 4, 0);
      twin = job;
      twin.out = sq_buffer_twin (job.out);
      twin.out_count = sq_buffer_twin (job.out_count);
      g_assert_cmpint (sq_cuda_kernels_emulated ()->nms (&job, NULL), ==, 0);
      sq_twin_nms (&twin);
      g_assert_cmpuint (*job.out_count, ==, *twin.out_count);
      compare_boxes (job.out, twin.out, *job.out_count, 0, "nms");
      g_assert_true (sq_buffers_intact ());
      sq_buffers_clear ();
    }
}

// A barrier is missing: some order of threads must show it.
static void
test_planted_barrier (void)
{
  gboolean found = FALSE;

  for (unsigned seed = 1; seed < 6 && !found; seed++)
    {
      cuemu_set_seed (seed);
      found = !topk_case (sq_cuda_planted_topk, 3000, 3000, 2048, FALSE, FALSE);
    }
  g_assert_true (found);
}

static void
planted_pool (void)
{
  SqCudaPool job = { .kernel = { 1, 1 }, .stride = { 1, 1 }, .dilation = { 1, 1 } };

  job.x = (SqCudaMap){ sq_buffer_new (2 * 2 * 4 * 4, 0), SQ_CUDA_F32, 1, 2, 2, 4, 16, 8, 4 };
  sq_buffer_fill (job.x.data, SQ_CUDA_F32, 16, -1, 1, FALSE);
  job.y = (SqCudaMap){ sq_buffer_new (2 * 2 * 4 * 4, 0), SQ_CUDA_F32, 1, 2, 2, 4, 16, 8, 4 };
  job.x.image = 0; // the one image too many is read where the first lies, and written past the end
  g_assert_cmpint (sq_cuda_planted_pool (&job, NULL), ==, 0);
  g_assert_false (sq_buffers_intact ());
  sq_buffers_clear ();
}

static void
test_planted_bounds (void)
{
#ifdef __SANITIZE_ADDRESS__
  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, 0);
      g_test_trap_assert_failed ();
      g_test_trap_assert_stderr ("*AddressSanitizer*");
      return;
    }
#endif
  sq_rand = g_rand_new_with_seed (1);
  planted_pool ();
  g_clear_pointer (&sq_rand, g_rand_free);
}

void
sq_cuda_test_add_boxes (void)
{
  sq_cuda_test_add ("/kernels/cuda/letterbox", test_letterbox);
  sq_cuda_test_add ("/kernels/cuda/head", test_head);
  sq_cuda_test_add ("/kernels/cuda/topk", test_topk);
  sq_cuda_test_add ("/kernels/cuda/nms", test_nms);
  sq_cuda_test_add ("/kernels/cuda/planted/barrier", test_planted_barrier);
  g_test_add_func ("/kernels/cuda/planted/bounds", test_planted_bounds);
}
