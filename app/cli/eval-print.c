// SPDX-License-Identifier: GPL-3.0-or-later
#include "eval-print.h"

#include <json-glib/json-glib.h>
#include <stdio.h>

#define MOST_CONFUSED 10

static const SqApReport *
ap_of (const SqScored *side)
{
  return sq_evaluation_get_ap (side->judge->result);
}

static const char *
class_of (const SqJudge *judge, guint i)
{
  return i < judge->labels->n_classes ? judge->labels->class_names[i] : "nothing";
}

typedef struct
{
  guint truth, seen, n;
} Cell;

static int
compare_cells (gconstpointer a, gconstpointer b)
{
  const Cell *x = a, *y = b;

  return x->n != y->n           ? (x->n < y->n) - (x->n > y->n)
         : x->truth != y->truth ? (x->truth > y->truth) - (x->truth < y->truth)
                                : (x->seen > y->seen) - (x->seen < y->seen);
}

// Cells of the confusion that are not empty, most first; without those where everything is right where `wrong`.
static GArray *
cells_of (const SqJudge *judge, gboolean wrong)
{
  GArray *cells = g_array_new (FALSE, FALSE, sizeof (Cell));

  for (guint t = 0; t <= judge->labels->n_classes; t++)
    for (guint s = 0; s <= judge->labels->n_classes; s++)
      {
        Cell cell = { t, s, sq_evaluation_get_count (judge->result, t, s) };

        if (cell.n > 0 && !(wrong && t == s))
          g_array_append_val (cells, cell);
      }
  g_array_sort (cells, compare_cells);
  return cells;
}

static void
print_class (const SqScored *sides, guint n, guint i)
{
  const SqClassAp *a = &ap_of (&sides[0])->classes[i];

  printf ("%-24s %6.3f %6.3f %6.3f %7u %7u", class_of (sides[0].judge, i), a->ap, a->ap50, a->ap75, a->n_truths, a->n_detections);
  if (n > 1)
    {
      const SqClassAp *b = &ap_of (&sides[1])->classes[i];

      printf ("  %6.3f %+7.3f", b->ap, b->ap - a->ap);
    }
  putchar ('\n');
}

static void
print_totals (const SqScored *side)
{
  const SqApReport *report = ap_of (side);
  float f1[SQ_AP_SCORES];
  float best = sq_evaluation_get_f1 (side->judge->result, -1, f1);

  printf ("\n%s on %u pictures, %u classes\nAP    %.4f\nAP50  %.4f\nAP75  %.4f\nsmall %.4f  medium %.4f  large %.4f\nrecall %.4f\n",
          side->name, report->n_images, report->n_present, report->ap, report->ap50, report->ap75, report->ap_small, report->ap_medium,
          report->ap_large, report->recall);
  printf ("F1    %.4f at the score %.2f, the best one\n", f1[(int) (best * (SQ_AP_SCORES - 1) + .5f)], best);
}

static void
print_confused (const SqJudge *judge)
{
  g_autoptr (GArray) cells = cells_of (judge, TRUE);
  guint n = 0;

  for (guint i = 0; i < cells->len && n < MOST_CONFUSED; i++)
    {
      const Cell *cell = &g_array_index (cells, Cell, i);

      if (cell->truth == judge->labels->n_classes || cell->seen == judge->labels->n_classes)
        continue;
      if (n++ == 0)
        printf ("taken for one another, at the score %.2f:\n", (double) SQ_EVALUATE_SCORE);
      printf ("  %5u  %s, seen as %s\n", cell->n, class_of (judge, cell->truth), class_of (judge, cell->seen));
    }
}

void
sq_cli_print_scores (const SqScored *sides, guint n)
{
  const SqApReport *report = ap_of (&sides[0]);

  printf ("%-24s %6s %6s %6s %7s %7s%s\n", "CLASS", "AP", "AP50", "AP75", "LABELS", "FOUND", n > 1 ? "    AP B     B-A" : "");
  for (guint i = 0; i < report->n_classes; i++)
    if (report->classes[i].n_truths > 0)
      print_class (sides, n, i);
  for (guint i = 0; i < n; i++)
    {
      print_totals (&sides[i]);
      print_confused (sides[i].judge);
    }
  if (n > 1)
    printf ("\nB - A: AP %+.4f, AP50 %+.4f, AP75 %+.4f\n", ap_of (&sides[1])->ap - report->ap, ap_of (&sides[1])->ap50 - report->ap50,
            ap_of (&sides[1])->ap75 - report->ap75);
}

// --- JSON
// --------------------------------------------------------------------------------------------------------------------------------------------

static void
add_number (JsonBuilder *b, const char *name, double value)
{
  json_builder_set_member_name (b, name);
  if (value < 0)
    json_builder_add_null_value (b);
  else
    json_builder_add_double_value (b, value);
}

static void
add_int (JsonBuilder *b, const char *name, gint64 value)
{
  json_builder_set_member_name (b, name);
  json_builder_add_int_value (b, value);
}

static void
add_text (JsonBuilder *b, const char *name, const char *value)
{
  g_autofree char *valid = g_utf8_make_valid (value, -1); // names come from strangers

  json_builder_set_member_name (b, name);
  json_builder_add_string_value (b, valid);
}

static void
add_curve (JsonBuilder *b, const char *name, const float *numbers, guint n)
{
  json_builder_set_member_name (b, name);
  json_builder_begin_array (b);
  for (guint i = 0; i < n; i++)
    json_builder_add_double_value (b, (double) numbers[i]);
  json_builder_end_array (b);
}

static void
add_classes (JsonBuilder *b, const SqScored *side)
{
  const SqApReport *report = ap_of (side);

  json_builder_set_member_name (b, "classes");
  json_builder_begin_array (b);
  for (guint i = 0; i < report->n_classes; i++)
    {
      const SqClassAp *c = &report->classes[i];

      if (c->n_truths == 0)
        continue;
      json_builder_begin_object (b);
      add_text (b, "name", class_of (side->judge, i));
      add_number (b, "ap", c->ap);
      add_number (b, "ap50", c->ap50);
      add_number (b, "ap75", c->ap75);
      add_int (b, "labels", c->n_truths);
      add_int (b, "detections", c->n_detections);
      add_curve (b, "precision50", c->precision50, SQ_AP_RECALLS);
      add_curve (b, "f1", c->f1, SQ_AP_SCORES);
      json_builder_end_object (b);
    }
  json_builder_end_array (b);
}

static void
add_confusion (JsonBuilder *b, const SqJudge *judge)
{
  g_autoptr (GArray) cells = cells_of (judge, FALSE);

  json_builder_set_member_name (b, "confusion");
  json_builder_begin_array (b);
  for (guint i = 0; i < cells->len; i++)
    {
      const Cell *cell = &g_array_index (cells, Cell, i);

      json_builder_begin_object (b);
      add_text (b, "label", class_of (judge, cell->truth));
      add_text (b, "seen", class_of (judge, cell->seen));
      add_int (b, "n", cell->n);
      json_builder_end_object (b);
    }
  json_builder_end_array (b);
}

static void
add_side (JsonBuilder *b, const SqScored *side)
{
  const SqApReport *report = ap_of (side);
  float f1[SQ_AP_SCORES];
  float best = sq_evaluation_get_f1 (side->judge->result, -1, f1);

  add_text (b, "model", side->name);
  add_int (b, "images", report->n_images);
  add_int (b, "classes_present", report->n_present);
  add_number (b, "ap", report->ap);
  add_number (b, "ap50", report->ap50);
  add_number (b, "ap75", report->ap75);
  add_number (b, "ap_small", report->ap_small);
  add_number (b, "ap_medium", report->ap_medium);
  add_number (b, "ap_large", report->ap_large);
  add_number (b, "recall", report->recall);
  add_number (b, "f1", (double) f1[(int) (best * (SQ_AP_SCORES - 1) + .5f)]);
  add_number (b, "f1_score", (double) best);
  add_number (b, "seconds", side->seconds);
  add_classes (b, side);
  add_number (b, "confusion_score", (double) SQ_EVALUATE_SCORE);
  add_confusion (b, side->judge);
}

void
sq_cli_print_scores_json (const SqScored *sides, guint n)
{
  g_autoptr (JsonBuilder) b = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *text = NULL;

  json_builder_begin_object (b);
  add_side (b, &sides[0]);
  if (n > 1)
    {
      json_builder_set_member_name (b, "against");
      json_builder_begin_object (b);
      add_side (b, &sides[1]);
      json_builder_end_object (b);
    }
  json_builder_end_object (b);
  root = json_builder_get_root (b);
  text = json_to_string (root, TRUE);
  puts (text);
}
