// SPDX-License-Identifier: GPL-3.0-or-later
#include "classes.h"

char *
sq_class_plain_name (const char *name)
{
  static const char *const same[][2] = {
    { "motorbike", "motorcycle" }, { "aeroplane", "airplane" }, { "sofa", "couch" }, { "tvmonitor", "tv" }, { "body", "person" }
  };
  g_autofree char *valid = g_utf8_make_valid (name, -1), *folded = g_utf8_casefold (valid, -1);
  GString *plain = g_string_new (NULL);

  for (const char *p = folded; *p != '\0'; p = g_utf8_next_char (p))
    if (g_unichar_isalnum (g_utf8_get_char (p)))
      g_string_append_unichar (plain, g_utf8_get_char (p));
  if (plain->len == 0) // nothing but signs: these are its name
    g_string_assign (plain, folded);
  for (guint i = 0; i < G_N_ELEMENTS (same); i++)
    if (g_str_equal (plain->str, same[i][0]))
      g_string_assign (plain, same[i][1]);
  return g_string_free (plain, FALSE);
}

int *
sq_classes_map (const char *const *from, guint n_from, const char *const *to, guint n_to, guint *n_found)
{
  g_autoptr (GHashTable) known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  int *map = g_new (int, n_from + 1);
  guint found = 0;

  for (guint i = n_to; i-- > 0;) // of two that are the same the first counts
    g_hash_table_insert (known, sq_class_plain_name (to[i]), GINT_TO_POINTER (i + 1));
  for (guint i = 0; i < n_from; i++)
    {
      g_autofree char *name = sq_class_plain_name (from[i]);

      map[i] = GPOINTER_TO_INT (g_hash_table_lookup (known, name)) - 1;
      found += map[i] >= 0;
    }
  if (n_found != NULL)
    *n_found = found;
  return map;
}
