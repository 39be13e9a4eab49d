// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "class-filter.h"

#include "class-swatch.h"

struct _SqClassFilter
{
  GtkPopover parent_instance;

  /* Template widgets */
  GtkEditable *search;
  GtkListBox *list;

  SqFilterState *filter;
  char **labels;
  GPtrArray *checks; // GtkCheckButton by class, borrowed
  gboolean stale;    // rows are made when the popover opens, not for every run
  gboolean syncing;
};

G_DEFINE_FINAL_TYPE (SqClassFilter, sq_class_filter, GTK_TYPE_POPOVER)

static void
sync_checks (SqClassFilter *self)
{
  if (self->filter == NULL || self->syncing)
    return;
  self->syncing = TRUE;
  for (guint i = 0; i < self->checks->len; i++)
    gtk_check_button_set_active (self->checks->pdata[i], sq_filter_state_get_class_shown (self->filter, i));
  self->syncing = FALSE;
}

static void
on_toggled (GtkCheckButton *check, SqClassFilter *self)
{
  guint class_id = GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (check), "class"));

  if (self->syncing || self->filter == NULL)
    return;
  self->syncing = TRUE;
  sq_filter_state_set_class_shown (self->filter, class_id, gtk_check_button_get_active (check));
  self->syncing = FALSE;
}

static void
build_rows (SqClassFilter *self)
{
  GtkWidget *child;

  self->stale = FALSE;
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->list))) != NULL && GTK_IS_LIST_BOX_ROW (child))
    gtk_list_box_remove (self->list, child);
  g_ptr_array_set_size (self->checks, 0);
  for (guint i = 0; self->labels != NULL && self->labels[i] != NULL; i++)
    {
      GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
      GtkWidget *check = gtk_check_button_new ();
      GtkWidget *label = gtk_label_new (self->labels[i]);

      g_object_set_data (G_OBJECT (check), "class", GUINT_TO_POINTER (i));
      g_signal_connect (check, "toggled", G_CALLBACK (on_toggled), self);
      gtk_accessible_update_property (GTK_ACCESSIBLE (check), GTK_ACCESSIBLE_PROPERTY_LABEL, self->labels[i], -1);
      gtk_label_set_xalign (GTK_LABEL (label), 0);
      gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
      gtk_widget_set_hexpand (label, TRUE);
      gtk_box_append (GTK_BOX (box), check);
      gtk_box_append (GTK_BOX (box), label);
      gtk_box_append (GTK_BOX (box), sq_class_swatch_new (i));
      gtk_list_box_append (self->list, box);
      g_ptr_array_add (self->checks, check);
    }
  sync_checks (self);
}

static gboolean
filter_row (GtkListBoxRow *row, gpointer user_data)
{
  SqClassFilter *self = user_data;
  g_autofree char *needle = g_utf8_casefold (gtk_editable_get_text (self->search), -1);
  g_autofree char *name = NULL;
  int index = gtk_list_box_row_get_index (row);

  if (index < 0 || self->labels == NULL || (guint) index >= g_strv_length (self->labels))
    return TRUE;
  name = g_utf8_casefold (self->labels[index], -1);
  return strstr (name, needle) != NULL;
}

static void
on_search_changed (SqClassFilter *self)
{
  gtk_list_box_invalidate_filter (self->list);
}

static void
on_row_activated (SqClassFilter *self, GtkListBoxRow *row)
{
  int index = gtk_list_box_row_get_index (row);

  if (index >= 0 && (guint) index < self->checks->len)
    gtk_check_button_set_active (self->checks->pdata[index], !gtk_check_button_get_active (self->checks->pdata[index]));
}

static void
on_all_clicked (SqClassFilter *self)
{
  if (self->filter != NULL)
    sq_filter_state_set_all_classes_shown (self->filter, TRUE);
}

static void
on_none_clicked (SqClassFilter *self)
{
  if (self->filter != NULL)
    sq_filter_state_set_all_classes_shown (self->filter, FALSE);
}

static void
sq_class_filter_map (GtkWidget *widget)
{
  SqClassFilter *self = SQ_CLASS_FILTER (widget);

  if (self->stale)
    build_rows (self);
  GTK_WIDGET_CLASS (sq_class_filter_parent_class)->map (widget);
}

static void
sq_class_filter_dispose (GObject *object)
{
  SqClassFilter *self = SQ_CLASS_FILTER (object);

  sq_class_filter_set_filter (self, NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), SQ_TYPE_CLASS_FILTER);
  G_OBJECT_CLASS (sq_class_filter_parent_class)->dispose (object);
}

static void
sq_class_filter_finalize (GObject *object)
{
  SqClassFilter *self = SQ_CLASS_FILTER (object);

  g_strfreev (self->labels);
  g_ptr_array_unref (self->checks);
  G_OBJECT_CLASS (sq_class_filter_parent_class)->finalize (object);
}

static void
sq_class_filter_class_init (SqClassFilterClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sq_class_filter_dispose;
  G_OBJECT_CLASS (klass)->finalize = sq_class_filter_finalize;
  widget_class->map = sq_class_filter_map;
  gtk_widget_class_set_template_from_resource (widget_class, RESOURCE_BASE "/ui/class-filter.ui");
  gtk_widget_class_bind_template_child (widget_class, SqClassFilter, search);
  gtk_widget_class_bind_template_child (widget_class, SqClassFilter, list);
  gtk_widget_class_bind_template_callback (widget_class, on_search_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_row_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_all_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_none_clicked);
}

static void
sq_class_filter_init (SqClassFilter *self)
{
  self->checks = g_ptr_array_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_list_box_set_filter_func (self->list, filter_row, self, NULL);
}

GtkWidget *
sq_class_filter_new (void)
{
  return g_object_new (SQ_TYPE_CLASS_FILTER, NULL);
}

void
sq_class_filter_set_filter (SqClassFilter *self, SqFilterState *filter)
{
  g_return_if_fail (SQ_IS_CLASS_FILTER (self));

  if (self->filter == filter)
    return;
  if (self->filter != NULL)
    g_signal_handlers_disconnect_by_data (self->filter, self);
  g_set_object (&self->filter, filter);
  if (filter != NULL)
    {
      g_signal_connect_swapped (filter, "notify::all-classes", G_CALLBACK (sync_checks), self);
      sync_checks (self);
    }
}

void
sq_class_filter_set_labels (SqClassFilter *self, const char *const *labels)
{
  g_return_if_fail (SQ_IS_CLASS_FILTER (self));

  g_strfreev (self->labels);
  self->labels = g_strdupv ((char **) labels);
  self->stale = TRUE;
  if (gtk_widget_get_mapped (GTK_WIDGET (self)))
    build_rows (self);
}
