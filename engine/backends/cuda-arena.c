// SPDX-License-Identifier: GPL-3.0-or-later
// Where buffers lie: parts inside wholes, and wholes in one arena where those alive at the same time never overlap.
#include "cuda-private.h"

int
_sq_cuda_root (const CudaExec *self, int buffer, int *channel)
{
  *channel = 0;
  while (cuda_buffer (self, buffer)->parent >= 0)
    {
      *channel += cuda_buffer (self, buffer)->channel;
      buffer = cuda_buffer (self, buffer)->parent;
    }
  return buffer;
}

static gboolean
is_free_root (const CudaExec *self, int buffer, int concat)
{
  const Buffer *b = cuda_buffer (self, buffer), *whole = cuda_buffer (self, concat);

  return b->parent < 0 && !b->constant && buffer != concat && b->type == whole->type && b->layout == whole->layout && b->pitch == b->c
         && (b->layout != LAYOUT_QUANT || cuda_same_grid (b, whole));
}

// Several neighbouring inputs may be the slices of one buffer, which then moves in whole.
int
_sq_cuda_place_in_concat (CudaExec *self, int concat, const int *parts, int n, int first, int channel)
{
  Buffer *b = cuda_buffer (self, parts[first]);
  int whole = b->parent, covered = 0, k;

  if (is_free_root (self, parts[first], concat))
    {
      for (k = 0; k < first; k++) // twice in the same concatenation: the second is a copy
        if (parts[k] == parts[first])
          return 0;
      b->parent = concat;
      b->channel = channel;
      return 1;
    }
  if (whole < 0 || b->channel != 0 || !is_free_root (self, whole, concat))
    return 0;
  for (k = first; k < n; k++)
    {
      const Buffer *part = cuda_buffer (self, parts[k]);

      if (part->parent != whole || part->channel != covered)
        break;
      covered += part->c;
    }
  if (covered != cuda_buffer (self, whole)->c)
    return 0;
  cuda_buffer (self, whole)->parent = concat;
  cuda_buffer (self, whole)->channel = channel;
  return k - first;
}

static void
touch (CudaExec *self, int buffer, int step)
{
  int channel;
  Buffer *root;

  if (buffer < 0)
    return;
  root = cuda_buffer (self, _sq_cuda_root (self, buffer, &channel));
  root->block.born = MIN (root->block.born, step);
  root->block.died = MAX (root->block.died, step);
}

static gsize
picture_row (const Buffer *root)
{
  return (gsize) (root->w + 2 * root->border) * root->pitch;
}

static gsize
picture_size (const Buffer *root) // elements of one image
{
  return picture_row (root) * (root->h + 2 * root->border);
}

static gsize
root_bytes (const CudaExec *self, const Buffer *b)
{
  gsize elements = b->layout == LAYOUT_PLAIN ? (gsize) b->n : picture_size (b);

  return (elements * self->batch * cuda_type_size (b->type) + CUDA_ALIGN + CUDA_ALIGN - 1)
         & ~(gsize) (CUDA_ALIGN - 1); // vectors may read past the end
}

void
_sq_cuda_arena (CudaExec *self)
{
  g_autoptr (GPtrArray) roots = g_ptr_array_new (); // SqArenaBlock
  int last = (int) self->steps->len;

  for (guint i = 0; i < self->buffers->len; i++)
    {
      cuda_buffer (self, i)->block.born = G_MAXINT;
      cuda_buffer (self, i)->block.died = -1;
    }
  for (int s = 0; s < last; s++)
    {
      const Step *step = g_ptr_array_index (self->steps, s);

      for (int k = 0; k < step->n_in; k++)
        touch (self, step->in[k], s);
      for (int k = 0; k < step->n_out; k++)
        touch (self, step->out[k], s);
    }
  for (guint i = 0; i < self->graph->inputs->len; i++)
    touch (self, self->of_value[LAYOUT_PLAIN][g_array_index (self->graph->inputs, int, i)], 0);
  for (guint i = 0; i < self->graph->outputs->len; i++)
    touch (self, self->of_value[LAYOUT_PLAIN][g_array_index (self->graph->outputs, int, i)], last);
  for (guint i = 0; i < self->buffers->len; i++)
    {
      Buffer *b = cuda_buffer (self, i);

      if (b->parent >= 0 || b->constant || b->block.died < 0)
        continue;
      if (b->border > 0) // filled once: nobody else's
        {
          b->block.born = 0;
          b->block.died = last;
        }
      b->block.bytes = root_bytes (self, b);
      g_ptr_array_add (roots, &b->block);
    }
  self->arena_bytes = sq_arena_plan ((SqArenaBlock **) roots->pdata, roots->len);
}

// While the network is planned nothing is reserved yet: then this is the offset, whose alignment is that of the address to come.
char *
_sq_cuda_data (const CudaExec *self, int buffer)
{
  int channel;
  const Buffer *root = cuda_buffer (self, _sq_cuda_root (self, buffer, &channel));
  gsize at = root->block.at;

  if (root->layout != LAYOUT_PLAIN)
    at += (root->border * (picture_row (root) + root->pitch) + (gsize) channel) * cuda_type_size (root->type);
  return (char *) ((gsize) (root->constant ? self->constants_on_device : self->arena) + at);
}

SqCudaMap
_sq_cuda_map (const CudaExec *self, int buffer)
{
  const Buffer *b = cuda_buffer (self, buffer);
  int channel;
  const Buffer *root = cuda_buffer (self, _sq_cuda_root (self, buffer, &channel));

  g_assert (b->layout != LAYOUT_PLAIN);
  return (SqCudaMap){ .data = _sq_cuda_data (self, buffer),
                      .type = b->type,
                      .n = self->batch,
                      .h = b->h,
                      .w = b->w,
                      .c = b->c,
                      .image = (gint64) picture_size (root),
                      .row = (gint64) picture_row (root),
                      .pixel = root->pitch,
                      .scale = b->scale,
                      .zero = b->zero };
}

void
_sq_cuda_strides (const CudaExec *self, int buffer, const SqShape *own, const SqShape *shape, gint64 *strides)
{
  const Buffer *b = cuda_buffer (self, buffer);
  SqCudaMap map;

  if (b->layout == LAYOUT_PLAIN)
    {
      strides[0] = b->constant ? 0 : b->n;
      sq_shape_broadcast_strides (own, shape, strides + 1);
      return;
    }
  map = _sq_cuda_map (self, buffer);
  strides[0] = map.image;
  for (int i = 0; i < shape->rank; i++)
    {
      int d = i - (shape->rank - 4); // of N C H W

      strides[1 + i] = d < 1 || own->dim[d] == 1 ? 0 : d == 1 ? 1 : d == 2 ? map.row : map.pixel;
    }
}
