// SPDX-License-Identifier: GPL-3.0-or-later
// What a detector computes in where nobody says: a model whose weights are halves in half precision, all others as ever.
#include "engine/run/detector.h"
#include "kernels/cpu.h"
#include "tests/media/make-media.h"
#include "tiny.h"

// On a CPU without bfloat16, which says so where half precision was asked for.
static gboolean
wants_half (SqModel *model, SqPrecision precision)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqDetector) detector = NULL;

  sq_cpu_set_mask (~SQ_CPU_BF16);
  detector = sq_detector_new (model, &(SqDetectorOptions){ .device = "cpu", .threads = 1, .precision = precision }, &error);
  sq_cpu_set_mask (~0u);
  g_assert_no_error (error);
  return sq_detector_get_note (detector) != NULL;
}

static void
test_auto (void)
{
  char *folder = make_folder ();
  g_autoptr (SqModel) model = make_tiny_model (folder);

  g_assert_false (wants_half (model, SQ_PRECISION_AUTO));
  g_assert_false (wants_half (model, SQ_PRECISION_F32));
  g_assert_true (wants_half (model, SQ_PRECISION_HALF));
  g_free (model->precision);
  model->precision = g_strdup ("float16");
  g_assert_true (wants_half (model, SQ_PRECISION_AUTO));
  g_assert_false (wants_half (model, SQ_PRECISION_F32));
  remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/run/precision/auto", test_auto);
  return g_test_run ();
}
