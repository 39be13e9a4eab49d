// SPDX-License-Identifier: GPL-3.0-or-later
#include "labels.h"

#include <string.h>

#define MAX_LABELS 65536
#define MAX_FILE_BYTES (4 << 20)

static const char coco[] =
    "person\nbicycle\ncar\nmotorcycle\nairplane\nbus\ntrain\ntruck\nboat\ntraffic light\nfire hydrant\nstop sign\nparking meter\n"
    "bench\nbird\ncat\ndog\nhorse\nsheep\ncow\nelephant\nbear\nzebra\ngiraffe\nbackpack\numbrella\nhandbag\ntie\nsuitcase\n"
    "frisbee\nskis\nsnowboard\nsports ball\nkite\nbaseball bat\nbaseball glove\nskateboard\nsurfboard\ntennis racket\nbottle\n"
    "wine glass\ncup\nfork\nknife\nspoon\nbowl\nbanana\napple\nsandwich\norange\nbroccoli\ncarrot\nhot dog\npizza\ndonut\ncake\n"
    "chair\ncouch\npotted plant\nbed\ndining table\ntoilet\ntv\nlaptop\nmouse\nremote\nkeyboard\ncell phone\nmicrowave\noven\n"
    "toaster\nsink\nrefrigerator\nbook\nclock\nvase\nscissors\nteddy bear\nhair drier\ntoothbrush";

char **
sq_labels_coco (void)
{
  return g_strsplit (coco, "\n", -1);
}

static const char *
skip (const char *p)
{
  while (g_ascii_isspace (*p) || *p == ',')
    p++;
  return p;
}

// A quoted Python string; moves `*p` behind it.
static char *
parse_string (const char **p)
{
  GString *s;
  char quote = **p;

  if (quote != '\'' && quote != '"')
    return NULL;
  s = g_string_new (NULL);
  for ((*p)++; **p != '\0' && **p != quote; (*p)++)
    {
      if (**p == '\\' && (*p)[1] != '\0')
        (*p)++;
      g_string_append_c (s, **p);
    }
  if (**p != quote)
    {
      g_string_free (s, TRUE);
      return NULL;
    }
  (*p)++;
  return g_utf8_validate (s->str, (gssize) s->len, NULL) ? g_string_free (s, FALSE) : (g_string_free (s, TRUE), g_strdup ("?"));
}

char **
sq_labels_parse_python (const char *text)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const char *p = skip (text);
  gboolean dict = *p == '{';

  if (*p != '{' && *p != '[')
    return NULL;
  for (p = skip (p + 1); *p != '\0' && *p != '}' && *p != ']'; p = skip (p))
    {
      gint64 key = names->len;
      char *name;

      if (dict)
        {
          char *end;

          key = g_ascii_strtoll (p, &end, 10);
          if (end == p || key < 0 || key >= MAX_LABELS)
            return NULL;
          p = skip (end);
          if (*p++ != ':')
            return NULL;
          p = skip (p);
        }
      if ((name = parse_string (&p)) == NULL || names->len >= MAX_LABELS)
        return NULL;
      while ((gint64) names->len <= key)
        g_ptr_array_add (names, NULL);
      g_free (names->pdata[key]);
      names->pdata[key] = name;
    }
  if (names->len == 0)
    return NULL;
  for (guint i = 0; i < names->len; i++)
    if (names->pdata[i] == NULL)
      names->pdata[i] = g_strdup_printf ("class %u", i);
  g_ptr_array_add (names, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&names), FALSE);
}

char **
sq_labels_read (const char *path)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  g_autoptr (GMappedFile) map = g_mapped_file_new (path, FALSE, NULL);

  if (map == NULL || g_mapped_file_get_length (map) == 0 || g_mapped_file_get_length (map) > MAX_FILE_BYTES)
    return NULL;
  text = g_strndup (g_mapped_file_get_contents (map), g_mapped_file_get_length (map));
  if (!g_utf8_validate (text, -1, NULL))
    return NULL;
  lines = g_strsplit (text, "\n", MAX_LABELS);
  for (guint i = 0; lines[i] != NULL; i++)
    if (*g_strstrip (lines[i]) != '\0')
      g_strv_builder_add (names, lines[i]);
  return g_strv_builder_end (names);
}
