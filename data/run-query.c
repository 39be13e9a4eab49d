// SPDX-License-Identifier: GPL-3.0-or-later
// What can be asked of all runs, and what there is to choose from.
#include "project-private.h"
#include "queries.h"
#include <string.h>

void
sq_run_query_copy (SqRunQuery *to, const SqRunQuery *from)
{
  *to = *from;
  to->source = g_strdup (from->source);
  to->text = g_strdup (from->text);
  to->class_name = g_strdup (from->class_name);
  to->model = g_strdup (from->model);
  to->device = g_strdup (from->device);
  to->tag = g_strdup (from->tag);
}

void
sq_run_query_clear (SqRunQuery *self)
{
  g_free ((char *) self->source);
  g_free ((char *) self->text);
  g_free ((char *) self->class_name);
  g_free ((char *) self->model);
  g_free ((char *) self->device);
  g_free ((char *) self->tag);
  memset (self, 0, sizeof *self);
}

// First column of all rows.
static char **
list_names (SqStore *store, const char *sql, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  SqStatement *s = sq_store_prepare (store, sql, error);
  SqStep step = SQ_STEP_ERROR;

  while (s != NULL && (step = sq_store_step (store, s, error)) == SQ_STEP_ROW)
    g_ptr_array_add (names, g_strdup (sq_column_text (s, 0)));
  if (step != SQ_STEP_DONE)
    return NULL;
  g_ptr_array_add (names, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&names), FALSE);
}

// As the lists: what is deleted, or the second side of a comparison, offers nothing.
#define SHOWN "r.deleted_us = 0 AND NOT EXISTS (SELECT 1 FROM comparison o WHERE o.b = r.id AND o.live = 1)"

SqRunFacets *
sq_project_list_facets (SqProject *project, GError **error)
{
  g_autoptr (SqRunFacets) self = g_new0 (SqRunFacets, 1);
  SqStore *store;
  gboolean good;

  g_return_val_if_fail (SQ_IS_PROJECT (project), NULL);
  store = _sq_project_take_reader (project, error);
  if (store == NULL)
    return NULL;
  good = (self->classes = list_names (
              store, "SELECT DISTINCT c.name FROM run r JOIN run_class c ON c.run = r.id WHERE " SHOWN " ORDER BY c.name COLLATE NOCASE",
              error))
             != NULL
         && (self->models = list_names (
                 store, "SELECT DISTINCT m.name FROM run r JOIN model m ON m.id = r.model WHERE " SHOWN " ORDER BY m.name COLLATE NOCASE",
                 error))
                != NULL
         && (self->devices = list_names (store, "SELECT DISTINCT r.device FROM run r WHERE " SHOWN " ORDER BY r.device", error)) != NULL
         && (self->tags =
                 list_names (store, "SELECT DISTINCT t.name FROM run r JOIN tag t ON t.run = r.id WHERE " SHOWN " ORDER BY t.name", error))
                != NULL;
  _sq_project_return_reader (project, store);
  return good ? g_steal_pointer (&self) : NULL;
}

void
sq_run_facets_free (SqRunFacets *self)
{
  g_strfreev (self->classes);
  g_strfreev (self->models);
  g_strfreev (self->devices);
  g_strfreev (self->tags);
  g_free (self);
}
