// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "device-card.h"

#include "core-bars.h"
#include "format.h"
#include "graph.h"
#include <glib/gi18n.h>

#define GRAPH_HEIGHT 88 // px

typedef enum
{
  COMPUTE, // with the engine's share of it, or of the CPU this process's
  MEMORY,  // with how long it was accessed
  VIDEO,   // encoder, decoder
  POWER,
  N_GRAPHS,
} Kind;

typedef struct
{
  GtkWidget *box;
  GtkLabel *value;
  SqGraphWidget *graph;
  gboolean reported; // ever
} Panel;

struct _SqDeviceCard
{
  GtkBox parent_instance;

  char *id, *unread;
  gboolean cpu;
  guint64 memory;
  SqDeviceMonitor *monitor;
  GtkLabel *work, *note, *parts; // parts: NULL but for the CPU
  GtkFlowBox *flow;
  Panel panels[N_GRAPHS];
  SqCoreBars *cores;
  gboolean loading;
};

G_DEFINE_FINAL_TYPE (SqDeviceCard, sq_device_card, GTK_TYPE_BOX)

static GtkWidget *
add_label (GtkBox *box, const char *text, const char *css_class)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_widget_add_css_class (label, css_class);
  gtk_box_append (box, label);
  return label;
}

static void
add_header (SqDeviceCard *self, const SqDevice *device)
{
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12), *names = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *icon = g_object_new (GTK_TYPE_IMAGE, "icon-name", "squint-chip-symbolic", "pixel-size", 32, "accessible-role",
                                  GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);
  GtkWidget *name, *detail;
  g_autofree char *title = self->cpu ? g_strdup (device->name) : g_strdup_printf ("%s · %s", device->name, device->id);

  gtk_widget_set_hexpand (names, TRUE);
  name = add_label (GTK_BOX (names), title, "title-4");
  gtk_label_set_ellipsize (GTK_LABEL (name), PANGO_ELLIPSIZE_END);
  detail = add_label (GTK_BOX (names), device->detail, "dim-label");
  gtk_widget_add_css_class (detail, "caption");
  gtk_label_set_wrap (GTK_LABEL (detail), TRUE);
  self->work = GTK_LABEL (gtk_label_new (NULL));
  gtk_widget_set_valign (GTK_WIDGET (self->work), GTK_ALIGN_START);
  gtk_widget_add_css_class (GTK_WIDGET (self->work), "heading");
  gtk_widget_add_css_class (GTK_WIDGET (self->work), "numeric");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->work),
                               _("Frames per second the running detection gets from this device, and its share of them"));
  gtk_box_append (GTK_BOX (row), icon);
  gtk_box_append (GTK_BOX (row), names);
  gtk_box_append (GTK_BOX (row), GTK_WIDGET (self->work));
  gtk_box_append (GTK_BOX (self), row);
  self->note = GTK_LABEL (add_label (GTK_BOX (self), NULL, "caption"));
  gtk_label_set_wrap (self->note, TRUE);
  gtk_widget_set_visible (GTK_WIDGET (self->note), FALSE);
}

static void
append_to_flow (SqDeviceCard *self, GtkWidget *child)
{
  GtkWidget *cell = gtk_flow_box_child_new ();

  gtk_widget_set_focusable (cell, FALSE);
  gtk_flow_box_child_set_child (GTK_FLOW_BOX_CHILD (cell), child);
  gtk_flow_box_append (self->flow, cell);
}

static GtkWidget *
make_titled (const char *title, GtkLabel **value)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6), *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);

  add_label (GTK_BOX (row), title, "caption-heading");
  *value = GTK_LABEL (add_label (GTK_BOX (row), NULL, "caption"));
  gtk_label_set_xalign (*value, 1);
  gtk_label_set_ellipsize (*value, PANGO_ELLIPSIZE_END);
  gtk_widget_set_hexpand (GTK_WIDGET (*value), TRUE);
  gtk_widget_add_css_class (GTK_WIDGET (*value), "numeric");
  gtk_box_append (GTK_BOX (box), row);
  gtk_widget_set_size_request (box, 240, -1);
  return box;
}

static void
add_panel (SqDeviceCard *self, Kind kind, const char *title, const char *first, const char *second, const char *unit, double maximum)
{
  Panel *panel = &self->panels[kind];
  // Translators: name of a graph
  g_autofree char *label = g_strdup_printf (_("%s over the last two minutes"), title);

  panel->box = make_titled (title, &panel->value);
  panel->graph = g_object_new (SQ_TYPE_GRAPH_WIDGET, "label", label, "capacity", SQ_MONITOR_HISTORY, "height", GRAPH_HEIGHT, "unit", unit,
                               "maximum", maximum, "first-name", first, "second-name", second, NULL);
  gtk_box_append (GTK_BOX (panel->box), GTK_WIDGET (panel->graph));
  append_to_flow (self, panel->box);
}

static double
percent (double share)
{
  return share < 0 ? -1 : share * 100;
}

static void
set_text (GtkLabel *label, const char *text)
{
  if (g_strcmp0 (gtk_label_get_label (label), text) != 0)
    gtk_label_set_label (label, text);
}

// "45 %", or a dash where it is not known.
static char *
format_percent (double share)
{
  return share < 0 ? g_strdup ("–") : g_strdup_printf (_("%.0f %%"), share * 100);
}

static void
push (SqDeviceCard *self, Kind kind, double value, double second)
{
  Panel *panel = &self->panels[kind];

  if (panel->box == NULL)
    return;
  panel->reported = panel->reported || value >= 0 || second >= 0;
  sq_graph_widget_push (panel->graph, value, second);
}

static void
show_values (SqDeviceCard *self, const SqDeviceSample *s)
{
  g_autofree char *compute = format_percent (s->compute), *busy = format_percent (self->cpu ? s->own : s->busy);
  g_autofree char *memory = format_percent (s->memory), *second = NULL;
  // Translators: load of the whole device, then the part of it that is Squint's
  g_autofree char *compute_text = g_strdup_printf (_("%s, Squint %s"), compute, busy), *memory_text = NULL;

  set_text (self->panels[COMPUTE].value, compute_text);
  second = self->cpu ? g_format_size_full (s->own_bytes, G_FORMAT_SIZE_IEC_UNITS) : format_percent (s->bandwidth);
  // Translators: part of the memory in use; "access": how long it was read or written
  memory_text = g_strdup_printf (self->cpu ? _("%s, Squint %s") : _("%s, access %s"), memory, second);
  set_text (self->panels[MEMORY].value, memory_text);
  if (self->panels[VIDEO].box != NULL)
    {
      g_autofree char *encoder = format_percent (s->encoder), *decoder = format_percent (s->decoder);
      // Translators: load of the video encoder and decoder
      g_autofree char *text = g_strdup_printf (_("encoder %s, decoder %s"), encoder, decoder);

      set_text (self->panels[VIDEO].value, text);
    }
  if (self->panels[POWER].box != NULL)
    {
      g_autoptr (GString) text = g_string_new (NULL);

      if (s->power >= 0)
        g_string_append_printf (text, _("%.0f W"), s->power);
      if (s->temperature >= 0)
        g_string_append_printf (text, _("%s%.0f °C"), text->len > 0 ? ", " : "", s->temperature);
      if (s->clock >= 0)
        g_string_append_printf (text, _("%s%.0f MHz"), text->len > 0 ? ", " : "", s->clock);
      set_text (self->panels[POWER].value, text->len > 0 ? text->str : "–");
    }
}

// What cannot be shown is said once, in words; a graph that would stay empty is left out.
static void
show_note (SqDeviceCard *self, gboolean answering)
{
  static const char *const names[N_GRAPHS] = { N_("compute"), N_("memory"), N_("video"), N_("power") };
  g_autoptr (GString) missing = g_string_new (NULL);
  g_autofree char *text = NULL;

  for (int i = 0; i < N_GRAPHS; i++)
    if (self->panels[i].box != NULL)
      {
        gboolean shown = self->panels[i].reported || (!answering && self->unread == NULL);

        gtk_widget_set_visible (gtk_widget_get_parent (self->panels[i].box), shown);
        if (!shown)
          g_string_append_printf (missing, "%s%s", missing->len > 0 ? ", " : "", _(names[i]));
      }
  if (!answering)
    text = g_strdup (_("This device has stopped answering; its frames are done by the others."));
  else if (self->unread != NULL)
    text = g_strdup (self->unread);
  else if (missing->len > 0)
    // Translators: names of graphs
    text = g_strdup_printf (_("Not reported by this device: %s."), missing->str);
  set_text (self->note, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (self->note), text != NULL);
  if (answering)
    {
      gtk_widget_remove_css_class (GTK_WIDGET (self->note), "error");
      gtk_widget_add_css_class (GTK_WIDGET (self->note), "dim-label");
    }
  else
    {
      gtk_widget_remove_css_class (GTK_WIDGET (self->note), "dim-label");
      gtk_widget_add_css_class (GTK_WIDGET (self->note), "error");
    }
}

void
sq_device_card_push (SqDeviceCard *self, const SqDeviceSample *sample)
{
  g_return_if_fail (SQ_IS_DEVICE_CARD (self));

  push (self, COMPUTE, percent (sample->compute), percent (self->cpu ? sample->own : sample->busy));
  push (self, MEMORY, percent (sample->memory),
        self->cpu ? (self->memory > 0 ? 100. * (double) sample->own_bytes / (double) self->memory : -1) : percent (sample->bandwidth));
  push (self, VIDEO, percent (sample->encoder), percent (sample->decoder));
  push (self, POWER, sample->power, -1);
  if (self->loading)
    return;
  if (self->cores != NULL)
    {
      float load[256];

      sq_core_bars_set (self->cores, load, sq_device_monitor_get_cores (self->monitor, load, G_N_ELEMENTS (load)));
    }
  show_values (self, sample);
  show_note (self, sample->answering);
}

void
sq_device_card_set_work (SqDeviceCard *self, double fps, double share, const char *parts)
{
  g_autofree char *speed = fps >= 0 ? sq_format_fps (fps) : NULL, *text = NULL;

  g_return_if_fail (SQ_IS_DEVICE_CARD (self));
  if (speed != NULL)
    // Translators: frames per second, share of all frames
    text = g_strdup_printf (_("%s, %.0f %% of the frames"), speed, share * 100);
  set_text (self->work, text != NULL ? text : "");
  if (self->parts != NULL)
    set_text (self->parts, parts);
}

const char *
sq_device_card_get_id (SqDeviceCard *self)
{
  g_return_val_if_fail (SQ_IS_DEVICE_CARD (self), NULL);
  return self->id;
}

const char *
sq_device_card_get_note (SqDeviceCard *self)
{
  g_return_val_if_fail (SQ_IS_DEVICE_CARD (self), NULL);
  return gtk_label_get_label (self->note);
}

const char *
sq_device_card_get_work (SqDeviceCard *self)
{
  g_return_val_if_fail (SQ_IS_DEVICE_CARD (self), NULL);
  return gtk_label_get_label (self->work);
}

static void
sq_device_card_finalize (GObject *object)
{
  SqDeviceCard *self = SQ_DEVICE_CARD (object);

  g_free (self->id);
  g_free (self->unread);
  g_object_unref (self->monitor);
  G_OBJECT_CLASS (sq_device_card_parent_class)->finalize (object);
}

static void
sq_device_card_class_init (SqDeviceCardClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sq_device_card_finalize;
  gtk_widget_class_set_accessible_role (GTK_WIDGET_CLASS (klass), GTK_ACCESSIBLE_ROLE_GROUP);
}

static void
sq_device_card_init (SqDeviceCard *self)
{
  gtk_orientable_set_orientation (GTK_ORIENTABLE (self), GTK_ORIENTATION_VERTICAL);
  gtk_box_set_spacing (GTK_BOX (self), 12);
  gtk_widget_add_css_class (GTK_WIDGET (self), "card");
  gtk_widget_add_css_class (GTK_WIDGET (self), "device-card");
}

GtkWidget *
sq_device_card_new (SqDeviceMonitor *monitor, const SqDevice *device)
{
  SqDeviceCard *self = g_object_new (SQ_TYPE_DEVICE_CARD, NULL);
  g_autofree SqDeviceSample *past = g_new (SqDeviceSample, SQ_MONITOR_HISTORY);
  guint n;

  self->id = g_strdup (device->id);
  self->unread = g_strdup (device->unread);
  self->memory = device->memory;
  self->monitor = g_object_ref (monitor);
  self->cpu = g_str_equal (device->id, "cpu");
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, device->name, -1);
  add_header (self, device);
  self->flow = g_object_new (GTK_TYPE_FLOW_BOX, "selection-mode", GTK_SELECTION_NONE, "homogeneous", TRUE, "min-children-per-line", 1,
                             "max-children-per-line", 2, "column-spacing", 18, "row-spacing", 12, NULL);
  gtk_box_append (GTK_BOX (self), GTK_WIDGET (self->flow));
  add_panel (self, COMPUTE, _("Compute"), _("all"), _("Squint"), "%", 100);
  add_panel (self, MEMORY, _("Memory"), _("in use"), self->cpu ? _("Squint") : _("access"), "%", 100);
  if (self->cpu)
    {
      GtkWidget *box = make_titled (_("Cores"), &self->parts);

      self->cores = SQ_CORE_BARS (sq_core_bars_new ());
      gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->cores));
      gtk_box_append (GTK_BOX (self), box);
    }
  else
    {
      add_panel (self, VIDEO, _("Video"), _("encoder"), _("decoder"), "%", 100);
      add_panel (self, POWER, _("Power"), _("power"), NULL, "W", 0);
    }
  n = sq_device_monitor_get_history (monitor, device->id, past, SQ_MONITOR_HISTORY);
  for (guint i = 0; i < n; i++)
    {
      self->loading = i + 1 < n;
      sq_device_card_push (self, &past[i]);
    }
  self->loading = FALSE;
  return GTK_WIDGET (self);
}
