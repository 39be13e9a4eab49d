// SPDX-License-Identifier: GPL-3.0-or-later
#include "pass.h"

static const SqPass *const passes[] = {
#define SQ_PASS(name) &sq_pass_##name,
#include "engine/passes/pass-list.h"
#undef SQ_PASS
};

SqGraph *
sq_passes_apply_default (const SqGraph *graph, GString *report)
{
  SqGraph *copy = sq_graph_copy (graph);

  for (guint i = 0; i < G_N_ELEMENTS (passes); i++)
    {
      guint changed = passes[i]->run (copy);

      if (changed > 0)
        sq_graph_prune (copy);
      if (report != NULL)
        g_string_append_printf (report, "%s: %u\n", passes[i]->title, changed);
    }
  return copy;
}
