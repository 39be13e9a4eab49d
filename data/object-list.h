// SPDX-License-Identifier: GPL-3.0-or-later
// GListModel of SqFoundItem: what an object search finds, read on as the end is looked at. At most SQ_OBJECT_LIST_MOST items.
//
// Thread: main
// Properties: "n-items", "loading"
#pragma once

#include "object-search.h"

G_BEGIN_DECLS

#define SQ_OBJECT_LIST_MOST 5000

#define SQ_TYPE_FOUND_ITEM (sq_found_item_get_type ())
G_DECLARE_FINAL_TYPE (SqFoundItem, sq_found_item, SQ, FOUND_ITEM, GObject)

SqFoundFrame *sq_found_item_get_frame (SqFoundItem *self); // transfer none

#define SQ_TYPE_OBJECT_LIST (sq_object_list_get_type ())
G_DECLARE_FINAL_TYPE (SqObjectList, sq_object_list, SQ, OBJECT_LIST, GObject)

SqObjectList *sq_object_list_new (void); // empty

// A new search; NULL of either: empty. What was found before goes with the first results.
void sq_object_list_search (SqObjectList *self, SqProject *project, const SqRunQuery *query);
gboolean sq_object_list_get_loading (SqObjectList *self);

G_END_DECLS
