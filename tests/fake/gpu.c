// SPDX-License-Identifier: GPL-3.0-or-later
// Devices, memory and the table.
#include "gpu-private.h"

#include "tests/emulation/cuemu.h"

#include <stdlib.h>
#include <string.h>

#define GUARD 64 // bytes behind every block, looked at when it is freed
#define ALIGN 256
#define FILL 0xA5

Fake _sq_fake;

static __thread int current;

int
_sq_fake_current (void)
{
  return current;
}

int
_sq_fake_state (int device)
{
  return _sq_fake.device[device].lost ? SQ_GPU_LOST : SQ_GPU_OK;
}

static int
device_count (int *n)
{
  *n = _sq_fake.config.n_devices;
  return *n > 0 ? SQ_GPU_OK : SQ_GPU_NO_DEVICE;
}

static int
set_device (int device)
{
  if (device < 0 || device >= _sq_fake.config.n_devices)
    return SQ_GPU_INVALID;
  current = device;
  return SQ_GPU_OK;
}

static int
properties (int device, SqGpuProperties *p)
{
  if (device < 0 || device >= _sq_fake.config.n_devices)
    return SQ_GPU_INVALID;
  *p = (SqGpuProperties){ .major = _sq_fake.config.major,
                          .minor = _sq_fake.config.minor,
                          .multiprocessors = 16,
                          .memory = _sq_fake.config.memory,
                          .clock_khz = 1500000,
                          .memory_clock_khz = 7000000,
                          .driver = 13000,
                          .runtime = 13000 };
  g_snprintf (p->name, sizeof p->name, "Simulated GPU %d", device);
  g_snprintf (p->pci, sizeof p->pci, "0000:%02x:00.0", device + 1);
  return SQ_GPU_OK;
}

static int
memory_info (gsize *free_bytes, gsize *total)
{
  int code;

  g_mutex_lock (&_sq_fake.lock);
  *total = _sq_fake.config.memory;
  *free_bytes = *total - _sq_fake.device[current].stats.used;
  code = _sq_fake_state (current);
  g_mutex_unlock (&_sq_fake.lock);
  return code;
}

static const char *
error_string (int error)
{
  switch (error)
    {
    case SQ_GPU_OK:
      return "no error";
    case SQ_GPU_INVALID:
      return "invalid argument";
    case SQ_GPU_OUT_OF_MEMORY:
      return "out of memory";
    case SQ_GPU_NO_DEVICE:
      return "no CUDA-capable device is detected";
    case SQ_GPU_NOT_READY:
      return "device not ready";
    case SQ_GPU_LOST:
      return "unspecified launch failure";
    case CAPTURE_UNSUPPORTED:
      return "operation not permitted when stream is capturing";
    default:
      return "unknown error";
    }
}

static int
by_address (gconstpointer a, gconstpointer b, gpointer unused)
{
  return (guintptr) a < (guintptr) b ? -1 : (guintptr) a > (guintptr) b;
}

const FakeBlock *
_sq_fake_find (gconstpointer p, gsize bytes)
{
  GTreeNode *after = g_tree_upper_bound (_sq_fake.blocks, p), *node;
  const FakeBlock *block;

  node = after != NULL ? g_tree_node_previous (after) : g_tree_node_last (_sq_fake.blocks);
  if (node == NULL)
    return NULL;
  block = g_tree_node_value (node);
  return (guintptr) p - (guintptr) block->data <= block->bytes && bytes <= block->bytes - ((guintptr) p - (guintptr) block->data) ? block
                                                                                                                                  : NULL;
}

static gboolean
capturing (int device)
{
  for (guint i = 0; i < _sq_fake.streams->len; i++)
    {
      const SqGpuStream *stream = g_ptr_array_index (_sq_fake.streams, i);

      if (stream->capture != NULL && stream->device == device && stream->capturing == g_thread_self ()) // as CUDA's thread-local mode
        return TRUE;
    }
  return FALSE;
}

// Lock held.
static gpointer
block_new (gsize bytes, int device)
{
  FakeBlock *block = g_new (FakeBlock, 1);

  *block = (FakeBlock){ aligned_alloc (ALIGN, (bytes + GUARD + ALIGN - 1) / ALIGN * ALIGN), bytes, device };
  memset (block->data, FILL, bytes + GUARD);
  g_tree_insert (_sq_fake.blocks, block->data, block);
  return block->data;
}

static void
block_clear (gpointer data)
{
  FakeBlock *block = data;

  for (gsize i = 0; i < GUARD; i++)
    if (((guint8 *) block->data)[block->bytes + i] != FILL)
      {
        g_printerr ("fake gpu: a block of %" G_GSIZE_FORMAT " bytes was written past its end\n", block->bytes);
        _sq_fake.damaged++;
        break;
      }
  free (block->data);
  g_free (block);
}

static int
alloc (gpointer *memory, gsize bytes)
{
  SqFakeGpuStats *stats = &_sq_fake.device[current].stats;
  int code;

  *memory = NULL;
  if (_sq_fake_in_call ())
    return SQ_GPU_INVALID;
  g_mutex_lock (&_sq_fake.lock);
  code = _sq_fake_state (current);
  if (code == SQ_GPU_OK && capturing (current))
    code = CAPTURE_UNSUPPORTED;
  if (code == SQ_GPU_OK && (++_sq_fake.allocations == _sq_fake.config.fail_alloc || bytes > _sq_fake.config.memory - stats->used))
    code = SQ_GPU_OUT_OF_MEMORY;
  if (code == SQ_GPU_OK && bytes > 0)
    {
      *memory = block_new (bytes, current);
      stats->allocations++;
      stats->used += bytes;
      stats->peak = MAX (stats->peak, stats->used);
    }
  g_mutex_unlock (&_sq_fake.lock);
  return code;
}

// Waits for the device, as CUDA does: nothing queued loses its memory.
static int
free_block (gpointer memory, gboolean host)
{
  const FakeBlock *block;
  int code = SQ_GPU_INVALID;

  if (memory == NULL)
    return SQ_GPU_OK;
  if (_sq_fake_in_call ())
    return SQ_GPU_INVALID;
  g_mutex_lock (&_sq_fake.lock);
  block = g_tree_lookup (_sq_fake.blocks, memory);
  if (block != NULL && (block->device < 0) == host)
    {
      int device = host ? current : block->device;

      _sq_fake_drain (device);
      code = _sq_fake_state (device);
      if (!host)
        _sq_fake.device[device].stats.used -= block->bytes;
      g_tree_remove (_sq_fake.blocks, memory);
    }
  g_mutex_unlock (&_sq_fake.lock);
  return code;
}

static int
free_device (gpointer memory)
{
  return free_block (memory, FALSE);
}

static int
alloc_host (gpointer *memory, gsize bytes)
{
  int code;

  *memory = NULL;
  if (_sq_fake_in_call ())
    return SQ_GPU_INVALID;
  g_mutex_lock (&_sq_fake.lock);
  code = _sq_fake_state (current);
  if (code == SQ_GPU_OK && ++_sq_fake.host_allocations == _sq_fake.config.fail_host_alloc)
    code = SQ_GPU_OUT_OF_MEMORY;
  if (code == SQ_GPU_OK && bytes > 0)
    *memory = block_new (bytes, -1);
  g_mutex_unlock (&_sq_fake.lock);
  return code;
}

static int
free_host (gpointer memory)
{
  return free_block (memory, TRUE);
}

static double
copy_us (gsize bytes)
{
  return _sq_fake.config.gbytes > 0 ? (double) bytes / (_sq_fake.config.gbytes * 1e3) : 0;
}

static int
copy (gpointer to, gconstpointer from, gsize bytes, SqGpuCopy kind, SqGpuStream *stream)
{
  const FakeBlock *a, *b;
  gboolean right, pageable;
  Op *op;
  int code;

  if (bytes == 0)
    return SQ_GPU_OK;
  g_mutex_lock (&_sq_fake.lock);
  a = _sq_fake_find (to, bytes);
  b = _sq_fake_find (from, bytes);
  right = (kind == SQ_GPU_TO_HOST ? (a == NULL && _sq_fake_find (to, 0) == NULL) || (a != NULL && a->device < 0)
                                  : a != NULL && a->device == stream->device)
          && (kind == SQ_GPU_TO_DEVICE ? (b == NULL && _sq_fake_find (from, 0) == NULL) || (b != NULL && b->device < 0)
                                       : b != NULL && b->device == stream->device);
  pageable = (kind == SQ_GPU_TO_HOST && a == NULL) || (kind == SQ_GPU_TO_DEVICE && b == NULL);
  code = !right ? SQ_GPU_INVALID : pageable && stream->capture != NULL ? CAPTURE_UNSUPPORTED : SQ_GPU_OK;
  g_mutex_unlock (&_sq_fake.lock);
  if (code != SQ_GPU_OK)
    return code;
  op = _sq_fake_op (OP_COPY, copy_us (bytes));
  op->to = to;
  op->from = from;
  op->bytes = bytes;
  if (pageable && kind == SQ_GPU_TO_DEVICE)
    op->from = op->staged = g_memdup2 (from, bytes);
  code = _sq_fake_push (stream, op);
  return code == SQ_GPU_OK && pageable && kind == SQ_GPU_TO_HOST ? _sq_fake_stream_wait (stream) : code;
}

static int
set (gpointer memory, int byte, gsize bytes, SqGpuStream *stream)
{
  const FakeBlock *block;
  gboolean right;
  Op *op;

  if (bytes == 0)
    return SQ_GPU_OK;
  g_mutex_lock (&_sq_fake.lock);
  block = _sq_fake_find (memory, bytes);
  right = block != NULL && block->device == stream->device;
  g_mutex_unlock (&_sq_fake.lock);
  if (!right)
    return SQ_GPU_INVALID;
  op = _sq_fake_op (OP_SET, 0);
  op->to = memory;
  op->byte = byte;
  op->bytes = bytes;
  return _sq_fake_push (stream, op);
}

static int
host_call (SqGpuStream *stream, void (*call) (gpointer), gpointer data)
{
  Op *op = _sq_fake_op (OP_CALL, 0);

  op->run = call;
  op->data = data;
  return _sq_fake_push (stream, op);
}

static const SqGpuApi api = {
  .name = "fake",
  .device_count = device_count,
  .set_device = set_device,
  .properties = properties,
  .memory_info = memory_info,
  .error_string = error_string,
  .alloc = alloc,
  .free = free_device,
  .alloc_host = alloc_host,
  .free_host = free_host,
  .stream_new = _sq_fake_stream_new,
  .stream_free = _sq_fake_stream_free,
  .stream_wait = _sq_fake_stream_wait,
  .event_new = _sq_fake_event_new,
  .event_free = _sq_fake_event_free,
  .event_record = _sq_fake_event_record,
  .event_ms = _sq_fake_event_ms,
  .copy = copy,
  .set = set,
  .host_call = host_call,
  .capture_begin = _sq_fake_capture_begin,
  .capture_end = _sq_fake_capture_end,
  .graph_launch = _sq_fake_graph_launch,
  .graph_free = _sq_fake_graph_free,
  .dnn_new = _sq_fake_dnn_new,
  .dnn_free = _sq_fake_dnn_free,
  .dnn_version = _sq_fake_dnn_version,
  .plan_new = _sq_fake_plan_new,
  .plan_save = _sq_fake_plan_save,
  .plan_workspace = _sq_fake_plan_workspace,
  .plan_describe = _sq_fake_plan_describe,
  .plan_free = _sq_fake_plan_free,
  .plan_run = _sq_fake_plan_run,
  .kernels = &_sq_fake_kernels,
};

const SqGpuApi *
sq_fake_gpu_open (const SqFakeGpuConfig *config)
{
  g_assert (!_sq_fake.open && config->n_devices <= SQ_FAKE_GPU_MAX);
  memset (&_sq_fake, 0, sizeof _sq_fake);
  g_mutex_init (&_sq_fake.lock);
  _sq_fake.open = TRUE;
  _sq_fake.config = *config;
  _sq_fake.config.memory = config->memory > 0 ? config->memory : (gsize) 1 << 30;
  if (config->major == 0)
    {
      _sq_fake.config.major = 8;
      _sq_fake.config.minor = 6;
    }
  _sq_fake.blocks = g_tree_new_full (by_address, NULL, NULL, block_clear);
  _sq_fake.streams = g_ptr_array_new ();
  current = 0;
  cuemu_submit = _sq_fake_submit;
  return &api;
}

void
sq_fake_gpu_stats (int device, SqFakeGpuStats *stats)
{
  g_mutex_lock (&_sq_fake.lock);
  *stats = _sq_fake.device[device].stats;
  g_mutex_unlock (&_sq_fake.lock);
}

void
sq_fake_gpu_lose (int device)
{
  g_mutex_lock (&_sq_fake.lock);
  _sq_fake.device[device].lost = TRUE;
  g_mutex_unlock (&_sq_fake.lock);
}

static int
report (const char *what, int n)
{
  if (n > 0)
    g_printerr ("fake gpu: %d %s left\n", n, what);
  return n;
}

int
sq_fake_gpu_close (void)
{
  int left = 0, blocks = g_tree_nnodes (_sq_fake.blocks);

  left += report ("streams", (int) _sq_fake.streams->len);
  while (_sq_fake.streams->len > 0)
    _sq_fake_stream_free (g_ptr_array_index (_sq_fake.streams, 0));
  left += report ("blocks of memory", blocks) + report ("events", _sq_fake.events) + report ("graphs", _sq_fake.graphs);
  left += report ("cuDNN handles", _sq_fake.dnns) + report ("plans", _sq_fake.plans);
  g_tree_unref (_sq_fake.blocks);
  g_ptr_array_unref (_sq_fake.streams);
  g_mutex_clear (&_sq_fake.lock);
  cuemu_submit = NULL;
  _sq_fake.open = FALSE;
  return left + _sq_fake.damaged;
}
