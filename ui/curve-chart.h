// SPDX-License-Identifier: GPL-3.0-or-later
// One or two curves over 0..1: precision over recall, F1 over the score.
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define SQ_TYPE_CURVE_CHART (sq_curve_chart_get_type ())
G_DECLARE_FINAL_TYPE (SqCurveChart, sq_curve_chart, SQ, CURVE_CHART, GtkWidget)

GtkWidget *sq_curve_chart_new (const char *x_title, const char *y_title);

// `values`: `n` of them at equal steps from 0 to 1, copied; negative ones are left out, NULL: no curve. `curve` 0 is solid, 1 dashed.
void sq_curve_chart_set_curve (SqCurveChart *self, guint curve, const float *values, guint n);
float sq_curve_chart_get_value (SqCurveChart *self, guint curve, guint i); // -1 where there is none

G_END_DECLS
