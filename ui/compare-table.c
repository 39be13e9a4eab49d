// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "compare-table.h"

#include "format.h"
#include "match-swatch.h"
#include <glib/gi18n.h>
#include <math.h>

#define NOTHING "–"

typedef enum
{
  ROW_SIZE,
  ROW_FLOP,
  ROW_MEMORY,
  ROW_ENGINE,
  ROW_PREPARE,
  ROW_PREPARE_P99,
  ROW_NETWORK,
  ROW_NETWORK_P99,
  ROW_BOXES,
  ROW_BOXES_P99,
  ROW_OBJECTS,
  // of both together
  ROW_DECODE,
  ROW_DECODE_P99,
  ROW_WALL,
  ROW_FRAMES,
  // of the comparison
  ROW_AGREEMENT,
  ROW_AT50,
  ROW_MATCHED,
  ROW_MOVED,
  ROW_CLASS,
  ROW_LOST,
  ROW_NEW,
  N_ROWS,
} Row;

#define FIRST_COMMON ROW_DECODE
#define FIRST_AGREEMENT ROW_AGREEMENT

static const struct
{
  const char *id, *name, *tooltip;
  int match; // SqMatchKind, -1 none
} rows[N_ROWS] = {
  [ROW_SIZE] = { "size", N_ ("Size"), N_ ("Of the model’s file"), -1 },
  [ROW_FLOP] = { "flop", N_ ("Work"), N_ ("Operations per picture"), -1 },
  [ROW_MEMORY] = { "memory", N_ ("Memory"), N_ ("Of the network on its device: weights as laid out there, and the room between layers"), -1 },
  [ROW_ENGINE] = { "engine-fps", N_ ("Engine"),
                   N_ ("Frames per second of the engine alone: preprocessing, network and decoding of its output"), -1 },
  [ROW_PREPARE] = { "prepare", N_ ("Prepare"), N_ ("Half of the last 512 frames took less"), -1 },
  [ROW_PREPARE_P99] = { "prepare-p99", N_ ("p99"), N_ ("99 of 100 of the last 512 frames took less"), -1 },
  [ROW_NETWORK] = { "network", N_ ("Network"), N_ ("Half of the last 512 frames took less"), -1 },
  [ROW_NETWORK_P99] = { "network-p99", N_ ("p99"), N_ ("99 of 100 of the last 512 frames took less"), -1 },
  [ROW_BOXES] = { "boxes", N_ ("Boxes"), N_ ("Half of the last 512 frames took less"), -1 },
  [ROW_BOXES_P99] = { "boxes-p99", N_ ("p99"), N_ ("99 of 100 of the last 512 frames took less"), -1 },
  [ROW_OBJECTS] = { "objects", N_ ("Objects"), N_ ("Seen in all frames compared"), -1 },
  [ROW_DECODE] = { "decode", N_ ("Decode"), N_ ("Once for both: half of the last 512 frames took less"), -1 },
  [ROW_DECODE_P99] = { "decode-p99", N_ ("p99"), N_ ("99 of 100 of the last 512 frames took less"), -1 },
  [ROW_WALL] = { "wall-fps", N_ ("Wall clock"), N_ ("Frames per second that both together come to, everything included"), -1 },
  [ROW_FRAMES] = { "frames", N_ ("Frames"), N_ ("Compared so far"), -1 },
  [ROW_AGREEMENT] = { "agreement", N_ ("Agreement"), N_ ("AP of B’s boxes against A’s. Where A is wrong, a faithful B is wrong too"), -1 },
  [ROW_AT50] = { "agreement-50", N_ ("at half overlap"), N_ ("AP at an overlap of .50"), -1 },
  [ROW_MATCHED] = { "matched", N_ ("Matched"), N_ ("Both see it in the same place"), SQ_MATCH_AGREED },
  [ROW_MOVED] = { "moved", N_ ("Moved"), N_ ("Both see it, in boxes that overlap by less than 75 %"), SQ_MATCH_MOVED },
  [ROW_CLASS] = { "class", N_ ("Class"), N_ ("Both see it and call it differently"), SQ_MATCH_CLASS },
  [ROW_LOST] = { "lost", N_ ("Lost"), N_ ("A alone sees it"), SQ_MATCH_LOST },
  [ROW_NEW] = { "new", N_ ("New"), N_ ("B alone sees it"), SQ_MATCH_NEW },
};

struct _SqCompareTable
{
  AdwBin parent_instance;

  GtkLabel *value[N_ROWS][3];
};

G_DEFINE_FINAL_TYPE (SqCompareTable, sq_compare_table, ADW_TYPE_BIN)

static void
set_text (SqCompareTable *self, Row row, int column, const char *text)
{
  if (g_strcmp0 (gtk_label_get_label (self->value[row][column]), text) != 0)
    gtk_label_set_label (self->value[row][column], text);
}

static void
set_texts (SqCompareTable *self, Row row, const char *a, const char *b, const char *difference)
{
  set_text (self, row, 0, a);
  set_text (self, row, 1, b);
  set_text (self, row, 2, difference);
}

// B's against A's, in per cent with a true minus sign.
static char *
format_change (double a, double b)
{
  double percent = a > 0 && b > 0 ? round ((b / a - 1) * 100) : 0;

  if (a <= 0 || b <= 0)
    return g_strdup (NOTHING);
  if (percent == 0)
    return g_strdup (_("±0 %"));
  if (percent > 999)
    // Translators: so many times
    return g_strdup_printf (_("×%.0f"), b / a);
  return g_strdup_printf (percent > 0 ? _("+%.0f %%") : _("−%.0f %%"), fabs (percent));
}

static void
set_values (SqCompareTable *self, Row row, double a, double b, char *text_a, char *text_b)
{
  g_autofree char *own_a = text_a, *own_b = text_b, *change = format_change (a, b);

  set_texts (self, row, a > 0 ? own_a : NOTHING, b > 0 ? own_b : NOTHING, change);
}

static void
set_stage (SqCompareTable *self, Row row, const SqStageStats *a, const SqStageStats *b)
{
  set_values (self, row, a->p50_ns, b->p50_ns, sq_format_ms (a->p50_ns), sq_format_ms (b->p50_ns));
  set_values (self, row + 1, a->p99_ns, b->p99_ns, sq_format_ms (a->p99_ns), sq_format_ms (b->p99_ns));
}

void
sq_compare_table_set_models (SqCompareTable *self, const SqComparedModel *a, const SqComparedModel *b, double wall_fps)
{
  const SqStageStats *decode = &a->stage[SQ_STAGE_DECODE];
  g_autofree char *p50 = sq_format_ms (decode->p50_ns), *p99 = sq_format_ms (decode->p99_ns), *wall = sq_format_fps (wall_fps);

  g_return_if_fail (SQ_IS_COMPARE_TABLE (self));

  set_values (self, ROW_SIZE, a->file_size, b->file_size, g_format_size (a->file_size), g_format_size (b->file_size));
  set_values (self, ROW_FLOP, a->flop, b->flop, sq_format_si (a->flop, ""), sq_format_si (b->flop, ""));
  set_values (self, ROW_MEMORY, a->memory, b->memory, g_format_size (a->memory), g_format_size (b->memory));
  set_values (self, ROW_ENGINE, a->fps, b->fps, sq_format_fps (a->fps), sq_format_fps (b->fps));
  set_stage (self, ROW_PREPARE, &a->stage[SQ_STAGE_PREPROCESS], &b->stage[SQ_STAGE_PREPROCESS]);
  set_stage (self, ROW_NETWORK, &a->stage[SQ_STAGE_INFER], &b->stage[SQ_STAGE_INFER]);
  set_stage (self, ROW_BOXES, &a->stage[SQ_STAGE_POST], &b->stage[SQ_STAGE_POST]);
  set_text (self, ROW_DECODE, 0, decode->count > 0 ? p50 : NOTHING);
  set_text (self, ROW_DECODE_P99, 0, decode->count > 0 ? p99 : NOTHING);
  set_text (self, ROW_WALL, 0, wall_fps > 0 ? wall : NOTHING);
}

void
sq_compare_table_set_state (SqCompareTable *self, const SqTallyState *state)
{
  const SqMatchTotals none = { 0 }, *total = state != NULL ? &state->total : &none;
  guint64 both = total->n[SQ_MATCH_AGREED] + total->n[SQ_MATCH_MOVED] + total->n[SQ_MATCH_CLASS];
  gint64 a = both + total->n[SQ_MATCH_LOST], b = both + total->n[SQ_MATCH_NEW];
  gboolean any = state != NULL && state->frames->len > 0;
  g_autofree char *text_a = sq_format_count (a), *text_b = sq_format_count (b), *frames = sq_format_count (any ? state->frames->len : 0);
  g_autofree char *change = g_strdup_printf (b > a   ? "+%" G_GINT64_FORMAT
                                             : b < a ? "−%" G_GINT64_FORMAT
                                                     : "±%" G_GINT64_FORMAT,
                                             ABS (b - a));

  g_return_if_fail (SQ_IS_COMPARE_TABLE (self));

  set_texts (self, ROW_OBJECTS, any ? text_a : NOTHING, any ? text_b : NOTHING, any ? change : NOTHING);
  set_text (self, ROW_FRAMES, 0, any ? frames : NOTHING);
  for (int i = 0; i < 2; i++)
    {
      double value = any ? (i == 0 ? state->agreement : state->at50) : -1;
      g_autofree char *percent = g_strdup_printf (_("%.1f %%"), value * 100);

      set_text (self, i == 0 ? ROW_AGREEMENT : ROW_AT50, 0, value >= 0 ? percent : NOTHING);
    }
  for (int row = ROW_MATCHED; row <= ROW_NEW; row++)
    {
      g_autofree char *n = sq_format_count (total->n[rows[row].match]);

      set_text (self, row, 0, any ? n : NOTHING);
    }
}

const char *
sq_compare_table_get_text (SqCompareTable *self, const char *row, int column)
{
  g_return_val_if_fail (SQ_IS_COMPARE_TABLE (self), NULL);

  for (int i = 0; i < N_ROWS; i++)
    if (g_str_equal (rows[i].id, row) && self->value[i][column] != NULL)
      return gtk_label_get_label (self->value[i][column]);
  return NULL;
}

static void
sq_compare_table_class_init (SqCompareTableClass *klass)
{
}

static GtkLabel *
attach (GtkGrid *grid, const char *text, const char *style, float xalign, int column, int row, int width)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), xalign);
  gtk_widget_set_hexpand (label, column == 0);
  if (style != NULL)
    gtk_widget_add_css_class (label, style);
  gtk_grid_attach (grid, label, column, row, width, 1);
  return GTK_LABEL (label);
}

static void
attach_name (GtkGrid *grid, Row row, int y)
{
  gboolean detail = g_str_has_suffix (rows[row].id, "-p99") || row == ROW_AT50;
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 8), *label = gtk_label_new (_ (rows[row].name));

  if (rows[row].match >= 0)
    gtk_box_append (GTK_BOX (box), sq_match_swatch_new (rows[row].match));
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  if (detail)
    {
      gtk_widget_add_css_class (label, "dim-label");
      gtk_widget_set_margin_start (label, 12);
    }
  gtk_box_append (GTK_BOX (box), label);
  gtk_widget_set_hexpand (box, TRUE);
  gtk_widget_set_tooltip_text (box, _ (rows[row].tooltip));
  gtk_grid_attach (grid, box, 0, y, 1, 1);
}

static GtkGrid *
add_grid (GtkBox *box)
{
  GtkWidget *grid = gtk_grid_new ();

  gtk_grid_set_row_spacing (GTK_GRID (grid), 4);
  gtk_grid_set_column_spacing (GTK_GRID (grid), 6);
  gtk_box_append (box, grid);
  return GTK_GRID (grid);
}

static void
sq_compare_table_init (SqCompareTable *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 12);
  GtkGrid *agreement = add_grid (GTK_BOX (box)), *pair;

  gtk_box_append (GTK_BOX (box), gtk_separator_new (GTK_ORIENTATION_HORIZONTAL));
  pair = add_grid (GTK_BOX (box));
  attach (pair, _("A"), "caption-heading", 1, 1, 0, 1);
  attach (pair, _("B"), "caption-heading", 1, 2, 0, 1);
  gtk_widget_set_tooltip_text (GTK_WIDGET (attach (pair, _("B − A"), "caption-heading", 1, 3, 0, 1)), _("What B differs by"));
  for (int row = 0; row < N_ROWS; row++)
    {
      GtkGrid *grid = row >= FIRST_AGREEMENT ? agreement : pair;
      int y = row >= FIRST_AGREEMENT ? row - FIRST_AGREEMENT : row + 1;

      attach_name (grid, row, y);
      if (row < FIRST_COMMON)
        for (int column = 0; column < 3; column++)
          {
            self->value[row][column] = attach (grid, NOTHING, "numeric", 1, column + 1, y, 1);
            // As wide as what may come, so that nothing moves when it does.
            gtk_label_set_width_chars (self->value[row][column], column < 2 ? 7 : 6);
          }
      else
        self->value[row][0] = attach (grid, NOTHING, "numeric", 1, row >= FIRST_AGREEMENT ? 1 : 2, y, 1);
    }
  adw_bin_set_child (ADW_BIN (self), box);
}

GtkWidget *
sq_compare_table_new (void)
{
  return g_object_new (SQ_TYPE_COMPARE_TABLE, NULL);
}
