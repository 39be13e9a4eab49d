// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "session-cell.h"

#include "session-card.h"

#define CARD_WIDTH 220
#define CARD_HEIGHT 216 // of a card with three lines of text; the grid's rows are equally high anyhow
#define SLICE_US 4000

struct _SqSessionCell
{
  GtkWidget parent_instance;

  GtkWidget *card; // NULL until first filled
  SqRunItem *item;
  GList *link; // in the queue
};

G_DEFINE_FINAL_TYPE (SqSessionCell, sq_session_cell, GTK_TYPE_WIDGET)

// Main thread only.
static GQueue waiting = G_QUEUE_INIT;
static guint waiting_id;

typedef enum
{
  AWAY,    // or not mapped
  NEAR,    // a screenful above or below
  IN_VIEW,
} Place;

static Place
get_place (SqSessionCell *self)
{
  GtkWidget *scroller = gtk_widget_get_ancestor (GTK_WIDGET (self), GTK_TYPE_SCROLLED_WINDOW);
  graphene_rect_t bounds;
  double top, bottom, height;

  if (scroller == NULL || !gtk_widget_get_mapped (GTK_WIDGET (self)) || !gtk_widget_compute_bounds (GTK_WIDGET (self), scroller, &bounds))
    return AWAY;
  height = gtk_widget_get_height (scroller);
  top = bounds.origin.y;
  bottom = top + bounds.size.height;
  if (bottom > 0 && top < height)
    return IN_VIEW;
  return bottom > -height && top < 2 * height ? NEAR : AWAY;
}

static void
stop_waiting (SqSessionCell *self)
{
  if (self->link != NULL)
    g_queue_delete_link (&waiting, g_steal_pointer (&self->link));
}

static void
fill (SqSessionCell *self)
{
  stop_waiting (self);
  if (self->card == NULL)
    {
      self->card = sq_session_card_new ();
      gtk_widget_set_parent (self->card, GTK_WIDGET (self));
    }
  sq_session_card_set_item (SQ_SESSION_CARD (self->card), self->item);
}

static gboolean
fill_some (gpointer data)
{
  gint64 until = g_get_monotonic_time () + SLICE_US;

  do
    {
      SqSessionCell *next = NULL;
      Place best = AWAY;

      for (GList *l = waiting.head; l != NULL && best != IN_VIEW; l = l->next)
        {
          Place place = get_place (l->data);

          if (place > best)
            {
              best = place;
              next = l->data;
            }
        }
      // The others wait until they are scrolled near.
      if (next == NULL)
        {
          waiting_id = 0;
          return G_SOURCE_REMOVE;
        }
      fill (next);
    }
  while (g_get_monotonic_time () < until);
  return G_SOURCE_CONTINUE;
}

void
sq_session_cell_wake (void)
{
  // After drawing, so that input and animation come first.
  if (waiting_id == 0 && waiting.length > 0)
    waiting_id = g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, fill_some, NULL, NULL);
}

static void
sq_session_cell_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (sq_session_cell_parent_class)->map (widget);
  sq_session_cell_wake ();
}

static void
sq_session_cell_dispose (GObject *object)
{
  SqSessionCell *self = SQ_SESSION_CELL (object);

  stop_waiting (self);
  g_clear_object (&self->item);
  g_clear_pointer (&self->card, gtk_widget_unparent);
  G_OBJECT_CLASS (sq_session_cell_parent_class)->dispose (object);
}

static void
sq_session_cell_class_init (SqSessionCellClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sq_session_cell_dispose;
  GTK_WIDGET_CLASS (klass)->map = sq_session_cell_map;
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
}

static void
sq_session_cell_init (SqSessionCell *self)
{
  gtk_widget_set_size_request (GTK_WIDGET (self), CARD_WIDTH, CARD_HEIGHT);
}

GtkWidget *
sq_session_cell_new (void)
{
  return g_object_new (SQ_TYPE_SESSION_CELL, NULL);
}

void
sq_session_cell_set_item (SqSessionCell *self, SqRunItem *item)
{
  g_return_if_fail (SQ_IS_SESSION_CELL (self));

  if (!g_set_object (&self->item, item) || item == NULL)
    return; // an unbound cell is about to be bound to something else
  if (self->link == NULL)
    {
      g_queue_push_tail (&waiting, self);
      self->link = waiting.tail;
    }
  sq_session_cell_wake ();
}
