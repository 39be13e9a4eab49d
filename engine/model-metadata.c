// SPDX-License-Identifier: GPL-3.0-or-later
// The input spec as text: fit, resampling, rounding of the letterboxed size, channel order, then padding, means and scales,
//   letterbox bilinear round rgb pad 114 mean 0 0 0 scale 0.00392156886 0.00392156886 0.00392156886
#include "model-metadata.h"

#include "engine/families/family.h"
#include <math.h>
#include <string.h>

static const char *const fits[] = { "stretch", "letterbox", "topleft" };
static const char *const resamples[] = { "bilinear", "area" };
static const char *const roundings[] = { "truncate", "round" };
static const char *const orders[] = { "rgb", "bgr" };

static void
append_number (GString *s, float value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append_printf (s, " %s", g_ascii_formatd (text, sizeof text, "%.9g", (double) value));
}

static char *
write_input (const SqInputSpec *spec)
{
  GString *s = g_string_new (NULL);

  g_string_printf (s, "%s %s %s %s pad %d mean", fits[spec->fit], resamples[spec->resample], roundings[spec->round_to_int != FALSE],
                   orders[spec->bgr != FALSE], spec->pad);
  for (int c = 0; c < 3; c++)
    append_number (s, spec->mean[c]);
  g_string_append (s, " scale");
  for (int c = 0; c < 3; c++)
    append_number (s, spec->scale[c]);
  return g_string_free (s, FALSE);
}

static int
choose (const char *word, const char *const *words, int n)
{
  for (int i = 0; i < n; i++)
    if (g_str_equal (word, words[i]))
      return i;
  return -1;
}

gboolean
sq_model_read_input (GHashTable *metadata, SqInputSpec *spec)
{
  const char *text = g_hash_table_lookup (metadata, SQ_KEY_INPUT);
  g_auto (GStrv) w = g_strsplit (text != NULL ? text : "", " ", 20);
  int fit, resample, rounding, order;
  SqInputSpec read = { .width = spec->width, .height = spec->height };

  if (g_strv_length (w) != 14 || !g_str_equal (w[4], "pad") || !g_str_equal (w[6], "mean") || !g_str_equal (w[10], "scale"))
    return FALSE;
  fit = choose (w[0], fits, 3);
  resample = choose (w[1], resamples, 2);
  rounding = choose (w[2], roundings, 2);
  order = choose (w[3], orders, 2);
  if (fit < 0 || resample < 0 || rounding < 0 || order < 0)
    return FALSE;
  read.fit = (SqFit) fit;
  read.resample = (SqResample) resample;
  read.round_to_int = rounding;
  read.bgr = order;
  read.pad = (guint8) CLAMP (g_ascii_strtoll (w[5], NULL, 10), 0, 255);
  for (int c = 0; c < 3; c++)
    {
      read.mean[c] = (float) g_ascii_strtod (w[7 + c], NULL);
      read.scale[c] = (float) g_ascii_strtod (w[11 + c], NULL);
      if (!isfinite (read.mean[c]) || !isfinite (read.scale[c]) || read.scale[c] == 0)
        return FALSE;
    }
  *spec = read;
  return TRUE;
}

// {0: 'person', 1: 'bicycle'}
static char *
write_names (char *const *labels)
{
  GString *s = g_string_new ("{");

  for (guint i = 0; labels[i] != NULL; i++)
    {
      g_string_append_printf (s, "%s%u: '", i > 0 ? ", " : "", i);
      for (const char *p = labels[i]; *p != '\0'; p++)
        {
          if (*p == '\'' || *p == '\\')
            g_string_append_c (s, '\\');
          g_string_append_c (s, *p);
        }
      g_string_append_c (s, '\'');
    }
  g_string_append_c (s, '}');
  return g_string_free (s, FALSE);
}

GHashTable *
sq_model_describe (const SqModel *self)
{
  GHashTable *metadata = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  GHashTableIter iter;
  gpointer key, value;
  const char *data_key;

  g_hash_table_iter_init (&iter, self->metadata);
  while (g_hash_table_iter_next (&iter, &key, &value))
    g_hash_table_insert (metadata, g_strdup (key), g_strdup (value));
  g_hash_table_insert (metadata, g_strdup (SQ_KEY_FAMILY), g_strdup (self->family_id));
  g_hash_table_insert (metadata, g_strdup (SQ_KEY_INPUT), write_input (&self->input));
  if (self->labels_known)
    g_hash_table_insert (metadata, g_strdup ("names"), write_names (self->labels));
  if (self->family->save != NULL)
    {
      char *data = self->family->save (self, &data_key);

      g_hash_table_insert (metadata, g_strdup (data_key), data);
    }
  return metadata;
}
