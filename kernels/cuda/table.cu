// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernels/cuda/common.cuh"

static const SqCudaKernels table = {
  SQ_ENTRY (elementwise), SQ_ENTRY (depthwise), SQ_ENTRY (stem),         SQ_ENTRY (conv),   SQ_ENTRY (conv_transpose),
  SQ_ENTRY (pool),        SQ_ENTRY (resize),    SQ_ENTRY (softmax),      SQ_ENTRY (matmul), SQ_ENTRY (reduce),
  SQ_ENTRY (letterbox),   SQ_ENTRY (head),      SQ_ENTRY (topk_scratch), SQ_ENTRY (topk),   SQ_ENTRY (nms),
};

#ifdef SQ_CUDA_EMULATED
const SqCudaKernels *
sq_cuda_kernels_emulated (void)
#else
const SqCudaKernels *
sq_cuda_kernels (void)
#endif
{
  return &table;
}
