// SPDX-License-Identifier: GPL-3.0-or-later
// What of a quantised network runs in 8 bits: rounded values that convolutions with 8-bit weights read, whatever only moves them on the
// way, and those convolutions with the rounding behind them. All else reads floats that are made of the bytes, so the numbers are those of
// the graph either way.
#include "cpu-private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BAND_BYTES (96 << 10) // of a band's input spread out: it should stay in the second cache
#define MAX_KERNEL 16

static gsize
padded (const CpuExec *self, int value)
{
  return (gsize) ((sq_graph_value (self->graph, value)->shape.dim[1] + self->block - 1) / self->block * self->block);
}

static ByteGrid *
grid_new (CpuExec *self, int value)
{
  ByteGrid *grid = self->grids[value] != NULL ? self->grids[value] : g_new0 (ByteGrid, 1);

  if (self->grids[value] != NULL)
    return grid;
  grid->n = padded (self, value);
  grid->scale = g_new (float, 3 * grid->n);
  grid->zero = grid->scale + grid->n;
  grid->inverse = grid->zero + grid->n;
  self->grids[value] = grid;
  return grid;
}

static void
grid_set (ByteGrid *grid, gsize c, float scale, float zero)
{
  grid->scale[c] = scale;
  grid->zero[c] = zero;
  grid->inverse[c] = 1 / scale;
}

static void
grid_copy (ByteGrid *to, gsize at, const ByteGrid *from, gsize first, gsize n)
{
  for (gsize c = 0; c < n; c++)
    grid_set (to, at + c, from->scale[first + c], from->zero[first + c]);
}

// 0..255, or -128..127 moved up.
static gboolean
is_byte_range (const SqNode *node, float *shift)
{
  *shift = -node->params.fake_quant.low;
  return node->params.fake_quant.high - node->params.fake_quant.low == 255 && (*shift == 0 || *shift == 128);
}

// Scales of a stranger's file may be anything.
static gboolean
is_sane (float scale, float zero)
{
  return scale >= 1e-30f && scale <= 1e30f && zero >= 0 && zero <= 255 && zero == nearbyintf (zero);
}

// What a rounding node stores, where that fits a byte.
static gboolean
find_grid (CpuExec *self, const SqNode *node)
{
  const SqTensor *scale = node->n_in > 1 ? sq_graph_value (self->graph, node->in[1])->constant : NULL;
  const SqTensor *zero = node->n_in > 1 ? sq_graph_value (self->graph, node->in[2])->constant : NULL;
  gsize channels = (gsize) sq_graph_value (self->graph, node->in[0])->shape.dim[1];
  ByteGrid *grid;
  float shift;

  if (!is_byte_range (node, &shift) || (node->n_in > 1 && (scale == NULL || zero == NULL)))
    return FALSE;
  grid = grid_new (self, node->out[0]);
  for (gsize c = 0; c < grid->n; c++)
    {
      gsize from = MIN (c, channels - 1);
      float s = scale != NULL ? sq_tensor_f32 (scale)[from] : node->params.fake_quant.scale;
      float z = (zero != NULL ? sq_tensor_f32 (zero)[from] : node->params.fake_quant.zero) + shift;

      if (!is_sane (s, z))
        return FALSE;
      grid_set (grid, c, s, z);
    }
  return TRUE;
}

static gboolean
can_conv (const CpuExec *self, const SqNode *node)
{
  const SqValue *x, *w;
  const SqConvParams *p = &node->params.conv;

  if (node->op != &sq_op_conv)
    return FALSE;
  x = sq_graph_value (self->graph, node->in[0]);
  w = sq_graph_value (self->graph, node->in[1]);
  return _sq_cpu_is_picture (x) && w->constant != NULL && w->constant->grid != NULL
         && (w->constant->grid->n == 1 || (w->constant->grid->axis == 0 && w->constant->grid->n == w->shape.dim[0]))
         && (p->groups == 1 || _sq_cpu_is_depthwise (self, node)) && p->kernel[0] <= MAX_KERNEL && p->kernel[1] <= MAX_KERNEL
         && (node->n_in < 3 || node->in[2] == SQ_NO_VALUE || sq_graph_value (self->graph, node->in[2])->constant != NULL)
         // without VNNI floats that multiply less often are faster
         && !_sq_cpu_winograd_pays (self, p, &x->shape, &sq_graph_value (self->graph, node->out[0])->shape);
}

static gboolean
can_pool (const SqNode *node)
{
  const SqPoolParams *p = &node->params.pool;

  return node->op == &sq_op_pool && !p->average && !p->ceil && p->dilation[0] == 1 && p->dilation[1] == 1;
}

static gboolean
can_upsample (const CpuExec *self, const SqNode *node)
{
  const SqParams *p = &node->params;
  const SqShape *x = &sq_graph_value (self->graph, node->in[0])->shape;

  return node->op == &sq_op_resize && !p->resize.linear && (p->resize.coords == 1 ? p->resize.floor : p->resize.coords != 2)
         && p->resize.height % x->dim[2] == 0 && p->resize.width % x->dim[3] == 0;
}

// A range of whole blocks of channels; where it begins.
static gboolean
can_slice (const CpuExec *self, const SqNode *node, gint64 *start)
{
  const SqShape *x = &sq_graph_value (self->graph, node->in[0])->shape, *y = &sq_graph_value (self->graph, node->out[0])->shape;

  *start = node->op == &sq_op_slice ? node->params.slice.start[1] : 0;
  if (node->op != &sq_op_slice || *start % self->block != 0 || (y->dim[1] % self->block != 0 && *start + y->dim[1] != x->dim[1]))
    return FALSE;
  for (int d = 0; d < 4; d++)
    if (node->params.slice.step[d] != 1 || (d != 1 && x->dim[d] != y->dim[d]))
      return FALSE;
  return TRUE;
}

static gboolean
can_concat (const CpuExec *self, const SqNode *node)
{
  if (node->op != &sq_op_concat || node->params.axis.axis != 1)
    return FALSE;
  for (int k = 0; k < node->n_in - 1; k++)
    if (sq_graph_value (self->graph, node->in[k])->shape.dim[1] % self->block != 0)
      return FALSE;
  return TRUE;
}

static gboolean
moves (const CpuExec *self, const SqNode *node)
{
  gint64 start;

  return _sq_cpu_is_picture (sq_graph_value (self->graph, node->out[0])) && _sq_cpu_is_picture (sq_graph_value (self->graph, node->in[0]))
         && (can_pool (node) || can_upsample (self, node) || can_slice (self, node, &start) || can_concat (self, node));
}

void
_sq_cpu_bytes_init (CpuExec *self)
{
  guint n = self->graph->nodes->len;

  self->grids = g_new0 (ByteGrid *, self->graph->values->len + 1);
  self->wants_bytes = g_new0 (gboolean, self->graph->values->len + 1);
  self->done = g_new0 (gboolean, n + 1);
  for (guint i = n; i > 0; i--)
    {
      const SqNode *node = sq_graph_node (self->graph, i - 1);

      if (can_conv (self, node))
        self->wants_bytes[node->in[0]] = TRUE;
      else if (self->wants_bytes[node->out[0]] && moves (self, node))
        for (int k = 0; k < node->n_in; k++)
          if (node->in[k] != SQ_NO_VALUE)
            self->wants_bytes[node->in[k]] = TRUE;
    }
}

void
_sq_cpu_bytes_free (CpuExec *self)
{
  if (self->grids == NULL)
    return;
  for (guint i = 0; i < self->graph->values->len; i++)
    if (self->grids[i] != NULL)
      {
        g_free (self->grids[i]->scale);
        g_free (self->grids[i]);
      }
  g_free (self->grids);
  g_free (self->wants_bytes);
  g_free (self->done);
}

int
_sq_cpu_from_bytes (CpuExec *self, int value)
{
  int from = self->of_value[LAYOUT_BYTES][value];
  Step *step = _sq_cpu_add_step (self, "to floats", _sq_cpu_run_from_bytes, NULL);

  step->grid = self->grids[value];
  step->in[step->n_in++] = from;
  step->out[step->n_out++] = _sq_cpu_add_buffer (self, value, LAYOUT_BLOCKED);
  return step->out[0];
}

static gboolean
round_step (CpuExec *self, const SqNode *node, GError **error)
{
  const SqValue *x = sq_graph_value (self->graph, node->in[0]);
  Layout layout;
  Step *step;

  if (!self->wants_bytes[node->out[0]] || !_sq_cpu_is_picture (x) || x->constant != NULL || !find_grid (self, node))
    return FALSE;
  layout = _sq_cpu_has (self, node->in[0], LAYOUT_PLAIN) && x->shape.dim[1] <= self->block ? LAYOUT_PLAIN : LAYOUT_BLOCKED;
  if (_sq_cpu_want (self, node->in[0], layout, error) < 0)
    return FALSE;
  step = _sq_cpu_add_step (self, "to bytes", _sq_cpu_run_to_bytes, node);
  step->grid = self->grids[node->out[0]];
  _sq_cpu_read (self, step, node->in[0], layout, error);
  step->out[step->n_out++] = _sq_cpu_add_buffer (self, node->out[0], LAYOUT_BYTES);
  return TRUE;
}

static gboolean
all_in_bytes (const CpuExec *self, const SqNode *node)
{
  for (int k = 0; k < node->n_in; k++)
    if (node->in[k] == SQ_NO_VALUE || !_sq_cpu_has (self, node->in[k], LAYOUT_BYTES))
      return FALSE;
  return TRUE;
}

static void
concat_bytes (CpuExec *self, const SqNode *node)
{
  Step *step = _sq_cpu_add_step (self, "concat", _sq_cpu_run_concat, node);
  ByteGrid *grid = grid_new (self, node->out[0]);
  gsize channel = 0;

  for (int k = 0; k < node->n_in; k++)
    {
      const ByteGrid *part = self->grids[node->in[k]];

      step->in[step->n_in++] = self->of_value[LAYOUT_BYTES][node->in[k]];
      grid_copy (grid, channel, part, 0, part->n);
      channel += part->n;
    }
  step->out[step->n_out++] = _sq_cpu_add_buffer (self, node->out[0], LAYOUT_BYTES);
  _sq_cpu_place_parts (self, step);
}

static gboolean
move_step (CpuExec *self, const SqNode *node)
{
  ByteGrid *from;
  gint64 start = 0;
  gboolean slice;
  Step *step;
  int in, out;

  if (!self->wants_bytes[node->out[0]] || !moves (self, node) || !all_in_bytes (self, node))
    return FALSE;
  if (node->op == &sq_op_concat)
    {
      concat_bytes (self, node);
      return TRUE;
    }
  from = self->grids[node->in[0]];
  slice = can_slice (self, node, &start);
  in = self->of_value[LAYOUT_BYTES][node->in[0]];
  out = _sq_cpu_add_buffer (self, node->out[0], LAYOUT_BYTES);
  grid_copy (grid_new (self, node->out[0]), 0, from, (gsize) start, padded (self, node->out[0]));
  step = _sq_cpu_add_step (self, slice ? "slice" : node->op->name,
                           slice                     ? _sq_cpu_run_nothing
                           : node->op == &sq_op_pool ? _sq_cpu_run_pool_bytes
                                                     : _sq_cpu_run_upsample,
                           node);
  if (slice)
    {
      const SqShape *x = &sq_graph_value (self->graph, node->in[0])->shape;

      cpu_buffer (self, out)->parent = in;
      cpu_buffer (self, out)->offset = (gsize) (start * x->dim[2] * x->dim[3]);
    }
  if (node->op == &sq_op_pool)
    self->scratch_floats =
        MAX (self->scratch_floats, (gsize) (sq_graph_value (self->graph, node->in[0])->shape.dim[3] * self->block) / sizeof (float) + 1);
  step->in[step->n_in++] = in;
  step->out[step->n_out++] = out;
  return TRUE;
}

void
_sq_cpu_conv8_free (Conv8 *conv)
{
  free (conv->weights);
  free (conv->numbers);
  g_free (conv->zero);
  g_free (conv->group_end);
  g_free (conv);
}

// Runs of input blocks in which all channels have one scale. NULL where a block has several: sums would not fit together.
static int *
find_groups (const CpuExec *self, const ByteGrid *grid, gint64 channels, int *n)
{
  gsize block = (gsize) self->block;
  int *ends = g_new (int, grid->n / block);

  *n = 0;
  for (gsize k = 0; k < grid->n / block; k++)
    {
      for (gsize c = 1; c < block && k * block + c < (gsize) channels; c++)
        if (grid->scale[k * block + c] != grid->scale[k * block])
          {
            g_free (ends);
            return NULL;
          }
      if (*n == 0 || grid->scale[k * block] != grid->scale[(k - 1) * block])
        ++*n;
      ends[*n - 1] = (int) k + 1;
    }
  return ends;
}

// A picture's pixels in rows of about a strip's multiple: a 1x1 convolution does not care how wide the picture is.
static void
flatten (SqConv8 *c)
{
  int n = c->height * c->width, best = c->width;

  if (c->kernel[0] != 1 || c->kernel[1] != 1 || c->stride[0] != 1 || c->stride[1] != 1 || c->pad[0] != 0 || c->pad[1] != 0
      || c->out_height != c->height || c->out_width != c->width)
    return;
  for (int w = 48; w <= 256; w++)
    if (n % w == 0 && (best < 48 || w % 6 == 0 || best % 6 != 0))
      {
        best = w;
        if (w % 6 == 0)
          break;
      }
  c->width = c->out_width = best;
  c->height = c->out_height = n / best;
}

static gint8 *
whole_weights (const SqTensor *w)
{
  gint8 *q = g_malloc ((gsize) w->n);
  gint64 per = w->n / w->shape.dim[0];

  for (gint64 i = 0; i < w->n; i++)
    q[i] = (gint8) CLAMP (nearbyintf (sq_tensor_f32 (w)[i] / w->grid->scale[w->grid->n > 1 ? i / per : 0]), -128, 127);
  return q;
}

// Multipliers, one row per group, then biases.
static gboolean
fill_numbers (Conv8 *conv, const ByteGrid *in, const SqTensor *w, const SqTensor *bias)
{
  SqConv8 *c = &conv->conv;
  gsize out = (gsize) ((c->out_channels + c->block - 1) / c->block * c->block), total = out * (gsize) (c->n_groups + 1);
  float *numbers = aligned_alloc (64, (total * sizeof (float) + 63) & ~(gsize) 63);

  if (numbers == NULL)
    return FALSE;
  memset (numbers, 0, total * sizeof (float));
  for (int g = 0; g < c->n_groups; g++)
    {
      gsize channel = g == 0 ? 0 : (gsize) (c->group_end[g - 1] * c->block);

      for (int o = 0; o < c->out_channels; o++)
        numbers[(gsize) g * out + (gsize) o] = w->grid->scale[w->grid->n > 1 ? o : 0] * in->scale[c->depthwise ? (gsize) o : channel];
    }
  if (bias != NULL)
    memcpy (numbers + (gsize) c->n_groups * out, bias->data, (gsize) c->out_channels * sizeof (float));
  conv->numbers = numbers;
  c->multiplier = numbers;
  c->bias = numbers + (gsize) c->n_groups * out;
  return TRUE;
}

static void
choose_band (CpuExec *self, Conv8 *conv)
{
  const SqConv8 *c = &conv->conv;
  int share = (c->out_height + 2 * self->threads - 1) / (2 * self->threads); // a few pieces for each thread

  for (conv->band = 1; conv->band < share && sq_k_conv8_scratch (c, conv->band + 1) < BAND_BYTES; conv->band++)
    ;
  self->scratch_floats = MAX (self->scratch_floats, sq_k_conv8_scratch (c, conv->band) / sizeof (float));
}

static Conv8 *
conv_new (CpuExec *self, const SqNode *node)
{
  const SqShape *x = &sq_graph_value (self->graph, node->in[0])->shape, *y = &sq_graph_value (self->graph, node->out[0])->shape;
  const SqTensor *w = sq_graph_value (self->graph, node->in[1])->constant;
  const SqTensor *bias = node->n_in > 2 && node->in[2] != SQ_NO_VALUE ? sq_graph_value (self->graph, node->in[2])->constant : NULL;
  const ByteGrid *in = self->grids[node->in[0]];
  const SqConvParams *p = &node->params.conv;
  Conv8 *conv = g_new0 (Conv8, 1);
  SqConv8 *c = &conv->conv;
  g_autofree gint8 *q = whole_weights (w);

  *c = (SqConv8){ .block = self->block,
                  .in_channels = (int) x->dim[1],
                  .out_channels = (int) y->dim[1],
                  .depthwise = _sq_cpu_is_depthwise (self, node),
                  .height = (int) x->dim[2],
                  .width = (int) x->dim[3],
                  .out_height = (int) y->dim[2],
                  .out_width = (int) y->dim[3],
                  .kernel = { p->kernel[0], p->kernel[1] },
                  .stride = { p->stride[0], p->stride[1] },
                  .dilation = { p->dilation[0], p->dilation[1] },
                  .pad = { p->pad[0], p->pad[1] } };
  c->quads = !c->depthwise && sq_k_conv8_quads (self->block);
  c->n_groups = 1;
  conv->group_end = c->depthwise ? g_memdup2 (&(int){ (int) (in->n / (gsize) self->block) }, sizeof (int))
                                 : find_groups (self, in, x->dim[1], &c->n_groups);
  c->group_end = conv->group_end;
  conv->zero = g_malloc (in->n);
  for (gsize i = 0; i < in->n; i++)
    conv->zero[i] = (guint8) in->zero[i];
  c->zero = conv->zero;
  flatten (c);
  if (conv->group_end == NULL || !fill_numbers (conv, in, w, bias)
      || (conv->weights = aligned_alloc (64, (sq_k_conv8_weights_size (c) + 63) & ~(gsize) 63)) == NULL)
    {
      _sq_cpu_conv8_free (conv);
      return NULL;
    }
  sq_k_conv8_weights (c, conv->weights, q);
  conv->act = p->act;
  choose_band (self, conv);
  return conv;
}

// The rounding that is all that reads `value`; -1 where there is none.
static int
only_rounding (const CpuExec *self, int value, guint after)
{
  g_autofree int *uses = sq_graph_count_uses (self->graph);

  if (uses[value] != 1)
    return -1;
  for (guint i = after; i < self->graph->nodes->len; i++)
    {
      const SqNode *node = sq_graph_node (self->graph, i);

      if (node->in[0] == value)
        return node->op == &sq_op_fake_quant && self->wants_bytes[node->out[0]] ? (int) i : -1;
    }
  return -1;
}

static gboolean
conv_step (CpuExec *self, guint i, GError **error)
{
  const SqNode *node = sq_graph_node (self->graph, i);
  int residual = node->n_in > 3 ? node->in[3] : SQ_NO_VALUE, rounding, value = node->out[0];
  gboolean residual_in_bytes = residual != SQ_NO_VALUE && _sq_cpu_has (self, residual, LAYOUT_BYTES);
  Conv8 *conv;
  Step *step;

  if (!can_conv (self, node) || !_sq_cpu_has (self, node->in[0], LAYOUT_BYTES) || (conv = conv_new (self, node)) == NULL)
    return FALSE;
  if (residual != SQ_NO_VALUE && !residual_in_bytes && _sq_cpu_want (self, residual, LAYOUT_BLOCKED, error) < 0)
    {
      _sq_cpu_conv8_free (conv);
      return FALSE;
    }
  rounding = only_rounding (self, value, i + 1);
  if (rounding >= 0 && find_grid (self, sq_graph_node (self->graph, (guint) rounding)))
    {
      value = sq_graph_node (self->graph, (guint) rounding)->out[0];
      conv->out = self->grids[value];
      self->done[rounding] = TRUE;
    }
  step = _sq_cpu_add_step (self, conv->conv.depthwise ? "depthwise8" : "conv8", _sq_cpu_run_conv8, node);
  step->conv8 = conv;
  step->in[step->n_in++] = self->of_value[LAYOUT_BYTES][node->in[0]];
  if (residual_in_bytes)
    {
      conv->residual = self->grids[residual];
      step->in[step->n_in++] = self->of_value[LAYOUT_BYTES][residual];
    }
  else if (residual != SQ_NO_VALUE)
    _sq_cpu_read (self, step, residual, LAYOUT_BLOCKED, error);
  step->out[step->n_out++] = _sq_cpu_add_buffer (self, value, conv->out != NULL ? LAYOUT_BYTES : LAYOUT_BLOCKED);
  return TRUE;
}

gboolean
_sq_cpu_bytes_step (CpuExec *self, guint i, GError **error)
{
  const SqNode *node = sq_graph_node (self->graph, i);

  if (node->op == &sq_op_fake_quant)
    return round_step (self, node, error);
  return node->op == &sq_op_conv ? conv_step (self, i, error) : move_step (self, node);
}
