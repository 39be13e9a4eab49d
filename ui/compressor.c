// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "compressor.h"

#include "compressor-private.h"
#include <glib/gi18n.h>

#define SECONDS 2 // of measuring
#define MIN_ELAPSED_US (2 * G_USEC_PER_SEC)

struct _SqCompressor
{
  GObject parent_instance;

  SqModelList *models;
  GCancellable *cancellable; // of what is under way
  SqCompressProgress *progress;
  gint64 start_us;
  double seconds;
};

G_DEFINE_FINAL_TYPE (SqCompressor, sq_compressor, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_BUSY,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

static void
sq_compressor_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  switch (prop_id)
    {
    case PROP_BUSY:
      g_value_set_boolean (value, sq_compressor_get_busy (SQ_COMPRESSOR (object)));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sq_compressor_dispose (GObject *object)
{
  SqCompressor *self = SQ_COMPRESSOR (object);

  sq_compressor_cancel (self);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->progress, g_atomic_rc_box_release);
  g_clear_object (&self->models);
  G_OBJECT_CLASS (sq_compressor_parent_class)->dispose (object);
}

static void
sq_compressor_class_init (SqCompressorClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = sq_compressor_get_property;
  object_class->dispose = sq_compressor_dispose;
  props[PROP_BUSY] = g_param_spec_boolean ("busy", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
sq_compressor_init (SqCompressor *self)
{
  self->seconds = SECONDS;
}

SqCompressor *
sq_compressor_new (SqModelList *models)
{
  SqCompressor *self = g_object_new (SQ_TYPE_COMPRESSOR, NULL);

  self->models = g_object_ref (models);
  return self;
}

/* One job */

static void
begin (SqCompressor *self)
{
  self->cancellable = g_cancellable_new ();
  self->progress = g_atomic_rc_box_new0 (SqCompressProgress);
  self->start_us = g_get_monotonic_time ();
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_BUSY]);
}

static void
end (SqCompressor *self)
{
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->progress, g_atomic_rc_box_release);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_BUSY]);
}

static gboolean
refuse (SqCompressor *self, GTask *task)
{
  if (self->cancellable == NULL)
    return FALSE;
  g_task_return_new_error (task, SQ_ERROR, SQ_ERROR_BUSY, _("Another variant is being made or measured; wait for it or cancel it first."));
  return TRUE;
}

static void
on_worked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqCompressor *self = SQ_COMPRESSOR (source);
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (SqInstalledModel) made = g_task_propagate_pointer (G_TASK (result), &error);

  end (self);
  if (made == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, g_object_ref (sq_model_list_adopt (self->models, made)), g_object_unref);
}

static void
work_on (SqCompressor *self, SqCompressWork *work, GTask *task)
{
  g_autoptr (GTask) worker = g_task_new (self, self->cancellable, on_worked, g_object_ref (task));

  g_task_set_check_cancellable (worker, FALSE); // the worker says what happened
  g_task_set_task_data (worker, work, _sq_compress_work_free);
  g_task_run_in_thread (worker, _sq_compress_work_thread);
}

static gboolean
is_cancelled (SqCompressor *self, GError **error)
{
  if (!g_cancellable_is_cancelled (self->cancellable))
    return FALSE;
  g_clear_error (error);
  g_set_error_literal (error, SQ_ERROR, SQ_ERROR_CANCELLED, "Compressing was cancelled; nothing was written.");
  return TRUE;
}

static void
on_original (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SqCompressor *self = g_task_get_source_object (task);
  SqCompressWork *work = g_task_get_task_data (task);
  GError *error = NULL;
  SqModel *model = sq_model_list_load_finish (SQ_MODEL_LIST (source), result, &error);

  if (model == NULL || is_cancelled (self, &error))
    {
      g_clear_pointer (&model, sq_model_unref);
      end (self);
      g_task_return_error (task, error);
      return;
    }
  work->original = model;
  work_on (self, _sq_compress_work_ref (work), task);
}

static SqCompressWork *
make_work (SqCompressor *self, SqModelEntry *original)
{
  SqCompressWork *work = g_atomic_rc_box_new0 (SqCompressWork);

  work->store = g_object_ref (sq_model_list_get_store (self->models));
  work->progress = g_atomic_rc_box_acquire (self->progress);
  work->device = sq_model_list_dup_device (self->models);
  work->seconds = self->seconds;
  work->original_id = g_strdup (sq_model_entry_get_id (original));
  work->original_title = g_strdup (sq_model_entry_get_title (original));
  return work;
}

void
sq_compressor_run_async (SqCompressor *self, const SqCompressJob *job, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);
  SqCompressWork *work;

  g_return_if_fail (SQ_IS_COMPRESSOR (self));
  g_return_if_fail (SQ_IS_MODEL_ENTRY (job->original));

  if (refuse (self, task))
    return;
  begin (self);
  work = make_work (self, job->original);
  work->recipe = g_strdup (job->recipe);
  work->pictures = g_strdup (job->pictures);
  g_set_object (&work->project, job->project);
  g_task_set_task_data (task, work, _sq_compress_work_free);
  sq_model_list_load_async (self->models, job->original, self->cancellable, on_original, g_steal_pointer (&task));
}

SqModelEntry *
sq_compressor_run_finish (SqCompressor *self, GAsyncResult *result, GError **error)
{
  g_autoptr (SqModelEntry) entry = g_task_propagate_pointer (G_TASK (result), error);

  return entry; // the list holds it
}

void
sq_compressor_measure_async (SqCompressor *self, SqModelEntry *variant, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);
  SqModelEntry *original;
  SqCompressWork *work;

  g_return_if_fail (SQ_IS_COMPRESSOR (self));
  g_return_if_fail (sq_model_entry_get_variant (variant) != NULL);

  original = sq_model_list_get_original (self->models, variant);
  if (original == NULL)
    {
      g_task_return_new_error (task, SQ_ERROR, SQ_ERROR_IO, _("“%s” is no longer there to measure against; add it again."),
                               sq_model_entry_get_variant (variant)->original_title);
      return;
    }
  if (refuse (self, task))
    return;
  begin (self);
  work = make_work (self, original);
  work->variant_id = g_strdup (sq_model_entry_get_id (variant));
  work->variant_path = g_strdup (sq_model_entry_get_path (variant));
  g_task_set_task_data (task, work, _sq_compress_work_free);
  sq_model_list_load_async (self->models, original, self->cancellable, on_original, g_steal_pointer (&task));
}

gboolean
sq_compressor_measure_finish (SqCompressor *self, GAsyncResult *result, GError **error)
{
  g_autoptr (SqModelEntry) entry = g_task_propagate_pointer (G_TASK (result), error);

  return entry != NULL;
}

void
sq_compressor_cancel (SqCompressor *self)
{
  g_return_if_fail (SQ_IS_COMPRESSOR (self));
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
}

gboolean
sq_compressor_get_busy (SqCompressor *self)
{
  g_return_val_if_fail (SQ_IS_COMPRESSOR (self), FALSE);
  return self->cancellable != NULL;
}

double
sq_compressor_get_fraction (SqCompressor *self)
{
  return self->progress != NULL ? g_atomic_int_get (&self->progress->permille) / 1000. : 0;
}

const char *
sq_compressor_get_step (SqCompressor *self)
{
  const char *step = self->progress != NULL ? g_atomic_pointer_get (&self->progress->step) : NULL;

  return step != NULL ? gettext (step) : _("Reading the model");
}

double
sq_compressor_get_remaining (SqCompressor *self)
{
  double fraction = sq_compressor_get_fraction (self);
  gint64 elapsed = g_get_monotonic_time () - self->start_us;

  if (self->progress == NULL || elapsed < MIN_ELAPSED_US || fraction < .03)
    return -1;
  return (double) elapsed / G_USEC_PER_SEC * (1 - fraction) / fraction;
}

void
sq_compressor_set_seconds (SqCompressor *self, double seconds)
{
  self->seconds = seconds;
}
