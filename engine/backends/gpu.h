// SPDX-License-Identifier: GPL-3.0-or-later
// The engine's only door to CUDA, cuDNN and its own CUDA kernels: one table. The real one links the CUDA runtime statically and opens
// libcudnn at run time; tests put a simulated GPU behind the same table (tests/fake).
//
// Errors: int, CUDA's own codes (SQ_GPU_OK = 0); sq_gpu_set_error makes a sentence of one
// Thread: any; a device is chosen per thread with set_device
#pragma once

#include "engine/error.h"
#include "kernels/cuda/cuda.h"

G_BEGIN_DECLS

typedef struct _SqGpuStream SqGpuStream;
typedef struct _SqGpuEvent SqGpuEvent;
typedef struct _SqGpuGraph SqGpuGraph; // captured and ready to launch
typedef struct _SqGpuDnn SqGpuDnn;     // cuDNN's state on one device
typedef struct _SqGpuPlan SqGpuPlan;   // one fused convolution, built

enum
{
  SQ_GPU_OK = 0,
  SQ_GPU_INVALID = 1,
  SQ_GPU_OUT_OF_MEMORY = 2,
  SQ_GPU_OLD_DRIVER = 35,
  SQ_GPU_NO_DEVICE = 100,
  SQ_GPU_NOT_READY = 600,
  SQ_GPU_LOST = 719,
};

typedef struct
{
  char name[128];
  char pci[20];     // "00000000:65:00.0", as NVML spells it but for case
  int major, minor; // compute capability
  int multiprocessors;
  gsize memory; // bytes
  int clock_khz, memory_clock_khz;
  int driver, runtime; // 13000 = 13.0
} SqGpuProperties;

// y = requantise (act (conv (x, w) x scale + bias) + residual): x, w, y, residual in their types; `data` pointers are ignored.
typedef struct
{
  SqCudaConv conv;
  gboolean bias, residual;
} SqGpuConv;

typedef enum
{
  SQ_GPU_TO_DEVICE = 1,
  SQ_GPU_TO_HOST = 2,
  SQ_GPU_ON_DEVICE = 3,
} SqGpuCopy;

typedef struct
{
  const char *name; // of the devices: "cuda" or "fake"

  int (*device_count) (int *n);
  int (*set_device) (int device);
  int (*properties) (int device, SqGpuProperties *properties);
  int (*memory_info) (gsize *free, gsize *total); // of this thread's device
  const char *(*error_string) (int error);

  int (*alloc) (gpointer *memory, gsize bytes);
  int (*free) (gpointer memory);
  int (*alloc_host) (gpointer *memory, gsize bytes); // pinned
  int (*free_host) (gpointer memory);

  int (*stream_new) (SqGpuStream **stream);
  int (*stream_free) (SqGpuStream *stream);
  int (*stream_wait) (SqGpuStream *stream); // blocks the thread without spinning; NULL: the default stream, which others use
  int (*event_new) (SqGpuEvent **event);
  int (*event_free) (SqGpuEvent *event);
  int (*event_record) (SqGpuEvent *event, SqGpuStream *stream);
  int (*event_ms) (SqGpuEvent *from, SqGpuEvent *to, float *ms); // both have passed

  int (*copy) (gpointer to, gconstpointer from, gsize bytes, SqGpuCopy kind, SqGpuStream *stream);
  int (*set) (gpointer memory, int byte, gsize bytes, SqGpuStream *stream);
  int (*host_call) (SqGpuStream *stream, void (*call) (gpointer), gpointer data);

  int (*capture_begin) (SqGpuStream *stream);
  int (*capture_end) (SqGpuStream *stream, SqGpuGraph **graph);
  int (*graph_launch) (SqGpuGraph *graph, SqGpuStream *stream);
  int (*graph_free) (SqGpuGraph *graph);

  // NULL and a sentence where there is no usable cuDNN. Blocks.
  SqGpuDnn *(*dnn_new) (int device, GError **error);
  void (*dnn_free) (SqGpuDnn *dnn);
  int (*dnn_version) (void); // 90700 = 9.7.0; 0 none

  // A built plan, or NULL and why not. Blocks (up to seconds). With `saved` (from plan_save, may be NULL) quickly, where that still fits.
  SqGpuPlan *(*plan_new) (SqGpuDnn *dnn, const SqGpuConv *conv, const char *saved, GError **error);
  char *(*plan_save) (SqGpuPlan *plan); // text, caller frees; NULL where it cannot be saved
  gsize (*plan_workspace) (const SqGpuPlan *plan);
  char *(*plan_describe) (const SqGpuPlan *plan); // "engine 39, tensor cores", caller frees
  void (*plan_free) (SqGpuPlan *plan);
  // `job` is the plan's convolution with its pointers.
  int (*plan_run) (SqGpuPlan *plan, const SqCudaConv *job, gpointer workspace, SqGpuStream *stream);

  const SqCudaKernels *kernels;
} SqGpuApi;

// The table of this process; NULL and one sentence (what is missing, what to install) where there is none. Loads libraries once.
const SqGpuApi *sq_gpu_api (GError **error);
void sq_gpu_set_api (const SqGpuApi *api);        // tests; NULL: back to the real one
void _sq_cuda_cache_forget (void);                // tests: plans kept in memory, as if the process began
const SqGpuApi *_sq_gpu_runtime (GError **error); // the real one, only where it is built (gpu-runtime.c)

// Whether cuDNN can be used, driver or not: its version (91900 = 9.19.0), or 0 and one sentence. Blocks: opens libraries once.
int sq_gpu_dnn_version (GError **error);

// SQ_ERROR_OUT_OF_MEMORY, SQ_ERROR_DEVICE_LOST or SQ_ERROR_NO_DEVICE with the device's name. Returns FALSE.
gboolean sq_gpu_set_error (GError **error, const SqGpuApi *api, int device, int code, const char *doing);

G_END_DECLS
