// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "workspace-private.h"

#include <glib/gi18n.h>

struct _SqWorkspace
{
  GObject parent_instance;

  GSettings *settings;
  SqProject *project;
  char *project_error;
  SqModelStore *store;
  SqModelStore *samples; // a store of its own, so that the picture is no model
  SqModelList *models;
  SqCompressor *compressor;
  SqRecents *recents;
  SqDeviceMonitor *monitor;
  GCancellable *cancellable; // of the opening project
};

G_DEFINE_FINAL_TYPE (SqWorkspace, sq_workspace, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_SETTINGS,
  PROP_PROJECT,
  PROP_PROJECT_ERROR,
  PROP_MODELS,
  PROP_RECENTS,
  PROP_MONITOR,
  N_PROPS
};

enum
{
  RUN_STARTING,
  N_SIGNALS
};

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

static void
sq_workspace_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SqWorkspace *self = SQ_WORKSPACE (object);

  switch (prop_id)
    {
    case PROP_SETTINGS:
      g_value_set_object (value, self->settings);
      break;
    case PROP_PROJECT:
      g_value_set_object (value, self->project);
      break;
    case PROP_PROJECT_ERROR:
      g_value_set_string (value, self->project_error);
      break;
    case PROP_MODELS:
      g_value_set_object (value, self->models);
      break;
    case PROP_RECENTS:
      g_value_set_object (value, self->recents);
      break;
    case PROP_MONITOR:
      g_value_set_object (value, self->monitor);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sq_workspace_dispose (GObject *object)
{
  SqWorkspace *self = SQ_WORKSPACE (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->project);
  if (self->compressor != NULL)
    sq_compressor_cancel (self->compressor);
  g_clear_object (&self->compressor);
  g_clear_object (&self->models);
  g_clear_object (&self->store);
  g_clear_object (&self->samples);
  g_clear_object (&self->recents);
  g_clear_object (&self->monitor);
  g_clear_object (&self->settings);
  G_OBJECT_CLASS (sq_workspace_parent_class)->dispose (object);
}

static void
sq_workspace_finalize (GObject *object)
{
  g_free (SQ_WORKSPACE (object)->project_error);
  G_OBJECT_CLASS (sq_workspace_parent_class)->finalize (object);
}

static void
sq_workspace_class_init (SqWorkspaceClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = sq_workspace_get_property;
  object_class->dispose = sq_workspace_dispose;
  object_class->finalize = sq_workspace_finalize;

  props[PROP_SETTINGS] = g_param_spec_object ("settings", NULL, NULL, G_TYPE_SETTINGS, flags);
  props[PROP_PROJECT] = g_param_spec_object ("project", NULL, NULL, SQ_TYPE_PROJECT, flags);
  props[PROP_PROJECT_ERROR] = g_param_spec_string ("project-error", NULL, NULL, NULL, flags);
  props[PROP_MODELS] = g_param_spec_object ("models", NULL, NULL, SQ_TYPE_MODEL_LIST, flags);
  props[PROP_RECENTS] = g_param_spec_object ("recents", NULL, NULL, SQ_TYPE_RECENTS, flags);
  props[PROP_MONITOR] = g_param_spec_object ("monitor", NULL, NULL, SQ_TYPE_DEVICE_MONITOR, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);

  signals[RUN_STARTING] = g_signal_new ("run-starting", SQ_TYPE_WORKSPACE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                                        SQ_TYPE_PIPELINE, G_TYPE_POINTER);
}

static void
sq_workspace_init (SqWorkspace *self)
{
}

SqWorkspace *
sq_workspace_new (const char *data_dir)
{
  SqWorkspace *self = g_object_new (SQ_TYPE_WORKSPACE, NULL);
  g_autofree char *models = data_dir != NULL ? g_build_filename (data_dir, "models", NULL) : NULL;
  g_autofree char *samples =
      data_dir != NULL ? g_build_filename (data_dir, "sample", NULL) : g_build_filename (g_get_user_data_dir (), "squint", "sample", NULL);
  g_autofree char *recents = data_dir != NULL ? g_build_filename (data_dir, "recents.xbel", NULL) : NULL;

  self->settings = g_settings_new (APP_ID);
  self->store = sq_model_store_new (models);
  self->samples = sq_model_store_new (samples);
  self->models = sq_model_list_new (self->store, self->settings);
  self->compressor = sq_compressor_new (self->models);
  self->recents = sq_recents_new (recents);
  self->monitor = sq_device_monitor_new ();
  if (data_dir != NULL)
    {
      g_autofree char *project = g_build_filename (data_dir, "sessions.squint", NULL);

      g_settings_set_string (self->settings, "project-file", project);
    }
  return self;
}

GSettings *
sq_workspace_get_settings (SqWorkspace *self)
{
  return self->settings;
}

SqProject *
sq_workspace_get_project (SqWorkspace *self)
{
  return self->project;
}

const char *
sq_workspace_get_project_error (SqWorkspace *self)
{
  return self->project_error;
}

SqModelStore *
_sq_workspace_get_samples (SqWorkspace *self)
{
  return self->samples;
}

SqModelList *
sq_workspace_get_models (SqWorkspace *self)
{
  return self->models;
}

SqCompressor *
sq_workspace_get_compressor (SqWorkspace *self)
{
  return self->compressor;
}

SqRecents *
sq_workspace_get_recents (SqWorkspace *self)
{
  return self->recents;
}

SqDeviceMonitor *
sq_workspace_get_monitor (SqWorkspace *self)
{
  return self->monitor;
}

static void
set_project_error (SqWorkspace *self, const char *message)
{
  g_free (self->project_error);
  self->project_error = g_strdup (message);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PROJECT_ERROR]);
}

static void
on_project_failed (SqWorkspace *self, const char *message)
{
  set_project_error (self, message);
}

static void
on_project_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SqWorkspace) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SqProject) project = sq_project_open_finish (result, &error);

  if (project == NULL)
    {
      if (!g_error_matches (error, SQ_ERROR, SQ_ERROR_CANCELLED) && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        set_project_error (self, error->message);
      return;
    }
  if (self->cancellable == NULL || g_cancellable_is_cancelled (self->cancellable))
    return;
  g_set_object (&self->project, project);
  g_signal_connect_object (project, "failed", G_CALLBACK (on_project_failed), self, G_CONNECT_SWAPPED);
  if (self->project_error != NULL)
    set_project_error (self, NULL);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PROJECT]);
}

void
sq_workspace_open_project (SqWorkspace *self)
{
  g_autofree char *path = g_settings_get_string (self->settings, "project-file");

  g_return_if_fail (SQ_IS_WORKSPACE (self));

  if (*path == '\0')
    {
      g_free (path);
      path = sq_project_default_path ();
    }
  if (self->project != NULL && g_strcmp0 (sq_project_get_path (self->project), path) == 0)
    return;
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  sq_project_open_async (path, SQ_PROJECT_CREATE, self->cancellable, on_project_opened, g_object_ref (self));
}

void
sq_workspace_close (SqWorkspace *self)
{
  g_autoptr (SqProject) project = NULL;
  g_autoptr (GError) error = NULL;

  g_return_if_fail (SQ_IS_WORKSPACE (self));

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  sq_compressor_cancel (self->compressor);
  sq_recents_flush (self->recents);
  project = g_steal_pointer (&self->project);
  if (project == NULL)
    return;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PROJECT]);
  if (!sq_project_close (project, &error))
    g_warning ("%s", error->message);
}

void
sq_workspace_announce_run (SqWorkspace *self, SqPipeline *pipeline, const SqRunStart *start)
{
  g_signal_emit (self, signals[RUN_STARTING], 0, pipeline, start);
}

SqFilterState *
sq_workspace_new_filter (SqWorkspace *self)
{
  SqFilterState *filter = sq_filter_state_new ();

  sq_filter_state_set_confidence (filter, g_settings_get_double (self->settings, "confidence"));
  sq_filter_state_set_overlap (filter, g_settings_get_double (self->settings, "overlap"));
  return filter;
}
