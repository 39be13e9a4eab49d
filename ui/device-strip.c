// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "device-strip.h"

#include "format.h"
#include "graph.h"
#include <glib/gi18n.h>

#define ROOMY 3 // devices: more of them get lower graphs

typedef struct
{
  char *name;
  GtkLabel *value;
  SqGraphWidget *graph;
} Row;

struct _SqDeviceStrip
{
  GtkButton parent_instance;

  /* Template widgets */
  GtkBox *box;

  GPtrArray *rows; // Row
  SqDeviceMonitor *monitor;
};

G_DEFINE_FINAL_TYPE (SqDeviceStrip, sq_device_strip, GTK_TYPE_BUTTON)

static void
row_free (gpointer data)
{
  Row *row = data;

  g_free (row->name);
  g_free (row);
}

static void
add_row (SqDeviceStrip *self, const SqDevice *device, int height)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 3), *line = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *name, *value = gtk_label_new ("–");
  Row *row = g_new0 (Row, 1);
  g_autofree char *label = NULL;

  row->name = sq_format_devices (device->id);
  label = g_strdup_printf (_("Load of %s"), row->name);
  name = gtk_label_new (row->name);
  gtk_label_set_xalign (GTK_LABEL (name), 0);
  gtk_label_set_ellipsize (GTK_LABEL (name), PANGO_ELLIPSIZE_END);
  gtk_widget_set_hexpand (name, TRUE);
  gtk_widget_add_css_class (name, "caption-heading");
  gtk_label_set_width_chars (GTK_LABEL (value), 5);
  gtk_label_set_xalign (GTK_LABEL (value), 1);
  gtk_widget_add_css_class (value, "caption");
  gtk_widget_add_css_class (value, "numeric");
  row->value = GTK_LABEL (value);
  row->graph = SQ_GRAPH_WIDGET (sq_graph_widget_new (label, SQ_MONITOR_HISTORY, height));
  gtk_box_append (GTK_BOX (line), name);
  gtk_box_append (GTK_BOX (line), value);
  gtk_box_append (GTK_BOX (box), line);
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (row->graph));
  gtk_box_append (self->box, box);
  g_ptr_array_add (self->rows, row);
}

static double
percent (double share)
{
  return share < 0 ? -1 : share * 100;
}

static void
push (const Row *row, gboolean cpu, const SqDeviceSample *sample)
{
  sq_graph_widget_push (row->graph, percent (sample->compute), percent (cpu ? sample->own : sample->busy));
}

static gboolean
is_cpu (const SqDevice *device)
{
  return g_str_equal (device->id, "cpu");
}

static void
on_devices_changed (SqDeviceStrip *self)
{
  GPtrArray *watched = sq_device_monitor_get_watched (self->monitor);
  g_autofree SqDeviceSample *past = g_new (SqDeviceSample, SQ_MONITOR_HISTORY);
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->box))) != NULL)
    gtk_box_remove (self->box, child);
  g_ptr_array_set_size (self->rows, 0);
  for (guint i = 0; watched != NULL && i < watched->len; i++)
    {
      const SqDevice *device = watched->pdata[i];
      guint n = sq_device_monitor_get_history (self->monitor, device->id, past, SQ_MONITOR_HISTORY);

      add_row (self, device, watched->len > ROOMY ? 14 : 32);
      for (guint k = 0; k < n; k++)
        push (self->rows->pdata[i], is_cpu (device), &past[k]);
    }
}

static void
on_sample (SqDeviceStrip *self, const SqDeviceSample *samples, guint n)
{
  GPtrArray *watched = sq_device_monitor_get_watched (self->monitor);
  g_autoptr (GString) spoken = g_string_new (NULL);
  g_autofree char *label = NULL;

  for (guint i = 0; i < n && i < self->rows->len; i++)
    {
      const Row *row = self->rows->pdata[i];
      g_autofree char *text = !samples[i].answering    ? g_strdup (_("lost"))
                              : samples[i].compute < 0 ? g_strdup ("–")
                                                       : g_strdup_printf (_("%.0f %%"), samples[i].compute * 100);

      push (row, is_cpu (watched->pdata[i]), &samples[i]);
      if (g_strcmp0 (gtk_label_get_label (row->value), text) != 0)
        gtk_label_set_label (row->value, text);
      g_string_append_printf (spoken, "%s%s %s", i > 0 ? ", " : "", row->name, text);
    }
  // Translators: names and loads of devices
  label = g_strdup_printf (_("%s, show devices"), spoken->str);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

static void
sq_device_strip_dispose (GObject *object)
{
  SqDeviceStrip *self = SQ_DEVICE_STRIP (object);

  sq_device_strip_set_monitor (self, NULL);
  G_OBJECT_CLASS (sq_device_strip_parent_class)->dispose (object);
}

static void
sq_device_strip_finalize (GObject *object)
{
  g_ptr_array_unref (SQ_DEVICE_STRIP (object)->rows);
  G_OBJECT_CLASS (sq_device_strip_parent_class)->finalize (object);
}

static void
sq_device_strip_class_init (SqDeviceStripClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sq_device_strip_dispose;
  G_OBJECT_CLASS (klass)->finalize = sq_device_strip_finalize;
  gtk_widget_class_set_template_from_resource (widget_class, RESOURCE_BASE "/ui/device-strip.ui");
  gtk_widget_class_bind_template_child (widget_class, SqDeviceStrip, box);
}

static void
sq_device_strip_init (SqDeviceStrip *self)
{
  self->rows = g_ptr_array_new_with_free_func (row_free);
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
sq_device_strip_new (void)
{
  return g_object_new (SQ_TYPE_DEVICE_STRIP, NULL);
}

void
sq_device_strip_set_monitor (SqDeviceStrip *self, SqDeviceMonitor *monitor)
{
  g_return_if_fail (SQ_IS_DEVICE_STRIP (self));

  if (self->monitor != NULL)
    g_signal_handlers_disconnect_by_data (self->monitor, self);
  g_set_object (&self->monitor, monitor);
  if (monitor == NULL)
    return;
  g_signal_connect_swapped (monitor, "devices-changed", G_CALLBACK (on_devices_changed), self);
  g_signal_connect_swapped (monitor, "sample", G_CALLBACK (on_sample), self);
  on_devices_changed (self);
}
