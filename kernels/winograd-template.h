// SPDX-License-Identifier: GPL-3.0-or-later
// The body of sq_k_winograd_run, compiled once per instruction set (NAME is the function). Eight channels are one vector; GCC's vector
// types keep the source the same everywhere.
//
// Per range of tiles: transform the input into 36 matrices (channels x tiles), multiply each with the weights', transform back.

typedef float V __attribute__ ((vector_size (32)));
typedef float VU __attribute__ ((vector_size (32), aligned (4)));

// B^T d: six values of one line.
static inline void
line_in (V d[6])
{
  V a = d[4] - 4 * d[2], b = d[3] - 4 * d[1], c = d[4] - d[2], e = 2 * (d[3] - d[1]);
  V r0 = 4 * d[0] - 5 * d[2] + d[4], r5 = 4 * d[1] - 5 * d[3] + d[5];

  d[0] = r0;
  d[1] = a + b;
  d[2] = a - b;
  d[3] = c + e;
  d[4] = c - e;
  d[5] = r5;
}

// A^T m: six values to four.
static inline void
line_out (const V m[6], V r[4])
{
  V a = m[1] + m[2], b = m[1] - m[2], c = m[3] + m[4], e = m[3] - m[4];

  r[0] = m[0] + a + c;
  r[1] = b + 2 * e;
  r[2] = a + 4 * c;
  r[3] = b + 8 * e + m[5];
}

// to: [36][in_blocks][count] vectors.
static inline void
transform_in (const SqWinograd *w, const float *x, int first, int count, V *to)
{
  int across = (w->out_width + 3) / 4;
  size_t matrix = (size_t) w->in_blocks * count;

  for (int b = 0; b < w->in_blocks; b++)
    for (int t = 0; t < count; t++)
      {
        int y0 = (first + t) / across * 4 - w->pad_top, x0 = (first + t) % across * 4 - w->pad_left;
        const float *plane = x + (size_t) b * w->height * w->width * 8;
        V d[6][6];
        V *out = to + (size_t) b * count + t;

        if (y0 >= 0 && x0 >= 0 && y0 + 6 <= w->height && x0 + 6 <= w->width)
          for (int i = 0; i < 6; i++)
            for (int k = 0; k < 6; k++)
              d[i][k] = *(const VU *) (plane + ((size_t) (y0 + i) * w->width + x0 + k) * 8);
        else
          for (int i = 0; i < 6; i++)
            for (int k = 0; k < 6; k++)
              if (y0 + i >= 0 && y0 + i < w->height && x0 + k >= 0 && x0 + k < w->width)
                d[i][k] = *(const VU *) (plane + ((size_t) (y0 + i) * w->width + x0 + k) * 8);
              else
                d[i][k] = (V){ 0 };
        for (int i = 0; i < 6; i++)
          line_in (d[i]);
        for (int k = 0; k < 6; k++)
          {
            V column[6] = { d[0][k], d[1][k], d[2][k], d[3][k], d[4][k], d[5][k] };

            line_in (column);
            for (int i = 0; i < 6; i++)
              out[(i * 6 + k) * matrix] = column[i];
          }
      }
}

// to[o][t] = sum over channels of u[c][o] v[c][t]: `n` tiles by `m` vectors of outputs, all sums in registers.
static inline __attribute__ ((always_inline)) void
multiply (const float *v, size_t v_step, const V *u, int channel_blocks, V *to, size_t to_step, int n, int m)
{
  V sum[2][6];

  for (int o = 0; o < m; o++)
    for (int t = 0; t < n; t++)
      sum[o][t] = (V){ 0 };
  for (int b = 0; b < channel_blocks; b++, v += v_step)
    for (int c = 0; c < 8; c++, u += m)
      for (int t = 0; t < n; t++)
        {
          float s = v[t * 8 + c];
          V all = { s, s, s, s, s, s, s, s };

          for (int o = 0; o < m; o++)
            sum[o][t] += all * u[o];
        }
  for (int o = 0; o < m; o++)
    for (int t = 0; t < n; t++)
      to[o * to_step + t] = sum[o][t];
}

static inline void
multiply_tiles (const float *v, size_t v_step, const V *u, int channel_blocks, V *to, size_t to_step, int count, int m)
{
  int t = 0;

  for (; t + 6 <= count; t += 6)
    if (m == 2)
      multiply (v + t * 8, v_step, u, channel_blocks, to + t, to_step, 6, 2);
    else
      multiply (v + t * 8, v_step, u, channel_blocks, to + t, to_step, 6, 1);
  for (; t + 3 <= count; t += 3)
    if (m == 2)
      multiply (v + t * 8, v_step, u, channel_blocks, to + t, to_step, 3, 2);
    else
      multiply (v + t * 8, v_step, u, channel_blocks, to + t, to_step, 3, 1);
  for (; t < count; t++)
    if (m == 2)
      multiply (v + t * 8, v_step, u, channel_blocks, to + t, to_step, 1, 2);
    else
      multiply (v + t * 8, v_step, u, channel_blocks, to + t, to_step, 1, 1);
}

// from: [36][out_blocks][count] vectors.
static inline void
transform_out (const SqWinograd *w, const V *from, float *y, int first, int count, SqWinogradFinish finish, const void *data)
{
  int across = (w->out_width + 3) / 4;
  size_t matrix = (size_t) w->out_blocks * count;

  for (int b = 0; b < w->out_blocks; b++)
    for (int t = 0; t < count; t++)
      {
        int y0 = (first + t) / across * 4, x0 = (first + t) % across * 4;
        int rows = w->out_height - y0 < 4 ? w->out_height - y0 : 4, columns = w->out_width - x0 < 4 ? w->out_width - x0 : 4;
        const V *m = from + (size_t) b * count + t;
        V half[4][6], bias = *(const VU *) (w->bias + b * 8);

        for (int k = 0; k < 6; k++)
          {
            V column[6], r[4];

            for (int i = 0; i < 6; i++)
              column[i] = m[(i * 6 + k) * matrix];
            line_out (column, r);
            for (int i = 0; i < 4; i++)
              half[i][k] = r[i];
          }
        for (int i = 0; i < rows; i++)
          {
            size_t at = (((size_t) b * w->out_height + y0 + i) * w->out_width + x0) * 8;
            V r[4];

            line_out (half[i], r);
            for (int k = 0; k < columns; k++)
              *(VU *) (y + at + k * 8) = r[k] + bias;
            if (finish != 0)
              finish (y + at, at, (size_t) columns * 8, data);
          }
      }
}

void
NAME (const SqWinograd *w, const float *x, float *y, int first, int count, float *scratch, SqWinogradFinish finish, const void *data)
{
  V *in = (V *) scratch, *out = in + (size_t) 36 * w->in_blocks * count;

  transform_in (w, x, first, count, in);
  for (int k = 0; k < 36; k++)
    {
      const float *v = (const float *) (in + (size_t) k * w->in_blocks * count);
      const V *u = (const V *) w->weights + (size_t) k * w->in_blocks * 8 * w->out_blocks;
      V *to = out + (size_t) k * w->out_blocks * count;

      for (int o = 0; o < w->out_blocks; o += 2)
        {
          int m = w->out_blocks - o >= 2 ? 2 : 1;

          multiply_tiles (v, (size_t) count * 8, u, w->in_blocks, to + (size_t) o * count, count, count, m);
          u += (size_t) w->in_blocks * 8 * m;
        }
    }
  transform_out (w, out, y, first, count, finish, data);
}
