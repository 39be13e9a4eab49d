// SPDX-License-Identifier: GPL-3.0-or-later
// The CUDA kernels, compiled for the processor, against their twins: random shapes with odd sizes, slices and misalignment, every type,
// every activation, under several orders of a block's threads. The kernels that work on maps and arrays; cuda-boxes.c has the others.
#include "cuda-buffers.h"
#include "cuda-tests.h"
#include "cuda-twins.h"

#include "engine/ops/params.h"
#include "kernels/cuda/cuda.h"
#include "tests/common/e4m3.h"

#include <math.h>

static const SqCudaType picture_types[] = { SQ_CUDA_F32, SQ_CUDA_F16, SQ_CUDA_S8, SQ_CUDA_E4M3 };
static const int channels[] = { 1, 3, 4, 8, 17, 64 };

static SqCudaType
picture_type (void)
{
  return picture_types[sq_pick (4)];
}

static void
fill_map (const SqCudaMap *m)
{
  sq_buffer_fill (m->data, m->type, (m->n - 1) * m->image + (m->h - 1) * m->row + (m->w - 1) * m->pixel + m->c, -2, 2, FALSE);
}

static SqCudaAct
any_act (void)
{
  SqCudaAct act = { sq_pick (SQ_ACT_NOT + 1), .1f, 6 };

  if (act.kind == SQ_ACT_HARDSIGMOID)
    act = (SqCudaAct){ act.kind, .2f, .5f };
  return act;
}

static void
expect (gpointer p, SqCudaType type, double relative, double absolute, int steps, const char *format, ...)
{
  va_list args;
  g_autofree char *why = NULL, *what = NULL;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  if (!sq_buffer_same (p, type, type == SQ_CUDA_F16 ? MAX (relative, 1.1e-3) : relative,
                       type == SQ_CUDA_F16 ? MAX (absolute, 1e-3) : absolute, steps, &why))
    g_error ("%s: %s", what, why);
  if (!sq_buffers_intact ())
    g_error ("%s: wrote outside of its memory", what);
  sq_buffers_clear ();
}

typedef enum
{
  CONV,
  DEPTHWISE,
  STEM,
  TRANSPOSED,
} ConvKind;

static void
conv_case (ConvKind kind)
{
  static const int kernels[] = { 1, 2, 3, 3, 5, 5, 7 };
  const SqCudaKernels *k = sq_cuda_kernels_emulated ();
  int (*run[]) (const SqCudaConv *, void *) = { k->conv, k->depthwise, k->stem, k->conv_transpose };
  SqCudaType type = kind == TRANSPOSED ? picture_types[sq_pick (2)] : picture_types[sq_pick (3)];
  int groups = kind == DEPTHWISE ? channels[sq_pick (6)] : kind == STEM ? 1 : 1 + sq_pick (3);
  int in = kind == DEPTHWISE ? 1 : kind == STEM ? 1 + sq_pick (4) : channels[sq_pick (5)];
  int out = kind == DEPTHWISE ? 1 : channels[sq_pick (6)], n = 1 + sq_pick (2), h = 1 + sq_pick (12), w = 1 + sq_pick (12), count;
  SqCudaConv job = { .groups = groups, .act = any_act () }, twin;
  gboolean fancy = sq_pick (2) == 0;
  float *bias, *weight_scale;
  double room;

  job.kernel[0] = kernels[sq_pick (7)];
  job.kernel[1] = fancy ? kernels[sq_pick (7)] : job.kernel[0];
  job.stride[0] = 1 + sq_pick (2);
  job.stride[1] = fancy ? 1 + sq_pick (3) : job.stride[0];
  for (int i = 0; i < 2; i++)
    job.dilation[i] = fancy ? 1 + sq_pick (2) : 1;
  for (int i = 0; i < 4; i++)
    job.pad[i] = fancy ? sq_pick (4) : job.kernel[0] / 2;
  job.x = sq_map_new (type, n, h, w, groups * in);
  // the output's size is the caller's business: a window may begin in the border behind
  job.y = sq_map_new (picture_type (), n, 1 + sq_pick (h + 2), 1 + sq_pick (w + 2), groups * out);
  fill_map (&job.x);
  if (sq_pick (2) == 0)
    {
      job.residual = sq_map_new (picture_type (), n, job.y.h, job.y.w, job.y.c);
      fill_map (&job.residual);
    }
  count = job.y.c * in * job.kernel[0] * job.kernel[1];
  job.weights = sq_buffer_new ((gsize) count * sq_twin_bytes (type), 0);
  sq_buffer_fill ((gpointer) job.weights, type, count, -.3f, .3f, FALSE);
  bias = sq_buffer_new ((gsize) job.y.c * sizeof (float), 0);
  sq_buffer_fill (bias, SQ_CUDA_F32, job.y.c, -1, 1, FALSE);
  weight_scale = sq_buffer_new ((gsize) job.y.c * sizeof (float), 0);
  sq_buffer_fill (weight_scale, SQ_CUDA_F32, job.y.c, .001f, .003f, FALSE);
  job.bias = sq_pick (3) > 0 ? bias : NULL;
  job.weight_scale = type == SQ_CUDA_S8 ? weight_scale : NULL;
  twin = job;
  twin.x = sq_map_twin (&job.x);
  twin.y = sq_map_twin (&job.y);
  twin.residual = job.residual.data != NULL ? sq_map_twin (&job.residual) : job.residual;

  g_assert_cmpint (run[kind](&job, NULL), ==, 0);
  if (kind == TRANSPOSED)
    sq_twin_conv_transpose (&twin);
  else
    sq_twin_conv (&twin);
  // sums differ in their last bits: steep activations make more of that
  room = job.act.kind == SQ_ACT_RECIPROCAL || job.act.kind == SQ_ACT_LOG || job.act.kind == SQ_ACT_EXP || job.act.kind == SQ_ACT_SQRT
             ? 1e-2
             : 3e-5;
  if (type != SQ_CUDA_S8 && job.act.kind >= SQ_ACT_FLOOR && job.act.kind <= SQ_ACT_RECIPROCAL)
    sq_buffers_clear (); // a sum's last bit may move these by whole numbers
  else
    expect (job.y.data, job.y.type, room, room, type == SQ_CUDA_S8 ? 0 : 1,
            "kind %d types %d %d groups %d in %d out %d kernel %dx%d stride %d %d dilation %d %d pads %d %d x %dx%d y %dx%d act %d", kind,
            type, job.y.type, groups, in, out, job.kernel[0], job.kernel[1], job.stride[0], job.stride[1], job.dilation[0], job.dilation[1],
            job.pad[0], job.pad[1], h, w, job.y.h, job.y.w, job.act.kind);
}

static void
test_conv (void)
{
  for (int i = 0; i < 150; i++)
    conv_case (CONV);
}

static void
test_depthwise (void)
{
  for (int i = 0; i < 250; i++)
    conv_case (DEPTHWISE);
}

static void
test_stem (void)
{
  for (int i = 0; i < 150; i++)
    conv_case (STEM);
}

static void
test_conv_transpose (void)
{
  for (int i = 0; i < 120; i++)
    conv_case (TRANSPOSED);
}

static void
test_pool (void)
{
  for (int i = 0; i < 250; i++)
    {
      SqCudaType type = picture_type ();
      int n = 1 + sq_pick (2), h = 1 + sq_pick (12), w = 1 + sq_pick (12), c = channels[sq_pick (6)];
      SqCudaPool job = { .average = sq_pick (2), .count_pad = sq_pick (2) }, twin;

      for (int d = 0; d < 2; d++)
        {
          job.kernel[d] = 1 + sq_pick (5);
          job.stride[d] = 1 + sq_pick (3);
          job.dilation[d] = 1 + sq_pick (2);
          job.pad[d] = sq_pick (job.kernel[d]);
          job.pad[2 + d] = sq_pick (job.kernel[d]);
        }
      job.x = sq_map_new (type, n, h, w, c);
      job.y = sq_map_new (sq_pick (3) > 0 ? type : picture_type (), n, 1 + sq_pick (h), 1 + sq_pick (w), c);
      if (job.y.type == type)
        {
          job.y.scale = job.x.scale;
          job.y.zero = job.x.zero;
        }
      fill_map (&job.x);
      twin = job;
      twin.x = sq_map_twin (&job.x);
      twin.y = sq_map_twin (&job.y);
      g_assert_cmpint (sq_cuda_kernels_emulated ()->pool (&job, NULL), ==, 0);
      sq_twin_pool (&twin);
      expect (job.y.data, job.y.type, 1e-5, 1e-5, job.average ? 1 : 0, "pool %d of type %d", i, type);
    }
}

static void
test_resize (void)
{
  for (int i = 0; i < 250; i++)
    {
      SqCudaType type = picture_type ();
      int n = 1 + sq_pick (2), h = 1 + sq_pick (10), w = 1 + sq_pick (10), c = channels[sq_pick (6)];
      SqCudaResize job = { .linear = sq_pick (2), .floor = sq_pick (2), .coords = sq_pick (4) }, twin;

      job.x = sq_map_new (type, n, h, w, c);
      job.y = sq_map_new (type, n, sq_pick (2) == 0 ? 2 * h : 1 + sq_pick (20), sq_pick (2) == 0 ? 2 * w : 1 + sq_pick (20), c);
      job.y.scale = job.x.scale;
      job.y.zero = job.x.zero;
      job.scale_y = (float) job.y.h / (float) h;
      job.scale_x = (float) job.y.w / (float) w;
      fill_map (&job.x);
      twin = job;
      twin.x = sq_map_twin (&job.x);
      twin.y = sq_map_twin (&job.y);
      g_assert_cmpint (sq_cuda_kernels_emulated ()->resize (&job, NULL), ==, 0);
      sq_twin_resize (&twin);
      expect (job.y.data, type, 1e-5, 1e-5, job.linear ? 1 : 0, "resize %d of type %d", i, type);
    }
}

// A view over `n` dims in some order, with gaps; packed innermost more often than not.
static SqCudaView
any_view (SqCudaType type, const gint64 dim[SQ_CUDA_RANK], gboolean repeats, gboolean ordered)
{
  SqCudaView v = { NULL, type, { 0 }, 1, 0 };
  gint64 at = ordered || sq_pick (6) > 0 ? 1 : 2, last = 0;
  gboolean done[SQ_CUDA_RANK] = { FALSE };

  for (int i = 0; i < SQ_CUDA_RANK; i++)
    {
      int d = SQ_CUDA_RANK - 1 - i;

      if (!ordered)
        do
          d = sq_pick (SQ_CUDA_RANK);
        while (done[d]);
      done[d] = TRUE;
      if (repeats && sq_pick (3) == 0)
        continue;
      v.stride[d] = at;
      last += (dim[d] - 1) * at;
      at *= dim[d];
      at += sq_pick (4) == 0 ? sq_pick (2) * 8 : 0;
    }
  if (type == SQ_CUDA_S8 || type == SQ_CUDA_E4M3)
    v.scale = sq_number (.01f, .1f);
  if (type == SQ_CUDA_S8)
    v.zero = sq_pick (21) - 10;
  v.data = sq_buffer_new ((gsize) (last + 1) * sq_twin_bytes (type), sq_pick (5) == 0 ? sq_twin_bytes (type) : 0);
  sq_buffer_fill (v.data, type, last + 1, -9, 9, FALSE);
  return v;
}

static void
test_elementwise (void)
{
  static const int sizes[] = { 1, 1, 2, 3, 8, 16, 5, 40 };
  static const SqCudaType all[] = { SQ_CUDA_F32, SQ_CUDA_F16, SQ_CUDA_S8, SQ_CUDA_F32, SQ_CUDA_F16,
                                    SQ_CUDA_I64, SQ_CUDA_I32, SQ_CUDA_U8, SQ_CUDA_E4M3 };

  for (int i = 0; i < 1500; i++)
    {
      SqCudaElementwise job = { .op = sq_pick (SQ_BINARY_OR + 1) }, twin;
      gint64 total = 1;
      SqCudaType type = all[sq_pick (G_N_ELEMENTS (all))], to = sq_pick (2) == 0 ? type : all[sq_pick (G_N_ELEMENTS (all))];
      double room;

      for (int d = 0; d < SQ_CUDA_RANK; d++)
        {
          job.dim[d] = sizes[sq_pick (8)];
          total *= job.dim[d];
          if (total > 20000)
            {
              total /= job.dim[d];
              job.dim[d] = 1;
            }
        }
      job.out = any_view (to, job.dim, FALSE, sq_pick (4) > 0);
      job.a = any_view (type, job.dim, sq_pick (3) == 0, sq_pick (2) == 0);
      if (sq_pick (3) > 0)
        job.b = any_view (sq_pick (3) > 0 ? type : all[sq_pick (G_N_ELEMENTS (all))], job.dim, sq_pick (2) == 0, sq_pick (2) == 0);
      if (sq_pick (2) == 0)
        job.act = any_act ();
      if (job.b.data != NULL && (job.op == SQ_BINARY_POW || job.op == SQ_BINARY_FMOD || job.op == SQ_BINARY_MOD) && type == SQ_CUDA_I64)
        job.op = SQ_BINARY_ADD;
      twin = job;
      twin.out.data = sq_buffer_twin (job.out.data);
      twin.a.data = sq_buffer_twin (job.a.data);
      twin.b.data = sq_buffer_twin (job.b.data);
      g_assert_cmpint (sq_cuda_kernels_emulated ()->elementwise (&job, NULL), ==, 0);
      sq_twin_elementwise (&twin);
      room = 1e-5;
      expect (job.out.data, to, room, room, to == SQ_CUDA_S8 || to == SQ_CUDA_E4M3 ? 1 : 0,
              "elementwise %d: types %d %d -> %d, op %d, act %d", i, type, job.b.data != NULL ? (int) job.b.type : -1, to,
              job.b.data != NULL ? job.op : -1, job.act.kind);
    }
}

// All 256 codes both ways, and what lies at, between and just beside two of them.
static void
test_e4m3 (void)
{
  const float ends[] = {
    0, -0.f, 448, 463, 464, 465, 480, 1e30f, INFINITY, -INFINITY, NAN, 0x1p-10f, 0x1.000002p-10f, 0x1p-11f, 0x1p-149f
  };
  g_autoptr (GArray) list = g_array_new (FALSE, FALSE, sizeof (float));
  float *x, *back;
  guint8 *codes;

  g_array_append_vals (list, ends, G_N_ELEMENTS (ends));
  for (int code = 0; code < 0x7e; code++)
    {
      float low = sq_test_from_e4m3 ((guint8) code), middle = (low + sq_test_from_e4m3 ((guint8) (code + 1))) / 2;
      const float near[] = { low, nextafterf (middle, 0), middle, nextafterf (middle, 1e9f), nextafterf (low, 0), nextafterf (low, 1e9f) };

      for (guint i = 0; i < G_N_ELEMENTS (near); i++)
        {
          float minus = -near[i];

          g_array_append_val (list, near[i]);
          g_array_append_val (list, minus);
        }
    }
  x = sq_buffer_new (list->len * sizeof (float), 0);
  memcpy (x, list->data, list->len * sizeof (float));
  codes = sq_buffer_new (MAX (list->len, 256), 0);
  back = sq_buffer_new (256 * sizeof (float), 0);
  {
    SqCudaView from = { x, SQ_CUDA_F32, { [5] = 1 }, 1, 0 }, to = { codes, SQ_CUDA_E4M3, { [5] = 1 }, 1, 0 };
    SqCudaView out = { back, SQ_CUDA_F32, { [5] = 1 }, 1, 0 };
    SqCudaElementwise job = { { 1, 1, 1, 1, 1, list->len }, to, from };

    g_assert_cmpint (sq_cuda_kernels_emulated ()->elementwise (&job, NULL), ==, 0);
    for (guint i = 0; i < list->len; i++)
      if (isnan (x[i]))
        g_assert_cmphex (codes[i] & 0x7f, ==, 0x7f);
      else if (codes[i] != sq_test_to_e4m3 (x[i]))
        g_error ("%.9g became %02x, not %02x", (double) x[i], codes[i], sq_test_to_e4m3 (x[i]));
    for (int i = 0; i < 256; i++)
      codes[i] = (guint8) i;
    job = (SqCudaElementwise){ { 1, 1, 1, 1, 1, 256 }, out, to };
    g_assert_cmpint (sq_cuda_kernels_emulated ()->elementwise (&job, NULL), ==, 0);
    for (int i = 0; i < 256; i++)
      if ((i & 0x7f) == 0x7f)
        g_assert_true (isnan (back[i]));
      else
        g_assert_true (back[i] == sq_test_from_e4m3 ((guint8) i) && !signbit (back[i]) == (i < 128));
  }
  sq_buffers_clear ();
}

// Integers beyond what a float holds.
static void
test_elementwise_exact (void)
{
  gint64 *a = sq_buffer_new (3 * sizeof (gint64), 0), *b = sq_buffer_new (3 * sizeof (gint64), 0),
         *y = sq_buffer_new (3 * sizeof (gint64), 0);
  SqCudaView va = { a, SQ_CUDA_I64, { [5] = 1 } }, vb = { b, SQ_CUDA_I64, { [5] = 1 } }, vy = { y, SQ_CUDA_I64, { [5] = 1 } };
  SqCudaElementwise job = { { 1, 1, 1, 1, 1, 3 }, vy, va, vb, SQ_BINARY_ADD, { SQ_ACT_NEG } };

  a[0] = (G_GINT64_CONSTANT (1) << 60) + 1;
  a[1] = G_MININT64;
  a[2] = -7;
  b[0] = 1;
  b[1] = -1;
  b[2] = 0;
  g_assert_cmpint (sq_cuda_kernels_emulated ()->elementwise (&job, NULL), ==, 0);
  g_assert_cmpint (y[0], ==, -((G_GINT64_CONSTANT (1) << 60) + 2));
  job.op = SQ_BINARY_DIV;
  job.act.kind = SQ_ACT_NONE;
  g_assert_cmpint (sq_cuda_kernels_emulated ()->elementwise (&job, NULL), ==, 0);
  g_assert_cmpint (y[0], ==, a[0]);
  g_assert_cmpint (y[1], ==, G_MININT64); // wraps
  g_assert_cmpint (y[2], ==, 0);
  sq_buffers_clear ();
}

static void
test_softmax (void)
{
  static const int sizes[] = { 1, 2, 16, 31, 33, 80, 150 };

  for (int i = 0; i < 100; i++)
    {
      gint64 n = sizes[sq_pick (7)], outer = 1 + sq_pick (5), inner = 1 + sq_pick (9);
      SqCudaSoftmax job = { outer, n, inner, n * inner + sq_pick (3), inner, 1, .type = picture_types[sq_pick (2)] }, twin;
      gint64 total;
      gboolean wild = sq_pick (4) == 0;

      if (sq_pick (2) == 0) // rows
        {
          job.n_stride = 1;
          job.inner_stride = n;
        }
      total = (outer - 1) * job.outer_stride + (n - 1) * job.n_stride + (inner - 1) * job.inner_stride + 1;
      job.x = sq_buffer_new ((gsize) total * sq_twin_bytes (job.type), 0);
      job.y = sq_buffer_new ((gsize) total * sq_twin_bytes (job.type), 0);
      sq_buffer_fill ((gpointer) job.x, job.type, total, -20, 20, wild);
      twin = job;
      twin.y = sq_buffer_twin (job.y);
      g_assert_cmpint (sq_cuda_kernels_emulated ()->softmax (&job, NULL), ==, 0);
      sq_twin_softmax (&twin);
      expect (job.y, job.type, 1e-5, 1e-6, 0, "softmax %d", i);
    }
}

static void
test_matmul (void)
{
  static const int sizes[] = { 1, 3, 16, 17, 63, 65, 70 };

  for (int i = 0; i < 40; i++)
    {
      int m = sizes[sq_pick (7)], n = sizes[sq_pick (7)], k = sizes[sq_pick (7)], batch = 1 + sq_pick (3);
      SqCudaMatmul job = { batch, m, n, k, .type = picture_types[sq_pick (2)], .y_row = n + sq_pick (3) }, twin;
      gboolean x_turned = sq_pick (2), w_turned = sq_pick (2);

      job.x_row = x_turned ? 1 : k;
      job.x_column = x_turned ? m : 1;
      job.x_batch = sq_pick (3) == 0 ? 0 : m * k;
      job.w_row = w_turned ? 1 : n;
      job.w_column = w_turned ? k : 1;
      job.w_batch = sq_pick (3) == 0 ? 0 : k * n;
      job.y_batch = job.y_row * m;
      job.x = sq_buffer_new ((gsize) batch * m * k * sq_twin_bytes (job.type), 0);
      job.w = sq_buffer_new ((gsize) batch * k * n * sq_twin_bytes (job.type), 0);
      job.y = sq_buffer_new ((gsize) (batch * job.y_batch) * sq_twin_bytes (job.type), 0);
      sq_buffer_fill ((gpointer) job.x, job.type, batch * m * k, -1, 1, FALSE);
      sq_buffer_fill ((gpointer) job.w, job.type, batch * k * n, -1, 1, FALSE);
      twin = job;
      twin.y = sq_buffer_twin (job.y);
      g_assert_cmpint (sq_cuda_kernels_emulated ()->matmul (&job, NULL), ==, 0);
      sq_twin_matmul (&twin);
      expect (job.y, job.type, 1e-5, 1e-5, 0, "matmul %d: %d x %d x %d", i, m, n, k);
    }
}

static void
test_reduce (void)
{
  static const int sizes[] = { 1, 2, 7, 33, 100, 300 };

  for (int i = 0; i < 100; i++)
    {
      SqCudaReduce job = { 1 + sq_pick (20), sizes[sq_pick (6)], sizes[sq_pick (5)], .type = picture_types[sq_pick (2)],
                           .kind = sq_pick (4) },
                   twin;
      gint64 total = job.outer * job.n * job.inner;

      job.x = sq_buffer_new ((gsize) total * sq_twin_bytes (job.type), 0);
      job.y = sq_buffer_new ((gsize) (job.outer * job.inner) * sq_twin_bytes (job.type), 0);
      sq_buffer_fill ((gpointer) job.x, job.type, total, -3, 3, FALSE);
      twin = job;
      twin.y = sq_buffer_twin (job.y);
      g_assert_cmpint (sq_cuda_kernels_emulated ()->reduce (&job, NULL), ==, 0);
      sq_twin_reduce (&twin);
      expect (job.y, job.type, 1e-5, 3e-5, 0, "reduce %d", i);
    }
}

// What makes no sense is refused, and nothing to do is done.
static void
test_refusals (void)
{
  const SqCudaKernels *k = sq_cuda_kernels_emulated ();
  float data[64] = { 0 };
  SqCudaMap map = { data, SQ_CUDA_F32, 1, 2, 2, 4, 16, 8, 4 }, none = map;
  SqCudaConv conv = { map, map, .weights = data, .kernel = { 1, 1 }, .stride = { 1, 1 }, .dilation = { 1, 1 }, .groups = 3 };
  SqCudaElementwise elementwise = { { 1, 1, 1, 1, 1, -1 }, { data }, { data } };
  SqCudaPool pool = { map, map, .kernel = { 1, 1 }, .stride = { 0, 1 }, .dilation = { 1, 1 } };

  g_assert_cmpint (k->conv (&conv, NULL), ==, 1);
  conv.groups = 1;
  g_assert_cmpint (k->depthwise (&conv, NULL), ==, 1);
  conv.x.type = SQ_CUDA_S8; // without scales
  g_assert_cmpint (k->conv (&conv, NULL), ==, 1);
  conv.x.type = SQ_CUDA_E4M3; // cuDNN's alone
  conv.x.scale = 1;
  conv.weight_scale = data;
  g_assert_cmpint (k->conv (&conv, NULL), ==, 1);
  conv.x.type = SQ_CUDA_I64;
  g_assert_cmpint (k->conv (&conv, NULL), ==, 1);
  conv.x = map;
  conv.x.c = 8;
  g_assert_cmpint (k->stem (&conv, NULL), ==, 1);
  g_assert_cmpint (k->elementwise (&elementwise, NULL), ==, 1);
  elementwise.dim[5] = 0;
  g_assert_cmpint (k->elementwise (&elementwise, NULL), ==, 0);
  g_assert_cmpint (k->pool (&pool, NULL), ==, 1);
  none.n = 0;
  pool = (SqCudaPool){ none, none, .kernel = { 1, 1 }, .stride = { 1, 1 }, .dilation = { 1, 1 } };
  g_assert_cmpint (k->pool (&pool, NULL), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  sq_cuda_test_add ("/kernels/cuda/elementwise", test_elementwise);
  sq_cuda_test_add ("/kernels/cuda/e4m3", test_e4m3);
  sq_cuda_test_add ("/kernels/cuda/elementwise-exact", test_elementwise_exact);
  sq_cuda_test_add ("/kernels/cuda/conv", test_conv);
  sq_cuda_test_add ("/kernels/cuda/depthwise", test_depthwise);
  sq_cuda_test_add ("/kernels/cuda/stem", test_stem);
  sq_cuda_test_add ("/kernels/cuda/conv-transpose", test_conv_transpose);
  sq_cuda_test_add ("/kernels/cuda/pool", test_pool);
  sq_cuda_test_add ("/kernels/cuda/resize", test_resize);
  sq_cuda_test_add ("/kernels/cuda/softmax", test_softmax);
  sq_cuda_test_add ("/kernels/cuda/matmul", test_matmul);
  sq_cuda_test_add ("/kernels/cuda/reduce", test_reduce);
  sq_cuda_test_add ("/kernels/cuda/refusals", test_refusals);
  sq_cuda_test_add_boxes ();
  return g_test_run ();
}
