// SPDX-License-Identifier: GPL-3.0-or-later
// Bars along a strip, one for each bin; what the strips under the position scale have in common. Mirrored where text is.
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SQ_BARS_HEIGHT 24 // px

typedef struct
{
  const float *values; // per bin; below 0: nothing known
  guint n_values;
  double n;        // bins of the whole strip, n_values or more
  double position; // 0..1 of the strip, where the line is; below 0: none
  int marked;      // a bin that is pointed at from above, -1 none
} SqBars;

void sq_bars_snapshot (const SqBars *self, GtkWidget *widget, GtkSnapshot *snapshot);

// The bins that are drawn at `x` of the widget: [from, to); FALSE where there are none.
gboolean sq_bars_find (const SqBars *self, GtkWidget *widget, double x, guint *from, guint *to);
double sq_bars_fraction (GtkWidget *widget, double x); // 0..1 of the strip

G_END_DECLS
