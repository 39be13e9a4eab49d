// SPDX-License-Identifier: GPL-3.0-or-later
// 8-bit layers against the reference's rounding floats, every layer. argv[1] names the device, fake or cuda.
#include "engine/ops/op.h"
#include "tests/backends/quantised.h"
#include "tests/common/data.h"
#include "tests/common/device.h"

#include <math.h>

static SqTestDevice device;

// Every layer's value an output: within one quantum where it is 8 bits, and never more off in between than that makes it.
static void
test_whole (void)
{
  g_autoptr (SqGraph) graph = sq_test_quantised_network ();
  g_autoptr (SqExec) reference = NULL, exec = NULL;
  g_autoptr (SqTensor) x = sq_tensor_new (SQ_F32, &SQ_SHAPE (1, 3, 24, 32));
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  g_autofree SqTensor **want = NULL, **got = NULL;

  sq_test_fill (x, 42, 0, 3);
  for (guint i = 0; i < graph->nodes->len; i++)
    if (sq_graph_node (graph, i)->op == &sq_op_fake_quant)
      sq_graph_add_output (graph, sq_graph_node (graph, i)->out[0]);
  reference = sq_exec_new (sq_backend_find ("ref"), graph, NULL, &error);
  g_assert_no_error (error);
  exec = sq_exec_new (device.backend, graph, &device.options, &error);
  g_assert_no_error (error);
  text = sq_exec_describe (exec);
  g_test_message ("%s", text);
  want = g_new0 (SqTensor *, graph->outputs->len);
  got = g_new0 (SqTensor *, graph->outputs->len);
  g_assert_true (sq_exec_run (reference, &x, want, &error));
  g_assert_true (sq_exec_run (exec, &x, got, &error));
  for (guint i = 2; i < graph->outputs->len; i++)
    {
      const SqNode *node = NULL;
      guint different = 0;

      for (guint k = 0, n = 2; k < graph->nodes->len; k++)
        if (sq_graph_node (graph, k)->op == &sq_op_fake_quant && n++ == i)
          node = sq_graph_node (graph, k);
      for (gint64 k = 0; k < want[i]->n; k++)
        different += sq_tensor_f32 (want[i])[k] != sq_tensor_f32 (got[i])[k];
      g_test_message ("layer %u: %u of %" G_GINT64_FORMAT " values differ, by %.3f quanta at most", i - 2, different, want[i]->n,
                      sq_test_max_abs (want[i], got[i]) / (double) node->params.fake_quant.scale);
      g_assert_cmpfloat (sq_test_max_abs (want[i], got[i]) / (double) node->params.fake_quant.scale, <=, 1.001);
      g_assert_cmpuint (different * 50, <, want[i]->n);
    }
  g_assert_cmpfloat (sq_test_relative_l2 (got[0], want[0]), <=, .02);
  for (guint i = 0; i < graph->outputs->len; i++)
    {
      sq_tensor_unref (want[i]);
      sq_tensor_unref (got[i]);
    }
}

int
main (int argc, char **argv)
{
  g_autofree char *name = NULL;
  int result;

  g_test_init (&argc, &argv, NULL);
  name = g_strdup_printf ("%s-int8", argc > 1 ? argv[1] : "fake");
  sq_test_device_open (&device, name);
  g_test_add_func ("/backends/whole-numbers", test_whole);
  result = g_test_run ();
  sq_test_device_close (&device);
  return result;
}
