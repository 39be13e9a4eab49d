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

const char *
sq_format_device (const char *id)
{
  return id == NULL || g_str_equal (id, "cpu") ? _("CPU") : id;
}
