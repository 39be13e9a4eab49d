// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "session-details.h"

#include "wrap-box.h"
#include <glib/gi18n.h>

#define SAVE_MS 800 // after the last key

struct _SqSessionDetails
{
  GtkWidget parent_instance;

  GtkWidget *tags, *entry;
  GtkTextView *note;

  SqProject *project;
  gint64 run;
  char *saved; // the note as it is stored
  guint save_id;
};

G_DEFINE_FINAL_TYPE (SqSessionDetails, sq_session_details, GTK_TYPE_WIDGET)

/* Note */

static void
save (SqSessionDetails *self)
{
  GtkTextIter start, end;
  g_autofree char *text = NULL;

  g_clear_handle_id (&self->save_id, g_source_remove);
  if (self->project == NULL)
    return;
  gtk_text_buffer_get_bounds (gtk_text_view_get_buffer (self->note), &start, &end);
  text = gtk_text_iter_get_text (&start, &end);
  if (g_strcmp0 (text, self->saved) == 0)
    return;
  sq_project_set_run_note (self->project, self->run, text);
  g_free (self->saved);
  self->saved = g_steal_pointer (&text);
}

static gboolean
on_save_due (gpointer data)
{
  SqSessionDetails *self = data;

  self->save_id = 0;
  save (self);
  return G_SOURCE_REMOVE;
}

static void
on_note_changed (SqSessionDetails *self)
{
  g_clear_handle_id (&self->save_id, g_source_remove);
  self->save_id = g_timeout_add (SAVE_MS, on_save_due, self);
}

/* Tags */

static GtkWidget *
find_tag (SqSessionDetails *self, const char *tag)
{
  g_autofree char *wanted = g_utf8_casefold (tag, -1);

  for (GtkWidget *chip = gtk_widget_get_first_child (self->tags); chip != NULL; chip = gtk_widget_get_next_sibling (chip))
    {
      g_autofree char *name = g_utf8_casefold (g_object_get_data (G_OBJECT (chip), "tag"), -1);

      if (g_str_equal (name, wanted))
        return chip;
    }
  return NULL;
}

static void
on_remove_clicked (GtkWidget *button)
{
  GtkWidget *chip = gtk_widget_get_parent (button);
  SqSessionDetails *self = SQ_SESSION_DETAILS (gtk_widget_get_ancestor (button, SQ_TYPE_SESSION_DETAILS));
  g_autofree char *tag = g_strdup (g_object_get_data (G_OBJECT (chip), "tag"));

  gtk_widget_grab_focus (self->entry); // the one that had it goes
  sq_session_details_remove_tag (self, tag);
}

static void
show_tag (SqSessionDetails *self, const char *tag)
{
  GtkWidget *chip = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 3), *label = gtk_label_new (tag);
  GtkWidget *button = gtk_button_new_from_icon_name ("window-close-symbolic");
  // Translators: a tag
  g_autofree char *remove = g_strdup_printf (_("Remove “%s”"), tag);

  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_label_set_max_width_chars (GTK_LABEL (label), 20);
  gtk_widget_set_tooltip_text (button, remove);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, remove, -1);
  gtk_widget_add_css_class (button, "flat");
  gtk_widget_add_css_class (button, "circular");
  gtk_widget_add_css_class (chip, "tag");
  gtk_widget_set_sensitive (button, gtk_widget_get_sensitive (self->entry));
  gtk_box_append (GTK_BOX (chip), label);
  gtk_box_append (GTK_BOX (chip), button);
  g_object_set_data_full (G_OBJECT (chip), "tag", g_strdup (tag), g_free);
  g_signal_connect (button, "clicked", G_CALLBACK (on_remove_clicked), NULL);
  gtk_widget_set_parent (chip, self->tags);
  gtk_widget_set_visible (self->tags, TRUE);
}

static void
on_entry_activate (SqSessionDetails *self)
{
  sq_session_details_add_tag (self, gtk_editable_get_text (GTK_EDITABLE (self->entry)));
  gtk_editable_set_text (GTK_EDITABLE (self->entry), "");
}

void
sq_session_details_add_tag (SqSessionDetails *self, const char *tag)
{
  g_autofree char *text = NULL;

  g_return_if_fail (SQ_IS_SESSION_DETAILS (self));

  text = g_strstrip (g_strdup (tag));
  if (*text == '\0' || self->project == NULL || find_tag (self, text) != NULL)
    return;
  sq_project_add_run_tag (self->project, self->run, text);
  show_tag (self, text);
}

void
sq_session_details_remove_tag (SqSessionDetails *self, const char *tag)
{
  GtkWidget *chip;

  g_return_if_fail (SQ_IS_SESSION_DETAILS (self));

  chip = find_tag (self, tag);
  if (chip == NULL || self->project == NULL)
    return;
  sq_project_remove_run_tag (self->project, self->run, tag);
  gtk_widget_unparent (chip);
  gtk_widget_set_visible (self->tags, gtk_widget_get_first_child (self->tags) != NULL);
}

/* Object */

static void
sq_session_details_dispose (GObject *object)
{
  SqSessionDetails *self = SQ_SESSION_DETAILS (object);
  GtkWidget *child;

  if (self->tags != NULL)
    sq_session_details_set_run (self, NULL, NULL);
  self->tags = NULL;
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (sq_session_details_parent_class)->dispose (object);
}

static void
sq_session_details_finalize (GObject *object)
{
  g_free (SQ_SESSION_DETAILS (object)->saved);
  G_OBJECT_CLASS (sq_session_details_parent_class)->finalize (object);
}

static void
sq_session_details_class_init (SqSessionDetailsClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sq_session_details_dispose;
  G_OBJECT_CLASS (klass)->finalize = sq_session_details_finalize;
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BOX_LAYOUT);
}

static void
sq_session_details_init (SqSessionDetails *self)
{
  GtkLayoutManager *layout = gtk_widget_get_layout_manager (GTK_WIDGET (self));
  GtkWidget *scroller = gtk_scrolled_window_new (), *title = gtk_label_new_with_mnemonic (_("_Note"));
  GtkEventController *focus = gtk_event_controller_focus_new ();

  gtk_orientable_set_orientation (GTK_ORIENTABLE (layout), GTK_ORIENTATION_VERTICAL);
  gtk_box_layout_set_spacing (GTK_BOX_LAYOUT (layout), 6);
  self->tags = sq_wrap_box_new ();
  sq_wrap_box_set_spread (SQ_WRAP_BOX (self->tags), FALSE);
  gtk_widget_set_visible (self->tags, FALSE);
  self->entry = gtk_entry_new ();
  gtk_entry_set_placeholder_text (GTK_ENTRY (self->entry), _("Add a tag"));
  gtk_entry_set_icon_from_icon_name (GTK_ENTRY (self->entry), GTK_ENTRY_ICON_SECONDARY, "list-add-symbolic");
  gtk_entry_set_icon_tooltip_text (GTK_ENTRY (self->entry), GTK_ENTRY_ICON_SECONDARY, _("Add"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->entry), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Add a tag"), -1);
  g_signal_connect_swapped (self->entry, "activate", G_CALLBACK (on_entry_activate), self);
  g_signal_connect_swapped (self->entry, "icon-press", G_CALLBACK (on_entry_activate), self);

  self->note = GTK_TEXT_VIEW (gtk_text_view_new ());
  gtk_text_view_set_wrap_mode (self->note, GTK_WRAP_WORD_CHAR);
  gtk_text_view_set_accepts_tab (self->note, FALSE); // moves on instead
  g_object_set (self->note, "top-margin", 6, "bottom-margin", 6, "left-margin", 6, "right-margin", 6, NULL);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->note), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Note"), -1);
  gtk_label_set_mnemonic_widget (GTK_LABEL (title), GTK_WIDGET (self->note));
  gtk_label_set_xalign (GTK_LABEL (title), 0);
  gtk_widget_add_css_class (title, "caption-heading");
  g_signal_connect_swapped (gtk_text_view_get_buffer (self->note), "changed", G_CALLBACK (on_note_changed), self);
  g_signal_connect_swapped (focus, "leave", G_CALLBACK (save), self);
  gtk_widget_add_controller (GTK_WIDGET (self->note), focus);
  g_object_set (scroller, "hscrollbar-policy", GTK_POLICY_NEVER, "min-content-height", 56, "max-content-height", 120,
                "propagate-natural-height", TRUE, "child", self->note, NULL);
  gtk_widget_add_css_class (scroller, "frame");
  gtk_widget_add_css_class (scroller, "view");
  gtk_widget_add_css_class (scroller, "note");
  gtk_widget_set_parent (self->tags, GTK_WIDGET (self));
  gtk_widget_set_parent (self->entry, GTK_WIDGET (self));
  gtk_widget_set_parent (title, GTK_WIDGET (self));
  gtk_widget_set_parent (scroller, GTK_WIDGET (self));
}

GtkWidget *
sq_session_details_new (void)
{
  return g_object_new (SQ_TYPE_SESSION_DETAILS, NULL);
}

void
sq_session_details_set_run (SqSessionDetails *self, SqProject *project, SqRun *run)
{
  gboolean writable = project != NULL && !sq_project_get_read_only (project);
  GtkWidget *chip;

  g_return_if_fail (SQ_IS_SESSION_DETAILS (self));

  save (self);
  while ((chip = gtk_widget_get_first_child (self->tags)) != NULL)
    gtk_widget_unparent (chip);
  gtk_widget_set_visible (self->tags, FALSE);
  g_clear_object (&self->project);
  g_free (self->saved);
  self->saved = g_strdup (run != NULL ? run->note : "");
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (self->note), self->saved, -1);
  g_clear_handle_id (&self->save_id, g_source_remove);
  gtk_text_view_set_editable (self->note, writable);
  gtk_widget_set_sensitive (self->entry, writable);
  if (run == NULL)
    return;
  self->project = writable ? g_object_ref (project) : NULL;
  self->run = run->id;
  for (guint i = 0; run->tags[i] != NULL; i++)
    show_tag (self, run->tags[i]);
}

void
sq_session_details_set_note (SqSessionDetails *self, const char *note)
{
  g_return_if_fail (SQ_IS_SESSION_DETAILS (self));
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (self->note), note, -1);
}
