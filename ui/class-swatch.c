// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "class-swatch.h"

#include "engine/engine.h"

#define SIZE 10 // px

struct _SqClassSwatch
{
  GtkWidget parent_instance;

  int class_id;
};

G_DEFINE_FINAL_TYPE (SqClassSwatch, sq_class_swatch, GTK_TYPE_WIDGET)

static void
sq_class_swatch_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  SqClassSwatch *self = SQ_CLASS_SWATCH (widget);
  float x = (gtk_widget_get_width (widget) - SIZE) / 2.f, y = (gtk_widget_get_height (widget) - SIZE) / 2.f;
  guint32 c = sq_class_colour (self->class_id);
  GdkRGBA rgba = { (c >> 16 & 0xff) / 255.f, (c >> 8 & 0xff) / 255.f, (c & 0xff) / 255.f, 1.f };
  GskRoundedRect dot;

  gsk_rounded_rect_init_from_rect (&dot, &GRAPHENE_RECT_INIT (x, y, SIZE, SIZE), SIZE / 2.f);
  gtk_snapshot_push_rounded_clip (snapshot, &dot);
  gtk_snapshot_append_color (snapshot, &rgba, &dot.bounds);
  gtk_snapshot_pop (snapshot);
}

static void
sq_class_swatch_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *minimum_baseline,
                         int *natural_baseline)
{
  *minimum = *natural = SIZE;
}

static void
sq_class_swatch_class_init (SqClassSwatchClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  widget_class->snapshot = sq_class_swatch_snapshot;
  widget_class->measure = sq_class_swatch_measure;
  // Decoration: the class's name stands beside it.
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_PRESENTATION);
}

static void
sq_class_swatch_init (SqClassSwatch *self)
{
}

GtkWidget *
sq_class_swatch_new (int class_id)
{
  SqClassSwatch *self = g_object_new (SQ_TYPE_CLASS_SWATCH, NULL);

  self->class_id = class_id;
  return GTK_WIDGET (self);
}

void
sq_class_swatch_set_class (SqClassSwatch *self, int class_id)
{
  if (self->class_id == class_id)
    return;
  self->class_id = class_id;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}
