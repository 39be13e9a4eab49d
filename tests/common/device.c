// SPDX-License-Identifier: GPL-3.0-or-later
#include "device.h"

#include "engine/backends/gpu.h"
#include "kernels/cpu.h"

#if HAVE_FAKE_GPU
#include "tests/fake/gpu.h"
#endif

void
sq_test_device_open (SqTestDevice *self, const char *name)
{
  g_auto (GStrv) parts = g_strsplit (name, "-", 2);
  gboolean gpu = g_str_equal (parts[0], "fake") || g_str_equal (parts[0], "cuda");

  *self = (SqTestDevice){ .backend = sq_backend_find (parts[0]), .tolerance = 1 };
  g_assert_nonnull (self->backend);
  self->device = gpu ? g_strdup_printf ("%s:0", parts[0]) : g_strdup (parts[0]);
  self->options.precision = SQ_PRECISION_F32;
  if (g_strcmp0 (parts[1], "half") == 0)
    {
      self->options.precision = SQ_PRECISION_HALF;
      self->options.imitate_half = TRUE;
      self->tolerance = gpu ? 100 : 200; // 11 bits of a number, or 8
      self->missing = gpu || (sq_cpu_flags () & SQ_CPU_AVX512) != 0 ? NULL : "AVX-512";
    }
  else if (g_strcmp0 (parts[1], "int8") == 0)
    {
      self->options.precision = SQ_PRECISION_INT8;
      self->tolerance = 200;
    }
  else if (g_strcmp0 (parts[1], "fp8") == 0)
    {
      self->options.precision = SQ_PRECISION_FP8;
      self->tolerance = 20000;
    }
#if HAVE_FAKE_GPU
  if (g_str_equal (parts[0], "fake"))
    sq_gpu_set_api (sq_fake_gpu_open (&(SqFakeGpuConfig){ .n_devices = 1, .memory = (gsize) 4 << 30, .major = 8, .minor = 9 }));
#endif
}

void
sq_test_device_close (SqTestDevice *self)
{
  g_free (self->device);
#if HAVE_FAKE_GPU
  if (g_strcmp0 (self->backend->id, "cuda") == 0 && sq_gpu_api (NULL) != NULL && g_str_equal (sq_gpu_api (NULL)->name, "fake"))
    {
      sq_gpu_set_api (NULL);
      g_assert_cmpint (sq_fake_gpu_close (), ==, 0);
    }
#endif
}
