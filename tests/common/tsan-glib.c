// SPDX-License-Identifier: GPL-3.0-or-later
// Teaches ThreadSanitizer what GLib's own synchronisation means. GLib is not built with the sanitizer and takes its locks with futexes,
// which the sanitizer cannot see; without this file every correct use of a GMutex is reported. The functions below stand before GLib's in
// the link order, tell the sanitizer and call the real ones.
//
// Linked into the tests only where the build has -Db_sanitize=thread. Run with G_SLICE=always-malloc and
// TSAN_OPTIONS=ignore_noninstrumented_modules=1.
#include <dlfcn.h>
#include <gio/gio.h>

void __tsan_acquire (void *address);
void __tsan_release (void *address);

#undef g_object_ref
#undef g_task_run_in_thread
#undef g_idle_add

static gpointer
find (gpointer *slot, const char *name)
{
  gpointer function = __atomic_load_n (slot, __ATOMIC_ACQUIRE);

  if (function == NULL)
    {
      function = dlsym (RTLD_NEXT, name);
      __atomic_store_n (slot, function, __ATOMIC_RELEASE);
    }
  return function;
}

#define REAL(name)                                                                                                                         \
  static gpointer slot;                                                                                                                    \
  __typeof__ (&name) real = (__typeof__ (&name)) find (&slot, #name)

// What happened before on any thread is visible after.
static void
meet (gpointer address)
{
  __tsan_release (address);
  __tsan_acquire (address);
}

void
g_mutex_lock (GMutex *mutex)
{
  REAL (g_mutex_lock);
  real (mutex);
  __tsan_acquire (mutex);
}

void
g_mutex_unlock (GMutex *mutex)
{
  REAL (g_mutex_unlock);
  __tsan_release (mutex);
  real (mutex);
}

void
g_cond_wait (GCond *cond, GMutex *mutex)
{
  REAL (g_cond_wait);
  __tsan_release (mutex);
  real (cond, mutex);
  __tsan_acquire (mutex);
}

gboolean
g_cond_wait_until (GCond *cond, GMutex *mutex, gint64 end_time)
{
  gboolean signalled;
  REAL (g_cond_wait_until);
  __tsan_release (mutex);
  signalled = real (cond, mutex, end_time);
  __tsan_acquire (mutex);
  return signalled;
}

void
g_async_queue_push (GAsyncQueue *queue, gpointer data)
{
  REAL (g_async_queue_push);
  __tsan_release (queue);
  real (queue, data);
}

gpointer
g_async_queue_pop (GAsyncQueue *queue)
{
  gpointer data;
  REAL (g_async_queue_pop);
  data = real (queue);
  __tsan_acquire (queue);
  return data;
}

gpointer
g_async_queue_try_pop (GAsyncQueue *queue)
{
  gpointer data;
  REAL (g_async_queue_try_pop);
  data = real (queue);
  __tsan_acquire (queue);
  return data;
}

gpointer
g_async_queue_timeout_pop (GAsyncQueue *queue, guint64 timeout)
{
  gpointer data;
  REAL (g_async_queue_timeout_pop);
  data = real (queue, timeout);
  __tsan_acquire (queue);
  return data;
}

gboolean (g_once_init_enter) (volatile void *location)
{
  gboolean first;
  static gpointer slot;
  gboolean (*real) (volatile void *) = (gboolean (*) (volatile void *)) find (&slot, "g_once_init_enter");
  first = real (location);
  __tsan_acquire ((void *) location);
  return first;
}

void (g_once_init_leave) (volatile void *location, gsize result)
{
  static gpointer slot;
  void (*real) (volatile void *, gsize) = (void (*) (volatile void *, gsize)) find (&slot, "g_once_init_leave");
  __tsan_release ((void *) location);
  real (location, result);
}

void
g_atomic_rc_box_release_full (gpointer box, GDestroyNotify clear)
{
  REAL (g_atomic_rc_box_release_full);
  meet (box);
  real (box, clear);
}

void
g_object_unref (gpointer object)
{
  REAL (g_object_unref);
  meet (object);
  real (object);
}

gpointer
g_weak_ref_get (GWeakRef *weak)
{
  gpointer object;
  REAL (g_weak_ref_get);
  object = real (weak);
  if (object != NULL)
    __tsan_acquire (object);
  return object;
}

#define UNREF(name, Type)                                                                                                                  \
  void name (Type *value)                                                                                                                  \
  {                                                                                                                                        \
    REAL (name);                                                                                                                           \
    meet (value);                                                                                                                          \
    real (value);                                                                                                                          \
  }

UNREF (g_array_unref, GArray)
UNREF (g_ptr_array_unref, GPtrArray)
UNREF (g_hash_table_unref, GHashTable)
UNREF (g_bytes_unref, GBytes)

// Tasks: what the caller did is seen by the worker, what the worker did by whoever takes the result.
static void
run_task (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GTaskThreadFunc func = g_object_get_data (G_OBJECT (task), "tsan-func");

  __tsan_acquire (task);
  func (task, source, data, cancellable);
}

void
g_task_run_in_thread (GTask *task, GTaskThreadFunc func)
{
  REAL (g_task_run_in_thread);
  g_object_set_data (G_OBJECT (task), "tsan-func", func);
  __tsan_release (task);
  real (task, run_task);
}

void
g_task_return_pointer (GTask *task, gpointer result, GDestroyNotify destroy)
{
  REAL (g_task_return_pointer);
  __tsan_release (task);
  real (task, result, destroy);
}

void
g_task_return_boolean (GTask *task, gboolean result)
{
  REAL (g_task_return_boolean);
  __tsan_release (task);
  real (task, result);
}

void
g_task_return_int (GTask *task, gssize result)
{
  REAL (g_task_return_int);
  __tsan_release (task);
  real (task, result);
}

void
g_task_return_error (GTask *task, GError *error)
{
  REAL (g_task_return_error);
  __tsan_release (task);
  real (task, error);
}

gpointer
g_task_propagate_pointer (GTask *task, GError **error)
{
  REAL (g_task_propagate_pointer);
  __tsan_acquire (task);
  return real (task, error);
}

gboolean
g_task_propagate_boolean (GTask *task, GError **error)
{
  REAL (g_task_propagate_boolean);
  __tsan_acquire (task);
  return real (task, error);
}

gssize
g_task_propagate_int (GTask *task, GError **error)
{
  REAL (g_task_propagate_int);
  __tsan_acquire (task);
  return real (task, error);
}

// Sources: what was done before attaching is seen by the callback.
typedef struct
{
  GSourceFunc func;
  gpointer data;
  GDestroyNotify notify;
} Callback;

static gboolean
call (gpointer data)
{
  Callback *callback = data;

  __tsan_acquire (callback);
  return callback->func (callback->data);
}

static void
destroy_callback (gpointer data)
{
  Callback *callback = data;

  __tsan_acquire (callback);
  if (callback->notify != NULL)
    callback->notify (callback->data);
  g_free (callback);
}

static Callback *
wrap (GSourceFunc func, gpointer data, GDestroyNotify notify)
{
  Callback *callback = g_new (Callback, 1);

  *callback = (Callback){ func, data, notify };
  __tsan_release (callback);
  return callback;
}

guint
g_idle_add_full (gint priority, GSourceFunc func, gpointer data, GDestroyNotify notify)
{
  REAL (g_idle_add_full);
  return real (priority, call, wrap (func, data, notify), destroy_callback);
}

guint
g_idle_add (GSourceFunc func, gpointer data)
{
  return g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, func, data, NULL);
}

guint
g_timeout_add_full (gint priority, guint interval, GSourceFunc func, gpointer data, GDestroyNotify notify)
{
  REAL (g_timeout_add_full);
  return real (priority, interval, call, wrap (func, data, notify), destroy_callback);
}

guint
g_timeout_add (guint interval, GSourceFunc func, gpointer data)
{
  return g_timeout_add_full (G_PRIORITY_DEFAULT, interval, func, data, NULL);
}

void
g_main_context_invoke_full (GMainContext *context, gint priority, GSourceFunc func, gpointer data, GDestroyNotify notify)
{
  REAL (g_main_context_invoke_full);
  real (context, priority, call, wrap (func, data, notify), destroy_callback);
}

void
g_main_context_invoke (GMainContext *context, GSourceFunc func, gpointer data)
{
  g_main_context_invoke_full (context, G_PRIORITY_DEFAULT, func, data, NULL);
}

// Sources of other libraries may pass more to their callbacks: theirs are left alone.
static gboolean
is_ours (gpointer caller)
{
  Dl_info us, them;

  return dladdr (find, &us) != 0 && dladdr (caller, &them) != 0 && us.dli_fbase == them.dli_fbase;
}

void
g_source_set_callback (GSource *source, GSourceFunc func, gpointer data, GDestroyNotify notify)
{
  REAL (g_source_set_callback);
  if (is_ours (__builtin_return_address (0)))
    real (source, call, wrap (func, data, notify), destroy_callback);
  else
    real (source, func, data, notify);
}
