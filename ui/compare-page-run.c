// SPDX-License-Identifier: GPL-3.0-or-later
// The run behind the Compare page: from paths to two models to one pipeline, and its answers to the widgets.
#include "config.h"

#include "compare-page-private.h"

#include "family-dialog.h"
#include "format.h"
#include "retired.h"
#include "toast.h"
#include <glib/gi18n.h>
#include <string.h>

#define TICK_MS 250

/* Sinks: called on the pipeline's output thread */

static void
mailbox_sink (SqResult *result, gpointer mailbox)
{
  sq_frame_load (result->frame); // here, not on the main thread
  sq_mailbox_post (mailbox, sq_result_ref (result));
}

static void
tally_sink (SqResult *result, gpointer tally)
{
  sq_tally_add (tally, result);
}

/* Main thread */

static char *
describe_where (SqComparePage *self)
{
  const SqCompareSide *a = &self->side[SQ_SIDE_A], *b = &self->side[SQ_SIDE_B];
  g_autofree char *device_a = sq_format_devices (a->device), *device_b = sq_format_devices (b->device != NULL ? b->device : a->device);
  const char *title_a = sq_model_entry_get_title (a->entry), *title_b = sq_model_entry_get_title (b->entry);

  if (g_str_equal (device_a, device_b))
    // Translators: two models, device
    return g_strdup_printf (_("%s and %s on %s"), title_a, title_b, device_a);
  // Translators: model, device, model, device
  return g_strdup_printf (_("%s on %s and %s on %s"), title_a, device_a, title_b, device_b);
}

static void
update_subtitle (SqComparePage *self)
{
  g_autofree char *where = NULL, *text = NULL;
  SqPipelineStats stats = { 0 };
  const SqSourceInfo *info;

  if (self->pipeline == NULL)
    return;
  info = sq_pipeline_get_source_info (self->pipeline);
  where = describe_where (self);
  sq_pipeline_get_stats (self->pipeline, &stats);
  switch (sq_pipeline_get_state (self->pipeline))
    {
    case SQ_PIPELINE_FINISHED:
      // Translators: two models on a device, finished, number of frames
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
  _sq_compare_page_set_title (self, info != NULL ? info->name : _("Compare"), text);
}

void
_sq_compare_page_refresh (SqComparePage *self)
{
  SqTallyState *state = self->tally != NULL ? sq_tally_get_state (self->tally) : NULL;

  if (state != NULL && self->state != NULL && state->serial == self->state->serial)
    {
      sq_tally_state_unref (state);
      return;
    }
  g_clear_pointer (&self->state, sq_tally_state_unref);
  self->state = state;
  sq_compare_table_set_state (self->table, state);
  sq_disagreement_strip_set_frames (self->strip, state != NULL ? state->frames : NULL);
}

static gboolean
on_tick (gpointer data)
{
  SqComparePage *self = data;
  SqPipelineStats stats = { 0 };

  if (!gtk_widget_get_mapped (GTK_WIDGET (self)))
    return G_SOURCE_CONTINUE;
  _sq_compare_page_refresh (self);
  // Past runs arrive from the disk by and by: the first frame as soon as it is there.
  if (self->stored != NULL && self->index < 0)
    _sq_compare_page_pick_neighbour (self, 1);
  if (self->pipeline == NULL)
    return G_SOURCE_CONTINUE;
  sq_pipeline_get_stats (self->pipeline, &stats);
  sq_compared_model_set_stages (&self->figures[SQ_SIDE_A], stats.stage, stats.lanes);
  sq_compared_model_set_stages (&self->figures[SQ_SIDE_B], stats.other_stage, stats.other_lanes);
  self->figures[SQ_SIDE_A].memory = stats.memory;
  self->figures[SQ_SIDE_B].memory = stats.other_memory;
  // The rate of the last two seconds means nothing once it is over: then that of the whole run.
  self->wall_fps = sq_pipeline_get_state (self->pipeline) == SQ_PIPELINE_FINISHED && stats.elapsed_ns > 0
                       ? stats.frames * 1e9 / stats.elapsed_ns
                       : stats.wall_fps;
  sq_compare_table_set_models (self->table, &self->figures[SQ_SIDE_A], &self->figures[SQ_SIDE_B], self->wall_fps);
  sq_busy_bar_show_building (self->busy, &stats);
  return G_SOURCE_CONTINUE;
}

static void
on_result (gpointer item, gpointer user_data)
{
  SqComparePage *self = user_data;
  g_autoptr (SqResult) result = item;

  if (!sq_busy_bar_get_building (self->busy))
    sq_busy_bar_set_text (self->busy, NULL);
  _sq_compare_page_show_newest (self, result);
}

static void
on_state (SqComparePage *self)
{
  SqPipelineState state = sq_pipeline_get_state (self->pipeline);

  sq_transport_bar_set_playing (self->transport, state == SQ_PIPELINE_RUNNING || state == SQ_PIPELINE_STARTING);
  sq_busy_bar_set_text (self->busy, state == SQ_PIPELINE_STARTING ? _("Preparing both networks…") : NULL);
  update_subtitle (self);
  on_tick (self);
}

static void
on_opened (SqComparePage *self)
{
  const SqSourceInfo *info = sq_pipeline_get_source_info (self->pipeline);

  self->moving = info->kind != SQ_SOURCE_PICTURES;
  gtk_widget_set_visible (GTK_WIDGET (self->transport), self->moving);
  gtk_widget_set_visible (self->strip_row, info->kind != SQ_SOURCE_PICTURES || info->n_frames != 1);
  sq_transport_bar_set_duration (self->transport, info->kind == SQ_SOURCE_LIVE ? -1 : info->duration_ns);
  sq_transport_bar_set_seekable (self->transport, info->seekable);
  sq_disagreement_strip_set_n_frames (self->strip, info->n_frames);
  update_subtitle (self);
}

static void
on_item_failed (SqComparePage *self, const char *message)
{
  // The first is named at once; a folder full of them is summed up at the end.
  if (self->n_failed++ == 0)
    sq_toast_error (GTK_WIDGET (self), message);
}

static void
on_device_failed (SqComparePage *self, const char *message)
{
  sq_toast_error (GTK_WIDGET (self), message);
}

static void
on_failed (SqComparePage *self, const char *message)
{
  _sq_compare_page_show_error (self, _("Comparison Stopped"), message);
}

static void
on_finished (SqComparePage *self)
{
  if (self->n_failed > 1)
    {
      g_autofree char *text =
          g_strdup_printf (ngettext ("%u file could not be read", "%u files could not be read", self->n_failed), self->n_failed);

      sq_toast_error (GTK_WIDGET (self), text);
    }
}

void
_sq_compare_page_stop (SqComparePage *self)
{
  self->stale = FALSE;
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_handle_id (&self->tick_id, g_source_remove);
  for (int s = 0; s < SQ_N_SIDES; s++)
    if (self->side[s].entry != NULL)
      g_signal_handlers_disconnect_by_data (self->side[s].entry, self);
  if (self->mailbox != NULL)
    {
      sq_mailbox_close (self->mailbox);
      g_clear_pointer (&self->mailbox, sq_mailbox_unref);
    }
  if (self->tally != NULL)
    {
      sq_tally_stop (self->tally);
      g_clear_pointer (&self->tally, sq_tally_unref);
    }
  g_clear_pointer (&self->picked, sq_result_unref);
  if (self->stored != NULL)
    {
      _sq_compare_page_set_playing (self, FALSE);
      g_clear_pointer (&self->stored, sq_compared_runs_free);
      memset (self->figures, 0, sizeof self->figures); // their texts were the runs'
    }
  if (self->pipeline != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->pipeline, self);
      sq_retire_pipeline (g_steal_pointer (&self->pipeline));
    }
}

// What the last run left behind is not this one's.
static void
clear_widgets (SqComparePage *self)
{
  self->index = -1;
  sq_compare_view_set_result (self->view, NULL);
  sq_disagreement_strip_set_position (self->strip, -1);
  sq_disagreement_strip_set_n_frames (self->strip, -1);
  sq_compare_table_set_models (self->table, &self->figures[SQ_SIDE_A], &self->figures[SQ_SIDE_B], self->wall_fps);
  _sq_compare_page_refresh (self);
  gtk_widget_set_visible (GTK_WIDGET (self->transport), FALSE);
  gtk_widget_set_visible (self->strip_row, FALSE);
}

static void
set_figures (SqComparePage *self, SqSide which)
{
  const SqCompareSide *side = &self->side[which];
  SqComparedModel *figures = &self->figures[which];

  *figures = (SqComparedModel){ 0 };
  sq_compared_model_set_model (figures, side->model);
  figures->name = sq_model_entry_get_title (side->entry);
  figures->level = sq_model_entry_get_level (side->entry);
  figures->device = side->device != NULL ? side->device : self->side[SQ_SIDE_A].device;
}

void
_sq_compare_page_begin (SqComparePage *self, const char *const *labels_a, const char *const *labels_b)
{
  SqFilter a = sq_filter_state_get_filter (self->side[SQ_SIDE_A].filter), b = sq_filter_state_get_filter (self->side[SQ_SIDE_B].filter);

  self->tally = sq_tally_new (labels_a, labels_b, &a, &b);
  clear_widgets (self);
  self->tick_id = g_timeout_add (TICK_MS, on_tick, self);
  _sq_compare_page_show (self, "run");
}

static void
run_with_models (SqComparePage *self)
{
  GSettings *settings = sq_workspace_get_settings (self->workspace);
  SqCompareSide *a = &self->side[SQ_SIDE_A], *b = &self->side[SQ_SIDE_B];
  g_autofree char *playback = g_settings_get_string (settings, "playback"), *parallel = g_settings_get_string (settings, "parallel");
  const char *const *labels_a = (const char *const *) a->model->labels, *const *labels_b = (const char *const *) b->model->labels;
  SqPipelineOptions options = {
    .paths = (const char *const *) self->paths,
    .threads = g_settings_get_int (settings, "threads"),
    .realtime = g_strcmp0 (playback, "realtime") == 0,
    .track = g_settings_get_boolean (settings, "number-objects"),
    .track_score = sq_filter_state_get_confidence (a->filter),
    .other = b->model,
  };

  for (int s = 0; s < SQ_N_SIDES; s++)
    {
      g_free (self->side[s].device);
      self->side[s].device = _sq_compare_page_dup_device (self, s);
    }
  options.devices = a->device;
  options.other_device = b->device;
  sq_parallel_from_id (parallel, &options.parallel);
  self->n_failed = 0;
  self->last_pts = 0;
  _sq_compare_page_set_labels (self, labels_a, labels_b);
  sq_compare_view_set_names (self->view, sq_model_entry_get_title (a->entry), sq_model_entry_get_title (b->entry));
  _sq_compare_page_set_share (self, g_settings_get_boolean (settings, "compare-share")); // past runs had their own
  for (int s = 0; s < SQ_N_SIDES; s++)
    {
      set_figures (self, s);
      sq_filter_state_set_region (self->side[s].filter, NULL); // that of past runs is not this one's
    }
  self->wall_fps = 0;
  _sq_compare_page_begin (self, labels_a, labels_b);
  sq_transport_bar_set_rate_visible (self->transport, options.realtime);

  self->pipeline = sq_pipeline_new (a->model, &options);
  self->mailbox = sq_mailbox_new (on_result, self, (GDestroyNotify) sq_result_unref);
  sq_pipeline_add_sink (self->pipeline, tally_sink, sq_tally_ref (self->tally), (GDestroyNotify) sq_tally_unref);
  sq_pipeline_add_sink (self->pipeline, mailbox_sink, sq_mailbox_ref (self->mailbox), (GDestroyNotify) sq_mailbox_unref);
  sq_workspace_announce_run (self->workspace, self->pipeline,
                             &(SqRunStart){ .paths = options.paths,
                                            .device = a->device,
                                            .filter = a->filter,
                                            .other = b->model,
                                            .other_device = b->device != NULL ? b->device : a->device,
                                            .other_filter = b->filter });

  g_signal_connect_swapped (self->pipeline, "notify::state", G_CALLBACK (on_state), self);
  g_signal_connect_swapped (self->pipeline, "opened", G_CALLBACK (on_opened), self);
  g_signal_connect_swapped (self->pipeline, "item-failed", G_CALLBACK (on_item_failed), self);
  g_signal_connect_swapped (self->pipeline, "device-failed", G_CALLBACK (on_device_failed), self);
  g_signal_connect_swapped (self->pipeline, "failed", G_CALLBACK (on_failed), self);
  g_signal_connect_swapped (self->pipeline, "finished", G_CALLBACK (on_finished), self);
  sq_pipeline_start (self->pipeline);
}

/* Models: A, then B */

static void load_side (SqComparePage *self, SqSide side);

static SqSide
loading_side (SqComparePage *self)
{
  return self->side[SQ_SIDE_A].model == NULL ? SQ_SIDE_A : SQ_SIDE_B;
}

static void
on_family_chosen (const char *family, gpointer user_data)
{
  g_autoptr (SqComparePage) self = user_data;
  SqModelEntry *entry = self->side[loading_side (self)].entry;

  if (family == NULL || entry == NULL || self->workspace == NULL)
    return;
  sq_model_list_set_family (sq_workspace_get_models (self->workspace), entry, family);
  _sq_compare_page_start (self);
}

static void
on_model_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SqComparePage) self = user_data;
  GCancellable *cancellable = g_task_get_cancellable (G_TASK (result));
  g_autoptr (GError) error = NULL;
  g_autoptr (SqModel) model = sq_model_list_load_finish (SQ_MODEL_LIST (source), result, &error);
  SqSide side;

  if (g_cancellable_is_cancelled (cancellable) || self->workspace == NULL || self->cancellable != cancellable)
    return;
  side = loading_side (self);
  g_signal_handlers_disconnect_by_data (self->side[side].entry, self);
  if (model != NULL)
    {
      self->side[side].model = g_steal_pointer (&model);
      if (side == SQ_SIDE_A)
        {
          load_side (self, SQ_SIDE_B);
          return;
        }
      g_clear_object (&self->cancellable);
      run_with_models (self);
      return;
    }
  g_clear_object (&self->cancellable);
  if (g_error_matches (error, SQ_ERROR, SQ_ERROR_CANCELLED) || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      sq_compare_page_close (self);
      return;
    }
  _sq_compare_page_show_error (self, _("Model Not Usable"), error->message);
  if (g_error_matches (error, SQ_ERROR, SQ_ERROR_UNKNOWN_FAMILY))
    sq_family_dialog_ask (GTK_WIDGET (self), sq_model_entry_get_title (self->side[side].entry), on_family_chosen, g_object_ref (self));
}

static void
on_fetch_progress (SqComparePage *self)
{
  SqModelEntry *entry = self->side[loading_side (self)].entry;

  if (sq_model_entry_get_fetching (entry))
    sq_busy_bar_set_fraction (self->busy, sq_model_entry_get_progress (entry));
  else
    sq_busy_bar_set_text (self->busy, _("Reading the models…"));
}

static void
load_side (SqComparePage *self, SqSide side)
{
  SqModelEntry *entry = self->side[side].entry;
  g_autofree char *text = NULL;

  if (sq_model_entry_get_installed (entry))
    text = g_strdup (_("Reading the models…"));
  else
    text = g_strdup_printf (_("Downloading %s…"), sq_model_entry_get_title (entry));
  sq_busy_bar_set_text (self->busy, text);
  sq_model_list_load_async (sq_workspace_get_models (self->workspace), entry, self->cancellable, on_model_loaded, g_object_ref (self));
  if (sq_model_entry_get_fetching (entry))
    {
      g_signal_connect_swapped (entry, "notify::progress", G_CALLBACK (on_fetch_progress), self);
      g_signal_connect_swapped (entry, "notify::fetching", G_CALLBACK (on_fetch_progress), self);
    }
}

void
_sq_compare_page_start (SqComparePage *self)
{
  SqModelList *models = sq_workspace_get_models (self->workspace);

  if (self->paths == NULL)
    return;
  _sq_compare_page_stop (self);
  for (int s = 0; s < SQ_N_SIDES; s++)
    {
      g_set_object (&self->side[s].entry, sq_model_choice_get_entry (self->side[s].choice));
      g_clear_pointer (&self->side[s].model, sq_model_unref);
    }
  if (self->side[SQ_SIDE_A].entry == NULL || self->side[SQ_SIDE_B].entry == NULL)
    {
      if (sq_model_list_get_ready (models))
        _sq_compare_page_show_error (self, _("No Model"), _("There is no model to compare; add one on the Models page."));
      else
        sq_busy_bar_set_text (self->busy, _("Looking for models…")); // the choices come back here
      return;
    }
  self->cancellable = g_cancellable_new ();
  load_side (self, SQ_SIDE_A);
}

void
_sq_compare_page_cancel (SqComparePage *self)
{
  for (int s = 0; s < SQ_N_SIDES; s++)
    if (self->side[s].entry != NULL && sq_model_entry_get_fetching (self->side[s].entry))
      sq_model_list_cancel_fetch (sq_workspace_get_models (self->workspace), self->side[s].entry);
  sq_compare_page_close (self);
}

void
sq_compare_page_open (SqComparePage *self, const char *const *paths)
{
  g_return_if_fail (SQ_IS_COMPARE_PAGE (self));
  g_return_if_fail (paths != NULL && paths[0] != NULL);

  if ((const char *const *) self->paths != paths)
    {
      char **copy = g_strdupv ((char **) paths);

      g_strfreev (self->paths);
      self->paths = copy;
    }
  if (paths[1] == NULL)
    sq_recents_add (sq_workspace_get_recents (self->workspace), SQ_RECENT_SOURCE, paths[0]);
  _sq_compare_page_start (self);
}

void
sq_compare_page_close (SqComparePage *self)
{
  g_return_if_fail (SQ_IS_COMPARE_PAGE (self));

  _sq_compare_page_stop (self);
  g_clear_pointer (&self->paths, g_strfreev);
  clear_widgets (self);
  sq_busy_bar_set_text (self->busy, NULL);
  _sq_compare_page_set_title (self, NULL, NULL);
  _sq_compare_page_show (self, "empty");
}
