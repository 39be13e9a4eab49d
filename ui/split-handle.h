// SPDX-License-Identifier: GPL-3.0-or-later
// The line between the two halves of a SqCompareView, which places it: moved by pointer, Left and Right, Home and End.
//
// Properties: "value" (0..1 of the parent's width from its left edge).
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SQ_SPLIT_HANDLE_WIDTH 28 // px that can be caught

#define SQ_TYPE_SPLIT_HANDLE (sq_split_handle_get_type ())
G_DECLARE_FINAL_TYPE (SqSplitHandle, sq_split_handle, SQ, SPLIT_HANDLE, GtkWidget)

GtkWidget *sq_split_handle_new (void);
void sq_split_handle_set_value (SqSplitHandle *self, double value);
double sq_split_handle_get_value (SqSplitHandle *self);

G_END_DECLS
