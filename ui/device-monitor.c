// SPDX-License-Identifier: GPL-3.0-or-later
#include "device-monitor.h"

// What the thread owns; the object may be gone while a delivery is under way, so each delivery holds a weak reference.
typedef struct
{
  GMutex lock;
  GCond cond;
  gboolean stop;
  GWeakRef monitor;
  GMainContext *context;
} Sampler;

struct _SqDeviceMonitor
{
  GObject parent_instance;

  GThread *thread;
  Sampler *sampler;
  GPtrArray *devices;
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
  Sampler *sampler;
  GPtrArray *devices;
  SqDeviceSample sample;
} Delivery;

static void
sampler_clear (gpointer data)
{
  Sampler *sampler = data;

  g_mutex_clear (&sampler->lock);
  g_cond_clear (&sampler->cond);
  g_weak_ref_clear (&sampler->monitor);
  g_main_context_unref (sampler->context);
}

static void
delivery_free (gpointer data)
{
  Delivery *delivery = data;

  g_clear_pointer (&delivery->devices, g_ptr_array_unref);
  g_atomic_rc_box_release_full (delivery->sampler, sampler_clear);
  g_free (delivery);
}

static gboolean
deliver (gpointer data)
{
  Delivery *delivery = data;
  g_autoptr (SqDeviceMonitor) self = g_weak_ref_get (&delivery->sampler->monitor);

  if (self == NULL)
    return G_SOURCE_REMOVE;
  if (delivery->devices != NULL)
    {
      g_clear_pointer (&self->devices, g_ptr_array_unref);
      self->devices = g_steal_pointer (&delivery->devices);
      g_signal_emit (self, signals[DEVICES_CHANGED], 0);
    }
  else
    {
      g_signal_emit (self, signals[SAMPLE], 0, &delivery->sample);
    }
  return G_SOURCE_REMOVE;
}

static void
post (Sampler *sampler, GPtrArray *devices, const SqDeviceSample *sample)
{
  Delivery *delivery = g_new0 (Delivery, 1);

  delivery->sampler = g_atomic_rc_box_acquire (sampler);
  delivery->devices = devices;
  if (sample != NULL)
    delivery->sample = *sample;
  g_main_context_invoke_full (sampler->context, G_PRIORITY_DEFAULT_IDLE, deliver, delivery, delivery_free);
}

static gpointer
sampler_run (gpointer data)
{
  Sampler *sampler = data;
  SqCpuTimes times = { 0 };
  SqDeviceSample sample;

  post (sampler, sq_device_list (), NULL);
  sq_device_sample_cpu (&times, &sample); // the first reading has no past to compare with

  g_mutex_lock (&sampler->lock);
  while (!sampler->stop)
    {
      gint64 until = g_get_monotonic_time () + SQ_MONITOR_INTERVAL_MS * G_TIME_SPAN_MILLISECOND;

      while (!sampler->stop && g_cond_wait_until (&sampler->cond, &sampler->lock, until))
        ;
      if (sampler->stop)
        break;
      g_mutex_unlock (&sampler->lock);
      sq_device_sample_cpu (&times, &sample);
      post (sampler, NULL, &sample);
      g_mutex_lock (&sampler->lock);
    }
  g_mutex_unlock (&sampler->lock);
  g_atomic_rc_box_release_full (sampler, sampler_clear);
  return NULL;
}

static void
sq_device_monitor_dispose (GObject *object)
{
  SqDeviceMonitor *self = SQ_DEVICE_MONITOR (object);

  if (self->thread != NULL)
    {
      g_mutex_lock (&self->sampler->lock);
      self->sampler->stop = TRUE;
      g_cond_signal (&self->sampler->cond);
      g_mutex_unlock (&self->sampler->lock);
      g_thread_join (g_steal_pointer (&self->thread));
      g_atomic_rc_box_release_full (g_steal_pointer (&self->sampler), sampler_clear);
    }
  g_clear_pointer (&self->devices, g_ptr_array_unref);
  G_OBJECT_CLASS (sq_device_monitor_parent_class)->dispose (object);
}

static void
sq_device_monitor_class_init (SqDeviceMonitorClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sq_device_monitor_dispose;

  signals[DEVICES_CHANGED] =
      g_signal_new ("devices-changed", SQ_TYPE_DEVICE_MONITOR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SAMPLE] = g_signal_new ("sample", SQ_TYPE_DEVICE_MONITOR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_POINTER);
}

static void
sq_device_monitor_init (SqDeviceMonitor *self)
{
  self->sampler = g_atomic_rc_box_new0 (Sampler);
  g_mutex_init (&self->sampler->lock);
  g_cond_init (&self->sampler->cond);
  g_weak_ref_init (&self->sampler->monitor, self);
  self->sampler->context = g_main_context_ref_thread_default ();
  self->thread = g_thread_new ("device-monitor", sampler_run, g_atomic_rc_box_acquire (self->sampler));
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
