// SPDX-License-Identifier: GPL-3.0-or-later
// A recipe's text, checked as one types.
//
// Signal: "save" (const char *text): it parses, and is not what was given.
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SQ_TYPE_RECIPE_EDITOR (sq_recipe_editor_get_type ())
G_DECLARE_FINAL_TYPE (SqRecipeEditor, sq_recipe_editor, SQ, RECIPE_EDITOR, GtkWidget)

GtkWidget *sq_recipe_editor_new (void);
void sq_recipe_editor_set_text (SqRecipeEditor *self, const char *text); // as it is stored

void sq_recipe_editor_type (SqRecipeEditor *self, const char *text); // as if somebody typed it
const char *sq_recipe_editor_get_problem (SqRecipeEditor *self);     // one sentence; "" where it parses
gboolean sq_recipe_editor_get_can_save (SqRecipeEditor *self);

G_END_DECLS
