// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor.h"

#include "busy.h"
#include "cpu-load.h"
#include "nvml.h"
#include <string.h>

#define SILENCE_US (2 * G_USEC_PER_SEC) // longer and a GPU does not answer

// A GPU and the thread that asks it. Both may outlive the monitor: the thread in a driver that does not return.
typedef struct
{
  const SqNvml *nvml;
  gpointer gpu;
  GMutex lock;
  GCond cond;
  gboolean stop;
  SqDeviceSample last; // under lock
} Probe;

typedef struct
{
  const SqDevice *device;
  Probe *probe;            // NULL: the CPU, or nothing to ask
  gint64 busy_ns, busy_us; // the engine's, at the reading before
  SqDeviceSample ring[SQ_MONITOR_HISTORY];
  guint64 n;
} Watched;

struct _SqMonitor
{
  GThread *thread;
  SqMonitorFunc func;
  gpointer user_data;
  GDestroyNotify notify;

  GMutex lock;
  GCond cond;
  gboolean stop;      // under lock, as is all below
  GPtrArray *devices; // SqDevice
  GPtrArray *watched; // Watched, one per device that is no part of another
  SqCpuTimes times;
  float cores[SQ_MAX_CORES];
  int n_cores;
};

static void
probe_clear (gpointer data)
{
  Probe *self = data;

  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
}

static void
probe_unref (gpointer self)
{
  g_atomic_rc_box_release_full (self, probe_clear);
}

static gpointer
probe_main (gpointer data)
{
  Probe *self = data;

  g_mutex_lock (&self->lock);
  while (!self->stop)
    {
      gint64 until = g_get_monotonic_time () + SQ_MONITOR_INTERVAL_MS * G_TIME_SPAN_MILLISECOND;
      SqDeviceSample sample;

      g_mutex_unlock (&self->lock);
      sq_nvml_sample (self->nvml, self->gpu, &sample);
      g_mutex_lock (&self->lock);
      self->last = sample;
      while (!self->stop && g_cond_wait_until (&self->cond, &self->lock, until))
        ;
    }
  g_mutex_unlock (&self->lock);
  probe_unref (self);
  return NULL;
}

static Probe *
probe_new (SqDevice *device)
{
  g_autoptr (GError) error = NULL;
  const SqNvml *nvml = sq_nvml_open (&error);
  gpointer gpu = nvml != NULL ? sq_nvml_find (nvml, device->pci, &error) : NULL;
  Probe *self;

  if (error != NULL)
    {
      device->unread = g_strdup (error->message);
      return NULL;
    }
  self = g_atomic_rc_box_new0 (Probe);
  self->nvml = nvml;
  self->gpu = gpu;
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  sq_device_sample_clear (&self->last);
  g_thread_unref (g_thread_new ("gpu-monitor", probe_main, g_atomic_rc_box_acquire (self)));
  return self;
}

static void
watched_free (gpointer data)
{
  Watched *self = data;

  if (self->probe != NULL)
    {
      g_mutex_lock (&self->probe->lock);
      self->probe->stop = TRUE;
      g_cond_signal (&self->probe->cond);
      g_mutex_unlock (&self->probe->lock);
      probe_unref (self->probe);
    }
  g_free (self);
}

static gboolean
is_cpu (const Watched *self)
{
  return g_str_equal (self->device->id, "cpu");
}

// How long the engine had work on the device since the last time: of the CPU per core, of a GPU whether any lane had.
static double
engine_share (Watched *self, const GPtrArray *devices, gint64 now_us)
{
  gint64 work, any, total = 0;
  double share;

  sq_device_busy_read (self->device->id, &work, &any);
  total = is_cpu (self) ? work : any;
  for (guint i = 0; i < devices->len; i++)
    {
      const SqDevice *part = g_ptr_array_index (devices, i);

      if (g_strcmp0 (part->parent, self->device->id) != 0)
        continue;
      sq_device_busy_read (part->id, &work, &any);
      total += work;
    }
  share = self->busy_us == 0 ? 0 : (double) (total - self->busy_ns) / 1e3 / (double) MAX (now_us - self->busy_us, 1);
  if (is_cpu (self))
    share /= MAX (self->device->cores, 1);
  self->busy_ns = total;
  self->busy_us = now_us;
  return CLAMP (share, 0, 1);
}

static void
read_device (SqMonitor *self, Watched *watched, SqDeviceSample *sample)
{
  gint64 now = g_get_monotonic_time ();

  if (is_cpu (watched))
    self->n_cores = sq_cpu_load_read (&self->times, sample, self->cores);
  else
    sq_device_sample_clear (sample);
  if (watched->probe != NULL)
    {
      g_mutex_lock (&watched->probe->lock);
      *sample = watched->probe->last;
      g_mutex_unlock (&watched->probe->lock);
      if (now - sample->time_us > SILENCE_US)
        {
          sq_device_sample_clear (sample);
          sample->answering = FALSE;
        }
      sample->time_us = now;
    }
  if (sample->answering)
    sample->busy = engine_share (watched, self->devices, now);
  watched->ring[watched->n++ % SQ_MONITOR_HISTORY] = *sample;
}

static void
list_devices (SqMonitor *self)
{
  GPtrArray *devices = sq_device_list ();
  GPtrArray *watched = g_ptr_array_new_with_free_func (watched_free);

  for (guint i = 0; i < devices->len; i++)
    {
      SqDevice *device = g_ptr_array_index (devices, i);
      Watched *w;

      if (device->parent != NULL || !device->available)
        continue;
      w = g_new0 (Watched, 1);
      w->device = device;
      w->probe = device->pci != NULL ? probe_new (device) : NULL;
      g_ptr_array_add (watched, w);
    }
  g_mutex_lock (&self->lock);
  self->devices = devices;
  self->watched = watched;
  g_mutex_unlock (&self->lock);
}

static gpointer
monitor_main (gpointer data)
{
  SqMonitor *self = data;
  g_autofree SqDeviceSample *samples = NULL;
  gint64 due;

  list_devices (self);
  samples = g_new (SqDeviceSample, self->watched->len);
  self->func (NULL, 0, self->user_data);
  due = g_get_monotonic_time ();
  g_mutex_lock (&self->lock);
  sq_cpu_load_read (&self->times, &samples[0], NULL); // the first reading has no past to compare with
  while (!self->stop)
    {
      due = MAX (due + SQ_MONITOR_INTERVAL_MS * G_TIME_SPAN_MILLISECOND, g_get_monotonic_time ());
      while (!self->stop && g_cond_wait_until (&self->cond, &self->lock, due))
        ;
      if (self->stop)
        break;
      for (guint i = 0; i < self->watched->len; i++)
        read_device (self, g_ptr_array_index (self->watched, i), &samples[i]);
      g_mutex_unlock (&self->lock);
      self->func (samples, self->watched->len, self->user_data);
      g_mutex_lock (&self->lock);
    }
  g_mutex_unlock (&self->lock);
  return NULL;
}

SqMonitor *
sq_monitor_new (SqMonitorFunc func, gpointer user_data, GDestroyNotify notify)
{
  SqMonitor *self = g_new0 (SqMonitor, 1);

  self->func = func;
  self->user_data = user_data;
  self->notify = notify;
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  self->thread = g_thread_new ("monitor", monitor_main, self);
  return self;
}

void
sq_monitor_free (SqMonitor *self)
{
  g_mutex_lock (&self->lock);
  self->stop = TRUE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
  g_thread_join (self->thread);
  if (self->notify != NULL)
    self->notify (self->user_data);
  g_ptr_array_unref (self->watched);
  g_ptr_array_unref (self->devices);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
  g_free (self);
}

GPtrArray *
sq_monitor_ref_devices (SqMonitor *self)
{
  GPtrArray *devices;

  g_mutex_lock (&self->lock);
  devices = self->devices != NULL ? g_ptr_array_ref (self->devices) : NULL;
  g_mutex_unlock (&self->lock);
  return devices;
}

guint
sq_monitor_get_history (SqMonitor *self, const char *id, SqDeviceSample *samples, guint max)
{
  guint got = 0;

  g_mutex_lock (&self->lock);
  for (guint i = 0; self->watched != NULL && i < self->watched->len; i++)
    {
      const Watched *w = g_ptr_array_index (self->watched, i);

      if (!g_str_equal (w->device->id, id))
        continue;
      got = (guint) MIN (MIN (w->n, SQ_MONITOR_HISTORY), max);
      for (guint k = 0; k < got; k++)
        samples[k] = w->ring[(w->n - got + k) % SQ_MONITOR_HISTORY];
    }
  g_mutex_unlock (&self->lock);
  return got;
}

guint
sq_monitor_get_cores (SqMonitor *self, float *load, guint max)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = MIN ((guint) self->n_cores, max);
  memcpy (load, self->cores, n * sizeof load[0]);
  g_mutex_unlock (&self->lock);
  return n;
}
