// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "variant-panel.h"

#include "format.h"
#include "reveal.h"
#include "toast.h"
#include <glib/gi18n.h>

#define N_WORST 5 // classes

struct _SqVariantPanel
{
  AdwBin parent_instance;

  /* Template widgets */
  GtkWidget *warning_box;
  GtkLabel *warning, *scores;
  AdwPreferencesGroup *facts;
  GtkWidget *compare, *measure, *agreement, *chart_group, *damage_group, *recipe_group;
  GtkGrid *table;
  SqFidelityChart *chart;
  SqDamageList *damage;
  SqRecipeEditor *editor;

  GPtrArray *rows; // of facts, borrowed
  SqWorkspace *workspace;
  SqModelEntry *entry;
  SqModel *model; // NULL until read
};

G_DEFINE_FINAL_TYPE (SqVariantPanel, sq_variant_panel, ADW_TYPE_BIN)

/* Facts */

// `detail`: below the name, NULL none.
static void
add_fact (SqVariantPanel *self, const char *name, const char *detail, const char *value)
{
  GtkWidget *row = adw_action_row_new (), *label = gtk_label_new (value);

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), name);
  if (detail != NULL)
    adw_action_row_set_subtitle (ADW_ACTION_ROW (row), detail);
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
fill_time (SqVariantPanel *self)
{
  g_autofree char *device = sq_model_list_dup_device (sq_workspace_get_models (self->workspace));
  g_autofree char *shown = sq_format_devices (device);
  // Translators: a device
  g_autofree char *title = g_strdup_printf (_("Time on %s"), shown);
  const SqVariantTime *time = sq_model_entry_get_time (self->entry);

  if (time != NULL)
    {
      g_autofree char *variant = sq_format_ms ((gint64) (time->variant_ms * 1e6));
      g_autofree char *original = sq_format_ms ((gint64) (time->original_ms * 1e6));
      double ratio = time->variant_ms / time->original_ms;
      // Translators: ratio of two times, the original's time
      g_autofree char *detail = g_strdup_printf (ratio < .97    ? _("Faster: %.2f of the original’s %s")
                                                 : ratio < 1.03 ? _("As fast: %.2f of the original’s %s")
                                                                : _("Slower here: %.2f of the original’s %s"),
                                                 ratio, original);

      add_fact (self, title, detail, variant);
    }
  else
    {
      add_fact (self, title, NULL, _("Not measured"));
    }
}

static void
fill_facts (SqVariantPanel *self, const SqVariant *variant)
{
  SqModelEntry *original = sq_model_list_get_original (sq_workspace_get_models (self->workspace), self->entry);
  guint64 size = sq_model_entry_get_size (self->entry), before = original != NULL ? sq_model_entry_get_size (original) : 0;
  g_autofree char *size_text = g_format_size (size), *flop = sq_format_si (variant->flop, "FLOP");
  g_autofree char *size_share = before > 0 ? g_strdup_printf (_("%.0f %% of the original’s"), 100. * size / before) : NULL;
  g_autofree char *flop_share = g_strdup_printf (_("%.0f %% of the original’s"), 100 * variant->flop_ratio);

  for (guint i = 0; i < self->rows->len; i++)
    adw_preferences_group_remove (self->facts, self->rows->pdata[i]);
  g_ptr_array_set_size (self->rows, 0);
  add_fact (self, _("Made From"), NULL, variant->original_title);
  add_fact (self, _("Level"), NULL, variant->title);
  add_fact (self, _("Size"), size_share, size_text);
  if (variant->flop > 0)
    add_fact (self, _("Work per Picture"), variant->flop_ratio > 0 ? flop_share : NULL, flop);
  fill_time (self);
}

/* Agreement */

static void
attach (SqVariantPanel *self, const char *text, int x, int y, const char *const *classes)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), x == 0 ? 0 : 1);
  gtk_label_set_ellipsize (GTK_LABEL (label), x == 0 ? PANGO_ELLIPSIZE_END : PANGO_ELLIPSIZE_NONE);
  gtk_widget_set_hexpand (label, TRUE);
  for (guint i = 0; classes != NULL && classes[i] != NULL; i++)
    gtk_widget_add_css_class (label, classes[i]);
  gtk_grid_attach (self->table, label, x, y, 1, 1);
}

static void
attach_counts (SqVariantPanel *self, const char *name, double agreement, gboolean has_agreement, const SqMatchCounts *counts, int y)
{
  static const char *const numeric[] = { "numeric", NULL };
  g_autofree char *ap = agreement >= 0 ? g_strdup_printf ("%.3f", agreement) : g_strdup ("–");

  attach (self, name, 0, y, NULL);
  attach (self, has_agreement ? ap : "", 1, y, numeric);
  for (int k = 0; k < SQ_N_MATCHES; k++)
    {
      g_autofree char *n = sq_format_count (counts->n[k]);

      attach (self, n, 2 + k, y, numeric);
    }
}

static guint
badness (const SqMatchCounts *counts)
{
  return counts->n[SQ_MATCH_LOST] + counts->n[SQ_MATCH_NEW] + counts->n[SQ_MATCH_CLASS];
}

// The classes with the most differences.
static int
attach_worst (SqVariantPanel *self, const SqFidelity *fidelity, int y)
{
  guint last_bad = G_MAXUINT, last = 0, n_labels = g_strv_length (self->model->labels);

  for (int n = 0; n < N_WORST; n++)
    {
      guint best = 0, best_bad = 0;

      for (guint c = 0; c < MIN (fidelity->n_classes, n_labels); c++)
        {
          guint bad = badness (&fidelity->by_class[c]);

          if (bad > best_bad && (bad < last_bad || (bad == last_bad && c > last)))
            {
              best = c;
              best_bad = bad;
            }
        }
      if (best_bad == 0)
        break;
      attach_counts (self, self->model->labels[best], -1, FALSE, &fidelity->by_class[best], y++);
      last = best;
      last_bad = best_bad;
    }
  return y;
}

static void
fill_agreement (SqVariantPanel *self, const SqFidelity *fidelity)
{
  static const char *const caption[] = { "caption", "dim-label", NULL };
  const char *const headings[] = { _("Agreement"), _("Matched"), _("Moved"), _("Class"), _("Lost"), _("New") };
  const char *const sizes[] = { _("Small"), _("Medium"), _("Large") };
  g_autofree char *text = NULL;
  GtkWidget *child;
  int y = 0;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->table))) != NULL)
    gtk_grid_remove (self->table, child);
  gtk_widget_set_visible (self->agreement, fidelity != NULL);
  if (fidelity == NULL)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (headings); i++)
    attach (self, headings[i], 1 + (int) i, y, caption);
  y++;
  attach_counts (self, _("All"), fidelity->agreement, TRUE, &fidelity->total, y++);
  for (int s = 0; s < SQ_N_SIZES; s++)
    attach_counts (self, sizes[s], fidelity->agreement_size[s], TRUE, &fidelity->by_size[s], y++);
  if (badness (&fidelity->total) > 0)
    attach (self, _("Worst Classes"), 0, y++, caption);
  attach_worst (self, fidelity, y);
  // Translators: number of pictures; mean change of scores; threshold of the variant; threshold of the original
  text =
      g_strdup_printf (ngettext ("On %u picture. Scores shift by %+.3f; at a confidence of %.2f it finds as many boxes as the original at "
                                 "%.2f.",
                                 "On %u pictures. Scores shift by %+.3f; at a confidence of %.2f it finds as many boxes as the original "
                                 "at %.2f.",
                                 fidelity->n_pictures),
                       fidelity->n_pictures, fidelity->score_shift, fidelity->matching_threshold, (double) fidelity->threshold);
  gtk_label_set_label (self->scores, text);
}

/* Chart */

static void
fill_chart (SqVariantPanel *self)
{
  SqModelList *models = sq_workspace_get_models (self->workspace);
  SqModelEntry *original = sq_model_list_get_original (models, self->entry);
  const SqVariant *own = sq_model_entry_get_variant (self->entry);
  SqFidelityPoint whole = { .agreement = 1, .original = TRUE, .selected = own == NULL };

  sq_fidelity_chart_clear (self->chart);
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (models)); i++)
    {
      g_autoptr (SqModelEntry) entry = g_list_model_get_item (G_LIST_MODEL (models), i);
      const SqVariant *variant = sq_model_entry_get_variant (entry);
      const SqVariantTime *time = sq_model_entry_get_time (entry);
      gboolean same = entry == self->entry || (original != NULL && sq_model_list_get_original (models, entry) == original);

      if (variant == NULL || time == NULL || variant->agreement < 0 || !same)
        continue;
      whole.name = variant->original_title;
      whole.ms = whole.original_ms = time->original_ms;
      sq_fidelity_chart_add (self->chart, &(SqFidelityPoint){ .name = variant->title,
                                                              .ms = time->variant_ms,
                                                              .original_ms = time->original_ms,
                                                              .agreement = variant->agreement,
                                                              .selected = entry == self->entry });
    }
  if (whole.name != NULL)
    sq_fidelity_chart_add (self->chart, &whole);
  gtk_widget_set_visible (self->chart_group, whole.name != NULL);
}

static void
fill (SqVariantPanel *self)
{
  const SqVariant *variant = self->entry != NULL ? sq_model_entry_get_variant (self->entry) : NULL;
  const char *recipe = variant != NULL && self->model != NULL ? sq_model_get_recipe_text (self->model) : NULL;
  g_autoptr (SqFidelity) fidelity = variant != NULL && self->model != NULL ? sq_model_get_fidelity (self->model) : NULL;

  if (self->entry == NULL || self->workspace == NULL)
    return;
  gtk_widget_set_visible (GTK_WIDGET (self->facts), variant != NULL);
  gtk_widget_set_sensitive (self->compare, sq_model_list_get_original (sq_workspace_get_models (self->workspace), self->entry) != NULL);
  gtk_widget_set_visible (self->warning_box, variant != NULL && variant->warning != NULL);
  if (variant != NULL)
    {
      gtk_label_set_label (self->warning, variant->warning != NULL ? variant->warning : "");
      fill_facts (self, variant);
    }
  fill_agreement (self, fidelity);
  fill_chart (self);
  sq_damage_list_set_layers (self->damage, fidelity != NULL ? fidelity->layers : NULL);
  gtk_widget_set_visible (self->damage_group, sq_damage_list_get_n_layers (self->damage) > 0);
  gtk_widget_set_visible (self->recipe_group, recipe != NULL);
  if (recipe != NULL)
    sq_recipe_editor_set_text (self->editor, recipe);
}

/* What can be done */

// Another variant of the same original on the same pictures.
static void
make_another (SqVariantPanel *self, const char *recipe, gboolean now)
{
  const SqVariant *variant = sq_model_entry_get_variant (self->entry);
  SqModelEntry *original = sq_model_list_get_original (sq_workspace_get_models (self->workspace), self->entry);

  if (original == NULL)
    {
      g_autofree char *text =
          g_strdup_printf (_("“%s” is no longer there to make another variant of; add it again"), variant->original_title);

      sq_toast_error (GTK_WIDGET (self), text);
      return;
    }
  gtk_widget_activate_action (GTK_WIDGET (self), "win.compress-recipe", "(sssb)", sq_model_entry_get_id (original), recipe,
                              variant->pictures != NULL ? variant->pictures : "", now);
}

static void
on_keep (SqVariantPanel *self, const char *layer)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = sq_recipe_text_keep_in_half (sq_model_get_recipe_text (self->model), layer, &error);

  if (text == NULL)
    sq_toast_error (GTK_WIDGET (self), error->message);
  else
    make_another (self, text, TRUE);
}

static void
on_save (SqVariantPanel *self, const char *text)
{
  g_autofree char *titled = sq_recipe_text_set_apart (text, sq_model_get_recipe_text (self->model));

  make_another (self, titled, TRUE);
}

static void
on_compare (SqVariantPanel *self)
{
  SqModelEntry *original = sq_model_list_get_original (sq_workspace_get_models (self->workspace), self->entry);

  if (original != NULL)
    gtk_widget_activate_action (GTK_WIDGET (self), "win.compare", "(ss)", sq_model_entry_get_id (original),
                                sq_model_entry_get_id (self->entry));
}

static void
on_reveal (SqVariantPanel *self)
{
  sq_reveal_file (GTK_WIDGET (self), sq_model_entry_get_path (self->entry));
}

static void
on_measured (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SqVariantPanel) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!sq_compressor_measure_finish (SQ_COMPRESSOR (source), result, &error) && !g_error_matches (error, SQ_ERROR, SQ_ERROR_CANCELLED))
    sq_toast_error (GTK_WIDGET (self), error->message);
}

void
sq_variant_panel_measure (SqVariantPanel *self)
{
  g_return_if_fail (SQ_IS_VARIANT_PANEL (self));
  if (self->entry != NULL && sq_model_entry_get_variant (self->entry) != NULL)
    sq_compressor_measure_async (sq_workspace_get_compressor (self->workspace), self->entry, on_measured, g_object_ref (self));
}

static void
on_busy (SqVariantPanel *self)
{
  gtk_widget_set_sensitive (self->measure, !sq_compressor_get_busy (sq_workspace_get_compressor (self->workspace)));
}

/* Object */

static void
sq_variant_panel_dispose (GObject *object)
{
  SqVariantPanel *self = SQ_VARIANT_PANEL (object);

  if (self->entry != NULL)
    g_signal_handlers_disconnect_by_data (self->entry, self);
  g_clear_object (&self->entry);
  g_clear_pointer (&self->model, sq_model_unref);
  g_clear_object (&self->workspace);
  adw_bin_set_child (ADW_BIN (self), NULL); // before the template unparents it behind the bin's back
  gtk_widget_dispose_template (GTK_WIDGET (self), SQ_TYPE_VARIANT_PANEL);
  G_OBJECT_CLASS (sq_variant_panel_parent_class)->dispose (object);
}

static void
sq_variant_panel_finalize (GObject *object)
{
  g_ptr_array_unref (SQ_VARIANT_PANEL (object)->rows);
  G_OBJECT_CLASS (sq_variant_panel_parent_class)->finalize (object);
}

static void
sq_variant_panel_class_init (SqVariantPanelClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sq_variant_panel_dispose;
  G_OBJECT_CLASS (klass)->finalize = sq_variant_panel_finalize;
  g_type_ensure (SQ_TYPE_FIDELITY_CHART);
  g_type_ensure (SQ_TYPE_DAMAGE_LIST);
  g_type_ensure (SQ_TYPE_RECIPE_EDITOR);
  gtk_widget_class_set_template_from_resource (widget_class, RESOURCE_BASE "/ui/variant-panel.ui");
  gtk_widget_class_bind_template_child (widget_class, SqVariantPanel, warning_box);
  gtk_widget_class_bind_template_child (widget_class, SqVariantPanel, warning);
  gtk_widget_class_bind_template_child (widget_class, SqVariantPanel, scores);
  gtk_widget_class_bind_template_child (widget_class, SqVariantPanel, facts);
  gtk_widget_class_bind_template_child (widget_class, SqVariantPanel, compare);
  gtk_widget_class_bind_template_child (widget_class, SqVariantPanel, measure);
  gtk_widget_class_bind_template_child (widget_class, SqVariantPanel, agreement);
  gtk_widget_class_bind_template_child (widget_class, SqVariantPanel, chart_group);
  gtk_widget_class_bind_template_child (widget_class, SqVariantPanel, damage_group);
  gtk_widget_class_bind_template_child (widget_class, SqVariantPanel, recipe_group);
  gtk_widget_class_bind_template_child (widget_class, SqVariantPanel, table);
  gtk_widget_class_bind_template_child (widget_class, SqVariantPanel, chart);
  gtk_widget_class_bind_template_child (widget_class, SqVariantPanel, damage);
  gtk_widget_class_bind_template_child (widget_class, SqVariantPanel, editor);
  gtk_widget_class_bind_template_callback (widget_class, sq_variant_panel_measure);
  gtk_widget_class_bind_template_callback (widget_class, on_compare);
  gtk_widget_class_bind_template_callback (widget_class, on_reveal);
  gtk_widget_class_bind_template_callback (widget_class, on_keep);
  gtk_widget_class_bind_template_callback (widget_class, on_save);
}

static void
sq_variant_panel_init (SqVariantPanel *self)
{
  self->rows = g_ptr_array_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
sq_variant_panel_new (void)
{
  return g_object_new (SQ_TYPE_VARIANT_PANEL, NULL);
}

void
sq_variant_panel_set_workspace (SqVariantPanel *self, SqWorkspace *workspace)
{
  g_return_if_fail (SQ_IS_VARIANT_PANEL (self));
  g_return_if_fail (self->workspace == NULL);

  self->workspace = g_object_ref (workspace);
  g_signal_connect_object (sq_workspace_get_compressor (workspace), "notify::busy", G_CALLBACK (on_busy), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (sq_workspace_get_models (workspace), "items-changed", G_CALLBACK (fill), self, G_CONNECT_SWAPPED);
}

void
sq_variant_panel_set (SqVariantPanel *self, SqModelEntry *entry, SqModel *model)
{
  g_return_if_fail (SQ_IS_VARIANT_PANEL (self));

  if (self->entry != entry)
    {
      if (self->entry != NULL)
        g_signal_handlers_disconnect_by_data (self->entry, self);
      g_set_object (&self->entry, entry);
      // what was measured, and the device that counts
      if (entry != NULL)
        g_signal_connect_object (entry, "notify::subtitle", G_CALLBACK (fill), self, G_CONNECT_SWAPPED);
    }
  if (self->model != model)
    {
      g_clear_pointer (&self->model, sq_model_unref);
      self->model = model != NULL ? sq_model_ref (model) : NULL;
    }
  fill (self);
}

SqDamageList *
sq_variant_panel_get_damage (SqVariantPanel *self)
{
  return self->damage;
}

SqFidelityChart *
sq_variant_panel_get_chart (SqVariantPanel *self)
{
  return self->chart;
}

SqRecipeEditor *
sq_variant_panel_get_editor (SqVariantPanel *self)
{
  return self->editor;
}

gboolean
sq_variant_panel_get_has_report (SqVariantPanel *self)
{
  return gtk_widget_get_visible (self->agreement);
}
