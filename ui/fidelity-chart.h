// SPDX-License-Identifier: GPL-3.0-or-later
// Time against agreement, a dot per variant and a diamond for the original, with the front: what no other one beats in both. Filled dots
// lie on it, hollow ones do not. Pointing at one, or the arrow keys, name it.
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

typedef struct
{
  char *name;
  double ms, original_ms; // of one alternating run: places are by their ratio, which the load of the moment does not change
  double agreement;       // 0..1
  gboolean original;
  gboolean selected;
} SqFidelityPoint;

#define SQ_TYPE_FIDELITY_CHART (sq_fidelity_chart_get_type ())
G_DECLARE_FINAL_TYPE (SqFidelityChart, sq_fidelity_chart, SQ, FIDELITY_CHART, GtkWidget)

GtkWidget *sq_fidelity_chart_new (void);
void sq_fidelity_chart_clear (SqFidelityChart *self);
void sq_fidelity_chart_add (SqFidelityChart *self, const SqFidelityPoint *point);

guint sq_fidelity_chart_get_n_points (SqFidelityChart *self);
gboolean sq_fidelity_chart_is_on_front (SqFidelityChart *self, guint i); // in the order of adding
char *sq_fidelity_chart_describe (SqFidelityChart *self, guint i);       // what is shown of it (transfer full)
void sq_fidelity_chart_show (SqFidelityChart *self, int i);              // as if pointed at; -1 none

G_END_DECLS
