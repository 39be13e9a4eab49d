// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "devices-page.h"

#include <glib/gi18n.h>
#include <string.h>

struct _SqDevicesPage
{
  AdwBin parent_instance;

  /* Template widgets */
  GtkScrolledWindow *scroller;
  SqSpeedupPanel *panel;
  GtkBox *cards, *others;

  SqDeviceMonitor *monitor;
  SqPipelineStats before; // of the last call
  gint64 before_us;       // 0: no run
};

G_DEFINE_FINAL_TYPE (SqDevicesPage, sq_devices_page, ADW_TYPE_BIN)

static void
add_line (SqDevicesPage *self, const char *text)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_widget_add_css_class (label, "dim-label");
  gtk_box_append (self->others, label);
}

static void
empty (GtkBox *box)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (box))) != NULL)
    gtk_box_remove (box, child);
}

static void
on_devices_changed (SqDevicesPage *self)
{
  GPtrArray *devices = sq_device_monitor_get_devices (self->monitor);

  empty (self->cards);
  empty (self->others);
  if (devices != NULL)
    add_line (self,
              _("Graphs show the last two minutes. Where there are two lines, the dashed one is the second value above it: Squint’s part, "
                 "access to the memory, the decoder."));
  for (guint i = 0; devices != NULL && i < devices->len; i++)
    {
      const SqDevice *device = devices->pdata[i];

      if (device->available && device->parent == NULL)
        gtk_box_append (self->cards, sq_device_card_new (self->monitor, device));
      else if (device->reason != NULL && !device->available)
        {
          // Translators: a device that cannot be used, and why
          g_autofree char *text = g_strdup_printf (_("%s: %s"), device->name, device->reason);

          add_line (self, text);
        }
    }
}

static void
on_sample (SqDevicesPage *self, const SqDeviceSample *samples, guint n)
{
  GtkWidget *card = gtk_widget_get_first_child (GTK_WIDGET (self->cards));

  for (guint i = 0; i < n && card != NULL; i++, card = gtk_widget_get_next_sibling (card))
    sq_device_card_push (SQ_DEVICE_CARD (card), &samples[i]);
}

static void
set_monitor (SqDevicesPage *self, SqDeviceMonitor *monitor)
{
  if (self->monitor != NULL)
    g_signal_handlers_disconnect_by_data (self->monitor, self);
  g_set_object (&self->monitor, monitor);
  if (monitor == NULL)
    return;
  g_signal_connect_swapped (monitor, "devices-changed", G_CALLBACK (on_devices_changed), self);
  g_signal_connect_swapped (monitor, "sample", G_CALLBACK (on_sample), self);
  on_devices_changed (self);
}

static void
sq_devices_page_dispose (GObject *object)
{
  SqDevicesPage *self = SQ_DEVICES_PAGE (object);

  set_monitor (self, NULL);
  G_OBJECT_CLASS (sq_devices_page_parent_class)->dispose (object);
}

static void
sq_devices_page_class_init (SqDevicesPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sq_devices_page_dispose;
  g_type_ensure (SQ_TYPE_SPEEDUP_PANEL);
  gtk_widget_class_set_template_from_resource (widget_class, RESOURCE_BASE "/ui/devices-page.ui");
  gtk_widget_class_bind_template_child (widget_class, SqDevicesPage, scroller);
  gtk_widget_class_bind_template_child (widget_class, SqDevicesPage, panel);
  gtk_widget_class_bind_template_child (widget_class, SqDevicesPage, cards);
  gtk_widget_class_bind_template_child (widget_class, SqDevicesPage, others);
}

static void
sq_devices_page_init (SqDevicesPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
sq_devices_page_new (void)
{
  return g_object_new (SQ_TYPE_DEVICES_PAGE, NULL);
}

void
sq_devices_page_set_workspace (SqDevicesPage *self, SqWorkspace *workspace)
{
  g_return_if_fail (SQ_IS_DEVICES_PAGE (self));

  sq_speedup_panel_set_workspace (self->panel, workspace);
  set_monitor (self, workspace != NULL ? sq_workspace_get_monitor (workspace) : NULL);
}

// Frames a device, its parts included, has done.
static guint64
frames_of (const SqPipelineStats *stats, const char *id)
{
  gsize length = strlen (id);
  guint64 n = 0;

  for (guint i = 0; i < stats->n_devices; i++)
    {
      const char *other = stats->device[i].id;

      if (g_str_equal (other, id) || (strncmp (other, id, length) == 0 && other[length] == ':'))
        n += stats->device[i].frames;
    }
  return n;
}

// "cpu:0 54 %, cpu:1 46 % of the frames"; "" where the device is not used in parts.
static char *
describe_parts (const SqPipelineStats *stats, const char *id, guint64 all)
{
  g_autoptr (GString) text = g_string_new (NULL);
  gsize length = strlen (id);

  for (guint i = 0; stats != NULL && all > 0 && i < stats->n_devices; i++)
    {
      const SqDeviceStats *part = &stats->device[i];

      if (strncmp (part->id, id, length) == 0 && part->id[length] == ':')
        g_string_append_printf (text, _("%s%s %.0f %%"), text->len > 0 ? ", " : "", part->id, 100. * (double) part->frames / (double) all);
    }
  if (text->len > 0)
    g_string_append (text, _(" of the frames"));
  return g_strdup (text->str);
}

void
sq_devices_page_set_stats (SqDevicesPage *self, const SqPipelineStats *stats)
{
  gint64 now = g_get_monotonic_time ();
  guint64 all = 0;

  g_return_if_fail (SQ_IS_DEVICES_PAGE (self));
  sq_speedup_panel_set_running (self->panel, stats != NULL, stats != NULL ? stats->reason : NULL);
  for (guint i = 0; stats != NULL && i < stats->n_devices; i++)
    all += stats->device[i].frames;
  for (GtkWidget *card = gtk_widget_get_first_child (GTK_WIDGET (self->cards)); card != NULL; card = gtk_widget_get_next_sibling (card))
    {
      const char *id = sq_device_card_get_id (SQ_DEVICE_CARD (card));
      guint64 n = stats != NULL ? frames_of (stats, id) : 0, was = self->before_us != 0 ? frames_of (&self->before, id) : n;
      g_autofree char *parts = describe_parts (stats, id, all);
      double seconds = (double) MAX (now - self->before_us, 1) / G_USEC_PER_SEC;

      sq_device_card_set_work (SQ_DEVICE_CARD (card),
                               n == 0     ? -1
                               : n >= was ? (double) (n - was) / seconds
                                          : 0,
                               all > 0 ? (double) n / (double) all : 0, parts);
    }
  self->before_us = stats != NULL ? now : 0;
  if (stats != NULL)
    self->before = *stats;
}

SqSpeedupPanel *
sq_devices_page_get_panel (SqDevicesPage *self)
{
  g_return_val_if_fail (SQ_IS_DEVICES_PAGE (self), NULL);
  return self->panel;
}

SqDeviceCard *
sq_devices_page_get_card (SqDevicesPage *self, const char *id)
{
  g_return_val_if_fail (SQ_IS_DEVICES_PAGE (self), NULL);
  for (GtkWidget *card = gtk_widget_get_first_child (GTK_WIDGET (self->cards)); card != NULL; card = gtk_widget_get_next_sibling (card))
    if (g_str_equal (sq_device_card_get_id (SQ_DEVICE_CARD (card)), id))
      return SQ_DEVICE_CARD (card);
  return NULL;
}

void
sq_devices_page_scroll_to (SqDevicesPage *self, double fraction)
{
  GtkAdjustment *at;

  g_return_if_fail (SQ_IS_DEVICES_PAGE (self));
  at = gtk_scrolled_window_get_vadjustment (self->scroller);
  gtk_adjustment_set_value (at, fraction * (gtk_adjustment_get_upper (at) - gtk_adjustment_get_page_size (at)));
}
