// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "model-details.h"

#include "format.h"
#include "toast.h"
#include <glib/gi18n.h>

struct _SqModelDetails
{
  AdwBin parent_instance;

  /* Template widgets */
  GtkStack *stack;
  GtkLabel *title, *problem;
  GtkWidget *use, *remove, *reset, *compress;
  SqVariantPanel *panel;
  AdwPreferencesGroup *facts;
  GtkWidget *input, *classes;
  AdwComboRow *family, *fit, *channels;
  GtkSpinButton *pad;
  GtkEditable *mean, *scale;
  AdwPreferencesRow *classes_row;
  GtkLabel *classes_label;

  GPtrArray *rows; // of facts, borrowed
  SqModelList *models;
  SqModelEntry *entry;
  SqModel *model; // NULL until read
  GCancellable *cancellable;
  gboolean filling; // widgets are being set, not edited
};

G_DEFINE_FINAL_TYPE (SqModelDetails, sq_model_details, ADW_TYPE_BIN)

static void
add_fact (SqModelDetails *self, const char *name, const char *value)
{
  GtkWidget *row = adw_action_row_new (), *label = gtk_label_new (value);

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), name);
  gtk_label_set_xalign (GTK_LABEL (label), 1);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  gtk_widget_add_css_class (label, "dim-label");
  gtk_widget_add_css_class (label, "numeric");
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), label);
  adw_preferences_group_add (self->facts, row);
  g_ptr_array_add (self->rows, row);
}

static void
fill_facts (SqModelDetails *self)
{
  const SqCatalogueEntry *known = sq_model_entry_get_catalogue (self->entry);
  g_autofree char *size = g_format_size (sq_model_entry_get_size (self->entry));

  for (guint i = 0; i < self->rows->len; i++)
    adw_preferences_group_remove (self->facts, self->rows->pdata[i]);
  g_ptr_array_set_size (self->rows, 0);

  if (self->model != NULL)
    {
      g_autofree char *input = g_strdup_printf (_("%d × %d px"), self->model->input.width, self->model->input.height);
      g_autofree char *params = sq_format_si (self->model->n_params, "");
      g_autofree char *flop = sq_format_si (self->model->flop, "FLOP");
      g_autofree char *classes = g_strdup_printf ("%u", self->model->n_classes);

      add_fact (self, _("Input"), input);
      add_fact (self, _("Classes"), classes);
      add_fact (self, _("Parameters"), g_strstrip (params));
      add_fact (self, _("Work per Picture"), flop);
      add_fact (self, _("Precision"), self->model->precision);
      add_fact (self, _("Format"), self->model->format);
      if (self->model->nms_left_out)
        add_fact (self, _("NMS"), _("The file's own is left out: the filters act instead"));
    }
  else if (known != NULL)
    {
      g_autofree char *input = g_strdup_printf (_("%d × %d px"), known->width, known->height);
      g_autofree char *classes = g_strdup_printf ("%u", known->n_classes);

      add_fact (self, _("Input"), input);
      add_fact (self, _("Classes"), classes);
    }
  add_fact (self, _("Size"), size);
  if (known != NULL)
    {
      add_fact (self, _("Licence"), known->licence);
      if (known->ap >= 0)
        {
          g_autofree char *ap = g_strdup_printf (_("%.1f on COCO val2017"), known->ap * 100);

          add_fact (self, _("Published AP"), ap);
        }
      else if (known->ap50 >= 0)
        {
          g_autofree char *ap = g_strdup_printf (_("%.1f on COCO val2017"), known->ap50 * 100);

          add_fact (self, _("Published AP at 0.5"), ap);
        }
    }
}

static void
fill_triple (GtkEditable *entry, const float v[3])
{
  g_autofree char *text = g_strdup_printf ("%g %g %g", v[0], v[1], v[2]);

  gtk_editable_set_text (entry, text);
}

static void
fill (SqModelDetails *self)
{
  const char *const *ids = sq_model_family_ids ();
  gboolean installed = sq_model_entry_get_installed (self->entry);

  self->filling = TRUE;
  gtk_label_set_label (self->title, sq_model_entry_get_title (self->entry));
  fill_facts (self);
  gtk_widget_set_visible (self->remove, installed);
  gtk_widget_set_sensitive (self->use, self->entry != sq_model_list_get_current (self->models));
  gtk_widget_set_visible (self->compress, installed);
  sq_variant_panel_set (self->panel, self->entry, self->model);
  gtk_button_set_label (GTK_BUTTON (self->use), installed ? _("_Use") : _("Download and _Use"));
  gtk_widget_set_visible (self->input, self->model != NULL);
  gtk_widget_set_visible (self->classes, self->model != NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->family), installed);
  gtk_widget_set_sensitive (self->reset, sq_model_list_has_options (self->models, self->entry));
  if (self->model != NULL)
    {
      g_autofree char *names = g_strjoinv (", ", self->model->labels);
      g_autofree char *n =
          g_strdup_printf (self->model->labels_known ? _("%u classes") : _("%u classes, names unknown"), self->model->n_classes);

      for (guint i = 0; ids[i] != NULL; i++)
        if (g_strcmp0 (ids[i], self->model->family_id) == 0)
          adw_combo_row_set_selected (self->family, i);
      adw_combo_row_set_selected (self->fit, self->model->input.fit);
      adw_combo_row_set_selected (self->channels, self->model->input.bgr ? 1 : 0);
      gtk_spin_button_set_value (self->pad, self->model->input.pad);
      fill_triple (self->mean, self->model->input.mean);
      fill_triple (self->scale, self->model->input.scale);
      adw_preferences_row_set_title (self->classes_row, n);
      gtk_label_set_label (self->classes_label, names);
    }
  else
    {
      adw_combo_row_set_selected (self->family, GTK_INVALID_LIST_POSITION);
    }
  self->filling = FALSE;
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SqModelDetails) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SqModel) model = sq_model_list_load_finish (SQ_MODEL_LIST (source), result, &error);

  if (self->cancellable == NULL || g_task_get_cancellable (G_TASK (result)) != self->cancellable || self->entry == NULL)
    return;
  g_clear_object (&self->cancellable);
  if (model != NULL)
    self->model = g_steal_pointer (&model);
  gtk_label_set_label (self->problem, error != NULL ? error->message : "");
  gtk_widget_set_visible (GTK_WIDGET (self->problem), error != NULL);
  fill (self);
}

static void
load (SqModelDetails *self)
{
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->model, sq_model_unref);
  gtk_widget_set_visible (GTK_WIDGET (self->problem), FALSE);
  fill (self);
  if (!sq_model_entry_get_installed (self->entry))
    return;
  self->cancellable = g_cancellable_new ();
  sq_model_list_load_async (self->models, self->entry, self->cancellable, on_loaded, g_object_ref (self));
}

static void
on_installed_changed (SqModelDetails *self)
{
  load (self);
}

static void
on_current_changed (SqModelDetails *self)
{
  if (self->entry != NULL)
    gtk_widget_set_sensitive (self->use, self->entry != sq_model_list_get_current (self->models));
}

static void
on_use_clicked (SqModelDetails *self)
{
  g_autofree char *text = g_strdup_printf (_("%s is used from now on"), sq_model_entry_get_title (self->entry));

  sq_model_list_set_current (self->models, self->entry);
  sq_toast (GTK_WIDGET (self), text);
}

// A variant's original: what is in 8 bits gets no smaller.
static void
on_compress_clicked (SqModelDetails *self)
{
  SqModelEntry *original = sq_model_list_get_original (self->models, self->entry);

  gtk_widget_activate_action (GTK_WIDGET (self), "win.compress", "(ss)", sq_model_entry_get_id (original != NULL ? original : self->entry),
                              "");
}

static void
on_removed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SqModelDetails) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!sq_model_list_remove_finish (SQ_MODEL_LIST (source), result, &error))
    sq_toast_error (GTK_WIDGET (self), error->message);
  else if (self->entry != NULL && sq_model_entry_get_catalogue (self->entry) == NULL)
    sq_model_details_set_entry (self, NULL);
}

static void
on_remove_response (AdwMessageDialog *dialog, const char *response, SqModelDetails *self)
{
  if (g_strcmp0 (response, "remove") == 0 && self->entry != NULL)
    sq_model_list_remove_async (self->models, self->entry, on_removed, g_object_ref (self));
}

static void
on_remove_clicked (SqModelDetails *self)
{
  GtkWidget *dialog = adw_message_dialog_new (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), _("Remove Model?"), NULL);

  adw_message_dialog_format_body (
      ADW_MESSAGE_DIALOG (dialog),
      sq_model_entry_get_variant (self->entry) != NULL     ? _("The file of “%s” is deleted. It can be made again.")
      : sq_model_entry_get_catalogue (self->entry) != NULL ? _("The files of “%s” are deleted. It can be downloaded again.")
                                                           : _("Squint’s copy of “%s” is deleted. The file it was added from stays."),
      sq_model_entry_get_title (self->entry));
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _("_Cancel"), "remove", _("_Remove"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "remove", ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_remove_response), self, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
on_family_selected (SqModelDetails *self)
{
  const char *const *ids = sq_model_family_ids ();
  guint selected = adw_combo_row_get_selected (self->family);

  if (self->filling || self->entry == NULL || selected >= g_strv_length ((char **) ids)
      || (self->model != NULL && g_strcmp0 (ids[selected], self->model->family_id) == 0))
    return;
  sq_model_list_set_family (self->models, self->entry, ids[selected]);
  load (self);
}

static gboolean
read_triple (GtkEditable *entry, float v[3])
{
  g_auto (GStrv) words = g_strsplit_set (gtk_editable_get_text (entry), " ,;", -1);
  int n = 0;

  for (guint i = 0; words[i] != NULL; i++)
    {
      char *end;
      double value;

      if (*words[i] == '\0')
        continue;
      value = g_ascii_strtod (words[i], &end);
      if (*end != '\0' || n == 3)
        return FALSE;
      v[n++] = value;
    }
  return n == 3;
}

static void
on_input_changed (SqModelDetails *self)
{
  SqInputSpec spec;

  if (self->filling || self->model == NULL)
    return;
  spec = self->model->input;
  spec.fit = adw_combo_row_get_selected (self->fit);
  spec.bgr = adw_combo_row_get_selected (self->channels) == 1;
  spec.pad = gtk_spin_button_get_value_as_int (self->pad);
  if (!read_triple (self->mean, spec.mean) || !read_triple (self->scale, spec.scale))
    {
      sq_toast_error (GTK_WIDGET (self), _("Mean and scale are three numbers each, one per channel"));
      return;
    }
  sq_model_list_set_input (self->models, self->entry, &spec);
  self->model->input = spec; // what the widgets show; the run reads the model again
  gtk_widget_set_sensitive (self->reset, TRUE);
}

static void
on_reset_clicked (SqModelDetails *self)
{
  sq_model_list_reset_options (self->models, self->entry);
  load (self);
}

static void
sq_model_details_dispose (GObject *object)
{
  SqModelDetails *self = SQ_MODEL_DETAILS (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  if (self->entry != NULL)
    g_signal_handlers_disconnect_by_data (self->entry, self);
  if (self->models != NULL)
    g_signal_handlers_disconnect_by_data (self->models, self);
  g_clear_object (&self->entry);
  g_clear_object (&self->models);
  g_clear_pointer (&self->model, sq_model_unref);
  adw_bin_set_child (ADW_BIN (self), NULL); // before the template unparents it behind the bin's back
  gtk_widget_dispose_template (GTK_WIDGET (self), SQ_TYPE_MODEL_DETAILS);
  G_OBJECT_CLASS (sq_model_details_parent_class)->dispose (object);
}

static void
sq_model_details_finalize (GObject *object)
{
  g_ptr_array_unref (SQ_MODEL_DETAILS (object)->rows);
  G_OBJECT_CLASS (sq_model_details_parent_class)->finalize (object);
}

static void
sq_model_details_class_init (SqModelDetailsClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sq_model_details_dispose;
  G_OBJECT_CLASS (klass)->finalize = sq_model_details_finalize;
  g_type_ensure (SQ_TYPE_VARIANT_PANEL);
  gtk_widget_class_set_template_from_resource (widget_class, RESOURCE_BASE "/ui/model-details.ui");
  gtk_widget_class_bind_template_child (widget_class, SqModelDetails, stack);
  gtk_widget_class_bind_template_child (widget_class, SqModelDetails, title);
  gtk_widget_class_bind_template_child (widget_class, SqModelDetails, problem);
  gtk_widget_class_bind_template_child (widget_class, SqModelDetails, use);
  gtk_widget_class_bind_template_child (widget_class, SqModelDetails, remove);
  gtk_widget_class_bind_template_child (widget_class, SqModelDetails, reset);
  gtk_widget_class_bind_template_child (widget_class, SqModelDetails, compress);
  gtk_widget_class_bind_template_child (widget_class, SqModelDetails, panel);
  gtk_widget_class_bind_template_child (widget_class, SqModelDetails, facts);
  gtk_widget_class_bind_template_child (widget_class, SqModelDetails, input);
  gtk_widget_class_bind_template_child (widget_class, SqModelDetails, classes);
  gtk_widget_class_bind_template_child (widget_class, SqModelDetails, family);
  gtk_widget_class_bind_template_child (widget_class, SqModelDetails, fit);
  gtk_widget_class_bind_template_child (widget_class, SqModelDetails, channels);
  gtk_widget_class_bind_template_child (widget_class, SqModelDetails, pad);
  gtk_widget_class_bind_template_child (widget_class, SqModelDetails, mean);
  gtk_widget_class_bind_template_child (widget_class, SqModelDetails, scale);
  gtk_widget_class_bind_template_child (widget_class, SqModelDetails, classes_row);
  gtk_widget_class_bind_template_child (widget_class, SqModelDetails, classes_label);
  gtk_widget_class_bind_template_callback (widget_class, on_use_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_compress_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_remove_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_reset_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_family_selected);
  gtk_widget_class_bind_template_callback (widget_class, on_input_changed);
}

static void
sq_model_details_init (SqModelDetails *self)
{
  const char *const *ids = sq_model_family_ids ();
  g_autoptr (GtkStringList) families = gtk_string_list_new (NULL);

  self->rows = g_ptr_array_new ();
  self->filling = TRUE;
  gtk_widget_init_template (GTK_WIDGET (self));
  for (guint i = 0; ids[i] != NULL; i++)
    gtk_string_list_append (families, sq_model_family_title (ids[i]));
  adw_combo_row_set_model (self->family, G_LIST_MODEL (families));
  self->filling = FALSE;
}

GtkWidget *
sq_model_details_new (void)
{
  return g_object_new (SQ_TYPE_MODEL_DETAILS, NULL);
}

void
sq_model_details_set_workspace (SqModelDetails *self, SqWorkspace *workspace)
{
  SqModelList *models = sq_workspace_get_models (workspace);

  g_return_if_fail (SQ_IS_MODEL_DETAILS (self));

  g_set_object (&self->models, models);
  sq_variant_panel_set_workspace (self->panel, workspace);
  g_signal_connect_swapped (models, "current-changed", G_CALLBACK (on_current_changed), self);
}

void
sq_model_details_set_entry (SqModelDetails *self, SqModelEntry *entry)
{
  g_return_if_fail (SQ_IS_MODEL_DETAILS (self));

  if (self->entry == entry)
    return;
  if (self->entry != NULL)
    g_signal_handlers_disconnect_by_data (self->entry, self);
  g_cancellable_cancel (self->cancellable);
  g_set_object (&self->entry, entry);
  gtk_stack_set_visible_child_name (self->stack, entry != NULL ? "details" : "none");
  if (entry == NULL)
    return;
  g_signal_connect_swapped (entry, "notify::installed", G_CALLBACK (on_installed_changed), self);
  load (self);
}

SqModelEntry *
sq_model_details_get_entry (SqModelDetails *self)
{
  return self->entry;
}

SqVariantPanel *
sq_model_details_get_panel (SqModelDetails *self)
{
  return self->panel;
}
