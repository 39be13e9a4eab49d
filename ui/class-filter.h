// SPDX-License-Identifier: GPL-3.0-or-later
// A popover with one check button per class and a search; acts on a filter state at once.
#pragma once

#include "filter-state.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SQ_TYPE_CLASS_FILTER (sq_class_filter_get_type ())
G_DECLARE_FINAL_TYPE (SqClassFilter, sq_class_filter, SQ, CLASS_FILTER, GtkPopover)

GtkWidget *sq_class_filter_new (void);
void sq_class_filter_set_filter (SqClassFilter *self, SqFilterState *filter);
void sq_class_filter_set_labels (SqClassFilter *self, const char *const *labels);

G_END_DECLS
