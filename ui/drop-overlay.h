// SPDX-License-Identifier: GPL-3.0-or-later
// What lies over the window while files are dragged across it.
//
// Properties: "title", "active".
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define SQ_TYPE_DROP_OVERLAY (sq_drop_overlay_get_type ())
G_DECLARE_FINAL_TYPE (SqDropOverlay, sq_drop_overlay, SQ, DROP_OVERLAY, AdwBin)

GtkWidget *sq_drop_overlay_new (void);
void sq_drop_overlay_set_title (SqDropOverlay *self, const char *title);
void sq_drop_overlay_set_active (SqDropOverlay *self, gboolean active);
gboolean sq_drop_overlay_get_active (SqDropOverlay *self);

G_END_DECLS
