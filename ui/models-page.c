// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "models-page.h"

#include "model-details.h"
#include "model-row.h"
#include "toast.h"
#include <glib/gi18n.h>

struct _SqModelsPage
{
  AdwBin parent_instance;

  /* Template widgets */
  AdwLeaflet *leaflet;
  GtkListBox *installed, *catalogue;
  GtkWidget *catalogue_group;
  SqModelDetails *details;

  SqWorkspace *workspace;
  GtkFilterListModel *installed_model, *catalogue_model;
};

G_DEFINE_FINAL_TYPE (SqModelsPage, sq_models_page, ADW_TYPE_BIN)

enum
{
  PROP_0,
  PROP_CAN_GO_BACK,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

static gboolean
entry_is_installed (gpointer item, gpointer user_data)
{
  return sq_model_entry_get_installed (item);
}

static gboolean
entry_is_missing (gpointer item, gpointer user_data)
{
  return !sq_model_entry_get_installed (item);
}

static GtkWidget *
create_row (gpointer item, gpointer user_data)
{
  SqModelsPage *self = user_data;

  return sq_model_row_new (sq_workspace_get_models (self->workspace), item);
}

static void
refilter (SqModelsPage *self)
{
  gtk_filter_changed (gtk_filter_list_model_get_filter (self->installed_model), GTK_FILTER_CHANGE_DIFFERENT);
  gtk_filter_changed (gtk_filter_list_model_get_filter (self->catalogue_model), GTK_FILTER_CHANGE_DIFFERENT);
  gtk_widget_set_visible (self->catalogue_group, g_list_model_get_n_items (G_LIST_MODEL (self->catalogue_model)) > 0);
}

// An entry that becomes installed moves from one list to the other.
static void
watch_entries (SqModelsPage *self)
{
  GListModel *models = G_LIST_MODEL (sq_workspace_get_models (self->workspace));

  for (guint i = 0; i < g_list_model_get_n_items (models); i++)
    {
      g_autoptr (SqModelEntry) entry = g_list_model_get_item (models, i);

      g_signal_handlers_disconnect_by_func (entry, refilter, self);
      g_signal_connect_object (entry, "notify::installed", G_CALLBACK (refilter), self, G_CONNECT_SWAPPED);
    }
  refilter (self);
  // Unfolded, half a page saying "nothing selected" helps nobody.
  if (sq_model_details_get_entry (self->details) == NULL)
    {
      SqModelEntry *current = sq_model_list_get_current (sq_workspace_get_models (self->workspace));

      if (current != NULL)
        sq_model_details_set_entry (self->details, current);
    }
}

static void
on_row_activated (SqModelsPage *self, GtkListBoxRow *row)
{
  sq_models_page_show (self, sq_model_row_get_entry (SQ_MODEL_ROW (row)));
}

static void
on_navigated (SqModelsPage *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_CAN_GO_BACK]);
}

static void
on_added (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SqModelsPage) self = user_data;
  g_autoptr (GError) error = NULL;
  SqModelEntry *entry = sq_model_list_add_finish (SQ_MODEL_LIST (source), result, &error);

  if (entry == NULL)
    {
      sq_toast_error (GTK_WIDGET (self), error->message);
      return;
    }
  if (self->workspace != NULL)
    {
      g_autofree char *text = g_strdup_printf (_("%s was added"), sq_model_entry_get_title (entry));

      sq_models_page_show (self, entry);
      sq_toast (GTK_WIDGET (self), text);
    }
}

static void
sq_models_page_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  switch (prop_id)
    {
    case PROP_CAN_GO_BACK:
      g_value_set_boolean (value, sq_models_page_get_can_go_back (SQ_MODELS_PAGE (object)));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sq_models_page_dispose (GObject *object)
{
  SqModelsPage *self = SQ_MODELS_PAGE (object);

  if (self->workspace != NULL)
    g_signal_handlers_disconnect_by_data (sq_workspace_get_models (self->workspace), self);
  if (self->installed != NULL)
    {
      gtk_list_box_bind_model (self->installed, NULL, NULL, NULL, NULL);
      gtk_list_box_bind_model (self->catalogue, NULL, NULL, NULL, NULL);
    }
  g_clear_object (&self->installed_model);
  g_clear_object (&self->catalogue_model);
  g_clear_object (&self->workspace);
  adw_bin_set_child (ADW_BIN (self), NULL); // before the template unparents it behind the bin's back
  gtk_widget_dispose_template (GTK_WIDGET (self), SQ_TYPE_MODELS_PAGE);
  G_OBJECT_CLASS (sq_models_page_parent_class)->dispose (object);
}

static void
sq_models_page_class_init (SqModelsPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->get_property = sq_models_page_get_property;
  G_OBJECT_CLASS (klass)->dispose = sq_models_page_dispose;
  props[PROP_CAN_GO_BACK] = g_param_spec_boolean ("can-go-back", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (G_OBJECT_CLASS (klass), N_PROPS, props);

  g_type_ensure (SQ_TYPE_MODEL_DETAILS);
  gtk_widget_class_set_template_from_resource (widget_class, RESOURCE_BASE "/ui/models-page.ui");
  gtk_widget_class_bind_template_child (widget_class, SqModelsPage, leaflet);
  gtk_widget_class_bind_template_child (widget_class, SqModelsPage, installed);
  gtk_widget_class_bind_template_child (widget_class, SqModelsPage, catalogue);
  gtk_widget_class_bind_template_child (widget_class, SqModelsPage, catalogue_group);
  gtk_widget_class_bind_template_child (widget_class, SqModelsPage, details);
  gtk_widget_class_bind_template_callback (widget_class, on_row_activated);
}

static void
sq_models_page_init (SqModelsPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect_swapped (self->leaflet, "notify::visible-child", G_CALLBACK (on_navigated), self);
  g_signal_connect_swapped (self->leaflet, "notify::folded", G_CALLBACK (on_navigated), self);
}

GtkWidget *
sq_models_page_new (void)
{
  return g_object_new (SQ_TYPE_MODELS_PAGE, NULL);
}

void
sq_models_page_set_workspace (SqModelsPage *self, SqWorkspace *workspace)
{
  SqModelList *models;

  g_return_if_fail (SQ_IS_MODELS_PAGE (self));
  g_return_if_fail (self->workspace == NULL);

  self->workspace = g_object_ref (workspace);
  models = sq_workspace_get_models (workspace);
  sq_model_details_set_workspace (self->details, workspace);
  self->installed_model =
      gtk_filter_list_model_new (g_object_ref (G_LIST_MODEL (models)), GTK_FILTER (gtk_custom_filter_new (entry_is_installed, NULL, NULL)));
  self->catalogue_model =
      gtk_filter_list_model_new (g_object_ref (G_LIST_MODEL (models)), GTK_FILTER (gtk_custom_filter_new (entry_is_missing, NULL, NULL)));
  gtk_list_box_bind_model (self->installed, G_LIST_MODEL (self->installed_model), create_row, self, NULL);
  gtk_list_box_bind_model (self->catalogue, G_LIST_MODEL (self->catalogue_model), create_row, self, NULL);
  g_signal_connect_swapped (models, "items-changed", G_CALLBACK (watch_entries), self);
  watch_entries (self);
}

void
sq_models_page_add_files (SqModelsPage *self, const char *const *paths)
{
  gboolean any = FALSE, cfg = FALSE;

  g_return_if_fail (SQ_IS_MODELS_PAGE (self));

  for (guint i = 0; paths[i] != NULL; i++)
    cfg |= g_str_has_suffix (paths[i], ".cfg");
  for (guint i = 0; paths[i] != NULL; i++)
    {
      // A .cfg and its .weights dropped together are one model.
      if (cfg && g_str_has_suffix (paths[i], ".weights"))
        continue;
      if (!g_str_has_suffix (paths[i], ".onnx") && !g_str_has_suffix (paths[i], ".cfg") && !g_str_has_suffix (paths[i], ".weights"))
        continue;
      any = TRUE;
      sq_model_list_add_async (sq_workspace_get_models (self->workspace), paths[i], on_added, g_object_ref (self));
    }
  if (!any)
    sq_toast_error (GTK_WIDGET (self), _("Not a model; models are .onnx files, or a .cfg file with its .weights"));
}

void
sq_models_page_show (SqModelsPage *self, SqModelEntry *entry)
{
  g_return_if_fail (SQ_IS_MODELS_PAGE (self));

  sq_model_details_set_entry (self->details, entry);
  adw_leaflet_set_visible_child_name (self->leaflet, "details");
}

gboolean
sq_models_page_get_can_go_back (SqModelsPage *self)
{
  g_return_val_if_fail (SQ_IS_MODELS_PAGE (self), FALSE);
  return adw_leaflet_get_folded (self->leaflet) && g_strcmp0 (adw_leaflet_get_visible_child_name (self->leaflet), "details") == 0;
}

void
sq_models_page_go_back (SqModelsPage *self)
{
  adw_leaflet_set_visible_child_name (self->leaflet, "list");
}

SqModelDetails *
sq_models_page_get_details (SqModelsPage *self)
{
  return self->details;
}
