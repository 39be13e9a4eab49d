// SPDX-License-Identifier: GPL-3.0-or-later
// y = x w in tiles of TILE x TILE, DEPTH terms at a time through shared memory, 4 x 4 sums a thread. Either operand may be packed along
// either dim: the tile is read along the packed one.
#include "kernels/cuda/common.cuh"

namespace
{
const int TILE = 64, DEPTH = 16, THREADS = 256;

// tile[term][line] = data[line0 + line][term0 + term]
template <class T>
SQ_DEVICE void
bring (float (*tile)[TILE + 1], const T *data, int64_t line_stride, int64_t term_stride, int line0, int lines, int term0, int terms)
{
  for (int i = threadIdx.x; i < TILE * DEPTH; i += THREADS)
    {
      const int line = term_stride == 1 ? i / DEPTH : i % TILE, term = term_stride == 1 ? i % DEPTH : i / TILE;

      tile[term][line] =
          line0 + line < lines && term0 + term < terms ? sq_number (data[(line0 + line) * line_stride + (term0 + term) * term_stride]) : 0;
    }
}

template <class T>
__global__ void
__launch_bounds__ (THREADS) matmul (SqCudaMatmul job, int tiles_n, int64_t tiles)
{
  __shared__ float x_tile[DEPTH][TILE + 1], w_tile[DEPTH][TILE + 1];
  const int i = threadIdx.x / 16 * 4, j = threadIdx.x % 16; // columns j, j + 16 ...: neighbours write neighbours

  for (int64_t t = blockIdx.x; t < tiles * job.batch; t += gridDim.x)
    {
      const int64_t batch = t / tiles;
      const int m0 = (int) (t % tiles / tiles_n) * TILE, n0 = (int) (t % tiles % tiles_n) * TILE;
      T *y = (T *) job.y + batch * job.y_batch;
      float sum[4][4] = {};

      for (int k0 = 0; k0 < job.k; k0 += DEPTH)
        {
          bring (x_tile, (const T *) job.x + batch * job.x_batch, job.x_row, job.x_column, m0, job.m, k0, job.k);
          bring (w_tile, (const T *) job.w + batch * job.w_batch, job.w_column, job.w_row, n0, job.n, k0, job.k);
          __syncthreads ();
          for (int k = 0; k < DEPTH; k++)
            {
              float a[4], b[4];

#pragma unroll
              for (int d = 0; d < 4; d++)
                {
                  a[d] = x_tile[k][i + d];
                  b[d] = w_tile[k][j + 16 * d];
                }
#pragma unroll
              for (int r = 0; r < 4; r++)
#pragma unroll
                for (int c = 0; c < 4; c++)
                  sum[r][c] += a[r] * b[c];
            }
          __syncthreads ();
        }
      for (int r = 0; r < 4; r++)
        for (int c = 0; c < 4; c++)
          if (m0 + i + r < job.m && n0 + j + 16 * c < job.n)
            {
              const float one[1] = { sum[r][c] };

              sq_write (y, SqTypeOf<T>::type, (m0 + i + r) * job.y_row + n0 + j + 16 * c, 1, 0, one);
            }
    }
}
}

int
SQ_ENTRY (matmul) (const SqCudaMatmul *job, void *stream)
{
  if (job->batch < 0 || job->m < 0 || job->n < 0 || job->k < 0 || job->x == nullptr || job->w == nullptr || job->y == nullptr
      || !sq_is_float (job->type) || job->m > INT32_MAX - TILE || job->n > INT32_MAX - TILE || job->k > INT32_MAX - DEPTH)
    return 1;
  if (job->batch == 0 || job->m == 0 || job->n == 0)
    return 0;
  const int tiles_n = (job->n + TILE - 1) / TILE;
  const int64_t tiles = (int64_t) tiles_n * ((job->m + TILE - 1) / TILE);
  dim3 grid (sq_blocks (tiles * job->batch, 1));

  return job->type == SQ_CUDA_F32 ? SQ_LAUNCH (matmul<float>, grid, dim3 (THREADS), 0, stream, *job, tiles_n, tiles)
                                  : SQ_LAUNCH (matmul<__half>, grid, dim3 (THREADS), 0, stream, *job, tiles_n, tiles);
}
