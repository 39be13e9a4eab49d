// SPDX-License-Identifier: GPL-3.0-or-later
// One upright bar per core of the CPU: its load now.
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SQ_TYPE_CORE_BARS (sq_core_bars_get_type ())
G_DECLARE_FINAL_TYPE (SqCoreBars, sq_core_bars, SQ, CORE_BARS, GtkWidget)

GtkWidget *sq_core_bars_new (void);
void sq_core_bars_set (SqCoreBars *self, const float *load, guint n); // 0..1 each

G_END_DECLS
