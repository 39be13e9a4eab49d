// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "disagreement-strip.h"

#include "bars.h"
#include <glib/gi18n.h>

// A live source runs for ever: beyond this many frames the strip shows the first ones alone.
#define MAX_BINS (1 << 20)

struct _SqDisagreementStrip
{
  GtkWidget parent_instance;

  GArray *frames; // SqComparedFrame
  GArray *values; // float per index of the source, -1 not compared
  gint64 n_frames, position;
  int worst; // index
};

G_DEFINE_FINAL_TYPE (SqDisagreementStrip, sq_disagreement_strip, GTK_TYPE_WIDGET)

enum
{
  JUMP,
  WALK,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static SqBars
get_bars (SqDisagreementStrip *self)
{
  double n = MAX ((double) self->values->len, MIN (self->n_frames, MAX_BINS));

  return (SqBars){
    .values = (const float *) self->values->data,
    .n_values = self->values->len,
    .n = n,
    .position = self->position >= 0 && n >= 1 ? (self->position + .5) / n : -1,
    .marked = self->worst,
  };
}

static void
sq_disagreement_strip_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  SqBars bars = get_bars (SQ_DISAGREEMENT_STRIP (widget));

  sq_bars_snapshot (&bars, widget, snapshot);
}

static void
sq_disagreement_strip_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural,
                               int *minimum_baseline, int *natural_baseline)
{
  *minimum = *natural = orientation == GTK_ORIENTATION_VERTICAL ? SQ_BARS_HEIGHT : 32;
}

// Of the frames that one column stands for, the one that is worth a look; -1 none.
static gint64
find_at (SqDisagreementStrip *self, double x)
{
  SqBars bars = get_bars (self);
  gint64 best = -1;
  guint from, to;

  if (!sq_bars_find (&bars, GTK_WIDGET (self), x, &from, &to))
    return -1;
  for (guint i = from; i < to; i++)
    if (bars.values[i] >= 0 && (best < 0 || bars.values[i] > bars.values[best]))
      best = i;
  return best;
}

static void
on_pressed (GtkGestureClick *gesture, int n_press, double x, double y, SqDisagreementStrip *self)
{
  gint64 index = find_at (self, x);

  gtk_widget_grab_focus (GTK_WIDGET (self));
  if (index >= 0)
    g_signal_emit (self, signals[JUMP], 0, index);
}

static gboolean
on_query_tooltip (SqDisagreementStrip *self, int x, int y, gboolean keyboard, GtkTooltip *tooltip)
{
  gint64 index = keyboard ? -1 : find_at (self, x);
  g_autofree char *text = NULL;
  guint n;

  if (index < 0)
    return FALSE;
  n = g_array_index (self->values, float, index);
  // Translators: number of disagreements, number of a frame
  text = g_strdup_printf (ngettext ("%u disagreement in frame %" G_GINT64_FORMAT, "%u disagreements in frame %" G_GINT64_FORMAT, n), n,
                          index + 1);
  gtk_tooltip_set_text (tooltip, text);
  return TRUE;
}

static void
action_walk (GtkWidget *widget, const char *name, GVariant *parameter)
{
  int direction = g_variant_get_int32 (parameter);

  if (gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL)
    direction = -direction;
  g_signal_emit (widget, signals[WALK], 0, direction);
}

static void
sq_disagreement_strip_finalize (GObject *object)
{
  SqDisagreementStrip *self = SQ_DISAGREEMENT_STRIP (object);

  g_clear_pointer (&self->frames, g_array_unref);
  g_array_unref (self->values);
  G_OBJECT_CLASS (sq_disagreement_strip_parent_class)->finalize (object);
}

static void
sq_disagreement_strip_class_init (SqDisagreementStripClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->finalize = sq_disagreement_strip_finalize;
  widget_class->snapshot = sq_disagreement_strip_snapshot;
  widget_class->measure = sq_disagreement_strip_measure;
  gtk_widget_class_set_css_name (widget_class, "disagreements");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);

  signals[JUMP] = g_signal_new ("jump", SQ_TYPE_DISAGREEMENT_STRIP, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT64);
  signals[WALK] = g_signal_new ("walk", SQ_TYPE_DISAGREEMENT_STRIP, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT);
  gtk_widget_class_install_action (widget_class, "strip.walk", "i", action_walk);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Left, 0, "strip.walk", "i", -1);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Right, 0, "strip.walk", "i", 1);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Home, 0, "strip.walk", "i", 0);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Return, 0, "strip.walk", "i", 0);
}

static void
sq_disagreement_strip_init (SqDisagreementStrip *self)
{
  GtkGesture *click = gtk_gesture_click_new ();

  self->values = g_array_new (FALSE, FALSE, sizeof (float));
  self->position = self->worst = -1;
  g_signal_connect (click, "pressed", G_CALLBACK (on_pressed), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (click));
  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  gtk_widget_set_has_tooltip (GTK_WIDGET (self), TRUE);
  g_signal_connect (self, "query-tooltip", G_CALLBACK (on_query_tooltip), NULL);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Disagreements per frame"), -1);
}

GtkWidget *
sq_disagreement_strip_new (void)
{
  return g_object_new (SQ_TYPE_DISAGREEMENT_STRIP, NULL);
}

static void
describe (SqDisagreementStrip *self, guint n_bad, guint most)
{
  g_autofree char *text = NULL;

  if (n_bad > 0)
    // Translators: number of frames, of how many; number of the worst frame, its disagreements
    text = g_strdup_printf (_("%u of %u frames; the worst is frame %d with %u"), n_bad, self->frames->len, self->worst + 1, most);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text != NULL ? text : _("None"), -1);
}

void
sq_disagreement_strip_set_frames (SqDisagreementStrip *self, GArray *frames)
{
  guint n_bad = 0;
  float most = 0;

  g_return_if_fail (SQ_IS_DISAGREEMENT_STRIP (self));

  if (frames != NULL)
    g_array_ref (frames);
  g_clear_pointer (&self->frames, g_array_unref);
  self->frames = frames;
  self->worst = -1;
  g_array_set_size (self->values, 0);
  for (guint i = 0; frames != NULL && i < frames->len; i++)
    {
      const SqComparedFrame *frame = &g_array_index (frames, SqComparedFrame, i);
      float value = sq_compared_frame_disagreements (frame), nothing = -1;

      if (frame->index < 0 || frame->index >= MAX_BINS)
        continue;
      while (self->values->len <= frame->index)
        g_array_append_val (self->values, nothing);
      g_array_index (self->values, float, frame->index) = value;
      n_bad += value > 0;
      if (value > most)
        {
          most = value;
          self->worst = frame->index;
        }
    }
  describe (self, n_bad, most);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
sq_disagreement_strip_set_n_frames (SqDisagreementStrip *self, gint64 n_frames)
{
  self->n_frames = n_frames;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
sq_disagreement_strip_set_position (SqDisagreementStrip *self, gint64 index)
{
  if (self->position == index)
    return;
  self->position = index;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

int
sq_disagreement_strip_get_worst (SqDisagreementStrip *self)
{
  g_return_val_if_fail (SQ_IS_DISAGREEMENT_STRIP (self), -1);
  return self->worst;
}
