// SPDX-License-Identifier: GPL-3.0-or-later
// What a detector computes in where nobody says: a model whose weights are halves in half precision, all others as ever.
#include "engine/run/detector.h"
#include "kernels/cpu.h"
#include "tests/media/make-media.h"
#include "tiny.h"
#include <string.h>

static SqDetector *
make (SqModel *model, SqPrecision precision)
{
  g_autoptr (GError) error = NULL;
  SqDetector *detector = sq_detector_new (model, &(SqDetectorOptions){ .device = "cpu", .threads = 1, .precision = precision }, &error);

  g_assert_no_error (error);
  return detector;
}

// A CPU without bfloat16 says so where half precision was asked for, and only there.
static gboolean
has_note (SqModel *model, SqPrecision precision)
{
  g_autoptr (SqDetector) detector = NULL;

  sq_cpu_set_mask (~SQ_CPU_BF16);
  detector = make (model, precision);
  sq_cpu_set_mask (~0u);
  return sq_detector_get_note (detector) != NULL;
}

static void
test_without (void)
{
  char *folder = make_folder ();
  g_autoptr (SqModel) model = make_tiny_model (folder);

  for (int half = 0; half < 2; half++)
    {
      g_free (model->precision);
      model->precision = g_strdup (half ? "float16" : "float32");
      g_assert_false (has_note (model, SQ_PRECISION_AUTO));
      g_assert_false (has_note (model, SQ_PRECISION_F32));
      g_assert_true (has_note (model, SQ_PRECISION_HALF));
    }
  remove_folder (folder);
}

static gboolean
runs_in_half (SqModel *model, SqPrecision precision)
{
  g_autoptr (SqDetector) detector = make (model, precision);
  g_autofree char *steps = sq_detector_describe (detector);

  return strstr (steps, "bfloat16") != NULL;
}

static void
test_with (void)
{
  char *folder;
  g_autoptr (SqModel) model = NULL;

  if ((sq_cpu_flags () & SQ_CPU_BF16) == 0)
    {
      g_test_skip ("this processor has no bfloat16");
      return;
    }
  folder = make_folder ();
  model = make_tiny_model (folder);
  g_assert_false (runs_in_half (model, SQ_PRECISION_AUTO));
  g_assert_true (runs_in_half (model, SQ_PRECISION_HALF));
  g_free (model->precision);
  model->precision = g_strdup ("float16");
  g_assert_true (runs_in_half (model, SQ_PRECISION_AUTO));
  g_assert_false (runs_in_half (model, SQ_PRECISION_F32));
  remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/run/precision/without", test_without);
  g_test_add_func ("/run/precision/with", test_with);
  return g_test_run ();
}
