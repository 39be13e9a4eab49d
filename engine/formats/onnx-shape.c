// SPDX-License-Identifier: GPL-3.0-or-later
// Lowering of everything that moves numbers.
#include "onnx-private.h"

static gboolean
input (SqOnnx *self, int *id, SqShape *shape, GError **error)
{
  *shape = (SqShape){ 0 };
  *id = _sq_onnx_in (self, 0);
  if (*id == SQ_NO_VALUE)
    return _sq_onnx_bad (error, "the input is missing");
  *shape = sq_graph_value (self->graph, *id)->shape;
  return TRUE;
}

// Axes from the attribute (older opsets) or from constant input `i`, as a bit mask; none given: `fallback`.
static gboolean
axes (SqOnnx *self, guint i, int rank, guint fallback, guint *mask, GError **error)
{
  gint64 list[SQ_MAX_RANK];
  int n = 0, axis;

  if (_sq_onnx_attr (self, "axes") != NULL)
    {
      if (!_sq_onnx_attr_ints (self, "axes", list, SQ_MAX_RANK, &n))
        return _sq_onnx_bad (error, "'axes' is too long");
    }
  else if (_sq_onnx_in (self, i) != SQ_NO_VALUE && !_sq_onnx_in_ints (self, i, "the list of axes", list, SQ_MAX_RANK, &n, error))
    return FALSE;
  *mask = n == 0 ? fallback : 0;
  for (int k = 0; k < n; k++)
    {
      if (!_sq_onnx_axis (self, list[k], rank, &axis, error))
        return FALSE;
      *mask |= 1u << axis;
    }
  return TRUE;
}

static gboolean
lower_identity (SqOnnx *self, GError **error)
{
  SqShape shape;
  int in;

  if (!input (self, &in, &shape, error))
    return FALSE;
  _sq_onnx_set_out (self, 0, in);
  return TRUE;
}

static gboolean
lower_reshape (SqOnnx *self, GError **error)
{
  SqShape shape, target = { 0 };
  gint64 known = 1, total;
  int in, out, open = -1;

  if (!input (self, &in, &shape, error) || !_sq_onnx_in_ints (self, 1, "the new shape", target.dim, SQ_MAX_RANK, &target.rank, error))
    return FALSE;
  total = sq_shape_elements (&shape);
  for (int i = 0; i < target.rank; i++)
    {
      if (target.dim[i] == 0 && _sq_onnx_int (self, "allowzero", 0) == 0)
        {
          if (i >= shape.rank)
            return _sq_onnx_bad (error, "the new shape copies a dimension that does not exist");
          target.dim[i] = shape.dim[i];
        }
      if (target.dim[i] == -1 && open < 0)
        open = i;
      else if (target.dim[i] < 0 || (target.dim[i] > 0 && known > G_MAXINT64 / target.dim[i]))
        return _sq_onnx_bad (error, "the new shape is impossible");
      else
        known *= target.dim[i];
    }
  if (open >= 0)
    target.dim[open] = known == 0 ? 0 : total / known;
  if (!_sq_onnx_reshape (self, in, &target, &out, error))
    return FALSE;
  _sq_onnx_set_out (self, 0, out);
  return TRUE;
}

static gboolean
reshape_out (SqOnnx *self, int in, const SqShape *shape, GError **error)
{
  int out;

  if (!_sq_onnx_reshape (self, in, shape, &out, error))
    return FALSE;
  _sq_onnx_set_out (self, 0, out);
  return TRUE;
}

static gboolean
lower_flatten (SqOnnx *self, GError **error)
{
  gint64 axis = _sq_onnx_int (self, "axis", 1);
  SqShape shape;
  int in;

  if (!input (self, &in, &shape, error))
    return FALSE;
  axis = axis < 0 ? axis + shape.rank : axis;
  if (axis < 0 || axis > shape.rank)
    return _sq_onnx_bad (error, "axis is outside the input's %d dimensions", shape.rank);
  return reshape_out (self, in, &SQ_SHAPE (sq_shape_span (&shape, 0, (int) axis), sq_shape_span (&shape, (int) axis, shape.rank)), error);
}

static gboolean
lower_squeeze (SqOnnx *self, GError **error)
{
  SqShape shape, target = { 0 };
  guint mask, ones = 0;
  int in;

  if (!input (self, &in, &shape, error))
    return FALSE;
  for (int d = 0; d < shape.rank; d++)
    ones |= shape.dim[d] == 1 ? 1u << d : 0;
  if (!axes (self, 1, shape.rank, ones, &mask, error))
    return FALSE;
  for (int d = 0; d < shape.rank; d++)
    if ((mask >> d & 1) == 0)
      target.dim[target.rank++] = shape.dim[d];
  return reshape_out (self, in, &target, error);
}

static gboolean
lower_unsqueeze (SqOnnx *self, GError **error)
{
  SqShape shape, target = { 0 };
  gint64 list[SQ_MAX_RANK];
  guint mask = 0;
  int in, n = 0, from = 0, axis;

  if (!input (self, &in, &shape, error))
    return FALSE;
  if (!_sq_onnx_attr_ints (self, "axes", list, SQ_MAX_RANK, &n)
      && !_sq_onnx_in_ints (self, 1, "the list of axes", list, SQ_MAX_RANK, &n, error))
    return FALSE;
  if (shape.rank + n > SQ_MAX_RANK)
    return _sq_onnx_bad (error, "more than %d dimensions", SQ_MAX_RANK);
  target.rank = shape.rank + n;
  for (int k = 0; k < n; k++)
    {
      if (!_sq_onnx_axis (self, list[k], target.rank, &axis, error))
        return FALSE;
      if ((mask >> axis & 1) != 0)
        return _sq_onnx_bad (error, "an axis is named twice");
      mask |= 1u << axis;
    }
  for (int d = 0; d < target.rank; d++)
    target.dim[d] = (mask >> d & 1) != 0 ? 1 : shape.dim[from++];
  return reshape_out (self, in, &target, error);
}

static gboolean
lower_transpose (SqOnnx *self, GError **error)
{
  SqParams params = { 0 };
  gint64 perm[SQ_MAX_RANK];
  SqShape shape;
  int in, n;

  if (!input (self, &in, &shape, error))
    return FALSE;
  if (!_sq_onnx_attr_ints (self, "perm", perm, SQ_MAX_RANK, &n))
    for (n = 0; n < shape.rank; n++)
      perm[n] = shape.rank - 1 - n;
  if (n != shape.rank)
    return _sq_onnx_bad (error, "the permutation does not fit the input");
  for (int d = 0; d < n; d++)
    params.transpose.perm[d] = (int) CLAMP (perm[d], -1, SQ_MAX_RANK);
  return _sq_onnx_add_out (self, &sq_op_transpose, &params, &in, 1, error);
}

static gboolean
lower_concat (SqOnnx *self, GError **error)
{
  SqParams params = { 0 };
  SqShape shape;
  int in[SQ_MAX_IN], n = 0;

  if (!input (self, &in[0], &shape, error))
    return FALSE;
  if (self->node->n_input > SQ_MAX_IN)
    return _sq_onnx_unsupported (error, "a concatenation of %u inputs", (guint) self->node->n_input);
  if (!_sq_onnx_axis (self, _sq_onnx_int (self, "axis", 0), shape.rank, &params.axis.axis, error))
    return FALSE;
  for (guint i = 0; i < self->node->n_input; i++)
    {
      const SqValue *v = _sq_onnx_in_value (self, i);

      if (v != NULL && (v->shape.rank != 1 || v->shape.dim[0] != 0 || shape.rank == 1)) // empty shape pieces of old exporters
        in[n++] = _sq_onnx_in (self, i);
    }
  if (n == 1)
    {
      _sq_onnx_set_out (self, 0, in[0]);
      return TRUE;
    }
  return _sq_onnx_add_out (self, &sq_op_concat, &params, in, n, error);
}

static void
whole (const SqShape *shape, SqParams *params)
{
  for (int d = 0; d < shape->rank; d++)
    {
      params->slice.start[d] = 0;
      params->slice.step[d] = 1;
      params->slice.size[d] = shape->dim[d];
    }
}

static gboolean
lower_slice (SqOnnx *self, GError **error)
{
  SqParams params = { 0 };
  gint64 starts[SQ_MAX_RANK], ends[SQ_MAX_RANK], steps[SQ_MAX_RANK], list[SQ_MAX_RANK];
  SqShape shape;
  int in, n, n_ends, n_axes, n_steps = 0;

  if (!input (self, &in, &shape, error) || !_sq_onnx_in_ints (self, 1, "the start", starts, SQ_MAX_RANK, &n, error)
      || !_sq_onnx_in_ints (self, 2, "the end", ends, SQ_MAX_RANK, &n_ends, error))
    return FALSE;
  if (_sq_onnx_in (self, 3) == SQ_NO_VALUE)
    for (n_axes = 0; n_axes < n; n_axes++)
      list[n_axes] = n_axes;
  else if (!_sq_onnx_in_ints (self, 3, "the list of axes", list, SQ_MAX_RANK, &n_axes, error))
    return FALSE;
  if (_sq_onnx_in (self, 4) == SQ_NO_VALUE)
    for (; n_steps < n; n_steps++)
      steps[n_steps] = 1;
  else if (!_sq_onnx_in_ints (self, 4, "the step", steps, SQ_MAX_RANK, &n_steps, error))
    return FALSE;
  if (n_ends != n || n_axes != n || n_steps != n)
    return _sq_onnx_bad (error, "starts, ends, axes and steps differ in number");

  whole (&shape, &params);
  for (int i = 0; i < n; i++)
    {
      gint64 start = starts[i], end = ends[i], step = steps[i], dim;
      int axis;

      if (!_sq_onnx_axis (self, list[i], shape.rank, &axis, error))
        return FALSE;
      if (step == 0 || step == G_MININT64)
        return _sq_onnx_bad (error, "a step of 0");
      dim = shape.dim[axis];
      start = start < 0 && start > G_MININT64 + dim ? start + dim : start;
      end = end < 0 && end > G_MININT64 + dim ? end + dim : end;
      start = step > 0 ? CLAMP (start, 0, dim) : CLAMP (start, 0, dim - 1);
      end = step > 0 ? CLAMP (end, 0, dim) : CLAMP (end, -1, dim - 1);
      params.slice.start[axis] = start;
      params.slice.step[axis] = CLAMP (step, -(dim + 1), dim + 1);
      step = params.slice.step[axis];
      params.slice.size[axis] = step > 0 ? MAX ((end - start + step - 1) / step, 0) : MAX ((start - end - step - 1) / -step, 0);
    }
  return _sq_onnx_add_out (self, &sq_op_slice, &params, &in, 1, error);
}

static gboolean
lower_split (SqOnnx *self, GError **error)
{
  SqParams params = { 0 };
  gint64 sizes[SQ_MAX_IN], at = 0;
  SqShape shape;
  int in, axis, n = 0, outputs = (int) self->node->n_output;

  if (outputs < 1 || outputs > SQ_MAX_IN)
    return _sq_onnx_unsupported (error, "a split into %d parts", outputs);
  if (!input (self, &in, &shape, error) || !_sq_onnx_axis (self, _sq_onnx_int (self, "axis", 0), shape.rank, &axis, error))
    return FALSE;
  if (!_sq_onnx_attr_ints (self, "split", sizes, SQ_MAX_IN, &n))
    {
      if (_sq_onnx_in (self, 1) != SQ_NO_VALUE)
        {
          if (!_sq_onnx_in_ints (self, 1, "the list of sizes", sizes, SQ_MAX_IN, &n, error))
            return FALSE;
        }
      else
        for (gint64 part = (shape.dim[axis] + outputs - 1) / outputs, left = shape.dim[axis]; n < outputs; n++, left -= part)
          sizes[n] = CLAMP (left, 0, part);
    }
  if (n != outputs)
    return _sq_onnx_bad (error, "sizes and outputs differ in number");
  for (int i = 0; i < n; i++)
    {
      int out;

      whole (&shape, &params);
      if (sizes[i] < 0 || sizes[i] > shape.dim[axis] - at)
        return _sq_onnx_bad (error, "the parts are larger than the whole");
      params.slice.start[axis] = at;
      params.slice.size[axis] = sizes[i];
      at += sizes[i];
      if (!_sq_onnx_add (self, &sq_op_slice, &params, &in, 1, &out, error))
        return FALSE;
      _sq_onnx_set_out (self, i, out);
    }
  return TRUE;
}

static gboolean
lower_gather (SqOnnx *self, GError **error)
{
  gboolean elements = g_str_equal (self->node->op_type, "GatherElements");
  SqParams params = { 0 };
  SqShape shape;
  int in[2] = { 0, _sq_onnx_in (self, 1) };

  if (!input (self, &in[0], &shape, error) || !_sq_onnx_axis (self, _sq_onnx_int (self, "axis", 0), shape.rank, &params.axis.axis, error))
    return FALSE;
  return _sq_onnx_add_out (self, elements ? &sq_op_gather_elements : &sq_op_gather, &params, in, 2, error);
}

static gboolean
lower_expand (SqOnnx *self, GError **error)
{
  SqParams params = { 0 };
  SqShape shape, *target = &params.reshape.shape;
  int in;

  if (!input (self, &in, &shape, error) || !_sq_onnx_in_ints (self, 1, "the new shape", target->dim, SQ_MAX_RANK, &target->rank, error))
    return FALSE;
  return _sq_onnx_add_out (self, &sq_op_expand, &params, &in, 1, error);
}

// [a, b] tiled [m, n] is [1, a, 1, b] grown to [m, a, n, b] and seen as [m a, n b]; dim by dim to stay within the rank limit.
static gboolean
lower_tile (SqOnnx *self, GError **error)
{
  gint64 repeats[SQ_MAX_RANK];
  SqShape shape;
  int in, n;

  if (!input (self, &in, &shape, error) || !_sq_onnx_in_ints (self, 1, "the list of repeats", repeats, SQ_MAX_RANK, &n, error))
    return FALSE;
  if (n != shape.rank)
    return _sq_onnx_bad (error, "repeats and dimensions differ in number");
  for (int d = 0; d < n; d++)
    {
      SqParams params = { 0 };
      SqShape open = SQ_SHAPE (sq_shape_span (&shape, 0, d), 1, sq_shape_span (&shape, d, n));

      if (repeats[d] == 1)
        continue;
      if (repeats[d] < 0 || (shape.dim[d] > 0 && repeats[d] > G_MAXINT32 / shape.dim[d]))
        return _sq_onnx_bad (error, "the repeats are out of range");
      params.reshape.shape = open;
      params.reshape.shape.dim[1] = repeats[d];
      if (!_sq_onnx_reshape (self, in, &open, &in, error) || !_sq_onnx_add (self, &sq_op_expand, &params, &in, 1, &in, error))
        return FALSE;
      shape.dim[d] *= repeats[d];
      if (!_sq_onnx_reshape (self, in, &shape, &in, error))
        return FALSE;
    }
  _sq_onnx_set_out (self, 0, in);
  return TRUE;
}

static gboolean
lower_pad (SqOnnx *self, GError **error)
{
  const SqTensor *value = _sq_onnx_in_constant (self, 2);
  SqParams params = { 0 };
  gint64 pads[2 * SQ_MAX_RANK], list[SQ_MAX_RANK];
  SqShape shape;
  int in, n, n_axes;

  if (!input (self, &in, &shape, error) || !_sq_onnx_in_ints (self, 1, "the padding", pads, 2 * SQ_MAX_RANK, &n, error))
    return FALSE;
  if (_sq_onnx_in (self, 3) == SQ_NO_VALUE)
    for (n_axes = 0; n_axes < shape.rank; n_axes++)
      list[n_axes] = n_axes;
  else if (!_sq_onnx_in_ints (self, 3, "the list of axes", list, SQ_MAX_RANK, &n_axes, error))
    return FALSE;
  if (n != 2 * n_axes)
    return _sq_onnx_bad (error, "padding and axes differ in number");
  params.pad.mode = _sq_onnx_string_is (self, "mode", "reflect", FALSE) ? 1 : _sq_onnx_string_is (self, "mode", "edge", FALSE) ? 2 : 0;
  if (params.pad.mode == 0 && !_sq_onnx_string_is (self, "mode", "constant", TRUE))
    return _sq_onnx_unsupported (error, "this kind of padding");
  params.pad.value = value != NULL && value->n == 1 ? (float) sq_tensor_get (value, 0) : 0;
  for (int i = 0; i < n_axes; i++)
    {
      int axis;

      if (!_sq_onnx_axis (self, list[i], shape.rank, &axis, error))
        return FALSE;
      params.pad.before[axis] = pads[i];
      params.pad.after[axis] = pads[n_axes + i];
    }
  return _sq_onnx_add_out (self, &sq_op_pad, &params, &in, 1, error);
}

static gboolean
lower_reduce (SqOnnx *self, GError **error)
{
  const char *type = self->node->op_type;
  SqParams params = { 0 };
  SqShape shape;
  int in;

  if (!input (self, &in, &shape, error))
    return FALSE;
  params.reduce.kind = g_str_equal (type, "ReduceSum")    ? SQ_REDUCE_SUM
                       : g_str_equal (type, "ReduceMean") ? SQ_REDUCE_MEAN
                       : g_str_equal (type, "ReduceMax")  ? SQ_REDUCE_MAX
                                                          : SQ_REDUCE_MIN;
  params.reduce.keep = _sq_onnx_int (self, "keepdims", 1) != 0;
  if (!axes (self, 1, shape.rank, _sq_onnx_int (self, "noop_with_empty_axes", 0) != 0 ? 0 : (1u << shape.rank) - 1, &params.reduce.axes,
             error))
    return FALSE;
  return _sq_onnx_add_out (self, &sq_op_reduce, &params, &in, 1, error);
}

static gboolean
lower_topk (SqOnnx *self, GError **error)
{
  SqParams params = { 0 };
  SqShape shape;
  int in, n;

  if (!input (self, &in, &shape, error) || !_sq_onnx_in_ints (self, 1, "k", &params.topk.k, 1, &n, error)
      || !_sq_onnx_axis (self, _sq_onnx_int (self, "axis", -1), shape.rank, &params.topk.axis, error))
    return FALSE;
  params.topk.largest = _sq_onnx_int (self, "largest", 1) != 0;
  return _sq_onnx_add_out (self, &sq_op_topk, &params, &in, 1, error);
}

static gboolean
lower_depth (SqOnnx *self, GError **error)
{
  gboolean to_space = g_str_equal (self->node->op_type, "DepthToSpace");
  gint64 b = _sq_onnx_int (self, "blocksize", 0);
  SqParams params = { 0 };
  SqShape s, open, target;
  int in;
  gboolean crd = _sq_onnx_string_is (self, "mode", "CRD", FALSE);
  static const int dcr_perm[] = { 0, 3, 4, 1, 5, 2 }, crd_perm[] = { 0, 1, 4, 2, 5, 3 }, space_perm[] = { 0, 3, 5, 1, 2, 4 };

  if (!input (self, &in, &s, error))
    return FALSE;
  if (s.rank != 4 || b < 1 || b > 64 || (to_space ? s.dim[1] % (b * b) != 0 : s.dim[2] % b != 0 || s.dim[3] % b != 0))
    return _sq_onnx_bad (error, "the block size does not fit the input");
  if (to_space)
    {
      gint64 c = s.dim[1] / (b * b);

      open = crd ? SQ_SHAPE (s.dim[0], c, b, b, s.dim[2], s.dim[3]) : SQ_SHAPE (s.dim[0], b, b, c, s.dim[2], s.dim[3]);
      target = SQ_SHAPE (s.dim[0], c, s.dim[2] * b, s.dim[3] * b);
    }
  else
    {
      open = SQ_SHAPE (s.dim[0], s.dim[1], s.dim[2] / b, b, s.dim[3] / b, b);
      target = SQ_SHAPE (s.dim[0], s.dim[1] * b * b, s.dim[2] / b, s.dim[3] / b);
    }
  for (int d = 0; d < 6; d++)
    params.transpose.perm[d] = (to_space ? crd ? crd_perm : dcr_perm : space_perm)[d];
  return _sq_onnx_reshape (self, in, &open, &in, error) && _sq_onnx_add (self, &sq_op_transpose, &params, &in, 1, &in, error)
         && reshape_out (self, in, &target, error);
}

const SqOnnxLowering _sq_onnx_shape[] = {
  { "Concat", lower_concat },
  { "DepthToSpace", lower_depth },
  { "Dropout", lower_identity },
  { "Expand", lower_expand },
  { "Flatten", lower_flatten },
  { "Gather", lower_gather },
  { "GatherElements", lower_gather },
  { "Identity", lower_identity },
  { "Pad", lower_pad },
  { "ReduceMax", lower_reduce },
  { "ReduceMean", lower_reduce },
  { "ReduceMin", lower_reduce },
  { "ReduceSum", lower_reduce },
  { "Reshape", lower_reshape },
  { "Slice", lower_slice },
  { "SpaceToDepth", lower_depth },
  { "Split", lower_split },
  { "Squeeze", lower_squeeze },
  { "Tile", lower_tile },
  { "TopK", lower_topk },
  { "Transpose", lower_transpose },
  { "Unsqueeze", lower_unsqueeze },
  { NULL, NULL },
};
