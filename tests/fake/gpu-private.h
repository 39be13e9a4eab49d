// SPDX-License-Identifier: GPL-3.0-or-later
// What the parts of the simulated GPU share. One lock, `_sq_fake.lock`, covers all of it.
#pragma once

#include "gpu.h"

G_BEGIN_DECLS

enum
{
  CAPTURE_UNSUPPORTED = 900,
};

typedef enum
{
  OP_COPY,
  OP_SET,
  OP_CALL,
  OP_EVENT,
  OP_KERNEL,
  OP_PLAN,
  OP_GRAPH,
} OpKind;

typedef struct
{
  gint refs; // a graph may run an operation many times
  OpKind kind;
  double us;
  gpointer to;
  gconstpointer from;
  gpointer staged; // copy of pageable memory, owned
  gsize bytes;
  int byte;
  SqGpuEvent *event;
  SqGpuGraph *graph;
  void (*run) (gpointer data);
  void (*drop) (gpointer data);
  gpointer data;
} Op;

struct _SqGpuStream
{
  int device;
  GThread *thread;
  GQueue queue; // Op
  GCond wake;
  gboolean busy, quit;
  GPtrArray *capture; // Op, while capturing
  GThread *capturing; // who began it
  double clock_us;    // simulated end of what was done last
};

struct _SqGpuEvent
{
  gint refs;
  int device;
  guint wanted, passed; // recordings
  double at_us;
};

struct _SqGpuGraph
{
  gint refs;
  int device;
  GPtrArray *ops;
};

typedef struct
{
  gpointer data;
  gsize bytes;
  int device; // -1: pinned host memory
} FakeBlock;

typedef struct
{
  SqFakeGpuStats stats;
  gboolean lost;
  double compute_us, copy_us; // simulated: when the engines are free
} FakeDevice;

typedef struct
{
  GMutex lock;
  GCond idle; // a stream has nothing left, or is gone
  gboolean open;
  SqFakeGpuConfig config;
  FakeDevice device[SQ_FAKE_GPU_MAX];
  GTree *blocks;      // by address
  GPtrArray *streams; // living
  int events, graphs, dnns, plans;
  int damaged;
  guint allocations, host_allocations;
} Fake;

extern Fake _sq_fake;
extern const SqCudaKernels _sq_fake_kernels;

int _sq_fake_current (void);                                   // this thread's device
gboolean _sq_fake_in_call (void);                              // this thread runs a host_call
int _sq_fake_state (int device);                               // SQ_GPU_OK or SQ_GPU_LOST; lock held
const FakeBlock *_sq_fake_find (gconstpointer p, gsize bytes); // the block that holds all of it; lock held
void _sq_fake_drain (int device);                              // until its streams are idle; lock held

Op *_sq_fake_op (OpKind kind, double us);
void _sq_fake_op_unref (gpointer op);
int _sq_fake_push (SqGpuStream *stream, Op *op); // takes op over

int _sq_fake_stream_new (SqGpuStream **stream);
int _sq_fake_stream_free (SqGpuStream *stream);
int _sq_fake_stream_wait (SqGpuStream *stream);
int _sq_fake_event_new (SqGpuEvent **event);
int _sq_fake_event_free (SqGpuEvent *event);
int _sq_fake_event_record (SqGpuEvent *event, SqGpuStream *stream);
int _sq_fake_event_ms (SqGpuEvent *from, SqGpuEvent *to, float *ms);
int _sq_fake_capture_begin (SqGpuStream *stream);
int _sq_fake_capture_end (SqGpuStream *stream, SqGpuGraph **graph);
int _sq_fake_graph_launch (SqGpuGraph *graph, SqGpuStream *stream);
int _sq_fake_graph_free (SqGpuGraph *graph);
int _sq_fake_submit (gpointer stream, void (*run) (gpointer), void (*drop) (gpointer), gpointer launch);

SqGpuDnn *_sq_fake_dnn_new (int device, GError **error);
void _sq_fake_dnn_free (SqGpuDnn *dnn);
int _sq_fake_dnn_version (void);
SqGpuPlan *_sq_fake_plan_new (SqGpuDnn *dnn, const SqGpuConv *conv, const char *saved, GError **error);
char *_sq_fake_plan_save (SqGpuPlan *plan);
gsize _sq_fake_plan_workspace (const SqGpuPlan *plan);
char *_sq_fake_plan_describe (const SqGpuPlan *plan);
void _sq_fake_plan_free (SqGpuPlan *plan);
int _sq_fake_plan_run (SqGpuPlan *plan, const SqCudaConv *job, gpointer workspace, SqGpuStream *stream);

// Does a launch's memory lie on the stream's device? Both take the lock.
gboolean _sq_fake_map_fits (const SqCudaMap *map, int device);
gboolean _sq_fake_conv_fits (const SqCudaConv *job, gboolean transposed, int device);

// The convolution itself, plain.
void _sq_fake_convolve (const SqCudaConv *job);

G_END_DECLS
