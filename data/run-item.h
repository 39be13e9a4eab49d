// SPDX-License-Identifier: GPL-3.0-or-later
// One row of a run list. Handed out before it is read from disk: "loaded" turns TRUE and the other properties notify.
//
// Thread: main
// Properties (read-only): "loaded", "id", "name", "note", "when" (GDateTime), "model", "level", "device", "source", "counts" (text),
//   "n-frames", "n-objects", "state" (SqRunState as int), "thumbnail" (GBytes with a JPEG, nullable)
#pragma once

#include "queries.h"

G_BEGIN_DECLS

#define SQ_TYPE_RUN_ITEM (sq_run_item_get_type ())
G_DECLARE_FINAL_TYPE (SqRunItem, sq_run_item, SQ, RUN_ITEM, GObject)

gint64 sq_run_item_get_id (SqRunItem *self);
SqRun *sq_run_item_get_run (SqRunItem *self); // transfer none, NULL until loaded

/*< private >*/
SqRunItem *sq_run_item_new (gint64 id);
void sq_run_item_set_run (SqRunItem *self, SqRun *run);

G_END_DECLS
