// SPDX-License-Identifier: GPL-3.0-or-later
// Detection layers as text, for networks that leave darknet's format: one line per layer,
//   yolo classes 80 scale 1.05 new_coords 0 softmax 0 absolute 0 anchors 12 18 37 49
#include "format.h"

#include <math.h>
#include <string.h>

#define MAX_HEADS 16

static void
append_number (GString *s, const char *before, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append_printf (s, "%s%s", before, g_ascii_formatd (text, sizeof text, "%.9g", value));
}

char *
sq_darknet_heads_to_text (const GArray *heads)
{
  GString *s = g_string_new (NULL);

  for (guint i = 0; i < heads->len; i++)
    {
      const SqDarknetHead *h = &g_array_index (heads, SqDarknetHead, i);

      g_string_append_printf (s, "%s%s classes %d", i > 0 ? "\n" : "", h->region ? "region" : "yolo", h->classes);
      append_number (s, " scale ", (double) h->scale_xy);
      g_string_append_printf (s, " new_coords %d softmax %d absolute %d anchors", h->new_coords, h->softmax, h->exact_coords);
      for (int a = 0; a < h->n_anchors; a++)
        for (int d = 0; d < 2; d++)
          append_number (s, " ", (double) h->anchors[a][d]);
    }
  return g_string_free (s, FALSE);
}

static gboolean
parse_head (const char *line, SqDarknetHead *h)
{
  g_auto (GStrv) words = g_strsplit (line, " ", 2 * (int) G_N_ELEMENTS (h->anchors) + 16);
  guint n = g_strv_length (words), at = 12;
  static const char *const keys[] = { "classes", "scale", "new_coords", "softmax", "absolute" };
  double values[5];

  if (n < at + 2 || !g_str_equal (words[11], "anchors"))
    return FALSE;
  for (int k = 0; k < 5; k++)
    {
      if (!g_str_equal (words[1 + 2 * k], keys[k]))
        return FALSE;
      values[k] = g_ascii_strtod (words[2 + 2 * k], NULL);
    }
  h->region = g_str_equal (words[0], "region");
  h->classes = values[0] >= 1 && values[0] <= 65536 ? (int) values[0] : 0;
  h->scale_xy = (float) values[1];
  h->new_coords = values[2] != 0;
  h->softmax = values[3] != 0;
  h->exact_coords = values[4] != 0;
  for (; at + 1 < n && h->n_anchors < (int) G_N_ELEMENTS (h->anchors); at += 2, h->n_anchors++)
    for (guint d = 0; d < 2; d++)
      h->anchors[h->n_anchors][d] = (float) g_ascii_strtod (words[at + d], NULL);
  return h->classes > 0 && isfinite (h->scale_xy);
}

GArray *
sq_darknet_heads_from_text (const char *text)
{
  g_autoptr (GArray) heads = g_array_new (FALSE, FALSE, sizeof (SqDarknetHead));
  g_auto (GStrv) lines = g_strsplit (text, "\n", MAX_HEADS + 1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      SqDarknetHead head = { 0 };

      if (i >= MAX_HEADS || !parse_head (lines[i], &head))
        return NULL;
      g_array_append_val (heads, head);
    }
  return heads->len > 0 ? g_steal_pointer (&heads) : NULL;
}
