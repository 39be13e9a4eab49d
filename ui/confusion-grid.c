// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "confusion-grid.h"

#include <glib/gi18n.h>

#define MOST 40 // classes: more cannot be taken in

struct _SqConfusionGrid
{
  GtkWidget parent_instance;

  GtkWidget *scroller, *cut;
};

G_DEFINE_FINAL_TYPE (SqConfusionGrid, sq_confusion_grid, GTK_TYPE_WIDGET)

enum
{
  CELL,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static const char *
name_of (const SqJudge *judge, guint class_id)
{
  return class_id < judge->labels->n_classes ? judge->labels->class_names[class_id] : _ ("nothing");
}

typedef struct
{
  guint class_id, wrong;
} Class;

static gboolean
occurs (const SqJudge *judge, guint class_id, guint *wrong)
{
  gboolean right = sq_evaluation_get_count (judge->result, class_id, class_id) > 0;

  *wrong = 0;
  for (guint i = 0; i <= judge->labels->n_classes; i++)
    if (i != class_id)
      *wrong += sq_evaluation_get_count (judge->result, class_id, i) + sq_evaluation_get_count (judge->result, i, class_id);
  return right || *wrong > 0;
}

static int
most_wrong_first (gconstpointer x, gconstpointer y)
{
  const Class *a = x, *b = y;

  return a->wrong != b->wrong ? (a->wrong < b->wrong ? 1 : -1) : (a->class_id > b->class_id) - (a->class_id < b->class_id);
}

static int
by_id (gconstpointer x, gconstpointer y)
{
  const Class *a = x, *b = y;

  return (a->class_id > b->class_id) - (a->class_id < b->class_id);
}

// Of those that occur the ones with most mistakes, in the labels' order; nothing last: what was missed, and what is not there.
static GArray *
choose_classes (const SqJudge *judge, guint *n_occurring)
{
  GArray *classes = g_array_new (FALSE, FALSE, sizeof (Class));
  guint n = judge->labels->n_classes;
  Class c;

  for (c.class_id = 0; c.class_id < n; c.class_id++)
    if (occurs (judge, c.class_id, &c.wrong))
      g_array_append_val (classes, c);
  *n_occurring = classes->len;
  if (classes->len > MOST - 1)
    {
      g_array_sort (classes, most_wrong_first);
      g_array_set_size (classes, MOST - 1);
      g_array_sort (classes, by_id);
    }
  if (occurs (judge, n, &c.wrong))
    g_array_append_val (classes, c);
  return classes;
}

static void
on_clicked (GtkWidget *button)
{
  SqConfusionGrid *self = SQ_CONFUSION_GRID (gtk_widget_get_ancestor (button, SQ_TYPE_CONFUSION_GRID));

  g_signal_emit (self, signals[CELL], 0, GPOINTER_TO_INT (g_object_get_data (G_OBJECT (button), "truth")),
                 GPOINTER_TO_INT (g_object_get_data (G_OBJECT (button), "seen")));
}

static void
add_header (GtkGrid *grid, const char *name, int column, int row)
{
  GtkWidget *label = gtk_label_new (name);

  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_label_set_max_width_chars (GTK_LABEL (label), 16);
  gtk_label_set_xalign (GTK_LABEL (label), column == 0 ? 1 : .5f);
  gtk_widget_set_tooltip_text (label, name);
  gtk_widget_add_css_class (label, "caption-heading");
  gtk_grid_attach (grid, label, column, row, 1, 1);
}

static void
add_cell (GtkGrid *grid, const SqJudge *judge, guint truth, guint seen, int column, int row)
{
  guint count = sq_evaluation_get_count (judge->result, truth, seen);
  g_autofree char *text = g_strdup_printf ("%u", count);
  g_autofree char *spoken = NULL;
  GtkWidget *button;

  if (count == 0)
    return;
  // Translators: how often, class of the labels, class that was seen
  spoken = g_strdup_printf (_ ("%u × %s, seen as %s"), count, name_of (judge, truth), name_of (judge, seen));
  button = gtk_button_new_with_label (text);
  gtk_widget_set_tooltip_text (button, spoken);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
  gtk_widget_add_css_class (button, "flat");
  gtk_widget_add_css_class (button, "numeric");
  gtk_widget_add_css_class (button, truth == seen ? "right" : "wrong");
  g_object_set_data (G_OBJECT (button), "truth", GINT_TO_POINTER ((int) truth));
  g_object_set_data (G_OBJECT (button), "seen", GINT_TO_POINTER ((int) seen));
  g_signal_connect (button, "clicked", G_CALLBACK (on_clicked), NULL);
  gtk_grid_attach (grid, button, column, row, 1, 1);
}

static void
sq_confusion_grid_dispose (GObject *object)
{
  SqConfusionGrid *self = SQ_CONFUSION_GRID (object);

  g_clear_pointer (&self->scroller, gtk_widget_unparent);
  g_clear_pointer (&self->cut, gtk_widget_unparent);
  G_OBJECT_CLASS (sq_confusion_grid_parent_class)->dispose (object);
}

static void
sq_confusion_grid_class_init (SqConfusionGridClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sq_confusion_grid_dispose;
  signals[CELL] =
      g_signal_new ("cell", SQ_TYPE_CONFUSION_GRID, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_INT, G_TYPE_INT);
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BOX_LAYOUT);
  gtk_widget_class_set_css_name (GTK_WIDGET_CLASS (klass), "confusion");
}

static void
sq_confusion_grid_init (SqConfusionGrid *self)
{
  GtkLayoutManager *layout = gtk_widget_get_layout_manager (GTK_WIDGET (self));

  gtk_orientable_set_orientation (GTK_ORIENTABLE (layout), GTK_ORIENTATION_VERTICAL);
  gtk_box_layout_set_spacing (GTK_BOX_LAYOUT (layout), 6);
  self->cut = gtk_label_new (NULL);
  gtk_label_set_xalign (GTK_LABEL (self->cut), 0);
  gtk_label_set_wrap (GTK_LABEL (self->cut), TRUE);
  gtk_widget_add_css_class (self->cut, "caption");
  gtk_widget_add_css_class (self->cut, "dim-label");
  gtk_widget_set_parent (self->cut, GTK_WIDGET (self));
  self->scroller = gtk_scrolled_window_new ();
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (self->scroller), GTK_POLICY_AUTOMATIC, GTK_POLICY_NEVER); // the page scrolls
  gtk_widget_set_parent (self->scroller, GTK_WIDGET (self));
}

GtkWidget *
sq_confusion_grid_new (void)
{
  return g_object_new (SQ_TYPE_CONFUSION_GRID, NULL);
}

void
sq_confusion_grid_set (SqConfusionGrid *self, SqJudge *judge)
{
  GtkGrid *grid = GTK_GRID (gtk_grid_new ());
  guint n_occurring = 0;
  g_autoptr (GArray) classes = judge != NULL ? choose_classes (judge, &n_occurring) : g_array_new (FALSE, FALSE, sizeof (Class));
  g_autofree char *cut = NULL;

  g_return_if_fail (SQ_IS_CONFUSION_GRID (self));

  // Translators: numbers of classes
  cut = g_strdup_printf (_ ("The %u classes with most mistakes, of %u that occur"), MOST - 1, n_occurring);
  gtk_label_set_label (GTK_LABEL (self->cut), cut);
  gtk_widget_set_visible (self->cut, n_occurring > MOST - 1);
  gtk_grid_set_column_spacing (grid, 3);
  gtk_grid_set_row_spacing (grid, 3);
  if (classes->len > 0)
    add_header (grid, _ ("Labels ↓ Seen →"), 0, 0);
  for (guint i = 0; i < classes->len; i++)
    {
      guint truth = g_array_index (classes, Class, i).class_id;

      add_header (grid, name_of (judge, truth), (int) i + 1, 0);
      add_header (grid, name_of (judge, truth), 0, (int) i + 1);
      for (guint k = 0; k < classes->len; k++)
        add_cell (grid, judge, truth, g_array_index (classes, Class, k).class_id, (int) k + 1, (int) i + 1);
    }
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (self->scroller), GTK_WIDGET (grid));
}
