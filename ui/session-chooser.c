// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "session-chooser.h"

#include "format.h"
#include <glib/gi18n.h>

struct _SqSessionChooser
{
  AdwWindow parent_instance;

  GtkStack *stack;
  GtkListBox *list;

  SqRunList *runs;
  GtkFilterListModel *others; // without the one they are compared with
  gint64 run;
  GtkWidget *from; // weak
};

G_DEFINE_FINAL_TYPE (SqSessionChooser, sq_session_chooser, ADW_TYPE_WINDOW)

static gboolean
is_other (gpointer item, gpointer data)
{
  return sq_run_item_get_id (item) != SQ_SESSION_CHOOSER (data)->run;
}

static void
update_row (SqRunItem *item, GParamSpec *pspec, AdwActionRow *row)
{
  SqRun *run = sq_run_item_get_run (item);
  g_autoptr (GDateTime) when = NULL;
  g_autofree char *when_text = NULL, *subtitle = NULL;

  if (run == NULL)
    return;
  when = g_date_time_new_from_unix_local (run->started_us / G_USEC_PER_SEC);
  when_text = sq_format_when (when);
  // Translators: when, model
  subtitle = g_strdup_printf (_("%s, %s"), when_text, run->model);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), run->name);
  adw_action_row_set_subtitle (row, subtitle);
}

static GtkWidget *
make_row (gpointer item, gpointer data)
{
  GtkWidget *row = adw_action_row_new ();

  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  g_object_set_data (G_OBJECT (row), "run", GSIZE_TO_POINTER ((gsize) sq_run_item_get_id (item)));
  g_signal_connect_object (item, "notify::loaded", G_CALLBACK (update_row), row, 0);
  g_object_set_data_full (G_OBJECT (row), "item", g_object_ref (item), g_object_unref);
  update_row (item, NULL, ADW_ACTION_ROW (row));
  return row;
}

static void
on_row_activated (SqSessionChooser *self, GtkListBoxRow *row)
{
  sq_session_chooser_choose (self, (gint64) GPOINTER_TO_SIZE (g_object_get_data (G_OBJECT (row), "run")));
}

static void
update_state (SqSessionChooser *self)
{
  gboolean any = g_list_model_get_n_items (G_LIST_MODEL (self->others)) > 0;

  if (any || !sq_run_list_get_loading (self->runs))
    gtk_stack_set_visible_child_name (self->stack, any ? "list" : "nothing");
}

static void
sq_session_chooser_dispose (GObject *object)
{
  SqSessionChooser *self = SQ_SESSION_CHOOSER (object);

  if (self->runs != NULL)
    g_signal_handlers_disconnect_by_data (self->runs, self);
  if (self->others != NULL)
    g_signal_handlers_disconnect_by_data (self->others, self);
  if (self->list != NULL)
    gtk_list_box_bind_model (self->list, NULL, NULL, NULL, NULL);
  self->list = NULL;
  g_clear_object (&self->others);
  g_clear_object (&self->runs);
  g_clear_weak_pointer (&self->from);
  G_OBJECT_CLASS (sq_session_chooser_parent_class)->dispose (object);
}

static void
sq_session_chooser_class_init (SqSessionChooserClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sq_session_chooser_dispose;
  gtk_widget_class_add_binding_action (GTK_WIDGET_CLASS (klass), GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
sq_session_chooser_init (SqSessionChooser *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0), *scroller = gtk_scrolled_window_new (), *nothing = adw_status_page_new ();
  GtkWidget *clamp = adw_clamp_new ();

  self->stack = GTK_STACK (gtk_stack_new ());
  self->list = GTK_LIST_BOX (gtk_list_box_new ());
  gtk_list_box_set_selection_mode (self->list, GTK_SELECTION_NONE);
  gtk_widget_add_css_class (GTK_WIDGET (self->list), "boxed-list");
  gtk_widget_set_valign (GTK_WIDGET (self->list), GTK_ALIGN_START);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->list), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Sessions"), -1);
  g_signal_connect_swapped (self->list, "row-activated", G_CALLBACK (on_row_activated), self);
  g_object_set (self->list, "margin-top", 12, "margin-bottom", 12, "margin-start", 12, "margin-end", 12, NULL);
  adw_clamp_set_child (ADW_CLAMP (clamp), GTK_WIDGET (self->list));
  g_object_set (scroller, "hscrollbar-policy", GTK_POLICY_NEVER, "vexpand", TRUE, "child", clamp, NULL);
  adw_status_page_set_icon_name (ADW_STATUS_PAGE (nothing), "squint-sessions-symbolic");
  adw_status_page_set_title (ADW_STATUS_PAGE (nothing), _("Nothing to Compare With"));
  adw_status_page_set_description (ADW_STATUS_PAGE (nothing), _("No other session was made from the same pictures or video"));
  gtk_stack_add_named (self->stack, scroller, "list");
  gtk_stack_add_named (self->stack, nothing, "nothing");
  gtk_box_append (GTK_BOX (box), adw_header_bar_new ());
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->stack));
  adw_window_set_content (ADW_WINDOW (self), box);
  gtk_window_set_title (GTK_WINDOW (self), _("Compare With"));
  gtk_window_set_default_size (GTK_WINDOW (self), 420, 480);
  gtk_window_set_modal (GTK_WINDOW (self), TRUE);
}

GtkWidget *
sq_session_chooser_new (GtkWidget *from, SqProject *project, SqRun *run)
{
  SqSessionChooser *self = g_object_new (SQ_TYPE_SESSION_CHOOSER, "transient-for", gtk_widget_get_root (from), NULL);
  SqRunQuery query = { .source = run->source };

  g_set_weak_pointer (&self->from, from);
  self->run = run->id;
  self->runs = sq_run_list_new (NULL);
  sq_run_list_set_query (self->runs, &query);
  self->others =
      gtk_filter_list_model_new (G_LIST_MODEL (g_object_ref (self->runs)), GTK_FILTER (gtk_custom_filter_new (is_other, self, NULL)));
  gtk_list_box_bind_model (self->list, G_LIST_MODEL (self->others), make_row, NULL, NULL);
  g_signal_connect_swapped (self->others, "items-changed", G_CALLBACK (update_state), self);
  g_signal_connect_swapped (self->runs, "notify::loading", G_CALLBACK (update_state), self);
  sq_run_list_set_project (self->runs, project);
  return GTK_WIDGET (self);
}

guint
sq_session_chooser_get_n_choices (SqSessionChooser *self)
{
  g_return_val_if_fail (SQ_IS_SESSION_CHOOSER (self), 0);
  return g_list_model_get_n_items (G_LIST_MODEL (self->others));
}

void
sq_session_chooser_choose (SqSessionChooser *self, gint64 run)
{
  g_return_if_fail (SQ_IS_SESSION_CHOOSER (self));

  if (self->from != NULL)
    gtk_widget_activate_action (self->from, "win.compare-runs", "(xx)", self->run, run);
  gtk_window_close (GTK_WINDOW (self));
}
