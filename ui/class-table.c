// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "class-table.h"

#include <glib/gi18n.h>

typedef enum
{
  NAME,
  LABELS,
  AP, // each followed by the same of B
  OTHER_AP,
  DIFFERENCE,
  AP50,
  OTHER_AP50,
  AP75,
  OTHER_AP75,
  RECALL,
  OTHER_RECALL,
  N_COLUMNS
} Column;

static const struct
{
  const char *title, *title_of_two; // of one session, of the first of two
  gboolean of_b;                    // there with two alone
} columns[N_COLUMNS] = {
  [NAME] = { N_ ("Class"), N_ ("Class") },
  [LABELS] = { N_ ("Labels"), N_ ("Labels") },
  [AP] = { N_ ("AP"), N_ ("AP A") },
  [OTHER_AP] = { N_ ("AP B"), N_ ("AP B"), TRUE },
  [DIFFERENCE] = { N_ ("B − A"), N_ ("B − A"), TRUE },
  [AP50] = { N_ ("AP50"), N_ ("AP50 A") },
  [OTHER_AP50] = { N_ ("AP50 B"), N_ ("AP50 B"), TRUE },
  [AP75] = { N_ ("AP75"), N_ ("AP75 A") },
  [OTHER_AP75] = { N_ ("AP75 B"), N_ ("AP75 B"), TRUE },
  [RECALL] = { N_ ("Recall"), N_ ("Recall A") },
  [OTHER_RECALL] = { N_ ("Recall B"), N_ ("Recall B"), TRUE },
};

struct _SqClassTable
{
  GtkWidget parent_instance;

  GtkWidget *scroller;
  GtkColumnView *view;
  GtkColumnViewColumn *columns[N_COLUMNS];
  GtkSingleSelection *selection;
  GListStore *rows; // GtkStringObject: the class's name; its number is data
  SqJudge *a, *b;   // borrowed
};

G_DEFINE_FINAL_TYPE (SqClassTable, sq_class_table, GTK_TYPE_WIDGET)

enum
{
  SELECTED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static guint
class_of (gpointer row)
{
  return GPOINTER_TO_UINT (g_object_get_data (row, "class"));
}

static double
value_of (SqClassTable *self, guint class_id, Column column)
{
  const SqClassAp *a = &sq_evaluation_get_ap (self->a->result)->classes[class_id];
  const SqClassAp *b = self->b != NULL ? &sq_evaluation_get_ap (self->b->result)->classes[class_id] : a;

  switch (column)
    {
    case LABELS:
      return a->n_truths;
    case AP:
      return a->ap;
    case AP50:
      return a->ap50;
    case AP75:
      return a->ap75;
    case RECALL:
      return a->recall;
    case OTHER_AP:
      return b->ap;
    case DIFFERENCE:
      return b->ap - a->ap;
    case OTHER_AP50:
      return b->ap50;
    case OTHER_AP75:
      return b->ap75;
    case OTHER_RECALL:
      return b->recall;
    default:
      return 0;
    }
}

typedef struct
{
  SqClassTable *table;
  Column column;
} Place;

static int
compare_rows (gconstpointer x, gconstpointer y, gpointer data)
{
  const Place *place = data;
  double a, b;

  if (place->column == NAME)
    return g_utf8_collate (gtk_string_object_get_string ((gpointer) x), gtk_string_object_get_string ((gpointer) y));
  a = value_of (place->table, class_of ((gpointer) x), place->column);
  b = value_of (place->table, class_of ((gpointer) y), place->column);
  return (a > b) - (a < b);
}

static void
on_setup (GtkListItemFactory *factory, GtkListItem *item, const Place *place)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), place->column == NAME ? 0 : 1);
  gtk_label_set_ellipsize (GTK_LABEL (label), place->column == NAME ? PANGO_ELLIPSIZE_END : PANGO_ELLIPSIZE_NONE);
  gtk_widget_add_css_class (label, "numeric");
  gtk_list_item_set_child (item, label);
}

static void
on_bind (GtkListItemFactory *factory, GtkListItem *item, const Place *place)
{
  GtkLabel *label = GTK_LABEL (gtk_list_item_get_child (item));
  gpointer row = gtk_list_item_get_item (item);
  g_autofree char *text = NULL;

  if (place->column == NAME)
    text = g_strdup (gtk_string_object_get_string (row));
  else if (place->column == LABELS)
    text = g_strdup_printf ("%.0f", value_of (place->table, class_of (row), LABELS));
  else
    text = g_strdup_printf (place->column == DIFFERENCE ? "%+.3f" : "%.3f", value_of (place->table, class_of (row), place->column));
  gtk_label_set_label (label, text);
}

static void
on_selected (SqClassTable *self)
{
  gpointer row = gtk_single_selection_get_selected_item (self->selection);

  g_signal_emit (self, signals[SELECTED], 0, row != NULL ? (int) class_of (row) : -1);
}

static void
add_column (SqClassTable *self, Column column)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();
  g_autoptr (GtkSorter) sorter = NULL;
  Place *place = g_new (Place, 1);

  *place = (Place){ self, column };
  g_signal_connect (factory, "setup", G_CALLBACK (on_setup), place);
  g_signal_connect (factory, "bind", G_CALLBACK (on_bind), place);
  g_object_set_data_full (G_OBJECT (factory), "place", place, g_free);
  sorter = GTK_SORTER (gtk_custom_sorter_new (compare_rows, place, NULL));
  self->columns[column] = gtk_column_view_column_new (_ (columns[column].title), factory);
  gtk_column_view_column_set_sorter (self->columns[column], sorter);
  gtk_column_view_column_set_expand (self->columns[column], column == NAME);
  gtk_column_view_append_column (self->view, self->columns[column]);
  g_object_unref (self->columns[column]); // the view's
}

static void
sq_class_table_dispose (GObject *object)
{
  SqClassTable *self = SQ_CLASS_TABLE (object);

  if (self->selection != NULL)
    g_signal_handlers_disconnect_by_data (self->selection, self);
  if (self->view != NULL)
    gtk_column_view_set_model (self->view, NULL);
  self->view = NULL;
  g_clear_pointer (&self->scroller, gtk_widget_unparent);
  g_clear_object (&self->selection);
  g_clear_object (&self->rows);
  G_OBJECT_CLASS (sq_class_table_parent_class)->dispose (object);
}

static void
sq_class_table_class_init (SqClassTableClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sq_class_table_dispose;
  signals[SELECTED] = g_signal_new ("selected", SQ_TYPE_CLASS_TABLE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT);
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BIN_LAYOUT);
}

static void
sq_class_table_init (SqClassTable *self)
{
  GtkSortListModel *sorted;

  self->rows = g_list_store_new (GTK_TYPE_STRING_OBJECT);
  self->view = GTK_COLUMN_VIEW (gtk_column_view_new (NULL));
  for (guint c = 0; c < N_COLUMNS; c++)
    add_column (self, c);
  sorted = gtk_sort_list_model_new (G_LIST_MODEL (g_object_ref (self->rows)), g_object_ref (gtk_column_view_get_sorter (self->view)));
  self->selection = gtk_single_selection_new (G_LIST_MODEL (sorted));
  gtk_column_view_set_model (self->view, GTK_SELECTION_MODEL (self->selection));
  gtk_column_view_sort_by_column (self->view, self->columns[LABELS], GTK_SORT_DESCENDING);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->view), GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("Classes"), -1);
  g_signal_connect_swapped (self->selection, "notify::selected-item", G_CALLBACK (on_selected), self);
  self->scroller = gtk_scrolled_window_new ();
  g_object_set (self->scroller, "min-content-height", 180, "max-content-height", 320, "propagate-natural-height", TRUE, "child", self->view,
                NULL);
  gtk_widget_add_css_class (self->scroller, "frame");
  gtk_widget_set_parent (self->scroller, GTK_WIDGET (self));
}

GtkWidget *
sq_class_table_new (void)
{
  return g_object_new (SQ_TYPE_CLASS_TABLE, NULL);
}

void
sq_class_table_set (SqClassTable *self, SqJudge *a, SqJudge *b)
{
  g_return_if_fail (SQ_IS_CLASS_TABLE (self));

  g_list_store_remove_all (self->rows);
  self->a = a;
  self->b = b;
  for (guint c = 0; c < N_COLUMNS; c++)
    {
      gtk_column_view_column_set_title (self->columns[c], b != NULL ? _ (columns[c].title_of_two) : _ (columns[c].title));
      gtk_column_view_column_set_visible (self->columns[c], b != NULL || !columns[c].of_b);
    }
  for (guint c = 0; a != NULL && c < a->labels->n_classes; c++)
    if (sq_evaluation_get_ap (a->result)->classes[c].n_truths > 0)
      {
        g_autoptr (GtkStringObject) row = gtk_string_object_new (a->labels->class_names[c]);

        g_object_set_data (G_OBJECT (row), "class", GUINT_TO_POINTER (c));
        g_list_store_append (self->rows, row);
      }
  gtk_single_selection_set_selected (self->selection, 0); // the first as sorted, not as added
}

guint
sq_class_table_get_n_rows (SqClassTable *self)
{
  g_return_val_if_fail (SQ_IS_CLASS_TABLE (self), 0);
  return g_list_model_get_n_items (G_LIST_MODEL (self->rows));
}

int
sq_class_table_get_class (SqClassTable *self, guint row)
{
  g_autoptr (GtkStringObject) item = NULL;

  g_return_val_if_fail (SQ_IS_CLASS_TABLE (self), -1);

  item = g_list_model_get_item (G_LIST_MODEL (self->selection), row);
  return item != NULL ? (int) class_of (item) : -1;
}

void
sq_class_table_sort (SqClassTable *self, const char *column, GtkSortType order)
{
  g_return_if_fail (SQ_IS_CLASS_TABLE (self));

  for (guint c = 0; c < N_COLUMNS; c++)
    if (g_strcmp0 (gtk_column_view_column_get_title (self->columns[c]), column) == 0)
      gtk_column_view_sort_by_column (self->view, self->columns[c], order);
}
