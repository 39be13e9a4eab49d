// SPDX-License-Identifier: GPL-3.0-or-later
// Runs graphs on one kind of device. `ref` is the oracle: plain C, every operator; the others fall back to its operators where they have
// nothing better.
//
// To add one: a file `backends/NAME.c` with `const SqBackend sq_backend_NAME`, its word in meson.build; tests/backends/suite.c runs
// unchanged against it.
#pragma once

#include "engine/graph/graph.h"
#include "kernels/cuda/cuda.h"
#include <gio/gio.h>

G_BEGIN_DECLS

#define SQ_MAX_BATCH 128

typedef struct _SqBackend SqBackend;
typedef struct _SqExec SqExec;

typedef enum
{
  SQ_PRECISION_AUTO, // what the device is best at: float32 on a CPU, float16 and, where the network is quantised, 8 bits on a GPU
  SQ_PRECISION_F32,
  SQ_PRECISION_HALF, // float16 on a GPU; on a CPU bfloat16 where it has the instructions, float32 and a note elsewhere
  SQ_PRECISION_INT8,
  SQ_PRECISION_FP8, // 8-bit floats, on GPUs that compute in them: refused elsewhere
} SqPrecision;

// "auto", "f32", "half", "int8", "fp8"; NULL is auto. FALSE for anything else.
gboolean sq_precision_from_id (const char *id, SqPrecision *precision);

// Pictures in, boxes out: how the network's input is made and its outputs are read.
typedef struct
{
  const SqCudaOutputHead *heads;
  guint n_heads;
  float floor; // scores below are dropped
  guint keep;  // best boxes of a picture, at most 4096
  gboolean area, bgr;
  guint8 pad;
  float mean[3], scale[3];

  // Suppresses overlaps too: the boxes are in the picture's px then, cut to it, and only what is left of them comes back.
  gboolean nms, class_agnostic;
  float iou;
  guint limit; // boxes of a picture, at most `keep`
} SqExecDetect;

// RGB24 of the host, or NV12 in the device's own memory, and where it lies in the network's input, px.
typedef struct
{
  const guint8 *pixels; // NV12: luma
  int width, height;
  gsize stride;         // bytes
  const guint8 *chroma; // NV12; NULL: RGB24
  gsize chroma_stride;  // bytes
  int matrix;           // 601, 709 or 2020
  gboolean full_range;
  int left, top, scaled_width, scaled_height;
  SqCudaFrame frame; // the same, as exactly as boxes want it
} SqExecPicture;

typedef struct
{
  int threads; // 0 = all cores
  int device;  // which of the backend's devices: the 1 of "cuda:1"
  SqPrecision precision;
  gboolean imitate_half;      // tests: HALF is bfloat16 on AVX-512 without those instructions too, slowly
  int batch;                  // pictures at once where the device takes frames; halved until they fit its memory. 0 = 1
  const SqExecDetect *detect; // for sq_exec_detect, or NULL
  const char *cache_folder;   // built plans are kept here, or NULL
  GCancellable *cancellable;  // of compile, or NULL
  void (*progress) (double fraction, gpointer data); // of compile, on its thread, or NULL
  gpointer progress_data;
} SqExecOptions;

struct _SqBackend
{
  const char *id;    // "ref", "cpu"
  const char *alias; // another name its devices go by, or NULL

  // A device of this kind keeps several frames in flight and does a frame's whole way itself: its lanes are handed frames, not inputs.
  gboolean takes_frames;
  gboolean fp8; // some of its devices compute in 8-bit floats

  // Blocks: builds everything the runs need (up to seconds). Keeps `graph` alive only for the call.
  SqExec *(*compile) (const SqGraph *graph, const SqExecOptions *options, GError **error);

  // Shapes and types of `in` are the graph's; `out` is filled with tensors (transfer full), in the graph's order.
  gboolean (*run) (SqExec *exec, SqTensor *const *in, SqTensor **out, GError **error);

  // NULL, or: `n` (at most exec->batch) pictures at once into as many new arrays of SqCudaBox, best first; px of the network's input, or
  // of the picture where detect->nms. For execs compiled with options.detect.
  gboolean (*detect) (SqExec *exec, const SqExecPicture *pictures, guint n, GArray **boxes, GError **error);

  // NULL, or: the network alone, on whatever its input holds, by the device's own clock.
  gboolean (*forward_ms) (SqExec *exec, double *ms, GError **error);
  void (*free) (SqExec *exec);

  // One line per step: what runs where, for people (caller frees); NULL where there is nothing to say.
  char *(*describe) (SqExec *exec);
};

// Every implementation's struct begins with this.
struct _SqExec
{
  const SqBackend *backend;
  guint n_in, n_out;
  guint batch;  // pictures that detect takes at once; 0 where it takes none
  gsize memory; // bytes it keeps on its device: weights as laid out and the room between layers; 0 unknown
  char *note;   // one sentence about how it was built that the user should know, or NULL
};

#define SQ_BACKEND(name) extern const SqBackend sq_backend_##name;
#include "engine/backends/backend-list.h"
#undef SQ_BACKEND

const SqBackend *sq_backend_find (const char *id); // NULL where there is none

// "cuda:1" -> the backend and 1, "cpu" -> the backend and -1. FALSE and one sentence where there is no such backend.
gboolean sq_backend_parse (const char *device, const SqBackend **backend, int *index, GError **error);

// Adds a backend that only a test has; before any thread uses it.
void sq_backend_add_for_tests (const SqBackend *backend);

// Thread: one at a time per exec. Blocks: compile, run.
SqExec *sq_exec_new (const SqBackend *backend, const SqGraph *graph, const SqExecOptions *options, GError **error);
gboolean sq_exec_run (SqExec *self, SqTensor *const *in, SqTensor **out, GError **error);
gboolean sq_exec_detect (SqExec *self, const SqExecPicture *pictures, guint n, GArray **boxes, GError **error);
gboolean sq_exec_forward_ms (SqExec *self, double *ms, GError **error); // FALSE without an error: the backend has no such clock
void sq_exec_free (SqExec *self);
char *sq_exec_describe (SqExec *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqExec, sq_exec_free)

G_END_DECLS
