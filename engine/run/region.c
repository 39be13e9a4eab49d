// SPDX-License-Identifier: GPL-3.0-or-later
#include "region.h"

#include "engine/error.h"
#include <math.h>
#include <string.h>

static void
polygon_free (gpointer data)
{
  SqPolygon *self = data;

  g_array_unref (self->corners);
  g_free (self);
}

SqRegion *
sq_region_new (void)
{
  SqRegion *self = g_atomic_rc_box_new0 (SqRegion);

  self->polygons = g_ptr_array_new_with_free_func (polygon_free);
  return self;
}

SqRegion *
sq_region_ref (SqRegion *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
region_clear (gpointer data)
{
  g_ptr_array_unref (((SqRegion *) data)->polygons);
}

void
sq_region_unref (SqRegion *self)
{
  g_atomic_rc_box_release_full (self, region_clear);
}

SqRegion *
sq_region_copy (const SqRegion *self)
{
  SqRegion *copy = sq_region_new ();

  for (guint i = 0; i < self->polygons->len; i++)
    {
      const SqPolygon *p = self->polygons->pdata[i];

      sq_region_add (copy, p->exclude, (const SqCorner *) (gpointer) p->corners->data, p->corners->len);
    }
  return copy;
}

gboolean
sq_region_add (SqRegion *self, gboolean exclude, const SqCorner *corners, guint n)
{
  SqPolygon *polygon;

  if (n < 3 || n > SQ_REGION_MAX_CORNERS || self->polygons->len >= SQ_REGION_MAX_POLYGONS)
    return FALSE;
  for (guint i = 0; i < n; i++)
    if (!isfinite (corners[i].x) || !isfinite (corners[i].y))
      return FALSE;
  polygon = g_new (SqPolygon, 1);
  polygon->exclude = exclude;
  polygon->corners = g_array_sized_new (FALSE, FALSE, sizeof (SqCorner), n);
  for (guint i = 0; i < n; i++)
    {
      SqCorner c = { CLAMP (corners[i].x, 0, 1), CLAMP (corners[i].y, 0, 1) };

      g_array_append_val (polygon->corners, c);
    }
  g_ptr_array_add (self->polygons, polygon);
  return TRUE;
}

// Even-odd rule.
static gboolean
polygon_contains (const SqPolygon *self, float x, float y)
{
  gboolean inside = FALSE;

  for (guint i = 0, j = self->corners->len - 1; i < self->corners->len; j = i++)
    {
      const SqCorner *a = &g_array_index (self->corners, SqCorner, i), *b = &g_array_index (self->corners, SqCorner, j);

      if ((a->y > y) != (b->y > y) && x < (b->x - a->x) * (y - a->y) / (b->y - a->y) + a->x)
        inside = !inside;
    }
  return inside;
}

gboolean
sq_region_contains (const SqRegion *self, float x, float y)
{
  gboolean included = FALSE, any = FALSE;

  for (guint i = 0; i < self->polygons->len; i++)
    {
      const SqPolygon *p = self->polygons->pdata[i];

      if (p->exclude && polygon_contains (p, x, y))
        return FALSE;
      any = any || !p->exclude;
      included = included || (!p->exclude && polygon_contains (p, x, y));
    }
  return included || !any;
}

char *
sq_region_to_text (const SqRegion *self)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < self->polygons->len; i++)
    {
      const SqPolygon *p = self->polygons->pdata[i];

      g_string_append (text, p->exclude ? "exclude" : "include");
      for (guint k = 0; k < p->corners->len; k++)
        {
          const SqCorner *c = &g_array_index (p->corners, SqCorner, k);
          char x[G_ASCII_DTOSTR_BUF_SIZE], y[G_ASCII_DTOSTR_BUF_SIZE];

          g_ascii_formatd (x, sizeof x, "%.6g", (double) c->x);
          g_ascii_formatd (y, sizeof y, "%.6g", (double) c->y);
          g_string_append_printf (text, " %s,%s", x, y);
        }
      g_string_append_c (text, '\n');
    }
  return g_string_free (text, FALSE);
}

static gboolean
parse_corner (const char *text, SqCorner *corner)
{
  char *end;

  corner->x = (float) g_ascii_strtod (text, &end);
  if (end == text || *end != ',')
    return FALSE;
  text = end + 1;
  corner->y = (float) g_ascii_strtod (text, &end);
  return end != text && *end == '\0' && isfinite (corner->x) && isfinite (corner->y);
}

static gboolean
parse_line (SqRegion *self, const char *line)
{
  g_auto (GStrv) words = g_strsplit_set (line, " \t\r", -1);
  g_autoptr (GArray) corners = g_array_new (FALSE, FALSE, sizeof (SqCorner));
  const char *kind = NULL;

  for (guint i = 0; words[i] != NULL; i++)
    {
      SqCorner corner;

      if (words[i][0] == '\0')
        continue;
      if (kind == NULL)
        kind = words[i];
      else if (parse_corner (words[i], &corner))
        g_array_append_val (corners, corner);
      else
        return FALSE;
    }
  if (kind == NULL)
    return TRUE; // an empty line
  return (g_str_equal (kind, "include") || g_str_equal (kind, "exclude"))
         && sq_region_add (self, kind[0] == 'e', (const SqCorner *) (gpointer) corners->data, corners->len);
}

SqRegion *
sq_region_from_text (const char *text, GError **error)
{
  g_autoptr (SqRegion) self = sq_region_new ();
  g_auto (GStrv) lines = g_strsplit (text, "\n", SQ_REGION_MAX_POLYGONS * 4);

  for (guint i = 0; lines[i] != NULL; i++)
    if (!parse_line (self, lines[i]))
      {
        g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT,
                     "Line %u of the region is no polygon: write “include” or “exclude” and three corners or more, such as 0.1,0.2, "
                     "as shares of the picture's width and height.",
                     i + 1);
        return NULL;
      }
  return g_steal_pointer (&self);
}
