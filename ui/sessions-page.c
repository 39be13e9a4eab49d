// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "sessions-page.h"

#include "busy-bar.h"
#include "evaluation-view.h"
#include "format.h"
#include "object-grid.h"
#include "retention.h"
#include "session-card.h"
#include "session-cell.h"
#include "session-chooser.h"
#include "session-edit.h"
#include "session-filters.h"
#include "session-view.h"
#include "toast.h"
#include <glib/gi18n.h>

struct _SqSessionsPage
{
  AdwBin parent_instance;

  /* Template widgets */
  GtkStack *stack, *results;
  AdwStatusPage *error_page;
  GtkSearchBar *search_bar;
  GtkSearchEntry *search_entry;
  SqSessionFilters *filters;
  SqObjectGrid *objects;
  GtkScrolledWindow *scroller;
  GtkGridView *grid;
  SqSessionView *session;
  SqEvaluationView *evaluation;
  SqBusyBar *export_bar;

  SqWorkspace *workspace;
  SqRunList *list;
  GCancellable *cancellable; // while a session that was found is read
};

G_DEFINE_FINAL_TYPE (SqSessionsPage, sq_sessions_page, ADW_TYPE_BIN)

enum
{
  PROP_0,
  PROP_TITLE,
  PROP_SUBTITLE,
  PROP_CAN_GO_BACK,
  N_PROPS
};

enum
{
  RUN_AGAIN,
  N_SIGNALS
};

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

static void
notify_title (SqSessionsPage *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_TITLE]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_SUBTITLE]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_CAN_GO_BACK]);
}

static gboolean
is_searching (SqSessionsPage *self)
{
  return *gtk_editable_get_text (GTK_EDITABLE (self->search_entry)) != '\0' || sq_session_filters_get_any (self->filters);
}

static const char *
get_results (SqSessionsPage *self)
{
  SqRunQuery query = { 0 };
  gboolean objects, loading;
  guint n;

  sq_session_filters_fill (self->filters, &query);
  objects = query.class_name != NULL;
  n = g_list_model_get_n_items (objects ? sq_object_grid_get_list (self->objects) : G_LIST_MODEL (self->list));
  loading = objects ? sq_object_grid_get_loading (self->objects) : sq_run_list_get_loading (self->list);
  // Whether there is nothing is known when the search is over.
  return n == 0 && !loading ? "nothing" : objects ? "objects" : "grid";
}

static void
update_state (SqSessionsPage *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->list));
  const char *error = sq_workspace_get_project_error (self->workspace);
  gboolean have_project = sq_workspace_get_project (self->workspace) != NULL;

  if (!sq_sessions_page_get_can_go_back (self))
    {
      if (!have_project && error != NULL)
        {
          g_autofree char *escaped = g_markup_escape_text (error, -1);

          adw_status_page_set_description (self->error_page, escaped);
          gtk_stack_set_visible_child_name (self->stack, "error");
        }
      else
        {
          gtk_stack_set_visible_child_name (self->stack, n > 0 || is_searching (self) ? "list" : "empty");
        }
    }
  gtk_stack_set_visible_child_name (self->results, get_results (self));
  notify_title (self);
}

static void
on_search_changed (SqSessionsPage *self)
{
  SqRunQuery query = { .text = gtk_editable_get_text (GTK_EDITABLE (self->search_entry)) };

  if (self->workspace == NULL)
    return;
  if (*query.text == '\0')
    query.text = NULL;
  sq_session_filters_fill (self->filters, &query);
  sq_run_list_set_query (self->list, is_searching (self) ? &query : NULL);
  sq_object_grid_search (self->objects, sq_workspace_get_project (self->workspace), query.class_name != NULL ? &query : NULL);
  update_state (self);
}

static void
on_project_changed (SqSessionsPage *self)
{
  SqProject *project = sq_workspace_get_project (self->workspace);

  sq_evaluation_view_close (self->evaluation);
  sq_sessions_page_go_back (self);
  sq_session_filters_set_project (self->filters, project);
  sq_run_list_set_project (self->list, project);
  if (project != NULL)
    sq_retention_apply (GTK_WIDGET (self), project, sq_workspace_get_settings (self->workspace));
  on_search_changed (self);
}

// Escape first takes back what was searched for, then closes the search.
static void
on_stop_search (SqSessionsPage *self)
{
  if (!is_searching (self))
    return;
  g_signal_stop_emission_by_name (self->search_entry, "stop-search");
  sq_sessions_page_clear_search (self);
}

static void
on_search_mode (SqSessionsPage *self)
{
  // What is not to be seen does not filter.
  if (!gtk_search_bar_get_search_mode (self->search_bar))
    sq_sessions_page_clear_search (self);
}

typedef struct
{
  gint64 run, seq;
} Place;

static void
load_run_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  SqProject *project = g_object_get_data (G_OBJECT (task), "project");
  const Place *place = data;
  GError *error = NULL;
  SqRun *run = sq_project_load_run (project, place->run, &error);

  if (run == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, run, (GDestroyNotify) sq_run_unref);
}

static void
on_run_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqSessionsPage *self = SQ_SESSIONS_PAGE (source);
  const Place *place = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;
  g_autoptr (SqRun) run = g_task_propagate_pointer (G_TASK (result), &error);

  if (run != NULL)
    sq_sessions_page_open_at (self, run, place->seq);
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    sq_toast_error (GTK_WIDGET (self), error->message);
}

static void
on_object_activated (SqSessionsPage *self, gint64 run, gint64 seq)
{
  SqProject *project = sq_workspace_get_project (self->workspace);
  Place *place = g_new (Place, 1);
  g_autoptr (GTask) task = NULL;

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  *place = (Place){ run, seq };
  task = g_task_new (self, self->cancellable, on_run_loaded, NULL);
  g_task_set_task_data (task, place, g_free);
  g_object_set_data_full (G_OBJECT (task), "project", g_object_ref (project), g_object_unref);
  g_task_run_in_thread (task, load_run_thread);
}

static void
on_activate (SqSessionsPage *self, guint position)
{
  g_autoptr (SqRunItem) item = g_list_model_get_item (G_LIST_MODEL (self->list), position);

  SqRun *run = item != NULL ? sq_run_item_get_run (item) : NULL;

  if (run == NULL)
    return;
  if (run->partner == 0)
    sq_sessions_page_open (self, run);
  else // a comparison is opened as one
    gtk_widget_activate_action (GTK_WIDGET (self), "win.compare-runs", "(xx)", run->id, run->partner);
}

// Enter in the search entry: the first that was found.
static void
on_search_activated (SqSessionsPage *self)
{
  on_activate (self, 0);
}

static void
on_setup (GtkListItemFactory *factory, GtkListItem *list_item)
{
  gtk_list_item_set_child (list_item, sq_session_cell_new ());
}

static void
on_bind (GtkListItemFactory *factory, GtkListItem *list_item)
{
  sq_session_cell_set_item (SQ_SESSION_CELL (gtk_list_item_get_child (list_item)), gtk_list_item_get_item (list_item));
}

static void
on_unbind (GtkListItemFactory *factory, GtkListItem *list_item)
{
  sq_session_cell_set_item (SQ_SESSION_CELL (gtk_list_item_get_child (list_item)), NULL);
}

void
sq_sessions_page_rename (SqSessionsPage *self, SqRun *run)
{
  g_return_if_fail (SQ_IS_SESSIONS_PAGE (self));

  if (sq_workspace_get_project (self->workspace) != NULL)
    sq_session_edit_rename (GTK_WIDGET (self), sq_workspace_get_project (self->workspace), run);
}

void
sq_sessions_page_delete (SqSessionsPage *self, SqRun *run)
{
  g_return_if_fail (SQ_IS_SESSIONS_PAGE (self));

  if (sq_workspace_get_project (self->workspace) == NULL)
    return;
  if (sq_sessions_page_get_run (self) != NULL && sq_sessions_page_get_run (self)->id == run->id)
    sq_sessions_page_go_back (self);
  sq_session_edit_delete (GTK_WIDGET (self), sq_workspace_get_project (self->workspace), run);
}

void
sq_sessions_page_compare_with (SqSessionsPage *self, SqRun *run)
{
  g_return_if_fail (SQ_IS_SESSIONS_PAGE (self));

  if (sq_workspace_get_project (self->workspace) != NULL)
    gtk_window_present (GTK_WINDOW (sq_session_chooser_new (GTK_WIDGET (self), sq_workspace_get_project (self->workspace), run)));
}

void
sq_sessions_page_evaluate (SqSessionsPage *self, gint64 a, gint64 b, const char *labels, const char *pictures)
{
  g_return_if_fail (SQ_IS_SESSIONS_PAGE (self));
  g_return_if_fail (sq_sessions_page_get_run (self) != NULL);

  sq_evaluation_view_open (self->evaluation, sq_workspace_get_project (self->workspace), a, b, labels, pictures);
  gtk_stack_set_visible_child_name (self->stack, "evaluation");
  notify_title (self);
}

SqEvaluationView *
sq_sessions_page_get_evaluation (SqSessionsPage *self)
{
  return self->evaluation;
}

void
sq_sessions_page_run_again (SqSessionsPage *self, SqRun *run)
{
  g_return_if_fail (SQ_IS_SESSIONS_PAGE (self));
  g_signal_emit (self, signals[RUN_AGAIN], 0, run->paths);
}

/* Object */

static void
sq_sessions_page_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SqSessionsPage *self = SQ_SESSIONS_PAGE (object);
  SqRun *run = sq_sessions_page_get_run (self);

  switch (prop_id)
    {
    case PROP_TITLE:
      g_value_set_string (value, run != NULL ? run->name : _("Sessions"));
      break;
    case PROP_SUBTITLE:
      g_value_take_string (value, run != NULL ? sq_session_view_describe (self->session) : g_strdup (""));
      break;
    case PROP_CAN_GO_BACK:
      g_value_set_boolean (value, sq_sessions_page_get_can_go_back (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sq_sessions_page_dispose (GObject *object)
{
  SqSessionsPage *self = SQ_SESSIONS_PAGE (object);

  if (self->workspace != NULL)
    g_signal_handlers_disconnect_by_data (self->workspace, self);
  if (self->list != NULL)
    g_signal_handlers_disconnect_by_data (self->list, self);
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  if (self->grid != NULL)
    gtk_grid_view_set_model (self->grid, NULL);
  g_clear_object (&self->list);
  g_clear_object (&self->workspace);
  adw_bin_set_child (ADW_BIN (self), NULL); // before the template unparents it behind the bin's back
  gtk_widget_dispose_template (GTK_WIDGET (self), SQ_TYPE_SESSIONS_PAGE);
  G_OBJECT_CLASS (sq_sessions_page_parent_class)->dispose (object);
}

static void
sq_sessions_page_class_init (SqSessionsPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = sq_sessions_page_get_property;
  object_class->dispose = sq_sessions_page_dispose;

  props[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  props[PROP_SUBTITLE] = g_param_spec_string ("subtitle", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  props[PROP_CAN_GO_BACK] = g_param_spec_boolean ("can-go-back", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);
  signals[RUN_AGAIN] =
      g_signal_new ("run-again", SQ_TYPE_SESSIONS_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRV);

  g_type_ensure (SQ_TYPE_SESSION_VIEW);
  g_type_ensure (SQ_TYPE_BUSY_BAR);
  g_type_ensure (SQ_TYPE_EVALUATION_VIEW);
  g_type_ensure (SQ_TYPE_SESSION_FILTERS);
  g_type_ensure (SQ_TYPE_OBJECT_GRID);
  gtk_widget_class_set_template_from_resource (widget_class, RESOURCE_BASE "/ui/sessions-page.ui");
  gtk_widget_class_bind_template_child (widget_class, SqSessionsPage, stack);
  gtk_widget_class_bind_template_child (widget_class, SqSessionsPage, results);
  gtk_widget_class_bind_template_child (widget_class, SqSessionsPage, error_page);
  gtk_widget_class_bind_template_child (widget_class, SqSessionsPage, search_bar);
  gtk_widget_class_bind_template_child (widget_class, SqSessionsPage, search_entry);
  gtk_widget_class_bind_template_child (widget_class, SqSessionsPage, export_bar);
  gtk_widget_class_bind_template_child (widget_class, SqSessionsPage, evaluation);
  gtk_widget_class_bind_template_child (widget_class, SqSessionsPage, filters);
  gtk_widget_class_bind_template_child (widget_class, SqSessionsPage, objects);
  gtk_widget_class_bind_template_child (widget_class, SqSessionsPage, grid);
  gtk_widget_class_bind_template_child (widget_class, SqSessionsPage, scroller);
  gtk_widget_class_bind_template_child (widget_class, SqSessionsPage, session);
  gtk_widget_class_bind_template_callback (widget_class, on_search_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_activate);
  gtk_widget_class_bind_template_callback (widget_class, on_search_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_object_activated);
  gtk_widget_class_bind_template_callback (widget_class, update_state);
}

static void
sq_sessions_page_init (SqSessionsPage *self)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();

  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect_swapped (self->search_entry, "stop-search", G_CALLBACK (on_stop_search), self); // before the bar does
  gtk_search_bar_connect_entry (self->search_bar, GTK_EDITABLE (self->search_entry));
  g_signal_connect_swapped (self->search_bar, "notify::search-mode-enabled", G_CALLBACK (on_search_mode), self);
  g_signal_connect (factory, "setup", G_CALLBACK (on_setup), NULL);
  g_signal_connect (factory, "bind", G_CALLBACK (on_bind), NULL);
  g_signal_connect (factory, "unbind", G_CALLBACK (on_unbind), NULL);
  gtk_grid_view_set_factory (self->grid, factory);
  sq_session_card_add_menu_keys (GTK_WIDGET (self->grid));
  g_object_unref (factory);

  g_signal_connect (gtk_scrolled_window_get_vadjustment (self->scroller), "value-changed", G_CALLBACK (sq_session_cell_wake), NULL);
  g_signal_connect (gtk_scrolled_window_get_vadjustment (self->scroller), "changed", G_CALLBACK (sq_session_cell_wake), NULL);

  self->list = sq_run_list_new (NULL);
  sq_session_view_set_export_bar (self->session, self->export_bar);
  g_signal_connect_swapped (self->session, "notify::run", G_CALLBACK (notify_title), self);
}

GtkWidget *
sq_sessions_page_new (void)
{
  return g_object_new (SQ_TYPE_SESSIONS_PAGE, NULL);
}

void
sq_sessions_page_set_workspace (SqSessionsPage *self, SqWorkspace *workspace)
{
  g_autoptr (GtkNoSelection) selection = NULL;

  g_return_if_fail (SQ_IS_SESSIONS_PAGE (self));
  g_return_if_fail (self->workspace == NULL);

  self->workspace = g_object_ref (workspace);
  sq_session_view_set_workspace (self->session, workspace);
  selection = gtk_no_selection_new (G_LIST_MODEL (g_object_ref (self->list)));
  gtk_grid_view_set_model (self->grid, GTK_SELECTION_MODEL (selection));
  g_signal_connect_swapped (workspace, "notify::project", G_CALLBACK (on_project_changed), self);
  g_signal_connect_swapped (workspace, "notify::project-error", G_CALLBACK (update_state), self);
  g_signal_connect_swapped (self->list, "items-changed", G_CALLBACK (update_state), self);
  g_signal_connect_swapped (self->list, "notify::loading", G_CALLBACK (update_state), self);
  on_project_changed (self);
}

void
sq_sessions_page_open (SqSessionsPage *self, SqRun *run)
{
  sq_sessions_page_open_at (self, run, -1);
}

void
sq_sessions_page_open_at (SqSessionsPage *self, SqRun *run, gint64 seq)
{
  g_return_if_fail (SQ_IS_SESSIONS_PAGE (self));

  sq_evaluation_view_close (self->evaluation);
  sq_session_view_open_at (self->session, run, seq);
  gtk_stack_set_visible_child_name (self->stack, "session");
  notify_title (self);
}

gboolean
sq_sessions_page_get_can_go_back (SqSessionsPage *self)
{
  g_return_val_if_fail (SQ_IS_SESSIONS_PAGE (self), FALSE);
  return sq_session_view_get_run (self->session) != NULL;
}

void
sq_sessions_page_go_back (SqSessionsPage *self)
{
  g_return_if_fail (SQ_IS_SESSIONS_PAGE (self));

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  // From an evaluation to its session, from a session to the list.
  if (sq_evaluation_view_get_open (self->evaluation))
    {
      sq_evaluation_view_close (self->evaluation);
      gtk_stack_set_visible_child_name (self->stack, "session");
      notify_title (self);
      return;
    }
  sq_session_view_open (self->session, NULL);
  update_state (self);
}

void
sq_sessions_page_toggle_search (SqSessionsPage *self)
{
  GtkWidget *focus = gtk_root_get_focus (gtk_widget_get_root (GTK_WIDGET (self)));
  gboolean typing = focus != NULL && gtk_widget_is_ancestor (focus, GTK_WIDGET (self->search_entry));

  if (sq_sessions_page_get_can_go_back (self))
    return;
  gtk_search_bar_set_search_mode (self->search_bar, !typing);
  if (!typing)
    gtk_widget_grab_focus (GTK_WIDGET (self->search_entry));
}

void
sq_sessions_page_clear_search (SqSessionsPage *self)
{
  g_return_if_fail (SQ_IS_SESSIONS_PAGE (self));

  sq_session_filters_clear (self->filters);
  gtk_editable_set_text (GTK_EDITABLE (self->search_entry), "");
  on_search_changed (self); // an entry tells of its text a moment later
}

gboolean
sq_sessions_page_escape (SqSessionsPage *self)
{
  g_return_val_if_fail (SQ_IS_SESSIONS_PAGE (self), FALSE);

  if (sq_sessions_page_get_can_go_back (self) || !gtk_search_bar_get_search_mode (self->search_bar))
    return FALSE;
  if (is_searching (self))
    sq_sessions_page_clear_search (self);
  else
    gtk_search_bar_set_search_mode (self->search_bar, FALSE);
  return TRUE;
}

SqSessionFilters *
sq_sessions_page_get_filters (SqSessionsPage *self)
{
  return self->filters;
}

SqSessionView *
sq_sessions_page_get_session_view (SqSessionsPage *self)
{
  return self->session;
}

SqObjectGrid *
sq_sessions_page_get_objects (SqSessionsPage *self)
{
  return self->objects;
}

void
sq_sessions_page_export (SqSessionsPage *self)
{
  sq_session_view_export (self->session);
}

GListModel *
sq_sessions_page_get_list (SqSessionsPage *self)
{
  return G_LIST_MODEL (self->list);
}

gboolean
sq_sessions_page_get_has_view (SqSessionsPage *self)
{
  return sq_sessions_page_get_run (self) != NULL && !sq_evaluation_view_get_open (self->evaluation);
}

SqVideoView *
sq_sessions_page_get_view (SqSessionsPage *self)
{
  return sq_session_view_get_view (self->session);
}

SqFilterState *
sq_sessions_page_get_filter (SqSessionsPage *self)
{
  return sq_session_view_get_filter (self->session);
}

void
sq_sessions_page_toggle_play (SqSessionsPage *self)
{
  sq_session_view_toggle_play (self->session);
}

void
sq_sessions_page_step (SqSessionsPage *self, int direction)
{
  sq_session_view_step (self->session, direction);
}

SqRun *
sq_sessions_page_get_run (SqSessionsPage *self)
{
  return sq_session_view_get_run (self->session);
}
