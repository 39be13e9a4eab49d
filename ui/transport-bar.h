// SPDX-License-Identifier: GPL-3.0-or-later
// Play/pause, step, position, time, rate, full screen. Shows what it is told and says what the user wants.
//
// Signals: "toggle-play" (); "step" (int -1/+1); "seek" (gint64 pts_ns); "rate" (double).
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SQ_TYPE_TRANSPORT_BAR (sq_transport_bar_get_type ())
G_DECLARE_FINAL_TYPE (SqTransportBar, sq_transport_bar, SQ, TRANSPORT_BAR, GtkWidget)

GtkWidget *sq_transport_bar_new (void);
void sq_transport_bar_set_playing (SqTransportBar *self, gboolean playing);
void sq_transport_bar_set_duration (SqTransportBar *self, gint64 duration_ns); // <= 0 unknown
void sq_transport_bar_set_seekable (SqTransportBar *self, gboolean seekable);
void sq_transport_bar_set_position (SqTransportBar *self, gint64 pts_ns);
void sq_transport_bar_set_rate_visible (SqTransportBar *self, gboolean visible);

G_END_DECLS
