// SPDX-License-Identifier: GPL-3.0-or-later
#include "busy.h"

typedef struct
{
  int active;
  gint64 since_us; // what the two totals are true of
  gint64 work_us, any_us;
} Busy;

static GMutex lock;
static GHashTable *devices; // id -> Busy, under lock

// With the lock held: the device's entry, brought up to now.
static Busy *
touch (const char *id)
{
  gint64 now = g_get_monotonic_time ();
  Busy *busy;

  if (devices == NULL)
    devices = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  busy = g_hash_table_lookup (devices, id);
  if (busy == NULL)
    {
      busy = g_new0 (Busy, 1);
      g_hash_table_insert (devices, g_strdup (id), busy);
    }
  busy->work_us += busy->active * (now - busy->since_us);
  busy->any_us += busy->active > 0 ? now - busy->since_us : 0;
  busy->since_us = now;
  return busy;
}

void
sq_device_busy_begin (const char *id)
{
  g_mutex_lock (&lock);
  touch (id)->active++;
  g_mutex_unlock (&lock);
}

void
sq_device_busy_end (const char *id)
{
  g_mutex_lock (&lock);
  touch (id)->active--;
  g_mutex_unlock (&lock);
}

void
sq_device_busy_read (const char *id, gint64 *work_ns, gint64 *any_ns)
{
  const Busy *busy;

  g_mutex_lock (&lock);
  busy = touch (id);
  *work_ns = busy->work_us * 1000;
  *any_ns = busy->any_us * 1000;
  g_mutex_unlock (&lock);
}
