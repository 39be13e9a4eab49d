// SPDX-License-Identifier: GPL-3.0-or-later
// The facts, the table and JSON; the page is comparison-html.c.
#include "comparison-report-private.h"

#include <json-glib/json-glib.h>
#include <math.h>

const char *const _sq_match_words[SQ_N_MATCHES] = { "agreed", "moved", "class", "lost", "new" };
const char *const _sq_size_words[SQ_N_SIZES] = { "small", "medium", "large" };

static const char *const stage_words[SQ_N_STAGES] = { "decode", "preprocess", "network", "boxes" };

void
sq_compared_model_set_model (SqComparedModel *self, const SqModel *model)
{
  self->name = model->name;
  self->precision = model->precision;
  self->labels = (const char *const *) model->labels;
  self->input_width = model->input.width;
  self->input_height = model->input.height;
  self->file_size = model->file_size;
  self->flop = model->flop;
}

static double
mean_ns (const SqStageStats *stage)
{
  return stage->count > 0 ? (double) stage->busy_ns / (double) stage->count : 0;
}

void
sq_compared_model_set_stages (SqComparedModel *self, const SqStageStats *stage, int lanes)
{
  double way = 0;

  for (int s = 0; s < SQ_N_STAGES; s++)
    {
      self->stage[s] = stage[s];
      way += s == SQ_STAGE_DECODE ? 0 : mean_ns (&stage[s]);
    }
  self->fps = way > 0 ? lanes * 1e9 / way : 0;
}

// --- facts
// --------------------------------------------------------------------------------------------------------------------------------------------

static void
row_free (gpointer data)
{
  SqReportRow *row = data;

  g_free (row->a);
  g_free (row->b);
  g_free (row->difference);
  g_free (row);
}

static void
add_words (GPtrArray *rows, const char *name, const char *a, const char *b)
{
  SqReportRow *row = g_new (SqReportRow, 1);

  *row = (SqReportRow){ name, g_strdup (a != NULL ? a : "-"), g_strdup (b != NULL ? b : "-"), g_strdup ("") };
  g_ptr_array_add (rows, row);
}

// 0 is unknown.
static void
add_number (GPtrArray *rows, const char *name, const char *unit, int digits, double a, double b)
{
  SqReportRow *row = g_new (SqReportRow, 1);

  *row = (SqReportRow){ name, a > 0 ? g_strdup_printf ("%.*f %s", digits, a, unit) : g_strdup ("-"),
                        b > 0 ? g_strdup_printf ("%.*f %s", digits, b, unit) : g_strdup ("-"),
                        a > 0 && b > 0 ? g_strdup_printf ("%+.1f %%", 100 * (b - a) / a) : g_strdup ("") };
  g_ptr_array_add (rows, row);
}

static char *
input_words (const SqComparedModel *m)
{
  return m->input_width > 0 ? g_strdup_printf ("%d x %d", m->input_width, m->input_height) : NULL;
}

GPtrArray *
_sq_report_rows (const SqComparisonReport *self)
{
  GPtrArray *rows = g_ptr_array_new_with_free_func (row_free);
  const SqComparedModel *a = &self->a, *b = &self->b;
  g_autofree char *input_a = input_words (a), *input_b = input_words (b);

  add_words (rows, "model", a->name, b->name);
  add_words (rows, "level", a->level, b->level);
  add_words (rows, "precision", a->precision, b->precision);
  add_words (rows, "device", a->device, b->device);
  add_words (rows, "input", input_a, input_b);
  add_number (rows, "file", "MB", 2, (double) a->file_size / 1e6, (double) b->file_size / 1e6);
  add_number (rows, "operations", "GFLOP", 3, a->flop / 1e9, b->flop / 1e9);
  add_number (rows, "memory", "MB", 1, (double) a->memory / 1e6, (double) b->memory / 1e6);
  add_number (rows, "network p50", "ms", 2, (double) a->stage[SQ_STAGE_INFER].p50_ns / 1e6, (double) b->stage[SQ_STAGE_INFER].p50_ns / 1e6);
  add_number (rows, "network p99", "ms", 2, (double) a->stage[SQ_STAGE_INFER].p99_ns / 1e6, (double) b->stage[SQ_STAGE_INFER].p99_ns / 1e6);
  add_number (rows, "network mean", "ms", 2, mean_ns (&a->stage[SQ_STAGE_INFER]) / 1e6, mean_ns (&b->stage[SQ_STAGE_INFER]) / 1e6);
  add_number (rows, "preprocess p50", "ms", 2, (double) a->stage[SQ_STAGE_PREPROCESS].p50_ns / 1e6,
              (double) b->stage[SQ_STAGE_PREPROCESS].p50_ns / 1e6);
  add_number (rows, "boxes p50", "ms", 2, (double) a->stage[SQ_STAGE_POST].p50_ns / 1e6, (double) b->stage[SQ_STAGE_POST].p50_ns / 1e6);
  add_number (rows, "alone", "frames/s", 1, a->fps, b->fps);
  return rows;
}

static guint64
disagreements (const SqMatchTotals *t)
{
  return t->n[SQ_MATCH_MOVED] + t->n[SQ_MATCH_CLASS] + t->n[SQ_MATCH_LOST] + t->n[SQ_MATCH_NEW];
}

static int
worse_first (gconstpointer x, gconstpointer y, gpointer comparison)
{
  guint i = *(const guint *) x, j = *(const guint *) y;
  SqMatchTotals a, b;

  sq_comparison_get_class (comparison, i, &a);
  sq_comparison_get_class (comparison, j, &b);
  if (disagreements (&a) != disagreements (&b))
    return disagreements (&a) < disagreements (&b) ? 1 : -1;
  return i < j ? -1 : i > j;
}

GArray *
_sq_report_classes (const SqComparison *comparison)
{
  GArray *classes = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; i < sq_comparison_n_classes (comparison); i++)
    {
      SqMatchTotals t;

      sq_comparison_get_class (comparison, i, &t);
      if (t.n[SQ_MATCH_AGREED] + disagreements (&t) > 0)
        g_array_append_val (classes, i);
    }
  g_array_sort_with_data (classes, worse_first, (gpointer) comparison);
  return classes;
}

// --- for people
// ---------------------------------------------------------------------------------------------------------------------------------------

// printf() pads bytes, not letters.
static void
append_padded (GString *s, const char *text, int width)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  int n = width - (int) g_utf8_strlen (valid, -1);

  g_string_append (s, valid);
  g_string_append_printf (s, "%*s", MAX (n, 1), "");
}

static void
append_totals (GString *s, const char *name, SqMatchTotals t)
{
  append_padded (s, name, 16);
  for (int k = 0; k < SQ_N_MATCHES; k++)
    g_string_append_printf (s, " %8" G_GUINT64_FORMAT, t.n[k]);
  g_string_append_c (s, '\n');
}

#define MAX_CLASSES 10 // of the table

char *
sq_comparison_report_to_text (const SqComparisonReport *self)
{
  GString *s = g_string_new (NULL);
  g_autoptr (GPtrArray) rows = _sq_report_rows (self);
  g_autoptr (GArray) classes = _sq_report_classes (self->comparison);
  const GArray *frames = sq_comparison_get_frames (self->comparison);
  double at50, agreement = sq_comparison_agreement (self->comparison, &at50);
  int worst = sq_comparison_find_worst (self->comparison);
  guint n_bad = 0;

  g_string_append_printf (s, "%-16s%-26s%-26s%s\n", "", "A", "B", "difference");
  for (guint i = 0; i < rows->len; i++)
    {
      const SqReportRow *row = g_ptr_array_index (rows, i);

      append_padded (s, row->name, 16);
      append_padded (s, row->a, 26);
      append_padded (s, row->b, row->difference[0] != '\0' ? 26 : 0);
      g_string_truncate (s, row->difference[0] != '\0' ? s->len : s->len - 1);
      g_string_append_printf (s, "%s\n", row->difference);
    }
  g_string_append_printf (s, "\n%-16s", "");
  for (int k = 0; k < SQ_N_MATCHES; k++)
    g_string_append_printf (s, " %8s", _sq_match_words[k]);
  g_string_append_c (s, '\n');
  append_totals (s, "all", sq_comparison_get_total (self->comparison));
  for (int i = 0; i < SQ_N_SIZES; i++)
    append_totals (s, _sq_size_words[i], sq_comparison_get_size (self->comparison, i));
  for (guint i = 0; i < MIN (classes->len, MAX_CLASSES); i++)
    {
      SqMatchTotals t;
      const char *name = sq_comparison_get_class (self->comparison, g_array_index (classes, guint, i), &t);

      append_totals (s, name, t);
    }
  if (classes->len > MAX_CLASSES)
    g_string_append_printf (s, "and %u more classes\n", classes->len - MAX_CLASSES);
  for (guint i = 0; i < frames->len; i++)
    n_bad += sq_compared_frame_disagreements (&g_array_index (frames, SqComparedFrame, i)) > 0;
  if (agreement >= 0)
    g_string_append_printf (s, "\nagreement %.3f, at overlap .50 %.3f: AP of B's boxes against A's, all of at least %.2f\n", agreement,
                            at50, (double) self->filter.confidence);
  else
    g_string_append (s, "\nagreement -: A sees nothing\n");
  g_string_append_printf (s, "%u of %u frames differ", n_bad, frames->len);
  if (worst >= 0)
    g_string_append_printf (s, ", most of all number %" G_GINT64_FORMAT, g_array_index (frames, SqComparedFrame, worst).index);
  if (self->wall_fps > 0)
    g_string_append_printf (s, "; %.1f frames/s of wall clock for both", self->wall_fps);
  g_string_append_c (s, '\n');
  return g_string_free (s, FALSE);
}

// --- JSON
// ---------------------------------------------------------------------------------------------------------------------------------------------

static void
add_text (JsonBuilder *json, const char *name, const char *text)
{
  g_autofree char *valid = text != NULL ? g_utf8_make_valid (text, -1) : NULL;

  json_builder_set_member_name (json, name);
  if (valid != NULL)
    json_builder_add_string_value (json, valid);
  else
    json_builder_add_null_value (json);
}

// JSON has no infinity.
static void
add_double (JsonBuilder *json, const char *name, double value, gboolean known)
{
  json_builder_set_member_name (json, name);
  if (known && isfinite (value))
    json_builder_add_double_value (json, value);
  else
    json_builder_add_null_value (json);
}

static void
add_int (JsonBuilder *json, const char *name, gint64 value)
{
  json_builder_set_member_name (json, name);
  json_builder_add_int_value (json, value);
}

static void
add_totals (JsonBuilder *json, SqMatchTotals t)
{
  for (int k = 0; k < SQ_N_MATCHES; k++)
    add_int (json, _sq_match_words[k], (gint64) t.n[k]);
}

static void
add_model (JsonBuilder *json, const char *name, const SqComparedModel *m)
{
  json_builder_set_member_name (json, name);
  json_builder_begin_object (json);
  add_text (json, "name", m->name);
  add_text (json, "level", m->level);
  add_text (json, "device", m->device);
  add_text (json, "precision", m->precision);
  add_int (json, "file_size", (gint64) m->file_size);
  add_double (json, "flop", m->flop, m->flop > 0);
  if (m->memory > 0)
    add_int (json, "memory", (gint64) m->memory);
  json_builder_set_member_name (json, "input");
  json_builder_begin_array (json);
  json_builder_add_int_value (json, m->input_width);
  json_builder_add_int_value (json, m->input_height);
  json_builder_end_array (json);
  json_builder_set_member_name (json, "stages");
  json_builder_begin_object (json);
  for (int s = 0; s < SQ_N_STAGES; s++)
    {
      if (m->stage[s].count == 0)
        continue;
      json_builder_set_member_name (json, stage_words[s]);
      json_builder_begin_object (json);
      add_int (json, "count", (gint64) m->stage[s].count);
      add_double (json, "p50_ms", (double) m->stage[s].p50_ns / 1e6, TRUE);
      add_double (json, "p99_ms", (double) m->stage[s].p99_ns / 1e6, TRUE);
      add_double (json, "mean_ms", mean_ns (&m->stage[s]) / 1e6, TRUE);
      json_builder_end_object (json);
    }
  json_builder_end_object (json);
  add_double (json, "engine_fps", m->fps, m->fps > 0);
  json_builder_end_object (json);
}

static void
add_frame (JsonBuilder *json, const SqComparisonReport *self, const SqComparedFrame *frame)
{
  const char *path = self->paths != NULL ? g_hash_table_lookup (self->paths, &frame->index) : NULL;

  json_builder_begin_object (json);
  add_int (json, "index", frame->index);
  add_int (json, "pts_ns", frame->pts_ns);
  if (path != NULL)
    add_text (json, "path", path);
  for (int k = 0; k < SQ_N_MATCHES; k++)
    add_int (json, _sq_match_words[k], frame->n[k]);
  json_builder_end_object (json);
}

char *
sq_comparison_report_to_json (const SqComparisonReport *self)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();
  g_autoptr (JsonGenerator) generator = json_generator_new ();
  g_autoptr (JsonNode) root = NULL;
  const SqComparison *c = self->comparison;
  const GArray *frames = sq_comparison_get_frames (c);
  double at50, agreement = sq_comparison_agreement (c, &at50);

  json_builder_begin_object (json);
  add_text (json, "source", self->source);
  add_model (json, "a", &self->a);
  add_model (json, "b", &self->b);
  add_double (json, "confidence", (double) self->filter.confidence, TRUE);
  add_double (json, "iou", (double) self->filter.iou, TRUE);
  add_double (json, "agreement", agreement, agreement >= 0);
  add_double (json, "agreement50", at50, at50 >= 0);
  add_double (json, "wall_fps", self->wall_fps, self->wall_fps > 0);
  json_builder_set_member_name (json, "totals");
  json_builder_begin_object (json);
  add_totals (json, sq_comparison_get_total (c));
  json_builder_end_object (json);
  json_builder_set_member_name (json, "by_size");
  json_builder_begin_object (json);
  for (int i = 0; i < SQ_N_SIZES; i++)
    {
      json_builder_set_member_name (json, _sq_size_words[i]);
      json_builder_begin_object (json);
      add_totals (json, sq_comparison_get_size (c, i));
      json_builder_end_object (json);
    }
  json_builder_end_object (json);
  json_builder_set_member_name (json, "by_class");
  json_builder_begin_array (json);
  for (guint i = 0; i < sq_comparison_n_classes (c); i++)
    {
      SqMatchTotals t;
      const char *name = sq_comparison_get_class (c, i, &t);

      if (t.n[SQ_MATCH_AGREED] + disagreements (&t) == 0)
        continue;
      json_builder_begin_object (json);
      add_text (json, "name", name);
      add_totals (json, t);
      json_builder_end_object (json);
    }
  json_builder_end_array (json);
  json_builder_set_member_name (json, "frames");
  json_builder_begin_array (json);
  for (guint i = 0; i < frames->len; i++)
    add_frame (json, self, &g_array_index (frames, SqComparedFrame, i));
  json_builder_end_array (json);
  json_builder_end_object (json);
  root = json_builder_get_root (json);
  json_generator_set_root (generator, root);
  json_generator_set_pretty (generator, frames->len <= 100);
  return json_generator_to_data (generator, NULL);
}
