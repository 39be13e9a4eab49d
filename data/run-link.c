// SPDX-License-Identifier: GPL-3.0-or-later
// Two runs that were made together are one comparison.
#include "run-store.h"

typedef struct
{
  SqRunStore *a, *b;
  gboolean linked;
} LinkWork;

static void
link_free (gpointer data)
{
  LinkWork *work = data;

  sq_run_store_unref (work->a);
  sq_run_store_unref (work->b);
  g_free (work);
}

static gboolean
link_write (SqWriter *writer, SqStore *store, gpointer data, GError **error)
{
  LinkWork *work = data;
  gint64 a = sq_run_store_get_row (work->a), b = sq_run_store_get_row (work->b);
  SqStatement *statement;

  if (a == 0 || b == 0) // what could not be stored is in no comparison
    return TRUE;
  statement = sq_store_prepare (store, "INSERT INTO comparison (a, b, made_us, live) VALUES (?, ?, ?, 1)", error);
  if (statement == NULL)
    return FALSE;
  sq_bind_int (statement, 1, a);
  sq_bind_int (statement, 2, b);
  sq_bind_int (statement, 3, g_get_real_time ());
  work->linked = sq_store_run (store, statement, error);
  return work->linked;
}

// Lists that have seen both look again and see one.
static void
link_written (gpointer data, const GError *error)
{
  LinkWork *work = data;

  if (error == NULL && work->linked)
    sq_hub_post (sq_run_store_get_hub (work->a), sq_run_store_get_row (work->a), SQ_CHANGE_ADDED);
}

void
sq_run_store_link (SqRunStore *a, SqRunStore *b, SqWriter *writer)
{
  LinkWork *work = g_new0 (LinkWork, 1);

  work->a = sq_run_store_ref (a);
  work->b = sq_run_store_ref (b);
  sq_writer_push (writer, link_write, link_written, work, link_free);
}
