// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "inspector.h"

#include "class-swatch.h"
#include "filter-panel.h"
#include "format.h"
#include <glib/gi18n.h>

typedef struct
{
  GtkWidget *box, *swatch;
  GtkLabel *name, *count;
  int class_id;
  guint n;
} Row;

struct _SqInspector
{
  AdwBin parent_instance;

  /* Template widgets */
  GtkLabel *total;
  GtkBox *counts;
  SqFilterPanel *filter_panel;
  GtkWidget *stats;
  GtkLabel *engine_fps, *wall_fps, *frames;
  GtkGrid *stages;

  GtkLabel *stage_p50[SQ_N_STAGES], *stage_p99[SQ_N_STAGES];
  SqFilterState *filter;
  char **labels;
  guint n_labels;
  GArray *rows; // Row, the first n_rows are shown
  guint n_rows;
  guint n_objects;
};

G_DEFINE_FINAL_TYPE (SqInspector, sq_inspector, ADW_TYPE_BIN)

enum
{
  PROP_0,
  PROP_FILTER,
  PROP_SHOW_STATS,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

static void
set_text (GtkLabel *label, const char *text)
{
  if (g_strcmp0 (gtk_label_get_label (label), text) != 0)
    gtk_label_set_label (label, text);
}

static Row *
get_row (SqInspector *self, guint i)
{
  if (i >= self->rows->len)
    {
      Row row = { .class_id = -1, .n = G_MAXUINT };

      row.box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 8);
      row.swatch = sq_class_swatch_new (0);
      row.name = GTK_LABEL (gtk_label_new (NULL));
      row.count = GTK_LABEL (gtk_label_new (NULL));
      gtk_label_set_xalign (row.name, 0);
      gtk_label_set_ellipsize (row.name, PANGO_ELLIPSIZE_END);
      gtk_widget_set_hexpand (GTK_WIDGET (row.name), TRUE);
      gtk_widget_add_css_class (GTK_WIDGET (row.count), "numeric");
      gtk_box_append (GTK_BOX (row.box), row.swatch);
      gtk_box_append (GTK_BOX (row.box), GTK_WIDGET (row.name));
      gtk_box_append (GTK_BOX (row.box), GTK_WIDGET (row.count));
      gtk_box_append (self->counts, row.box);
      g_array_append_val (self->rows, row);
    }
  return &g_array_index (self->rows, Row, i);
}

static void
set_row (SqInspector *self, guint i, int class_id, guint n)
{
  Row *row = get_row (self, i);

  if (row->class_id != class_id)
    {
      row->class_id = class_id;
      sq_class_swatch_set_class (SQ_CLASS_SWATCH (row->swatch), class_id);
      set_text (row->name, class_id >= 0 && (guint) class_id < self->n_labels ? self->labels[class_id] : _("object"));
    }
  if (row->n != n)
    {
      g_autofree char *text = sq_format_count (n);

      row->n = n;
      set_text (row->count, text);
      if (n == 0)
        gtk_widget_add_css_class (row->box, "dim-label");
      else
        gtk_widget_remove_css_class (row->box, "dim-label");
    }
  gtk_widget_set_visible (row->box, TRUE);
}

typedef struct
{
  int class_id;
  guint n;
} Count;

static gint
compare_counts (gconstpointer a, gconstpointer b)
{
  const Count *x = a, *y = b;

  return x->n != y->n ? (x->n < y->n ? 1 : -1) : x->class_id - y->class_id;
}

static Count *
find_count (GArray *counts, int class_id)
{
  for (guint i = 0; i < counts->len; i++)
    if (g_array_index (counts, Count, i).class_id == class_id)
      return &g_array_index (counts, Count, i);
  return NULL;
}

void
sq_inspector_set_detections (SqInspector *self, GArray *detections, gboolean moving)
{
  g_autoptr (GArray) counts = g_array_new (FALSE, FALSE, sizeof (Count));
  g_autoptr (GArray) fresh = g_array_new (FALSE, FALSE, sizeof (Count));
  g_autofree char *text = NULL;

  g_return_if_fail (SQ_IS_INSPECTOR (self));

  // Rows of classes already shown stay where they are. A new class takes the row of one that is gone, so that the list grows no longer than
  // the most classes ever seen at once, and the sliders below stay put.
  for (guint i = 0; moving && i < self->n_rows; i++)
    {
      Count count = { g_array_index (self->rows, Row, i).class_id, 0 };

      g_array_append_val (counts, count);
    }
  for (guint i = 0; i < detections->len; i++)
    {
      int class_id = g_array_index (detections, SqDetection, i).class_id;
      Count *count = find_count (counts, class_id);

      if (count == NULL)
        count = find_count (fresh, class_id);
      if (count != NULL)
        {
          count->n++;
        }
      else
        {
          Count one = { class_id, 1 };

          g_array_append_val (fresh, one);
        }
    }
  g_array_sort (fresh, compare_counts);
  for (guint i = 0, at = 0; i < fresh->len; i++)
    {
      while (at < counts->len && g_array_index (counts, Count, at).n > 0)
        at++;
      if (at < counts->len)
        g_array_index (counts, Count, at) = g_array_index (fresh, Count, i);
      else
        g_array_append_val (counts, g_array_index (fresh, Count, i));
    }

  for (guint i = 0; i < counts->len; i++)
    set_row (self, i, g_array_index (counts, Count, i).class_id, g_array_index (counts, Count, i).n);
  for (guint i = counts->len; i < self->rows->len; i++)
    gtk_widget_set_visible (g_array_index (self->rows, Row, i).box, FALSE);
  self->n_rows = counts->len;
  self->n_objects = detections->len;

  text = detections->len > 0 ? sq_format_objects (detections->len) : g_strdup (_("No objects"));
  set_text (self->total, text);
}

guint
sq_inspector_get_n_objects (SqInspector *self)
{
  g_return_val_if_fail (SQ_IS_INSPECTOR (self), 0);
  return self->n_objects;
}

void
sq_inspector_set_nms_done (SqInspector *self, gboolean nms_done)
{
  sq_filter_panel_set_nms_done (self->filter_panel, nms_done);
}

void
sq_inspector_set_stats (SqInspector *self, const SqPipelineStats *stats)
{
  g_autofree char *engine = NULL;
  g_autofree char *wall = NULL;
  g_autofree char *frames = NULL;

  g_return_if_fail (SQ_IS_INSPECTOR (self));

  gtk_widget_set_visible (self->stats, stats != NULL);
  if (stats == NULL)
    return;

  engine = stats->engine_fps > 0 ? sq_format_fps (stats->engine_fps) : g_strdup ("–");
  wall = stats->wall_fps > 0 ? sq_format_fps (stats->wall_fps) : g_strdup ("–");
  set_text (self->engine_fps, engine);
  set_text (self->wall_fps, wall);
  if (stats->dropped > 0)
    // Translators: frames done, frames left out because they came too late
    frames = g_strdup_printf (_("%'" G_GUINT64_FORMAT ", %'" G_GUINT64_FORMAT " dropped"), stats->frames, stats->dropped);
  else
    frames = sq_format_count (stats->frames);
  set_text (self->frames, frames);
  for (int i = 0; i < SQ_N_STAGES; i++)
    {
      g_autofree char *p50 = stats->stage[i].count > 0 ? sq_format_ms (stats->stage[i].p50_ns) : g_strdup ("–");
      g_autofree char *p99 = stats->stage[i].count > 0 ? sq_format_ms (stats->stage[i].p99_ns) : g_strdup ("–");

      set_text (self->stage_p50[i], p50);
      set_text (self->stage_p99[i], p99);
    }
}

void
sq_inspector_set_filter (SqInspector *self, SqFilterState *filter)
{
  g_return_if_fail (SQ_IS_INSPECTOR (self));

  if (self->filter == filter)
    return;
  g_set_object (&self->filter, filter);
  sq_filter_panel_set_filter (self->filter_panel, filter);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_FILTER]);
}

void
sq_inspector_set_labels (SqInspector *self, const char *const *labels)
{
  g_return_if_fail (SQ_IS_INSPECTOR (self));

  g_strfreev (self->labels);
  self->labels = g_strdupv ((char **) labels);
  self->n_labels = labels != NULL ? g_strv_length (self->labels) : 0;
  sq_filter_panel_set_labels (self->filter_panel, labels);
  for (guint i = 0; i < self->rows->len; i++)
    g_array_index (self->rows, Row, i).class_id = -1;
  self->n_rows = 0;
}

static void
sq_inspector_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SqInspector *self = SQ_INSPECTOR (object);

  switch (prop_id)
    {
    case PROP_FILTER:
      g_value_set_object (value, self->filter);
      break;
    case PROP_SHOW_STATS:
      g_value_set_boolean (value, gtk_widget_get_visible (self->stats));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sq_inspector_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  SqInspector *self = SQ_INSPECTOR (object);

  switch (prop_id)
    {
    case PROP_FILTER:
      sq_inspector_set_filter (self, g_value_get_object (value));
      break;
    case PROP_SHOW_STATS:
      gtk_widget_set_visible (self->stats, g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sq_inspector_dispose (GObject *object)
{
  SqInspector *self = SQ_INSPECTOR (object);

  if (self->filter_panel != NULL)
    sq_inspector_set_filter (self, NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), SQ_TYPE_INSPECTOR);
  G_OBJECT_CLASS (sq_inspector_parent_class)->dispose (object);
}

static void
sq_inspector_finalize (GObject *object)
{
  SqInspector *self = SQ_INSPECTOR (object);

  g_array_unref (self->rows);
  g_strfreev (self->labels);
  G_OBJECT_CLASS (sq_inspector_parent_class)->finalize (object);
}

static void
sq_inspector_class_init (SqInspectorClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = sq_inspector_get_property;
  object_class->set_property = sq_inspector_set_property;
  object_class->dispose = sq_inspector_dispose;
  object_class->finalize = sq_inspector_finalize;

  props[PROP_FILTER] = g_param_spec_object ("filter", NULL, NULL, SQ_TYPE_FILTER_STATE,
                                            G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  props[PROP_SHOW_STATS] = g_param_spec_boolean ("show-stats", NULL, NULL, TRUE, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);

  g_type_ensure (SQ_TYPE_FILTER_PANEL);
  gtk_widget_class_set_template_from_resource (widget_class, RESOURCE_BASE "/ui/inspector.ui");
  gtk_widget_class_bind_template_child (widget_class, SqInspector, total);
  gtk_widget_class_bind_template_child (widget_class, SqInspector, counts);
  gtk_widget_class_bind_template_child (widget_class, SqInspector, filter_panel);
  gtk_widget_class_bind_template_child (widget_class, SqInspector, stats);
  gtk_widget_class_bind_template_child (widget_class, SqInspector, engine_fps);
  gtk_widget_class_bind_template_child (widget_class, SqInspector, wall_fps);
  gtk_widget_class_bind_template_child (widget_class, SqInspector, frames);
  gtk_widget_class_bind_template_child (widget_class, SqInspector, stages);
}

static GtkLabel *
add_stage_label (SqInspector *self, const char *text, int column, int row)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), column == 0 ? 0 : 1);
  gtk_widget_add_css_class (label, "numeric");
  if (column > 0)
    gtk_label_set_width_chars (GTK_LABEL (label), 7);
  gtk_grid_attach (self->stages, label, column, row, 1, 1);
  return GTK_LABEL (label);
}

static void
sq_inspector_init (SqInspector *self)
{
  static const char *const names[SQ_N_STAGES] = {
    [SQ_STAGE_DECODE] = N_ ("Decode"),
    [SQ_STAGE_PREPROCESS] = N_ ("Prepare"),
    [SQ_STAGE_INFER] = N_ ("Network"),
    [SQ_STAGE_POST] = N_ ("Boxes"),
  };

  self->rows = g_array_new (FALSE, FALSE, sizeof (Row));
  gtk_widget_init_template (GTK_WIDGET (self));
  sq_filter_panel_show_region (self->filter_panel);
  for (int i = 0; i < SQ_N_STAGES; i++)
    {
      add_stage_label (self, _ (names[i]), 0, i + 1);
      self->stage_p50[i] = add_stage_label (self, "–", 1, i + 1);
      self->stage_p99[i] = add_stage_label (self, "–", 2, i + 1);
    }
  gtk_widget_set_visible (self->stats, FALSE);
}

GtkWidget *
sq_inspector_new (void)
{
  return g_object_new (SQ_TYPE_INSPECTOR, NULL);
}
