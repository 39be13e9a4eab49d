// SPDX-License-Identifier: GPL-3.0-or-later
// A small live line graph: ring buffer and cairo. Nothing is redrawn while it cannot be seen.
//
// The newest value is on the right. The first line is solid and filled, the second dashed: told apart without colour. Pointing at it, or
// the arrow keys, show the values of a moment. A high enough one (64 px) is labelled with its scale.
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SQ_TYPE_GRAPH_WIDGET (sq_graph_widget_get_type ())
G_DECLARE_FINAL_TYPE (SqGraphWidget, sq_graph_widget, SQ, GRAPH_WIDGET, GtkWidget)

// Properties: "label" (accessible name), "capacity" (samples across the width, construct-only), "height" (px), "unit" ("%", "°C"),
// "maximum" (of the scale; 0 = grows with the values), "first-name", "second-name" (of the lines, where values are shown).
GtkWidget *sq_graph_widget_new (const char *label, guint capacity, int height);
void sq_graph_widget_push (SqGraphWidget *self, double value, double second); // in units; < 0: none, a gap
void sq_graph_widget_clear (SqGraphWidget *self);
guint sq_graph_widget_get_n_samples (SqGraphWidget *self);

// What is shown of a moment, `ago` samples before the newest: "1.5 s ago: 45 %, Squint 12 %" (transfer full). For tests and hover.
char *sq_graph_widget_describe (SqGraphWidget *self, guint ago);

G_END_DECLS
