// SPDX-License-Identifier: GPL-3.0-or-later
#include "device-monitor.h"

// What the monitor's thread sees of the object, which may be gone while a delivery is under way.
typedef struct
{
  GWeakRef monitor;
  GMainContext *context;
} Link;

struct _SqDeviceMonitor
{
  GObject parent_instance;

  SqMonitor *monitor;
  GPtrArray *devices, *watched;
};

G_DEFINE_FINAL_TYPE (SqDeviceMonitor, sq_device_monitor, G_TYPE_OBJECT)

enum
{
  DEVICES_CHANGED,
  SAMPLE,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

typedef struct
{
  Link *link;
  SqDeviceSample *samples; // NULL: the devices are known
  guint n;
} Delivery;

static void
link_clear (gpointer data)
{
  Link *link = data;

  g_weak_ref_clear (&link->monitor);
  g_main_context_unref (link->context);
}

static void
link_unref (gpointer link)
{
  g_atomic_rc_box_release_full (link, link_clear);
}

static void
delivery_free (gpointer data)
{
  Delivery *delivery = data;

  link_unref (delivery->link);
  g_free (delivery->samples);
  g_free (delivery);
}

static void
take_devices (SqDeviceMonitor *self)
{
  self->devices = sq_monitor_ref_devices (self->monitor);
  self->watched = g_ptr_array_new ();
  for (guint i = 0; i < self->devices->len; i++)
    {
      SqDevice *device = self->devices->pdata[i];

      if (device->parent == NULL && device->available)
        g_ptr_array_add (self->watched, device);
    }
  g_signal_emit (self, signals[DEVICES_CHANGED], 0);
}

static gboolean
deliver (gpointer data)
{
  Delivery *delivery = data;
  g_autoptr (SqDeviceMonitor) self = g_weak_ref_get (&delivery->link->monitor);

  if (self == NULL || self->monitor == NULL)
    return G_SOURCE_REMOVE;
  if (self->devices == NULL)
    take_devices (self);
  if (delivery->samples != NULL)
    g_signal_emit (self, signals[SAMPLE], 0, delivery->samples, delivery->n);
  return G_SOURCE_REMOVE;
}

static void
on_monitor (const SqDeviceSample *samples, guint n, gpointer data)
{
  Link *link = data;
  Delivery *delivery = g_new0 (Delivery, 1);

  delivery->link = g_atomic_rc_box_acquire (link);
  delivery->samples = g_memdup2 (samples, n * sizeof samples[0]);
  delivery->n = n;
  g_main_context_invoke_full (link->context, G_PRIORITY_DEFAULT_IDLE, deliver, delivery, delivery_free);
}

static void
sq_device_monitor_dispose (GObject *object)
{
  SqDeviceMonitor *self = SQ_DEVICE_MONITOR (object);

  g_clear_pointer (&self->monitor, sq_monitor_free);
  g_clear_pointer (&self->watched, g_ptr_array_unref);
  g_clear_pointer (&self->devices, g_ptr_array_unref);
  G_OBJECT_CLASS (sq_device_monitor_parent_class)->dispose (object);
}

static void
sq_device_monitor_class_init (SqDeviceMonitorClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sq_device_monitor_dispose;

  signals[DEVICES_CHANGED] =
      g_signal_new ("devices-changed", SQ_TYPE_DEVICE_MONITOR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SAMPLE] =
      g_signal_new ("sample", SQ_TYPE_DEVICE_MONITOR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_POINTER, G_TYPE_UINT);
}

static void
sq_device_monitor_init (SqDeviceMonitor *self)
{
  Link *link = g_atomic_rc_box_new0 (Link);

  g_weak_ref_init (&link->monitor, self);
  link->context = g_main_context_ref_thread_default ();
  self->monitor = sq_monitor_new (on_monitor, link, link_unref);
}

SqDeviceMonitor *
sq_device_monitor_new (void)
{
  return g_object_new (SQ_TYPE_DEVICE_MONITOR, NULL);
}

GPtrArray *
sq_device_monitor_get_devices (SqDeviceMonitor *self)
{
  g_return_val_if_fail (SQ_IS_DEVICE_MONITOR (self), NULL);
  return self->devices;
}

GPtrArray *
sq_device_monitor_get_watched (SqDeviceMonitor *self)
{
  g_return_val_if_fail (SQ_IS_DEVICE_MONITOR (self), NULL);
  return self->watched;
}

guint
sq_device_monitor_get_history (SqDeviceMonitor *self, const char *id, SqDeviceSample *samples, guint max)
{
  g_return_val_if_fail (SQ_IS_DEVICE_MONITOR (self), 0);
  return sq_monitor_get_history (self->monitor, id, samples, max);
}

guint
sq_device_monitor_get_cores (SqDeviceMonitor *self, float *load, guint max)
{
  g_return_val_if_fail (SQ_IS_DEVICE_MONITOR (self), 0);
  return sq_monitor_get_cores (self->monitor, load, max);
}
