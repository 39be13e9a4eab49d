// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "session-view-private.h"

#include "format.h"
#include <glib/gi18n.h>

#define DENSITY_BINS 240
#define NS G_GINT64_CONSTANT (1000000000)

G_DEFINE_FINAL_TYPE (SqSessionView, sq_session_view, ADW_TYPE_BIN)

enum
{
  PROP_0,
  PROP_RUN,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

/* Showing a frame: row from the list (maybe not read yet) -> pixels from the loader -> view */

void
_sq_session_view_set_playing (SqSessionView *self, gboolean playing)
{
  self->playing = playing;
  sq_transport_bar_set_playing (self->transport, playing);
  if (!playing)
    g_clear_handle_id (&self->play_id, g_source_remove);
}

static gint64
frame_pts (SqStoredFrame *frame)
{
  return frame->pts_ns;
}

static void
request_pixels (SqSessionView *self)
{
  SqStoredFrame *frame = sq_frame_item_get_frame (self->item);

  sq_transport_bar_set_position (self->transport, frame_pts (frame));
  sq_density_strip_set_position (self->density_strip, frame_pts (frame));
  if (self->run->source_kind == SQ_SOURCE_VIDEO)
    sq_frame_loader_request (self->loader, (const char *const *) self->run->paths, frame->pts_ns, frame->seq);
  else
    sq_frame_loader_request (self->loader, (const char *const[]){ frame->path, NULL }, 0, frame->seq);
}

void
_sq_session_view_refresh (SqSessionView *self)
{
  if (self->item != NULL && sq_frame_item_get_frame (self->item) != NULL)
    request_pixels (self);
}

static void
on_item_loaded (SqSessionView *self)
{
  if (self->item == NULL || sq_frame_item_get_frame (self->item) == NULL)
    return;
  g_signal_handlers_disconnect_by_func (self->item, on_item_loaded, self);
  request_pixels (self);
}

void
_sq_session_view_show_seq (SqSessionView *self, gint64 seq)
{
  g_autoptr (SqFrameItem) item = NULL;

  if (self->frames == NULL || seq < 0)
    return;
  item = g_list_model_get_item (G_LIST_MODEL (self->frames), seq);
  if (item == NULL)
    return;
  if (self->item != NULL)
    g_signal_handlers_disconnect_by_func (self->item, on_item_loaded, self);
  g_set_object (&self->item, item);
  if (self->selection != NULL && gtk_single_selection_get_selected (self->selection) != seq)
    gtk_single_selection_set_selected (self->selection, seq);
  if (sq_frame_item_get_frame (item) != NULL)
    request_pixels (self);
  else
    g_signal_connect_swapped (item, "notify::loaded", G_CALLBACK (on_item_loaded), self);
}

static gboolean
on_play_due (gpointer data)
{
  SqSessionView *self = data;

  self->play_id = 0;
  if (self->item == NULL)
    return G_SOURCE_REMOVE;
  if ((guint) sq_frame_item_get_seq (self->item) + 1 >= g_list_model_get_n_items (G_LIST_MODEL (self->frames)))
    _sq_session_view_set_playing (self, FALSE);
  else
    _sq_session_view_show_seq (self, sq_frame_item_get_seq (self->item) + 1);
  return G_SOURCE_REMOVE;
}

// The next frame is asked for when this one has been on show for as long as it lasts: never faster than it can be decoded.
static void
schedule_next (SqSessionView *self, const SqStoredFrame *frame)
{
  gint64 now = g_get_monotonic_time (), due;
  gint64 duration = frame->duration_ns > 0 ? frame->duration_ns : self->run->fps > 0 ? NS / self->run->fps : NS / 25;

  if (!self->playing || self->play_id != 0)
    return;
  if (self->clock_us == 0)
    {
      self->clock_us = now;
      self->clock_pts = frame->pts_ns;
    }
  due = self->clock_us + (frame->pts_ns + duration - self->clock_pts) / 1000;
  if (due < now - G_USEC_PER_SEC / 4)
    self->clock_us = 0; // too slow to keep up: go on from here rather than hurry
  self->play_id = g_timeout_add (MAX (0, (due - now) / 1000), on_play_due, self);
}

static void
on_frame (SqFrame *pixels, gint64 tag, gpointer user_data)
{
  SqSessionView *self = user_data;
  SqStoredFrame *frame = self->item != NULL ? sq_frame_item_get_frame (self->item) : NULL;
  g_autoptr (SqResult) result = NULL;

  if (frame == NULL || frame->seq != tag)
    return;
  // A file replaced by another picture would carry boxes that are not its own.
  if (self->origin == SQ_ORIGIN_CHANGED && (self->moving || g_strcmp0 (frame->path, self->run->paths[0]) == 0))
    pixels = NULL;
  if (pixels != NULL && (pixels->width != frame->width || pixels->height != frame->height))
    pixels = NULL;
  result = sq_stored_frame_to_result (frame, pixels);
  sq_video_view_set_result (self->view, result);
  schedule_next (self, frame);
}

static void
on_detections_changed (SqSessionView *self)
{
  SqResult *result = sq_video_view_get_result (self->view);

  sq_inspector_set_detections (self->inspector, sq_video_view_get_detections (self->view), self->moving);
  if (result != NULL)
    sq_inspector_set_nms_done (self->inspector, result->nms_done);
}

/* Seeking asks the project, off the main thread */

typedef struct
{
  SqProject *project;
  gint64 run, pts_ns;
} Find;

static void
find_free (gpointer data)
{
  Find *find = data;

  g_object_unref (find->project);
  g_free (find);
}

static void
find_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Find *find = task_data;

  g_task_return_int (task, sq_project_find_frame (find->project, find->run, find->pts_ns, NULL));
}

static void
density_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Find *find = task_data;
  GError *error = NULL;
  GArray *counts = sq_project_run_density (find->project, find->run, DENSITY_BINS, &error);

  if (counts != NULL)
    g_task_return_pointer (task, counts, (GDestroyNotify) g_array_unref);
  else
    g_task_return_error (task, error);
}

static GTask *
project_task (SqSessionView *self, gint64 pts_ns, GAsyncReadyCallback callback)
{
  GTask *task = g_task_new (self, self->cancellable, callback, NULL);
  Find *find = g_new (Find, 1);

  *find = (Find){ g_object_ref (sq_workspace_get_project (self->workspace)), self->run->id, pts_ns };
  g_task_set_task_data (task, find, find_free);
  return task;
}

static void
on_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqSessionView *self = SQ_SESSION_VIEW (source);
  gint64 seq = g_task_propagate_int (G_TASK (result), NULL);

  if (g_task_get_cancellable (G_TASK (result)) != self->cancellable || seq < 0)
    return;
  self->start_seq = seq; // where the rows are not there yet
  _sq_session_view_show_seq (self, seq);
}

static void
seek (SqSessionView *self, gint64 pts_ns)
{
  g_autoptr (GTask) task = NULL;

  if (self->run == NULL || sq_workspace_get_project (self->workspace) == NULL)
    return;
  self->clock_us = 0;
  g_clear_handle_id (&self->play_id, g_source_remove);
  task = project_task (self, pts_ns, on_found);
  g_task_run_in_thread (task, find_thread);
}

static void
on_density (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqSessionView *self = SQ_SESSION_VIEW (source);
  g_autoptr (GArray) counts = g_task_propagate_pointer (G_TASK (result), NULL);
  g_autoptr (SqDensity) density = NULL;
  gint64 duration;

  if (counts == NULL || counts->len == 0 || self->run == NULL || g_task_get_cancellable (G_TASK (result)) != self->cancellable)
    return;
  duration = MAX (self->run->duration_ns, NS);
  density = sq_density_new_from_counts (MAX (duration / counts->len, 1), counts);
  sq_density_strip_set_density (self->density_strip, density);
}

static void
on_strip_seek (SqDensityStrip *strip, gint64 pts_ns, SqSessionView *self)
{
  seek (self, pts_ns);
}

static void
on_transport_seek (SqTransportBar *transport, gint64 pts_ns, SqSessionView *self)
{
  seek (self, pts_ns);
}

static void
on_transport_step (SqTransportBar *transport, int direction, SqSessionView *self)
{
  sq_session_view_step (self, direction);
}

/* Object */

static void
sq_session_view_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  switch (prop_id)
    {
    case PROP_RUN:
      g_value_set_pointer (value, SQ_SESSION_VIEW (object)->run);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

// For the next time.
static void
keep_position (SqSessionView *self)
{
  SqStoredFrame *frame = self->item != NULL ? sq_frame_item_get_frame (self->item) : NULL;
  SqProject *project = self->project; // of this run: the workspace's may be another by now

  if (frame != NULL && project != NULL && !sq_project_get_read_only (project) && frame->pts_ns != self->run->position_ns)
    sq_project_set_run_position (project, self->run->id, frame->pts_ns);
}

static void
close_run (SqSessionView *self)
{
  _sq_session_view_set_playing (self, FALSE);
  keep_position (self);
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  if (self->item != NULL)
    g_signal_handlers_disconnect_by_data (self->item, self);
  g_clear_object (&self->item);
  if (self->frames != NULL)
    g_signal_handlers_disconnect_by_data (self->frames, self);
  if (self->film_list != NULL)
    gtk_list_view_set_model (self->film_list, NULL);
  if (self->selection != NULL)
    g_signal_handlers_disconnect_by_data (self->selection, self);
  g_clear_object (&self->selection);
  g_clear_object (&self->frames);
  if (self->project != NULL)
    g_signal_handlers_disconnect_by_data (self->project, self);
  g_clear_object (&self->project);
  sq_session_details_set_run (self->details, NULL, NULL);
  g_clear_pointer (&self->run, sq_run_unref);
}

/* Its facts: another name, for one */

static void
load_thread (GTask *task, gpointer project, gpointer id, GCancellable *cancellable)
{
  GError *error = NULL;
  SqRun *run = sq_project_load_run (project, *(gint64 *) id, &error);

  if (run != NULL)
    g_task_return_pointer (task, run, (GDestroyNotify) sq_run_unref);
  else
    g_task_return_error (task, error);
}

static void
on_facts (GObject *project, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SqSessionView) self = user_data;
  g_autoptr (SqRun) run = g_task_propagate_pointer (G_TASK (result), NULL);

  if (run == NULL || self->run == NULL || run->id != self->run->id)
    return;
  sq_run_unref (self->run);
  self->run = g_steal_pointer (&run);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_RUN]);
}

static void
on_project_changed (SqProject *project, gint64 id, int change, SqSessionView *self)
{
  g_autoptr (GTask) task = NULL;

  if (self->run == NULL || id != self->run->id || change != SQ_CHANGE_UPDATED)
    return;
  task = g_task_new (project, self->cancellable, on_facts, g_object_ref (self));
  g_task_set_task_data (task, g_memdup2 (&id, sizeof id), g_free);
  g_task_run_in_thread (task, load_thread);
}

static void
sq_session_view_dispose (GObject *object)
{
  SqSessionView *self = SQ_SESSION_VIEW (object);

  if (self->flap != NULL)
    close_run (self);
  if (self->exporting != NULL)
    g_cancellable_cancel (self->exporting);
  self->export_bar = NULL;
  g_clear_pointer (&self->loader, sq_frame_loader_free);
  g_clear_object (&self->filter);
  g_clear_object (&self->workspace);
  adw_bin_set_child (ADW_BIN (self), NULL); // before the template unparents it behind the bin's back
  gtk_widget_dispose_template (GTK_WIDGET (self), SQ_TYPE_SESSION_VIEW);
  G_OBJECT_CLASS (sq_session_view_parent_class)->dispose (object);
}

static void
sq_session_view_class_init (SqSessionViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = sq_session_view_get_property;
  object_class->dispose = sq_session_view_dispose;
  props[PROP_RUN] = g_param_spec_pointer ("run", NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);

  g_type_ensure (SQ_TYPE_VIDEO_VIEW);
  g_type_ensure (SQ_TYPE_TRANSPORT_BAR);
  g_type_ensure (SQ_TYPE_DENSITY_STRIP);
  g_type_ensure (SQ_TYPE_INSPECTOR);
  g_type_ensure (SQ_TYPE_SESSION_DETAILS);
  gtk_widget_class_set_template_from_resource (widget_class, RESOURCE_BASE "/ui/session-view.ui");
  gtk_widget_class_bind_template_child (widget_class, SqSessionView, flap);
  gtk_widget_class_bind_template_child (widget_class, SqSessionView, view);
  gtk_widget_class_bind_template_child (widget_class, SqSessionView, transport);
  gtk_widget_class_bind_template_child (widget_class, SqSessionView, density_strip);
  gtk_widget_class_bind_template_child (widget_class, SqSessionView, inspector);
  gtk_widget_class_bind_template_child (widget_class, SqSessionView, compare);
  gtk_widget_class_bind_template_child (widget_class, SqSessionView, film);
  gtk_widget_class_bind_template_child (widget_class, SqSessionView, film_list);
  gtk_widget_class_bind_template_child (widget_class, SqSessionView, origin_bar);
  gtk_widget_class_bind_template_child (widget_class, SqSessionView, origin_text);
  gtk_widget_class_bind_template_child (widget_class, SqSessionView, details);
  gtk_widget_class_bind_template_callback (widget_class, on_detections_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_strip_seek);
  gtk_widget_class_bind_template_callback (widget_class, on_transport_seek);
  gtk_widget_class_bind_template_callback (widget_class, on_transport_step);
  gtk_widget_class_bind_template_callback (widget_class, sq_session_view_toggle_play);
  _sq_session_view_class_init_actions (widget_class);
}

static void
sq_session_view_init (SqSessionView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  _sq_session_view_init_film (self);
  self->loader = sq_frame_loader_new (on_frame, self);
}

GtkWidget *
sq_session_view_new (void)
{
  return g_object_new (SQ_TYPE_SESSION_VIEW, NULL);
}

void
sq_session_view_set_workspace (SqSessionView *self, SqWorkspace *workspace)
{
  g_return_if_fail (SQ_IS_SESSION_VIEW (self));

  self->workspace = g_object_ref (workspace);
  self->filter = sq_workspace_new_filter (workspace);
  sq_video_view_set_filter (self->view, self->filter);
  sq_inspector_set_filter (self->inspector, self->filter);
  g_settings_bind (sq_workspace_get_settings (workspace), "inspector-visible", self->flap, "reveal-flap", G_SETTINGS_BIND_DEFAULT);
}

static void
on_frames_changed (SqSessionView *self)
{
  // The rows arrive a moment after the list is made.
  if (self->item == NULL && g_list_model_get_n_items (G_LIST_MODEL (self->frames)) > 0)
    _sq_session_view_show_seq (self, MIN (self->start_seq, (gint64) g_list_model_get_n_items (G_LIST_MODEL (self->frames)) - 1));
}

void
sq_session_view_open (SqSessionView *self, SqRun *run)
{
  sq_session_view_open_at (self, run, -1);
}

void
sq_session_view_open_at (SqSessionView *self, SqRun *run, gint64 seq)
{
  g_autoptr (GTask) task = NULL;
  gboolean pictures;

  g_return_if_fail (SQ_IS_SESSION_VIEW (self));

  if (run != NULL)
    sq_run_ref (run);
  close_run (self);
  self->run = run;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_RUN]);
  sq_video_view_set_result (self->view, NULL);
  sq_density_strip_set_density (self->density_strip, NULL);
  if (run == NULL)
    return;

  pictures = run->source_kind == SQ_SOURCE_PICTURES;
  self->start_seq = MAX (seq, 0);
  self->moving = !pictures;
  self->cancellable = g_cancellable_new ();
  if (g_set_object (&self->project, sq_workspace_get_project (self->workspace)))
    g_signal_connect (self->project, "changed", G_CALLBACK (on_project_changed), self);
  _sq_session_view_find_comparison (self);
  _sq_session_view_check_origin (self);
  sq_session_details_set_run (self->details, sq_workspace_get_project (self->workspace), run);
  sq_video_view_set_labels (self->view, (const char *const *) run->labels);
  sq_inspector_set_labels (self->inspector, (const char *const *) run->labels);
  sq_filter_state_reset_classes (self->filter, run->labels != NULL ? g_strv_length (run->labels) : 0);
  sq_filter_state_set_confidence (self->filter, run->filter.confidence);
  sq_filter_state_set_overlap (self->filter, run->filter.iou);
  sq_filter_state_set_region (self->filter, run->filter.region);
  gtk_widget_set_visible (self->film, pictures);
  gtk_widget_set_visible (GTK_WIDGET (self->transport), !pictures);
  gtk_widget_set_visible (GTK_WIDGET (self->density_strip), !pictures);
  sq_transport_bar_set_duration (self->transport, MAX (run->duration_ns, 1));
  sq_transport_bar_set_seekable (self->transport, TRUE);
  sq_density_strip_set_duration (self->density_strip, run->duration_ns);

  self->frames = sq_frame_list_new (sq_workspace_get_project (self->workspace), run->id);
  if (pictures)
    {
      self->selection = gtk_single_selection_new (G_LIST_MODEL (g_object_ref (self->frames)));
      gtk_single_selection_set_autoselect (self->selection, FALSE); // the first is not always the one to begin with
      gtk_list_view_set_model (self->film_list, GTK_SELECTION_MODEL (self->selection));
      g_signal_connect_swapped (self->selection, "notify::selected", G_CALLBACK (_sq_session_view_film_selected), self);
    }
  else
    {
      task = project_task (self, 0, on_density);
      g_task_run_in_thread (task, density_thread);
    }
  // After the selection and the list view: they must know the rows before one of them is selected.
  g_signal_connect_swapped (self->frames, "items-changed", G_CALLBACK (on_frames_changed), self);
  on_frames_changed (self);
  if (seq < 0 && run->position_ns > 0)
    seek (self, run->position_ns);
}

SqRun *
sq_session_view_get_run (SqSessionView *self)
{
  return self->run;
}

char *
sq_session_view_describe (SqSessionView *self)
{
  g_autoptr (GDateTime) when = NULL;
  g_autofree char *when_text = NULL, *devices = NULL;

  if (self->run == NULL)
    return g_strdup ("");
  devices = sq_format_devices (self->run->device);
  when = g_date_time_new_from_unix_local (self->run->started_us / G_USEC_PER_SEC);
  when_text = sq_format_when (when);
  // Translators: model, device, when
  return g_strdup_printf (_("%s on %s, %s"), self->run->model, devices, when_text);
}

SqVideoView *
sq_session_view_get_view (SqSessionView *self)
{
  return self->view;
}

SqFilterState *
sq_session_view_get_filter (SqSessionView *self)
{
  return self->filter;
}

void
sq_session_view_toggle_play (SqSessionView *self)
{
  SqStoredFrame *frame;

  g_return_if_fail (SQ_IS_SESSION_VIEW (self));

  if (self->run == NULL || self->item == NULL)
    return;
  _sq_session_view_set_playing (self, !self->playing);
  self->clock_us = 0;
  if (!self->playing)
    return;
  frame = sq_frame_item_get_frame (self->item);
  if ((guint) sq_frame_item_get_seq (self->item) + 1 >= g_list_model_get_n_items (G_LIST_MODEL (self->frames)))
    _sq_session_view_show_seq (self, 0);
  else if (frame != NULL)
    schedule_next (self, frame);
}

void
sq_session_view_step (SqSessionView *self, int direction)
{
  g_return_if_fail (SQ_IS_SESSION_VIEW (self));

  if (self->run == NULL || self->item == NULL)
    return;
  _sq_session_view_set_playing (self, FALSE);
  _sq_session_view_show_seq (self, sq_frame_item_get_seq (self->item) + direction);
}

SqSessionDetails *
sq_session_view_get_details (SqSessionView *self)
{
  return self->details;
}

SqOrigin
sq_session_view_get_origin (SqSessionView *self)
{
  return self->origin;
}
