// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "wrap-box.h"

#define SPACING 6 // px

struct _SqWrapBox
{
  GtkWidget parent_instance;

  gboolean together; // the last too
};

G_DEFINE_FINAL_TYPE (SqWrapBox, sq_wrap_box, GTK_TYPE_WIDGET)

static int
natural_width (GtkWidget *child)
{
  int natural;

  gtk_widget_measure (child, GTK_ORIENTATION_HORIZONTAL, -1, NULL, &natural, NULL, NULL);
  return natural;
}

static GtkWidget *
next_visible (GtkWidget *child)
{
  while (child != NULL && !gtk_widget_should_layout (child))
    child = gtk_widget_get_next_sibling (child);
  return child;
}

// Lays out for `width` and returns the height that takes. `place`: the children too.
static int
lay_out (GtkWidget *widget, int width, gboolean place)
{
  gboolean rtl = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  int x = 0, y = 0, row = 0;

  for (GtkWidget *child = next_visible (gtk_widget_get_first_child (widget)); child != NULL;)
    {
      GtkWidget *next = next_visible (gtk_widget_get_next_sibling (child));
      int w = MIN (natural_width (child), width), h;

      gtk_widget_measure (child, GTK_ORIENTATION_VERTICAL, w, NULL, &h, NULL, NULL);
      if (x > 0 && x + w > width)
        {
          y += row + SPACING;
          x = row = 0;
        }
      if (next == NULL && !SQ_WRAP_BOX (widget)->together)
        x = width - w;
      if (place)
        gtk_widget_size_allocate (child, &(GtkAllocation){ rtl ? width - x - w : x, y, w, h }, -1);
      x += w + SPACING;
      row = MAX (row, h);
      child = next;
    }
  return y + row;
}

static GtkSizeRequestMode
sq_wrap_box_get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
sq_wrap_box_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *minimum_baseline,
                     int *natural_baseline)
{
  *minimum = *natural = 0;
  for (GtkWidget *child = next_visible (gtk_widget_get_first_child (widget)); child != NULL;
       child = next_visible (gtk_widget_get_next_sibling (child)))
    {
      int least, wanted;

      gtk_widget_measure (child, GTK_ORIENTATION_HORIZONTAL, -1, &least, &wanted, NULL, NULL);
      *minimum = MAX (*minimum, least);
      *natural += wanted + (*natural > 0 ? SPACING : 0);
    }
  if (orientation == GTK_ORIENTATION_VERTICAL)
    *minimum = *natural = lay_out (widget, for_size >= 0 ? MAX (for_size, *minimum) : *natural, FALSE);
}

static void
sq_wrap_box_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  lay_out (widget, width, TRUE);
}

static void
sq_wrap_box_dispose (GObject *object)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (object))) != NULL)
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (sq_wrap_box_parent_class)->dispose (object);
}

static void
sq_wrap_box_class_init (SqWrapBoxClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sq_wrap_box_dispose;
  widget_class->get_request_mode = sq_wrap_box_get_request_mode;
  widget_class->measure = sq_wrap_box_measure;
  widget_class->size_allocate = sq_wrap_box_size_allocate;
}

static void
sq_wrap_box_init (SqWrapBox *self)
{
}

GtkWidget *
sq_wrap_box_new (void)
{
  return g_object_new (SQ_TYPE_WRAP_BOX, NULL);
}

void
sq_wrap_box_set_spread (SqWrapBox *self, gboolean spread)
{
  g_return_if_fail (SQ_IS_WRAP_BOX (self));

  self->together = !spread;
  gtk_widget_queue_allocate (GTK_WIDGET (self));
}
