// SPDX-License-Identifier: GPL-3.0-or-later
// Devices are listed and watched, whatever their driver says.
#include "engine/devices/busy.h"
#include "engine/devices/monitor.h"
#include "fake-gpus.h"

#include <string.h>

typedef struct
{
  GMutex lock;
  GCond cond;
  SqDeviceSample samples[FAKE_NVML_MAX + 1];
  guint n, readings;
} Seen;

static void
on_samples (const SqDeviceSample *samples, guint n, gpointer data)
{
  Seen *seen = data;

  g_mutex_lock (&seen->lock);
  if (n > 0)
    memcpy (seen->samples, samples, n * sizeof samples[0]);
  seen->n = n;
  seen->readings += n > 0;
  g_cond_broadcast (&seen->cond);
  g_mutex_unlock (&seen->lock);
}

static SqMonitor *
begin (Seen *seen)
{
  *seen = (Seen){ .n = 0 };
  g_mutex_init (&seen->lock);
  g_cond_init (&seen->cond);
  return sq_monitor_new (on_samples, seen, NULL);
}

// The n-th reading from now.
static void
await (Seen *seen, guint n)
{
  gint64 end = g_get_monotonic_time () + 30 * G_USEC_PER_SEC;

  g_mutex_lock (&seen->lock);
  n += seen->readings;
  while (seen->readings < n)
    g_assert_true (g_cond_wait_until (&seen->cond, &seen->lock, end));
  g_mutex_unlock (&seen->lock);
}

static void
finish (SqMonitor *monitor, Seen *seen)
{
  gint64 start = g_get_monotonic_time ();

  sq_monitor_free (monitor);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 5 * G_USEC_PER_SEC); // not even where a driver hangs
  g_mutex_clear (&seen->lock);
  g_cond_clear (&seen->cond);
}

static void
test_list (void)
{
  g_autoptr (GPtrArray) none = NULL, some = NULL;
  g_auto (GStrv) ids = NULL;
  const SqDevice *last;
  guint parts = 0;

  sq_gpu_set_api (NULL);
  none = sq_device_list ();
  last = none->pdata[none->len - 1];
  g_assert_cmpstr (((SqDevice *) none->pdata[0])->id, ==, "cpu");
  for (guint i = 0; i < none->len; i++)
    parts += g_strcmp0 (((SqDevice *) none->pdata[i])->parent, "cpu") == 0;
  g_assert_cmpuint (parts, ==, ((SqDevice *) none->pdata[0])->cores > 1 ? ((SqDevice *) none->pdata[0])->cores : 0);
  g_assert_cmpstr (last->id, ==, "cuda");
  g_assert_false (last->available);
  g_assert_nonnull (last->reason); // one sentence why
  g_assert_true (g_str_has_suffix (last->reason, "."));

  fake_gpus_install (2);
  some = sq_device_list ();
  last = some->pdata[some->len - 1];
  g_assert_cmpstr (last->id, ==, "cuda:1");
  g_assert_true (last->available);
  g_assert_nonnull (strstr (last->detail, "8.9"));
  g_assert_nonnull (strstr (last->detail, "24.0"));
  ids = sq_device_parse_list (" cpu:0 , cpu ", NULL);
  g_assert_cmpuint (g_strv_length (ids), ==, 2);
}

static void
test_missing (void)
{
  g_autoptr (GPtrArray) devices = NULL;
  SqMonitor *monitor;
  Seen seen;

  fake_gpus_install (1);
  g_setenv ("SQUINT_NVML", "/nowhere/libnvidia-ml.so.1", TRUE);
  monitor = begin (&seen);
  await (&seen, 2);
  devices = sq_monitor_ref_devices (monitor);
  g_assert_nonnull (strstr (((SqDevice *) devices->pdata[devices->len - 1])->unread, "libnvidia-ml.so.1"));
  g_assert_cmpuint (seen.n, ==, 2);
  g_assert_true (seen.samples[1].answering); // the GPU may be fine, nobody can say how busy it is
  g_assert_cmpfloat (seen.samples[1].compute, ==, -1);
  finish (monitor, &seen);
}

static void
test_mismatch (void)
{
  volatile FakeNvml *nvml = fake_gpus_install (1);
  g_autoptr (GPtrArray) devices = NULL;
  SqMonitor *monitor;
  Seen seen;

  nvml->init_code = 18;
  monitor = begin (&seen);
  await (&seen, 1);
  devices = sq_monitor_ref_devices (monitor);
  g_assert_nonnull (strstr (((SqDevice *) devices->pdata[devices->len - 1])->unread, "mismatch"));
  finish (monitor, &seen);
}

static void
test_gpus (gconstpointer data)
{
  guint n = GPOINTER_TO_UINT (data);
  SqDeviceSample history[SQ_MONITOR_HISTORY];
  SqMonitor *monitor;
  Seen seen;

  fake_gpus_install ((int) n);
  monitor = begin (&seen);
  await (&seen, 4);
  g_mutex_lock (&seen.lock);
  g_assert_cmpuint (seen.n, ==, 1 + n);
  for (guint i = 0; i < n; i++) // by bus, not by number
    {
      const SqDeviceSample *s = &seen.samples[1 + i];

      g_assert_true (s->answering);
      g_assert_cmpfloat_with_epsilon (s->compute, (10 + i) / 100., 1e-9);
      g_assert_cmpfloat_with_epsilon (s->bandwidth, (20 + i) / 100., 1e-9);
      g_assert_cmpfloat_with_epsilon (s->memory, (30 + i) / 100., 1e-9);
      g_assert_cmpfloat_with_epsilon (s->encoder, .01, 1e-9);
      g_assert_cmpfloat_with_epsilon (s->decoder, .02, 1e-9);
      g_assert_cmpfloat (s->temperature, ==, 50 + i);
      g_assert_cmpfloat (s->power, ==, 200 + i);
      g_assert_cmpfloat (s->clock, ==, 2000 + i);
      g_assert_cmpfloat (s->own, ==, -1);
    }
  g_mutex_unlock (&seen.lock);
  g_assert_cmpuint (sq_monitor_get_history (monitor, "cuda:0", history, SQ_MONITOR_HISTORY), >=, 4);
  g_assert_cmpuint (sq_monitor_get_history (monitor, "cuda:99", history, SQ_MONITOR_HISTORY), ==, 0);
  finish (monitor, &seen);
}

static void
test_not_supported (void)
{
  SqMonitor *monitor;
  Seen seen;

  fake_gpus_install (1);
  fake_gpu (0)->encoder = fake_gpu (0)->decoder = fake_gpu (0)->watt = fake_gpu (0)->compute = FAKE_NVML_NO;
  monitor = begin (&seen);
  await (&seen, 3);
  g_mutex_lock (&seen.lock);
  g_assert_true (seen.samples[1].answering);
  g_assert_cmpfloat (seen.samples[1].compute, ==, -1);
  g_assert_cmpfloat (seen.samples[1].bandwidth, ==, -1);
  g_assert_cmpfloat (seen.samples[1].encoder, ==, -1);
  g_assert_cmpfloat (seen.samples[1].power, ==, -1);
  g_assert_cmpfloat (seen.samples[1].temperature, ==, 50);
  g_mutex_unlock (&seen.lock);
  finish (monitor, &seen);
}

// One stops answering, by an error or by a call that does not return; the other goes on; it may come back.
static void
test_lost (gconstpointer hangs)
{
  SqMonitor *monitor;
  Seen seen;

  fake_gpus_install (2);
  monitor = begin (&seen);
  await (&seen, 2);
  if (hangs != NULL)
    fake_gpu (0)->hangs = 1;
  else
    fake_gpu (0)->code = 15;
  await (&seen, hangs != NULL ? 12 : 3);
  g_mutex_lock (&seen.lock);
  g_assert_false (seen.samples[1].answering);
  g_assert_cmpfloat (seen.samples[1].compute, ==, -1);
  g_assert_true (seen.samples[2].answering);
  g_assert_cmpfloat_with_epsilon (seen.samples[2].compute, .11, 1e-9);
  g_mutex_unlock (&seen.lock);
  if (hangs == NULL)
    {
      fake_gpu (0)->code = 0;
      await (&seen, 3);
      g_assert_true (seen.samples[1].answering);
    }
  finish (monitor, &seen);
  fake_gpu (0)->hangs = 0;
  g_usleep (50000);
}

// The CPU: of the whole, of this process, per core, and what the engine says it has under way.
static void
test_cpu (void)
{
  gint64 until = g_get_monotonic_time () + G_USEC_PER_SEC;
  float cores[512];
  SqMonitor *monitor;
  guint n;
  Seen seen;

  fake_gpus_install (1);
  sq_device_busy_begin ("cpu:0");
  sq_device_busy_begin ("cuda:0");
  sq_device_busy_begin ("cuda:0");
  monitor = begin (&seen);
  while (g_get_monotonic_time () < until) // one core, for a second
    ;
  await (&seen, 2);
  n = sq_monitor_get_cores (monitor, cores, G_N_ELEMENTS (cores));
  g_mutex_lock (&seen.lock);
  g_assert_cmpuint (n, >=, 1);
  g_assert_cmpfloat (seen.samples[0].compute, >=, 0);
  g_assert_cmpfloat (seen.samples[0].memory, >, 0);
  g_assert_cmpuint (seen.samples[0].own_bytes, >, 1 << 20);
  g_assert_cmpfloat_with_epsilon (seen.samples[0].busy, 1. / g_get_num_processors (), .01);
  g_assert_cmpfloat_with_epsilon (seen.samples[1].busy, 1, .01);
  g_assert_cmpfloat (seen.samples[0].temperature, ==, -1);
  g_mutex_unlock (&seen.lock);
  {
    SqDeviceSample history[SQ_MONITOR_HISTORY];
    double most = 0;

    n = sq_monitor_get_history (monitor, "cpu", history, SQ_MONITOR_HISTORY);
    for (guint i = 0; i < n; i++)
      most = MAX (most, history[i].own);
    g_assert_cmpfloat (most, >, .2 / g_get_num_processors ());
  }
  finish (monitor, &seen);
  sq_device_busy_end ("cpu:0");
  sq_device_busy_end ("cuda:0");
  sq_device_busy_end ("cuda:0");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  // In this order: a library that is open stays open.
  g_test_add_func ("/monitor/list", test_list);
  g_test_add_func ("/monitor/a-missing", test_missing);
  g_test_add_func ("/monitor/a-mismatch", test_mismatch);
  g_test_add_data_func ("/monitor/gpus/1", GUINT_TO_POINTER (1), test_gpus);
  g_test_add_data_func ("/monitor/gpus/8", GUINT_TO_POINTER (8), test_gpus);
  g_test_add_func ("/monitor/not-supported", test_not_supported);
  g_test_add_data_func ("/monitor/lost/error", NULL, test_lost);
  g_test_add_data_func ("/monitor/lost/hangs", GUINT_TO_POINTER (1), test_lost);
  g_test_add_func ("/monitor/cpu", test_cpu);
  return g_test_run ();
}
