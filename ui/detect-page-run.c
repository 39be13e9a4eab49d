// SPDX-License-Identifier: GPL-3.0-or-later
// The run behind the Detect page: from paths to a model to a pipeline, and its answers to the widgets.
#include "config.h"

#include "detect-page-private.h"

#include "family-dialog.h"
#include "format.h"
#include "retired.h"
#include "toast.h"
#include <glib/gi18n.h>

#define TICK_MS 250

/* Sinks: called on the pipeline's output thread */

static void
mailbox_sink (SqResult *result, gpointer mailbox)
{
  sq_frame_load (result->frame); // here, not on the main thread
  sq_mailbox_post (mailbox, sq_result_ref (result));
}

typedef struct
{
  SqPipeline *pipeline; // borrowed: it calls the sink, so it is there
  SqFilmFeed *feed;
} FilmSink;

static void
film_sink (SqResult *result, gpointer data)
{
  FilmSink *sink = data;
  const SqSourceInfo *info = sq_pipeline_get_source_info (sink->pipeline);

  if (info != NULL && info->kind == SQ_SOURCE_PICTURES)
    sq_film_feed_push (sink->feed, result);
}

static void
film_sink_free (gpointer data)
{
  FilmSink *sink = data;

  sq_film_feed_unref (sink->feed);
  g_free (sink);
}

typedef struct
{
  SqDensity *density;
  float overlap;
} DensitySink;

static void
density_sink (SqResult *result, gpointer data)
{
  DensitySink *sink = data;

  sq_density_add (sink->density, result, sink->overlap);
}

static void
density_sink_free (gpointer data)
{
  DensitySink *sink = data;

  sq_density_unref (sink->density);
  g_free (sink);
}

/* Main thread */

static void
update_subtitle (SqDetectPage *self)
{
  g_autofree char *devices = sq_format_devices (self->device);
  g_autofree char *where = NULL;
  g_autofree char *text = NULL;
  SqPipelineStats stats = { 0 };
  const SqSourceInfo *info;

  if (self->pipeline == NULL || self->model == NULL)
    return;
  info = sq_pipeline_get_source_info (self->pipeline);
  // Translators: model on device
  where = g_strdup_printf (_("%s on %s"), sq_model_entry_get_title (self->entry), devices);
  sq_pipeline_get_stats (self->pipeline, &stats);
  switch (sq_pipeline_get_state (self->pipeline))
    {
    case SQ_PIPELINE_FINISHED:
      // Translators: model on device, finished, number of frames
      text = g_strdup_printf (
          ngettext ("%s, finished, %" G_GUINT64_FORMAT " frame", "%s, finished, %" G_GUINT64_FORMAT " frames", stats.frames), where,
          stats.frames);
      break;
    case SQ_PIPELINE_PAUSED:
      text = g_strdup_printf (_("%s, paused"), where);
      break;
    default:
      text = g_strdup (where);
    }
  _sq_detect_page_set_title (self, info != NULL ? info->name : _("Detect"), text);
}

static gboolean
on_tick (gpointer data)
{
  SqDetectPage *self = data;
  SqPipelineStats stats = { 0 };

  if (self->pipeline == NULL || !gtk_widget_get_mapped (GTK_WIDGET (self)))
    return G_SOURCE_CONTINUE;
  sq_pipeline_get_stats (self->pipeline, &stats);
  // The rate of the last two seconds means nothing once it is over: then that of the whole run.
  if (sq_pipeline_get_state (self->pipeline) == SQ_PIPELINE_FINISHED && stats.elapsed_ns > 0)
    stats.wall_fps = stats.frames * 1e9 / stats.elapsed_ns;
  sq_inspector_set_stats (self->inspector, &stats);
  sq_busy_bar_show_building (self->busy, &stats);
  sq_density_strip_refresh (self->density_strip);
  return G_SOURCE_CONTINUE;
}

static void
show_result (SqDetectPage *self, SqResult *result)
{
  sq_video_view_set_result (self->view, result);
  sq_density_strip_set_position (self->density_strip, result->frame->pts_ns);
  sq_transport_bar_set_position (self->transport, result->frame->pts_ns);
}

static void
on_result (gpointer item, gpointer user_data)
{
  SqDetectPage *self = user_data;
  g_autoptr (SqResult) result = item;

  if (!sq_busy_bar_get_building (self->busy))
    _sq_detect_page_set_busy (self, NULL);
  if (self->picked != NULL)
    return;
  show_result (self, result);
  if (!self->moving)
    sq_filmstrip_show_index (self->filmstrip, result->frame->index);
}

static void
on_state (SqDetectPage *self)
{
  SqPipelineState state = sq_pipeline_get_state (self->pipeline);

  sq_transport_bar_set_playing (self->transport, state == SQ_PIPELINE_RUNNING || state == SQ_PIPELINE_STARTING);
  if (state == SQ_PIPELINE_STARTING)
    _sq_detect_page_set_busy (self, _("Preparing the network…"));
  else
    _sq_detect_page_set_busy (self, NULL);
  update_subtitle (self);
  on_tick (self);
}

static void
on_opened (SqDetectPage *self)
{
  const SqSourceInfo *info = sq_pipeline_get_source_info (self->pipeline);
  gboolean pictures = info->kind == SQ_SOURCE_PICTURES;
  gint64 duration = info->duration_ns;

  self->moving = !pictures;
  gtk_widget_set_visible (GTK_WIDGET (self->transport), !pictures);
  gtk_widget_set_visible (GTK_WIDGET (self->density_strip), !pictures);
  sq_transport_bar_set_duration (self->transport, info->kind == SQ_SOURCE_LIVE ? -1 : duration);
  sq_transport_bar_set_seekable (self->transport, info->seekable);
  sq_density_strip_set_duration (self->density_strip, duration);
  update_subtitle (self);
}

static void
on_item_failed (SqDetectPage *self, const char *message)
{
  // The first is named at once; a folder full of them is summed up at the end.
  if (self->n_failed++ == 0)
    sq_toast_error (GTK_WIDGET (self), message);
}

// Its frames are done elsewhere.
static void
on_device_failed (SqDetectPage *self, const char *message)
{
  sq_toast_error (GTK_WIDGET (self), message);
}

static void
on_failed (SqDetectPage *self, const char *message)
{
  _sq_detect_page_show_error (self, _("Detection Stopped"), message);
}

static void
on_finished (SqDetectPage *self)
{
  if (self->n_failed > 1)
    {
      g_autofree char *text =
          g_strdup_printf (ngettext ("%u file could not be read", "%u files could not be read", self->n_failed), self->n_failed);

      sq_toast_error (GTK_WIDGET (self), text);
    }
}

void
_sq_detect_page_stop (SqDetectPage *self)
{
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_handle_id (&self->tick_id, g_source_remove);
  if (self->entry != NULL)
    g_signal_handlers_disconnect_by_data (self->entry, self);
  if (self->mailbox != NULL)
    {
      sq_mailbox_close (self->mailbox);
      g_clear_pointer (&self->mailbox, sq_mailbox_unref);
    }
  g_clear_pointer (&self->density, sq_density_unref);
  if (self->pipeline != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->pipeline, self);
      sq_retire_pipeline (g_steal_pointer (&self->pipeline));
    }
}

static void
run_with_model (SqDetectPage *self, SqModel *model)
{
  GSettings *settings = sq_workspace_get_settings (self->workspace);
  g_autofree char *playback = g_settings_get_string (settings, "playback");
  g_autoptr (SqFilmFeed) feed = sq_filmstrip_restart (self->filmstrip);
  g_autofree char *device = g_settings_get_string (settings, "device");
  SqPipelineOptions options = {
    .paths = (const char *const *) self->paths,
    .devices = device,
    .threads = g_settings_get_int (settings, "threads"),
    .realtime = g_strcmp0 (playback, "realtime") == 0,
    .track = g_settings_get_boolean (settings, "number-objects"),
    .track_score = sq_filter_state_get_confidence (self->filter),
  };
  g_autofree char *parallel = g_settings_get_string (settings, "parallel");
  DensitySink *sink = g_new (DensitySink, 1);
  FilmSink *film = g_new (FilmSink, 1);
  gboolean same_classes =
      self->model != NULL && g_strv_equal ((const char *const *) self->model->labels, (const char *const *) model->labels);

  sq_parallel_from_id (parallel, &options.parallel);
  g_free (self->device);
  self->device = g_strdup (device);
  sq_model_ref (model);
  g_clear_pointer (&self->model, sq_model_unref);
  self->model = model;
  g_clear_object (&self->picked);
  self->n_failed = 0;
  sq_video_view_set_result (self->view, NULL);
  sq_video_view_set_labels (self->view, (const char *const *) model->labels);
  sq_inspector_set_labels (self->inspector, (const char *const *) model->labels);
  if (!same_classes)
    sq_filter_state_reset_classes (self->filter, model->n_classes);

  self->density = sq_density_new (G_GINT64_CONSTANT (1000000000));
  sq_density_strip_set_density (self->density_strip, self->density);
  sq_transport_bar_set_rate_visible (self->transport, options.realtime);
  gtk_widget_set_visible (GTK_WIDGET (self->transport), FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->density_strip), FALSE);

  self->pipeline = sq_pipeline_new (model, &options);
  self->mailbox = sq_mailbox_new (on_result, self, (GDestroyNotify) sq_result_unref);
  *sink = (DensitySink){ sq_density_ref (self->density), sq_filter_state_get_overlap (self->filter) };
  sq_pipeline_add_sink (self->pipeline, density_sink, sink, density_sink_free);
  *film = (FilmSink){ self->pipeline, sq_film_feed_ref (feed) };
  sq_pipeline_add_sink (self->pipeline, film_sink, film, film_sink_free);
  sq_pipeline_add_sink (self->pipeline, mailbox_sink, sq_mailbox_ref (self->mailbox), (GDestroyNotify) sq_mailbox_unref);
  sq_workspace_announce_run (self->workspace, self->pipeline,
                             &(SqRunStart){ .paths = options.paths, .device = device, .filter = self->filter });

  g_signal_connect_swapped (self->pipeline, "notify::state", G_CALLBACK (on_state), self);
  g_signal_connect_swapped (self->pipeline, "opened", G_CALLBACK (on_opened), self);
  g_signal_connect_swapped (self->pipeline, "item-failed", G_CALLBACK (on_item_failed), self);
  g_signal_connect_swapped (self->pipeline, "device-failed", G_CALLBACK (on_device_failed), self);
  g_signal_connect_swapped (self->pipeline, "failed", G_CALLBACK (on_failed), self);
  g_signal_connect_swapped (self->pipeline, "finished", G_CALLBACK (on_finished), self);
  self->tick_id = g_timeout_add (TICK_MS, on_tick, self);
  _sq_detect_page_show (self, "run");
  sq_pipeline_start (self->pipeline);
}

/* Model */

static void
on_family_chosen (const char *family, gpointer user_data)
{
  g_autoptr (SqDetectPage) self = user_data;

  if (family != NULL && self->entry != NULL && self->workspace != NULL)
    // Comes back through "current-changed".
    sq_model_list_set_family (sq_workspace_get_models (self->workspace), self->entry, family);
}

static void
on_model_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SqDetectPage) self = user_data;
  GCancellable *cancellable = g_task_get_cancellable (G_TASK (result));
  g_autoptr (GError) error = NULL;
  g_autoptr (SqModel) model = sq_model_list_load_finish (SQ_MODEL_LIST (source), result, &error);

  if (g_cancellable_is_cancelled (cancellable) || self->workspace == NULL || self->cancellable != cancellable)
    return;
  g_clear_object (&self->cancellable);
  if (self->entry != NULL)
    g_signal_handlers_disconnect_by_data (self->entry, self);
  if (model != NULL)
    {
      run_with_model (self, model);
      return;
    }
  if (g_error_matches (error, SQ_ERROR, SQ_ERROR_CANCELLED) || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      sq_detect_page_close (self);
      return;
    }
  _sq_detect_page_show_error (self, _("Model Not Usable"), error->message);
  if (g_error_matches (error, SQ_ERROR, SQ_ERROR_UNKNOWN_FAMILY))
    sq_family_dialog_ask (GTK_WIDGET (self), sq_model_entry_get_title (self->entry), on_family_chosen, g_object_ref (self));
}

static void
on_fetch_progress (SqDetectPage *self)
{
  double progress = sq_model_entry_get_progress (self->entry);

  if (sq_model_entry_get_fetching (self->entry))
    sq_busy_bar_set_fraction (self->busy, progress);
  else
    _sq_detect_page_set_busy (self, _("Reading the model…"));
}

void
_sq_detect_page_start (SqDetectPage *self)
{
  SqModelList *models = sq_workspace_get_models (self->workspace);
  SqModelEntry *entry = sq_model_list_get_current (models);
  g_autofree char *text = NULL;

  if (self->paths == NULL)
    return;
  _sq_detect_page_stop (self);
  if (entry == NULL)
    {
      if (sq_model_list_get_ready (models))
        _sq_detect_page_show_error (self, _("No Model"), _("There is no model to detect with; add one on the Models page."));
      else
        _sq_detect_page_set_busy (self, _("Looking for models…")); // "current-changed" comes back here
      return;
    }
  g_set_object (&self->entry, entry);
  self->cancellable = g_cancellable_new ();
  if (sq_model_entry_get_installed (entry))
    text = g_strdup (_("Reading the model…"));
  else
    text = g_strdup_printf (_("Downloading %s…"), sq_model_entry_get_title (entry));
  _sq_detect_page_set_busy (self, text);
  sq_model_list_load_async (models, entry, self->cancellable, on_model_loaded, g_object_ref (self));
  if (sq_model_entry_get_fetching (entry))
    {
      g_signal_connect_swapped (entry, "notify::progress", G_CALLBACK (on_fetch_progress), self);
      g_signal_connect_swapped (entry, "notify::fetching", G_CALLBACK (on_fetch_progress), self);
    }
}

void
_sq_detect_page_cancel (SqDetectPage *self)
{
  if (self->entry != NULL && sq_model_entry_get_fetching (self->entry))
    sq_model_list_cancel_fetch (sq_workspace_get_models (self->workspace), self->entry);
  sq_detect_page_close (self);
}

void
sq_detect_page_open (SqDetectPage *self, const char *const *paths)
{
  g_return_if_fail (SQ_IS_DETECT_PAGE (self));
  g_return_if_fail (paths != NULL && paths[0] != NULL);

  if ((const char *const *) self->paths != paths)
    {
      if (self->paths == NULL || !g_strv_equal (paths, (const char *const *) self->paths))
        sq_filter_state_set_region (self->filter, NULL); // it belongs to what was seen there
      g_strfreev (self->paths);
      self->paths = g_strdupv ((char **) paths);
    }
  if (paths[1] == NULL)
    sq_recents_add (sq_workspace_get_recents (self->workspace), SQ_RECENT_SOURCE, paths[0]);
  _sq_detect_page_start (self);
}

void
sq_detect_page_close (SqDetectPage *self)
{
  g_autoptr (SqFilmFeed) feed = NULL;

  g_return_if_fail (SQ_IS_DETECT_PAGE (self));

  _sq_detect_page_stop (self);
  feed = sq_filmstrip_restart (self->filmstrip);
  g_clear_pointer (&self->paths, g_strfreev);
  g_clear_object (&self->picked);
  sq_video_view_set_result (self->view, NULL);
  sq_density_strip_set_density (self->density_strip, NULL);
  sq_inspector_set_stats (self->inspector, NULL);
  _sq_detect_page_set_busy (self, NULL);
  _sq_detect_page_set_title (self, NULL, NULL);
  _sq_detect_page_show (self, "empty");
}

/* What the user does with a run */

void
sq_detect_page_toggle_play (SqDetectPage *self)
{
  g_return_if_fail (SQ_IS_DETECT_PAGE (self));

  if (self->pipeline == NULL)
    return;
  g_clear_object (&self->picked);
  switch (sq_pipeline_get_state (self->pipeline))
    {
    case SQ_PIPELINE_RUNNING:
    case SQ_PIPELINE_STARTING:
      sq_pipeline_set_paused (self->pipeline, TRUE);
      break;
    case SQ_PIPELINE_PAUSED:
      sq_pipeline_set_paused (self->pipeline, FALSE);
      break;
    case SQ_PIPELINE_FINISHED:
      if (self->moving)
        sq_pipeline_seek (self->pipeline, 0);
      break;
    default:
      _sq_detect_page_start (self);
    }
}

void
sq_detect_page_step (SqDetectPage *self, int direction)
{
  g_return_if_fail (SQ_IS_DETECT_PAGE (self));

  if (self->pipeline == NULL)
    return;
  if (!self->moving)
    {
      sq_filmstrip_pick (self->filmstrip, direction);
      return;
    }
  if (sq_pipeline_get_state (self->pipeline) != SQ_PIPELINE_PAUSED)
    sq_pipeline_set_paused (self->pipeline, TRUE);
  sq_pipeline_step (self->pipeline, direction);
}

void
_sq_detect_page_on_seek (SqDetectPage *self, gint64 pts_ns)
{
  if (self->pipeline == NULL || !self->moving)
    return;
  // Looking for a place in a finished video shows that place; it does not start to play from there.
  if (sq_pipeline_get_state (self->pipeline) == SQ_PIPELINE_FINISHED)
    sq_pipeline_set_paused (self->pipeline, TRUE);
  sq_pipeline_seek (self->pipeline, pts_ns);
  sq_density_strip_set_position (self->density_strip, pts_ns);
}

void
_sq_detect_page_on_rate (SqDetectPage *self, double rate)
{
  if (self->pipeline != NULL)
    sq_pipeline_set_rate (self->pipeline, rate);
}

void
_sq_detect_page_on_picked (SqDetectPage *self, SqFilmItem *item)
{
  g_set_object (&self->picked, item);
  sq_frame_loader_request (self->loader, (const char *const[]){ sq_film_item_get_path (item), NULL }, 0, sq_film_item_get_index (item));
}

void
_sq_detect_page_on_frame (SqFrame *frame, gint64 tag, gpointer user_data)
{
  SqDetectPage *self = user_data;
  g_autoptr (SqResult) result = NULL;

  if (self->picked == NULL || sq_film_item_get_index (self->picked) != tag)
    return;
  result = sq_film_item_make_result (self->picked, frame);
  show_result (self, result);
}
