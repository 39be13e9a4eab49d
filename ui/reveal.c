// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "reveal.h"

#include "toast.h"
#include <glib/gi18n.h>

typedef struct
{
  GtkWidget *from;
  GFile *file;
} Reveal;

static void
reveal_free (Reveal *reveal)
{
  g_object_unref (reveal->from);
  g_object_unref (reveal->file);
  g_free (reveal);
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Reveal *reveal = user_data;
  g_autoptr (GError) error = NULL;

  if (!g_app_info_launch_default_for_uri_finish (result, &error))
    {
      g_autofree char *path = g_file_get_path (reveal->file);
      g_autofree char *text = g_strdup_printf (_("There is no file manager to show “%s”"), path);

      sq_toast_error (reveal->from, text);
    }
  reveal_free (reveal);
}

static void
on_shown (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Reveal *reveal = user_data;
  g_autoptr (GVariant) answer = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, NULL);

  if (answer != NULL)
    {
      reveal_free (reveal);
    }
  else
    {
      g_autoptr (GFile) folder = g_file_get_parent (reveal->file);
      g_autofree char *uri = g_file_get_uri (folder);

      g_app_info_launch_default_for_uri_async (uri, NULL, NULL, on_opened, reveal);
    }
}

static void
on_bus (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Reveal *reveal = user_data;
  g_autoptr (GDBusConnection) bus = g_bus_get_finish (result, NULL);
  g_autofree char *uri = g_file_get_uri (reveal->file);
  const char *const uris[] = { uri, NULL };

  if (bus != NULL)
    g_dbus_connection_call (bus, "org.freedesktop.FileManager1", "/org/freedesktop/FileManager1", "org.freedesktop.FileManager1",
                            "ShowItems", g_variant_new ("(^ass)", uris, ""), NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_shown, reveal);
  else
    g_app_info_launch_default_for_uri_async (uri, NULL, NULL, on_opened, reveal);
}

void
sq_reveal_file (GtkWidget *from, const char *path)
{
  Reveal *reveal = g_new (Reveal, 1);

  *reveal = (Reveal){ g_object_ref (from), g_file_new_for_path (path) };
  g_bus_get (G_BUS_TYPE_SESSION, NULL, on_bus, reveal);
}
