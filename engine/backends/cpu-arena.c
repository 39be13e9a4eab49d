// SPDX-License-Identifier: GPL-3.0-or-later
// Where buffers lie: parts inside wholes, and wholes in one arena where those alive at the same time never overlap.
#include "cpu-private.h"

#include <stdlib.h>

int
_sq_cpu_root (const CpuExec *self, int buffer, gsize *offset)
{
  *offset = 0;
  while (cpu_buffer (self, buffer)->parent >= 0)
    {
      *offset += cpu_buffer (self, buffer)->offset;
      buffer = cpu_buffer (self, buffer)->parent;
    }
  return buffer;
}

static gboolean
is_free_root (const CpuExec *self, int buffer, int concat)
{
  const Buffer *b = cpu_buffer (self, buffer);

  return b->parent < 0 && b->input < 0 && b->output < 0 && b->constant == NULL && b->own == NULL && buffer != concat;
}

// Tries to make input `first` of a concatenation a part of it at byte `at`; several neighbouring inputs may be the slices of one buffer,
// which then moves in whole. `placed` gets how many inputs that settled.
static gboolean
place_in_concat (CpuExec *self, int concat, gsize at, const int *parts, const gsize *bytes, int n, int first, int *placed)
{
  Buffer *b = cpu_buffer (self, parts[first]);
  gsize covered = 0;
  int whole, k;

  if (is_free_root (self, parts[first], concat))
    {
      for (k = 0; k < n; k++) // twice in the same concatenation: the second is a copy
        if (k < first && parts[k] == parts[first])
          return FALSE;
      b->parent = concat;
      b->offset = at;
      *placed = 1;
      return TRUE;
    }
  whole = b->parent;
  if (whole < 0 || b->offset != 0 || !is_free_root (self, whole, concat))
    return FALSE;
  for (k = first; k < n; k++)
    {
      const Buffer *part = cpu_buffer (self, parts[k]);

      if (part->parent != whole || part->offset != covered)
        break;
      covered += bytes[k];
    }
  if (covered != cpu_buffer (self, whole)->bytes)
    return FALSE;
  cpu_buffer (self, whole)->parent = concat;
  cpu_buffer (self, whole)->offset = at;
  *placed = k - first;
  return TRUE;
}

void
_sq_cpu_place_parts (CpuExec *self, Step *step)
{
  gsize bytes[SQ_MAX_IN], at = 0;
  int placed;

  for (int k = 0; k < step->n_in; k++)
    bytes[k] = cpu_buffer (self, step->in[k])->bytes;
  for (int k = 0; k < step->n_in; k += placed)
    {
      if (!place_in_concat (self, step->out[0], at, step->in, bytes, step->n_in, k, &placed))
        {
          step->copy_bytes[k] = bytes[k];
          step->copy_offset[k] = at;
          placed = 1;
        }
      for (int i = k; i < k + placed; i++)
        at += bytes[i];
    }
}

static void
touch (CpuExec *self, int buffer, int step)
{
  gsize offset;
  Buffer *root;

  if (buffer < 0)
    return;
  root = cpu_buffer (self, _sq_cpu_root (self, buffer, &offset));
  root->block.born = MIN (root->block.born, step);
  root->block.died = MAX (root->block.died, step);
}

gboolean
_sq_cpu_arena (CpuExec *self, GError **error)
{
  g_autoptr (GPtrArray) roots = g_ptr_array_new (); // SqArenaBlock

  for (guint i = 0; i < self->buffers->len; i++)
    {
      cpu_buffer (self, i)->block.born = G_MAXINT;
      cpu_buffer (self, i)->block.died = -1;
    }
  for (guint s = 0; s < self->steps->len; s++)
    {
      const Step *step = g_ptr_array_index (self->steps, s);

      for (int k = 0; k < step->n_in; k++)
        touch (self, step->in[k], s);
      for (int k = 0; k < step->n_out; k++)
        touch (self, step->out[k], s);
    }
  for (guint i = 0; i < self->graph->outputs->len; i++)
    touch (self, self->of_value[LAYOUT_PLAIN][g_array_index (self->graph->outputs, int, i)], self->steps->len);
  for (guint i = 0; i < self->buffers->len; i++)
    {
      Buffer *b = cpu_buffer (self, i);

      if (b->parent < 0 && b->input < 0 && b->output < 0 && b->constant == NULL && b->own == NULL && b->block.died >= 0)
        {
          b->block.bytes = (b->bytes + 127) & ~(gsize) 63; // kernels may load a vector past the end
          g_ptr_array_add (roots, &b->block);
        }
    }
  self->arena_bytes = sq_arena_plan ((SqArenaBlock **) roots->pdata, roots->len);
  self->arena = aligned_alloc (64, (self->arena_bytes + 127) & ~(gsize) 63);
  if (self->arena == NULL)
    {
      g_set_error_literal (error, SQ_ERROR, SQ_ERROR_OUT_OF_MEMORY,
                           "There is not enough memory to run this network: use a smaller input size.");
      return FALSE;
    }
  return TRUE;
}
