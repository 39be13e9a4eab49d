// SPDX-License-Identifier: GPL-3.0-or-later
// Items of a list model that are handed out at once and filled in later by a worker; only the latest few are kept alive, besides those
// that somebody holds. Private to data/.
//
// Thread: main, except SqRowClass.load
#pragma once

#include "project.h"

G_BEGIN_DECLS

typedef struct
{
  GObject *(*create) (gint64 key);
  // On a worker. key (gint64 *) -> value; missing keys are gone.
  GHashTable *(*load) (SqProject *project, gint64 run, const gint64 *keys, guint n, GError **error);
  void (*fill) (GObject *item, gpointer value); // value borrowed
} SqRowClass;

typedef struct _SqRowCache SqRowCache;

SqRowCache *sq_row_cache_new (SqProject *project, const SqRowClass *class, gint64 run);
void sq_row_cache_free (SqRowCache *self); // work under way is dropped

GObject *sq_row_cache_get (SqRowCache *self, gint64 key); // transfer full
void sq_row_cache_refresh (SqRowCache *self, gint64 key); // reads it again when it is in use

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqRowCache, sq_row_cache_free)

G_END_DECLS
