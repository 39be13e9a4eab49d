// SPDX-License-Identifier: GPL-3.0-or-later
// GListModel of SqRunItem, newest first: all runs of a project or those a query finds.
//
// Only keys are held for all rows; rows are read a page at a time off the main thread and the pages least recently looked at are dropped.
// Follows the project's "changed" signal.
//
// Thread: main
// Properties: "project", "n-items", "loading" (the keys are being read)
#pragma once

#include "run-item.h"

G_BEGIN_DECLS

#define SQ_TYPE_RUN_LIST (sq_run_list_get_type ())
G_DECLARE_FINAL_TYPE (SqRunList, sq_run_list, SQ, RUN_LIST, GObject)

SqRunList *sq_run_list_new (SqProject *project); // project nullable: empty
void sq_run_list_set_project (SqRunList *self, SqProject *project);
void sq_run_list_set_query (SqRunList *self, const SqRunQuery *query); // copied; NULL = all
gboolean sq_run_list_get_loading (SqRunList *self);
gboolean sq_run_list_find (SqRunList *self, gint64 run, guint *position);

G_END_DECLS
