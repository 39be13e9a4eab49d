// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "transport-bar.h"

#include "format.h"
#include <glib/gi18n.h>

// Seeks asked for faster than this while the handle is dragged are merged.
#define SEEK_INTERVAL_MS 60

struct _SqTransportBar
{
  GtkWidget parent_instance;

  /* Template widgets */
  GtkWidget *play;
  GtkWidget *steps;
  GtkLabel *time;
  GtkScale *scale;
  GtkAdjustment *adjustment;
  GtkLabel *total;
  GtkMenuButton *rate;

  /* State */
  gint64 duration_ns;
  gint64 position_ns;
  gint64 wanted_ns;     // seek not yet sent, -1 none
  gint64 hold_until_us; // positions that arrive before the seek has taken effect do not move the handle back
  guint seek_id;
  gboolean playing;
  double rate_value;
};

G_DEFINE_FINAL_TYPE (SqTransportBar, sq_transport_bar, GTK_TYPE_WIDGET)

enum
{
  TOGGLE_PLAY,
  STEP,
  SEEK,
  RATE,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
on_play_clicked (SqTransportBar *self)
{
  g_signal_emit (self, signals[TOGGLE_PLAY], 0);
}

static void
on_back_clicked (SqTransportBar *self)
{
  g_signal_emit (self, signals[STEP], 0, -1);
}

static void
on_forward_clicked (SqTransportBar *self)
{
  g_signal_emit (self, signals[STEP], 0, 1);
}

static gboolean
send_seek (gpointer data)
{
  SqTransportBar *self = data;
  gint64 wanted = self->wanted_ns;

  if (wanted < 0)
    {
      self->seek_id = 0;
      return G_SOURCE_REMOVE;
    }
  self->wanted_ns = -1;
  self->hold_until_us = g_get_monotonic_time () + 200 * G_TIME_SPAN_MILLISECOND;
  g_signal_emit (self, signals[SEEK], 0, wanted);
  return G_SOURCE_CONTINUE;
}

static void
update_time (SqTransportBar *self, gint64 pts_ns)
{
  g_autofree char *text = sq_format_time (pts_ns, self->duration_ns >= 3600 * G_GINT64_CONSTANT (1000000000));

  if (g_strcmp0 (gtk_label_get_label (self->time), text) != 0)
    gtk_label_set_label (self->time, text);
}

static gboolean
on_change_value (GtkRange *range, GtkScrollType scroll, double value, SqTransportBar *self)
{
  value = CLAMP (value, 0, gtk_adjustment_get_upper (self->adjustment));
  self->wanted_ns = value * 1e9;
  update_time (self, self->wanted_ns);
  if (self->seek_id == 0)
    {
      send_seek (self);
      self->seek_id = g_timeout_add (SEEK_INTERVAL_MS, send_seek, self);
    }
  return FALSE;
}

static void
action_rate (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SqTransportBar *self = SQ_TRANSPORT_BAR (widget);
  double rate = g_variant_get_double (parameter);
  g_autofree char *text = NULL;

  self->rate_value = rate;
  text = g_strdup_printf (rate == .25 ? "¼×" : rate == .5 ? "½×" : "%.0f×", rate);
  gtk_menu_button_set_label (self->rate, text);
  g_signal_emit (self, signals[RATE], 0, rate);
}

static void
sq_transport_bar_dispose (GObject *object)
{
  SqTransportBar *self = SQ_TRANSPORT_BAR (object);
  GtkWidget *child;

  g_clear_handle_id (&self->seek_id, g_source_remove);
  gtk_widget_dispose_template (GTK_WIDGET (self), SQ_TYPE_TRANSPORT_BAR);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (sq_transport_bar_parent_class)->dispose (object);
}

static void
sq_transport_bar_class_init (SqTransportBarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sq_transport_bar_dispose;
  signals[TOGGLE_PLAY] = g_signal_new ("toggle-play", SQ_TYPE_TRANSPORT_BAR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[STEP] = g_signal_new ("step", SQ_TYPE_TRANSPORT_BAR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT);
  signals[SEEK] = g_signal_new ("seek", SQ_TYPE_TRANSPORT_BAR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT64);
  signals[RATE] = g_signal_new ("rate", SQ_TYPE_TRANSPORT_BAR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_DOUBLE);

  gtk_widget_class_set_template_from_resource (widget_class, RESOURCE_BASE "/ui/transport-bar.ui");
  gtk_widget_class_bind_template_child (widget_class, SqTransportBar, play);
  gtk_widget_class_bind_template_child (widget_class, SqTransportBar, steps);
  gtk_widget_class_bind_template_child (widget_class, SqTransportBar, time);
  gtk_widget_class_bind_template_child (widget_class, SqTransportBar, scale);
  gtk_widget_class_bind_template_child (widget_class, SqTransportBar, adjustment);
  gtk_widget_class_bind_template_child (widget_class, SqTransportBar, total);
  gtk_widget_class_bind_template_child (widget_class, SqTransportBar, rate);
  gtk_widget_class_bind_template_callback (widget_class, on_play_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_back_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_forward_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_change_value);
  gtk_widget_class_install_action (widget_class, "transport.rate", "d", action_rate);
}

static void
sq_transport_bar_init (SqTransportBar *self)
{
  self->wanted_ns = -1;
  self->rate_value = 1;
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
sq_transport_bar_new (void)
{
  return g_object_new (SQ_TYPE_TRANSPORT_BAR, NULL);
}

void
sq_transport_bar_set_playing (SqTransportBar *self, gboolean playing)
{
  const char *text = playing ? _("Pause") : _("Play");

  if (self->playing == playing)
    return;
  self->playing = playing;
  gtk_button_set_icon_name (GTK_BUTTON (self->play), playing ? "media-playback-pause-symbolic" : "media-playback-start-symbolic");
  gtk_widget_set_tooltip_text (self->play, text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->play), GTK_ACCESSIBLE_PROPERTY_LABEL, text, -1);
}

void
sq_transport_bar_set_duration (SqTransportBar *self, gint64 duration_ns)
{
  g_autofree char *text = NULL;

  self->duration_ns = duration_ns;
  gtk_adjustment_set_upper (self->adjustment, duration_ns > 0 ? duration_ns / 1e9 : 1);
  text = duration_ns > 0 ? sq_format_time (duration_ns, FALSE) : g_strdup (_("Live"));
  gtk_label_set_label (self->total, text);
  // As wide as the longest time, so that nothing moves while it runs.
  gtk_label_set_width_chars (self->time, duration_ns > 0 ? g_utf8_strlen (text, -1) : 7);
}

void
sq_transport_bar_set_seekable (SqTransportBar *self, gboolean seekable)
{
  gtk_widget_set_sensitive (GTK_WIDGET (self->scale), seekable);
  gtk_widget_set_sensitive (self->steps, seekable);
}

void
sq_transport_bar_set_position (SqTransportBar *self, gint64 pts_ns)
{
  if (self->wanted_ns >= 0 || g_get_monotonic_time () < self->hold_until_us)
    return;
  self->position_ns = pts_ns;
  gtk_adjustment_set_value (self->adjustment, pts_ns / 1e9);
  update_time (self, pts_ns);
}

void
sq_transport_bar_set_rate_visible (SqTransportBar *self, gboolean visible)
{
  gtk_widget_set_visible (GTK_WIDGET (self->rate), visible);
}
