// SPDX-License-Identifier: GPL-3.0-or-later
// What was opened lately: sources and projects. A private bookmark file (GtkRecentManager does not work in a sandbox), read and pruned by a
// worker.
//
// Thread: main
// Signals: GListModel's; SqRecentItem properties (read-only): "uri", "name", "when" (GDateTime), "kind" (SqRecentKind as int)
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  SQ_RECENT_SOURCE,
  SQ_RECENT_PROJECT,
  SQ_RECENT_MODEL,
} SqRecentKind;

#define SQ_TYPE_RECENT_ITEM (sq_recent_item_get_type ())
G_DECLARE_FINAL_TYPE (SqRecentItem, sq_recent_item, SQ, RECENT_ITEM, GObject)

const char *sq_recent_item_get_uri (SqRecentItem *self);
const char *sq_recent_item_get_name (SqRecentItem *self);
SqRecentKind sq_recent_item_get_kind (SqRecentItem *self);

#define SQ_TYPE_RECENTS (sq_recents_get_type ())
G_DECLARE_FINAL_TYPE (SqRecents, sq_recents, SQ, RECENTS, GObject)

// GListModel of SqRecentItem, latest first. `path` NULL = the user's data directory. Loading starts at once and ends with items-changed.
SqRecents *sq_recents_new (const char *path);

// Adds or moves to the top, and saves in the background. `uri` is an URI or a path; camera and stream addresses are kept without
// credentials.
void sq_recents_add (SqRecents *self, SqRecentKind kind, const char *uri);
void sq_recents_remove (SqRecents *self, const char *uri);
void sq_recents_clear (SqRecents *self);

// Waits for pending loading and saving; for tests and the end of the program.
void sq_recents_flush (SqRecents *self);

G_END_DECLS
