// SPDX-License-Identifier: GPL-3.0-or-later
// Drawing of SqCompareView. Each kind of disagreement has a line of its own as well as a colour: lost solid with corners, new dotted, moved
// dashed and joined, another class solid with both names.
#include "config.h"

#include "compare-view-private.h"

#include "match-swatch.h"
#include <glib/gi18n.h>
#include <math.h>

#define DASH 7  // px
#define GAP 5   // px between dashes
#define DOT 2.5 // px, and the gap after it
#define CORNER 14
#define FAINT .5 // where the side's model does not see it
#define MARGIN 6 // px around the names

// One side of a box as pieces of `on` px with `off` px between them; what lies outside `pane` is left out, for a box may be zoomed in a
// long way.
static void
append_pieces (GtkSnapshot *snapshot, float x, float y, float length, gboolean upright, float width, float on, float off,
               const GdkRGBA *colour, const graphene_rect_t *pane)
{
  float from = upright ? pane->origin.y - y : pane->origin.x - x;
  float to = MIN (from + (upright ? pane->size.height : pane->size.width), length);
  float period = on + off;

  for (float at = MAX (floorf (from / period), 0) * period; at < to; at += period)
    {
      float piece = MIN (on, length - at);

      graphene_rect_t rect =
          GRAPHENE_RECT_INIT (upright ? x : x + at, upright ? y + at : y, upright ? width : piece, upright ? piece : width);

      gtk_snapshot_append_color (snapshot, colour, &rect);
    }
}

static void
append_broken_box (GtkSnapshot *snapshot, const graphene_rect_t *box, float width, float on, float off, const GdkRGBA *colour,
                   const graphene_rect_t *pane)
{
  float x = box->origin.x, y = box->origin.y, w = box->size.width, h = box->size.height;
  GdkRGBA dark = { 0, 0, 0, .5f };

  // Dark between the pieces: the line is seen as broken on any ground.
  _sq_picture_view_draw_box (snapshot, box, width, FALSE, &dark);
  append_pieces (snapshot, x, y, w, FALSE, width, on, off, colour, pane);
  append_pieces (snapshot, x, y + h - width, w, FALSE, width, on, off, colour, pane);
  append_pieces (snapshot, x, y, h, TRUE, width, on, off, colour, pane);
  append_pieces (snapshot, x + w - width, y, h, TRUE, width, on, off, colour, pane);
}

static void
append_corners (GtkSnapshot *snapshot, const graphene_rect_t *box, const GdkRGBA *colour)
{
  float x = box->origin.x - 2, y = box->origin.y - 2, w = box->size.width + 4, h = box->size.height + 4, thick = 4;
  float lw = MIN (CORNER, w / 3), lh = MIN (CORNER, h / 3);

  for (int right = 0; right < 2; right++)
    for (int bottom = 0; bottom < 2; bottom++)
      {
        gtk_snapshot_append_color (snapshot, colour, &GRAPHENE_RECT_INIT (right ? x + w - lw : x, bottom ? y + h - thick : y, lw, thick));
        gtk_snapshot_append_color (snapshot, colour, &GRAPHENE_RECT_INIT (right ? x + w - thick : x, bottom ? y + h - lh : y, thick, lh));
      }
}

static void
append_line (GtkSnapshot *snapshot, float x1, float y1, float x2, float y2, const GdkRGBA *colour)
{
  float length = hypotf (x2 - x1, y2 - y1);

  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (x1, y1));
  gtk_snapshot_rotate (snapshot, atan2f (y2 - y1, x2 - x1) * 180 / G_PI);
  gtk_snapshot_append_color (snapshot, colour, &GRAPHENE_RECT_INIT (0, -1, length, 2));
  gtk_snapshot_restore (snapshot);
}

typedef struct
{
  SqCompareView *self;
  GtkSnapshot *snapshot;
  SqSide side;
  graphene_rect_t part, pane; // seen of it; where the picture is laid out
  double scale, left, top;
} Drawing;

static void
draw_moved (const Drawing *d, const SqMatch *match, const GdkRGBA *colour, float width)
{
  graphene_rect_t rect[SQ_N_SIDES];

  for (int s = 0; s < SQ_N_SIDES; s++)
    rect[s] = _sq_detection_to_rect (_sq_compare_view_get_box (d->self, match, s), d->scale, d->left, d->top);
  for (int s = 0; s < SQ_N_SIDES; s++)
    {
      if (s != (int) d->side)
        gtk_snapshot_push_opacity (d->snapshot, FAINT);
      append_broken_box (d->snapshot, &rect[s], width, DASH, GAP, colour, &d->pane);
      if (s != (int) d->side)
        gtk_snapshot_pop (d->snapshot);
    }
  // From the corner above at the start of one box to that of the other: where boxes differ in size alone, their centres do not.
  append_line (d->snapshot, rect[0].origin.x, rect[0].origin.y, rect[1].origin.x, rect[1].origin.y, colour);
  append_line (d->snapshot, rect[0].origin.x + rect[0].size.width, rect[0].origin.y + rect[0].size.height,
               rect[1].origin.x + rect[1].size.width, rect[1].origin.y + rect[1].size.height, colour);
}

static char *
make_tag (const Drawing *d, const SqMatch *match, const SqDetection *box, SqSide of)
{
  const char *name = _sq_compare_view_get_label (d->self, of, box);

  switch (match->kind)
    {
    case SQ_MATCH_LOST:
      // Translators: class name; only the first model sees it
      return g_strdup_printf (_ ("lost · %s"), name);
    case SQ_MATCH_NEW:
      // Translators: class name; only the second model sees it
      return g_strdup_printf (_ ("new · %s"), name);
    case SQ_MATCH_CLASS:
      {
        const SqDetection *a = _sq_compare_view_get_box (d->self, match, SQ_SIDE_A),
                          *b = _sq_compare_view_get_box (d->self, match, SQ_SIDE_B);

        // Translators: class names by the first and by the second model
        return g_strdup_printf (_ ("A %s · B %s"), _sq_compare_view_get_label (d->self, SQ_SIDE_A, a),
                                _sq_compare_view_get_label (d->self, SQ_SIDE_B, b));
      }
    default:
      return NULL;
    }
}

static void
draw_match (const Drawing *d, guint index, gboolean focus)
{
  SqPictureView *view = SQ_PICTURE_VIEW (d->self);
  const SqMatch *match = &g_array_index (d->self->matches, SqMatch, index);
  const SqDetection *own = _sq_compare_view_get_box (d->self, match, d->side), *box = own;
  SqSide of = d->side;
  GdkRGBA colour = sq_match_colour (match->kind);
  float width = match->kind == SQ_MATCH_AGREED ? 1 : SQ_BOX_WIDTH;
  g_autofree char *tag = NULL;
  graphene_rect_t rect, around;
  gboolean faint;

  if (own == NULL)
    {
      of = d->side == SQ_SIDE_A ? SQ_SIDE_B : SQ_SIDE_A;
      box = _sq_compare_view_get_box (d->self, match, of);
    }
  rect = _sq_detection_to_rect (box, d->scale, d->left, d->top);
  around = rect;
  if (match->kind == SQ_MATCH_MOVED)
    {
      graphene_rect_t other = _sq_detection_to_rect (
          _sq_compare_view_get_box (d->self, match, d->side == SQ_SIDE_A ? SQ_SIDE_B : SQ_SIDE_A), d->scale, d->left, d->top);

      graphene_rect_union (&rect, &other, &around);
    }
  if (!_sq_picture_view_is_in (&d->part, &around))
    return;
  if (focus)
    width += 1;
  graphene_rect_inset (&rect, -width / 2, -width / 2);
  // Alone, there is no other side that would show it in full.
  faint = own == NULL && !focus && d->self->mode != SQ_COMPARE_ONLY_B;

  if (faint)
    gtk_snapshot_push_opacity (d->snapshot, FAINT);
  switch (match->kind)
    {
    case SQ_MATCH_LOST:
      _sq_picture_view_draw_box (d->snapshot, &rect, width, TRUE, &colour);
      append_corners (d->snapshot, &rect, &colour);
      break;
    case SQ_MATCH_NEW:
      append_broken_box (d->snapshot, &rect, width + .5f, DOT, DOT, &colour, &d->pane);
      break;
    case SQ_MATCH_MOVED:
      draw_moved (d, match, &colour, width);
      break;
    default:
      _sq_picture_view_draw_box (d->snapshot, &rect, width, TRUE, &colour);
    }
  if (focus)
    {
      GdkRGBA fill = colour;

      fill.alpha = .15f;
      gtk_snapshot_append_color (d->snapshot, &fill, &rect);
    }
  // Side by side, the other pane names it; of what is selected a tag is longer than a side may be, so it lies over both.
  if (focus && d->self->mode != SQ_COMPARE_SPLIT)
    tag = _sq_picture_view_describe (view, index);
  else if (!focus && (!faint || d->self->mode != SQ_COMPARE_PANES))
    tag = make_tag (d, match, box, of);
  if (tag != NULL)
    _sq_picture_view_draw_tag (view, d->snapshot, tag, &colour, &rect, &d->part);
  if (faint)
    gtk_snapshot_pop (d->snapshot);
}

// Which side this is, in the outer corner.
static void
draw_badge (const Drawing *d)
{
  SqPictureView *view = SQ_PICTURE_VIEW (d->self);
  const char *text = d->self->badge[d->side];
  GdkRGBA ground = { 0, 0, 0, .65f };
  gboolean rtl = gtk_widget_get_direction (GTK_WIDGET (view)) == GTK_TEXT_DIR_RTL;
  graphene_rect_t at;
  gboolean left;
  int w, h;

  if (text == NULL)
    return;
  pango_layout_get_pixel_size (_sq_picture_view_get_layout (view, text), &w, &h);
  left = d->self->mode == SQ_COMPARE_SPLIT ? (d->side == SQ_SIDE_A) != rtl : !rtl;
  at = GRAPHENE_RECT_INIT (left ? d->part.origin.x + MARGIN : d->part.origin.x + d->part.size.width - MARGIN - w - 12,
                           d->part.origin.y + MARGIN, w, h);
  _sq_picture_view_draw_tag (view, d->snapshot, text, &ground, &at, &d->part);
}

static void
draw_side (SqCompareView *self, GtkSnapshot *snapshot, SqSide side)
{
  SqPictureView *view = SQ_PICTURE_VIEW (self);
  Drawing d = { .self = self, .snapshot = snapshot, .side = side };
  int focus = sq_picture_view_get_focus_index (view);

  _sq_compare_view_get_part (self, side, &d.part);
  if (d.part.size.width < 1)
    return;
  _sq_picture_view_get_pane (view, d.part.origin.x + d.part.size.width / 2, &d.pane);
  _sq_picture_view_get_geometry (view, &d.pane, &d.scale, &d.left, &d.top);
  gtk_snapshot_push_clip (snapshot, &d.part);
  _sq_picture_view_draw_picture (view, snapshot, d.scale, d.left, d.top);
  // The last in the list are agreed on: what is loud lies on top of them.
  for (int i = (int) self->matches->len - 1; i >= 0; i--)
    if (i != focus)
      draw_match (&d, i, FALSE);
  if (focus >= 0 && (guint) focus < self->matches->len)
    draw_match (&d, focus, TRUE);
  draw_badge (&d);
  gtk_snapshot_pop (snapshot);
}

static void
draw_focus_tag (SqCompareView *self, GtkSnapshot *snapshot, int index)
{
  SqPictureView *view = SQ_PICTURE_VIEW (self);
  const SqMatch *match = &g_array_index (self->matches, SqMatch, index);
  const SqDetection *a = _sq_compare_view_get_box (self, match, SQ_SIDE_A), *b = _sq_compare_view_get_box (self, match, SQ_SIDE_B);
  GdkRGBA colour = sq_match_colour (match->kind);
  g_autofree char *tag = _sq_picture_view_describe (view, index);
  graphene_rect_t pane, rect;
  double scale, left, top;

  _sq_picture_view_get_pane (view, 0, &pane);
  _sq_picture_view_get_geometry (view, &pane, &scale, &left, &top);
  rect = _sq_detection_to_rect (a != NULL ? a : b, scale, left, top);
  if (_sq_picture_view_is_in (&pane, &rect))
    _sq_picture_view_draw_tag (view, snapshot, tag, &colour, &rect, &pane);
}

void
_sq_compare_view_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  SqCompareView *self = SQ_COMPARE_VIEW (widget);
  int focus = sq_picture_view_get_focus_index (SQ_PICTURE_VIEW (self));

  if (self->result == NULL)
    return;
  for (int s = 0; s < SQ_N_SIDES; s++)
    draw_side (self, snapshot, s);
  if (self->mode == SQ_COMPARE_SPLIT && focus >= 0 && (guint) focus < self->matches->len)
    draw_focus_tag (self, snapshot, focus);
  gtk_widget_snapshot_child (widget, GTK_WIDGET (self->handle), snapshot);
}
