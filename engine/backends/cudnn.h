// SPDX-License-Identifier: GPL-3.0-or-later
// The only place that knows cuDNN: fused convolutions as operation graphs of its backend API (cuDNN 9, docs "Graph API"). libcudnn is
// opened at run time, so the program starts without it.
//
// Shape:  N H W C with strides; weights K R S C/groups
// Thread: one at a time per SqGpuDnn
// Blocks: new (opens libraries), plan_new (compiles machine code, up to seconds)
#pragma once

#include "gpu.h"

G_BEGIN_DECLS

// FALSE and one sentence where libcudnn or one of the parts it needs is missing or of the wrong version. Once per process.
gboolean _sq_cudnn_load (GError **error);
int _sq_cudnn_version (void); // 91900 = 9.19.0; 0 where it cannot be used

SqGpuDnn *_sq_cudnn_new (int device, GError **error); // the calling thread's current device
// Plans for a device that need not be there, from its description in JSON (CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION): tests.
SqGpuDnn *_sq_cudnn_new_without_device (const char *json, GError **error);
void _sq_cudnn_free (SqGpuDnn *self);

SqGpuPlan *_sq_cudnn_plan_new (SqGpuDnn *dnn, const SqGpuConv *conv, const char *saved, GError **error);
char *_sq_cudnn_plan_save (SqGpuPlan *self);
gsize _sq_cudnn_plan_workspace (const SqGpuPlan *self);
char *_sq_cudnn_plan_describe (const SqGpuPlan *self);
void _sq_cudnn_plan_free (SqGpuPlan *self);
int _sq_cudnn_plan_run (SqGpuPlan *self, const SqCudaConv *job, gpointer workspace, SqGpuStream *stream);

G_END_DECLS
