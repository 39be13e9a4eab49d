// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "session-card.h"

#include "session-cell.h"

#include "format.h"
#include "sessions-page.h"
#include <glib/gi18n.h>

struct _SqSessionCard
{
  GtkWidget parent_instance;

  /* Template widgets */
  GtkStack *stack;
  GtkPicture *picture;
  GtkImage *icon;
  GtkLabel *name, *counts, *detail;
  GtkMenuButton *menu_button;
  GMenuModel *card_menu;

  SqRunItem *item;
  SqRun *shown;
  GBytes *thumbnail; // shown now
};

G_DEFINE_FINAL_TYPE (SqSessionCard, sq_session_card, GTK_TYPE_WIDGET)

enum
{
  PROP_0,
  PROP_ITEM,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

static void
set_thumbnail (SqSessionCard *self, GBytes *thumbnail)
{
  g_autoptr (GdkTexture) texture = NULL;

  if (thumbnail == self->thumbnail && thumbnail != NULL)
    return;
  g_clear_pointer (&self->thumbnail, g_bytes_unref);
  if (thumbnail != NULL)
    {
      self->thumbnail = g_bytes_ref (thumbnail);
      texture = gdk_texture_new_from_bytes (thumbnail, NULL);
    }
  gtk_picture_set_paintable (self->picture, GDK_PAINTABLE (texture));
  gtk_stack_set_visible_child_name (self->stack, texture != NULL ? "picture" : "icon");
}

static void
update (SqSessionCard *self)
{
  SqRun *run = self->item != NULL ? sq_run_item_get_run (self->item) : NULL;
  g_autoptr (GDateTime) when = NULL;
  g_autofree char *counts = NULL;
  g_autofree char *when_text = NULL;
  g_autofree char *detail = NULL;
  g_autofree char *label = NULL;
  GtkWidget *cell;

  // One reading notifies several properties; a run never changes, another one takes its place.
  if (run != NULL && run == self->shown)
    return;
  g_clear_pointer (&self->shown, sq_run_unref);
  if (run == NULL)
    {
      gtk_label_set_label (self->name, "");
      gtk_label_set_label (self->counts, "");
      gtk_label_set_label (self->detail, "");
      set_thumbnail (self, NULL);
      return;
    }
  self->shown = sq_run_ref (run);
  when = g_date_time_new_from_unix_local (run->started_us / G_USEC_PER_SEC);
  when_text = sq_format_when (when);
  counts = sq_run_describe_counts (run, 3);
  if (*counts == '\0')
    {
      g_free (counts);
      counts = g_strdup (run->state == SQ_RUN_FAILED ? _ ("Failed") : _ ("No objects"));
    }
  if (run->partner != 0)
    // Translators: when, the two models of a comparison
    detail = g_strdup_printf (_ ("%s, %s | %s"), when_text, run->model, run->partner_model);
  else
    // Translators: when, model
    detail = g_strdup_printf (_ ("%s, %s"), when_text, run->model);
  label = g_strdup_printf ("%s, %s, %s", run->name, counts, detail);
  gtk_label_set_label (self->name, run->name);
  gtk_label_set_label (self->counts, counts);
  gtk_label_set_label (self->detail, detail);
  gtk_image_set_from_icon_name (self->icon,
                                run->source_kind == SQ_SOURCE_PICTURES ? "image-x-generic-symbolic" : "video-x-generic-symbolic");
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  // The grid's own widget around it takes the focus, and GTK 4.8 has no other way to name that.
  if ((cell = gtk_widget_get_ancestor (GTK_WIDGET (self), SQ_TYPE_SESSION_CELL)) != NULL && gtk_widget_get_parent (cell) != NULL)
    gtk_accessible_update_property (GTK_ACCESSIBLE (gtk_widget_get_parent (cell)), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  set_thumbnail (self, run->thumbnail);
}

// Asked for when it is needed: setting a tooltip's text asks the display server where the pointer is, for every card that scrolls by.
static gboolean
on_query_tooltip (SqSessionCard *self, int x, int y, gboolean keyboard, GtkTooltip *tooltip)
{
  if (self->shown == NULL || !pango_layout_is_ellipsized (gtk_label_get_layout (self->name)))
    return FALSE;
  gtk_tooltip_set_text (tooltip, self->shown->name);
  return TRUE;
}

static void
action_card (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SqSessionCard *self = SQ_SESSION_CARD (widget);
  GtkWidget *page = gtk_widget_get_ancestor (widget, SQ_TYPE_SESSIONS_PAGE);
  SqRun *run = self->item != NULL ? sq_run_item_get_run (self->item) : NULL;

  if (page == NULL || run == NULL)
    return;
  if (g_str_has_suffix (name, "rename"))
    sq_sessions_page_rename (SQ_SESSIONS_PAGE (page), run);
  else if (g_str_has_suffix (name, "delete"))
    sq_sessions_page_delete (SQ_SESSIONS_PAGE (page), run);
  else if (g_str_has_suffix (name, "open"))
    sq_sessions_page_open (SQ_SESSIONS_PAGE (page), run);
  else if (g_str_has_suffix (name, "compare"))
    sq_sessions_page_compare_with (SQ_SESSIONS_PAGE (page), run);
  else
    sq_sessions_page_run_again (SQ_SESSIONS_PAGE (page), run);
}

// Made when it is first asked for: a grid has a hundred cards, and most menus are never opened.
static void
create_menu (GtkMenuButton *button, gpointer data)
{
  SqSessionCard *self = data;

  if (gtk_menu_button_get_popover (button) == NULL)
    gtk_menu_button_set_popover (button, gtk_popover_menu_new_from_model (self->card_menu));
}

static void
on_secondary_click (SqSessionCard *self)
{
  gtk_menu_button_popup (self->menu_button);
}

static void
sq_session_card_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SqSessionCard *self = SQ_SESSION_CARD (object);

  switch (prop_id)
    {
    case PROP_ITEM:
      g_value_set_object (value, self->item);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sq_session_card_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  SqSessionCard *self = SQ_SESSION_CARD (object);

  switch (prop_id)
    {
    case PROP_ITEM:
      sq_session_card_set_item (self, g_value_get_object (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sq_session_card_dispose (GObject *object)
{
  SqSessionCard *self = SQ_SESSION_CARD (object);
  GtkWidget *child;

  if (self->item != NULL)
    g_signal_handlers_disconnect_by_data (self->item, self);
  g_clear_object (&self->item);
  g_clear_pointer (&self->thumbnail, g_bytes_unref);
  g_clear_pointer (&self->shown, sq_run_unref);
  gtk_widget_dispose_template (GTK_WIDGET (self), SQ_TYPE_SESSION_CARD);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (sq_session_card_parent_class)->dispose (object);
}

static void
sq_session_card_class_init (SqSessionCardClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = sq_session_card_get_property;
  object_class->set_property = sq_session_card_set_property;
  object_class->dispose = sq_session_card_dispose;
  props[PROP_ITEM] = g_param_spec_object ("item", NULL, NULL, SQ_TYPE_RUN_ITEM, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);

  gtk_widget_class_set_template_from_resource (widget_class, RESOURCE_BASE "/ui/session-card.ui");
  gtk_widget_class_bind_template_child (widget_class, SqSessionCard, stack);
  gtk_widget_class_bind_template_child (widget_class, SqSessionCard, picture);
  gtk_widget_class_bind_template_child (widget_class, SqSessionCard, icon);
  gtk_widget_class_bind_template_child (widget_class, SqSessionCard, name);
  gtk_widget_class_bind_template_child (widget_class, SqSessionCard, counts);
  gtk_widget_class_bind_template_child (widget_class, SqSessionCard, detail);
  gtk_widget_class_bind_template_child (widget_class, SqSessionCard, menu_button);
  gtk_widget_class_bind_template_child (widget_class, SqSessionCard, card_menu);
  gtk_widget_class_install_action (widget_class, "card.run-again", NULL, action_card);
  gtk_widget_class_install_action (widget_class, "card.open", NULL, action_card);
  gtk_widget_class_install_action (widget_class, "card.compare", NULL, action_card);
  gtk_widget_class_install_action (widget_class, "card.rename", NULL, action_card);
  gtk_widget_class_install_action (widget_class, "card.delete", NULL, action_card);
}

static void
sq_session_card_init (SqSessionCard *self)
{
  GtkGesture *click = gtk_gesture_click_new ();

  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_widget_set_has_tooltip (GTK_WIDGET (self->name), TRUE);
  g_signal_connect_swapped (self->name, "query-tooltip", G_CALLBACK (on_query_tooltip), self);
  // In GTK 4.8 a grid gives the focus to what is in a cell before the cell itself: the session could not be reached, let alone opened.
  gtk_widget_set_can_focus (gtk_widget_get_first_child (GTK_WIDGET (self->menu_button)), FALSE);
  gtk_menu_button_set_create_popup_func (self->menu_button, create_menu, self, NULL);
  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (click), GDK_BUTTON_SECONDARY);
  g_signal_connect_swapped (click, "pressed", G_CALLBACK (on_secondary_click), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (click));
}

static SqSessionCard *
find_card (GtkWidget *widget)
{
  SqSessionCard *found = SQ_IS_SESSION_CARD (widget) ? SQ_SESSION_CARD (widget) : NULL;

  for (GtkWidget *child = gtk_widget_get_first_child (widget); found == NULL && child != NULL; child = gtk_widget_get_next_sibling (child))
    found = find_card (child);
  return found;
}

static gboolean
on_menu_key (GtkWidget *grid, GVariant *args, gpointer data)
{
  GtkWidget *focus = gtk_widget_get_focus_child (grid);
  SqSessionCard *self = focus != NULL ? find_card (focus) : NULL;

  if (self == NULL || self->shown == NULL)
    return FALSE;
  gtk_menu_button_popup (self->menu_button);
  return TRUE;
}

void
sq_session_card_add_menu_keys (GtkWidget *grid)
{
  GtkEventController *keys = gtk_shortcut_controller_new ();

  gtk_shortcut_controller_add_shortcut (
      GTK_SHORTCUT_CONTROLLER (keys),
      gtk_shortcut_new (gtk_shortcut_trigger_parse_string ("Menu|<Shift>F10"), gtk_callback_action_new (on_menu_key, NULL, NULL)));
  gtk_widget_add_controller (grid, keys);
}

GtkWidget *
sq_session_card_new (void)
{
  return g_object_new (SQ_TYPE_SESSION_CARD, NULL);
}

void
sq_session_card_set_item (SqSessionCard *self, SqRunItem *item)
{
  g_return_if_fail (SQ_IS_SESSION_CARD (self));

  if (self->item == item)
    return;
  if (self->item != NULL)
    g_signal_handlers_disconnect_by_data (self->item, self);
  g_set_object (&self->item, item);
  // One read notifies many properties at once; "loaded" and "counts" are the first and the ones that change later.
  if (item != NULL)
    {
      g_signal_connect_swapped (item, "notify::loaded", G_CALLBACK (update), self);
      g_signal_connect_swapped (item, "notify::name", G_CALLBACK (update), self);
      g_signal_connect_swapped (item, "notify::counts", G_CALLBACK (update), self);
      g_signal_connect_swapped (item, "notify::thumbnail", G_CALLBACK (update), self);
    }
  update (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ITEM]);
}

SqRunItem *
sq_session_card_get_item (SqSessionCard *self)
{
  return self->item;
}
