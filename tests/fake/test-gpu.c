// SPDX-License-Identifier: GPL-3.0-or-later
// The simulated GPU keeps its promises: order, sides, accounting, graphs, faults, simulated time.
#include "gpu.h"

#include <math.h>
#include <string.h>

#define N 1000

typedef struct
{
  const SqGpuApi *api;
  SqGpuStream *stream;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  static const SqFakeGpuConfig plain = { .n_devices = 2, .memory = 1 << 20 };

  f->api = sq_fake_gpu_open (data != NULL ? data : &plain);
  g_assert_cmpint (f->api->stream_new (&f->stream), ==, SQ_GPU_OK);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  f->api->stream_free (f->stream);
  g_assert_cmpint (sq_fake_gpu_close (), ==, 0);
}

static gpointer
device_memory (Fixture *f, gsize bytes)
{
  gpointer p;

  g_assert_cmpint (f->api->alloc (&p, bytes), ==, SQ_GPU_OK);
  return p;
}

static gpointer
pinned_memory (Fixture *f, gsize bytes)
{
  gpointer p;

  g_assert_cmpint (f->api->alloc_host (&p, bytes), ==, SQ_GPU_OK);
  return p;
}

static SqCudaElementwise
doubling (gpointer out, gpointer in, int n)
{
  SqCudaView a = { in, SQ_CUDA_F32, { 0, 0, 0, 0, 0, 1 } }, o = { out, SQ_CUDA_F32, { 0, 0, 0, 0, 0, 1 } };

  return (SqCudaElementwise){ { 1, 1, 1, 1, 1, n }, o, a, a, 0, { 0 } };
}

static void
test_memory (Fixture *f, gconstpointer data)
{
  SqFakeGpuStats stats;
  gsize available, total;
  gpointer a = device_memory (f, 1000), b;

  g_assert_cmpint (((guint8 *) a)[999], ==, 0xA5);
  sq_fake_gpu_stats (0, &stats);
  g_assert_cmpuint (stats.used, ==, 1000);
  g_assert_cmpint (f->api->memory_info (&available, &total), ==, SQ_GPU_OK);
  g_assert_cmpuint (total - available, ==, 1000);
  g_assert_cmpint (f->api->alloc (&b, 1 << 20), ==, SQ_GPU_OUT_OF_MEMORY);
  g_assert_null (b);
  g_assert_cmpint (f->api->free_host (a), ==, SQ_GPU_INVALID);
  g_assert_cmpint (f->api->free ((char *) a + 1), ==, SQ_GPU_INVALID);
  g_assert_cmpint (f->api->free (a), ==, SQ_GPU_OK);
  g_assert_cmpint (f->api->free (NULL), ==, SQ_GPU_OK);
  sq_fake_gpu_stats (0, &stats);
  g_assert_cmpuint (stats.used, ==, 0);
  g_assert_cmpuint (stats.peak, ==, 1000);
  g_assert_cmpint (f->api->set_device (2), ==, SQ_GPU_INVALID);
}

static void
test_sides (Fixture *f, gconstpointer data)
{
  char pageable[100] = "pageable", back[100];
  gpointer here = device_memory (f, 100), there, pinned = pinned_memory (f, 100);

  f->api->set_device (1);
  there = device_memory (f, 100);
  f->api->set_device (0);
  g_assert_cmpint (f->api->copy (here, pageable, 100, SQ_GPU_TO_DEVICE, f->stream), ==, SQ_GPU_OK);
  memset (pageable, 0, sizeof pageable); // was taken at once
  g_assert_cmpint (f->api->copy (back, here, 100, SQ_GPU_TO_HOST, f->stream), ==, SQ_GPU_OK);
  g_assert_cmpstr (back, ==, "pageable");
  g_assert_cmpint (f->api->copy (pinned, here, 100, SQ_GPU_TO_HOST, f->stream), ==, SQ_GPU_OK);
  g_assert_cmpint (f->api->copy (here, there, 100, SQ_GPU_ON_DEVICE, f->stream), ==, SQ_GPU_INVALID);
  g_assert_cmpint (f->api->copy (there, pinned, 100, SQ_GPU_TO_DEVICE, f->stream), ==, SQ_GPU_INVALID);
  g_assert_cmpint (f->api->copy (here, pinned, 101, SQ_GPU_TO_DEVICE, f->stream), ==, SQ_GPU_INVALID);
  g_assert_cmpint (f->api->copy (pinned, here, 100, SQ_GPU_TO_DEVICE, f->stream), ==, SQ_GPU_INVALID);
  g_assert_cmpint (f->api->copy (here, here, 100, SQ_GPU_TO_HOST, f->stream), ==, SQ_GPU_INVALID);
  g_assert_cmpint (f->api->set ((char *) here + 1, 0, 100, f->stream), ==, SQ_GPU_INVALID);
  g_assert_cmpint (f->api->set ((char *) here + 1, 0, 99, f->stream), ==, SQ_GPU_OK);
  g_assert_cmpint (f->api->stream_wait (f->stream), ==, SQ_GPU_OK);
  g_assert_cmpstr (pinned, ==, "pageable");
  f->api->free (here);
  f->api->free (there);
  f->api->free_host (pinned);
}

static void
call (gpointer data)
{
  g_atomic_int_inc ((gint *) data);
}

static void
test_order (Fixture *f, gconstpointer data)
{
  float *host = pinned_memory (f, N * sizeof (float)), *device = device_memory (f, N * sizeof (float));
  gint calls = 0;
  SqFakeGpuStats stats;
  SqCudaElementwise job = doubling (device, device, N);

  for (int i = 0; i < N; i++)
    host[i] = (float) i;
  g_assert_cmpint (f->api->copy (device, host, N * sizeof (float), SQ_GPU_TO_DEVICE, f->stream), ==, SQ_GPU_OK);
  for (int i = 0; i < 5; i++)
    {
      g_assert_cmpint (f->api->kernels->elementwise (&job, f->stream), ==, SQ_GPU_OK);
      g_assert_cmpint (f->api->host_call (f->stream, call, &calls), ==, SQ_GPU_OK);
    }
  g_assert_cmpint (f->api->copy (host, device, N * sizeof (float), SQ_GPU_TO_HOST, f->stream), ==, SQ_GPU_OK);
  g_assert_cmpint (f->api->stream_wait (f->stream), ==, SQ_GPU_OK);
  g_assert_cmpint (calls, ==, 5);
  for (int i = 0; i < N; i++)
    g_assert_cmpfloat (host[i], ==, 32.f * (float) i);
  sq_fake_gpu_stats (0, &stats);
  g_assert_cmpuint (stats.kernels, ==, 5);
  g_assert_cmpuint (stats.copies, ==, 2);
  job.dim[5] = N + 1;
  g_assert_cmpint (f->api->kernels->elementwise (&job, f->stream), ==, SQ_GPU_INVALID);
  job.dim[5] = N;
  g_assert_cmpint (f->api->kernels->elementwise (&job, NULL), ==, SQ_GPU_INVALID);
  f->api->set_device (1);
  g_assert_cmpint (f->api->kernels->elementwise (&job, f->stream), ==, SQ_GPU_INVALID);
  f->api->set_device (0);
  f->api->free (device);
  f->api->free_host (host);
}

static void
test_graph (Fixture *f, gconstpointer data)
{
  float *device = device_memory (f, N * sizeof (float)), host[N];
  SqCudaElementwise job = doubling (device, device, N);
  SqGpuGraph *graph;
  gpointer p;

  for (int i = 0; i < N; i++)
    host[i] = 1;
  g_assert_cmpint (f->api->copy (device, host, sizeof host, SQ_GPU_TO_DEVICE, f->stream), ==, SQ_GPU_OK);
  g_assert_cmpint (f->api->capture_begin (f->stream), ==, SQ_GPU_OK);
  g_assert_cmpint (f->api->capture_begin (f->stream), ==, SQ_GPU_INVALID);
  g_assert_cmpint (f->api->kernels->elementwise (&job, f->stream), ==, SQ_GPU_OK);
  g_assert_cmpint (f->api->kernels->elementwise (&job, f->stream), ==, SQ_GPU_OK);
  g_assert_cmpint (f->api->copy (device, host, sizeof host, SQ_GPU_TO_DEVICE, f->stream), !=, SQ_GPU_OK);
  g_assert_cmpint (f->api->alloc (&p, 10), !=, SQ_GPU_OK);
  g_assert_cmpint (f->api->stream_wait (f->stream), !=, SQ_GPU_OK);
  g_assert_cmpint (f->api->capture_end (f->stream, &graph), ==, SQ_GPU_OK);
  g_assert_cmpint (f->api->copy (host, device, sizeof host, SQ_GPU_TO_HOST, f->stream), ==, SQ_GPU_OK);
  g_assert_cmpfloat (host[N - 1], ==, 1); // nothing ran
  for (int i = 0; i < 3; i++)
    g_assert_cmpint (f->api->graph_launch (graph, f->stream), ==, SQ_GPU_OK);
  g_assert_cmpint (f->api->graph_free (graph), ==, SQ_GPU_OK); // still queued
  g_assert_cmpint (f->api->copy (host, device, sizeof host, SQ_GPU_TO_HOST, f->stream), ==, SQ_GPU_OK);
  g_assert_cmpfloat (host[N - 1], ==, 64);
  f->api->free (device);
}

static void
test_events (Fixture *f, gconstpointer data)
{
  SqGpuEvent *a, *b;
  float ms;

  f->api->event_new (&a);
  f->api->event_new (&b);
  g_assert_cmpint (f->api->event_ms (a, b, &ms), ==, SQ_GPU_INVALID);
  f->api->event_record (a, f->stream);
  f->api->event_record (b, f->stream);
  f->api->stream_wait (f->stream);
  g_assert_cmpint (f->api->event_ms (a, b, &ms), ==, SQ_GPU_OK);
  g_assert_cmpfloat (ms, >=, 0);
  f->api->event_free (a);
  f->api->event_free (b);
}

// The plan's loop and the emulated kernel were written apart: they must agree.
static void
test_plan (Fixture *f, gconstpointer data)
{
  const int c = 12, k = 20, h = 9, w = 11, x_n = 2 * h * w * c, y_n = 2 * 5 * 6 * k, w_n = k * 9 * (c / 2);
  float *x = device_memory (f, x_n * 4), *weights = device_memory (f, w_n * 4), *bias = device_memory (f, k * 4);
  float *y = device_memory (f, y_n * 4), *y2 = device_memory (f, y_n * 4);
  SqCudaConv conv = { .x = { x, SQ_CUDA_F32, 2, h, w, c, h * w * c, w * c, c },
                      .y = { y, SQ_CUDA_F32, 2, 5, 6, k, 30 * k, 6 * k, k },
                      .weights = weights,
                      .bias = bias,
                      .kernel = { 3, 3 },
                      .stride = { 2, 2 },
                      .dilation = { 1, 1 },
                      .pad = { 1, 1, 1, 1 },
                      .groups = 2,
                      .act = { 5, 0, 0 } };
  g_autoptr (GError) error = NULL;
  g_autofree char *saved = NULL, *text = NULL;
  SqGpuDnn *dnn = f->api->dnn_new (0, &error);
  SqGpuPlan *plan, *again;
  SqFakeGpuStats stats;
  gpointer workspace;

  g_assert_no_error (error);
  for (int i = 0; i < x_n; i++)
    x[i] = (float) sin (i);
  for (int i = 0; i < w_n; i++)
    weights[i] = (float) cos (i) * .2f;
  for (int i = 0; i < k; i++)
    bias[i] = (float) i * .1f;
  plan = f->api->plan_new (dnn, &(SqGpuConv){ conv, TRUE, FALSE }, NULL, &error);
  g_assert_no_error (error);
  saved = f->api->plan_save (plan);
  text = f->api->plan_describe (plan);
  g_assert_nonnull (strstr (text, "simulated"));
  again = f->api->plan_new (dnn, &(SqGpuConv){ conv, TRUE, FALSE }, saved, &error);
  sq_fake_gpu_stats (0, &stats);
  g_assert_cmpuint (stats.plans_built, ==, 1);
  g_assert_cmpuint (stats.plans_restored, ==, 1);
  workspace = device_memory (f, f->api->plan_workspace (plan));
  g_assert_cmpint (f->api->plan_run (plan, &conv, workspace, f->stream), ==, SQ_GPU_OK);
  conv.y.data = y2;
  g_assert_cmpint (f->api->kernels->conv (&conv, f->stream), ==, SQ_GPU_OK);
  conv.stride[0] = 1;
  g_assert_cmpint (f->api->plan_run (plan, &conv, workspace, f->stream), ==, SQ_GPU_INVALID);
  g_assert_cmpint (f->api->stream_wait (f->stream), ==, SQ_GPU_OK);
  for (int i = 0; i < y_n; i++)
    g_assert_cmpfloat_with_epsilon (y[i], y2[i], 1e-5);
  f->api->plan_free (plan);
  f->api->plan_free (again);
  f->api->dnn_free (dnn);
  f->api->free (workspace);
  f->api->free (x);
  f->api->free (weights);
  f->api->free (bias);
  f->api->free (y);
  f->api->free (y2);
}

static const SqFakeGpuConfig with_workspace = { .n_devices = 1, .workspace = 256 };

static const SqFakeGpuConfig losing = { .n_devices = 2, .lose_at = { 3 }, .fail_alloc = 2 };

static void
test_lost (Fixture *f, gconstpointer data)
{
  gpointer p, q, other;
  gint calls = 0;
  SqGpuStream *stream;

  g_assert_cmpint (f->api->alloc (&p, 8), ==, SQ_GPU_OK);
  g_assert_cmpint (f->api->alloc (&q, 8), ==, SQ_GPU_OUT_OF_MEMORY);
  for (int i = 0; i < 5; i++)
    f->api->host_call (f->stream, call, &calls);
  g_assert_cmpint (f->api->stream_wait (f->stream), ==, SQ_GPU_LOST);
  g_assert_cmpint (calls, ==, 2);
  g_assert_cmpint (f->api->alloc (&q, 8), ==, SQ_GPU_LOST);
  g_assert_cmpint (f->api->host_call (f->stream, call, &calls), ==, SQ_GPU_LOST);
  g_assert_cmpint (f->api->set (p, 0, 8, f->stream), ==, SQ_GPU_LOST);
  g_assert_cmpint (f->api->stream_new (&stream), ==, SQ_GPU_LOST);
  g_assert_cmpint (f->api->free (p), ==, SQ_GPU_LOST); // and yet it is freed
  f->api->set_device (1);
  g_assert_cmpint (f->api->alloc (&other, 8), ==, SQ_GPU_OK);
  g_assert_cmpint (f->api->free (other), ==, SQ_GPU_OK);
  f->api->set_device (0);
}

static const SqFakeGpuConfig timed = { .n_devices = 2, .kernel_us = 2000, .slower = { 1, 5 }, .no_math = TRUE };

// Four kernels on two streams of one device take turns; the slower device takes five times as long.
static void
test_time (Fixture *f, gconstpointer data)
{
  float *p = device_memory (f, 4);
  SqCudaElementwise job = doubling (p, p, 1);
  SqGpuStream *second;
  SqGpuEvent *a, *b;
  gint64 start = g_get_monotonic_time (), took;
  float ms;

  *p = 1;
  f->api->stream_new (&second);
  for (int i = 0; i < 4; i++)
    g_assert_cmpint (f->api->kernels->elementwise (&job, i % 2 == 0 ? f->stream : second), ==, SQ_GPU_OK);
  f->api->stream_wait (f->stream);
  f->api->stream_wait (second);
  took = g_get_monotonic_time () - start;
  g_assert_cmpint (took, >=, 8000);
  g_assert_cmpfloat (*p, ==, 1); // not computed
  f->api->free (p);
  f->api->stream_free (second);

  f->api->set_device (1);
  p = device_memory (f, 4);
  job = doubling (p, p, 1);
  f->api->stream_new (&second);
  f->api->event_new (&a);
  f->api->event_new (&b);
  f->api->event_record (a, second);
  f->api->kernels->elementwise (&job, second);
  f->api->event_record (b, second);
  f->api->stream_wait (second);
  g_assert_cmpint (f->api->event_ms (a, b, &ms), ==, SQ_GPU_OK);
  g_assert_cmpfloat (ms, >=, 9.9);
  f->api->event_free (a);
  f->api->event_free (b);
  f->api->free (p);
  f->api->stream_free (second);
  f->api->set_device (0);
}

static gpointer
busy_thread (gpointer data)
{
  const SqGpuApi *api = data;
  static gint next;
  int device = g_atomic_int_add (&next, 1) % 2;
  float *p, host[N];
  SqGpuStream *stream;

  api->set_device (device);
  g_assert_cmpint (api->alloc ((gpointer *) &p, sizeof host), ==, SQ_GPU_OK);
  g_assert_cmpint (api->stream_new (&stream), ==, SQ_GPU_OK);
  for (int round = 0; round < 20; round++)
    {
      SqCudaElementwise job = doubling (p, p, N);
      SqCudaReduce sum = { .outer = 1, .n = N, .inner = 1, .x = p, .y = p, .type = SQ_CUDA_F32 };

      for (int i = 0; i < N; i++)
        host[i] = (float) (round + i);
      g_assert_cmpint (api->copy (p, host, sizeof host, SQ_GPU_TO_DEVICE, stream), ==, SQ_GPU_OK);
      g_assert_cmpint (api->kernels->elementwise (&job, stream), ==, SQ_GPU_OK);
      g_assert_cmpint (api->kernels->reduce (&sum, stream), ==, SQ_GPU_OK);
      g_assert_cmpint (api->copy (host, p, sizeof host, SQ_GPU_TO_HOST, stream), ==, SQ_GPU_OK);
      g_assert_cmpfloat (host[0], ==, (float) (N * (N - 1) + 2 * round * N));
    }
  api->free (p);
  api->stream_free (stream);
  return NULL;
}

static void
test_threads (Fixture *f, gconstpointer data)
{
  GThread *threads[4];

  for (int i = 0; i < 4; i++)
    threads[i] = g_thread_new ("user", busy_thread, (gpointer) f->api);
  for (int i = 0; i < 4; i++)
    g_thread_join (threads[i]);
}

static void
test_leaks (void)
{
  const SqGpuApi *api = sq_fake_gpu_open (&(SqFakeGpuConfig){ .n_devices = 1 });
  SqGpuStream *stream;
  SqGpuEvent *event;
  gpointer p;

  api->alloc (&p, 8);
  ((char *) p)[8] = 0; // and one past the end
  api->stream_new (&stream);
  api->event_new (&event);
  g_assert_cmpint (sq_fake_gpu_close (), ==, 4);
  g_free (event); // nothing else knows it any more
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/fake/gpu/memory", Fixture, NULL, set_up, test_memory, tear_down);
  g_test_add ("/fake/gpu/sides", Fixture, NULL, set_up, test_sides, tear_down);
  g_test_add ("/fake/gpu/order", Fixture, NULL, set_up, test_order, tear_down);
  g_test_add ("/fake/gpu/graph", Fixture, NULL, set_up, test_graph, tear_down);
  g_test_add ("/fake/gpu/events", Fixture, NULL, set_up, test_events, tear_down);
  g_test_add ("/fake/gpu/plan", Fixture, &with_workspace, set_up, test_plan, tear_down);
  g_test_add ("/fake/gpu/lost", Fixture, &losing, set_up, test_lost, tear_down);
  g_test_add ("/fake/gpu/time", Fixture, &timed, set_up, test_time, tear_down);
  g_test_add ("/fake/gpu/threads", Fixture, NULL, set_up, test_threads, tear_down);
  g_test_add_func ("/fake/gpu/leaks", test_leaks);
  return g_test_run ();
}
