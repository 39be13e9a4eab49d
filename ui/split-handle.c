// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "split-handle.h"

#include <glib/gi18n.h>

#define STEP .02
#define GRIP 24 // px

struct _SqSplitHandle
{
  GtkWidget parent_instance;

  double value;
};

G_DEFINE_FINAL_TYPE (SqSplitHandle, sq_split_handle, GTK_TYPE_WIDGET)

enum
{
  PROP_0,
  PROP_VALUE,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

static void
fill (GtkSnapshot *snapshot, const GdkRGBA *colour, float x, float y, float width, float height, float radius)
{
  GskRoundedRect rect;

  gsk_rounded_rect_init_from_rect (&rect, &GRAPHENE_RECT_INIT (x, y, width, height), radius);
  gtk_snapshot_push_rounded_clip (snapshot, &rect);
  gtk_snapshot_append_color (snapshot, colour, &rect.bounds);
  gtk_snapshot_pop (snapshot);
}

// Light on a dark hair: it lies on pictures, whatever the style.
static void
sq_split_handle_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  GdkRGBA light = { 1, 1, 1, 1 }, dark = { 0, 0, 0, .55f }, accent;
  float middle = gtk_widget_get_width (widget) / 2.f, height = gtk_widget_get_height (widget), top = (height - GRIP) / 2;

  gtk_snapshot_append_color (snapshot, &dark, &GRAPHENE_RECT_INIT (middle - 2, 0, 4, height));
  gtk_snapshot_append_color (snapshot, &light, &GRAPHENE_RECT_INIT (middle - 1, 0, 2, height));
  if (gtk_widget_has_visible_focus (widget)
      && gtk_style_context_lookup_color (gtk_widget_get_style_context (widget), "accent_bg_color", &accent))
    fill (snapshot, &accent, middle - GRIP / 2.f - 3, top - 3, GRIP + 6, GRIP + 6, GRIP / 2.f + 3);
  fill (snapshot, &dark, middle - GRIP / 2.f - 1, top - 1, GRIP + 2, GRIP + 2, GRIP / 2.f + 1);
  fill (snapshot, &light, middle - GRIP / 2.f, top, GRIP, GRIP, GRIP / 2.f);
  for (int i = -1; i <= 1; i++)
    gtk_snapshot_append_color (snapshot, &dark, &GRAPHENE_RECT_INIT (middle + 4 * i - 1, top + 7, 2, GRIP - 14));
}

static void
sq_split_handle_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *minimum_baseline,
                         int *natural_baseline)
{
  *minimum = *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? SQ_SPLIT_HANDLE_WIDTH : GRIP;
}

// The handle moves under the pointer: what counts is where the pointer is in the parent.
static void
on_drag_update (GtkGesture *gesture, double dx, double dy, SqSplitHandle *self)
{
  GtkWidget *parent = gtk_widget_get_parent (GTK_WIDGET (self));
  double x, y;

  if (parent == NULL || !gtk_gesture_get_point (gesture, NULL, &x, &y)
      || !gtk_widget_translate_coordinates (GTK_WIDGET (self), parent, x, y, &x, &y))
    return;
  gtk_gesture_set_state (gesture, GTK_EVENT_SEQUENCE_CLAIMED);
  sq_split_handle_set_value (self, x / MAX (gtk_widget_get_width (parent), 1));
}

static void
on_drag_begin (GtkGesture *gesture, double x, double y, SqSplitHandle *self)
{
  gtk_gesture_set_state (gesture, GTK_EVENT_SEQUENCE_CLAIMED); // no pan, no pin
  gtk_widget_grab_focus (GTK_WIDGET (self));
}

static void
action_move (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SqSplitHandle *self = SQ_SPLIT_HANDLE (widget);

  sq_split_handle_set_value (self, self->value + g_variant_get_double (parameter));
}

static void
sq_split_handle_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  switch (prop_id)
    {
    case PROP_VALUE:
      g_value_set_double (value, SQ_SPLIT_HANDLE (object)->value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sq_split_handle_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  switch (prop_id)
    {
    case PROP_VALUE:
      sq_split_handle_set_value (SQ_SPLIT_HANDLE (object), g_value_get_double (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sq_split_handle_class_init (SqSplitHandleClass *klass)
{
  static const struct
  {
    guint key;
    double by;
  } keys[] = {
    { GDK_KEY_Left, -STEP },    { GDK_KEY_KP_Left, -STEP }, { GDK_KEY_Right, STEP },
    { GDK_KEY_KP_Right, STEP }, { GDK_KEY_Home, -1 },       { GDK_KEY_End, 1 },
  };
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = sq_split_handle_get_property;
  object_class->set_property = sq_split_handle_set_property;
  widget_class->snapshot = sq_split_handle_snapshot;
  widget_class->measure = sq_split_handle_measure;
  props[PROP_VALUE] =
      g_param_spec_double ("value", NULL, NULL, 0, 1, .5, G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);

  gtk_widget_class_set_css_name (widget_class, "splithandle");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_SLIDER);
  gtk_widget_class_install_action (widget_class, "split.move", "d", action_move);
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    gtk_widget_class_add_binding_action (widget_class, keys[i].key, 0, "split.move", "d", keys[i].by);
}

static void
sq_split_handle_init (SqSplitHandle *self)
{
  GtkGesture *drag = gtk_gesture_drag_new ();

  self->value = -1; // so that the first one is told
  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  gtk_widget_set_cursor_from_name (GTK_WIDGET (self), "col-resize");
  g_signal_connect (drag, "drag-begin", G_CALLBACK (on_drag_begin), self);
  g_signal_connect (drag, "drag-update", G_CALLBACK (on_drag_update), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (drag));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Divider between A and B"),
                                  GTK_ACCESSIBLE_PROPERTY_VALUE_MIN, 0., GTK_ACCESSIBLE_PROPERTY_VALUE_MAX, 100., -1);
  sq_split_handle_set_value (self, .5);
}

GtkWidget *
sq_split_handle_new (void)
{
  return g_object_new (SQ_TYPE_SPLIT_HANDLE, NULL);
}

void
sq_split_handle_set_value (SqSplitHandle *self, double value)
{
  g_return_if_fail (SQ_IS_SPLIT_HANDLE (self));

  value = CLAMP (value, 0, 1);
  if (value == self->value)
    return;
  self->value = value;
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_VALUE_NOW, value * 100, -1);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_VALUE]);
}

double
sq_split_handle_get_value (SqSplitHandle *self)
{
  g_return_val_if_fail (SQ_IS_SPLIT_HANDLE (self), 0);
  return self->value;
}
