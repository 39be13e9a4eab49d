// SPDX-License-Identifier: GPL-3.0-or-later
// One picture of a run in the filmstrip: a small copy of its pixels and its candidates, so that it can be shown again without running.
//
// Properties: "texture" (GdkTexture), "name".
// Thread:     made on any thread; used on the main thread
#pragma once

#include "engine/engine.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SQ_FILM_HEIGHT 56 // px of a thumbnail

#define SQ_TYPE_FILM_ITEM (sq_film_item_get_type ())
G_DECLARE_FINAL_TYPE (SqFilmItem, sq_film_item, SQ, FILM_ITEM, GObject)

// A small copy of the picture. Any thread.
GdkTexture *sq_film_make_thumbnail (const SqFrame *frame);

SqFilmItem *sq_film_item_new (const SqResult *result);
GdkTexture *sq_film_item_get_texture (SqFilmItem *self);
const char *sq_film_item_get_path (SqFilmItem *self);
const char *sq_film_item_get_name (SqFilmItem *self);
gint64 sq_film_item_get_pts_ns (SqFilmItem *self);
gint64 sq_film_item_get_index (SqFilmItem *self);
guint sq_film_item_count (SqFilmItem *self, const SqFilter *filter);

// The stored candidates on `frame` (transfer none; NULL: without pixels).
SqResult *sq_film_item_make_result (SqFilmItem *self, SqFrame *frame);

G_END_DECLS
