// SPDX-License-Identifier: GPL-3.0-or-later
#include "resize.h"

#include "dims.h"
#include "engine/ops/op.h"
#include <math.h>
#include <string.h>

typedef struct
{
  const SqGraph *from;
  SqGraph *to;
  SqSums *sums;
  SqDims *dims; // per value of `from`
  int *map;     // its value in `to`
} Resize;

static gboolean
any_changed (const SqDims *dims)
{
  for (int d = 0; d < dims->rank; d++)
    if (sq_dim_changed (&dims->dim[d]))
      return TRUE;
  return FALSE;
}

static const SqDims *
dims_in (const Resize *self, const SqNode *node, int k)
{
  return &self->dims[node->in[k]];
}

// The node's output at the new size, as its operator says; the old one stands in the graph. Rows and columns that stay as many as in the
// input are the same ones (heads let convolutions run over boxes).
static void
dims_of_spatial (const Resize *self, const SqNode *node, const SqShape *now)
{
  const SqShape *was = &sq_graph_value (self->from, node->out[0])->shape;
  const SqDims *x = dims_in (self, node, 0);
  SqDims *out = &self->dims[node->out[0]];

  *out = sq_dims_fixed (was);
  for (int d = 0; d < was->rank; d++)
    out->dim[d] = sq_dim_was (&x->dim[d]) == was->dim[d] && sq_dim_now (&x->dim[d]) == now->dim[d] ? x->dim[d]
                                                                                                   : sq_dim_new (was->dim[d], now->dim[d]);
}

static gboolean
slice (Resize *self, const SqNode *node, SqParams *params)
{
  const SqDims *x = dims_in (self, node, 0);
  SqDims *out = &self->dims[node->out[0]];

  out->rank = x->rank;
  for (int d = 0; d < x->rank; d++)
    {
      gint64 *start = &params->slice.start[d], *size = &params->slice.size[d], step = params->slice.step[d];
      gint64 was = sq_dim_was (&x->dim[d]), now = sq_dim_now (&x->dim[d]), n = *size;

      if (was == now)
        out->dim[d] = sq_dim_new (n, n);
      else if (step == 1 && sq_dim_slice (self->sums, &x->dim[d], *start, n, start, &out->dim[d]))
        *size = sq_dim_now (&out->dim[d]);
      else if (step > 1 && *start < step && *start + n * step >= was) // every n-th to the end
        {
          *size = (now - *start + step - 1) / step;
          out->dim[d] = sq_dim_new (n, *size);
        }
      else
        return FALSE;
    }
  return TRUE;
}

static gboolean
resample (const Resize *self, const SqNode *node, SqParams *params)
{
  const SqDims *x = dims_in (self, node, 0);
  int *size[2] = { &params->resize.height, &params->resize.width };

  for (int i = 0; i < 2; i++)
    {
      gint64 was = sq_dim_was (&x->dim[2 + i]), now = sq_dim_now (&x->dim[2 + i]);

      if (was != now && *size[i] * now % was != 0)
        return FALSE;
      *size[i] = (int) (*size[i] * now / was);
    }
  return TRUE;
}

// A window over the whole picture stays one.
static void
pool (const Resize *self, const SqNode *node, SqParams *params)
{
  const SqDims *x = dims_in (self, node, 0);
  const SqShape *y = &sq_graph_value (self->from, node->out[0])->shape;
  SqPoolParams *p = &params->pool;

  for (int i = 0; i < 2; i++)
    if (p->kernel[i] == sq_dim_was (&x->dim[2 + i]) && y->dim[2 + i] == 1 && p->pad[i] == 0 && p->pad[2 + i] == 0 && p->dilation[i] == 1)
      p->kernel[i] = (int) sq_dim_now (&x->dim[2 + i]);
}

static gboolean
reduce (const Resize *self, const SqNode *node)
{
  const SqDims *x = dims_in (self, node, 0);
  SqDims *out = &self->dims[node->out[0]];

  out->rank = 0;
  for (int d = 0; d < x->rank; d++)
    {
      if (!(node->params.reduce.axes & 1u << d))
        out->dim[out->rank++] = x->dim[d];
      else if (node->params.reduce.kind == SQ_REDUCE_SUM && sq_dim_changed (&x->dim[d])) // would grow with the picture
        return FALSE;
      else if (node->params.reduce.keep)
        out->dim[out->rank++] = sq_dim_new (1, 1);
    }
  return TRUE;
}

// Dim d of `rank` of input k, counted from the last; NULL where the input has fewer.
static const SqDim *
aligned (const Resize *self, const SqNode *node, int k, int d, int rank)
{
  const SqDims *x = dims_in (self, node, k);
  int at = d - (rank - x->rank);

  return at < 0 ? NULL : &x->dim[at];
}

static void
broadcast (const Resize *self, const SqNode *node)
{
  const SqShape *y = &sq_graph_value (self->from, node->out[0])->shape;
  SqDims *out = &self->dims[node->out[0]];

  *out = sq_dims_fixed (y);
  for (int d = 0; d < y->rank; d++)
    for (int k = 0; k < node->n_in; k++)
      {
        const SqDim *x = node->in[k] == SQ_NO_VALUE ? NULL : aligned (self, node, k, d, y->rank);

        if (x != NULL && sq_dim_changed (x))
          {
            out->dim[d] = *x;
            break;
          }
      }
}

static gboolean
concat (Resize *self, const SqNode *node)
{
  int axis = node->params.axis.axis;
  SqDims *out = &self->dims[node->out[0]];
  SqDim parts[SQ_MAX_IN];

  *out = *dims_in (self, node, 0);
  for (int k = 0; k < node->n_in; k++)
    {
      parts[k] = dims_in (self, node, k)->dim[axis];
      for (int d = 0; d < out->rank; d++)
        if (d != axis && sq_dim_changed (&dims_in (self, node, k)->dim[d]))
          out->dim[d] = dims_in (self, node, k)->dim[d];
    }
  out->dim[axis] = sq_dim_concat (self->sums, parts, node->n_in);
  return TRUE;
}

static gboolean
gather (const Resize *self, const SqNode *node)
{
  const SqDims *x = dims_in (self, node, 0), *index = dims_in (self, node, 1);
  SqDims *out = &self->dims[node->out[0]];
  int axis = node->params.axis.axis;

  if (sq_dim_changed (&x->dim[axis]) && sq_graph_value (self->from, node->in[1])->constant != NULL) // which cells it means cannot be told
    return FALSE;
  out->rank = 0;
  for (int d = 0; d < axis; d++)
    out->dim[out->rank++] = x->dim[d];
  for (int d = 0; d < index->rank; d++)
    out->dim[out->rank++] = index->dim[d];
  for (int d = axis + 1; d < x->rank; d++)
    out->dim[out->rank++] = x->dim[d];
  return TRUE;
}

static gboolean
matmul (const Resize *self, const SqNode *node)
{
  const SqDims *a = dims_in (self, node, 0), *b = dims_in (self, node, 1);
  SqDims *out = &self->dims[node->out[0]];

  broadcast (self, node);
  for (int k = 0; k < node->n_in; k++) // sizes that meet in the sum are of the same kind, or it would mean another sum
    if (sq_graph_value (self->from, node->in[k])->constant != NULL && any_changed (dims_in (self, node, 1 - k))
        && sq_dim_changed (k == 0 ? &b->dim[b->rank - 2] : &a->dim[a->rank - 1]))
      return FALSE;
  out->dim[out->rank - 2] = a->dim[a->rank - 2];
  out->dim[out->rank - 1] = b->dim[b->rank - 1];
  return TRUE;
}

static gboolean
topk (const Resize *self, const SqNode *node, SqParams *params)
{
  const SqDims *x = dims_in (self, node, 0);
  int axis = params->topk.axis;
  SqDims out = *x;

  if (params->topk.k == sq_dim_was (&x->dim[axis]))
    params->topk.k = sq_dim_now (&x->dim[axis]);
  else
    out.dim[axis] = sq_dim_new (params->topk.k, params->topk.k);
  for (int k = 0; k < node->n_out; k++)
    self->dims[node->out[k]] = out;
  return TRUE;
}

static gboolean
reshape (const Resize *self, const SqNode *node, SqParams *params)
{
  SqDims *out = &self->dims[node->out[0]];

  if (!sq_dims_reshape (dims_in (self, node, 0), &node->params.reshape.shape, out))
    return FALSE;
  for (int d = 0; d < out->rank; d++)
    params->reshape.shape.dim[d] = sq_dim_now (&out->dim[d]);
  return TRUE;
}

static gboolean
expand (const Resize *self, const SqNode *node, SqParams *params)
{
  const SqShape *target = &node->params.reshape.shape;
  SqDims *out = &self->dims[node->out[0]];

  broadcast (self, node);
  for (int d = 0; d < target->rank; d++)
    {
      const SqDim *y = &out->dim[out->rank - target->rank + d];

      if (target->dim[d] == sq_dim_was (y))
        params->reshape.shape.dim[d] = sq_dim_now (y);
    }
  return TRUE;
}

static gboolean
pad (const Resize *self, const SqNode *node)
{
  const SqDims *x = dims_in (self, node, 0);
  SqDims *out = &self->dims[node->out[0]];

  out->rank = x->rank;
  for (int d = 0; d < x->rank; d++)
    {
      gint64 more = node->params.pad.before[d] + node->params.pad.after[d];

      out->dim[d] = more == 0 ? x->dim[d] : sq_dim_new (sq_dim_was (&x->dim[d]) + more, sq_dim_now (&x->dim[d]) + more);
    }
  return TRUE;
}

static gboolean
keeps_shape (const SqNode *node)
{
  return node->op == &sq_op_act || node->op == &sq_op_cast || node->op == &sq_op_softmax || node->op == &sq_op_fake_quant
         || node->op == &sq_op_dynamic_round || node->op == &sq_op_quantize || node->op == &sq_op_dequantize;
}

// New parameters, and what is known of the outputs before their shapes are inferred. FALSE: not understood.
static gboolean
adapt (Resize *self, const SqNode *node, SqParams *params, gboolean *spatial)
{
  if (node->op == &sq_op_pool)
    pool (self, node, params);
  *spatial = node->op == &sq_op_conv || node->op == &sq_op_conv_transpose || node->op == &sq_op_conv_integer || node->op == &sq_op_pool
             || node->op == &sq_op_resize;
  if (*spatial)
    return node->op != &sq_op_resize || resample (self, node, params);
  if (keeps_shape (node))
    {
      self->dims[node->out[0]] = *dims_in (self, node, 0);
      return TRUE;
    }
  if (node->op == &sq_op_binary || node->op == &sq_op_where)
    {
      broadcast (self, node);
      return TRUE;
    }
  if (node->op == &sq_op_slice)
    return slice (self, node, params);
  if (node->op == &sq_op_concat)
    return concat (self, node);
  if (node->op == &sq_op_reshape)
    return reshape (self, node, params);
  if (node->op == &sq_op_reduce)
    return reduce (self, node);
  if (node->op == &sq_op_gather)
    return gather (self, node);
  if (node->op == &sq_op_matmul)
    return matmul (self, node);
  if (node->op == &sq_op_topk)
    return topk (self, node, params);
  if (node->op == &sq_op_expand)
    return expand (self, node, params);
  if (node->op == &sq_op_pad)
    return pad (self, node);
  if (node->op == &sq_op_transpose)
    {
      self->dims[node->out[0]].rank = dims_in (self, node, 0)->rank;
      for (int d = 0; d < dims_in (self, node, 0)->rank; d++)
        self->dims[node->out[0]].dim[d] = dims_in (self, node, 0)->dim[params->transpose.perm[d]];
      return TRUE;
    }
  if (node->op == &sq_op_gather_elements)
    {
      self->dims[node->out[0]] = *dims_in (self, node, 1);
      return TRUE;
    }
  for (int k = 0; k < node->n_in; k++)
    if (node->in[k] != SQ_NO_VALUE && any_changed (dims_in (self, node, k)))
      return FALSE;
  for (int k = 0; k < node->n_out; k++)
    self->dims[node->out[k]] = sq_dims_fixed (&sq_graph_value (self->from, node->out[k])->shape);
  return TRUE;
}

// A constant that meets sizes that change, such as the cells' positions. Its other dimensions stay.
static gboolean
adapt_constant (Resize *self, const SqNode *node, int k, int *value)
{
  const SqTensor *constant = sq_graph_value (self->from, node->in[k])->constant;
  const SqDims *out = &self->dims[node->out[0]];
  SqDims along = sq_dims_fixed (&constant->shape);
  gboolean concat = node->op == &sq_op_concat;
  SqTensor *grown;

  if (node->op != &sq_op_binary && node->op != &sq_op_where && !concat)
    return TRUE;
  for (int d = 0; d < along.rank; d++)
    {
      int at = out->rank - along.rank + d;

      if (constant->shape.dim[d] != 1 && !(concat && at == node->params.axis.axis) && sq_dim_was (&out->dim[at]) == constant->shape.dim[d])
        along.dim[d] = out->dim[at];
    }
  if (!any_changed (&along))
    return TRUE;
  grown = sq_dims_regrow (self->sums, &along, constant);
  if (grown == NULL)
    return FALSE;
  *value = sq_graph_add_constant (self->to, NULL, grown);
  return TRUE;
}

static gboolean
copy_node (Resize *self, const SqNode *node)
{
  SqParams params = node->params;
  int in[SQ_MAX_IN], out[SQ_MAX_OUT];
  gboolean spatial;

  if (!adapt (self, node, &params, &spatial))
    return FALSE;
  for (int k = 0; k < node->n_in; k++)
    {
      in[k] = node->in[k] == SQ_NO_VALUE ? SQ_NO_VALUE : self->map[node->in[k]];
      if (in[k] != SQ_NO_VALUE && sq_graph_value (self->from, node->in[k])->constant != NULL && !adapt_constant (self, node, k, &in[k]))
        return FALSE;
    }
  if (!sq_graph_add (self->to, node->op, &params, in, node->n_in, out, NULL))
    return FALSE;
  if (spatial)
    dims_of_spatial (self, node, &sq_graph_value (self->to, out[0])->shape);
  for (int k = 0; k < node->n_out; k++)
    {
      const SqValue *was = sq_graph_value (self->from, node->out[k]);
      SqValue *now = sq_graph_value (self->to, out[k]);
      const SqDims *dims = &self->dims[node->out[k]];

      if (dims->rank != now->shape.rank)
        return FALSE;
      for (int d = 0; d < dims->rank; d++) // what was followed and what was inferred must be the same
        if (sq_dim_now (&dims->dim[d]) != now->shape.dim[d] || sq_dim_was (&dims->dim[d]) != was->shape.dim[d])
          return FALSE;
      g_free (now->name);
      now->name = g_strdup (was->name);
      self->map[node->out[k]] = out[k];
    }
  return TRUE;
}

static void
copy_values (Resize *self, int height, int width)
{
  int input = g_array_index (self->from->inputs, int, 0);

  for (guint v = 0; v < self->from->values->len; v++)
    {
      const SqValue *value = sq_graph_value (self->from, (int) v);

      self->map[v] = SQ_NO_VALUE;
      self->dims[v] = sq_dims_fixed (&value->shape);
      if (value->constant != NULL)
        self->map[v] = sq_graph_add_constant (self->to, value->name, sq_tensor_ref (value->constant));
      else if ((int) v == input)
        {
          SqShape shape = value->shape;

          self->dims[v].dim[2] = sq_dim_new (shape.dim[2], height);
          self->dims[v].dim[3] = sq_dim_new (shape.dim[3], width);
          shape.dim[2] = height;
          shape.dim[3] = width;
          self->map[v] = sq_graph_add_input (self->to, value->name, value->dtype, &shape);
        }
    }
}

SqGraph *
sq_graph_resize (const SqGraph *graph, const char *name, int height, int width, GError **error)
{
  g_autofree SqDims *dims = g_new0 (SqDims, graph->values->len);
  g_autofree int *map = g_new (int, graph->values->len);
  g_autoptr (SqGraph) to = sq_graph_new ();
  g_autoptr (SqSums) sums = sq_sums_new ();
  const SqShape *input = graph->inputs->len == 1 ? &sq_graph_value (graph, g_array_index (graph->inputs, int, 0))->shape : NULL;
  Resize self = { graph, to, sums, dims, map };

  if (input == NULL || input->rank != 4 || height < 1 || width < 1)
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT, "%s keeps its input size: it does not take one picture.", name);
      return NULL;
    }
  copy_values (&self, height, width);
  for (guint i = 0; i < graph->nodes->len; i++)
    if (!copy_node (&self, sq_graph_node (graph, i)))
      {
        g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT,
                     "%s keeps its input size: one of its layers (%s) is made for %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT
                     " and not for %d x %d; choose a level that leaves the size alone, such as int8.",
                     name, sq_graph_node (graph, i)->op->name, input->dim[3], input->dim[2], width, height);
        return NULL;
      }
  for (guint i = 0; i < graph->outputs->len; i++)
    sq_graph_add_output (to, map[g_array_index (graph->outputs, int, i)]);
  sq_graph_prune (to);
  return g_steal_pointer (&to);
}
