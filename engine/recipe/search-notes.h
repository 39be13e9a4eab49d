// SPDX-License-Identifier: GPL-3.0-or-later
// What a search has measured of one model on one folder of pictures and one device, kept among the user's caches so that a search that was
// stopped need not begin again.
//
// Owner:  sq_search_notes_close
// Thread: one at a time
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _SqSearchNotes SqSearchNotes;

// `except`: layers that are left alone, NULL none.
SqSearchNotes *sq_search_notes_open (const char *model_sha256, const char *pictures_hash, const char *device, const char *except);
void sq_search_notes_close (SqSearchNotes *self);

// Agreement 0..1 and time as a share of the original's, -1 where it was not measured. FALSE where nothing is known.
gboolean sq_search_notes_get (const SqSearchNotes *self, const char *key, double *agreement, double *time);
void sq_search_notes_set (SqSearchNotes *self, const char *key, double agreement, double time); // written at once, as well as it goes

G_END_DECLS
