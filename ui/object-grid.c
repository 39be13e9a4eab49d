// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "object-grid.h"

#include "format.h"
#include "object-cell.h"
#include <glib/gi18n.h>

struct _SqObjectGrid
{
  GtkWidget parent_instance;

  GtkWidget *scroller;
  GtkGridView *grid;

  SqObjectList *list;
  SqProject *project;
  SqCropLoader *loader; // of the project
  char *class_name;
};

G_DEFINE_FINAL_TYPE (SqObjectGrid, sq_object_grid, GTK_TYPE_WIDGET)

enum
{
  PROP_0,
  PROP_N_ITEMS,
  PROP_LOADING,
  N_PROPS
};

enum
{
  ACTIVATE,
  N_SIGNALS
};

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

static char *
describe_place (const SqFoundFrame *frame)
{
  g_autofree char *place =
      frame->kind == SQ_SOURCE_PICTURES ? g_filename_display_basename (frame->path) : sq_format_time (frame->pts_ns, FALSE);

  // Translators: time or file name, how many objects besides the one shown
  return frame->n > 1 ? g_strdup_printf (_("%s, %u more"), place, frame->n - 1) : g_steal_pointer (&place);
}

static void
on_setup (GtkListItemFactory *factory, GtkListItem *list_item)
{
  gtk_list_item_set_child (list_item, sq_object_cell_new ());
}

static void
on_bind (GtkListItemFactory *factory, GtkListItem *list_item, SqObjectGrid *self)
{
  const SqFoundFrame *frame = sq_found_item_get_frame (gtk_list_item_get_item (list_item));
  SqCrop crop = { frame->run, frame->seq, frame->best.x1, frame->best.y1, frame->best.x2, frame->best.y2 };
  g_autofree char *place = describe_place (frame);
  g_autofree char *title = g_strdup_printf ("%s %.0f %%", self->class_name, 100 * frame->best.score);

  sq_object_cell_set (SQ_OBJECT_CELL (gtk_list_item_get_child (list_item)), self->loader, &crop, title, frame->run_name, place);
}

static void
on_unbind (GtkListItemFactory *factory, GtkListItem *list_item)
{
  sq_object_cell_clear (SQ_OBJECT_CELL (gtk_list_item_get_child (list_item)));
}

void
sq_object_grid_activate (SqObjectGrid *self, guint position)
{
  g_autoptr (SqFoundItem) item = NULL;

  g_return_if_fail (SQ_IS_OBJECT_GRID (self));

  item = g_list_model_get_item (G_LIST_MODEL (self->list), position);
  if (item != NULL)
    g_signal_emit (self, signals[ACTIVATE], 0, sq_found_item_get_frame (item)->run, sq_found_item_get_frame (item)->seq);
}

static void
on_n_items (SqObjectGrid *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_N_ITEMS]);
}

static void
on_loading (SqObjectGrid *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_LOADING]);
}

static void
sq_object_grid_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SqObjectGrid *self = SQ_OBJECT_GRID (object);

  if (prop_id == PROP_N_ITEMS)
    g_value_set_uint (value, g_list_model_get_n_items (G_LIST_MODEL (self->list)));
  else if (prop_id == PROP_LOADING)
    g_value_set_boolean (value, sq_object_grid_get_loading (self));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
sq_object_grid_dispose (GObject *object)
{
  SqObjectGrid *self = SQ_OBJECT_GRID (object);

  if (self->list != NULL)
    g_signal_handlers_disconnect_by_data (self->list, self);
  if (self->grid != NULL)
    gtk_grid_view_set_model (self->grid, NULL); // the cells let go of the loader
  self->grid = NULL;
  g_clear_pointer (&self->scroller, gtk_widget_unparent);
  g_clear_object (&self->list);
  g_clear_pointer (&self->loader, sq_crop_loader_free);
  g_clear_object (&self->project);
  g_clear_pointer (&self->class_name, g_free);
  G_OBJECT_CLASS (sq_object_grid_parent_class)->dispose (object);
}

static void
sq_object_grid_class_init (SqObjectGridClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = sq_object_grid_get_property;
  object_class->dispose = sq_object_grid_dispose;
  props[PROP_N_ITEMS] = g_param_spec_uint ("n-items", NULL, NULL, 0, G_MAXUINT, 0, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  props[PROP_LOADING] = g_param_spec_boolean ("loading", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);
  signals[ACTIVATE] =
      g_signal_new ("activate", SQ_TYPE_OBJECT_GRID, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_INT64, G_TYPE_INT64);
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BIN_LAYOUT);
}

static void
sq_object_grid_init (SqObjectGrid *self)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();
  GtkWidget *grid;

  self->list = sq_object_list_new ();
  g_signal_connect (factory, "setup", G_CALLBACK (on_setup), NULL);
  g_signal_connect (factory, "bind", G_CALLBACK (on_bind), self);
  g_signal_connect (factory, "unbind", G_CALLBACK (on_unbind), NULL);
  grid = gtk_grid_view_new (NULL, factory);
  self->grid = GTK_GRID_VIEW (grid);
  gtk_grid_view_set_min_columns (self->grid, 1);
  gtk_grid_view_set_max_columns (self->grid, 8);
  gtk_grid_view_set_single_click_activate (self->grid, TRUE);
  gtk_widget_add_css_class (grid, "session-grid");
  gtk_accessible_update_property (GTK_ACCESSIBLE (grid), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Objects found"), -1);
  g_signal_connect_swapped (grid, "activate", G_CALLBACK (sq_object_grid_activate), self);
  self->scroller = gtk_scrolled_window_new ();
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (self->scroller), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (self->scroller), grid);
  gtk_widget_set_parent (self->scroller, GTK_WIDGET (self));
  g_signal_connect_swapped (self->list, "notify::n-items", G_CALLBACK (on_n_items), self);
  g_signal_connect_swapped (self->list, "notify::loading", G_CALLBACK (on_loading), self);
}

GtkWidget *
sq_object_grid_new (void)
{
  return g_object_new (SQ_TYPE_OBJECT_GRID, NULL);
}

void
sq_object_grid_search (SqObjectGrid *self, SqProject *project, const SqRunQuery *query)
{
  g_return_if_fail (SQ_IS_OBJECT_GRID (self));

  if (project != NULL && query != NULL && query->class_name != NULL)
    {
      if (self->project != project)
        {
          gtk_grid_view_set_model (self->grid, NULL);
          g_clear_pointer (&self->loader, sq_crop_loader_free);
          g_set_object (&self->project, project);
        }
      if (self->loader == NULL)
        self->loader = sq_crop_loader_new (project);
      g_free (self->class_name);
      self->class_name = g_strdup (query->class_name);
      if (gtk_grid_view_get_model (self->grid) == NULL)
        {
          GtkNoSelection *selection = gtk_no_selection_new (G_LIST_MODEL (g_object_ref (self->list)));

          gtk_grid_view_set_model (self->grid, GTK_SELECTION_MODEL (selection));
          g_object_unref (selection);
        }
      sq_object_list_search (self->list, project, query);
      return;
    }
  sq_object_list_search (self->list, NULL, NULL);
  gtk_grid_view_set_model (self->grid, NULL);
  g_clear_pointer (&self->loader, sq_crop_loader_free); // with the video it keeps open
  g_clear_object (&self->project);
}

gboolean
sq_object_grid_get_loading (SqObjectGrid *self)
{
  g_return_val_if_fail (SQ_IS_OBJECT_GRID (self), FALSE);
  return sq_object_list_get_loading (self->list);
}

GListModel *
sq_object_grid_get_list (SqObjectGrid *self)
{
  g_return_val_if_fail (SQ_IS_OBJECT_GRID (self), NULL);
  return G_LIST_MODEL (self->list);
}
