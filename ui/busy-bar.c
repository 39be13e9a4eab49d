// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "busy-bar.h"

#include <glib/gi18n.h>

// Work that takes less than this shows no bar.
#define DELAY_MS 300

struct _SqBusyBar
{
  AdwBin parent_instance;

  /* Template widgets */
  GtkRevealer *revealer;
  GtkLabel *label;
  GtkProgressBar *progress;

  guint reveal_id; // delay before the bar shows
  guint pulse_id;
  gboolean building; // it tells of a device's network
};

G_DEFINE_FINAL_TYPE (SqBusyBar, sq_busy_bar, ADW_TYPE_BIN)

enum
{
  CANCEL,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static gboolean
reveal (gpointer data)
{
  SqBusyBar *self = data;

  self->reveal_id = 0;
  gtk_revealer_set_reveal_child (self->revealer, TRUE);
  return G_SOURCE_REMOVE;
}

static gboolean
pulse (gpointer data)
{
  gtk_progress_bar_pulse (((SqBusyBar *) data)->progress);
  return G_SOURCE_CONTINUE;
}

void
sq_busy_bar_set_text (SqBusyBar *self, const char *text)
{
  g_return_if_fail (SQ_IS_BUSY_BAR (self));

  g_clear_handle_id (&self->pulse_id, g_source_remove);
  if (text == NULL)
    {
      g_clear_handle_id (&self->reveal_id, g_source_remove);
      gtk_revealer_set_reveal_child (self->revealer, FALSE);
      return;
    }
  gtk_label_set_label (self->label, text);
  self->pulse_id = g_timeout_add (120, pulse, self);
  if (self->reveal_id == 0 && !gtk_revealer_get_reveal_child (self->revealer))
    self->reveal_id = g_timeout_add (DELAY_MS, reveal, self);
}

void
sq_busy_bar_set_fraction (SqBusyBar *self, double fraction)
{
  g_return_if_fail (SQ_IS_BUSY_BAR (self));

  g_clear_handle_id (&self->pulse_id, g_source_remove);
  gtk_progress_bar_set_fraction (self->progress, fraction);
}

// The first time a network meets a GPU its plans are built, for minutes perhaps; frames come from the CPU meanwhile.
gboolean
sq_busy_bar_show_building (SqBusyBar *self, const SqPipelineStats *stats)
{
  const SqDeviceStats *building = NULL;

  g_return_val_if_fail (SQ_IS_BUSY_BAR (self), FALSE);

  for (guint i = 0; i < stats->n_devices && building == NULL; i++)
    if (stats->device[i].built > 0 && stats->device[i].built < 1 && !stats->device[i].failed)
      building = &stats->device[i];
  if (building != NULL)
    {
      g_autofree char *text = g_strdup_printf (stats->frames > 0 ? _("Preparing the network for %s, the CPU detects meanwhile…")
                                                                 : _("Preparing the network for %s…"),
                                               building->id);

      sq_busy_bar_set_text (self, text);
      sq_busy_bar_set_fraction (self, building->built);
    }
  else if (self->building)
    sq_busy_bar_set_text (self, NULL);
  self->building = building != NULL;
  return self->building;
}

gboolean
sq_busy_bar_get_building (SqBusyBar *self)
{
  g_return_val_if_fail (SQ_IS_BUSY_BAR (self), FALSE);
  return self->building;
}

static void
on_cancel_clicked (SqBusyBar *self)
{
  g_signal_emit (self, signals[CANCEL], 0);
}

static void
sq_busy_bar_dispose (GObject *object)
{
  SqBusyBar *self = SQ_BUSY_BAR (object);

  g_clear_handle_id (&self->reveal_id, g_source_remove);
  g_clear_handle_id (&self->pulse_id, g_source_remove);
  adw_bin_set_child (ADW_BIN (self), NULL); // before the template unparents it behind the bin's back
  gtk_widget_dispose_template (GTK_WIDGET (self), SQ_TYPE_BUSY_BAR);
  G_OBJECT_CLASS (sq_busy_bar_parent_class)->dispose (object);
}

static void
sq_busy_bar_class_init (SqBusyBarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sq_busy_bar_dispose;
  signals[CANCEL] = g_signal_new ("cancel", SQ_TYPE_BUSY_BAR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class, RESOURCE_BASE "/ui/busy-bar.ui");
  gtk_widget_class_bind_template_child (widget_class, SqBusyBar, revealer);
  gtk_widget_class_bind_template_child (widget_class, SqBusyBar, label);
  gtk_widget_class_bind_template_child (widget_class, SqBusyBar, progress);
  gtk_widget_class_bind_template_callback (widget_class, on_cancel_clicked);
}

static void
sq_busy_bar_init (SqBusyBar *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
sq_busy_bar_new (void)
{
  return g_object_new (SQ_TYPE_BUSY_BAR, NULL);
}
