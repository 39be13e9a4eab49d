// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "device-strip.h"

#include "graph.h"
#include <glib/gi18n.h>

struct _SqDeviceStrip
{
  GtkButton parent_instance;

  /* Template widgets */
  GtkLabel *value;
  SqGraphWidget *graph;

  SqDeviceMonitor *monitor;
};

G_DEFINE_FINAL_TYPE (SqDeviceStrip, sq_device_strip, GTK_TYPE_BUTTON)

static void
on_sample (SqDeviceStrip *self, SqDeviceSample *sample)
{
  g_autofree char *text = g_strdup_printf (_("%.0f %%"), sample->compute * 100);
  g_autofree char *label = g_strdup_printf (_("CPU %s, show devices"), text);

  sq_graph_widget_push (self->graph, sample->compute, sample->own);
  gtk_label_set_label (self->value, text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

static void
sq_device_strip_dispose (GObject *object)
{
  SqDeviceStrip *self = SQ_DEVICE_STRIP (object);

  sq_device_strip_set_monitor (self, NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), SQ_TYPE_DEVICE_STRIP);
  G_OBJECT_CLASS (sq_device_strip_parent_class)->dispose (object);
}

static void
sq_device_strip_class_init (SqDeviceStripClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sq_device_strip_dispose;
  g_type_ensure (SQ_TYPE_GRAPH_WIDGET);
  gtk_widget_class_set_template_from_resource (widget_class, RESOURCE_BASE "/ui/device-strip.ui");
  gtk_widget_class_bind_template_child (widget_class, SqDeviceStrip, value);
  gtk_widget_class_bind_template_child (widget_class, SqDeviceStrip, graph);
}

static void
sq_device_strip_init (SqDeviceStrip *self)
{
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
  if (monitor != NULL)
    g_signal_connect_swapped (monitor, "sample", G_CALLBACK (on_sample), self);
}
