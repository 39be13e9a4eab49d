// SPDX-License-Identifier: GPL-3.0-or-later
// Convolutions forwards and backwards through oneDNN, for fine-tuning: plain layouts outside, whatever oneDNN likes best inside.
//
// Shape:  pictures N C H W, weights [out][in / groups][h][w]
// Owner:  sq_dnn_trainer_free, after its convolutions' sq_dnn_train_free
// Thread: one at a time per trainer; the number of threads is OpenMP's
// Blocks: creation compiles machine code (milliseconds each)
#pragma once

#include "engine/ops/op.h"

G_BEGIN_DECLS

typedef struct _SqDnnTrainer SqDnnTrainer;
typedef struct _SqDnnTrain SqDnnTrain; // one convolution

SqDnnTrainer *sq_dnn_trainer_new (GError **error);
void sq_dnn_trainer_free (SqDnnTrainer *self);

// `data_too`: the gradient of the input will be asked for.
SqDnnTrain *sq_dnn_train_new (SqDnnTrainer *trainer, const SqShape *x, const SqShape *y, const SqConvParams *params, gboolean data_too,
                              GError **error);
void sq_dnn_train_free (SqDnnTrain *self);

// y = x * w + b, without activation and residual. FALSE where oneDNN fails (memory).
gboolean sq_dnn_train_forward (SqDnnTrain *self, const float *x, const float *w, const float *b, float *y);

// Overwrites dw, db and, where it is not NULL, dx.
gboolean sq_dnn_train_backward (SqDnnTrain *self, const float *x, const float *w, const float *dy, float *dx, float *dw, float *db);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqDnnTrainer, sq_dnn_trainer_free)

G_END_DECLS
