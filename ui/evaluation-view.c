// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "evaluation-view.h"

#include "confusion-grid.h"
#include "object-cell.h"
#include <glib/gi18n.h>

#define MOST_PICTURES 48

static const char *const summary_ids[] = { "ap", "ap50", "ap75" };

struct _SqEvaluationView
{
  AdwBin parent_instance;

  GtkStack *stack;
  AdwStatusPage *error_page;
  GtkLabel *intro, *pictures_title;
  GtkGrid *summary;
  GtkLabel *figures[G_N_ELEMENTS (summary_ids)][3];
  SqClassTable *table;
  GtkLabel *curves_title;
  SqCurveChart *precision, *f1;
  GtkWidget *legend;
  GtkDropDown *side; // whose mistakes are shown
  SqConfusionGrid *confusion;
  GtkFlowBox *pictures;

  SqProject *project;
  SqCropLoader *loader;
  GCancellable *cancellable;
  gint64 runs[2]; // the second 0: none
  char *labels, *label_pictures;
  SqJudge *judges[2];
};

G_DEFINE_FINAL_TYPE (SqEvaluationView, sq_evaluation_view, ADW_TYPE_BIN)

enum
{
  ACTIVATE,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static guint
shown_side (SqEvaluationView *self)
{
  return self->judges[1] != NULL && gtk_drop_down_get_selected (self->side) == 1 ? 1 : 0;
}

/* Pictures */

typedef struct
{
  gint64 run, seq;
} Target;

static void
clear_pictures (SqEvaluationView *self)
{
  GtkFlowBoxChild *child;

  while ((child = gtk_flow_box_get_child_at_index (self->pictures, 0)) != NULL)
    gtk_flow_box_remove (self->pictures, GTK_WIDGET (child));
}

static void
add_picture (SqEvaluationView *self, guint picture, const char *title, float x1, float y1, float x2, float y2)
{
  guint side = shown_side (self);
  SqJudge *judge = self->judges[side];
  const SqEvaluatedPicture *p = &g_array_index (sq_evaluation_get_pictures (judge->result), SqEvaluatedPicture, picture);
  SqCrop crop = { self->runs[side], g_array_index (judge->seqs, gint64, picture), x1, y1, x2, y2 };
  GtkWidget *cell = sq_object_cell_new ();
  Target *target = g_new (Target, 1);
  g_autofree char *mistakes =
      // Translators: numbers of objects of a picture
      g_strdup_printf (_("%u right, %u missed"), p->n_right, p->n_missed);
  g_autofree char *rest =
      // Translators: numbers of objects of a picture
      g_strdup_printf (_("%u false, %u confused"), p->n_false, p->n_confused);

  *target = (Target){ crop.run, crop.seq };
  g_object_set_data_full (G_OBJECT (cell), "target", target, g_free);
  gtk_flow_box_insert (self->pictures, cell, -1);
  sq_object_cell_set (SQ_OBJECT_CELL (cell), self->loader, &crop, title, mistakes, rest);
}

static void
on_picture_activated (SqEvaluationView *self, GtkFlowBoxChild *child)
{
  const Target *target = g_object_get_data (G_OBJECT (gtk_flow_box_child_get_child (child)), "target");

  g_signal_emit (self, signals[ACTIVATE], 0, target->run, target->seq);
}

// The surest mistakes first.
static int
compare_findings (gconstpointer x, gconstpointer y)
{
  const SqFinding *a = x, *b = y;

  return a->score != b->score ? (a->score < b->score ? 1 : -1) : (a->picture > b->picture) - (a->picture < b->picture);
}

static char *
describe_finding (const SqJudge *judge, const SqFinding *f)
{
  int nothing = (int) judge->labels->n_classes;
  const char *truth = f->truth < nothing ? judge->labels->class_names[f->truth] : NULL;
  const char *seen = f->seen < nothing ? judge->labels->class_names[f->seen] : NULL;

  if (seen == NULL)
    // Translators: class
    return g_strdup_printf (_("%s missed"), truth);
  if (truth == NULL)
    // Translators: class, score
    return g_strdup_printf (_("%s %.0f %%, not there"), seen, 100 * f->score);
  if (f->truth == f->seen)
    return g_strdup_printf ("%s %.0f %%", seen, 100 * f->score);
  // Translators: class that was seen, score, class of the labels
  return g_strdup_printf (_("%s %.0f %%, is %s"), seen, 100 * f->score, truth);
}

static void
show_findings (SqEvaluationView *self, GArray *found)
{
  SqJudge *judge = self->judges[shown_side (self)];
  g_autofree char *title = NULL;

  clear_pictures (self);
  g_array_sort (found, compare_findings);
  for (guint i = 0; i < MIN (found->len, MOST_PICTURES); i++)
    {
      const SqFinding *f = &g_array_index (found, SqFinding, i);
      g_autofree char *text = describe_finding (judge, f);

      add_picture (self, f->picture, text, f->x1, f->y1, f->x2, f->y2);
    }
  title = found->len > MOST_PICTURES ? g_strdup_printf (_("The First %u of %u"), MOST_PICTURES, found->len)
                                     : g_strdup_printf (ngettext ("%u Object", "%u Objects", found->len), found->len);
  gtk_label_set_label (self->pictures_title, title);
}

void
sq_evaluation_view_show_cell (SqEvaluationView *self, int truth, int seen)
{
  SqJudge *judge;
  g_autoptr (GArray) found = NULL;

  g_return_if_fail (SQ_IS_EVALUATION_VIEW (self));

  judge = self->judges[shown_side (self)];
  if (judge == NULL)
    return;
  found = sq_evaluation_find (judge->result, truth, seen);
  show_findings (self, found);
}

void
sq_evaluation_view_show_class (SqEvaluationView *self, int class_id)
{
  SqJudge *judge;
  g_autoptr (GArray) found = NULL, falsely = NULL;

  g_return_if_fail (SQ_IS_EVALUATION_VIEW (self));

  judge = self->judges[shown_side (self)];
  if (judge == NULL)
    return;
  found = sq_evaluation_find (judge->result, class_id, -1);
  falsely = sq_evaluation_find (judge->result, -1, class_id);
  g_array_append_vals (found, falsely->data, falsely->len);
  for (guint i = found->len; i-- > 0;)
    if (g_array_index (found, SqFinding, i).truth == g_array_index (found, SqFinding, i).seen)
      g_array_remove_index_fast (found, i);
  show_findings (self, found);
}

void
sq_evaluation_view_show_worst (SqEvaluationView *self)
{
  SqJudge *judge;
  g_autoptr (GArray) worst = NULL;

  g_return_if_fail (SQ_IS_EVALUATION_VIEW (self));

  judge = self->judges[shown_side (self)];
  clear_pictures (self);
  if (judge == NULL)
    return;
  worst = sq_evaluation_worst (judge->result, 24);
  for (guint i = 0; i < worst->len; i++)
    {
      guint picture = g_array_index (worst, guint, i);
      const SqEvaluatedPicture *p = &g_array_index (sq_evaluation_get_pictures (judge->result), SqEvaluatedPicture, picture);
      guint n = p->n_missed + p->n_false + p->n_confused;
      g_autofree char *title = g_strdup_printf (ngettext ("%u mistake", "%u mistakes", n), n);

      add_picture (self, picture, title, 0, 0, 0, 0);
    }
  gtk_label_set_label (self->pictures_title, _("Worst Pictures"));
}

/* Figures */

static double
figure_of (const SqApReport *report, guint row)
{
  return row == 0 ? report->ap : row == 1 ? report->ap50 : report->ap75;
}

static void
show_summary (SqEvaluationView *self)
{
  g_autofree char *text = NULL;
  guint n = sq_evaluation_get_ap (self->judges[0]->result)->n_present;

  for (guint i = 0; i < G_N_ELEMENTS (summary_ids); i++)
    {
      double a = figure_of (sq_evaluation_get_ap (self->judges[0]->result), i);
      double b = self->judges[1] != NULL ? figure_of (sq_evaluation_get_ap (self->judges[1]->result), i) : 0;
      g_autofree char *a_text = g_strdup_printf ("%.3f", a), *b_text = g_strdup_printf ("%.3f", b),
                      *d_text = g_strdup_printf ("%+.3f", b - a);

      gtk_label_set_label (self->figures[i][0], a_text);
      gtk_label_set_label (self->figures[i][1], self->judges[1] != NULL ? b_text : "");
      gtk_label_set_label (self->figures[i][2], self->judges[1] != NULL ? d_text : "");
    }
  for (int column = 1; column <= 3; column++)
    gtk_widget_set_visible (gtk_grid_get_child_at (self->summary, column, 0), self->judges[1] != NULL);
  // Translators: numbers of pictures and classes, a score in percent
  text = g_strdup_printf (_("%u labelled pictures, %u classes with labels; matrix and pictures at scores from %.0f %%"),
                          self->judges[0]->n_judged, n, 100 * SQ_EVALUATE_SCORE);
  gtk_label_set_label (self->intro, text);
}

static void
on_class_selected (SqEvaluationView *self, int class_id)
{
  if (self->judges[0] == NULL)
    return;
  for (guint side = 0; side < 2; side++)
    {
      float f1[SQ_AP_SCORES];

      if (self->judges[side] == NULL || class_id < 0)
        {
          sq_curve_chart_set_curve (self->precision, side, NULL, 0);
          sq_curve_chart_set_curve (self->f1, side, NULL, 0);
          continue;
        }
      sq_evaluation_get_f1 (self->judges[side]->result, class_id, f1);
      sq_curve_chart_set_curve (self->precision, side, sq_evaluation_get_ap (self->judges[side]->result)->classes[class_id].precision50,
                                SQ_AP_RECALLS);
      sq_curve_chart_set_curve (self->f1, side, f1, SQ_AP_SCORES);
    }
  gtk_label_set_label (self->curves_title, class_id >= 0 ? self->judges[0]->labels->class_names[class_id] : "");
  if (class_id >= 0)
    sq_evaluation_view_show_class (self, class_id);
}

static void
on_side_changed (SqEvaluationView *self)
{
  sq_confusion_grid_set (self->confusion, self->judges[shown_side (self)]);
  sq_evaluation_view_show_worst (self);
}

static void
show_legend (SqEvaluationView *self)
{
  const SqRun *a = self->judges[0]->run, *b = self->judges[1] != NULL ? self->judges[1]->run : NULL;

  gtk_widget_set_visible (self->legend, b != NULL);
  if (b != NULL)
    {
      // Translators: the names of two sessions, each with its model
      g_autofree char *text = g_strdup_printf (_("A, the solid line: %s, %s. B, the dashed line: %s, %s."), a->name, a->model, b->name, b->model);

      gtk_label_set_label (GTK_LABEL (self->legend), text);
    }
}

static void
show_result (SqEvaluationView *self)
{
  show_summary (self);
  sq_class_table_set (self->table, self->judges[0], self->judges[1]);
  gtk_widget_set_visible (GTK_WIDGET (self->side), self->judges[1] != NULL);
  show_legend (self);
  on_class_selected (self, sq_class_table_get_class (self->table, 0));
  on_side_changed (self);
  gtk_stack_set_visible_child_name (self->stack, "result");
}

/* Judging: one session after the other */

static void judge_next (SqEvaluationView *self);

static void
on_judged (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SqEvaluationView) self = user_data;
  g_autoptr (GError) error = NULL;
  SqJudge *judge = sq_project_evaluate_finish (SQ_PROJECT (source), result, &error);

  if (g_task_get_cancellable (G_TASK (result)) != self->cancellable)
    {
      g_clear_pointer (&judge, sq_judge_free); // closed meanwhile
      return;
    }
  if (judge == NULL)
    {
      g_autofree char *escaped = g_markup_escape_text (error->message, -1);

      adw_status_page_set_description (self->error_page, escaped);
      gtk_stack_set_visible_child_name (self->stack, "error");
      return;
    }
  self->judges[self->judges[0] != NULL ? 1 : 0] = judge;
  judge_next (self);
}

static void
judge_next (SqEvaluationView *self)
{
  gint64 run = self->judges[0] == NULL ? self->runs[0] : self->judges[1] == NULL ? self->runs[1] : 0;

  if (run != 0)
    sq_project_evaluate_async (self->project, run, self->labels, self->label_pictures, SQ_EVALUATE_SCORE, self->cancellable, on_judged,
                               g_object_ref (self));
  else
    show_result (self);
}

/* Object */

static GtkWidget *
make_heading (const char *text)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_widget_add_css_class (label, "heading");
  return label;
}

static GtkWidget *
make_summary (SqEvaluationView *self)
{
  const char *const titles[] = { _("AP"), _("AP50"), _("AP75") };
  const char *const sides[] = { _("A"), _("B"), _("B − A") };

  self->summary = GTK_GRID (gtk_grid_new ());
  gtk_grid_set_column_spacing (self->summary, 24);
  gtk_grid_set_row_spacing (self->summary, 6);
  for (int i = 0; i < 3; i++)
    {
      GtkWidget *side = gtk_label_new (sides[i]);

      gtk_label_set_xalign (GTK_LABEL (side), 1);
      gtk_widget_add_css_class (side, "dim-label");
      gtk_grid_attach (self->summary, side, i + 1, 0, 1, 1);
    }
  for (guint i = 0; i < G_N_ELEMENTS (summary_ids); i++)
    {
      gtk_grid_attach (self->summary, make_heading (titles[i]), 0, (int) i + 1, 1, 1);
      for (int column = 0; column < 3; column++)
        {
          GtkWidget *label = gtk_label_new (NULL);

          gtk_label_set_xalign (GTK_LABEL (label), 1);
          gtk_widget_add_css_class (label, "numeric");
          gtk_widget_add_css_class (label, "title-4");
          gtk_grid_attach (self->summary, label, column + 1, (int) i + 1, 1, 1);
          self->figures[i][column] = GTK_LABEL (label);
        }
    }
  return GTK_WIDGET (self->summary);
}

static GtkWidget *
make_result (SqEvaluationView *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 12), *curves = gtk_flow_box_new (),
            *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  GtkWidget *clamp = adw_clamp_new (), *scroller = gtk_scrolled_window_new ();
  GtkWidget *worst = gtk_button_new_with_mnemonic (_("_Worst Pictures")), *heading = make_heading (_("Taken for Each Other"));
  g_autoptr (GtkStringList) sides = gtk_string_list_new ((const char *const[]){ _("A"), _("B"), NULL });

  self->intro = GTK_LABEL (make_heading (NULL));
  gtk_label_set_wrap (self->intro, TRUE);
  gtk_widget_remove_css_class (GTK_WIDGET (self->intro), "heading");
  gtk_widget_add_css_class (GTK_WIDGET (self->intro), "dim-label");
  self->table = SQ_CLASS_TABLE (sq_class_table_new ());
  self->curves_title = GTK_LABEL (make_heading (NULL));
  self->legend = gtk_label_new (NULL);
  gtk_label_set_xalign (GTK_LABEL (self->legend), 0);
  gtk_label_set_wrap (GTK_LABEL (self->legend), TRUE);
  gtk_widget_add_css_class (self->legend, "caption");
  self->precision = SQ_CURVE_CHART (sq_curve_chart_new (_("Recall"), _("Precision")));
  self->f1 = SQ_CURVE_CHART (sq_curve_chart_new (_("Score"), _("F1")));
  gtk_flow_box_set_selection_mode (GTK_FLOW_BOX (curves), GTK_SELECTION_NONE);
  gtk_flow_box_set_homogeneous (GTK_FLOW_BOX (curves), TRUE);
  gtk_flow_box_set_max_children_per_line (GTK_FLOW_BOX (curves), 2);
  gtk_flow_box_insert (GTK_FLOW_BOX (curves), GTK_WIDGET (self->precision), -1);
  gtk_flow_box_insert (GTK_FLOW_BOX (curves), GTK_WIDGET (self->f1), -1);
  self->side = GTK_DROP_DOWN (gtk_drop_down_new (G_LIST_MODEL (g_steal_pointer (&sides)), NULL));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->side), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Side"), -1);
  self->confusion = SQ_CONFUSION_GRID (sq_confusion_grid_new ());
  self->pictures_title = GTK_LABEL (make_heading (NULL));
  self->pictures = GTK_FLOW_BOX (gtk_flow_box_new ());
  gtk_flow_box_set_selection_mode (self->pictures, GTK_SELECTION_NONE);
  gtk_flow_box_set_homogeneous (self->pictures, TRUE);
  gtk_widget_set_halign (GTK_WIDGET (self->pictures), GTK_ALIGN_START); // a few are no wider than many
  gtk_flow_box_set_max_children_per_line (self->pictures, 6);
  gtk_flow_box_set_activate_on_single_click (self->pictures, TRUE);
  gtk_flow_box_set_row_spacing (self->pictures, 6);
  gtk_flow_box_set_column_spacing (self->pictures, 6);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->pictures), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Pictures"), -1);
  gtk_widget_set_hexpand (heading, TRUE);
  gtk_box_append (GTK_BOX (row), heading);
  gtk_box_append (GTK_BOX (row), GTK_WIDGET (self->side));
  gtk_box_append (GTK_BOX (row), worst);

  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->intro));
  gtk_box_append (GTK_BOX (box), self->legend);
  gtk_box_append (GTK_BOX (box), make_summary (self));
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->table));
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->curves_title));
  gtk_box_append (GTK_BOX (box), curves);
  gtk_box_append (GTK_BOX (box), row);
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->confusion));
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->pictures_title));
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->pictures));
  g_object_set (box, "margin-top", 18, "margin-bottom", 18, "margin-start", 18, "margin-end", 18, NULL);
  adw_clamp_set_maximum_size (ADW_CLAMP (clamp), 1000);
  adw_clamp_set_child (ADW_CLAMP (clamp), box);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scroller), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), clamp);

  g_signal_connect_swapped (self->table, "selected", G_CALLBACK (on_class_selected), self);
  g_signal_connect_swapped (self->side, "notify::selected", G_CALLBACK (on_side_changed), self);
  g_signal_connect_swapped (self->confusion, "cell", G_CALLBACK (sq_evaluation_view_show_cell), self);
  g_signal_connect_swapped (worst, "clicked", G_CALLBACK (sq_evaluation_view_show_worst), self);
  g_signal_connect_swapped (self->pictures, "child-activated", G_CALLBACK (on_picture_activated), self);
  return scroller;
}

static GtkWidget *
make_busy (void)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 12), *spinner = gtk_spinner_new ();

  gtk_spinner_start (GTK_SPINNER (spinner));
  gtk_widget_set_size_request (spinner, 32, 32);
  gtk_widget_set_valign (box, GTK_ALIGN_CENTER);
  gtk_box_append (GTK_BOX (box), spinner);
  gtk_box_append (GTK_BOX (box), gtk_label_new (_("Comparing with the labels…")));
  return box;
}

static void
sq_evaluation_view_dispose (GObject *object)
{
  SqEvaluationView *self = SQ_EVALUATION_VIEW (object);

  if (self->stack != NULL)
    sq_evaluation_view_close (self);
  self->stack = NULL;
  adw_bin_set_child (ADW_BIN (self), NULL);
  G_OBJECT_CLASS (sq_evaluation_view_parent_class)->dispose (object);
}

static void
sq_evaluation_view_class_init (SqEvaluationViewClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sq_evaluation_view_dispose;
  signals[ACTIVATE] = g_signal_new ("activate", SQ_TYPE_EVALUATION_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                                    G_TYPE_INT64, G_TYPE_INT64);
}

static void
sq_evaluation_view_init (SqEvaluationView *self)
{
  self->stack = GTK_STACK (gtk_stack_new ());
  self->error_page = ADW_STATUS_PAGE (adw_status_page_new ());
  adw_status_page_set_icon_name (self->error_page, "dialog-error-symbolic");
  adw_status_page_set_title (self->error_page, _("Labels Do Not Fit"));
  gtk_stack_add_named (self->stack, make_busy (), "busy");
  gtk_stack_add_named (self->stack, make_result (self), "result");
  gtk_stack_add_named (self->stack, GTK_WIDGET (self->error_page), "error");
  adw_bin_set_child (ADW_BIN (self), GTK_WIDGET (self->stack));
}

GtkWidget *
sq_evaluation_view_new (void)
{
  return g_object_new (SQ_TYPE_EVALUATION_VIEW, NULL);
}

void
sq_evaluation_view_open (SqEvaluationView *self, SqProject *project, gint64 a, gint64 b, const char *labels, const char *pictures)
{
  g_return_if_fail (SQ_IS_EVALUATION_VIEW (self));

  sq_evaluation_view_close (self);
  self->project = g_object_ref (project);
  self->loader = sq_crop_loader_new (project);
  self->cancellable = g_cancellable_new ();
  self->runs[0] = a;
  self->runs[1] = b;
  self->labels = g_strdup (labels);
  self->label_pictures = g_strdup (pictures);
  gtk_drop_down_set_selected (self->side, 0);
  gtk_stack_set_visible_child_name (self->stack, "busy");
  judge_next (self);
}

void
sq_evaluation_view_close (SqEvaluationView *self)
{
  g_return_if_fail (SQ_IS_EVALUATION_VIEW (self));

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  clear_pictures (self); // they ask the loader
  sq_class_table_set (self->table, NULL, NULL);
  sq_confusion_grid_set (self->confusion, NULL);
  for (guint side = 0; side < 2; side++)
    g_clear_pointer (&self->judges[side], sq_judge_free);
  g_clear_pointer (&self->loader, sq_crop_loader_free);
  g_clear_object (&self->project);
  g_clear_pointer (&self->labels, g_free);
  g_clear_pointer (&self->label_pictures, g_free);
}

gboolean
sq_evaluation_view_get_open (SqEvaluationView *self)
{
  g_return_val_if_fail (SQ_IS_EVALUATION_VIEW (self), FALSE);
  return self->project != NULL;
}

const char *
sq_evaluation_view_get_state_name (SqEvaluationView *self)
{
  return gtk_stack_get_visible_child_name (self->stack);
}

const char *
sq_evaluation_view_get_summary (SqEvaluationView *self, const char *row, guint side)
{
  g_return_val_if_fail (side < 3, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (summary_ids); i++)
    if (g_str_equal (summary_ids[i], row))
      return gtk_label_get_label (self->figures[i][side]);
  return NULL;
}

SqJudge *
sq_evaluation_view_get_judge (SqEvaluationView *self, guint side)
{
  return self->judges[side];
}

SqClassTable *
sq_evaluation_view_get_table (SqEvaluationView *self)
{
  return self->table;
}

SqCurveChart *
sq_evaluation_view_get_f1 (SqEvaluationView *self)
{
  return self->f1;
}

guint
sq_evaluation_view_get_n_pictures (SqEvaluationView *self)
{
  guint n = 0;

  while (gtk_flow_box_get_child_at_index (self->pictures, (int) n) != NULL)
    n++;
  return n;
}
