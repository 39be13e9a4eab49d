// SPDX-License-Identifier: GPL-3.0-or-later
// Inside the CUDA backend: a plan is a list of steps over buffers, recorded once as a CUDA graph.
//
// Idea: pictures lie as N H W C, where a range of channels is a strided slice: a concatenation lets its inputs write straight into it, a
// channel slice is a pointer. Convolutions read and write such slices. Everything that is no picture lies as its shape says, in float32 or
// whole numbers. Whatever has no kernel runs its operator's reference on the host, inside the recorded graph. A buffer holds all pictures
// of a batch and is its own memory or a part of another one (`parent`); the roots share one arena, planned by when they are alive.
#pragma once

#include "backend.h"
#include "engine/graph/arena.h"
#include "engine/ops/op.h"
#include "gpu.h"

#define CUDA_ALIGN 256
#define CUDA_MOST_CONSTANTS ((gsize) 3 << 30) // bytes; GByteArray ends at 4 GiB, and not with an error

typedef enum
{
  LAYOUT_PLAIN,   // as the shape says; float32 and whole numbers
  LAYOUT_PICTURE, // N H W C, float16 or float32
  LAYOUT_QUANT,   // N H W C, 8 bits: whole numbers or floats
  N_LAYOUTS,
} Layout;

typedef struct
{
  Layout layout;
  SqCudaType type;
  int h, w, c;        // pictures
  int border;         // pixels around, holding `zero`: what a convolution of 8 bits reads as padding
  int pitch;          // elements from pixel to pixel; roots only
  gint64 n;           // plain: elements of one picture's share
  float scale;        // QUANT
  int zero;           // QUANT
  int parent;         // -1: a root
  int channel;        // first one in the parent; plain: nothing, all of it
  gboolean constant;  // at `block.at` of the constants, one copy for the whole batch
  SqArenaBlock block; // roots: in the arena; life: that of any of its parts
} Buffer;

typedef struct _CudaExec CudaExec;
typedef struct _Step Step;

// Numbers moved: out[out_start + i] = in[in_start + i in_step] over all i of `shape`; dimension d of `shape` is in's dimension perm[d].
typedef struct
{
  SqShape shape, in_shape, out_shape;
  int perm[SQ_MAX_RANK];
  gint64 in_start[SQ_MAX_RANK], in_step[SQ_MAX_RANK]; // by in's dimension
  gint64 out_start[SQ_MAX_RANK];
} Move;

struct _Step
{
  const char *name;
  int (*launch) (CudaExec *self, Step *step, SqGpuStream *stream); // CUDA's error code
  const SqNode *node;                                              // NULL for layout changes
  int in[SQ_MAX_IN], out[SQ_MAX_OUT];                              // buffers, -1 absent
  int n_in, n_out;
  Move *move;                         // copies
  SqGpuPlan *plan;                    // convolutions; NULL: an own kernel
  gssize weights, bias, weight_scale; // offsets into the constants, -1 none
  gboolean of_input;                  // a layout change that the scaling kernel does
  gboolean act_after;                 // the plan leaves the activation to a pass
  struct _HostCall *host;             // what runs on the host
  char *how;                          // for people
};

struct _CudaExec
{
  SqExec parent;
  const SqGpuApi *api;
  int device;
  SqGpuProperties properties;
  SqExecOptions options; // while it is built
  SqGraph *graph;
  int *uses;
  int batch;
  SqCudaType real;          // of pictures: F16 or F32
  gboolean whole;           // quantised layers run in 8 bits
  gboolean fp8;             // convolutions read 8-bit floats where they can
  GArray *buffers;          // Buffer
  GPtrArray *steps;         // Step
  int *of_value[N_LAYOUTS]; // buffer of each value, -1 none
  gboolean *tail;           // of each value: float32, as it only leads to the outputs
  GByteArray *constants;    // until they are on the device
  gboolean too_large;       // there are more: none was added since

  SqGpuDnn *dnn;
  char *constants_on_device, *arena, *workspace;
  gsize arena_bytes, workspace_bytes;
  SqGpuStream *stream;
  SqGpuGraph *recorded;   // from the inputs to the outputs of one picture
  SqGpuGraph *forward;    // the steps alone
  GPtrArray *host;        // pinned memory
  char **input, **output; // pinned, one picture
  struct _CudaDetect *detect;
  struct _CudaCache *cache;
};

static inline Buffer *
cuda_buffer (const CudaExec *self, int i)
{
  return &g_array_index (self->buffers, Buffer, i);
}

static inline const SqValue *
cuda_value (const CudaExec *self, int id)
{
  return sq_graph_value (self->graph, id);
}

static inline gsize
cuda_type_size (SqCudaType type)
{
  return type == SQ_CUDA_I64 ? 8 : type == SQ_CUDA_F32 || type == SQ_CUDA_I32 ? 4 : type == SQ_CUDA_F16 ? 2 : 1;
}

// type, scale and zero: what 8 bits mean
static inline gboolean
cuda_same_grid (const Buffer *a, const Buffer *b)
{
  return a->type == b->type && a->scale == b->scale && a->zero == b->zero;
}

static inline void
cuda_set_grid (Buffer *b, const Buffer *grid)
{
  b->type = grid->type;
  b->scale = grid->scale;
  b->zero = grid->zero;
}

// cuda-plan.c: buffers and steps
int _sq_cuda_add_buffer (CudaExec *self, int value, Layout layout);
Step *_sq_cuda_add_step (CudaExec *self, const char *name, int (*launch) (CudaExec *, Step *, SqGpuStream *), const SqNode *node);
gboolean _sq_cuda_has (const CudaExec *self, int value, Layout layout);
int _sq_cuda_plain_or_picture (CudaExec *self, int value, gboolean *picture); // whatever is there already
int _sq_cuda_want (CudaExec *self, int value, Layout layout);                 // adds what changes the layout; -1 where that cannot be
int _sq_cuda_add_scalar (CudaExec *self, float value);                        // a plain constant
gssize _sq_cuda_add_constant (CudaExec *self, gconstpointer data, gsize bytes);
gboolean _sq_cuda_fits (const CudaExec *self, GError **error); // all constants so far
gboolean _sq_cuda_is_picture (const SqValue *v);
gboolean _sq_cuda_plan (CudaExec *self, GError **error);
void _sq_cuda_step_free (CudaExec *self, Step *step);

// cuda-arena.c
int _sq_cuda_root (const CudaExec *self, int buffer, int *channel);
// Tries to make inputs first.. of a concatenation parts of it; how many that settled, 0 none.
int _sq_cuda_place_in_concat (CudaExec *self, int concat, const int *parts, int n, int first, int channel);
void _sq_cuda_arena (CudaExec *self);
char *_sq_cuda_data (const CudaExec *self, int buffer);    // (0, 0, 0, 0)
SqCudaMap _sq_cuda_map (const CudaExec *self, int buffer); // pictures
// In the coordinates of `shape` (n, then its dimensions), broadcast: strides[SQ_MAX_RANK + 1].
void _sq_cuda_strides (const CudaExec *self, int buffer, const SqShape *own, const SqShape *shape, gint64 *strides);

// Lowerings: FALSE where no step was added, for _sq_cuda_reference to do it.
gboolean _sq_cuda_conv (CudaExec *self, const SqNode *node); // cuda-conv.c
gboolean _sq_cuda_conv_transpose (CudaExec *self, const SqNode *node);
gboolean _sq_cuda_act (CudaExec *self, const SqNode *node); // cuda-elementwise.c
gboolean _sq_cuda_binary (CudaExec *self, const SqNode *node);
gboolean _sq_cuda_fake_quant (CudaExec *self, const SqNode *node);
gboolean _sq_cuda_concat (CudaExec *self, const SqNode *node); // cuda-move.c
gboolean _sq_cuda_slice (CudaExec *self, const SqNode *node);
gboolean _sq_cuda_pad (CudaExec *self, const SqNode *node);
gboolean _sq_cuda_transpose (CudaExec *self, const SqNode *node);
gboolean _sq_cuda_reshape (CudaExec *self, const SqNode *node);
gboolean _sq_cuda_expand (CudaExec *self, const SqNode *node);
gboolean _sq_cuda_cast (CudaExec *self, const SqNode *node);
gboolean _sq_cuda_pool (CudaExec *self, const SqNode *node); // cuda-ops.c
gboolean _sq_cuda_resize (CudaExec *self, const SqNode *node);
gboolean _sq_cuda_softmax (CudaExec *self, const SqNode *node);
gboolean _sq_cuda_matmul (CudaExec *self, const SqNode *node);
gboolean _sq_cuda_reduce (CudaExec *self, const SqNode *node);

// cuda-conv.c
void _sq_cuda_borders (CudaExec *self);                         // after all lowerings, before the arena
gboolean _sq_cuda_build_convs (CudaExec *self, GError **error); // weights and plans; after the arena is planned
int _sq_cuda_launch_conv (CudaExec *self, Step *step, SqGpuStream *stream);
gboolean _sq_cuda_is_cudnns (const CudaExec *self, const SqNode *node); // a convolution that a plan does, not a kernel of ours
gboolean _sq_cuda_can_requantise (const CudaExec *self, const Step *step, SqCudaType to); // the convolution may write them itself

// cuda-elementwise.c
int _sq_cuda_elementwise (CudaExec *self, SqCudaElementwise *job, const SqShape *shape, gboolean channels_last,
                          gint64 (*strides)[SQ_MAX_RANK + 1],
                          SqGpuStream *stream); // strides: of out, a, b over the batch and `shape`
SqCudaView _sq_cuda_view (const CudaExec *self, int buffer);
gboolean _sq_cuda_quant_grid (const CudaExec *self, const SqNode *fake_quant, Buffer *grid); // FALSE where it is not 8 bits

// cuda-e4m3.c
gboolean _sq_cuda_round_to_e4m3 (CudaExec *self, GError **error); // before all lowerings
gboolean _sq_cuda_is_e4m3 (const SqNode *fake_quant);             // one that the above has put there
float _sq_cuda_e4m3_weight_scale (const SqTensor *w, gint64 output_channel);

// cuda-move.c
gboolean _sq_cuda_slices_channels (const CudaExec *self, const SqNode *slice); // a range of them and nothing else
Step *_sq_cuda_add_move (CudaExec *self, const char *name, const SqNode *node, int in, const SqShape *in_shape, int out,
                         const SqShape *out_shape, const SqShape *shape);

// cuda-host.c: the operator's reference, on the host
gboolean _sq_cuda_reference (CudaExec *self, const SqNode *node, GError **error);
gboolean _sq_cuda_host_memory (CudaExec *self, GError **error);
void _sq_cuda_host_free (struct _HostCall *host);

// cuda-cache.c: built plans, kept on disk by network, device, cuDNN and driver
struct _CudaCache *_sq_cuda_cache_open (CudaExec *self);
const char *_sq_cuda_cache_get (struct _CudaCache *self, const SqGpuConv *conv, char **key); // NULL: not there; key: caller frees
void _sq_cuda_cache_put (struct _CudaCache *self, const char *key, char *plan);              // takes the plan
void _sq_cuda_cache_close (struct _CudaCache *self);                                         // writes what is new

// cuda-detect.c: picture -> boxes on the device
gboolean _sq_cuda_detect_prepare (CudaExec *self, const SqExecDetect *detect, GError **error);
gboolean _sq_cuda_detect (SqExec *exec, const SqExecPicture *pictures, guint n, GArray **boxes, GError **error);
void _sq_cuda_detect_free (CudaExec *self);

// cuda.c
gboolean _sq_cuda_record (CudaExec *self, int (*launch) (CudaExec *self), SqGpuGraph **graph, GError **error); // unless it is there
gboolean _sq_cuda_check (CudaExec *self, int code, const char *doing, GError **error);
gboolean _sq_cuda_alloc_host (CudaExec *self, gpointer *memory, gsize bytes, GError **error); // freed with the exec
