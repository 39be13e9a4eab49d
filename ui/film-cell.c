// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "film-cell.h"

#include "film-item.h"
#include "format.h"

struct _SqFilmCell
{
  GtkWidget parent_instance;

  GtkWidget *overlay, *picture, *badge;
  char *text; // name and count
};

G_DEFINE_FINAL_TYPE (SqFilmCell, sq_film_cell, GTK_TYPE_WIDGET)

// Asked for when it is needed: setting a tooltip's text asks the display server where the pointer is, for every cell that scrolls by.
static gboolean
sq_film_cell_query_tooltip (GtkWidget *widget, int x, int y, gboolean keyboard, GtkTooltip *tooltip)
{
  SqFilmCell *self = SQ_FILM_CELL (widget);

  gtk_tooltip_set_text (tooltip, self->text);
  return self->text != NULL;
}

static void
sq_film_cell_dispose (GObject *object)
{
  SqFilmCell *self = SQ_FILM_CELL (object);

  g_clear_pointer (&self->overlay, gtk_widget_unparent);
  G_OBJECT_CLASS (sq_film_cell_parent_class)->dispose (object);
}

static void
sq_film_cell_finalize (GObject *object)
{
  g_free (SQ_FILM_CELL (object)->text);
  G_OBJECT_CLASS (sq_film_cell_parent_class)->finalize (object);
}

static void
sq_film_cell_class_init (SqFilmCellClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sq_film_cell_dispose;
  G_OBJECT_CLASS (klass)->finalize = sq_film_cell_finalize;
  widget_class->query_tooltip = sq_film_cell_query_tooltip;
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
sq_film_cell_init (SqFilmCell *self)
{
  self->overlay = gtk_overlay_new ();
  self->picture = gtk_picture_new ();
  self->badge = gtk_label_new (NULL);
  gtk_widget_set_size_request (self->picture, SQ_FILM_HEIGHT, SQ_FILM_HEIGHT);
  gtk_widget_set_overflow (self->overlay, GTK_OVERFLOW_HIDDEN);
  gtk_widget_add_css_class (self->overlay, "film");
  gtk_widget_add_css_class (self->badge, "badge");
  gtk_widget_add_css_class (self->badge, "numeric");
  gtk_widget_set_halign (self->badge, GTK_ALIGN_END);
  gtk_widget_set_valign (self->badge, GTK_ALIGN_END);
  gtk_overlay_set_child (GTK_OVERLAY (self->overlay), self->picture);
  gtk_overlay_add_overlay (GTK_OVERLAY (self->overlay), self->badge);
  gtk_widget_set_parent (self->overlay, GTK_WIDGET (self));
  gtk_widget_set_has_tooltip (GTK_WIDGET (self), TRUE);
}

GtkWidget *
sq_film_cell_new (void)
{
  return g_object_new (SQ_TYPE_FILM_CELL, NULL);
}

void
sq_film_cell_set_texture (SqFilmCell *self, GdkTexture *texture)
{
  int width = SQ_FILM_HEIGHT;

  g_return_if_fail (SQ_IS_FILM_CELL (self));

  if (texture != NULL)
    width = gdk_texture_get_width (texture) * SQ_FILM_HEIGHT / MAX (gdk_texture_get_height (texture), 1);
  gtk_widget_set_size_request (self->picture, width, SQ_FILM_HEIGHT);
  gtk_picture_set_paintable (GTK_PICTURE (self->picture), GDK_PAINTABLE (texture));
}

void
sq_film_cell_set_text (SqFilmCell *self, const char *name, int n_objects)
{
  g_autofree char *count = NULL;
  g_autofree char *objects = NULL;

  g_return_if_fail (SQ_IS_FILM_CELL (self));

  g_clear_pointer (&self->text, g_free);
  gtk_widget_set_visible (self->badge, n_objects >= 0);
  if (n_objects >= 0)
    {
      count = sq_format_count (n_objects);
      objects = sq_format_objects (n_objects);
      self->text = g_strdup_printf ("%s, %s", name, objects);
      gtk_label_set_label (GTK_LABEL (self->badge), count);
    }
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, self->text != NULL ? self->text : "", -1);
}
