// SPDX-License-Identifier: GPL-3.0-or-later
// Inside the CPU backend: a plan is a list of steps over buffers.
//
// Idea: convolutions and pools run in oneDNN's blocked layout, where (for one picture) a range of channels is a range of memory. So a
// concatenation lets its inputs write straight into it, and a slice or split is a pointer. Whatever has no kernel here runs its operator's
// reference on plain buffers. In half precision what convolutions read is bfloat16, still blocked; a layout change makes floats of it for
// everybody else. A buffer is its own memory or a part of another one (`parent`); the roots share one arena, planned by when
// they are alive.
#pragma once

#include "backend.h"
#include "dnn.h"
#include "engine/graph/arena.h"
#include "kernels/conv8.h"
#include "kernels/winograd.h"

typedef enum
{
  LAYOUT_PLAIN = SQ_DNN_PLAIN,
  LAYOUT_BLOCKED = SQ_DNN_BLOCKED,
  LAYOUT_HALF = SQ_DNN_HALF, // blocked, bfloat16
  LAYOUT_BYTES,              // blocked, in 8 bits; the value's ByteGrid says what they mean
  N_LAYOUTS,
} Layout;

typedef struct
{
  Layout layout;
  gsize bytes;
  int parent;         // -1: a root
  gsize offset;       // bytes into the parent
  SqArenaBlock block; // roots only; life: that of any of its parts
  int input, output;  // graph input or output that lends the memory, -1 none
  const SqTensor *constant;
  char *own;  // memory of a step, NULL else
  char *data; // set before every run
} Buffer;

// x = scale (q - zero) per channel, padded to blocks.
typedef struct
{
  gsize n;
  float *scale, *zero, *inverse; // 1 / scale
} ByteGrid;

// A convolution in 8 bits.
typedef struct
{
  SqConv8 conv;
  gpointer weights, numbers; // what conv points into
  guint8 *zero;
  int *group_end;
  int band; // output rows per call
  SqAct act;
  const ByteGrid *residual, *out; // NULL: none or float32
} Conv8;

typedef struct _CpuExec CpuExec;
typedef struct _Step Step;

struct _Step
{
  const char *name;
  gboolean (*run) (CpuExec *self, Step *step);
  const SqNode *node; // of the exec's graph; NULL for layout changes
  int in[SQ_MAX_IN];  // buffers, -1 absent
  int out[SQ_MAX_OUT];
  int n_in, n_out;
  SqDnnOp *op;
  SqWinograd winograd;
  int winograd_tiles; // per call
  Conv8 *conv8;
  const ByteGrid *grid; // of what is rounded to 8 bits or comes out of them
  gint64 ns;            // total so far
  SqAct act;            // pass after a convolution
  gsize n;              // numbers (elementwise)
  gsize n_right;        // of a binary's right side: 1, n, or the padded channels
  float *channels;      // the right side of a binary per channel, padded to blocks; scales and zero points of fake_quant
  gsize copy_bytes[SQ_MAX_IN], copy_offset[SQ_MAX_IN]; // concat: what could not be written in place
  SqTensor *view_in, *view_out;                        // fallback: headers over buffers
};

struct _CpuExec
{
  SqExec parent;
  SqGraph *graph;
  SqDnn *dnn;
  int threads, block;
  GArray *buffers;          // Buffer
  GPtrArray *steps;         // Step
  int *of_value[N_LAYOUTS]; // buffer of each value, -1 none
  ByteGrid **grids;         // of each value that is or could be in 8 bits, else NULL
  gboolean *wants_bytes;    // per value: a convolution in 8 bits reads it
  gboolean *wants_half;     // per value: a convolution in bfloat16 reads it; NULL: there are none
  gboolean *done;           // per node: an earlier step does it too
  char *arena;
  gsize arena_bytes;
  float *scratch; // Winograd: `scratch_floats` for each thread
  gsize scratch_floats;
  guint64 runs;
};

static inline Buffer *
cpu_buffer (const CpuExec *self, int i)
{
  return &g_array_index (self->buffers, Buffer, i);
}

static inline float *
cpu_data (const CpuExec *self, int i)
{
  return i < 0 ? NULL : (float *) cpu_buffer (self, i)->data;
}

static inline gsize
cpu_layout_size (Layout layout) // bytes of a number
{
  return layout == LAYOUT_BYTES ? 1 : layout == LAYOUT_HALF ? sizeof (guint16) : sizeof (float);
}

static inline gsize
cpu_count (const CpuExec *self, int i) // numbers of a float buffer, padding too
{
  return cpu_buffer (self, i)->bytes / cpu_layout_size (cpu_buffer (self, i)->layout);
}

// cpu-plan.c
gboolean _sq_cpu_plan (CpuExec *self, GError **error);
void _sq_cpu_step_free (Step *step);

int _sq_cpu_add_buffer (CpuExec *self, int value, Layout layout);
Step *_sq_cpu_add_step (CpuExec *self, const char *name, gboolean (*run) (CpuExec *, Step *), const SqNode *node);
gboolean _sq_cpu_is_picture (const SqValue *v);
gboolean _sq_cpu_is_depthwise (const CpuExec *self, const SqNode *conv);
gboolean _sq_cpu_is_blocked_conv (const CpuExec *self, const SqNode *node); // a convolution for oneDNN, not the reference
gboolean _sq_cpu_has (const CpuExec *self, int value, Layout layout);
int _sq_cpu_want (CpuExec *self, int value, Layout layout, GError **error); // its buffer, made of another where need be; -1 with an error
gboolean _sq_cpu_read (CpuExec *self, Step *step, int value, Layout layout, GError **error); // as the step's next input

// cpu-plan-winograd.c
gboolean _sq_cpu_winograd_pays (const CpuExec *self, const SqConvParams *p, const SqShape *x, const SqShape *y);
gboolean _sq_cpu_winograd_step (CpuExec *self, const SqNode *node, const float *weights, const float *bias, GError **error);

// cpu-plan-half.c
void _sq_cpu_half_init (CpuExec *self, const SqExecOptions *options); // whether and where; sets the note
Layout _sq_cpu_layout_of (const CpuExec *self, int value);            // that a picture is to be made in, where it is to be blocked

// cpu-plan-bytes.c. TRUE where the node was planned in 8 bits; FALSE without an error: it is for others
void _sq_cpu_bytes_init (CpuExec *self);
void _sq_cpu_bytes_free (CpuExec *self);
gboolean _sq_cpu_bytes_step (CpuExec *self, guint node, GError **error);
int _sq_cpu_from_bytes (CpuExec *self, int value); // a step that makes it blocked floats
void _sq_cpu_conv8_free (Conv8 *conv);

// cpu-arena.c
int _sq_cpu_root (const CpuExec *self, int buffer, gsize *offset);
void _sq_cpu_place_parts (CpuExec *self, Step *step); // a concatenation's inputs: in place where they can be, else to be copied
gboolean _sq_cpu_arena (CpuExec *self, GError **error);

// cpu-kernels.c: what steps run
gboolean _sq_cpu_run_reference (CpuExec *self, Step *step);
gboolean _sq_cpu_run_dnn (CpuExec *self, Step *step);
gboolean _sq_cpu_run_winograd (CpuExec *self, Step *step);
gboolean _sq_cpu_run_act (CpuExec *self, Step *step);
gboolean _sq_cpu_run_binary (CpuExec *self, Step *step);
gboolean _sq_cpu_run_concat (CpuExec *self, Step *step);
gboolean _sq_cpu_run_binary_channels (CpuExec *self, Step *step);
gboolean _sq_cpu_run_fake_quant (CpuExec *self, Step *step);
gboolean _sq_cpu_run_fake_quant_channels (CpuExec *self, Step *step);
gboolean _sq_cpu_run_dynamic_round (CpuExec *self, Step *step);
gboolean _sq_cpu_run_upsample (CpuExec *self, Step *step);
gboolean _sq_cpu_run_nothing (CpuExec *self, Step *step);
void _sq_cpu_act (const SqAct *act, float *y, const float *x, const float *add, gsize n); // on the calling thread; add may be NULL

// cpu-bytes.c
gboolean _sq_cpu_run_conv8 (CpuExec *self, Step *step);
gboolean _sq_cpu_run_to_bytes (CpuExec *self, Step *step);
gboolean _sq_cpu_run_from_bytes (CpuExec *self, Step *step);
gboolean _sq_cpu_run_pool_bytes (CpuExec *self, Step *step);
