// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "devices-page.h"

#include "format.h"
#include "graph.h"
#include <glib/gi18n.h>

struct _SqDevicesPage
{
  AdwBin parent_instance;

  /* Template widgets */
  GtkLabel *name, *detail, *fps;
  GtkLabel *compute, *memory;
  SqGraphWidget *compute_graph, *memory_graph;
  GtkBox *others;

  SqDeviceMonitor *monitor;
  guint64 total_memory; // bytes, 0 unknown
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
on_devices_changed (SqDevicesPage *self)
{
  GPtrArray *devices = sq_device_monitor_get_devices (self->monitor);
  GtkWidget *child;
  gboolean gpu = FALSE;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->others))) != NULL)
    gtk_box_remove (self->others, child);
  for (guint i = 0; devices != NULL && i < devices->len; i++)
    {
      const SqDevice *device = devices->pdata[i];

      if (g_str_equal (device->id, "cpu"))
        {
          gtk_label_set_label (self->name, device->name);
          gtk_label_set_label (self->detail, device->detail);
          self->total_memory = device->memory;
          continue;
        }
      gpu = TRUE;
      if (device->reason != NULL)
        add_line (self, device->reason);
    }
  if (!gpu && devices != NULL)
    add_line (self, _("No GPU is used: this build runs networks on the CPU."));
}

static void
on_sample (SqDevicesPage *self, SqDeviceSample *sample)
{
  g_autofree char *own = g_format_size_full (sample->own_bytes, G_FORMAT_SIZE_IEC_UNITS);
  double own_memory = self->total_memory > 0 ? (double) sample->own_bytes / self->total_memory : -1;
  g_autofree char *compute = NULL;
  g_autofree char *memory = NULL;

  sq_graph_widget_push (self->compute_graph, sample->compute, sample->own);
  sq_graph_widget_push (self->memory_graph, sample->memory, own_memory);
  if (!gtk_widget_get_mapped (GTK_WIDGET (self)))
    return;
  // Translators: load of the whole device, then the part of it that is Squint's
  compute = g_strdup_printf (_("%.0f %%, Squint %.0f %%"), sample->compute * 100, sample->own * 100);
  memory = g_strdup_printf (_("%.0f %%, Squint %s"), sample->memory * 100, own);
  gtk_label_set_label (self->compute, compute);
  gtk_label_set_label (self->memory, memory);
}

static void
sq_devices_page_dispose (GObject *object)
{
  SqDevicesPage *self = SQ_DEVICES_PAGE (object);

  sq_devices_page_set_monitor (self, NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), SQ_TYPE_DEVICES_PAGE);
  G_OBJECT_CLASS (sq_devices_page_parent_class)->dispose (object);
}

static void
sq_devices_page_class_init (SqDevicesPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sq_devices_page_dispose;
  g_type_ensure (SQ_TYPE_GRAPH_WIDGET);
  gtk_widget_class_set_template_from_resource (widget_class, RESOURCE_BASE "/ui/devices-page.ui");
  gtk_widget_class_bind_template_child (widget_class, SqDevicesPage, name);
  gtk_widget_class_bind_template_child (widget_class, SqDevicesPage, detail);
  gtk_widget_class_bind_template_child (widget_class, SqDevicesPage, fps);
  gtk_widget_class_bind_template_child (widget_class, SqDevicesPage, compute);
  gtk_widget_class_bind_template_child (widget_class, SqDevicesPage, memory);
  gtk_widget_class_bind_template_child (widget_class, SqDevicesPage, compute_graph);
  gtk_widget_class_bind_template_child (widget_class, SqDevicesPage, memory_graph);
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
sq_devices_page_set_monitor (SqDevicesPage *self, SqDeviceMonitor *monitor)
{
  g_return_if_fail (SQ_IS_DEVICES_PAGE (self));

  if (self->monitor != NULL)
    g_signal_handlers_disconnect_by_data (self->monitor, self);
  g_set_object (&self->monitor, monitor);
  if (monitor == NULL)
    return;
  g_signal_connect_swapped (monitor, "devices-changed", G_CALLBACK (on_devices_changed), self);
  g_signal_connect_swapped (monitor, "sample", G_CALLBACK (on_sample), self);
  on_devices_changed (self);
}

void
sq_devices_page_set_fps (SqDevicesPage *self, double fps)
{
  g_autofree char *text = fps > 0 ? sq_format_fps (fps) : g_strdup ("");

  if (g_strcmp0 (gtk_label_get_label (self->fps), text) != 0)
    gtk_label_set_label (self->fps, text);
}
