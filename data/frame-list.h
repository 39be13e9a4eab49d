// SPDX-License-Identifier: GPL-3.0-or-later
// GListModel of SqFrameItem: the frames of one run in stored order; position in the list = SqStoredFrame.seq.
//
// Rows are handed out before they are read ("loaded" turns TRUE later), a page at a time off the main thread; memory stays flat. Grows
// while the run is being written.
//
// Thread: main
// SqFrameItem properties (read-only): "loaded", "seq", "path", "name" (file name or time), "pts-ns", "n-objects", "thumbnail" (GBytes,
// nullable) SqFrameList properties: "project", "run", "n-items", "loading"
#pragma once

#include "queries.h"

G_BEGIN_DECLS

#define SQ_TYPE_FRAME_ITEM (sq_frame_item_get_type ())
G_DECLARE_FINAL_TYPE (SqFrameItem, sq_frame_item, SQ, FRAME_ITEM, GObject)

gint64 sq_frame_item_get_seq (SqFrameItem *self);
SqStoredFrame *sq_frame_item_get_frame (SqFrameItem *self); // transfer none, with candidates; NULL until loaded

#define SQ_TYPE_FRAME_LIST (sq_frame_list_get_type ())
G_DECLARE_FINAL_TYPE (SqFrameList, sq_frame_list, SQ, FRAME_LIST, GObject)

SqFrameList *sq_frame_list_new (SqProject *project, gint64 run);
gboolean sq_frame_list_get_loading (SqFrameList *self);

G_END_DECLS
