// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "recipe-editor.h"

#include "engine/engine.h"

struct _SqRecipeEditor
{
  GtkWidget parent_instance;

  /* Template widgets */
  GtkWidget *box;
  GtkTextView *view;
  GtkWidget *problem_box, *revert, *save;
  GtkLabel *problem;

  char *stored;
};

G_DEFINE_FINAL_TYPE (SqRecipeEditor, sq_recipe_editor, GTK_TYPE_WIDGET)

static guint save_signal;

static char *
get_text (SqRecipeEditor *self)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (self->view);
  GtkTextIter from, to;

  gtk_text_buffer_get_bounds (buffer, &from, &to);
  return gtk_text_buffer_get_text (buffer, &from, &to, FALSE);
}

static void
check (SqRecipeEditor *self)
{
  g_autofree char *text = get_text (self);
  g_autoptr (GError) error = NULL;
  g_autoptr (SqRecipe) recipe = sq_recipe_parse (text, &error), stored = NULL;
  g_autofree char *now = recipe != NULL ? sq_recipe_to_text (recipe) : NULL, *before = NULL;

  stored = self->stored != NULL ? sq_recipe_parse (self->stored, NULL) : NULL;
  before = stored != NULL ? sq_recipe_to_text (stored) : NULL;
  gtk_label_set_label (self->problem, error != NULL ? error->message : "");
  gtk_widget_set_visible (self->problem_box, error != NULL);
  gtk_accessible_update_state (GTK_ACCESSIBLE (self->view), GTK_ACCESSIBLE_STATE_INVALID,
                               error != NULL ? GTK_ACCESSIBLE_INVALID_TRUE : GTK_ACCESSIBLE_INVALID_FALSE, -1);
  // white space and comments make no other recipe
  gtk_widget_set_sensitive (self->save, now != NULL && g_strcmp0 (now, before) != 0);
  gtk_widget_set_sensitive (self->revert, g_strcmp0 (text, self->stored) != 0);
}

static void
on_revert (SqRecipeEditor *self)
{
  sq_recipe_editor_type (self, self->stored != NULL ? self->stored : "");
}

static void
on_save (SqRecipeEditor *self)
{
  g_autofree char *text = get_text (self);

  g_signal_emit (self, save_signal, 0, text);
}

static void
sq_recipe_editor_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), SQ_TYPE_RECIPE_EDITOR);
  G_OBJECT_CLASS (sq_recipe_editor_parent_class)->dispose (object);
}

static void
sq_recipe_editor_finalize (GObject *object)
{
  g_free (SQ_RECIPE_EDITOR (object)->stored);
  G_OBJECT_CLASS (sq_recipe_editor_parent_class)->finalize (object);
}

static void
sq_recipe_editor_class_init (SqRecipeEditorClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sq_recipe_editor_dispose;
  G_OBJECT_CLASS (klass)->finalize = sq_recipe_editor_finalize;
  save_signal = g_signal_new ("save", SQ_TYPE_RECIPE_EDITOR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  gtk_widget_class_set_template_from_resource (widget_class, RESOURCE_BASE "/ui/recipe-editor.ui");
  gtk_widget_class_bind_template_child (widget_class, SqRecipeEditor, box);
  gtk_widget_class_bind_template_child (widget_class, SqRecipeEditor, view);
  gtk_widget_class_bind_template_child (widget_class, SqRecipeEditor, problem_box);
  gtk_widget_class_bind_template_child (widget_class, SqRecipeEditor, problem);
  gtk_widget_class_bind_template_child (widget_class, SqRecipeEditor, revert);
  gtk_widget_class_bind_template_child (widget_class, SqRecipeEditor, save);
  gtk_widget_class_bind_template_callback (widget_class, on_revert);
  gtk_widget_class_bind_template_callback (widget_class, on_save);
}

static void
sq_recipe_editor_init (SqRecipeEditor *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect_object (gtk_text_view_get_buffer (self->view), "changed", G_CALLBACK (check), self, G_CONNECT_SWAPPED);
  check (self);
}

GtkWidget *
sq_recipe_editor_new (void)
{
  return g_object_new (SQ_TYPE_RECIPE_EDITOR, NULL);
}

void
sq_recipe_editor_set_text (SqRecipeEditor *self, const char *text)
{
  g_return_if_fail (SQ_IS_RECIPE_EDITOR (self));

  // a model that is read again takes nothing away that was typed
  if (g_strcmp0 (text, self->stored) == 0)
    return;
  g_free (self->stored);
  self->stored = g_strdup (text);
  on_revert (self);
}

void
sq_recipe_editor_type (SqRecipeEditor *self, const char *text)
{
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (self->view), text, -1);
}

const char *
sq_recipe_editor_get_problem (SqRecipeEditor *self)
{
  return gtk_label_get_label (self->problem);
}

gboolean
sq_recipe_editor_get_can_save (SqRecipeEditor *self)
{
  return gtk_widget_get_sensitive (self->save);
}
