// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "detect-page-private.h"

#include <glib/gi18n.h>

G_DEFINE_FINAL_TYPE (SqDetectPage, sq_detect_page, ADW_TYPE_BIN)

enum
{
  PROP_0,
  PROP_WORKSPACE,
  PROP_TITLE,
  PROP_SUBTITLE,
  PROP_HAS_RUN,
  PROP_INSPECTOR_VISIBLE,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

void
_sq_detect_page_show (SqDetectPage *self, const char *name)
{
  gtk_stack_set_visible_child_name (self->stack, name);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_HAS_RUN]);
}

void
_sq_detect_page_show_error (SqDetectPage *self, const char *title, const char *message)
{
  g_autofree char *escaped = g_markup_escape_text (message, -1);
  g_autofree char *name = self->paths != NULL ? g_path_get_basename (self->paths[0]) : NULL;

  _sq_detect_page_set_title (self, name, NULL);
  adw_status_page_set_title (self->error_page, title);
  adw_status_page_set_description (self->error_page, escaped);
  _sq_detect_page_set_busy (self, NULL);
  _sq_detect_page_show (self, "error");
}

void
_sq_detect_page_set_title (SqDetectPage *self, const char *title, const char *subtitle)
{
  if (g_strcmp0 (title, self->title) != 0)
    {
      g_free (self->title);
      self->title = g_strdup (title);
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_TITLE]);
    }
  if (g_strcmp0 (subtitle, self->subtitle) != 0)
    {
      g_free (self->subtitle);
      self->subtitle = g_strdup (subtitle);
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_SUBTITLE]);
    }
}

void
_sq_detect_page_set_busy (SqDetectPage *self, const char *text)
{
  sq_busy_bar_set_text (self->busy, text);
}

/* Callbacks of the template */

static void
on_detections_changed (SqDetectPage *self)
{
  SqResult *result = sq_video_view_get_result (self->view);

  sq_inspector_set_detections (self->inspector, sq_video_view_get_detections (self->view), self->moving);
  if (result != NULL)
    sq_inspector_set_nms_done (self->inspector, result->nms_done);
}

static void
on_filter_changed (SqDetectPage *self)
{
  sq_density_strip_set_confidence (self->density_strip, sq_filter_state_get_confidence (self->filter));
}

static void
on_strip_seek (SqDensityStrip *strip, gint64 pts_ns, SqDetectPage *self)
{
  _sq_detect_page_on_seek (self, pts_ns);
}

static void
on_transport_seek (SqTransportBar *transport, gint64 pts_ns, SqDetectPage *self)
{
  _sq_detect_page_on_seek (self, pts_ns);
}

static void
on_transport_step (SqTransportBar *transport, int direction, SqDetectPage *self)
{
  sq_detect_page_step (self, direction);
}

static void
on_transport_rate (SqTransportBar *transport, double rate, SqDetectPage *self)
{
  _sq_detect_page_on_rate (self, rate);
}

/* Object */

static void
sq_detect_page_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SqDetectPage *self = SQ_DETECT_PAGE (object);

  switch (prop_id)
    {
    case PROP_WORKSPACE:
      g_value_set_object (value, self->workspace);
      break;
    case PROP_TITLE:
      g_value_set_string (value, self->title != NULL ? self->title : _("Detect"));
      break;
    case PROP_SUBTITLE:
      g_value_set_string (value, self->subtitle != NULL ? self->subtitle : "");
      break;
    case PROP_HAS_RUN:
      g_value_set_boolean (value, sq_detect_page_get_has_run (self));
      break;
    case PROP_INSPECTOR_VISIBLE:
      g_value_set_boolean (value, adw_flap_get_reveal_flap (self->flap));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sq_detect_page_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  SqDetectPage *self = SQ_DETECT_PAGE (object);

  switch (prop_id)
    {
    case PROP_WORKSPACE:
      sq_detect_page_set_workspace (self, g_value_get_object (value));
      break;
    case PROP_INSPECTOR_VISIBLE:
      adw_flap_set_reveal_flap (self->flap, g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sq_detect_page_dispose (GObject *object)
{
  SqDetectPage *self = SQ_DETECT_PAGE (object);

  if (self->workspace != NULL)
    {
      _sq_detect_page_stop (self);
      g_signal_handlers_disconnect_by_data (self->workspace, self);
      g_signal_handlers_disconnect_by_data (sq_workspace_get_recents (self->workspace), self);
      g_signal_handlers_disconnect_by_data (sq_workspace_get_models (self->workspace), self);
    }
  g_clear_pointer (&self->loader, sq_frame_loader_free);
  if (self->filter != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->filter, self);
      sq_filmstrip_set_filter (self->filmstrip, NULL);
    }
  g_clear_object (&self->filter);
  g_clear_pointer (&self->thumbnails, g_hash_table_unref);
  g_clear_object (&self->picked);
  g_clear_object (&self->entry);
  g_clear_pointer (&self->model, sq_model_unref);
  g_clear_object (&self->workspace);
  gtk_widget_dispose_template (GTK_WIDGET (self), SQ_TYPE_DETECT_PAGE);
  G_OBJECT_CLASS (sq_detect_page_parent_class)->dispose (object);
}

static void
sq_detect_page_finalize (GObject *object)
{
  SqDetectPage *self = SQ_DETECT_PAGE (object);

  g_strfreev (self->paths);
  g_free (self->title);
  g_free (self->subtitle);
  g_free (self->device);
  G_OBJECT_CLASS (sq_detect_page_parent_class)->finalize (object);
}

static void
sq_detect_page_class_init (SqDetectPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = sq_detect_page_get_property;
  object_class->set_property = sq_detect_page_set_property;
  object_class->dispose = sq_detect_page_dispose;
  object_class->finalize = sq_detect_page_finalize;

  props[PROP_WORKSPACE] = g_param_spec_object ("workspace", NULL, NULL, SQ_TYPE_WORKSPACE, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  props[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  props[PROP_SUBTITLE] = g_param_spec_string ("subtitle", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  props[PROP_HAS_RUN] = g_param_spec_boolean ("has-run", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  props[PROP_INSPECTOR_VISIBLE] = g_param_spec_boolean ("inspector-visible", NULL, NULL, TRUE, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);

  g_type_ensure (SQ_TYPE_BUSY_BAR);
  g_type_ensure (SQ_TYPE_VIDEO_VIEW);
  g_type_ensure (SQ_TYPE_TRANSPORT_BAR);
  g_type_ensure (SQ_TYPE_DENSITY_STRIP);
  g_type_ensure (SQ_TYPE_FILMSTRIP);
  g_type_ensure (SQ_TYPE_INSPECTOR);
  gtk_widget_class_set_template_from_resource (widget_class, RESOURCE_BASE "/ui/detect-page.ui");
  gtk_widget_class_bind_template_child (widget_class, SqDetectPage, stack);
  gtk_widget_class_bind_template_child (widget_class, SqDetectPage, flap);
  gtk_widget_class_bind_template_child (widget_class, SqDetectPage, view);
  gtk_widget_class_bind_template_child (widget_class, SqDetectPage, transport);
  gtk_widget_class_bind_template_child (widget_class, SqDetectPage, density_strip);
  gtk_widget_class_bind_template_child (widget_class, SqDetectPage, filmstrip);
  gtk_widget_class_bind_template_child (widget_class, SqDetectPage, inspector);
  gtk_widget_class_bind_template_child (widget_class, SqDetectPage, error_page);
  gtk_widget_class_bind_template_child (widget_class, SqDetectPage, busy);
  gtk_widget_class_bind_template_child (widget_class, SqDetectPage, recents);
  gtk_widget_class_bind_template_child (widget_class, SqDetectPage, recents_box);
  gtk_widget_class_bind_template_callback (widget_class, _sq_detect_page_on_recent_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_detections_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_strip_seek);
  gtk_widget_class_bind_template_callback (widget_class, on_transport_seek);
  gtk_widget_class_bind_template_callback (widget_class, on_transport_step);
  gtk_widget_class_bind_template_callback (widget_class, on_transport_rate);
  gtk_widget_class_bind_template_callback (widget_class, sq_detect_page_toggle_play);
  gtk_widget_class_bind_template_callback (widget_class, _sq_detect_page_on_picked);
  gtk_widget_class_bind_template_callback (widget_class, _sq_detect_page_start);
  gtk_widget_class_bind_template_callback (widget_class, _sq_detect_page_cancel);
}

static void
on_flap_revealed (SqDetectPage *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_INSPECTOR_VISIBLE]);
}

static void
sq_detect_page_init (SqDetectPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->thumbnails = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  self->loader = sq_frame_loader_new (_sq_detect_page_on_frame, self);
  g_signal_connect_swapped (self->flap, "notify::reveal-flap", G_CALLBACK (on_flap_revealed), self);
}

GtkWidget *
sq_detect_page_new (void)
{
  return g_object_new (SQ_TYPE_DETECT_PAGE, NULL);
}

static void
on_model_changed (SqDetectPage *self)
{
  // Another model: the same pictures again. A list that just became ready ends the wait.
  if (self->paths != NULL)
    _sq_detect_page_start (self);
}

// Somebody else starts: two runs at once would tell nothing of either's time.
static void
on_run_starting (SqDetectPage *self, SqPipeline *pipeline)
{
  if (self->pipeline != NULL && pipeline != self->pipeline && sq_pipeline_get_state (self->pipeline) == SQ_PIPELINE_RUNNING)
    sq_pipeline_set_paused (self->pipeline, TRUE);
}

void
sq_detect_page_set_workspace (SqDetectPage *self, SqWorkspace *workspace)
{
  g_return_if_fail (SQ_IS_DETECT_PAGE (self));
  g_return_if_fail (self->workspace == NULL);

  if (workspace == NULL)
    return;
  self->workspace = g_object_ref (workspace);
  self->filter = sq_workspace_new_filter (workspace);
  sq_video_view_set_filter (self->view, self->filter);
  sq_inspector_set_filter (self->inspector, self->filter);
  sq_filmstrip_set_filter (self->filmstrip, self->filter);
  g_signal_connect_swapped (self->filter, "changed", G_CALLBACK (on_filter_changed), self);
  on_filter_changed (self);

  g_signal_connect_swapped (workspace, "run-starting", G_CALLBACK (on_run_starting), self);
  g_signal_connect_swapped (sq_workspace_get_recents (workspace), "items-changed", G_CALLBACK (_sq_detect_page_fill_recents), self);
  _sq_detect_page_fill_recents (self);
  g_signal_connect_swapped (sq_workspace_get_models (workspace), "current-changed", G_CALLBACK (on_model_changed), self);
  g_settings_bind (sq_workspace_get_settings (workspace), "inspector-visible", self, "inspector-visible", G_SETTINGS_BIND_DEFAULT);
}

gboolean
sq_detect_page_get_has_run (SqDetectPage *self)
{
  g_return_val_if_fail (SQ_IS_DETECT_PAGE (self), FALSE);
  return g_strcmp0 (gtk_stack_get_visible_child_name (self->stack), "run") == 0;
}

SqVideoView *
sq_detect_page_get_view (SqDetectPage *self)
{
  return self->view;
}

const char *const *
sq_detect_page_get_paths (SqDetectPage *self)
{
  return (const char *const *) self->paths;
}

SqFilterState *
sq_detect_page_get_filter (SqDetectPage *self)
{
  return self->filter;
}

SqPipeline *
sq_detect_page_get_pipeline (SqDetectPage *self)
{
  return self->pipeline;
}

const char *
sq_detect_page_get_state_name (SqDetectPage *self)
{
  return gtk_stack_get_visible_child_name (self->stack);
}
