// SPDX-License-Identifier: GPL-3.0-or-later
#include "graph.h"

#include "engine/ops/op.h"
#include <string.h>

#define MAX_VALUES 200000 // a hostile file cannot make the graph larger than this

static void
value_free (SqValue *value)
{
  g_free (value->name);
  g_clear_pointer (&value->constant, sq_tensor_unref);
  g_free (value);
}

SqGraph *
sq_graph_new (void)
{
  SqGraph *self = g_new0 (SqGraph, 1);

  self->values = g_ptr_array_new_with_free_func ((GDestroyNotify) value_free);
  self->nodes = g_ptr_array_new_with_free_func (g_free);
  self->inputs = g_array_new (FALSE, FALSE, sizeof (int));
  self->outputs = g_array_new (FALSE, FALSE, sizeof (int));
  return self;
}

static int
add_value (SqGraph *self, const char *name, SqDType dtype, const SqShape *shape, SqTensor *constant)
{
  SqValue *value = g_new0 (SqValue, 1);

  value->name = name != NULL ? g_strdup (name) : g_strdup_printf ("v%u", self->values->len);
  value->dtype = dtype;
  value->shape = *shape;
  value->constant = constant;
  g_ptr_array_add (self->values, value);
  return self->values->len - 1;
}

SqGraph *
sq_graph_copy (const SqGraph *self)
{
  SqGraph *copy = sq_graph_new ();

  for (guint i = 0; i < self->values->len; i++)
    {
      const SqValue *v = sq_graph_value (self, i);

      add_value (copy, v->name, v->dtype, &v->shape, v->constant != NULL ? sq_tensor_ref (v->constant) : NULL);
    }
  for (guint i = 0; i < self->nodes->len; i++)
    g_ptr_array_add (copy->nodes, g_memdup2 (sq_graph_node (self, i), sizeof (SqNode)));
  g_array_append_vals (copy->inputs, self->inputs->data, self->inputs->len);
  g_array_append_vals (copy->outputs, self->outputs->data, self->outputs->len);
  return copy;
}

void
sq_graph_free (SqGraph *self)
{
  g_ptr_array_unref (self->values);
  g_ptr_array_unref (self->nodes);
  g_array_unref (self->inputs);
  g_array_unref (self->outputs);
  g_free (self);
}

int
sq_graph_add_input (SqGraph *self, const char *name, SqDType dtype, const SqShape *shape)
{
  int id = add_value (self, name, dtype, shape, NULL);

  g_array_append_val (self->inputs, id);
  return id;
}

int
sq_graph_add_constant (SqGraph *self, const char *name, SqTensor *tensor)
{
  return add_value (self, name, tensor->dtype, &tensor->shape, tensor);
}

void
sq_graph_add_output (SqGraph *self, int value)
{
  g_array_append_val (self->outputs, value);
}

gboolean
sq_graph_add (SqGraph *self, const SqOp *op, const SqParams *params, const int *in, int n_in, int *out, GError **error)
{
  SqType types[SQ_MAX_IN], out_types[SQ_MAX_OUT] = { 0 };
  const SqType *type_of[SQ_MAX_IN] = { NULL };
  SqTensor *constants[SQ_MAX_IN] = { NULL };
  SqTensor *folded[SQ_MAX_OUT] = { NULL };
  gboolean all_constant = n_in > 0;
  SqNode *node;

  if (n_in > SQ_MAX_IN)
    return sq_op_fail (error, op->name, "%d inputs, at most %d are supported", n_in, SQ_MAX_IN);
  if (self->values->len > MAX_VALUES)
    return sq_op_fail (error, op->name, "the network has more than %d values", MAX_VALUES);

  for (int i = 0; i < n_in; i++)
    {
      const SqValue *v;

      if (in[i] == SQ_NO_VALUE)
        continue;
      v = sq_graph_value (self, in[i]);
      types[i] = (SqType){ v->dtype, v->shape };
      type_of[i] = &types[i];
      constants[i] = v->constant;
      all_constant = all_constant && v->constant != NULL;
    }

  if (!op->infer (params, type_of, n_in, out_types, error))
    return FALSE;
  for (int i = 0; i < op->n_out; i++)
    if (sq_shape_elements (&out_types[i].shape) < 0)
      {
        g_autofree char *shape = sq_shape_to_string (&out_types[i].shape);

        g_set_error (error, SQ_ERROR, SQ_ERROR_OUT_OF_MEMORY, "%s: an output of %s is too large", op->name, shape);
        return FALSE;
      }

  if (all_constant)
    {
      for (int i = 0; i < op->n_out; i++)
        if ((folded[i] = sq_tensor_new (out_types[i].dtype, &out_types[i].shape)) == NULL)
          {
            for (int k = 0; k < i; k++)
              sq_tensor_unref (folded[k]);
            g_set_error (error, SQ_ERROR, SQ_ERROR_OUT_OF_MEMORY, "%s: not enough memory", op->name);
            return FALSE;
          }
      op->reference (params, constants, n_in, folded);
      for (int i = 0; i < op->n_out; i++)
        out[i] = sq_graph_add_constant (self, NULL, folded[i]);
      return TRUE;
    }

  node = g_new0 (SqNode, 1);
  node->op = op;
  node->params = *params;
  node->n_in = n_in;
  node->n_out = op->n_out;
  memcpy (node->in, in, n_in * sizeof in[0]);
  for (int i = 0; i < op->n_out; i++)
    out[i] = node->out[i] = add_value (self, NULL, out_types[i].dtype, &out_types[i].shape, NULL);
  g_ptr_array_add (self->nodes, node);
  return TRUE;
}

void
sq_graph_replace_uses (SqGraph *self, int from, int to)
{
  for (guint i = 0; i < self->nodes->len; i++)
    {
      SqNode *node = sq_graph_node (self, i);

      for (int k = 0; k < node->n_in; k++)
        if (node->in[k] == from)
          node->in[k] = to;
    }
  for (guint i = 0; i < self->outputs->len; i++)
    if (g_array_index (self->outputs, int, i) == from)
      {
        SqValue *a = sq_graph_value (self, from), *b = sq_graph_value (self, to);
        char *name = a->name;

        a->name = b->name; // the output is still called what the file calls it
        b->name = name;
        g_array_index (self->outputs, int, i) = to;
      }
}

int *
sq_graph_count_uses (const SqGraph *self)
{
  int *uses = g_new0 (int, self->values->len);

  for (guint i = 0; i < self->nodes->len; i++)
    for (int k = 0; k < sq_graph_node (self, i)->n_in; k++)
      if (sq_graph_node (self, i)->in[k] != SQ_NO_VALUE)
        uses[sq_graph_node (self, i)->in[k]]++;
  for (guint i = 0; i < self->outputs->len; i++)
    uses[g_array_index (self->outputs, int, i)]++;
  return uses;
}

int *
sq_graph_producers (const SqGraph *self)
{
  int *producer = g_new (int, self->values->len);

  for (guint i = 0; i < self->values->len; i++)
    producer[i] = -1;
  for (guint i = 0; i < self->nodes->len; i++)
    for (int k = 0; k < sq_graph_node (self, i)->n_out; k++)
      producer[sq_graph_node (self, i)->out[k]] = i;
  return producer;
}

void
sq_graph_prune (SqGraph *self)
{
  g_autofree gboolean *live = g_new0 (gboolean, self->values->len);
  g_autofree int *renumber = g_new (int, self->values->len);
  GPtrArray *values, *nodes;

  for (guint i = 0; i < self->outputs->len; i++)
    live[g_array_index (self->outputs, int, i)] = TRUE;
  for (guint i = 0; i < self->inputs->len; i++)
    live[g_array_index (self->inputs, int, i)] = TRUE;

  nodes = g_ptr_array_new_with_free_func (g_free);
  for (int i = (int) self->nodes->len - 1; i >= 0; i--)
    {
      SqNode *node = sq_graph_node (self, i);
      gboolean needed = FALSE;

      for (int k = 0; k < node->n_out; k++)
        needed = needed || live[node->out[k]];
      if (!needed)
        continue;
      for (int k = 0; k < node->n_out; k++)
        live[node->out[k]] = TRUE;
      for (int k = 0; k < node->n_in; k++)
        if (node->in[k] != SQ_NO_VALUE)
          live[node->in[k]] = TRUE;
      g_ptr_array_insert (nodes, 0, g_memdup2 (node, sizeof *node));
    }

  values = g_ptr_array_new_with_free_func ((GDestroyNotify) value_free);
  for (guint i = 0; i < self->values->len; i++)
    {
      renumber[i] = SQ_NO_VALUE;
      if (!live[i])
        continue;
      renumber[i] = values->len;
      g_ptr_array_add (values, g_steal_pointer (&g_ptr_array_index (self->values, i)));
    }
  for (guint i = 0; i < nodes->len; i++)
    {
      SqNode *node = g_ptr_array_index (nodes, i);

      for (int k = 0; k < node->n_in; k++)
        if (node->in[k] != SQ_NO_VALUE)
          node->in[k] = renumber[node->in[k]];
      for (int k = 0; k < node->n_out; k++)
        node->out[k] = renumber[node->out[k]];
    }
  for (guint i = 0; i < self->inputs->len; i++)
    g_array_index (self->inputs, int, i) = renumber[g_array_index (self->inputs, int, i)];
  for (guint i = 0; i < self->outputs->len; i++)
    g_array_index (self->outputs, int, i) = renumber[g_array_index (self->outputs, int, i)];

  for (guint i = 0; i < self->values->len; i++)
    if (g_ptr_array_index (self->values, i) == NULL)
      g_ptr_array_index (self->values, i) = g_new0 (SqValue, 1); // value_free wants something
  g_ptr_array_unref (self->values);
  g_ptr_array_unref (self->nodes);
  self->values = values;
  self->nodes = nodes;
}

double
sq_graph_node_flop (const SqGraph *self, guint i)
{
  const SqNode *node = sq_graph_node (self, i);
  SqType in[SQ_MAX_IN], out[SQ_MAX_OUT];
  const SqType *type_of[SQ_MAX_IN] = { NULL };

  for (int k = 0; k < node->n_in; k++)
    if (node->in[k] != SQ_NO_VALUE)
      {
        const SqValue *v = sq_graph_value (self, node->in[k]);

        in[k] = (SqType){ v->dtype, v->shape };
        type_of[k] = &in[k];
      }
  for (int k = 0; k < node->n_out; k++)
    out[k] = (SqType){ sq_graph_value (self, node->out[k])->dtype, sq_graph_value (self, node->out[k])->shape };
  return node->op->flop != NULL ? node->op->flop (&node->params, type_of, out) : (double) sq_shape_elements (&out[0].shape);
}

double
sq_graph_flop (const SqGraph *self)
{
  double total = 0;

  for (guint i = 0; i < self->nodes->len; i++)
    total += sq_graph_node_flop (self, i);
  return total;
}

guint64
sq_graph_params (const SqGraph *self)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  guint64 total = 0;

  for (guint i = 0; i < self->nodes->len; i++)
    {
      const SqNode *node = sq_graph_node (self, i);

      if (node->op->flop == NULL)
        continue;
      for (int k = 1; k < node->n_in; k++)
        {
          const SqValue *v = node->in[k] == SQ_NO_VALUE ? NULL : sq_graph_value (self, node->in[k]);

          if (v != NULL && v->constant != NULL && g_hash_table_add (seen, v->constant))
            total += v->constant->n;
        }
    }
  return total;
}

char *
sq_graph_dump (const SqGraph *self)
{
  GString *s = g_string_new (NULL);

  for (guint i = 0; i < self->nodes->len; i++)
    {
      const SqNode *node = sq_graph_node (self, i);

      for (int k = 0; k < node->n_out; k++)
        {
          const SqValue *v = sq_graph_value (self, node->out[k]);
          g_autofree char *shape = sq_shape_to_string (&v->shape);

          g_string_append_printf (s, "%s%%%d:%s", k > 0 ? ", " : "", node->out[k], shape);
        }
      g_string_append_printf (s, " = %s", node->op->name);
      if (node->op == &sq_op_act)
        g_string_append_printf (s, ".%s", sq_act_name (node->params.act.kind));
      for (int k = 0; k < node->n_in; k++)
        {
          const SqValue *v = node->in[k] == SQ_NO_VALUE ? NULL : sq_graph_value (self, node->in[k]);

          if (v == NULL)
            g_string_append (s, " -");
          else if (v->constant != NULL)
            {
              g_autofree char *shape = sq_shape_to_string (&v->shape);

              g_string_append_printf (s, " [%s]", shape);
            }
          else
            g_string_append_printf (s, " %%%d", node->in[k]);
        }
      if (node->op == &sq_op_conv)
        g_string_append_printf (s, " s%d g%d %s", node->params.conv.stride[0], node->params.conv.groups,
                                sq_act_name (node->params.conv.act.kind));
      g_string_append_c (s, '\n');
    }
  return g_string_free (s, FALSE);
}
