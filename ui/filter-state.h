// SPDX-License-Identifier: GPL-3.0-or-later
// What the user wants to see of the candidates: confidence, overlap, classes, region. One object shared by sliders, view and counts.
//
// Properties: "confidence", "overlap" (0..1), "all-classes" (read-only).
// Signals:    "changed" () after any change.
// Thread:     main
#pragma once

#include "engine/engine.h"

G_BEGIN_DECLS

#define SQ_TYPE_FILTER_STATE (sq_filter_state_get_type ())
G_DECLARE_FINAL_TYPE (SqFilterState, sq_filter_state, SQ, FILTER_STATE, GObject)

SqFilterState *sq_filter_state_new (void);

// Points into the state: good until the next change.
SqFilter sq_filter_state_get_filter (SqFilterState *self);

float sq_filter_state_get_confidence (SqFilterState *self);
void sq_filter_state_set_confidence (SqFilterState *self, float confidence);
float sq_filter_state_get_overlap (SqFilterState *self);
void sq_filter_state_set_overlap (SqFilterState *self, float overlap);

// A new model: all its classes are shown.
void sq_filter_state_reset_classes (SqFilterState *self, guint n_classes);
guint sq_filter_state_get_n_classes (SqFilterState *self);
gboolean sq_filter_state_get_class_shown (SqFilterState *self, guint class_id);
void sq_filter_state_set_class_shown (SqFilterState *self, guint class_id, gboolean shown);
void sq_filter_state_set_all_classes_shown (SqFilterState *self, gboolean shown);
guint sq_filter_state_get_n_shown (SqFilterState *self);

// Where objects count; NULL everywhere. What is given is kept.
SqRegion *sq_filter_state_get_region (SqFilterState *self); // transfer none
void sq_filter_state_set_region (SqFilterState *self, SqRegion *region);
void sq_filter_state_add_polygon (SqFilterState *self, gboolean exclude, const SqCorner *corners, guint n);

G_END_DECLS
