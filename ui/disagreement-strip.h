// SPDX-License-Identifier: GPL-3.0-or-later
// A strip under the position scale: how many boxes of each frame two models do not agree on, the worst frame marked. A click asks for the
// worst frame at that place; Left and Right, Home and Return for the previous, the next and the worst of all.
//
// Signals: "jump" (gint64 index of a frame); "walk" (int): to the frame with a disagreement before (-1) or after (1), 0 the worst.
#pragma once

#include "engine/engine.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SQ_TYPE_DISAGREEMENT_STRIP (sq_disagreement_strip_get_type ())
G_DECLARE_FINAL_TYPE (SqDisagreementStrip, sq_disagreement_strip, SQ, DISAGREEMENT_STRIP, GtkWidget)

GtkWidget *sq_disagreement_strip_new (void);

// SqComparedFrame elements by index (takes a reference; nullable: nothing compared).
void sq_disagreement_strip_set_frames (SqDisagreementStrip *self, GArray *frames);
void sq_disagreement_strip_set_n_frames (SqDisagreementStrip *self, gint64 n_frames); // of the source; <= 0: what has been seen so far
void sq_disagreement_strip_set_position (SqDisagreementStrip *self, gint64 index);    // -1 none
int sq_disagreement_strip_get_worst (SqDisagreementStrip *self);                      // index of the worst frame, -1 none

G_END_DECLS
