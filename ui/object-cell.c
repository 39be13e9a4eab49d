// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "object-cell.h"

struct _SqObjectCell
{
  GtkWidget parent_instance;

  GtkWidget *stack, *picture, *icon;
  GtkLabel *title, *session, *place;

  SqCropLoader *loader; // borrowed, while the picture is waited for
  guint request;
  char *problem;
};

G_DEFINE_FINAL_TYPE (SqObjectCell, sq_object_cell, GTK_TYPE_WIDGET)

static void
on_crop (GdkTexture *texture, const char *problem, gpointer user_data)
{
  SqObjectCell *self = user_data;

  self->request = 0;
  self->problem = g_strdup (problem);
  gtk_picture_set_paintable (GTK_PICTURE (self->picture), GDK_PAINTABLE (texture));
  gtk_stack_set_visible_child (GTK_STACK (self->stack), texture != NULL ? self->picture : self->icon);
  if (problem != NULL)
    gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, problem, -1);
}

static gboolean
sq_object_cell_query_tooltip (GtkWidget *widget, int x, int y, gboolean keyboard, GtkTooltip *tooltip)
{
  SqObjectCell *self = SQ_OBJECT_CELL (widget);

  gtk_tooltip_set_text (tooltip, self->problem != NULL ? self->problem : gtk_label_get_label (self->session));
  return self->problem != NULL || pango_layout_is_ellipsized (gtk_label_get_layout (self->session));
}

static void
sq_object_cell_dispose (GObject *object)
{
  SqObjectCell *self = SQ_OBJECT_CELL (object);
  GtkWidget *child;

  if (self->request != 0)
    sq_crop_loader_cancel (self->loader, self->request);
  self->request = 0;
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);
  g_clear_pointer (&self->problem, g_free);
  G_OBJECT_CLASS (sq_object_cell_parent_class)->dispose (object);
}

static void
sq_object_cell_class_init (SqObjectCellClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sq_object_cell_dispose;
  widget_class->query_tooltip = sq_object_cell_query_tooltip;
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BOX_LAYOUT);
}

static GtkLabel *
add_label (SqObjectCell *self, GtkWidget *box, PangoEllipsizeMode ellipsize, const char *css_class)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), ellipsize);
  gtk_widget_add_css_class (label, css_class);
  gtk_widget_add_css_class (label, "numeric");
  gtk_box_append (GTK_BOX (box), label);
  return GTK_LABEL (label);
}

static void
sq_object_cell_init (SqObjectCell *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2);

  gtk_orientable_set_orientation (GTK_ORIENTABLE (gtk_widget_get_layout_manager (GTK_WIDGET (self))), GTK_ORIENTATION_VERTICAL);
  gtk_widget_set_size_request (GTK_WIDGET (self), 160, -1);
  gtk_widget_add_css_class (GTK_WIDGET (self), "card");
  gtk_widget_add_css_class (GTK_WIDGET (self), "object-cell");
  gtk_widget_set_has_tooltip (GTK_WIDGET (self), TRUE);
  self->stack = gtk_stack_new ();
  self->picture = gtk_picture_new ();
  self->icon = gtk_image_new_from_icon_name ("image-missing-symbolic");
  g_object_set (self->picture, "content-fit", GTK_CONTENT_FIT_COVER, "can-shrink", TRUE, NULL);
  gtk_image_set_pixel_size (GTK_IMAGE (self->icon), 32);
  gtk_widget_add_css_class (self->icon, "dim-label");
  gtk_widget_add_css_class (self->stack, "thumbnail");
  gtk_widget_set_size_request (self->stack, -1, 120);
  gtk_widget_set_overflow (self->stack, GTK_OVERFLOW_HIDDEN);
  gtk_stack_add_child (GTK_STACK (self->stack), self->picture);
  gtk_stack_add_child (GTK_STACK (self->stack), self->icon);
  gtk_widget_set_parent (self->stack, GTK_WIDGET (self));

  g_object_set (box, "margin-top", 6, "margin-bottom", 9, "margin-start", 9, "margin-end", 9, NULL);
  self->title = add_label (self, box, PANGO_ELLIPSIZE_END, "heading");
  self->session = add_label (self, box, PANGO_ELLIPSIZE_MIDDLE, "caption");
  self->place = add_label (self, box, PANGO_ELLIPSIZE_MIDDLE, "caption");
  gtk_widget_add_css_class (GTK_WIDGET (self->place), "dim-label");
  gtk_widget_set_parent (box, GTK_WIDGET (self));
}

GtkWidget *
sq_object_cell_new (void)
{
  return g_object_new (SQ_TYPE_OBJECT_CELL, NULL);
}

void
sq_object_cell_clear (SqObjectCell *self)
{
  g_return_if_fail (SQ_IS_OBJECT_CELL (self));

  if (self->request != 0)
    sq_crop_loader_cancel (self->loader, self->request);
  self->request = 0;
  g_clear_pointer (&self->problem, g_free);
  gtk_accessible_reset_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION);
  gtk_picture_set_paintable (GTK_PICTURE (self->picture), NULL);
  gtk_stack_set_visible_child (GTK_STACK (self->stack), self->picture);
}

void
sq_object_cell_set (SqObjectCell *self, SqCropLoader *loader, const SqCrop *crop, const char *title, const char *session, const char *place)
{
  g_autofree char *label = g_strdup_printf ("%s, %s, %s", title, session, place);

  g_return_if_fail (SQ_IS_OBJECT_CELL (self));

  sq_object_cell_clear (self);
  gtk_label_set_label (self->title, title);
  gtk_label_set_label (self->session, session);
  gtk_label_set_label (self->place, place);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  // The grid's own widget around it takes the focus, and GTK 4.8 has no other way to name that.
  if (gtk_widget_get_parent (GTK_WIDGET (self)) != NULL)
    gtk_accessible_update_property (GTK_ACCESSIBLE (gtk_widget_get_parent (GTK_WIDGET (self))), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  self->loader = loader;
  self->request = sq_crop_loader_request (loader, crop, on_crop, self);
}

gboolean
sq_object_cell_get_has_picture (SqObjectCell *self)
{
  g_return_val_if_fail (SQ_IS_OBJECT_CELL (self), FALSE);
  return gtk_picture_get_paintable (GTK_PICTURE (self->picture)) != NULL;
}

const char *
sq_object_cell_get_problem (SqObjectCell *self)
{
  g_return_val_if_fail (SQ_IS_OBJECT_CELL (self), NULL);
  return self->problem;
}
