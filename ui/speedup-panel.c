// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "speedup-panel.h"

#include "format.h"
#include "toast.h"
#include <glib/gi18n.h>
#include <string.h>

#define PROGRESS_MS 100

struct _SqSpeedupPanel
{
  AdwPreferencesGroup parent_instance;

  SqWorkspace *workspace;
  AdwComboRow *mode;
  AdwExpanderRow *devices;
  GPtrArray *checks; // GtkCheckButton; data "ids": what it stands for
  AdwActionRow *measure;
  GtkButton *button;
  GtkProgressBar *progress;
  GtkGrid *chart;
  GtkLabel *advice;
  GtkBox *results;
  gboolean updating, running;
  double seconds;
  GCancellable *cancellable; // of the measurement under way
  int *permille;             // of it, atomic; shared with its thread
  guint tick_id;
};

G_DEFINE_FINAL_TYPE (SqSpeedupPanel, sq_speedup_panel, ADW_TYPE_PREFERENCES_GROUP)

static const char *const mode_ids[] = { "auto", "single", "data", "pipeline", NULL };

/* Devices and mode */

static SqParallel
get_mode (SqSpeedupPanel *self)
{
  return (SqParallel) adw_combo_row_get_selected (self->mode); // in that order
}

static void
on_mode (SqSpeedupPanel *self)
{
  if (!self->updating && self->workspace != NULL)
    g_settings_set_string (sq_workspace_get_settings (self->workspace), "parallel", mode_ids[get_mode (self)]);
}

static gboolean
contains (char **all, char **some)
{
  for (guint i = 0; some[i] != NULL; i++)
    if (!g_strv_contains ((const char *const *) all, some[i]))
      return FALSE;
  return TRUE;
}

// What the settings say -> the rows.
static void
on_settings (SqSpeedupPanel *self)
{
  GSettings *settings = sq_workspace_get_settings (self->workspace);
  g_autofree char *device = g_settings_get_string (settings, "device"), *mode = g_settings_get_string (settings, "parallel");
  g_autofree char *text = sq_format_devices (device);
  g_auto (GStrv) ids = g_strsplit (device, ",", -1);
  SqParallel parallel = SQ_PARALLEL_AUTO;

  self->updating = TRUE;
  sq_parallel_from_id (mode, &parallel);
  adw_combo_row_set_selected (self->mode, parallel);
  for (guint i = 0; i < self->checks->len; i++)
    {
      g_auto (GStrv) some = g_strsplit (g_object_get_data (self->checks->pdata[i], "ids"), ",", -1);

      gtk_check_button_set_active (self->checks->pdata[i], contains (ids, some));
    }
  adw_expander_row_set_subtitle (self->devices, text);
  gtk_widget_set_sensitive (GTK_WIDGET (self->mode), g_strv_length (ids) > 1);
  self->updating = FALSE;
}

static gboolean
is_cpu (const char *ids)
{
  return g_str_has_prefix (ids, "cpu");
}

// The whole CPU and its cores exclude each other.
static void
on_check (GtkCheckButton *check, GParamSpec *pspec, SqSpeedupPanel *self)
{
  g_autoptr (GString) list = g_string_new (NULL);

  if (self->updating)
    return;
  for (guint i = 0; i < self->checks->len; i++)
    {
      GtkCheckButton *other = self->checks->pdata[i];
      const char *ids = g_object_get_data (G_OBJECT (other), "ids");

      if (!gtk_check_button_get_active (other)
          || (other != check && gtk_check_button_get_active (check) && is_cpu (ids)
              && is_cpu (g_object_get_data (G_OBJECT (check), "ids"))))
        continue;
      g_string_append_printf (list, "%s%s", list->len > 0 ? "," : "", ids);
    }
  g_settings_set_string (sq_workspace_get_settings (self->workspace), "device", list->len > 0 ? list->str : "cpu");
  on_settings (self); // also where nothing has changed: the last one cannot be taken away
}

static void
add_check (SqSpeedupPanel *self, const char *ids, const char *title, const char *subtitle)
{
  GtkWidget *row = adw_action_row_new (), *check = gtk_check_button_new ();

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  if (subtitle != NULL)
    adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle);
  gtk_widget_set_valign (check, GTK_ALIGN_CENTER);
  g_object_set_data_full (G_OBJECT (check), "ids", g_strdup (ids), g_free);
  gtk_accessible_update_property (GTK_ACCESSIBLE (check), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
  adw_action_row_add_prefix (ADW_ACTION_ROW (row), check);
  adw_action_row_set_activatable_widget (ADW_ACTION_ROW (row), check);
  adw_expander_row_add_row (self->devices, row);
  g_ptr_array_add (self->checks, check);
  g_signal_connect_object (check, "notify::active", G_CALLBACK (on_check), self, 0);
}

static void
on_devices (SqSpeedupPanel *self)
{
  GPtrArray *devices = sq_device_monitor_get_devices (sq_workspace_get_monitor (self->workspace));
  g_autoptr (GString) cores = g_string_new (NULL);

  if (devices == NULL || self->checks->len > 0)
    return;
  for (guint i = 0; i < devices->len; i++)
    {
      const SqDevice *device = devices->pdata[i];

      if (device->parent != NULL)
        g_string_append_printf (cores, "%s%s", cores->len > 0 ? "," : "", device->id);
    }
  for (guint i = 0; i < devices->len; i++)
    {
      const SqDevice *device = devices->pdata[i];

      if (device->parent != NULL || !device->available)
        continue;
      if (g_str_equal (device->id, "cpu"))
        {
          add_check (self, "cpu", _("CPU"), _("All cores as one device"));
          if (cores->len > 0 && device->cores < SQ_MAX_DEVICES)
            add_check (self, cores->str, _("CPU cores"), _("Each core a device of its own"));
        }
      else
        {
          add_check (self, device->id, device->name, device->id);
        }
    }
  on_settings (self);
}

/* Measuring */

static GtkWidget *
make_number (const char *text)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), 1);
  gtk_widget_add_css_class (label, "numeric");
  return label;
}

static GtkWidget *
make_heading (const char *text, const char *tooltip)
{
  GtkWidget *label = make_number (text);

  gtk_widget_add_css_class (label, "caption");
  gtk_widget_add_css_class (label, "dim-label");
  gtk_widget_set_tooltip_text (label, tooltip);
  return label;
}

static void
add_chart_row (SqSpeedupPanel *self, const SqSpeedupRow *row, double most, int y)
{
  g_autofree char *name = sq_speedup_row_title (row), *fps = NULL, *ms = NULL, *s = NULL, *e = NULL, *spoken = NULL;
  GtkWidget *title = gtk_label_new (name), *bar = gtk_level_bar_new_for_interval (0, MAX (most, 1e-9));

  gtk_label_set_xalign (GTK_LABEL (title), 0);
  gtk_label_set_ellipsize (GTK_LABEL (title), PANGO_ELLIPSIZE_END);
  gtk_label_set_width_chars (GTK_LABEL (title), 14);
  gtk_grid_attach (self->chart, title, 0, y, 1, 1);
  if (row->error != NULL)
    {
      GtkWidget *error = gtk_label_new (row->error);

      gtk_label_set_xalign (GTK_LABEL (error), 0);
      gtk_label_set_wrap (GTK_LABEL (error), TRUE);
      gtk_widget_add_css_class (error, "dim-label");
      gtk_grid_attach (self->chart, error, 1, y, 5, 1);
      return;
    }
  gtk_level_bar_remove_offset_value (GTK_LEVEL_BAR (bar), GTK_LEVEL_BAR_OFFSET_LOW);
  gtk_level_bar_remove_offset_value (GTK_LEVEL_BAR (bar), GTK_LEVEL_BAR_OFFSET_HIGH);
  gtk_level_bar_remove_offset_value (GTK_LEVEL_BAR (bar), GTK_LEVEL_BAR_OFFSET_FULL);
  gtk_level_bar_set_value (GTK_LEVEL_BAR (bar), row->fps);
  gtk_widget_set_hexpand (bar, TRUE);
  gtk_widget_set_valign (bar, GTK_ALIGN_CENTER);
  gtk_widget_set_size_request (bar, 80, -1);
  fps = sq_format_fps (row->fps);
  ms = sq_format_ms ((gint64) (1e9 / row->fps));
  s = g_strdup_printf ("%.2f", row->speedup);
  e = g_strdup_printf ("%.2f", row->efficiency);
  // Translators: way to use the devices, frames per second, speed-up, efficiency
  spoken = g_strdup_printf (_("%s: %s, speed-up %s, efficiency %s"), name, fps, s, e);
  gtk_accessible_update_property (GTK_ACCESSIBLE (bar), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
  gtk_grid_attach (self->chart, bar, 1, y, 1, 1);
  gtk_grid_attach (self->chart, make_number (fps), 2, y, 1, 1);
  gtk_grid_attach (self->chart, make_number (ms), 3, y, 1, 1);
  gtk_grid_attach (self->chart, make_number (s), 4, y, 1, 1);
  gtk_grid_attach (self->chart, make_number (e), 5, y, 1, 1);
}

void
sq_speedup_panel_show_result (SqSpeedupPanel *self, const SqSpeedup *speedup)
{
  g_autofree char *advice = sq_speedup_advice (speedup, get_mode (self));
  GtkWidget *child;

  g_return_if_fail (SQ_IS_SPEEDUP_PANEL (self));
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->chart))) != NULL)
    gtk_grid_remove (self->chart, child);
  gtk_grid_attach (self->chart, make_heading (_("Rate"), _("Frames per second, decoding left out")), 2, 0, 1, 1);
  gtk_grid_attach (self->chart, make_heading (_("T"), _("Time per frame: T₁ of one device, Tₙ of all together")), 3, 0, 1, 1);
  gtk_grid_attach (self->chart, make_heading (_("S"), _("Speed-up: T₁ of the fastest device divided by Tₙ")), 4, 0, 1, 1);
  gtk_grid_attach (self->chart, make_heading (_("S/n"), _("Efficiency: speed-up divided by the number of devices")), 5, 0, 1, 1);
  for (guint i = 0; i < speedup->rows->len; i++)
    add_chart_row (self, speedup->rows->pdata[i], sq_speedup_best (speedup)->fps, (int) i + 1);
  gtk_label_set_label (self->advice, advice);
  gtk_widget_set_visible (GTK_WIDGET (self->results), TRUE);
}

static void
update_button (SqSpeedupPanel *self)
{
  gboolean measuring = self->cancellable != NULL;

  gtk_button_set_label (self->button, measuring ? _("_Cancel") : _("_Measure"));
  gtk_widget_set_sensitive (GTK_WIDGET (self->button), measuring || !self->running);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->button), !measuring && self->running ? _("Pause the running detection first") : NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->progress), measuring);
}

static gboolean
on_tick (gpointer data)
{
  SqSpeedupPanel *self = data;

  gtk_progress_bar_set_fraction (self->progress, g_atomic_int_get (self->permille) / 1000.);
  return G_SOURCE_CONTINUE;
}

typedef struct
{
  SqModel *model;
  char *devices; // NULL: whatever there is
  double seconds;
  int *permille;
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;

  sq_model_unref (job->model);
  g_free (job->devices);
  g_atomic_rc_box_release (job->permille);
  g_free (job);
}

static void
on_progress (double fraction, gpointer data)
{
  g_atomic_int_set ((int *) data, (int) (fraction * 1000));
}

static void
measure_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Job *job = data;
  GError *error = NULL;
  SqSpeedup *speedup;

  if (job->devices == NULL)
    job->devices = sq_speedup_default_devices ();
  speedup = sq_speedup_measure (job->model, job->devices, job->seconds, cancellable, on_progress, job->permille, &error);
  if (speedup != NULL)
    g_task_return_pointer (task, speedup, (GDestroyNotify) sq_speedup_free);
  else
    g_task_return_error (task, error);
}

// TRUE: it is this panel's measurement still, which is over now.
static gboolean
end_measuring (SqSpeedupPanel *self, GCancellable *cancellable)
{
  if (self->cancellable != cancellable)
    return FALSE;
  g_clear_object (&self->cancellable);
  g_clear_handle_id (&self->tick_id, g_source_remove);
  g_clear_pointer (&self->permille, g_atomic_rc_box_release);
  update_button (self);
  return TRUE;
}

static void
on_measured (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqSpeedupPanel *self = SQ_SPEEDUP_PANEL (source);
  g_autoptr (GError) error = NULL;
  g_autoptr (SqSpeedup) speedup = g_task_propagate_pointer (G_TASK (result), &error);

  if (!end_measuring (self, g_task_get_cancellable (G_TASK (result))))
    return;
  if (speedup != NULL)
    sq_speedup_panel_show_result (self, speedup);
  else if (!g_error_matches (error, SQ_ERROR, SQ_ERROR_CANCELLED) && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    sq_toast_error (GTK_WIDGET (self), error->message);
}

static void
on_model (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SqSpeedupPanel) self = user_data;
  GCancellable *cancellable = g_task_get_cancellable (G_TASK (result));
  g_autoptr (GError) error = NULL;
  SqModel *model = sq_model_list_load_finish (SQ_MODEL_LIST (source), result, &error);
  g_autoptr (GTask) task = NULL;
  g_auto (GStrv) ids = NULL;
  g_autofree char *device = NULL;
  Job *job;

  if (model == NULL || self->cancellable != cancellable || g_cancellable_is_cancelled (cancellable))
    {
      g_clear_pointer (&model, sq_model_unref);
      if (end_measuring (self, cancellable) && error != NULL && !g_error_matches (error, SQ_ERROR, SQ_ERROR_CANCELLED))
        sq_toast_error (GTK_WIDGET (self), error->message);
      return;
    }
  device = g_settings_get_string (sq_workspace_get_settings (self->workspace), "device");
  ids = g_strsplit (device, ",", -1);
  job = g_new0 (Job, 1);
  job->model = model;
  job->devices = g_strv_length (ids) > 1 ? g_steal_pointer (&device) : NULL;
  job->seconds = self->seconds;
  job->permille = g_atomic_rc_box_acquire (self->permille);
  task = g_task_new (self, cancellable, on_measured, NULL);
  g_task_set_task_data (task, job, job_free);
  g_task_run_in_thread (task, measure_in_thread);
}

void
sq_speedup_panel_measure (SqSpeedupPanel *self)
{
  SqModelList *models;
  SqModelEntry *entry;

  g_return_if_fail (SQ_IS_SPEEDUP_PANEL (self));
  if (self->cancellable != NULL)
    {
      g_cancellable_cancel (self->cancellable);
      return;
    }
  models = self->workspace != NULL ? sq_workspace_get_models (self->workspace) : NULL;
  entry = models != NULL ? sq_model_list_get_current (models) : NULL;
  if (entry == NULL)
    return;
  self->cancellable = g_cancellable_new ();
  self->permille = g_atomic_rc_box_new0 (int);
  self->tick_id = g_timeout_add (PROGRESS_MS, on_tick, self);
  update_button (self);
  on_tick (self);
  sq_model_list_load_async (models, entry, self->cancellable, on_model, g_object_ref (self));
}

gboolean
sq_speedup_panel_get_measuring (SqSpeedupPanel *self)
{
  g_return_val_if_fail (SQ_IS_SPEEDUP_PANEL (self), FALSE);
  return self->cancellable != NULL;
}

void
sq_speedup_panel_set_seconds (SqSpeedupPanel *self, double seconds)
{
  g_return_if_fail (SQ_IS_SPEEDUP_PANEL (self));
  self->seconds = seconds;
}

void
sq_speedup_panel_set_running (SqSpeedupPanel *self, gboolean running, const char *reason)
{
  g_return_if_fail (SQ_IS_SPEEDUP_PANEL (self));
  if (running != self->running)
    {
      self->running = running;
      update_button (self);
    }
  if (g_strcmp0 (adw_action_row_get_subtitle (ADW_ACTION_ROW (self->mode)), reason != NULL ? reason : "") != 0)
    adw_action_row_set_subtitle (ADW_ACTION_ROW (self->mode), reason != NULL ? reason : "");
}

/* Object */

static void
sq_speedup_panel_dispose (GObject *object)
{
  SqSpeedupPanel *self = SQ_SPEEDUP_PANEL (object);

  sq_speedup_panel_set_workspace (self, NULL);
  G_OBJECT_CLASS (sq_speedup_panel_parent_class)->dispose (object);
}

static void
sq_speedup_panel_finalize (GObject *object)
{
  g_ptr_array_unref (SQ_SPEEDUP_PANEL (object)->checks);
  G_OBJECT_CLASS (sq_speedup_panel_parent_class)->finalize (object);
}

static void
sq_speedup_panel_class_init (SqSpeedupPanelClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sq_speedup_panel_dispose;
  G_OBJECT_CLASS (klass)->finalize = sq_speedup_panel_finalize;
  gtk_widget_class_set_template_from_resource (widget_class, RESOURCE_BASE "/ui/speedup-panel.ui");
  gtk_widget_class_bind_template_child (widget_class, SqSpeedupPanel, mode);
  gtk_widget_class_bind_template_child (widget_class, SqSpeedupPanel, devices);
  gtk_widget_class_bind_template_child (widget_class, SqSpeedupPanel, measure);
  gtk_widget_class_bind_template_child (widget_class, SqSpeedupPanel, button);
  gtk_widget_class_bind_template_child (widget_class, SqSpeedupPanel, progress);
  gtk_widget_class_bind_template_child (widget_class, SqSpeedupPanel, results);
  gtk_widget_class_bind_template_child (widget_class, SqSpeedupPanel, chart);
  gtk_widget_class_bind_template_child (widget_class, SqSpeedupPanel, advice);
  gtk_widget_class_bind_template_callback (widget_class, on_mode);
  gtk_widget_class_bind_template_callback (widget_class, sq_speedup_panel_measure);
}

static void
sq_speedup_panel_init (SqSpeedupPanel *self)
{
  self->checks = g_ptr_array_new ();
  self->seconds = 3;
  gtk_widget_init_template (GTK_WIDGET (self));
  update_button (self);
}

GtkWidget *
sq_speedup_panel_new (void)
{
  return g_object_new (SQ_TYPE_SPEEDUP_PANEL, NULL);
}

void
sq_speedup_panel_set_workspace (SqSpeedupPanel *self, SqWorkspace *workspace)
{
  g_return_if_fail (SQ_IS_SPEEDUP_PANEL (self));

  if (self->cancellable != NULL)
    {
      g_cancellable_cancel (self->cancellable);
      end_measuring (self, self->cancellable);
    }
  if (self->workspace != NULL)
    {
      g_signal_handlers_disconnect_by_data (sq_workspace_get_settings (self->workspace), self);
      g_signal_handlers_disconnect_by_data (sq_workspace_get_monitor (self->workspace), self);
    }
  g_set_object (&self->workspace, workspace);
  if (workspace == NULL)
    return;
  g_signal_connect_swapped (sq_workspace_get_settings (workspace), "changed::device", G_CALLBACK (on_settings), self);
  g_signal_connect_swapped (sq_workspace_get_settings (workspace), "changed::parallel", G_CALLBACK (on_settings), self);
  g_signal_connect_swapped (sq_workspace_get_monitor (workspace), "devices-changed", G_CALLBACK (on_devices), self);
  on_devices (self);
  on_settings (self);
}
