// SPDX-License-Identifier: GPL-3.0-or-later
// Networks exported with their own NMS: how many boxes it keeps is only known while it runs, and its thresholds are fixed. Squint has its
// own, whose sliders act at once, so such a network ends where its boxes and scores are still together: at the last value that everything
// the NMS reads goes through (its immediate dominator: Cooper, Harvey, Kennedy, A Simple, Fast Dominance Algorithm, 2001).
#include "onnx-private.h"

typedef struct
{
  const char *parent; // the value it depends on wholly, NULL where there is none
  guint depth;        // 0: constant, 1: depends on no single value
} Dominated;

static gboolean
is_nms (const Onnx__NodeProto *node)
{
  static const char *const names[] = { "NonMaxSuppression", "EfficientNMS_TRT", "BatchedNMS_TRT", "TRT_NonMaxSuppression", NULL };

  return node->op_type != NULL && g_strv_contains (names, node->op_type);
}

// The lowest value both depend on wholly; NULL where there is none.
static const char *
common (GHashTable *known, const char *a, const char *b)
{
  while (a != NULL && b != NULL && !g_str_equal (a, b))
    {
      const Dominated *x = g_hash_table_lookup (known, a), *y = g_hash_table_lookup (known, b);

      if (x->depth >= y->depth)
        a = x->parent;
      if (y->depth >= x->depth)
        b = y->parent;
    }
  return a != NULL && b != NULL ? a : NULL;
}

// What all computed inputs of a node depend on wholly. FALSE: an input is not known yet.
static gboolean
inputs_meet (GHashTable *known, const Onnx__NodeProto *node, Dominated *meet)
{
  gboolean sizes = g_strcmp0 (node->op_type, "Shape") == 0 || g_strcmp0 (node->op_type, "Size") == 0; // constants here

  *meet = (Dominated){ 0 };
  for (gsize i = 0; i < node->n_input; i++)
    {
      const Dominated *in = g_hash_table_lookup (known, node->input[i]);

      if (node->input[i][0] == '\0')
        continue;
      if (in == NULL)
        return FALSE;
      if (in->depth == 0 || sizes)
        continue;
      meet->parent = meet->depth > 0 ? common (known, meet->parent, node->input[i]) : node->input[i];
      meet->depth = meet->parent == NULL ? 1 : ((Dominated *) g_hash_table_lookup (known, meet->parent))->depth + 1;
    }
  return TRUE;
}

static void
learn (GHashTable *known, const char *name, const Dominated *d)
{
  if (name != NULL)
    g_hash_table_insert (known, (gpointer) name, g_memdup2 (d, sizeof *d));
}

// Dominators of all values, taking whatever node is ready until nothing moves (nodes should come sorted; circles stay unknown).
static GHashTable *
dominators (const Onnx__GraphProto *graph)
{
  GHashTable *known = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  g_autofree gboolean *done = g_new0 (gboolean, MAX (graph->n_node, 1));
  gboolean moved = TRUE;

  for (gsize i = 0; i < graph->n_input; i++)
    learn (known, graph->input[i]->name, &(Dominated){ NULL, 1 });
  for (gsize i = 0; i < graph->n_initializer; i++)
    learn (known, graph->initializer[i]->name, &(Dominated){ 0 });
  while (moved)
    {
      moved = FALSE;
      for (gsize i = 0; i < graph->n_node; i++)
        {
          Dominated d;

          if (done[i] || !inputs_meet (known, graph->node[i], &d))
            continue;
          done[i] = moved = TRUE;
          for (gsize k = 0; k < graph->node[i]->n_output; k++)
            learn (known, graph->node[i]->output[k], &d);
        }
    }
  return known;
}

// The nodes that `name` is made of.
static GHashTable *
needed_for (GHashTable *maker, const char *name)
{
  GHashTable *needed = g_hash_table_new (NULL, NULL);
  GQueue todo = G_QUEUE_INIT;

  g_queue_push_tail (&todo, (gpointer) name);
  while (!g_queue_is_empty (&todo))
    {
      const Onnx__NodeProto *node = g_hash_table_lookup (maker, g_queue_pop_head (&todo));

      if (node != NULL && g_hash_table_add (needed, (gpointer) node))
        for (gsize i = 0; i < node->n_input; i++)
          g_queue_push_tail (&todo, node->input[i]);
    }
  return needed;
}

const char *
_sq_onnx_before_nms (const Onnx__GraphProto *graph, GHashTable **needed)
{
  g_autoptr (GHashTable) maker = g_hash_table_new (g_str_hash, g_str_equal), known = NULL; // value -> node, value -> Dominated
  const Onnx__NodeProto *nms = NULL, *node;
  Dominated d = { 0 };
  const char *end;

  for (gsize i = 0; i < graph->n_node; i++)
    {
      for (gsize k = 0; k < graph->node[i]->n_output; k++)
        g_hash_table_insert (maker, graph->node[i]->output[k], graph->node[i]);
      nms = nms == NULL && is_nms (graph->node[i]) ? graph->node[i] : nms;
    }
  if (nms == NULL)
    return NULL;
  known = dominators (graph);
  end = inputs_meet (known, nms, &d) ? d.parent : NULL;
  // boxes are often turned for the NMS alone
  while (end != NULL && (node = g_hash_table_lookup (maker, end)) != NULL && node->n_input == 1
         && (g_strcmp0 (node->op_type, "Transpose") == 0 || g_strcmp0 (node->op_type, "Identity") == 0))
    end = node->input[0];
  if (end == NULL || g_hash_table_lookup (maker, end) == NULL) // nothing, or the network's input
    return NULL;
  *needed = needed_for (maker, end);
  return end;
}
