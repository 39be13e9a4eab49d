// SPDX-License-Identifier: GPL-3.0-or-later
// A small box in the line and colour that SqCompareView gives one kind of match; the legend. Only decoration: the name stands beside it.
#pragma once

#include "engine/engine.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

GtkWidget *sq_match_swatch_new (SqMatchKind kind);

// The colour of a kind, on pictures.
GdkRGBA sq_match_colour (SqMatchKind kind);

G_END_DECLS
