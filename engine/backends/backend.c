// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend.h"

static const SqBackend *const backends[] = {
#define SQ_BACKEND(name) &sq_backend_##name,
#include "engine/backends/backend-list.h"
#undef SQ_BACKEND
};

const SqBackend *
sq_backend_find (const char *id)
{
  for (guint i = 0; i < G_N_ELEMENTS (backends); i++)
    if (g_str_equal (backends[i]->id, id))
      return backends[i];
  return NULL;
}

SqExec *
sq_exec_new (const SqBackend *backend, const SqGraph *graph, const SqExecOptions *options, GError **error)
{
  static const SqExecOptions defaults;
  SqExec *self = backend->compile (graph, options != NULL ? options : &defaults, error);

  if (self != NULL)
    {
      self->backend = backend;
      self->n_in = graph->inputs->len;
      self->n_out = graph->outputs->len;
    }
  return self;
}

gboolean
sq_exec_run (SqExec *self, SqTensor *const *in, SqTensor **out, GError **error)
{
  return self->backend->run (self, in, out, error);
}

void
sq_exec_free (SqExec *self)
{
  self->backend->free (self);
}

char *
sq_exec_describe (SqExec *self)
{
  return self->backend->describe != NULL ? self->backend->describe (self) : NULL;
}
