// SPDX-License-Identifier: GPL-3.0-or-later
// A strip under the position scale: where in the run the detections are. A click asks for that time.
//
// Signals: "seek" (gint64 pts_ns).
#pragma once

#include "density.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SQ_TYPE_DENSITY_STRIP (sq_density_strip_get_type ())
G_DECLARE_FINAL_TYPE (SqDensityStrip, sq_density_strip, SQ, DENSITY_STRIP, GtkWidget)

GtkWidget *sq_density_strip_new (void);
void sq_density_strip_set_density (SqDensityStrip *self, SqDensity *density);  // nullable
void sq_density_strip_set_duration (SqDensityStrip *self, gint64 duration_ns); // <= 0: what has been seen so far
void sq_density_strip_set_position (SqDensityStrip *self, gint64 pts_ns);
void sq_density_strip_set_confidence (SqDensityStrip *self, float confidence);

// Reads the bins again; cheap, call at a fixed low rate.
void sq_density_strip_refresh (SqDensityStrip *self);

G_END_DECLS
