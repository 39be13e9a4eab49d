// SPDX-License-Identifier: GPL-3.0-or-later
// The CPU backend: oneDNN's convolutions and pools, own passes, references for the rest. See cpu-private.h for the idea.
#include "cpu-private.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void
cpu_free (SqExec *exec)
{
  CpuExec *self = (CpuExec *) exec;

  g_clear_pointer (&self->steps, g_ptr_array_unref);
  g_clear_pointer (&self->buffers, g_array_unref);
  g_clear_pointer (&self->dnn, sq_dnn_free);
  _sq_cpu_bytes_free (self);
  g_free (self->wants_half);
  g_clear_pointer (&self->graph, sq_graph_free);
  for (int l = 0; l < N_LAYOUTS; l++)
    g_free (self->of_value[l]);
  free (self->arena);
  free (self->scratch);
  g_free (self->parent.note);
  g_free (self);
}

static gsize
count_memory (const CpuExec *self)
{
  gsize bytes = self->arena_bytes + self->scratch_floats * self->threads * sizeof (float);

  for (guint s = 0; s < self->steps->len; s++)
    {
      const Step *step = g_ptr_array_index (self->steps, s);
      const SqWinograd *w = &step->winograd;

      if (step->op != NULL)
        bytes += sq_dnn_op_bytes (step->op);
      if (step->conv8 != NULL)
        bytes += sq_k_conv8_weights_size (&step->conv8->conv);
      if (w->weights != NULL)
        bytes += sq_k_winograd_weights_size (8 * w->in_blocks, 8 * w->out_blocks) * sizeof (float);
    }
  return bytes;
}

static SqExec *
cpu_compile (const SqGraph *graph, const SqExecOptions *options, GError **error)
{
  CpuExec *self = g_new0 (CpuExec, 1);

  self->graph = sq_graph_copy (graph);
  self->threads = options->threads > 0 ? options->threads : (int) g_get_num_processors ();
  self->block = sq_dnn_block ();
  self->buffers = g_array_new (FALSE, TRUE, sizeof (Buffer));
  self->steps = g_ptr_array_new_with_free_func ((GDestroyNotify) _sq_cpu_step_free);
  for (int l = 0; l < N_LAYOUTS; l++)
    {
      self->of_value[l] = g_new (int, graph->values->len);
      for (guint i = 0; i < graph->values->len; i++)
        self->of_value[l][i] = -1;
    }
  _sq_cpu_half_init (self, options);
  omp_set_num_threads (self->threads); // code is generated for this many
  self->dnn = sq_dnn_new (error);
  if (self->dnn == NULL || !_sq_cpu_plan (self, error) || !_sq_cpu_arena (self, error))
    {
      cpu_free (&self->parent);
      return NULL;
    }
  self->scratch_floats = (self->scratch_floats + 15) & ~(gsize) 15;
  self->scratch = aligned_alloc (64, MAX (self->scratch_floats * self->threads * sizeof (float), 64));
  if (self->scratch == NULL)
    {
      cpu_free (&self->parent);
      g_set_error_literal (error, SQ_ERROR, SQ_ERROR_OUT_OF_MEMORY,
                           "There is not enough memory to run this network: use a smaller input size.");
      return NULL;
    }
  self->parent.memory = count_memory (self);
  return &self->parent;
}

static gint64
now_ns (void)
{
  struct timespec t;

  clock_gettime (CLOCK_MONOTONIC, &t);
  return (gint64) t.tv_sec * 1000000000 + t.tv_nsec;
}

static void
resolve (CpuExec *self, SqTensor *const *in, SqTensor *const *out)
{
  for (guint i = 0; i < self->buffers->len; i++)
    {
      gsize offset;
      const Buffer *root = cpu_buffer (self, _sq_cpu_root (self, i, &offset));
      char *base = root->input >= 0         ? in[root->input]->data
                   : root->output >= 0      ? out[root->output]->data
                   : root->constant != NULL ? root->constant->data
                   : root->own != NULL      ? root->own
                                            : self->arena + root->block.at;

      cpu_buffer (self, i)->data = base + offset;
    }
}

static gboolean
cpu_run (SqExec *exec, SqTensor *const *in, SqTensor **out, GError **error)
{
  CpuExec *self = (CpuExec *) exec;
  const SqGraph *graph = self->graph;
  gint64 last;

  for (guint i = 0; i < graph->outputs->len; i++)
    {
      const SqValue *v = sq_graph_value (graph, g_array_index (graph->outputs, int, i));

      out[i] = sq_tensor_new (v->dtype, &v->shape);
      if (out[i] == NULL)
        goto no_memory;
    }
  omp_set_num_threads (self->threads);
  resolve (self, in, out);
  last = now_ns ();
  for (guint s = 0; s < self->steps->len; s++)
    {
      Step *step = g_ptr_array_index (self->steps, s);
      gint64 now;

      if (!step->run (self, step))
        goto no_memory;
      now = now_ns ();
      step->ns += now - last;
      last = now;
    }
  self->runs++;
  for (guint i = 0; i < graph->outputs->len; i++)
    {
      const Buffer *b = cpu_buffer (self, self->of_value[LAYOUT_PLAIN][g_array_index (graph->outputs, int, i)]);

      if (b->data != out[i]->data)
        memcpy (out[i]->data, b->data, out[i]->bytes);
    }
  return TRUE;

no_memory:
  for (guint i = 0; i < graph->outputs->len; i++)
    g_clear_pointer (&out[i], sq_tensor_unref);
  g_set_error_literal (error, SQ_ERROR, SQ_ERROR_OUT_OF_MEMORY,
                       "There is not enough memory to run this network: use a smaller input size.");
  return FALSE;
}

static gboolean
in_half (const CpuExec *self, const Step *step)
{
  return step->node != NULL && step->n_in > 0 && step->in[0] >= 0 && cpu_buffer (self, step->in[0])->layout == LAYOUT_HALF;
}

static char *
cpu_describe (SqExec *exec)
{
  CpuExec *self = (CpuExec *) exec;
  GString *s = g_string_new (NULL);

  for (guint i = 0; i < self->steps->len; i++)
    {
      const Step *step = g_ptr_array_index (self->steps, i);
      const SqValue *v = step->node != NULL ? sq_graph_value (self->graph, step->node->out[0]) : NULL;
      g_autofree char *shape = v != NULL ? sq_shape_to_string (&v->shape) : g_strdup ("");

      g_string_append_printf (s, "%8.3f ms %-12s %-16s %s%s\n", self->runs > 0 ? (double) step->ns / 1e6 / (double) self->runs : 0,
                              step->name, shape, in_half (self, step) ? "bf16 " : "",
                              step->op != NULL                     ? sq_dnn_op_implementation (step->op)
                              : step->run == _sq_cpu_run_reference ? "reference"
                                                                   : "");
    }
  g_string_append_printf (s, "arena %.1f MB\n", self->arena_bytes / 1e6);
  return g_string_free (s, FALSE);
}

const SqBackend sq_backend_cpu = { .id = "cpu", .compile = cpu_compile, .run = cpu_run, .free = cpu_free, .describe = cpu_describe };
