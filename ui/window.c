// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "window-private.h"

#include "toast.h"
#include <glib/gi18n.h>

G_DEFINE_FINAL_TYPE (SqWindow, sq_window, ADW_TYPE_APPLICATION_WINDOW)

static const char *const page_names[] = { "detect", "compare", "models", "sessions", "devices" };

const char *
sq_window_get_page (SqWindow *self)
{
  g_return_val_if_fail (SQ_IS_WINDOW (self), NULL);
  return gtk_stack_get_visible_child_name (self->pages);
}

SqPictureView *
_sq_window_get_view (SqWindow *self)
{
  const char *page = sq_window_get_page (self);

  if (g_strcmp0 (page, "detect") == 0 && sq_detect_page_get_has_run (self->detect))
    return SQ_PICTURE_VIEW (sq_detect_page_get_view (self->detect));
  if (g_strcmp0 (page, "compare") == 0 && sq_compare_page_get_has_run (self->compare))
    return SQ_PICTURE_VIEW (sq_compare_page_get_view (self->compare));
  if (g_strcmp0 (page, "sessions") == 0 && sq_sessions_page_get_has_view (self->sessions))
    return SQ_PICTURE_VIEW (sq_sessions_page_get_view (self->sessions));
  return NULL;
}

static gboolean
page_can_go_back (SqWindow *self)
{
  const char *page = sq_window_get_page (self);

  if (g_strcmp0 (page, "sessions") == 0)
    return sq_sessions_page_get_can_go_back (self->sessions);
  if (g_strcmp0 (page, "models") == 0)
    return sq_models_page_get_can_go_back (self->models);
  return FALSE;
}

void
_sq_window_update_header (SqWindow *self)
{
  const char *page;
  gboolean detect, compare, sessions;
  g_autofree char *title = NULL;
  g_autofree char *subtitle = NULL;

  // Pages notify while the window is being made and taken apart.
  if (self->workspace == NULL)
    return;
  page = sq_window_get_page (self);
  detect = g_strcmp0 (page, "detect") == 0;
  compare = g_strcmp0 (page, "compare") == 0;
  sessions = g_strcmp0 (page, "sessions") == 0;
  if (detect)
    g_object_get (self->detect, "title", &title, "subtitle", &subtitle, NULL);
  else if (compare)
    g_object_get (self->compare, "title", &title, "subtitle", &subtitle, NULL);
  else if (sessions)
    g_object_get (self->sessions, "title", &title, "subtitle", &subtitle, NULL);
  else
    title = g_strdup (g_strcmp0 (page, "models") == 0 ? _("Models") : _("Devices"));

  adw_window_title_set_title (self->title, title);
  adw_window_title_set_subtitle (self->title, subtitle != NULL ? subtitle : "");
  gtk_window_set_title (GTK_WINDOW (self), title);
  gtk_widget_set_visible (self->back, adw_leaflet_get_folded (self->leaflet) || page_can_go_back (self));
  gtk_widget_set_visible (self->open_button, detect || compare);
  gtk_widget_set_visible (GTK_WIDGET (self->picker), detect);
  gtk_widget_set_visible (GTK_WIDGET (self->level_picker), detect && !self->tight);
  gtk_widget_set_visible (self->search_button, sessions && !sq_sessions_page_get_can_go_back (self->sessions));
  gtk_widget_set_visible (self->inspector_button, _sq_window_get_view (self) != NULL);
  _sq_window_update_actions (self);
}

// What Detect has open, else what was opened last.
static const char *const *
get_last_source (SqWindow *self)
{
  GListModel *recents = G_LIST_MODEL (sq_workspace_get_recents (self->workspace));

  if (sq_detect_page_get_paths (self->detect) != NULL)
    return sq_detect_page_get_paths (self->detect);
  g_clear_pointer (&self->last_source, g_strfreev);
  for (guint i = 0; i < g_list_model_get_n_items (recents) && self->last_source == NULL; i++)
    {
      g_autoptr (SqRecentItem) item = g_list_model_get_item (recents, i);
      const char *uri = sq_recent_item_get_uri (item);
      g_autofree char *path = g_str_has_prefix (uri, "file://") ? g_filename_from_uri (uri, NULL, NULL) : NULL;

      if (sq_recent_item_get_kind (item) == SQ_RECENT_SOURCE && path != NULL)
        self->last_source = g_strdupv ((char *[]){ path, NULL });
    }
  return (const char *const *) self->last_source;
}

void
_sq_window_compare (SqWindow *self, SqModelEntry *a, SqModelEntry *b)
{
  const char *const *source = get_last_source (self);

  sq_compare_page_set_models (self->compare, a, b);
  sq_window_show_page (self, "compare");
  if (!sq_compare_page_get_has_run (self->compare) && source != NULL)
    sq_compare_page_open (self->compare, source);
}

gboolean
_sq_window_can_compare (SqWindow *self)
{
  return sq_compare_page_get_has_run (self->compare) || get_last_source (self) != NULL;
}

static void
on_page_changed (SqWindow *self)
{
  const char *page;

  if (self->workspace == NULL)
    return;
  page = sq_window_get_page (self);
  for (guint i = 0; i < G_N_ELEMENTS (page_names); i++)
    if (g_strcmp0 (page, page_names[i]) == 0)
      gtk_list_box_select_row (self->sidebar, gtk_list_box_get_row_at_index (self->sidebar, i));
  sq_drop_overlay_set_title (self->drop_overlay, g_strcmp0 (page, "models") == 0    ? _("Drop to Add Model")
                                                 : g_strcmp0 (page, "compare") == 0 ? _("Drop to Compare On")
                                                                                    : _("Drop to Detect"));
  if (g_strcmp0 (page, "compare") == 0)
    sq_compare_page_offer (self->compare, get_last_source (self));
  _sq_window_update_header (self);
}

static void
on_row_activated (SqWindow *self, GtkListBoxRow *row)
{
  sq_window_show_page (self, gtk_widget_get_name (GTK_WIDGET (row)));
}

static void
on_run_again (SqWindow *self, char **paths)
{
  sq_window_open_paths (self, (const char *const *) paths);
}

static void
on_project_error (SqWindow *self)
{
  const char *error = sq_workspace_get_project_error (self->workspace);

  if (error != NULL)
    sq_toast_error (GTK_WIDGET (self), error);
}

static gboolean
on_tick (gpointer data)
{
  SqWindow *self = data;
  SqPipeline *pipelines[] = { sq_detect_page_get_pipeline (self->detect), sq_compare_page_get_pipeline (self->compare) }, *pipeline = NULL;
  SqPipelineStats stats = { 0 };
  gboolean running;

  for (guint i = 0; i < G_N_ELEMENTS (pipelines) && pipeline == NULL; i++)
    if (pipelines[i] != NULL && sq_pipeline_get_state (pipelines[i]) == SQ_PIPELINE_RUNNING)
      pipeline = pipelines[i];
  running = pipeline != NULL;
  if (running)
    sq_pipeline_get_stats (pipeline, &stats);
  sq_devices_page_set_stats (self->devices, running ? &stats : NULL);
  return G_SOURCE_CONTINUE;
}

// Below this width the sidebar would take the picture's room.
#define NARROW 860 // px

// Below this one the header bar has no room for the level; its keys and the Models page stay.
#define TIGHT 600 // px

static gboolean
update_folding (gpointer data)
{
  SqWindow *self = data;
  gboolean full = gtk_window_is_fullscreen (GTK_WINDOW (self));

  self->fold_id = 0;
  self->tight = gtk_widget_get_width (GTK_WIDGET (self)) < TIGHT;
  _sq_window_update_header (self);
  adw_leaflet_set_can_unfold (self->leaflet, !full && gtk_widget_get_width (GTK_WIDGET (self)) >= NARROW);
  return G_SOURCE_REMOVE;
}

static void
on_fullscreened (SqWindow *self)
{
  // The picture is the hero: neither header nor sidebar on a full screen.
  gboolean full = gtk_window_is_fullscreen (GTK_WINDOW (self));

  gtk_widget_set_visible (self->header, !full);
  if (full)
    adw_leaflet_set_visible_child_name (self->leaflet, "content");
  update_folding (self);
}

static void
sq_window_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  SqWindow *self = SQ_WINDOW (widget);

  GTK_WIDGET_CLASS (sq_window_parent_class)->size_allocate (widget, width, height, baseline);
  // Not from within a layout.
  if ((adw_leaflet_get_can_unfold (self->leaflet) != (width >= NARROW && !gtk_window_is_fullscreen (GTK_WINDOW (self)))
       || self->tight != (width < TIGHT))
      && self->fold_id == 0)
    self->fold_id = g_idle_add_full (GDK_PRIORITY_REDRAW - 5, update_folding, self, NULL);
}

static void
save_size (SqWindow *self)
{
  GSettings *settings = sq_workspace_get_settings (self->workspace);
  int width, height;

  gtk_window_get_default_size (GTK_WINDOW (self), &width, &height);
  g_settings_set_int (settings, "window-width", width);
  g_settings_set_int (settings, "window-height", height);
  g_settings_set_boolean (settings, "maximized", gtk_window_is_maximized (GTK_WINDOW (self)));
}

static gboolean
sq_window_close_request (GtkWindow *window)
{
  SqWindow *self = SQ_WINDOW (window);

  if (!gtk_window_is_fullscreen (window))
    save_size (self);
  sq_detect_page_close (self->detect);
  sq_compare_page_close (self->compare);
  sq_compressor_cancel (sq_workspace_get_compressor (self->workspace));
  return GTK_WINDOW_CLASS (sq_window_parent_class)->close_request (window);
}

// What GtkWindow does for Space. It has the key before any binding here could; a picture has nothing to activate.
static void
sq_window_activate_focus (GtkWindow *window)
{
  GtkWidget *focus = gtk_window_get_focus (window);

  if (focus == NULL || !gtk_widget_activate (focus))
    gtk_widget_activate_action (GTK_WIDGET (window), "win.play", NULL);
}

static void
sq_window_dispose (GObject *object)
{
  SqWindow *self = SQ_WINDOW (object);

  g_clear_handle_id (&self->tick_id, g_source_remove);
  g_clear_handle_id (&self->fold_id, g_source_remove);
  g_clear_handle_id (&self->warm_id, g_source_remove);
  g_clear_object (&self->chooser);
  g_clear_weak_pointer (&self->compress_dialog);
  g_clear_pointer (&self->last_source, g_strfreev);
  g_clear_object (&self->workspace);
  gtk_widget_dispose_template (GTK_WIDGET (self), SQ_TYPE_WINDOW);
  G_OBJECT_CLASS (sq_window_parent_class)->dispose (object);
}

static void
sq_window_class_init (SqWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sq_window_dispose;
  GTK_WINDOW_CLASS (klass)->activate_focus = sq_window_activate_focus;
  GTK_WINDOW_CLASS (klass)->close_request = sq_window_close_request;
  widget_class->size_allocate = sq_window_size_allocate;

  g_type_ensure (SQ_TYPE_COMPARE_PAGE);
  g_type_ensure (SQ_TYPE_DETECT_PAGE);
  g_type_ensure (SQ_TYPE_DEVICES_PAGE);
  g_type_ensure (SQ_TYPE_DEVICE_STRIP);
  g_type_ensure (SQ_TYPE_DROP_OVERLAY);
  g_type_ensure (SQ_TYPE_MODELS_PAGE);
  g_type_ensure (SQ_TYPE_LEVEL_PICKER);
  g_type_ensure (SQ_TYPE_MODEL_PICKER);
  g_type_ensure (SQ_TYPE_SESSIONS_PAGE);
  gtk_widget_class_set_template_from_resource (widget_class, RESOURCE_BASE "/ui/window.ui");
  gtk_widget_class_bind_template_child (widget_class, SqWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, SqWindow, leaflet);
  gtk_widget_class_bind_template_child (widget_class, SqWindow, sidebar);
  gtk_widget_class_bind_template_child (widget_class, SqWindow, pages);
  gtk_widget_class_bind_template_child (widget_class, SqWindow, header);
  gtk_widget_class_bind_template_child (widget_class, SqWindow, title);
  gtk_widget_class_bind_template_child (widget_class, SqWindow, back);
  gtk_widget_class_bind_template_child (widget_class, SqWindow, open_button);
  gtk_widget_class_bind_template_child (widget_class, SqWindow, search_button);
  gtk_widget_class_bind_template_child (widget_class, SqWindow, inspector_button);
  gtk_widget_class_bind_template_child (widget_class, SqWindow, picker);
  gtk_widget_class_bind_template_child (widget_class, SqWindow, level_picker);
  gtk_widget_class_bind_template_child (widget_class, SqWindow, detect);
  gtk_widget_class_bind_template_child (widget_class, SqWindow, compare);
  gtk_widget_class_bind_template_child (widget_class, SqWindow, models);
  gtk_widget_class_bind_template_child (widget_class, SqWindow, sessions);
  gtk_widget_class_bind_template_child (widget_class, SqWindow, devices);
  gtk_widget_class_bind_template_child (widget_class, SqWindow, strip);
  gtk_widget_class_bind_template_child (widget_class, SqWindow, drop_overlay);
  gtk_widget_class_bind_template_callback (widget_class, on_row_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_page_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_run_again);
  gtk_widget_class_bind_template_callback (widget_class, _sq_window_update_header);
  _sq_window_class_init_actions (widget_class);
}

// Going back is the leaflet's key too, which swallows it where it has nowhere to go: the window takes it before.
static void
add_back_key (SqWindow *self)
{
  GtkEventController *controller = gtk_shortcut_controller_new ();

  gtk_event_controller_set_propagation_phase (controller, GTK_PHASE_CAPTURE);
  gtk_shortcut_controller_add_shortcut (
      GTK_SHORTCUT_CONTROLLER (controller),
      gtk_shortcut_new (gtk_keyval_trigger_new (GDK_KEY_Left, GDK_ALT_MASK), gtk_named_action_new ("win.back")));
  gtk_widget_add_controller (GTK_WIDGET (self), controller);
}

static void
sq_window_init (SqWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  g_object_set_data (G_OBJECT (self), "sq-toast-overlay", self->toasts);
  g_signal_connect_swapped (self->leaflet, "notify::folded", G_CALLBACK (_sq_window_update_header), self);
  g_signal_connect (self, "notify::fullscreened", G_CALLBACK (on_fullscreened), NULL);
  _sq_window_init_dnd (self);
  add_back_key (self);
}

// The first look at a page costs tens of milliseconds of styling and text layout. They are spent here, one page at a time while nothing
// happens, rather than in the middle of a run.
static gboolean
warm_up (gpointer data)
{
  SqWindow *self = data;
  GtkWidget *page = gtk_widget_get_first_child (GTK_WIDGET (self->pages));
  int minimum, natural;

  for (guint i = 0; i < self->n_warm && page != NULL; i++)
    page = gtk_widget_get_next_sibling (page);
  if (page == NULL)
    {
      self->warm_id = 0;
      return G_SOURCE_REMOVE;
    }
  self->n_warm++;
  for (GtkWidget *child = page; child != NULL; child = gtk_widget_get_first_child (child))
    if (GTK_IS_STACK (child))
      for (GtkWidget *inner = gtk_widget_get_first_child (child); inner != NULL; inner = gtk_widget_get_next_sibling (inner))
        {
          gtk_widget_measure (inner, GTK_ORIENTATION_HORIZONTAL, -1, &minimum, &natural, NULL, NULL);
          gtk_widget_measure (inner, GTK_ORIENTATION_VERTICAL, natural, &minimum, &natural, NULL, NULL);
        }
  gtk_widget_measure (page, GTK_ORIENTATION_HORIZONTAL, -1, &minimum, &natural, NULL, NULL);
  return G_SOURCE_CONTINUE;
}

GtkWidget *
sq_window_new (GtkApplication *application, SqWorkspace *workspace)
{
  SqWindow *self = g_object_new (SQ_TYPE_WINDOW, "application", application, NULL);
  GSettings *settings = sq_workspace_get_settings (workspace);
  g_autoptr (SqModelChoice) choice = sq_model_choice_new (sq_workspace_get_models (workspace), settings, NULL);

  self->workspace = g_object_ref (workspace);
  sq_detect_page_set_workspace (self->detect, workspace);
  sq_compare_page_set_workspace (self->compare, workspace);
  sq_models_page_set_workspace (self->models, workspace);
  sq_sessions_page_set_workspace (self->sessions, workspace);
  sq_devices_page_set_workspace (self->devices, workspace);
  sq_device_strip_set_monitor (self->strip, sq_workspace_get_monitor (workspace));
  sq_model_picker_set_choice (self->picker, choice);
  sq_level_picker_set_choice (self->level_picker, choice);
  g_signal_connect_object (workspace, "notify::project-error", G_CALLBACK (on_project_error), self, G_CONNECT_SWAPPED);
  g_settings_bind (settings, "inspector-visible", self->inspector_button, "active", G_SETTINGS_BIND_DEFAULT);
  gtk_window_set_default_size (GTK_WINDOW (self), g_settings_get_int (settings, "window-width"),
                               g_settings_get_int (settings, "window-height"));
  if (g_settings_get_boolean (settings, "maximized"))
    gtk_window_maximize (GTK_WINDOW (self));
  adw_leaflet_set_visible_child_name (self->leaflet, "content");
  self->tick_id = g_timeout_add (500, on_tick, self);
  self->warm_id = g_idle_add_full (G_PRIORITY_LOW, warm_up, self, NULL);
  on_page_changed (self);
  return GTK_WIDGET (self);
}

void
sq_window_open_paths (SqWindow *self, const char *const *paths)
{
  g_return_if_fail (SQ_IS_WINDOW (self));

  sq_window_show_page (self, "detect");
  sq_detect_page_open (self->detect, paths);
}

void
sq_window_show_page (SqWindow *self, const char *name)
{
  g_return_if_fail (SQ_IS_WINDOW (self));

  gtk_stack_set_visible_child_name (self->pages, name);
  adw_leaflet_set_visible_child_name (self->leaflet, "content");
}

SqDetectPage *
sq_window_get_detect_page (SqWindow *self)
{
  return self->detect;
}

SqComparePage *
sq_window_get_compare_page (SqWindow *self)
{
  return self->compare;
}

SqModelsPage *
sq_window_get_models_page (SqWindow *self)
{
  return self->models;
}

SqSessionsPage *
sq_window_get_sessions_page (SqWindow *self)
{
  return self->sessions;
}

SqDevicesPage *
sq_window_get_devices_page (SqWindow *self)
{
  return self->devices;
}
