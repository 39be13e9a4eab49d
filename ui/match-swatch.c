// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "match-swatch.h"

#define WIDTH 18  // px
#define HEIGHT 13 // px

GdkRGBA
sq_match_colour (SqMatchKind kind)
{
  static const GdkRGBA colours[SQ_N_MATCHES] = {
    [SQ_MATCH_AGREED] = { .86f, .86f, .86f, 1 }, [SQ_MATCH_MOVED] = { .38f, .63f, .92f, 1 }, [SQ_MATCH_CLASS] = { .75f, .45f, .85f, 1 },
    [SQ_MATCH_LOST] = { .88f, .11f, .14f, 1 },   [SQ_MATCH_NEW] = { .96f, .68f, .07f, 1 },
  };

  return colours[kind];
}

static void
draw (GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer data)
{
  SqMatchKind kind = GPOINTER_TO_INT (data);
  static const double dash[] = { 4, 2 }, dots[] = { 1.5, 1.5 };
  GdkRGBA colour = sq_match_colour (kind);

  // On pictures its grey is light; here it must be seen on light and on dark.
  if (kind == SQ_MATCH_AGREED)
    colour = (GdkRGBA){ .55f, .55f, .55f, 1 };
  gdk_cairo_set_source_rgba (cr, &colour);
  cairo_set_line_width (cr, kind == SQ_MATCH_AGREED ? 1 : 2);
  if (kind == SQ_MATCH_MOVED)
    cairo_set_dash (cr, dash, G_N_ELEMENTS (dash), 0);
  else if (kind == SQ_MATCH_NEW)
    cairo_set_dash (cr, dots, G_N_ELEMENTS (dots), 0);
  cairo_rectangle (cr, 1.5, 1.5, width - 3, height - 3);
  cairo_stroke (cr);
  if (kind == SQ_MATCH_LOST)
    for (int i = 0; i < 4; i++)
      {
        cairo_rectangle (cr, i % 2 == 0 ? 0 : width - 5, i / 2 == 0 ? 0 : height - 4, 5, 4);
        cairo_fill (cr);
      }
  else if (kind == SQ_MATCH_CLASS)
    {
      cairo_rectangle (cr, 1.5, 1.5, width - 3, 4); // the tag
      cairo_fill (cr);
    }
}

GtkWidget *
sq_match_swatch_new (SqMatchKind kind)
{
  GtkWidget *area = g_object_new (GTK_TYPE_DRAWING_AREA, "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);

  gtk_drawing_area_set_content_width (GTK_DRAWING_AREA (area), WIDTH);
  gtk_drawing_area_set_content_height (GTK_DRAWING_AREA (area), HEIGHT);
  gtk_widget_set_valign (area, GTK_ALIGN_CENTER);
  gtk_drawing_area_set_draw_func (GTK_DRAWING_AREA (area), draw, GINT_TO_POINTER (kind), NULL);
  return area;
}
