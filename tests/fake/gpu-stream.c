// SPDX-License-Identifier: GPL-3.0-or-later
// Streams, events, captures: one thread per stream.
//
// Simulated time: an operation begins when it was queued, its stream is done with the one before and the device's engine is free, whichever
// comes last; the thread sleeps until its end. Ends are added up, not measured: what a sleep is late does not pile up.
#include "gpu-private.h"

#include <string.h>
#include <time.h>

static __thread gboolean in_call;

gboolean
_sq_fake_in_call (void)
{
  return in_call;
}

Op *
_sq_fake_op (OpKind kind, double us)
{
  Op *op = g_new0 (Op, 1);

  op->refs = 1;
  op->kind = kind;
  op->us = us + _sq_fake.config.launch_us;
  return op;
}

static void
event_unref (SqGpuEvent *event)
{
  if (g_atomic_int_dec_and_test (&event->refs))
    g_free (event);
}

static void
graph_unref (SqGpuGraph *graph)
{
  if (g_atomic_int_dec_and_test (&graph->refs))
    {
      g_ptr_array_unref (graph->ops);
      g_free (graph);
    }
}

void
_sq_fake_op_unref (gpointer data)
{
  Op *op = data;

  if (!g_atomic_int_dec_and_test (&op->refs))
    return;
  if (op->drop != NULL)
    op->drop (op->data);
  g_clear_pointer (&op->event, event_unref);
  g_clear_pointer (&op->graph, graph_unref);
  g_free (op->staged);
  g_free (op);
}

// Where work has no simulated cost, events tell the time it took.
static gboolean
timed (void)
{
  const SqFakeGpuConfig *c = &_sq_fake.config;

  return c->launch_us > 0 || c->kernel_us > 0 || c->gflops > 0 || c->gbytes > 0;
}

// Lock held; gives it up while asleep.
static void
spend (SqGpuStream *stream, const Op *op)
{
  FakeDevice *device = &_sq_fake.device[stream->device];
  double slower = _sq_fake.config.slower[stream->device], us = op->us * (slower > 0 ? slower : 1);
  double *engine = op->kind == OP_COPY ? &device->copy_us : op->kind == OP_KERNEL || op->kind == OP_PLAN ? &device->compute_us : NULL;
  double begin = MAX (stream->clock_us, engine != NULL ? *engine : 0), end = begin + us, late;

  stream->clock_us = end;
  if (us <= 0)
    return;
  if (engine != NULL)
    *engine = end;
  device->stats.busy_us += us;
  late = end - (double) g_get_monotonic_time ();
  if (late > 0)
    {
      struct timespec nap = { (time_t) (late / 1e6), (long) ((gint64) (late * 1e3) % 1000000000) };

      g_mutex_unlock (&_sq_fake.lock);
      nanosleep (&nap, NULL);
      g_mutex_lock (&_sq_fake.lock);
    }
}

static void
count (SqFakeGpuStats *stats, const Op *op)
{
  stats->operations++;
  stats->copies += op->kind == OP_COPY || op->kind == OP_SET;
  stats->kernels += op->kind == OP_KERNEL;
  stats->plans += op->kind == OP_PLAN;
  stats->host_calls += op->kind == OP_CALL;
}

// Lock held; given up while the operation works.
static void
perform (SqGpuStream *stream, Op *op)
{
  FakeDevice *device = &_sq_fake.device[stream->device];

  if (op->kind == OP_GRAPH)
    {
      device->stats.graphs++;
      for (guint i = 0; i < op->graph->ops->len; i++)
        perform (stream, g_ptr_array_index (op->graph->ops, i));
      return;
    }
  if (!device->lost && device->stats.operations + 1 == _sq_fake.config.lose_at[stream->device])
    device->lost = TRUE;
  if (device->lost) // what is queued behind is dropped, as on a real one; also host calls
    return;
  count (&device->stats, op);
  spend (stream, op);
  if (op->kind == OP_EVENT)
    {
      op->event->passed++;
      op->event->at_us = timed () ? stream->clock_us : (double) g_get_monotonic_time ();
      return;
    }
  g_mutex_unlock (&_sq_fake.lock);
  if (op->kind == OP_COPY)
    memmove (op->to, op->from, op->bytes);
  else if (op->kind == OP_SET)
    memset (op->to, op->byte, op->bytes);
  else if (op->kind == OP_CALL)
    {
      in_call = TRUE;
      op->run (op->data);
      in_call = FALSE;
    }
  else if (op->run != NULL)
    op->run (op->data);
  g_mutex_lock (&_sq_fake.lock);
}

static gpointer
work (gpointer data)
{
  SqGpuStream *stream = data;
  Op *op;

  g_mutex_lock (&_sq_fake.lock);
  for (;;)
    {
      while ((op = g_queue_pop_head (&stream->queue)) == NULL && !stream->quit)
        g_cond_wait (&stream->wake, &_sq_fake.lock);
      if (op == NULL)
        break;
      stream->busy = TRUE;
      perform (stream, op);
      g_mutex_unlock (&_sq_fake.lock);
      _sq_fake_op_unref (op);
      g_mutex_lock (&_sq_fake.lock);
      stream->busy = FALSE;
      if (g_queue_is_empty (&stream->queue))
        g_cond_broadcast (&_sq_fake.idle);
    }
  g_mutex_unlock (&_sq_fake.lock);
  return NULL;
}

static gboolean
is_idle (const SqGpuStream *stream)
{
  return !stream->busy && g_queue_is_empty ((GQueue *) &stream->queue);
}

static gboolean
is_drained (int device)
{
  for (guint i = 0; i < _sq_fake.streams->len; i++)
    {
      const SqGpuStream *stream = g_ptr_array_index (_sq_fake.streams, i);

      if (stream->device == device && !is_idle (stream))
        return FALSE;
    }
  return TRUE;
}

void
_sq_fake_drain (int device)
{
  while (!is_drained (device)) // from the start each time: other threads free their streams meanwhile
    g_cond_wait (&_sq_fake.idle, &_sq_fake.lock);
}

int
_sq_fake_push (SqGpuStream *stream, Op *op)
{
  int code = in_call || stream == NULL ? SQ_GPU_INVALID : SQ_GPU_OK;

  g_mutex_lock (&_sq_fake.lock);
  if (code == SQ_GPU_OK)
    code = _sq_fake_state (stream->device);
  if (code == SQ_GPU_OK && stream->capture != NULL)
    g_ptr_array_add (stream->capture, g_steal_pointer (&op));
  else if (code == SQ_GPU_OK)
    {
      if (!stream->busy && g_queue_is_empty (&stream->queue))
        stream->clock_us = MAX (stream->clock_us, (double) g_get_monotonic_time ());
      g_queue_push_tail (&stream->queue, g_steal_pointer (&op));
      g_cond_signal (&stream->wake);
    }
  g_mutex_unlock (&_sq_fake.lock);
  g_clear_pointer (&op, _sq_fake_op_unref);
  return code;
}

int
_sq_fake_submit (gpointer stream, void (*run) (gpointer), void (*drop) (gpointer), gpointer launch)
{
  Op *op = _sq_fake_op (OP_KERNEL, _sq_fake.config.kernel_us);

  op->run = _sq_fake.config.no_math ? NULL : run;
  op->drop = drop;
  op->data = launch;
  return _sq_fake_push (stream, op);
}

int
_sq_fake_stream_new (SqGpuStream **out)
{
  SqGpuStream *stream;
  int code;

  *out = NULL;
  g_mutex_lock (&_sq_fake.lock);
  code = in_call ? SQ_GPU_INVALID : _sq_fake_state (_sq_fake_current ());
  if (code == SQ_GPU_OK)
    {
      stream = g_new0 (SqGpuStream, 1);
      stream->device = _sq_fake_current ();
      g_queue_init (&stream->queue);
      g_cond_init (&stream->wake);
      g_ptr_array_add (_sq_fake.streams, stream);
      stream->thread = g_thread_new ("fake-gpu", work, stream);
      *out = stream;
    }
  g_mutex_unlock (&_sq_fake.lock);
  return code;
}

int
_sq_fake_stream_free (SqGpuStream *stream)
{
  int code;

  if (in_call)
    return SQ_GPU_INVALID;
  g_mutex_lock (&_sq_fake.lock);
  stream->quit = TRUE;
  g_cond_signal (&stream->wake);
  g_mutex_unlock (&_sq_fake.lock);
  g_thread_join (stream->thread); // after all that is queued
  g_mutex_lock (&_sq_fake.lock);
  g_ptr_array_remove (_sq_fake.streams, stream);
  g_cond_broadcast (&_sq_fake.idle); // whoever waited for it
  code = _sq_fake_state (stream->device);
  g_mutex_unlock (&_sq_fake.lock);
  g_clear_pointer (&stream->capture, g_ptr_array_unref);
  g_cond_clear (&stream->wake);
  g_free (stream);
  return code;
}

int
_sq_fake_stream_wait (SqGpuStream *stream)
{
  int code;

  if (in_call)
    return SQ_GPU_INVALID;
  g_mutex_lock (&_sq_fake.lock);
  if (stream == NULL) // the default stream: nothing here queues on it
    {
      code = _sq_fake_state (_sq_fake_current ());
      g_mutex_unlock (&_sq_fake.lock);
      return code;
    }
  code = stream->capture != NULL ? CAPTURE_UNSUPPORTED : SQ_GPU_OK;
  if (code == SQ_GPU_OK)
    {
      while (!is_idle (stream))
        g_cond_wait (&_sq_fake.idle, &_sq_fake.lock);
      code = _sq_fake_state (stream->device);
    }
  g_mutex_unlock (&_sq_fake.lock);
  return code;
}

int
_sq_fake_event_new (SqGpuEvent **event)
{
  int code;

  *event = NULL;
  g_mutex_lock (&_sq_fake.lock);
  code = _sq_fake_state (_sq_fake_current ());
  if (code == SQ_GPU_OK)
    {
      *event = g_new0 (SqGpuEvent, 1);
      (*event)->refs = 1;
      (*event)->device = _sq_fake_current ();
      _sq_fake.events++;
    }
  g_mutex_unlock (&_sq_fake.lock);
  return code;
}

int
_sq_fake_event_free (SqGpuEvent *event)
{
  int code;

  g_mutex_lock (&_sq_fake.lock);
  _sq_fake.events--;
  code = _sq_fake_state (event->device);
  g_mutex_unlock (&_sq_fake.lock);
  event_unref (event);
  return code;
}

int
_sq_fake_event_record (SqGpuEvent *event, SqGpuStream *stream)
{
  Op *op;

  if (event->device != stream->device)
    return SQ_GPU_INVALID;
  op = _sq_fake_op (OP_EVENT, 0);
  op->us = 0;
  op->event = event;
  g_atomic_int_inc (&event->refs);
  g_mutex_lock (&_sq_fake.lock);
  event->wanted += stream->capture == NULL;
  g_mutex_unlock (&_sq_fake.lock);
  return _sq_fake_push (stream, op);
}

int
_sq_fake_event_ms (SqGpuEvent *from, SqGpuEvent *to, float *ms)
{
  int code;

  g_mutex_lock (&_sq_fake.lock);
  code = _sq_fake_state (from->device);
  if (code == SQ_GPU_OK)
    code = from->passed == 0 || to->passed == 0                     ? SQ_GPU_INVALID
           : from->passed < from->wanted || to->passed < to->wanted ? SQ_GPU_NOT_READY
                                                                    : SQ_GPU_OK;
  if (code == SQ_GPU_OK)
    *ms = (float) ((to->at_us - from->at_us) / 1e3);
  g_mutex_unlock (&_sq_fake.lock);
  return code;
}

int
_sq_fake_capture_begin (SqGpuStream *stream)
{
  int code;

  g_mutex_lock (&_sq_fake.lock);
  code = _sq_fake_state (stream->device);
  if (code == SQ_GPU_OK && (in_call || stream->capture != NULL))
    code = SQ_GPU_INVALID;
  if (code == SQ_GPU_OK)
    {
      stream->capture = g_ptr_array_new_with_free_func (_sq_fake_op_unref);
      stream->capturing = g_thread_self ();
    }
  g_mutex_unlock (&_sq_fake.lock);
  return code;
}

int
_sq_fake_capture_end (SqGpuStream *stream, SqGpuGraph **graph)
{
  GPtrArray *ops;
  int code;

  *graph = NULL;
  g_mutex_lock (&_sq_fake.lock);
  ops = g_steal_pointer (&stream->capture);
  code = ops == NULL ? SQ_GPU_INVALID : _sq_fake_state (stream->device);
  if (code == SQ_GPU_OK)
    {
      *graph = g_new0 (SqGpuGraph, 1);
      (*graph)->refs = 1;
      (*graph)->device = stream->device;
      (*graph)->ops = g_steal_pointer (&ops);
      _sq_fake.graphs++;
    }
  g_mutex_unlock (&_sq_fake.lock);
  g_clear_pointer (&ops, g_ptr_array_unref);
  return code;
}

int
_sq_fake_graph_launch (SqGpuGraph *graph, SqGpuStream *stream)
{
  Op *op;

  if (graph->device != stream->device)
    return SQ_GPU_INVALID;
  op = _sq_fake_op (OP_GRAPH, 0);
  op->graph = graph;
  g_atomic_int_inc (&graph->refs);
  return _sq_fake_push (stream, op);
}

int
_sq_fake_graph_free (SqGpuGraph *graph)
{
  int code;

  g_mutex_lock (&_sq_fake.lock);
  _sq_fake.graphs--;
  code = _sq_fake_state (graph->device);
  g_mutex_unlock (&_sq_fake.lock);
  graph_unref (graph);
  return code;
}
