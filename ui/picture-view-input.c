// SPDX-License-Identifier: GPL-3.0-or-later
// Pointer, touch and keyboard of SqPictureView.
#include "config.h"

#include "picture-view-private.h"

#include <math.h>

#define ZOOM_STEP 1.25

static int
pick (SqPictureView *self, double x, double y)
{
  return SQ_PICTURE_VIEW_GET_CLASS (self)->pick (self, x, y);
}

// The middle of what is seen of the picture.
static void
get_middle (SqPictureView *self, double *x, double *y)
{
  graphene_rect_t pane;

  _sq_picture_view_get_pane (self, 0, &pane);
  *x = pane.origin.x + pane.size.width / 2;
  *y = pane.origin.y + pane.size.height / 2;
}

static void
set_pointer (SqPictureView *self, double x, double y)
{
  SqPictureViewPrivate *priv = _sq_picture_view_get_private (self);
  int hover = x >= 0 ? pick (self, x, y) : -1;

  priv->pointer_x = x;
  priv->pointer_y = y;
  if (hover == priv->hover)
    return;
  priv->hover = hover;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
on_motion (GtkEventControllerMotion *controller, double x, double y, SqPictureView *self)
{
  set_pointer (self, x, y);
}

static void
on_leave (GtkEventControllerMotion *controller, SqPictureView *self)
{
  set_pointer (self, -1, -1);
}

static gboolean
on_scroll (GtkEventControllerScroll *controller, double dx, double dy, SqPictureView *self)
{
  SqPictureViewPrivate *priv = _sq_picture_view_get_private (self);
  double x = priv->pointer_x, y = priv->pointer_y;

  if (priv->frame == NULL || dy == 0)
    return GDK_EVENT_PROPAGATE;
  if (x < 0)
    get_middle (self, &x, &y);
  _sq_picture_view_zoom_at (self, sq_picture_view_get_scale (self) * pow (ZOOM_STEP, -CLAMP (dy, -2, 2)), x, y);
  return GDK_EVENT_STOP;
}

static void
on_drag_begin (GtkGestureDrag *gesture, double x, double y, SqPictureView *self)
{
  SqPictureViewPrivate *priv = _sq_picture_view_get_private (self);

  gtk_widget_grab_focus (GTK_WIDGET (self));
  priv->drag_x = priv->x;
  priv->drag_y = priv->y;
}

static void
on_drag_update (GtkGestureDrag *gesture, double dx, double dy, SqPictureView *self)
{
  SqPictureViewPrivate *priv = _sq_picture_view_get_private (self);
  double scale, left, top, x, y;
  graphene_rect_t pane;

  if (priv->zoom <= 0 || hypot (dx, dy) < 3)
    return;
  gtk_gesture_set_state (GTK_GESTURE (gesture), GTK_EVENT_SEQUENCE_CLAIMED);
  priv->x = priv->drag_x - dx / priv->zoom;
  priv->y = priv->drag_y - dy / priv->zoom;
  // Taken back from the clamped place, so that dragging against an edge does not store distance.
  _sq_picture_view_get_pane (self, 0, &pane);
  _sq_picture_view_get_geometry (self, &pane, &scale, &left, &top);
  get_middle (self, &x, &y);
  priv->x = (x - left) / scale;
  priv->y = (y - top) / scale;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
on_released (GtkGestureClick *gesture, int n_press, double x, double y, SqPictureView *self)
{
  SqPictureViewPrivate *priv = _sq_picture_view_get_private (self);
  int index = pick (self, x, y);

  if (n_press == 2 && index < 0)
    {
      _sq_picture_view_zoom_at (self, priv->zoom > 0 ? 0 : MAX (1, 2 * sq_picture_view_get_scale (self)), x, y);
      return;
    }
  priv->pinned = priv->pinned == index ? -1 : index;
  priv->selected = -1;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
on_pinch_begin (GtkGesture *gesture, GdkEventSequence *sequence, SqPictureView *self)
{
  _sq_picture_view_get_private (self)->pinch_zoom = sq_picture_view_get_scale (self);
}

static void
on_pinch (GtkGestureZoom *gesture, double factor, SqPictureView *self)
{
  double x, y;

  if (gtk_gesture_get_bounding_box_center (GTK_GESTURE (gesture), &x, &y))
    _sq_picture_view_zoom_at (self, _sq_picture_view_get_private (self)->pinch_zoom * factor, x, y);
}

static void
action_zoom (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SqPictureView *self = SQ_PICTURE_VIEW (widget);
  double scale = sq_picture_view_get_scale (self), x, y;

  get_middle (self, &x, &y);
  if (g_str_has_suffix (name, "-in"))
    _sq_picture_view_zoom_at (self, scale * ZOOM_STEP, x, y);
  else if (g_str_has_suffix (name, "-out"))
    _sq_picture_view_zoom_at (self, scale / ZOOM_STEP, x, y);
  else if (g_str_has_suffix (name, "-original"))
    _sq_picture_view_zoom_at (self, 1. / gtk_widget_get_scale_factor (widget), x, y);
  else
    sq_picture_view_set_zoom (self, 0);
}

static void
action_copy (GtkWidget *widget, const char *name, GVariant *parameter)
{
  g_autofree char *text = sq_picture_view_describe_selected (SQ_PICTURE_VIEW (widget));

  if (text != NULL)
    gdk_clipboard_set_text (gtk_widget_get_clipboard (widget), text);
}

static void
action_walk (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SqPictureView *self = SQ_PICTURE_VIEW (widget);
  int n = SQ_PICTURE_VIEW_GET_CLASS (self)->get_n_boxes (self);
  int index = sq_picture_view_get_focus_index (self);

  if (n == 0)
    return;
  if (g_str_has_suffix (name, "next"))
    index = (index + 1) % n;
  else
    index = (MAX (index, 0) + n - 1) % n;
  sq_picture_view_select (self, index);
}

static void
action_pin (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SqPictureView *self = SQ_PICTURE_VIEW (widget);

  SqPictureViewPrivate *priv = _sq_picture_view_get_private (self);

  priv->pinned = priv->pinned >= 0 ? -1 : sq_picture_view_get_focus_index (self);
  gtk_widget_queue_draw (widget);
}

void
_sq_picture_view_class_init_input (GtkWidgetClass *widget_class)
{
  static const struct
  {
    guint key;
    GdkModifierType modifiers;
    const char *action;
  } keys[] = {
    { GDK_KEY_plus, 0, "view.zoom-in" },
    { GDK_KEY_equal, 0, "view.zoom-in" },
    { GDK_KEY_KP_Add, 0, "view.zoom-in" },
    { GDK_KEY_minus, 0, "view.zoom-out" },
    { GDK_KEY_KP_Subtract, 0, "view.zoom-out" },
    { GDK_KEY_0, 0, "view.zoom-fit" },
    { GDK_KEY_KP_0, 0, "view.zoom-fit" },
    { GDK_KEY_Down, 0, "view.next" },
    { GDK_KEY_Right, 0, "view.next" },
    { GDK_KEY_Up, 0, "view.previous" },
    { GDK_KEY_Left, 0, "view.previous" },
    { GDK_KEY_Return, 0, "view.pin" },
    { GDK_KEY_c, GDK_CONTROL_MASK, "view.copy" },
  };

  gtk_widget_class_install_action (widget_class, "view.zoom-in", NULL, action_zoom);
  gtk_widget_class_install_action (widget_class, "view.zoom-out", NULL, action_zoom);
  gtk_widget_class_install_action (widget_class, "view.zoom-fit", NULL, action_zoom);
  gtk_widget_class_install_action (widget_class, "view.zoom-original", NULL, action_zoom);
  gtk_widget_class_install_action (widget_class, "view.copy", NULL, action_copy);
  gtk_widget_class_install_action (widget_class, "view.next", NULL, action_walk);
  gtk_widget_class_install_action (widget_class, "view.previous", NULL, action_walk);
  gtk_widget_class_install_action (widget_class, "view.pin", NULL, action_pin);
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    gtk_widget_class_add_binding_action (widget_class, keys[i].key, keys[i].modifiers, keys[i].action, NULL);
}

void
_sq_picture_view_init_input (SqPictureView *self)
{
  GtkEventController *motion = gtk_event_controller_motion_new ();
  GtkEventController *scroll = gtk_event_controller_scroll_new (GTK_EVENT_CONTROLLER_SCROLL_VERTICAL);
  GtkGesture *drag = gtk_gesture_drag_new ();
  GtkGesture *click = gtk_gesture_click_new ();
  GtkGesture *pinch = gtk_gesture_zoom_new ();
  GtkWidget *widget = GTK_WIDGET (self);

  g_signal_connect (motion, "enter", G_CALLBACK (on_motion), self);
  g_signal_connect (motion, "motion", G_CALLBACK (on_motion), self);
  g_signal_connect (motion, "leave", G_CALLBACK (on_leave), self);
  g_signal_connect (scroll, "scroll", G_CALLBACK (on_scroll), self);
  g_signal_connect (drag, "drag-begin", G_CALLBACK (on_drag_begin), self);
  g_signal_connect (drag, "drag-update", G_CALLBACK (on_drag_update), self);
  g_signal_connect (click, "released", G_CALLBACK (on_released), self);
  g_signal_connect (pinch, "begin", G_CALLBACK (on_pinch_begin), self);
  g_signal_connect (pinch, "scale-changed", G_CALLBACK (on_pinch), self);
  gtk_widget_add_controller (widget, motion);
  gtk_widget_add_controller (widget, scroll);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (click));
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (drag));
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (pinch));
}
