// SPDX-License-Identifier: GPL-3.0-or-later
// The real table: the CUDA runtime, linked statically, and cuDNN through cudnn.h. libcuda is the driver's and opened by the runtime.
#include "cudnn.h"

#include <cuda_runtime_api.h>
#include <dlfcn.h>

#define STUB_LIBRARY 34 // cudaErrorStubLibrary: the toolkit's link-time stand-in for the driver

static int
device_count (int *n)
{
  *n = 0;
  return (int) cudaGetDeviceCount (n);
}

static int
set_device (int device)
{
  return (int) cudaSetDevice (device);
}

static int
attribute (int device, enum cudaDeviceAttr name)
{
  int value = 0;

  cudaDeviceGetAttribute (&value, name, device);
  return value;
}

static int
properties (int device, SqGpuProperties *p)
{
  static GMutex lock; // once per device: the call takes milliseconds
  static struct cudaDeviceProp known[64];
  static int codes[64];
  static gboolean asked[64];
  int code;

  *p = (SqGpuProperties){ "" };
  if (device < 0 || device >= (int) G_N_ELEMENTS (known))
    return SQ_GPU_NO_DEVICE;
  g_mutex_lock (&lock);
  if (!asked[device])
    {
      codes[device] = (int) cudaGetDeviceProperties (&known[device], device);
      asked[device] = TRUE;
    }
  code = codes[device];
  g_mutex_unlock (&lock);
  if (code != SQ_GPU_OK)
    return code;
  g_strlcpy (p->name, known[device].name, sizeof p->name);
  g_snprintf (p->pci, sizeof p->pci, "%08x:%02x:%02x.0", known[device].pciDomainID, known[device].pciBusID, known[device].pciDeviceID);
  p->major = known[device].major;
  p->minor = known[device].minor;
  p->multiprocessors = known[device].multiProcessorCount;
  p->memory = known[device].totalGlobalMem;
  p->clock_khz = attribute (device, cudaDevAttrClockRate);
  p->memory_clock_khz = attribute (device, cudaDevAttrMemoryClockRate);
  cudaDriverGetVersion (&p->driver);
  cudaRuntimeGetVersion (&p->runtime);
  return SQ_GPU_OK;
}

static int
memory_info (gsize *free_bytes, gsize *total)
{
  return (int) cudaMemGetInfo (free_bytes, total);
}

static const char *
error_string (int error)
{
  return cudaGetErrorString ((cudaError_t) error);
}

static int
alloc (gpointer *memory, gsize bytes)
{
  *memory = NULL;
  return (int) cudaMalloc (memory, bytes);
}

static int
free_memory (gpointer memory)
{
  return (int) cudaFree (memory);
}

static int
alloc_host (gpointer *memory, gsize bytes)
{
  *memory = NULL;
  return (int) cudaHostAlloc (memory, bytes, cudaHostAllocPortable);
}

static int
free_host (gpointer memory)
{
  return (int) cudaFreeHost (memory);
}

static int
stream_new (SqGpuStream **stream)
{
  *stream = NULL;
  return (int) cudaStreamCreateWithFlags ((cudaStream_t *) stream, cudaStreamNonBlocking);
}

static int
stream_free (SqGpuStream *stream)
{
  return (int) cudaStreamDestroy ((cudaStream_t) stream);
}

// The flag of event_new makes the thread sleep; cudaStreamSynchronize would spin.
static int
stream_wait (SqGpuStream *stream)
{
  cudaEvent_t event;
  cudaError_t code = cudaEventCreateWithFlags (&event, cudaEventBlockingSync | cudaEventDisableTiming);

  if (code != cudaSuccess)
    return (int) code;
  code = cudaEventRecord (event, (cudaStream_t) stream);
  if (code == cudaSuccess)
    code = cudaEventSynchronize (event);
  cudaEventDestroy (event);
  return (int) code;
}

static int
event_new (SqGpuEvent **event)
{
  *event = NULL;
  return (int) cudaEventCreateWithFlags ((cudaEvent_t *) event, cudaEventBlockingSync);
}

static int
event_free (SqGpuEvent *event)
{
  return (int) cudaEventDestroy ((cudaEvent_t) event);
}

static int
event_record (SqGpuEvent *event, SqGpuStream *stream)
{
  return (int) cudaEventRecord ((cudaEvent_t) event, (cudaStream_t) stream);
}

static int
event_ms (SqGpuEvent *from, SqGpuEvent *to, float *ms)
{
  return (int) cudaEventElapsedTime (ms, (cudaEvent_t) from, (cudaEvent_t) to);
}

static int
copy (gpointer to, gconstpointer from, gsize bytes, SqGpuCopy kind, SqGpuStream *stream)
{
  G_STATIC_ASSERT ((int) SQ_GPU_TO_DEVICE == (int) cudaMemcpyHostToDevice && (int) SQ_GPU_ON_DEVICE == (int) cudaMemcpyDeviceToDevice);
  return (int) cudaMemcpyAsync (to, from, bytes, (enum cudaMemcpyKind) kind, (cudaStream_t) stream);
}

static int
set (gpointer memory, int byte, gsize bytes, SqGpuStream *stream)
{
  return (int) cudaMemsetAsync (memory, byte, bytes, (cudaStream_t) stream);
}

static int
host_call (SqGpuStream *stream, void (*call) (gpointer), gpointer data)
{
  return (int) cudaLaunchHostFunc ((cudaStream_t) stream, call, data);
}

static int
capture_begin (SqGpuStream *stream)
{
  return (int) cudaStreamBeginCapture ((cudaStream_t) stream, cudaStreamCaptureModeThreadLocal);
}

static int
capture_end (SqGpuStream *stream, SqGpuGraph **graph)
{
  cudaGraph_t recorded = NULL;
  cudaError_t code = cudaStreamEndCapture ((cudaStream_t) stream, &recorded);

  *graph = NULL;
  if (code == cudaSuccess)
    code = cudaGraphInstantiate ((cudaGraphExec_t *) graph, recorded, 0);
  if (recorded != NULL)
    cudaGraphDestroy (recorded);
  return (int) code;
}

static int
graph_launch (SqGpuGraph *graph, SqGpuStream *stream)
{
  return (int) cudaGraphLaunch ((cudaGraphExec_t) graph, (cudaStream_t) stream);
}

static int
graph_free (SqGpuGraph *graph)
{
  return (int) cudaGraphExecDestroy ((cudaGraphExec_t) graph);
}

static SqGpuApi api = {
  .name = "cuda",
  .device_count = device_count,
  .set_device = set_device,
  .properties = properties,
  .memory_info = memory_info,
  .error_string = error_string,
  .alloc = alloc,
  .free = free_memory,
  .alloc_host = alloc_host,
  .free_host = free_host,
  .stream_new = stream_new,
  .stream_free = stream_free,
  .stream_wait = stream_wait,
  .event_new = event_new,
  .event_free = event_free,
  .event_record = event_record,
  .event_ms = event_ms,
  .copy = copy,
  .set = set,
  .host_call = host_call,
  .capture_begin = capture_begin,
  .capture_end = capture_end,
  .graph_launch = graph_launch,
  .graph_free = graph_free,
  .dnn_new = _sq_cudnn_new,
  .dnn_free = _sq_cudnn_free,
  .dnn_version = _sq_cudnn_version,
  .plan_new = _sq_cudnn_plan_new,
  .plan_save = _sq_cudnn_plan_save,
  .plan_workspace = _sq_cudnn_plan_workspace,
  .plan_describe = _sq_cudnn_plan_describe,
  .plan_free = _sq_cudnn_plan_free,
  .plan_run = _sq_cudnn_plan_run,
};

// Which of the ways not to have a GPU this is, and what to do about it.
static void
set_reason (GError **error, int code)
{
  void *driver = dlopen ("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL);
  int supports = 0, needs = 0;

  cudaRuntimeGetVersion (&needs);
  if (driver == NULL)
    g_set_error_literal (error, SQ_ERROR, SQ_ERROR_NO_DEVICE,
                         "There is no NVIDIA driver here (libcuda.so.1 is missing): install it to use a GPU.");
  else if (code == STUB_LIBRARY)
    g_set_error_literal (error, SQ_ERROR, SQ_ERROR_NO_DEVICE,
                         "The libcuda.so.1 found is the CUDA toolkit's stand-in, not a driver: install the NVIDIA driver to use a GPU.");
  else if (cudaDriverGetVersion (&supports) == cudaSuccess && supports > 0 && supports / 1000 < needs / 1000)
    g_set_error (error, SQ_ERROR, SQ_ERROR_NO_DEVICE, "The NVIDIA driver is too old, it knows CUDA %d.%d and %d.%d is needed: update it.",
                 supports / 1000, supports % 1000 / 10, needs / 1000, needs % 1000 / 10);
  else if (code == SQ_GPU_OK || code == SQ_GPU_NO_DEVICE)
    g_set_error_literal (error, SQ_ERROR, SQ_ERROR_NO_DEVICE, "The NVIDIA driver is here, but it finds no GPU.");
  else
    g_set_error (error, SQ_ERROR, SQ_ERROR_NO_DEVICE,
                 "The NVIDIA driver does not work (error %d, %s): restart the machine or install it again.", code, error_string (code));
  if (driver != NULL)
    dlclose (driver);
}

// Asked again every time: a driver may be installed, a GPU plugged in.
const SqGpuApi *
_sq_gpu_runtime (GError **error)
{
  int n = 0, code = device_count (&n);

  if (code == SQ_GPU_OK && n > 0)
    {
      api.kernels = sq_cuda_kernels ();
      return &api;
    }
  set_reason (error, code);
  return NULL;
}
