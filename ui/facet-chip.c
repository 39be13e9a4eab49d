// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "facet-chip.h"

#include <glib/gi18n.h>
#include <string.h>

#define SEARCH_FROM 9 // choices: fewer are looked through faster than typed for

struct _SqFacetChip
{
  GtkWidget parent_instance;

  GtkMenuButton *button;
  GtkWidget *remove;
  GtkPopover *popover;
  GtkWidget *search, *box;
  GtkListBox *list;

  char *title, *text, *value;
  char **values, **names;
};

G_DEFINE_FINAL_TYPE (SqFacetChip, sq_facet_chip, GTK_TYPE_WIDGET)

enum
{
  PROP_0,
  PROP_VALUE,
  N_PROPS
};

enum
{
  OPENING,
  N_SIGNALS
};

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

static const char *
name_of (SqFacetChip *self, const char *value)
{
  for (guint i = 0; self->values != NULL && self->values[i] != NULL; i++)
    if (g_str_equal (self->values[i], value))
      return self->names[i];
  return value; // chosen before it was among the choices
}

static void
update_button (SqFacetChip *self)
{
  const char *label = self->value == NULL ? self->title : self->text != NULL ? self->text : name_of (self, self->value);
  g_autofree char *spoken = self->value != NULL ? g_strdup_printf ("%s: %s", self->title, label) : g_strdup (label);

  gtk_menu_button_set_label (self->button, label);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->button), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
  gtk_widget_set_visible (self->remove, self->value != NULL);
  if (self->value != NULL)
    gtk_widget_add_css_class (GTK_WIDGET (self), "set");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self), "set");
}

static void
update_checks (SqFacetChip *self)
{
  GtkListBoxRow *row;

  for (int i = 0; (row = gtk_list_box_get_row_at_index (self->list, i)) != NULL; i++)
    {
      GtkWidget *mark = gtk_widget_get_last_child (gtk_list_box_row_get_child (row));
      gboolean chosen = g_strcmp0 (self->values[i], self->value) == 0;

      gtk_widget_set_opacity (mark, chosen ? 1 : 0);
      gtk_accessible_update_state (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_STATE_SELECTED, chosen, -1);
    }
}

static gboolean
filter_row (GtkListBoxRow *row, gpointer user_data)
{
  SqFacetChip *self = user_data;
  g_autofree char *needle = g_utf8_casefold (gtk_editable_get_text (GTK_EDITABLE (self->search)), -1);
  g_autofree char *name = g_utf8_casefold (self->names[gtk_list_box_row_get_index (row)], -1);

  return strstr (name, needle) != NULL;
}

static void
on_row_activated (SqFacetChip *self, GtkListBoxRow *row)
{
  sq_facet_chip_set_value (self, self->values[gtk_list_box_row_get_index (row)]);
  if (gtk_widget_get_last_child (self->box) == gtk_widget_get_ancestor (GTK_WIDGET (self->list), GTK_TYPE_SCROLLED_WINDOW))
    gtk_popover_popdown (self->popover); // there is nothing more to set
}

static void
on_search_changed (SqFacetChip *self)
{
  gtk_list_box_invalidate_filter (self->list);
}

// Return takes the first that matches.
static void
on_search_activate (SqFacetChip *self)
{
  GtkListBoxRow *row;

  for (int i = 0; (row = gtk_list_box_get_row_at_index (self->list, i)) != NULL; i++)
    if (filter_row (row, self))
      {
        on_row_activated (self, row);
        return;
      }
}

static void
on_show (SqFacetChip *self)
{
  gtk_editable_set_text (GTK_EDITABLE (self->search), "");
  g_signal_emit (self, signals[OPENING], 0);
}

static void
on_remove_clicked (SqFacetChip *self)
{
  sq_facet_chip_set_value (self, NULL);
  gtk_widget_grab_focus (GTK_WIDGET (self->button)); // the one that had it goes
}

static void
sq_facet_chip_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  if (prop_id == PROP_VALUE)
    g_value_set_string (value, SQ_FACET_CHIP (object)->value);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
sq_facet_chip_dispose (GObject *object)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (object))) != NULL)
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (sq_facet_chip_parent_class)->dispose (object);
}

static void
sq_facet_chip_finalize (GObject *object)
{
  SqFacetChip *self = SQ_FACET_CHIP (object);

  g_free (self->title);
  g_free (self->text);
  g_free (self->value);
  g_strfreev (self->values);
  g_strfreev (self->names);
  G_OBJECT_CLASS (sq_facet_chip_parent_class)->finalize (object);
}

static void
sq_facet_chip_class_init (SqFacetChipClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = sq_facet_chip_get_property;
  object_class->dispose = sq_facet_chip_dispose;
  object_class->finalize = sq_facet_chip_finalize;
  props[PROP_VALUE] = g_param_spec_string ("value", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);
  signals[OPENING] = g_signal_new ("opening", SQ_TYPE_FACET_CHIP, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BOX_LAYOUT);
  gtk_widget_class_set_css_name (widget_class, "facetchip");
}

static void
make_popover (SqFacetChip *self)
{
  GtkWidget *scroller = gtk_scrolled_window_new ();
  GtkWidget *none = gtk_label_new (_("Nothing to choose from"));

  self->box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  self->search = gtk_search_entry_new ();
  self->list = GTK_LIST_BOX (gtk_list_box_new ());
  gtk_list_box_set_selection_mode (self->list, GTK_SELECTION_NONE);
  gtk_list_box_set_filter_func (self->list, filter_row, self, NULL);
  gtk_widget_add_css_class (GTK_WIDGET (self->list), "class-list");
  gtk_widget_add_css_class (none, "dim-label");
  gtk_widget_set_margin_top (none, 12);
  gtk_widget_set_margin_bottom (none, 12);
  gtk_list_box_set_placeholder (self->list, none);
  g_signal_connect_swapped (self->list, "row-activated", G_CALLBACK (on_row_activated), self);
  g_signal_connect_swapped (self->search, "search-changed", G_CALLBACK (on_search_changed), self);
  g_signal_connect_swapped (self->search, "activate", G_CALLBACK (on_search_activate), self);
  g_object_set (scroller, "hscrollbar-policy", GTK_POLICY_NEVER, "max-content-height", 280, "propagate-natural-height", TRUE,
                "min-content-width", 220, "child", self->list, NULL);
  gtk_box_append (GTK_BOX (self->box), self->search);
  gtk_box_append (GTK_BOX (self->box), scroller);
  self->popover = GTK_POPOVER (gtk_popover_new ());
  gtk_popover_set_child (self->popover, self->box);
  g_signal_connect_swapped (self->popover, "show", G_CALLBACK (on_show), self);
  gtk_menu_button_set_popover (self->button, GTK_WIDGET (self->popover));
}

static void
sq_facet_chip_init (SqFacetChip *self)
{
  self->button = GTK_MENU_BUTTON (gtk_menu_button_new ());
  self->remove = gtk_button_new_from_icon_name ("window-close-symbolic");
  gtk_widget_add_css_class (GTK_WIDGET (self), "linked");
  gtk_widget_set_parent (GTK_WIDGET (self->button), GTK_WIDGET (self));
  gtk_widget_set_parent (self->remove, GTK_WIDGET (self));
  g_signal_connect_swapped (self->remove, "clicked", G_CALLBACK (on_remove_clicked), self);
  make_popover (self);
}

GtkWidget *
sq_facet_chip_new (const char *title, const char *remove)
{
  SqFacetChip *self = g_object_new (SQ_TYPE_FACET_CHIP, NULL);

  self->title = g_strdup (title);
  gtk_widget_set_tooltip_text (self->remove, remove);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->remove), GTK_ACCESSIBLE_PROPERTY_LABEL, remove, -1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->search), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->list), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
  sq_facet_chip_set_choices (self, (const char *const[]){ NULL }, NULL);
  update_button (self);
  return GTK_WIDGET (self);
}

static void
add_row (SqFacetChip *self, const char *name)
{
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  GtkWidget *label = gtk_label_new (name);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_MIDDLE);
  gtk_label_set_max_width_chars (GTK_LABEL (label), 36);
  gtk_widget_set_hexpand (label, TRUE);
  gtk_box_append (GTK_BOX (row), label);
  gtk_box_append (GTK_BOX (row), gtk_image_new_from_icon_name ("object-select-symbolic"));
  gtk_list_box_append (self->list, row);
}

void
sq_facet_chip_set_choices (SqFacetChip *self, const char *const *values, const char *const *names)
{
  GtkListBoxRow *row;

  g_return_if_fail (SQ_IS_FACET_CHIP (self));

  if (self->values != NULL && names == NULL && g_strv_equal (values, (const char *const *) self->values))
    return; // keeps the place in a list that is being looked at
  while ((row = gtk_list_box_get_row_at_index (self->list, 0)) != NULL)
    gtk_list_box_remove (self->list, GTK_WIDGET (row));
  g_strfreev (self->values);
  g_strfreev (self->names);
  self->values = g_strdupv ((char **) values);
  self->names = g_strdupv ((char **) (names != NULL ? names : values));
  for (guint i = 0; self->names[i] != NULL; i++)
    add_row (self, self->names[i]);
  gtk_widget_set_visible (self->search, g_strv_length (self->values) >= SEARCH_FROM);
  update_checks (self);
  update_button (self);
}

void
sq_facet_chip_set_value (SqFacetChip *self, const char *value)
{
  g_return_if_fail (SQ_IS_FACET_CHIP (self));

  if (g_strcmp0 (value, self->value) == 0)
    return;
  g_free (self->value);
  self->value = g_strdup (value);
  update_checks (self);
  update_button (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_VALUE]);
}

const char *
sq_facet_chip_get_value (SqFacetChip *self)
{
  g_return_val_if_fail (SQ_IS_FACET_CHIP (self), NULL);
  return self->value;
}

void
sq_facet_chip_set_text (SqFacetChip *self, const char *text)
{
  g_return_if_fail (SQ_IS_FACET_CHIP (self));

  g_free (self->text);
  self->text = g_strdup (text);
  update_button (self);
}

void
sq_facet_chip_set_footer (SqFacetChip *self, GtkWidget *footer)
{
  g_return_if_fail (SQ_IS_FACET_CHIP (self));
  gtk_box_append (GTK_BOX (self->box), footer);
}

const char *
sq_facet_chip_get_label (SqFacetChip *self)
{
  g_return_val_if_fail (SQ_IS_FACET_CHIP (self), NULL);
  return gtk_menu_button_get_label (self->button);
}
