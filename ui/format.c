// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "format.h"

#include <glib/gi18n.h>

char *
sq_format_time (gint64 ns, gboolean hours)
{
  gint64 s = MAX (ns, 0) / G_GINT64_CONSTANT (1000000000);

  if (hours || s >= 3600)
    return g_strdup_printf ("%d:%02d:%02d", (int) (s / 3600), (int) (s / 60 % 60), (int) (s % 60));
  return g_strdup_printf ("%02d:%02d", (int) (s / 60), (int) (s % 60));
}

char *
sq_format_ms (gint64 ns)
{
  double ms = ns / 1e6;

  // Translators: a duration in milliseconds
  return g_strdup_printf (ms < 9.995 ? _("%.2f ms") : ms < 99.95 ? _("%.1f ms") : _("%.0f ms"), ms);
}

char *
sq_format_fps (double fps)
{
  // Translators: frames per second
  return g_strdup_printf (fps < 9.95 ? _("%.1f fps") : _("%.0f fps"), fps);
}

char *
sq_format_count (guint64 n)
{
  return g_strdup_printf ("%'" G_GUINT64_FORMAT, n);
}

char *
sq_format_si (double n, const char *unit)
{
  static const char *prefix[] = { "", "k", "M", "G", "T", "P" };
  guint i = 0;

  while (n >= 999.5 && i + 1 < G_N_ELEMENTS (prefix))
    {
      n /= 1000;
      i++;
    }
  return g_strdup_printf (n < 9.995 && i > 0 ? "%.2f %s%s" : n < 99.95 && i > 0 ? "%.1f %s%s" : "%.0f %s%s", n, prefix[i], unit);
}

char *
sq_format_when (GDateTime *when)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autoptr (GDateTime) local = g_date_time_to_local (when);
  g_autoptr (GDateTime) yesterday = g_date_time_add_days (now, -1);

  if (g_date_time_get_year (local) == g_date_time_get_year (now)
      && g_date_time_get_day_of_year (local) == g_date_time_get_day_of_year (now))
    return g_date_time_format (local, _("Today, %H:%M"));
  if (g_date_time_get_year (local) == g_date_time_get_year (yesterday)
      && g_date_time_get_day_of_year (local) == g_date_time_get_day_of_year (yesterday))
    return g_date_time_format (local, _("Yesterday, %H:%M"));
  return g_date_time_format (local, _("%-e %B %Y, %H:%M"));
}

char *
sq_format_objects (guint n)
{
  return g_strdup_printf (ngettext ("%u object", "%u objects", n), n);
}

char *
sq_format_devices (const char *ids)
{
  g_auto (GStrv) list = g_strsplit (ids != NULL ? ids : "cpu", ",", -1);
  g_autoptr (GString) text = g_string_new (NULL), cores = g_string_new (NULL);

  for (guint i = 0; list[i] != NULL; i++)
    if (g_str_has_prefix (list[i], "cpu:"))
      g_string_append_printf (cores, "%s%s", cores->len > 0 ? ", " : "", list[i] + 4);
    else
      g_string_append_printf (text, "%s%s", text->len > 0 ? " + " : "", g_str_equal (list[i], "cpu") ? _("CPU") : list[i]);
  if (cores->len > 0)
    {
      // Translators: numbers of processor cores
      g_autofree char *named = g_strdup_printf (_("CPU cores %s"), cores->str);

      g_string_append_printf (text, "%s%s", text->len > 0 ? " + " : "", named);
    }
  return g_strdup (text->str);
}
