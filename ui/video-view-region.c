// SPDX-License-Identifier: GPL-3.0-or-later
// Where objects count, drawn on the picture: what is left out is dimmed, and polygons are added corner by corner, with the pointer or the
// arrow keys.
#include "config.h"

#include "video-view-private.h"

#include <glib/gi18n.h>
#include <math.h>

#define CLOSE_PX 10   // a click that near to the first corner closes
#define KEY_STEP .01f // of the picture
#define KEY_LEAP .1f

struct _SqRegionDrawing
{
  GtkEventController *keys, *motion;
  GtkGesture *click;
  gboolean exclude;
  GArray *corners; // SqCorner
  SqCorner cursor;
};

static void
get_place (SqVideoView *self, double *scale, double *left, double *top)
{
  graphene_rect_t pane;

  _sq_picture_view_get_pane (SQ_PICTURE_VIEW (self), 0, &pane);
  _sq_picture_view_get_geometry (SQ_PICTURE_VIEW (self), &pane, scale, left, top);
}

// Shares of the picture to widget px.
static void
to_widget (SqVideoView *self, const SqCorner *corner, double *x, double *y)
{
  double scale, left, top;

  get_place (self, &scale, &left, &top);
  *x = left + (double) corner->x * self->result->frame->width * scale;
  *y = top + (double) corner->y * self->result->frame->height * scale;
}

static SqCorner
from_widget (SqVideoView *self, double x, double y)
{
  double scale, left, top;

  get_place (self, &scale, &left, &top);
  x = (x - left) / scale / self->result->frame->width;
  y = (y - top) / scale / self->result->frame->height;
  return (SqCorner){ (float) CLAMP (x, 0, 1), (float) CLAMP (y, 0, 1) };
}

void
_sq_video_view_stop_drawing (SqVideoView *self)
{
  SqRegionDrawing *drawing = g_steal_pointer (&self->drawing);

  if (drawing == NULL)
    return;
  gtk_widget_remove_controller (GTK_WIDGET (self), drawing->keys);
  gtk_widget_remove_controller (GTK_WIDGET (self), drawing->motion);
  gtk_widget_remove_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (drawing->click));
  g_array_unref (drawing->corners);
  g_free (drawing);
  gtk_widget_set_cursor (GTK_WIDGET (self), NULL);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
finish (SqVideoView *self)
{
  g_autoptr (GArray) corners = g_array_ref (self->drawing->corners);
  gboolean exclude = self->drawing->exclude;

  if (corners->len < 3)
    return; // a polygon has more
  _sq_video_view_stop_drawing (self);
  sq_filter_state_add_polygon (self->filter, exclude, (const SqCorner *) (gpointer) corners->data, corners->len);
}

static void
add_corner (SqVideoView *self, SqCorner corner)
{
  GArray *corners = self->drawing->corners;

  if (corners->len > 2)
    {
      double x, y, first_x, first_y;

      to_widget (self, &corner, &x, &y);
      to_widget (self, &g_array_index (corners, SqCorner, 0), &first_x, &first_y);
      if (hypot (x - first_x, y - first_y) < CLOSE_PX)
        {
          finish (self);
          return;
        }
    }
  if (corners->len < SQ_REGION_MAX_CORNERS)
    g_array_append_val (corners, corner);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
on_pressed (GtkGestureClick *gesture, int n_press, double x, double y, SqVideoView *self)
{
  gtk_gesture_set_state (GTK_GESTURE (gesture), GTK_EVENT_SEQUENCE_CLAIMED);
  gtk_widget_grab_focus (GTK_WIDGET (self));
  if (self->result == NULL)
    return;
  if (n_press == 2)
    finish (self);
  else
    add_corner (self, from_widget (self, x, y));
}

static void
on_moved (GtkEventControllerMotion *controller, double x, double y, SqVideoView *self)
{
  if (self->result == NULL)
    return;
  self->drawing->cursor = from_widget (self, x, y);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static gboolean
on_key (GtkEventControllerKey *controller, guint key, guint code, GdkModifierType state, SqVideoView *self)
{
  SqRegionDrawing *drawing = self->drawing;
  float step = state & GDK_SHIFT_MASK ? KEY_LEAP : KEY_STEP;

  if (self->result == NULL || (state & (GDK_CONTROL_MASK | GDK_ALT_MASK)) != 0)
    return GDK_EVENT_PROPAGATE;
  switch (key)
    {
    case GDK_KEY_Escape:
      _sq_video_view_stop_drawing (self);
      return GDK_EVENT_STOP;
    case GDK_KEY_Return:
    case GDK_KEY_KP_Enter:
      finish (self);
      return GDK_EVENT_STOP;
    case GDK_KEY_BackSpace:
      if (drawing->corners->len > 0)
        g_array_set_size (drawing->corners, drawing->corners->len - 1);
      break;
    case GDK_KEY_space:
      add_corner (self, drawing->cursor);
      return GDK_EVENT_STOP;
    case GDK_KEY_Left:
    case GDK_KEY_Right:
      drawing->cursor.x = CLAMP (drawing->cursor.x + (key == GDK_KEY_Left ? -step : step), 0, 1);
      break;
    case GDK_KEY_Up:
    case GDK_KEY_Down:
      drawing->cursor.y = CLAMP (drawing->cursor.y + (key == GDK_KEY_Up ? -step : step), 0, 1);
      break;
    default:
      return GDK_EVENT_PROPAGATE;
    }
  gtk_widget_queue_draw (GTK_WIDGET (self));
  return GDK_EVENT_STOP;
}

static void
action_draw (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SqVideoView *self = SQ_VIDEO_VIEW (widget);
  SqRegionDrawing *drawing;

  _sq_video_view_stop_drawing (self);
  if (self->result == NULL || self->filter == NULL)
    return;
  drawing = self->drawing = g_new0 (SqRegionDrawing, 1);
  drawing->exclude = g_str_has_suffix (name, "exclude");
  drawing->corners = g_array_new (FALSE, FALSE, sizeof (SqCorner));
  drawing->cursor = (SqCorner){ .5f, .5f };
  drawing->keys = gtk_event_controller_key_new ();
  drawing->motion = gtk_event_controller_motion_new ();
  drawing->click = gtk_gesture_click_new ();
  // before zooming, panning and pinning
  gtk_event_controller_set_propagation_phase (drawing->keys, GTK_PHASE_CAPTURE);
  gtk_event_controller_set_propagation_phase (GTK_EVENT_CONTROLLER (drawing->click), GTK_PHASE_CAPTURE);
  g_signal_connect (drawing->keys, "key-pressed", G_CALLBACK (on_key), self);
  g_signal_connect (drawing->motion, "motion", G_CALLBACK (on_moved), self);
  g_signal_connect (drawing->click, "pressed", G_CALLBACK (on_pressed), self);
  gtk_widget_add_controller (widget, drawing->keys);
  gtk_widget_add_controller (widget, drawing->motion);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (drawing->click));
  gtk_widget_set_cursor_from_name (widget, "crosshair");
  gtk_widget_grab_focus (widget);
  gtk_widget_queue_draw (widget);
}

static void
action_clear (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SqVideoView *self = SQ_VIDEO_VIEW (widget);

  _sq_video_view_stop_drawing (self);
  if (self->filter != NULL)
    sq_filter_state_set_region (self->filter, NULL);
}

void
_sq_video_view_class_init_region (GtkWidgetClass *widget_class)
{
  gtk_widget_class_install_action (widget_class, "view.region-include", NULL, action_draw);
  gtk_widget_class_install_action (widget_class, "view.region-exclude", NULL, action_draw);
  gtk_widget_class_install_action (widget_class, "view.region-clear", NULL, action_clear);
}

gboolean
sq_video_view_get_drawing (SqVideoView *self)
{
  g_return_val_if_fail (SQ_IS_VIDEO_VIEW (self), FALSE);
  return self->drawing != NULL;
}

/* Drawing */

static void
trace (SqVideoView *self, cairo_t *cr, const GArray *corners)
{
  for (guint i = 0; i < corners->len; i++)
    {
      double x, y;

      to_widget (self, &g_array_index (corners, SqCorner, i), &x, &y);
      if (i == 0)
        cairo_move_to (cr, x, y);
      else
        cairo_line_to (cr, x, y);
    }
}

// Told apart by their lines too: solid around what counts, dashed around what does not.
static void
stroke (cairo_t *cr, gboolean exclude)
{
  static const double dashes[] = { 6, 4 };

  cairo_set_dash (cr, dashes, exclude ? 2 : 0, 0);
  cairo_set_source_rgba (cr, 0, 0, 0, .6);
  cairo_set_line_width (cr, 4);
  cairo_stroke_preserve (cr);
  cairo_set_source_rgb (cr, exclude ? 1 : .6, exclude ? .5 : 1, exclude ? .4 : .6);
  cairo_set_line_width (cr, 2);
  cairo_stroke (cr);
}

static void
draw_region (SqVideoView *self, cairo_t *cr, const SqRegion *region, const graphene_rect_t *picture)
{
  gboolean any = FALSE;

  for (guint i = 0; i < region->polygons->len; i++)
    any = any || !((SqPolygon *) region->polygons->pdata[i])->exclude;
  cairo_push_group (cr);
  cairo_set_source_rgba (cr, 0, 0, 0, .5);
  if (any)
    {
      cairo_rectangle (cr, picture->origin.x, picture->origin.y, picture->size.width, picture->size.height);
      cairo_fill (cr);
      cairo_set_operator (cr, CAIRO_OPERATOR_CLEAR);
    }
  for (int exclude = any ? 0 : 1; exclude < 2; exclude++)
    {
      if (exclude)
        {
          cairo_set_operator (cr, CAIRO_OPERATOR_SOURCE);
          cairo_set_source_rgba (cr, 0, 0, 0, .5);
        }
      for (guint i = 0; i < region->polygons->len; i++)
        if (((SqPolygon *) region->polygons->pdata[i])->exclude == exclude)
          {
            trace (self, cr, ((SqPolygon *) region->polygons->pdata[i])->corners);
            cairo_fill (cr);
          }
    }
  cairo_pop_group_to_source (cr);
  cairo_paint (cr);
  for (guint i = 0; i < region->polygons->len; i++)
    {
      trace (self, cr, ((SqPolygon *) region->polygons->pdata[i])->corners);
      cairo_close_path (cr);
      stroke (cr, ((SqPolygon *) region->polygons->pdata[i])->exclude);
    }
}

static void
draw_drawing (SqVideoView *self, cairo_t *cr)
{
  const SqRegionDrawing *drawing = self->drawing;
  double x, y;

  trace (self, cr, drawing->corners);
  to_widget (self, &drawing->cursor, &x, &y);
  if (drawing->corners->len > 0)
    cairo_line_to (cr, x, y);
  stroke (cr, drawing->exclude);
  for (guint i = 0; i < drawing->corners->len; i++)
    {
      double corner_x, corner_y;

      to_widget (self, &g_array_index (drawing->corners, SqCorner, i), &corner_x, &corner_y);
      cairo_arc (cr, corner_x, corner_y, i == 0 ? 6 : 4, 0, 2 * G_PI);
      stroke (cr, FALSE);
    }
  cairo_move_to (cr, x - 8, y);
  cairo_line_to (cr, x + 8, y);
  cairo_move_to (cr, x, y - 8);
  cairo_line_to (cr, x, y + 8);
  stroke (cr, FALSE);
}

void
_sq_video_view_snapshot_region (SqVideoView *self, GtkSnapshot *snapshot, const graphene_rect_t *pane)
{
  SqRegion *region = self->filter != NULL ? sq_filter_state_get_region (self->filter) : NULL;
  double scale, left, top;
  graphene_rect_t picture;
  cairo_t *cr;

  if (region == NULL && self->drawing == NULL)
    return;
  get_place (self, &scale, &left, &top);
  picture = GRAPHENE_RECT_INIT ((float) left, (float) top, (float) (self->result->frame->width * scale),
                                (float) (self->result->frame->height * scale));
  gtk_snapshot_push_clip (snapshot, pane);
  cr = gtk_snapshot_append_cairo (snapshot, pane);
  if (region != NULL)
    draw_region (self, cr, region, &picture);
  if (self->drawing != NULL)
    draw_drawing (self, cr);
  cairo_destroy (cr);
  gtk_snapshot_pop (snapshot);
  if (self->drawing != NULL)
    {
      const GdkRGBA ground = { 0, 0, 0, 1 };
      graphene_rect_t at = GRAPHENE_RECT_INIT (pane->origin.x + 12, pane->origin.y + 36, 1, 1);

      _sq_picture_view_draw_tag (SQ_PICTURE_VIEW (self), snapshot,
                                 _("Click the corners, or arrow keys and Space; Enter closes, Backspace takes back, Escape cancels"), &ground,
                                 &at, pane);
    }
}
