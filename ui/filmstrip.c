// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "filmstrip.h"

#include "film-cell.h"
#include <glib/gi18n.h>

// A strip of tens of thousands of pictures helps nobody; the sessions page has them all.
#define MAX_ITEMS 5000

struct _SqFilmFeed
{
  GMutex lock;
  GPtrArray *items;   // not yet taken
  SqFilmstrip *strip; // NULL: closed; touched on the main thread only, under the lock for closing
  gboolean pending;
  guint pushed;
};

struct _SqFilmstrip
{
  GtkWidget parent_instance;

  GtkWidget *scroller;
  GtkListView *list;
  GListStore *store;
  GtkSingleSelection *selection;
  SqFilterState *filter;
  SqFilmFeed *feed;
  GHashTable *bound; // GtkListItem in use
  gboolean quiet;    // selection changes that are not the user's
  gint64 wanted;     // index to show once its item arrives, -1 none
};

G_DEFINE_FINAL_TYPE (SqFilmstrip, sq_filmstrip, GTK_TYPE_WIDGET)

enum
{
  PICKED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* Feed */

SqFilmFeed *
sq_film_feed_ref (SqFilmFeed *feed)
{
  return g_atomic_rc_box_acquire (feed);
}

static void
feed_clear (gpointer data)
{
  SqFilmFeed *feed = data;

  g_ptr_array_unref (feed->items);
  g_mutex_clear (&feed->lock);
}

void
sq_film_feed_unref (SqFilmFeed *feed)
{
  g_atomic_rc_box_release_full (feed, feed_clear);
}

static gboolean
feed_deliver (gpointer data)
{
  SqFilmFeed *feed = data;
  g_autoptr (GPtrArray) items = NULL;

  g_mutex_lock (&feed->lock);
  feed->pending = FALSE;
  items = g_steal_pointer (&feed->items);
  feed->items = g_ptr_array_new_with_free_func (g_object_unref);
  g_mutex_unlock (&feed->lock);

  if (feed->strip != NULL && items->len > 0)
    {
      SqFilmstrip *self = feed->strip;

      self->quiet = TRUE;
      g_list_store_splice (self->store, g_list_model_get_n_items (G_LIST_MODEL (self->store)), 0, items->pdata, items->len);
      self->quiet = FALSE;
      gtk_widget_set_visible (GTK_WIDGET (self), g_list_model_get_n_items (G_LIST_MODEL (self->store)) > 1);
      if (self->wanted >= 0)
        sq_filmstrip_show_index (self, self->wanted);
    }
  return G_SOURCE_REMOVE;
}

void
sq_film_feed_push (SqFilmFeed *feed, const SqResult *result)
{
  SqFilmItem *item;
  gboolean wake;

  if (feed->pushed >= MAX_ITEMS || sq_frame_load (result->frame) == NULL)
    return;
  feed->pushed++;
  item = sq_film_item_new (result);
  g_mutex_lock (&feed->lock);
  g_ptr_array_add (feed->items, item);
  wake = !feed->pending;
  feed->pending = TRUE;
  g_mutex_unlock (&feed->lock);
  if (wake)
    g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, feed_deliver, sq_film_feed_ref (feed), (GDestroyNotify) sq_film_feed_unref);
}

/* Strip */

static void
update_badge (SqFilmstrip *self, GtkListItem *list_item)
{
  SqFilmItem *item = gtk_list_item_get_item (list_item);
  SqFilter filter = SQ_FILTER_DEFAULT;

  if (self->filter != NULL)
    filter = sq_filter_state_get_filter (self->filter);
  sq_film_cell_set_text (SQ_FILM_CELL (gtk_list_item_get_child (list_item)), sq_film_item_get_name (item),
                         sq_film_item_count (item, &filter));
}

static void
on_filter_changed (SqFilmstrip *self)
{
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, self->bound);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    update_badge (self, key);
}

static void
on_setup (GtkListItemFactory *factory, GtkListItem *list_item, SqFilmstrip *self)
{
  gtk_list_item_set_child (list_item, sq_film_cell_new ());
}

static void
on_bind (GtkListItemFactory *factory, GtkListItem *list_item, SqFilmstrip *self)
{
  SqFilmItem *item = gtk_list_item_get_item (list_item);

  sq_film_cell_set_texture (SQ_FILM_CELL (gtk_list_item_get_child (list_item)), sq_film_item_get_texture (item));
  g_hash_table_add (self->bound, list_item);
  update_badge (self, list_item);
}

static void
on_unbind (GtkListItemFactory *factory, GtkListItem *list_item, SqFilmstrip *self)
{
  g_hash_table_remove (self->bound, list_item);
}

static void
on_selected (SqFilmstrip *self)
{
  SqFilmItem *item = gtk_single_selection_get_selected_item (self->selection);

  if (self->quiet || item == NULL)
    return;
  self->wanted = -1;
  g_signal_emit (self, signals[PICKED], 0, item);
}

static void
close_feed (SqFilmstrip *self)
{
  if (self->feed == NULL)
    return;
  self->feed->strip = NULL;
  g_clear_pointer (&self->feed, sq_film_feed_unref);
}

static void
sq_filmstrip_dispose (GObject *object)
{
  SqFilmstrip *self = SQ_FILMSTRIP (object);

  close_feed (self);
  sq_filmstrip_set_filter (self, NULL);
  g_clear_pointer (&self->scroller, gtk_widget_unparent);
  g_clear_object (&self->store);
  G_OBJECT_CLASS (sq_filmstrip_parent_class)->dispose (object);
}

static void
sq_filmstrip_finalize (GObject *object)
{
  g_hash_table_unref (SQ_FILMSTRIP (object)->bound);
  G_OBJECT_CLASS (sq_filmstrip_parent_class)->finalize (object);
}

static void
sq_filmstrip_class_init (SqFilmstripClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sq_filmstrip_dispose;
  G_OBJECT_CLASS (klass)->finalize = sq_filmstrip_finalize;
  signals[PICKED] = g_signal_new ("picked", SQ_TYPE_FILMSTRIP, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, SQ_TYPE_FILM_ITEM);
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_css_name (widget_class, "filmstrip");
}

static void
sq_filmstrip_init (SqFilmstrip *self)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();

  self->wanted = -1;
  self->bound = g_hash_table_new (NULL, NULL);
  self->store = g_list_store_new (SQ_TYPE_FILM_ITEM);
  self->selection = gtk_single_selection_new (G_LIST_MODEL (g_object_ref (self->store)));
  gtk_single_selection_set_autoselect (self->selection, FALSE);
  gtk_single_selection_set_can_unselect (self->selection, TRUE);
  g_signal_connect_swapped (self->selection, "notify::selected", G_CALLBACK (on_selected), self);
  g_signal_connect (factory, "setup", G_CALLBACK (on_setup), self);
  g_signal_connect (factory, "bind", G_CALLBACK (on_bind), self);
  g_signal_connect (factory, "unbind", G_CALLBACK (on_unbind), self);

  self->list = GTK_LIST_VIEW (gtk_list_view_new (GTK_SELECTION_MODEL (self->selection), factory));
  gtk_orientable_set_orientation (GTK_ORIENTABLE (self->list), GTK_ORIENTATION_HORIZONTAL);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->list), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Pictures"), -1);
  self->scroller = gtk_scrolled_window_new ();
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (self->scroller), GTK_POLICY_AUTOMATIC, GTK_POLICY_NEVER);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (self->scroller), GTK_WIDGET (self->list));
  gtk_widget_set_parent (self->scroller, GTK_WIDGET (self));
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}

GtkWidget *
sq_filmstrip_new (void)
{
  return g_object_new (SQ_TYPE_FILMSTRIP, NULL);
}

void
sq_filmstrip_set_filter (SqFilmstrip *self, SqFilterState *filter)
{
  g_return_if_fail (SQ_IS_FILMSTRIP (self));

  if (self->filter == filter)
    return;
  if (self->filter != NULL)
    g_signal_handlers_disconnect_by_data (self->filter, self);
  g_set_object (&self->filter, filter);
  if (filter != NULL)
    g_signal_connect_swapped (filter, "changed", G_CALLBACK (on_filter_changed), self);
}

guint
sq_filmstrip_get_n_items (SqFilmstrip *self)
{
  g_return_val_if_fail (SQ_IS_FILMSTRIP (self), 0);
  return g_list_model_get_n_items (G_LIST_MODEL (self->store));
}

SqFilmFeed *
sq_filmstrip_restart (SqFilmstrip *self)
{
  g_return_val_if_fail (SQ_IS_FILMSTRIP (self), NULL);

  close_feed (self);
  self->wanted = -1;
  self->quiet = TRUE;
  g_list_store_remove_all (self->store);
  self->quiet = FALSE;
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);

  self->feed = g_atomic_rc_box_new0 (SqFilmFeed);
  g_mutex_init (&self->feed->lock);
  self->feed->items = g_ptr_array_new_with_free_func (g_object_unref);
  self->feed->strip = self;
  return sq_film_feed_ref (self->feed);
}

void
sq_filmstrip_show_index (SqFilmstrip *self, gint64 index)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->store));

  g_return_if_fail (SQ_IS_FILMSTRIP (self));

  // The result is often here before the picture's thumbnail.
  self->wanted = index;
  // Nearly always the last one; pictures that failed leave holes in the numbering.
  for (guint i = n; i-- > 0;)
    {
      g_autoptr (SqFilmItem) item = g_list_model_get_item (G_LIST_MODEL (self->store), i);

      if (sq_film_item_get_index (item) != index)
        continue;
      self->wanted = -1;
      self->quiet = TRUE;
      gtk_single_selection_set_selected (self->selection, i);
      self->quiet = FALSE;
      gtk_widget_activate_action (GTK_WIDGET (self->list), "list.scroll-to-item", "u", i);
      return;
    }
}

gboolean
sq_filmstrip_pick (SqFilmstrip *self, int offset)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->store));
  guint selected = gtk_single_selection_get_selected (self->selection);
  gint64 next = selected == GTK_INVALID_LIST_POSITION ? (offset > 0 ? 0 : (gint64) n - 1) : (gint64) selected + offset;

  g_return_val_if_fail (SQ_IS_FILMSTRIP (self), FALSE);

  if (n == 0 || next < 0 || next >= n)
    return FALSE;
  gtk_single_selection_set_selected (self->selection, next);
  gtk_widget_activate_action (GTK_WIDGET (self->list), "list.scroll-to-item", "u", (guint) next);
  return TRUE;
}
