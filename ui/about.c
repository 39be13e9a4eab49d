// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "about.h"

#include <glib/gi18n.h>

static const char *
renderer_name (GtkWindow *window)
{
  GskRenderer *renderer = window != NULL ? gtk_native_get_renderer (GTK_NATIVE (window)) : NULL;

  return renderer != NULL ? G_OBJECT_TYPE_NAME (renderer) : "none";
}

char *
sq_about_debug_info (SqDeviceMonitor *monitor, const char *extra)
{
  GString *text = g_string_new (NULL);
  GPtrArray *devices = sq_device_monitor_get_devices (monitor);
  GdkDisplay *display = gdk_display_get_default ();
  g_autofree char *os = g_get_os_info (G_OS_INFO_KEY_PRETTY_NAME);

  g_string_append_printf (text, "Squint: %s\n", SQ_VERSION);
  g_string_append_printf (text, "System: %s\n", os != NULL ? os : "unknown");
  g_string_append_printf (text, "GTK: %u.%u.%u (built against %d.%d.%d)\n", gtk_get_major_version (), gtk_get_minor_version (),
                          gtk_get_micro_version (), GTK_MAJOR_VERSION, GTK_MINOR_VERSION, GTK_MICRO_VERSION);
  g_string_append_printf (text, "libadwaita: %u.%u.%u\n", adw_get_major_version (), adw_get_minor_version (), adw_get_micro_version ());
  g_string_append_printf (text, "GLib: %u.%u.%u\n", glib_major_version, glib_minor_version, glib_micro_version);
  if (extra != NULL)
    g_string_append (text, extra);
  if (display != NULL)
    g_string_append_printf (text, "Display: %s\n", G_OBJECT_TYPE_NAME (display));
  g_string_append (text, "\nDevices:\n");
  for (guint i = 0; devices != NULL && i < devices->len; i++)
    {
      const SqDevice *device = devices->pdata[i];

      g_string_append_printf (text, "- %s: %s, %s%s%s\n", device->id, device->name, device->detail != NULL ? device->detail : "",
                              device->available ? "" : ", not available: ", device->reason != NULL ? device->reason : "");
    }
  return g_string_free (text, FALSE);
}

void
sq_about_present (GtkWindow *parent, SqDeviceMonitor *monitor, const char *extra)
{
  GtkWidget *about = adw_about_window_new ();
  g_autofree char *info = sq_about_debug_info (monitor, extra);
  g_autofree char *full = g_strdup_printf ("%sRenderer: %s\n", info, renderer_name (parent));

  g_object_set (about, "application-name", _("Squint"), "application-icon", APP_ID, "version", SQ_VERSION, "developer-name",
                _("The Squint authors"), "license-type", GTK_LICENSE_GPL_3_0, "comments",
                _("Watch an object detector work, compress it, and see what it stops seeing."), "debug-info", full, "debug-info-filename",
                "squint-debug-info.txt", "translator-credits", _("translator-credits"), "transient-for", parent, "modal", parent != NULL,
                NULL);
  gtk_window_present (GTK_WINDOW (about));
}
