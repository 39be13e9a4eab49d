// SPDX-License-Identifier: GPL-3.0-or-later
// Inside the CPU backend: a plan is a list of steps over buffers.
//
// Idea: convolutions and pools run in oneDNN's blocked layout, where (for one picture) a range of channels is a range of memory. So a
// concatenation lets its inputs write straight into it, and a slice or split is a pointer. Whatever has no kernel here runs its operator's
// reference on plain buffers. A buffer is its own memory or a part of another one (`parent`); the roots share one arena, planned by when
// they are alive.
#pragma once

#include "backend.h"
#include "dnn.h"
#include "engine/graph/arena.h"
#include "kernels/winograd.h"

typedef enum
{
  LAYOUT_PLAIN,
  LAYOUT_BLOCKED,
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
  gint64 ns;          // total so far
  SqAct act;          // pass after a convolution
  gsize n;            // floats (elementwise)
  gsize n_right;      // of a binary's right side: 1, n, or the padded channels
  float *channels;    // the right side of a binary per channel, padded to blocks; scales and zero points of fake_quant
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

// cpu-plan.c
gboolean _sq_cpu_plan (CpuExec *self, GError **error);
void _sq_cpu_step_free (Step *step);

// cpu-arena.c
int _sq_cpu_root (const CpuExec *self, int buffer, gsize *offset);
gboolean _sq_cpu_place_in_concat (CpuExec *self, int concat, gsize at, const int *parts, const gsize *bytes, int n, int first, int *placed);
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
