// SPDX-License-Identifier: GPL-3.0-or-later
// A thin bar under the header: what takes long, how far it is, and a button to end it. Work that is done at once shows none.
//
// Signals: "cancel" ().
#pragma once

#include "engine/engine.h"
#include <adwaita.h>

G_BEGIN_DECLS

#define SQ_TYPE_BUSY_BAR (sq_busy_bar_get_type ())
G_DECLARE_FINAL_TYPE (SqBusyBar, sq_busy_bar, SQ, BUSY_BAR, AdwBin)

GtkWidget *sq_busy_bar_new (void);
void sq_busy_bar_set_text (SqBusyBar *self, const char *text); // NULL: not busy; how far is not known
void sq_busy_bar_set_fraction (SqBusyBar *self, double fraction);

// While a device builds its network; nothing where none does any more. TRUE while the bar is about that.
gboolean sq_busy_bar_show_building (SqBusyBar *self, const SqPipelineStats *stats);
gboolean sq_busy_bar_get_building (SqBusyBar *self);

G_END_DECLS
