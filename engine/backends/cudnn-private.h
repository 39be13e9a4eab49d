// SPDX-License-Identifier: GPL-3.0-or-later
// Inside cudnn.h's implementation: the functions of libcudnn, looked up by name (cudnn-load.c), and one convolution with what follows it as
// an operation graph (cudnn-graph.c).
#pragma once

#include "cudnn.h"
#include <cudnn_graph.h>

#define SQ_CUDNN_FUNCTIONS(F)                                                                                                              \
  F (GetVersion)                                                                                                                           \
  F (GetCudartVersion)                                                                                                                     \
  F (GetErrorString)                                                                                                                       \
  F (GetLastErrorString)                                                                                                                   \
  F (Create)                                                                                                                               \
  F (Destroy)                                                                                                                              \
  F (SetStream)                                                                                                                            \
  F (BackendCreateDescriptor)                                                                                                              \
  F (BackendDestroyDescriptor)                                                                                                             \
  F (BackendSetAttribute)                                                                                                                  \
  F (BackendGetAttribute)                                                                                                                  \
  F (BackendFinalize)                                                                                                                      \
  F (BackendExecute)

typedef struct
{
#define F(name) __typeof__ (cudnn##name) *name;
  SQ_CUDNN_FUNCTIONS (F)
#undef F
} SqCudnn;

const SqCudnn *_sq_cudnn (void); // after _sq_cudnn_load

// --- operation graphs
// ---------------------------------------------------------------------------------------------------------------------------

#define MAX_OPERATIONS 24
#define MAX_SCALARS 12
#define MAX_CONFIGS 24
#define MAX_DESCRIPTORS 128

enum
{
  UID_X = 1,
  UID_WEIGHTS,
  UID_Y,
  UID_SCALE,
  UID_BIAS,
  UID_RESIDUAL,
  UID_SCALAR, // one after the other
  UID_VIRTUAL = 100,
};

struct _SqGpuDnn
{
  cudnnHandle_t handle;            // NULL: plans only
  cudnnBackendDescriptor_t device; // NULL: the handle's
};

struct _SqGpuPlan
{
  SqGpuDnn *dnn;
  cudnnBackendDescriptor_t plan;
  gint64 workspace, engine;
  gboolean tensor_cores, compiled;
  float scalar[MAX_SCALARS];
  int n_scalars;
  gboolean has_scale, has_bias, has_residual;
};

typedef struct
{
  cudnnPointwiseMode_t mode;
  float low, high, slope; // rectifier
} Pointwise;

// A link's input: a tensor from outside, or what an earlier link makes.
typedef struct
{
  cudnnBackendDescriptor_t outside;
  int link; // 0: the convolution
} Ref;

// The chain is collected first, as only then is known which link writes y.
typedef struct
{
  Pointwise p;
  Ref x, other;
} Link;

// Everything made on the way, freed together; the first failure is kept and turns what follows into nothing.
typedef struct
{
  SqGpuPlan *plan;
  const SqGpuConv *job;
  cudnnBackendDescriptor_t all[MAX_DESCRIPTORS], operation[MAX_OPERATIONS];
  int n_all, n_operations, n_links, next_virtual;
  Link links[MAX_OPERATIONS];
  gint64 y_dim[4]; // N C H W
  cudnnStatus_t status;
  const char *doing;
} Builder;

// cudnn-graph.c
cudnnBackendDescriptor_t _sq_cudnn_make (Builder *b, cudnnBackendDescriptorType_t type);
void _sq_cudnn_set (Builder *b, cudnnBackendDescriptor_t descriptor, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                    gint64 n, const void *values);
void _sq_cudnn_finish (Builder *b, cudnnBackendDescriptor_t descriptor, const char *doing);
gboolean _sq_cudnn_collect (Builder *b); // what follows the convolution, as links; FALSE where cuDNN has no words for it
void _sq_cudnn_emit (Builder *b);        // all of it, as operations
