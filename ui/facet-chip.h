// SPDX-License-Identifier: GPL-3.0-or-later
// One way to narrow a list down: a button that says what is chosen, a popover of choices, and a button that takes the choice back.
//
// Properties: "value" (nullable: nothing chosen).
// Signals:    "opening": the popover is about to be shown, the last moment for new choices.
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SQ_TYPE_FACET_CHIP (sq_facet_chip_get_type ())
G_DECLARE_FINAL_TYPE (SqFacetChip, sq_facet_chip, SQ, FACET_CHIP, GtkWidget)

// `title`: what the button says while nothing is chosen. `remove`: tooltip of the button that takes the choice back.
GtkWidget *sq_facet_chip_new (const char *title, const char *remove);

// `names`: what people read, NULL = the values themselves. Both NULL-terminated and copied.
void sq_facet_chip_set_choices (SqFacetChip *self, const char *const *values, const char *const *names);
void sq_facet_chip_set_value (SqFacetChip *self, const char *value);
const char *sq_facet_chip_get_value (SqFacetChip *self);
void sq_facet_chip_set_text (SqFacetChip *self, const char *text);    // said instead of the choice's name; NULL = that
void sq_facet_chip_set_footer (SqFacetChip *self, GtkWidget *footer); // below the choices; the popover then stays open
const char *sq_facet_chip_get_label (SqFacetChip *self);              // what the button says

G_END_DECLS
