// SPDX-License-Identifier: GPL-3.0-or-later
// Where in the picture objects count: inside any of the included polygons (everywhere, when there is none) and inside no excluded one. A
// box is where its middle is.
//
// As text, one polygon per line: "include 0.1,0.2 0.9,0.2 0.5,0.8"; corners as shares of the picture's width and height, so that a region
// fits every size of the same view.
//
// Owner:  refcounted, immutable once it is shared
// Thread: any
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define SQ_REGION_MAX_POLYGONS 64
#define SQ_REGION_MAX_CORNERS 256 // of one

typedef struct
{
  float x, y; // 0..1
} SqCorner;

typedef struct
{
  gboolean exclude;
  GArray *corners; // SqCorner, at least three
} SqPolygon;

typedef struct
{
  GPtrArray *polygons; // SqPolygon
} SqRegion;

SqRegion *sq_region_new (void);
SqRegion *sq_region_ref (SqRegion *self);
void sq_region_unref (SqRegion *self);
SqRegion *sq_region_copy (const SqRegion *self);

// FALSE (nothing added) where it is no polygon, or one too many. Corners are brought into the picture.
gboolean sq_region_add (SqRegion *self, gboolean exclude, const SqCorner *corners, guint n);

gboolean sq_region_contains (const SqRegion *self, float x, float y);

char *sq_region_to_text (const SqRegion *self);
SqRegion *sq_region_from_text (const char *text, GError **error); // SQ_ERROR_FORMAT, one sentence

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqRegion, sq_region_unref)

G_END_DECLS
