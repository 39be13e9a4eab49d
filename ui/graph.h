// SPDX-License-Identifier: GPL-3.0-or-later
// A small live line graph: ring buffer and cairo. Nothing is redrawn while it cannot be seen.
//
// Units:  values 0..1; the newest on the right
// Colours: CSS `color` of the "graph" node; the second line is drawn in @accent_color
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SQ_TYPE_GRAPH_WIDGET (sq_graph_widget_get_type ())
G_DECLARE_FINAL_TYPE (SqGraphWidget, sq_graph_widget, SQ, GRAPH_WIDGET, GtkWidget)

// Properties: "label" (accessible name), "capacity" (samples across the width, construct-only), "height" (px).
GtkWidget *sq_graph_widget_new (const char *label, guint capacity, int height);
void sq_graph_widget_push (SqGraphWidget *self, double value, double second); // second < 0: none
void sq_graph_widget_clear (SqGraphWidget *self);
guint sq_graph_widget_get_n_samples (SqGraphWidget *self);

G_END_DECLS
