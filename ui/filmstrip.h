// SPDX-License-Identifier: GPL-3.0-or-later
// The pictures of a run in a row, each with its object count. Items arrive from the output thread in batches.
//
// Properties: "filter" (SqFilterState).
// Signals:    "picked" (SqFilmItem): the user chose a picture.
#pragma once

#include "film-item.h"
#include "filter-state.h"

G_BEGIN_DECLS

#define SQ_TYPE_FILMSTRIP (sq_filmstrip_get_type ())
G_DECLARE_FINAL_TYPE (SqFilmstrip, sq_filmstrip, SQ, FILMSTRIP, GtkWidget)

typedef struct _SqFilmFeed SqFilmFeed; // refcounted, any thread

GtkWidget *sq_filmstrip_new (void);
void sq_filmstrip_set_filter (SqFilmstrip *self, SqFilterState *filter);
guint sq_filmstrip_get_n_items (SqFilmstrip *self);

// Empties the strip; items pushed into an older feed are dropped from now on.
SqFilmFeed *sq_filmstrip_restart (SqFilmstrip *self); // transfer full
void sq_film_feed_push (SqFilmFeed *feed, const SqResult *result);
SqFilmFeed *sq_film_feed_ref (SqFilmFeed *feed);
void sq_film_feed_unref (SqFilmFeed *feed);

// Selects without "picked": the picture with this index is on show.
void sq_filmstrip_show_index (SqFilmstrip *self, gint64 index);
gboolean sq_filmstrip_pick (SqFilmstrip *self, int offset); // previous / next of the selection

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqFilmFeed, sq_film_feed_unref)

G_END_DECLS
