// SPDX-License-Identifier: GPL-3.0-or-later
// Every operator's reference on numbers worked out by hand. An operator without a case here fails the last test.
#include "engine/graph/arena.h"
#include "engine/ops/op.h"
#include "tests/common/data.h"

#include <math.h>

#define NAN_ NAN

typedef struct
{
  const SqOp *op;
  SqParams params;
  struct
  {
    SqShape shape;
    SqDType dtype;
    const float *values;
  } in[4];
  int n_in;
  SqShape out;
  const float *want;
} Case;

#define F(...) ((const float[]){ __VA_ARGS__ })
#define CONV(...)                                                                                                                          \
  {                                                                                                                                        \
    .conv = { __VA_ARGS__ }                                                                                                                \
  }

static const float ramp9[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };

static const Case cases[] = {
  { &sq_op_act, { .act = { SQ_ACT_LEAKY, .5f } }, { { { 1, { 3 } }, SQ_F32, F (-2, 0, 4) } }, 1, { 1, { 3 } }, F (-1, 0, 4) },
  { &sq_op_act, { .act = { SQ_ACT_HARDSWISH } }, { { { 1, { 3 } }, SQ_F32, F (-4, 0, 3) } }, 1, { 1, { 3 } }, F (0, 0, 3) },
  { &sq_op_act, { .act = { SQ_ACT_SILU } }, { { { 1, { 2 } }, SQ_F32, F (0, 1) } }, 1, { 1, { 2 } }, F (0, .7310586f) },
  { &sq_op_binary,
    { .binary = SQ_BINARY_SUB },
    { { { 2, { 2, 1 } }, SQ_F32, F (1, 2) }, { { 1, { 3 } }, SQ_F32, F (1, 2, 3) } },
    2,
    { 2, { 2, 3 } },
    F (0, -1, -2, 1, 0, -1) },
  { &sq_op_binary,
    { .binary = SQ_BINARY_DIV },
    { { { 1, { 3 } }, SQ_I64, F (-7, 7, 5) }, { { 1, { 3 } }, SQ_I64, F (2, 2, 0) } },
    2,
    { 1, { 3 } },
    F (-3, 3, 0) },
  { &sq_op_binary,
    { .binary = SQ_BINARY_MOD },
    { { { 1, { 2 } }, SQ_I64, F (-7, 7) }, { { 1, { 1 } }, SQ_I64, F (3) } },
    2,
    { 1, { 2 } },
    F (2, 1) },
  { &sq_op_cast, { .cast = { SQ_I64 } }, { { { 1, { 3 } }, SQ_F32, F (-1.7f, 1.7f, 3) } }, 1, { 1, { 3 } }, F (-1, 1, 3) },
  { &sq_op_concat,
    { .axis = { 1 } },
    { { { 2, { 2, 1 } }, SQ_F32, F (1, 2) }, { { 2, { 2, 2 } }, SQ_F32, F (3, 4, 5, 6) } },
    2,
    { 2, { 2, 3 } },
    F (1, 3, 4, 2, 5, 6) },
  // 3x3 picture, 2x2 kernel of ones, stride 2, padded at the end; bias 10, leaky, residual 1
  { &sq_op_conv,
    CONV ({ 2, 2 }, { 2, 2 }, { 1, 1 }, { 0, 0, 1, 1 }, .groups = 1, .act = { SQ_ACT_NONE }),
    { { { 4, { 1, 1, 3, 3 } }, SQ_F32, ramp9 },
      { { 4, { 1, 1, 2, 2 } }, SQ_F32, F (1, 1, 1, 1) },
      { { 1, { 1 } }, SQ_F32, F (10) },
      { { 4, { 1, 1, 2, 2 } }, SQ_F32, F (1, 1, 1, 1) } },
    4,
    { 4, { 1, 1, 2, 2 } },
    F (23, 20, 26, 20) },
  { &sq_op_conv_integer,
    CONV ({ 1, 1 }, { 1, 1 }, { 1, 1 }, { 1, 0, 0, 0 }, .groups = 1),
    { { { 4, { 1, 1, 1, 2 } }, SQ_U8, F (10, 20) },
      { { 4, { 1, 1, 1, 1 } }, SQ_I8, F (-3) },
      { { 0 }, SQ_U8, F (5) },
      { { 0 }, SQ_I8, F (1) } },
    4,
    { 4, { 1, 1, 2, 2 } },
    F (0, 0, -20, -60) },
  { &sq_op_conv_transpose,
    CONV ({ 2, 2 }, { 2, 2 }, { 1, 1 }, { 0 }, .groups = 1),
    { { { 4, { 1, 1, 1, 2 } }, SQ_F32, F (1, 2) }, { { 4, { 1, 1, 2, 2 } }, SQ_F32, F (1, 2, 3, 4) } },
    2,
    { 4, { 1, 1, 2, 4 } },
    F (1, 2, 2, 4, 3, 4, 6, 8) },
  { &sq_op_dequantize,
    { .axis = { 0 } },
    { { { 1, { 2 } }, SQ_U8, F (3, 9) }, { { 1, { 2 } }, SQ_F32, F (.5f, 2) }, { { 1, { 2 } }, SQ_U8, F (1, 10) } },
    3,
    { 1, { 2 } },
    F (1, -2) },
  { &sq_op_dynamic_quantize, { .axis = { 0 } }, { { { 1, { 3 } }, SQ_F32, F (-1, 0, 4.1f) } }, 1, { 1, { 3 } }, F (0, 50, 255) },
  { &sq_op_dynamic_round, { .axis = { 0 } }, { { { 1, { 3 } }, SQ_F32, F (-1, 0, 4.1f) } }, 1, { 1, { 3 } }, F (-50, 0, 205) },
  { &sq_op_expand,
    { .reshape = { { 2, { 2, 3 } } } },
    { { { 2, { 2, 1 } }, SQ_F32, F (1, 2) } },
    1,
    { 2, { 2, 3 } },
    F (1, 1, 1, 2, 2, 2) },
  { &sq_op_fake_quant,
    { .fake_quant = { .5f, 2, 0, 4 } },
    { { { 1, { 4 } }, SQ_F32, F (-9, .2f, .25f, 9) } },
    1,
    { 1, { 4 } },
    F (-1, 0, 0, 1) },
  { &sq_op_fake_quant,
    { .fake_quant = { 99, 99, 0, 4 } },
    { { { 3, { 1, 2, 2 } }, SQ_F32, F (-9, .2f, .25f, 9) }, { { 1, { 2 } }, SQ_F32, F (.5f, 1) }, { { 1, { 2 } }, SQ_F32, F (2, 0) } },
    3,
    { 3, { 1, 2, 2 } },
    F (-1, 0, 0, 4) },
  { &sq_op_gather,
    { .axis = { 1 } },
    { { { 2, { 2, 3 } }, SQ_F32, F (1, 2, 3, 4, 5, 6) }, { { 1, { 3 } }, SQ_I64, F (-1, 0, 99) } },
    2,
    { 2, { 2, 3 } },
    F (3, 1, 3, 6, 4, 6) },
  { &sq_op_gather_elements,
    { .axis = { 0 } },
    { { { 2, { 2, 2 } }, SQ_F32, F (1, 2, 3, 4) }, { { 2, { 1, 2 } }, SQ_I64, F (1, 0) } },
    2,
    { 2, { 1, 2 } },
    F (3, 2) },
  { &sq_op_matmul,
    { .axis = { 0 } },
    { { { 2, { 2, 2 } }, SQ_F32, F (1, 2, 3, 4) }, { { 2, { 2, 1 } }, SQ_F32, F (5, 6) } },
    2,
    { 2, { 2, 1 } },
    F (17, 39) },
  { &sq_op_pad, { .pad = { { 1 }, { 2 }, 9, 0 } }, { { { 1, { 2 } }, SQ_F32, F (1, 2) } }, 1, { 1, { 5 } }, F (9, 1, 2, 9, 9) },
  { &sq_op_pad, { .pad = { { 2 }, { 1 }, 0, 1 } }, { { { 1, { 3 } }, SQ_F32, F (1, 2, 3) } }, 1, { 1, { 6 } }, F (3, 2, 1, 2, 3, 2) },
  // padding never wins a maximum, even among negatives
  { &sq_op_pool,
    { .pool = { .kernel = { 2, 2 }, .stride = { 2, 2 }, .dilation = { 1, 1 }, .pad = { 0, 0, 1, 1 } } },
    { { { 4, { 1, 1, 3, 3 } }, SQ_F32, F (-1, -2, -3, -4, -5, -6, -7, -8, -9) } },
    1,
    { 4, { 1, 1, 2, 2 } },
    F (-1, -3, -7, -9) },
  { &sq_op_pool,
    { .pool = { .average = TRUE, .kernel = { 2, 2 }, .stride = { 2, 2 }, .dilation = { 1, 1 }, .pad = { 0, 0, 1, 1 } } },
    { { { 4, { 1, 1, 3, 3 } }, SQ_F32, ramp9 } },
    1,
    { 4, { 1, 1, 2, 2 } },
    F (3, 4.5f, 7.5f, 9) },
  { &sq_op_quantize,
    { .axis = { 0 } },
    { { { 1, { 4 } }, SQ_F32, F (-9, .25f, .75f, 9) }, { { 0 }, SQ_F32, F (.5f) }, { { 0 }, SQ_I8, F (3) } },
    3,
    { 1, { 4 } },
    F (-15, 3, 5, 21) },
  { &sq_op_reduce,
    { .reduce = { SQ_REDUCE_MEAN, 1u << 1, TRUE } },
    { { { 2, { 2, 2 } }, SQ_F32, F (1, 2, 3, 5) } },
    1,
    { 2, { 2, 1 } },
    F (1.5f, 4) },
  { &sq_op_reshape, { .reshape = { { 1, { 4 } } } }, { { { 2, { 2, 2 } }, SQ_F32, F (1, 2, 3, 4) } }, 1, { 1, { 4 } }, F (1, 2, 3, 4) },
  { &sq_op_resize,
    { .resize = { FALSE, TRUE, 1, 2, 4, 2, 2 } },
    { { { 4, { 1, 1, 1, 2 } }, SQ_F32, F (1, 2) } },
    1,
    { 4, { 1, 1, 2, 4 } },
    F (1, 1, 2, 2, 1, 1, 2, 2) },
  { &sq_op_resize,
    { .resize = { TRUE, FALSE, 0, 1, 4, 1, 2 } },
    { { { 4, { 1, 1, 1, 2 } }, SQ_F32, F (0, 4) } },
    1,
    { 4, { 1, 1, 1, 4 } },
    F (0, 1, 3, 4) },
  { &sq_op_slice, { .slice = { { 2 }, { -2 }, { 2 } } }, { { { 1, { 3 } }, SQ_F32, F (1, 2, 3) } }, 1, { 1, { 2 } }, F (3, 1) },
  { &sq_op_softmax, { .axis = { 1 } }, { { { 2, { 2, 2 } }, SQ_F32, F (0, 0, 1000, 0) } }, 1, { 2, { 2, 2 } }, F (.5f, .5f, 1, 0) },
  { &sq_op_topk, { .topk = { 2, 0, TRUE } }, { { { 1, { 4 } }, SQ_F32, F (1, 3, 3, NAN_) } }, 1, { 1, { 2 } }, F (3, 3) },
  { &sq_op_transpose,
    { .transpose = { { 1, 0 } } },
    { { { 2, { 2, 3 } }, SQ_F32, F (1, 2, 3, 4, 5, 6) } },
    1,
    { 2, { 3, 2 } },
    F (1, 4, 2, 5, 3, 6) },
  { &sq_op_where,
    { .axis = { 0 } },
    { { { 1, { 2 } }, SQ_BOOL, F (1, 0) }, { { 1, { 1 } }, SQ_F32, F (7) }, { { 1, { 2 } }, SQ_F32, F (1, 2) } },
    3,
    { 1, { 2 } },
    F (7, 2) },
};

static void
test_case (gconstpointer data)
{
  const Case *t = data;
  SqTensor *in[4] = { NULL }, *out[SQ_MAX_OUT] = { NULL };
  SqType types[4], out_types[SQ_MAX_OUT] = { 0 };
  const SqType *type_of[4] = { NULL };
  g_autoptr (GError) error = NULL;

  for (int k = 0; k < t->n_in; k++)
    {
      in[k] = sq_tensor_new (t->in[k].dtype, &t->in[k].shape);
      for (gint64 i = 0; i < in[k]->n; i++)
        sq_tensor_set (in[k], i, t->in[k].values[i]);
      types[k] = (SqType){ in[k]->dtype, in[k]->shape };
      type_of[k] = &types[k];
    }
  t->op->infer (&t->params, type_of, t->n_in, out_types, &error);
  g_assert_no_error (error);
  g_assert_true (sq_shape_equal (&out_types[0].shape, &t->out));
  for (int k = 0; k < t->op->n_out; k++)
    out[k] = sq_tensor_new (out_types[k].dtype, &out_types[k].shape);
  t->op->reference (&t->params, in, t->n_in, out);
  for (gint64 i = 0; i < out[0]->n; i++)
    g_assert_cmpfloat_with_epsilon (sq_tensor_get (out[0], i), t->want[i], 1e-5);
  for (int k = 0; k < t->n_in; k++)
    sq_tensor_unref (in[k]);
  for (int k = 0; k < t->op->n_out; k++)
    sq_tensor_unref (out[k]);
}

static void
test_every_operator_has_a_case (void)
{
  for (guint i = 0; sq_op_list ()[i] != NULL; i++)
    {
      guint k = 0;

      while (k < G_N_ELEMENTS (cases) && cases[k].op != sq_op_list ()[i])
        k++;
      if (k == G_N_ELEMENTS (cases))
        g_error ("the operator %s has no case", sq_op_list ()[i]->name);
    }
}

// Shapes that do not fit are refused, never computed.
static void
test_misfits (void)
{
  SqType a = { SQ_F32, { 4, { 1, 3, 8, 8 } } }, w = { SQ_F32, { 4, { 8, 4, 3, 3 } } }, small = { SQ_F32, { 4, { 1, 3, 1, 1 } } }, out;
  const SqType *channels[2] = { &a, &w }, *kernel[2] = { &small, &w };
  SqParams conv = CONV ({ 3, 3 }, { 1, 1 }, { 1, 1 }, { 0 }, .groups = 1);

  g_assert_false (sq_op_conv.infer (&conv, channels, 2, &out, NULL));
  w.shape.dim[1] = 3;
  g_assert_true (sq_op_conv.infer (&conv, channels, 2, &out, NULL));
  g_assert_false (sq_op_conv.infer (&conv, kernel, 2, &out, NULL));
  conv.conv.stride[0] = 0;
  g_assert_false (sq_op_conv.infer (&conv, channels, 2, &out, NULL));
  conv.conv.stride[0] = 1;
  conv.conv.groups = 0;
  g_assert_false (sq_op_conv.infer (&conv, channels, 2, &out, NULL));
}

// Blocks alive together are apart; and no arena is smaller than what is alive at one moment, nor much larger.
static void
test_arena (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);

  g_assert_cmpuint (sq_arena_plan (NULL, 0), ==, 0);
  for (int round = 0; round < 200; round++)
    {
      SqArenaBlock blocks[40], *list[G_N_ELEMENTS (blocks)];
      guint n = (guint) g_rand_int_range (rand, 1, G_N_ELEMENTS (blocks) + 1);
      gsize total, most = 0, end = 0;

      for (guint i = 0; i < n; i++)
        {
          int born = g_rand_int_range (rand, 0, 30);

          blocks[i] = (SqArenaBlock){ 64 * (gsize) g_rand_int_range (rand, 0, 20), born, born + g_rand_int_range (rand, 0, 6), 12345 };
          list[i] = &blocks[i];
        }
      total = sq_arena_plan (list, n);
      for (int step = 0; step < 40; step++)
        {
          gsize alive = 0;

          for (guint i = 0; i < n; i++)
            alive += blocks[i].born <= step && step <= blocks[i].died ? blocks[i].bytes : 0;
          most = MAX (most, alive);
        }
      for (guint i = 0; i < n; i++)
        {
          g_assert_cmpuint (blocks[i].at % 64, ==, 0);
          end = MAX (end, blocks[i].at + blocks[i].bytes);
          for (guint k = 0; k < i; k++)
            if (blocks[i].born <= blocks[k].died && blocks[k].born <= blocks[i].died)
              g_assert_true (blocks[i].at >= blocks[k].at + blocks[k].bytes || blocks[k].at >= blocks[i].at + blocks[i].bytes);
        }
      g_assert_cmpuint (total, ==, end);
      g_assert_cmpuint (total, >=, most);
      g_assert_cmpuint (total, <=, 2 * most);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *name = g_strdup_printf ("/ops/%s/%u", cases[i].op->name, i);

      g_test_add_data_func (name, &cases[i], test_case);
    }
  g_test_add_func ("/ops/every-operator-has-a-case", test_every_operator_has_a_case);
  g_test_add_func ("/ops/misfits", test_misfits);
  g_test_add_func ("/ops/arena", test_arena);
  return g_test_run ();
}
