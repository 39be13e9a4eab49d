// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend.h"

#include <string.h>

static const SqBackend *const backends[] = {
#define SQ_BACKEND(name) &sq_backend_##name,
#include "engine/backends/backend-list.h"
#undef SQ_BACKEND
};

static const SqBackend *test_backend;

gboolean
sq_precision_from_id (const char *id, SqPrecision *precision)
{
  static const char *const ids[] = { "auto", "f32", "half", "int8", "fp8" };

  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    if (g_str_equal (id != NULL ? id : ids[0], ids[i]))
      {
        *precision = (SqPrecision) i;
        return TRUE;
      }
  return FALSE;
}

const SqBackend *
sq_backend_find (const char *id)
{
  for (guint i = 0; i < G_N_ELEMENTS (backends); i++)
    if (g_str_equal (backends[i]->id, id) || g_strcmp0 (backends[i]->alias, id) == 0)
      return backends[i];
  return test_backend != NULL && g_str_equal (test_backend->id, id) ? test_backend : NULL;
}

gboolean
sq_backend_parse (const char *device, const SqBackend **backend, int *index, GError **error)
{
  const char *colon = strchr (device, ':');
  g_autofree char *name = colon != NULL ? g_strndup (device, colon - device) : g_strdup (device);
  guint64 number = 0;

  *index = -1;
  *backend = sq_backend_find (name);
  if (*backend != NULL && (colon == NULL || g_ascii_string_to_unsigned (colon + 1, 10, 0, 9999, &number, NULL)))
    {
      *index = colon != NULL ? (int) number : -1;
      return TRUE;
    }
  g_set_error (error, SQ_ERROR, SQ_ERROR_NO_DEVICE, "There is no device '%s': squint-cli devices lists what is here.", device);
  return FALSE;
}

void
sq_backend_add_for_tests (const SqBackend *backend)
{
  test_backend = backend;
}

SqExec *
sq_exec_new (const SqBackend *backend, const SqGraph *graph, const SqExecOptions *options, GError **error)
{
  static const SqExecOptions defaults;
  SqExec *self;

  options = options != NULL ? options : &defaults;
  if (options->precision == SQ_PRECISION_FP8 && !backend->fp8)
    {
      g_set_error (
          error, SQ_ERROR, SQ_ERROR_NO_DEVICE,
          "The device '%s' does not compute in 8-bit floats: use a GPU that does (GeForce RTX 40 or H100 and later) or another precision.",
          backend->id);
      return NULL;
    }
  self = backend->compile (graph, options, error);
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

gboolean
sq_exec_detect (SqExec *self, const SqExecPicture *pictures, guint n, GArray **boxes, GError **error)
{
  return self->backend->detect (self, pictures, n, boxes, error);
}

gboolean
sq_exec_forward_ms (SqExec *self, double *ms, GError **error)
{
  return self->backend->forward_ms != NULL && self->backend->forward_ms (self, ms, error);
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
