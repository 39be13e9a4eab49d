// SPDX-License-Identifier: GPL-3.0-or-later
#include "op.h"

#include <math.h>

static gboolean
infer (const SqParams *params, const SqType *const *in, int n_in, SqType *out, GError **error)
{
  if (n_in < 1 || in[0] == NULL || in[0]->dtype != SQ_F32 || in[0]->shape.rank != 4)
    return sq_op_fail (error, "resize", "a float32 input of four dimensions is needed");
  if (params->resize.height < 1 || params->resize.width < 1 || in[0]->shape.dim[2] < 1 || in[0]->shape.dim[3] < 1)
    return sq_op_fail (error, "resize", "the size is out of range");
  out[0] = *in[0];
  out[0].shape.dim[2] = params->resize.height;
  out[0].shape.dim[3] = params->resize.width;
  return TRUE;
}

static float
source_position (const SqParams *params, gint64 o, float scale, gint64 n_in, gint64 n_out)
{
  switch (params->resize.coords)
    {
    case 1:
      return o / scale;
    case 2:
      return n_out == 1 ? 0 : o * (float) (n_in - 1) / (n_out - 1);
    case 3:
      return n_out == 1 ? 0 : (o + .5f) / scale - .5f;
    default:
      return (o + .5f) / scale - .5f;
    }
}

static gint64
nearest (const SqParams *params, float x, gint64 n)
{
  float i = params->resize.floor ? floorf (x) : ceilf (x - .5f); // round_prefer_floor

  return (gint64) CLAMP (i, 0, n - 1);
}

static void
reference (const SqParams *params, SqTensor *const *in, int n_in, SqTensor *const *out)
{
  const gint64 *x = in[0]->shape.dim, *y = out[0]->shape.dim;

  for (gint64 oy = 0; oy < y[2]; oy++)
    for (gint64 ox = 0; ox < y[3]; ox++)
      {
        float sy = source_position (params, oy, params->resize.scale_y, x[2], y[2]);
        float sx = source_position (params, ox, params->resize.scale_x, x[3], y[3]);

        if (!params->resize.linear)
          {
            gint64 iy = nearest (params, sy, x[2]), ix = nearest (params, sx, x[3]);

            for (gint64 c = 0; c < y[0] * y[1]; c++)
              sq_tensor_f32 (out[0])[(c * y[2] + oy) * y[3] + ox] = sq_tensor_f32 (in[0])[(c * x[2] + iy) * x[3] + ix];
          }
        else
          {
            gint64 y0, y1, x0, x1;
            float fy, fx;

            sy = CLAMP (sy, 0, x[2] - 1);
            sx = CLAMP (sx, 0, x[3] - 1);
            y0 = (gint64) sy;
            x0 = (gint64) sx;
            y1 = MIN (y0 + 1, x[2] - 1);
            x1 = MIN (x0 + 1, x[3] - 1);
            fy = sy - y0;
            fx = sx - x0;
            for (gint64 c = 0; c < y[0] * y[1]; c++)
              {
                const float *p = sq_tensor_f32 (in[0]) + c * x[2] * x[3];
                float top = p[y0 * x[3] + x0] * (1 - fx) + p[y0 * x[3] + x1] * fx;
                float bottom = p[y1 * x[3] + x0] * (1 - fx) + p[y1 * x[3] + x1] * fx;

                sq_tensor_f32 (out[0])[(c * y[2] + oy) * y[3] + ox] = top * (1 - fy) + bottom * fy;
              }
          }
      }
}

// Height and width scaled, nearest or bilinear, under ONNX's coordinate rules (Resize-11).
const SqOp sq_op_resize = { .name = "resize", .n_out = 1, .infer = infer, .reference = reference };
