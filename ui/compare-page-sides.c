// SPDX-License-Identifier: GPL-3.0-or-later
// The two sides of a comparison: which models on which devices, and the thresholds that both or each of them have.
#include "config.h"

#include "compare-page-private.h"

#include "format.h"
#include <glib/gi18n.h>

static const char *const model_keys[SQ_N_SIDES] = { "compare-a", "compare-b" };
static const char *const device_keys[SQ_N_SIDES] = { "compare-device-a", "compare-device-b" };

/* Models */

static void
on_choice_changed (SqComparePage *self)
{
  // Both sides may change in one go; the first of them starts a run, the second another, and nothing of the first is seen.
  if (self->paths == NULL)
    return;
  self->stale = !gtk_widget_get_mapped (GTK_WIDGET (self)); // nobody looks: when it is shown
  if (!self->stale)
    _sq_compare_page_start (self);
}

void
sq_compare_page_set_models (SqComparePage *self, SqModelEntry *a, SqModelEntry *b)
{
  g_return_if_fail (SQ_IS_COMPARE_PAGE (self));

  for (int s = 0; s < SQ_N_SIDES; s++)
    g_signal_handlers_block_by_func (self->side[s].choice, on_choice_changed, self);
  sq_model_choice_set_entry (self->side[SQ_SIDE_A].choice, a);
  sq_model_choice_set_entry (self->side[SQ_SIDE_B].choice, b);
  for (int s = 0; s < SQ_N_SIDES; s++)
    g_signal_handlers_unblock_by_func (self->side[s].choice, on_choice_changed, self);
  on_choice_changed (self);
}

void
sq_compare_page_swap (SqComparePage *self)
{
  GSettings *settings = sq_workspace_get_settings (self->workspace);
  SqModelEntry *a = sq_model_choice_get_entry (self->side[SQ_SIDE_A].choice), *b = sq_model_choice_get_entry (self->side[SQ_SIDE_B].choice);
  g_autofree char *device_a = g_settings_get_string (settings, device_keys[SQ_SIDE_A]);
  g_autofree char *device_b = g_settings_get_string (settings, device_keys[SQ_SIDE_B]);

  g_return_if_fail (SQ_IS_COMPARE_PAGE (self));

  if (a == NULL || b == NULL)
    return;
  // A's default is the Preferences', B's is A's: where B has no device of its own there is nothing to swap.
  if (*device_b != '\0')
    {
      g_settings_set_string (settings, device_keys[SQ_SIDE_A], device_b);
      g_settings_set_string (settings, device_keys[SQ_SIDE_B], *device_a != '\0' ? device_a : "");
    }
  if (!self->share)
    {
      float confidence = sq_filter_state_get_confidence (self->side[SQ_SIDE_A].filter);
      float overlap = sq_filter_state_get_overlap (self->side[SQ_SIDE_A].filter);

      sq_filter_state_set_confidence (self->side[SQ_SIDE_A].filter, sq_filter_state_get_confidence (self->side[SQ_SIDE_B].filter));
      sq_filter_state_set_overlap (self->side[SQ_SIDE_A].filter, sq_filter_state_get_overlap (self->side[SQ_SIDE_B].filter));
      sq_filter_state_set_confidence (self->side[SQ_SIDE_B].filter, confidence);
      sq_filter_state_set_overlap (self->side[SQ_SIDE_B].filter, overlap);
    }
  sq_compare_page_set_models (self, b, a);
}

/* Devices */

char *
_sq_compare_page_dup_device (SqComparePage *self, SqSide side)
{
  GSettings *settings = sq_workspace_get_settings (self->workspace);
  g_autofree char *device = g_settings_get_string (settings, device_keys[side]);

  if (*device != '\0')
    return g_steal_pointer (&device);
  return side == SQ_SIDE_A ? g_settings_get_string (settings, "device") : NULL;
}

static GtkDropDown *
get_drop_down (SqComparePage *self, SqSide side)
{
  return side == SQ_SIDE_A ? self->device_a : self->device_b;
}

static void
fill_devices (SqComparePage *self)
{
  GPtrArray *devices = sq_device_monitor_get_devices (sq_workspace_get_monitor (self->workspace));
  GSettings *settings = sq_workspace_get_settings (self->workspace);
  g_autofree char *preferred = g_settings_get_string (settings, "device"), *preferred_shown = sq_format_devices (preferred);

  self->filling = TRUE;
  for (int s = 0; s < SQ_N_SIDES; s++)
    {
      g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);
      g_autoptr (GStrvBuilder) ids = g_strv_builder_new ();
      g_autofree char *chosen = g_settings_get_string (settings, device_keys[s]);
      // Translators: the devices chosen in Preferences
      g_autofree char *standard = s == SQ_SIDE_A ? g_strdup_printf (_("Standard: %s"), preferred_shown) : g_strdup (_("The Same as A"));
      guint selected = 0;

      gtk_string_list_append (names, standard);
      g_strv_builder_add (ids, "");
      for (guint i = 0; devices != NULL && i < devices->len; i++)
        {
          const SqDevice *device = devices->pdata[i];
          g_autofree char *shown = sq_format_devices (device->id);

          if (!device->available)
            continue;
          gtk_string_list_append (names, shown);
          g_strv_builder_add (ids, device->id);
          if (g_strcmp0 (device->id, chosen) == 0)
            selected = g_list_model_get_n_items (G_LIST_MODEL (names)) - 1;
        }
      g_strfreev (self->side[s].device_ids);
      self->side[s].device_ids = g_strv_builder_end (ids);
      gtk_drop_down_set_model (get_drop_down (self, s), G_LIST_MODEL (names));
      gtk_drop_down_set_selected (get_drop_down (self, s), selected);
    }
  self->filling = FALSE;
}

static void
on_device_selected (GtkDropDown *drop_down, GParamSpec *pspec, SqComparePage *self)
{
  SqSide side = drop_down == self->device_a ? SQ_SIDE_A : SQ_SIDE_B;
  guint selected = gtk_drop_down_get_selected (drop_down);

  if (!self->filling && selected != GTK_INVALID_LIST_POSITION)
    g_settings_set_string (sq_workspace_get_settings (self->workspace), device_keys[side], self->side[side].device_ids[selected]);
}

static void
on_device_setting_changed (SqComparePage *self)
{
  fill_devices (self);
  on_choice_changed (self);
}

/* Thresholds */

// Classes are the same where their names are.
static int
find_class (char **labels, const char *name)
{
  for (guint i = 0; labels[i] != NULL; i++)
    if (g_ascii_strcasecmp (labels[i], name) == 0)
      return i;
  return -1;
}

static void
copy_filter (SqComparePage *self, SqSide from, SqSide to)
{
  SqFilterState *source = self->side[from].filter, *target = self->side[to].filter;
  char **have = self->side[from].labels, **want = self->side[to].labels;

  sq_filter_state_set_confidence (target, sq_filter_state_get_confidence (source));
  sq_filter_state_set_overlap (target, sq_filter_state_get_overlap (source));
  if (have == NULL || want == NULL)
    return;
  if (sq_filter_state_get_n_shown (source) == sq_filter_state_get_n_classes (source))
    sq_filter_state_set_all_classes_shown (target, TRUE);
  else if (sq_filter_state_get_n_shown (source) == 0)
    sq_filter_state_set_all_classes_shown (target, FALSE);
  else
    for (guint i = 0; want[i] != NULL; i++)
      {
        int id = find_class (have, want[i]);

        if (id >= 0)
          sq_filter_state_set_class_shown (target, i, sq_filter_state_get_class_shown (source, id));
      }
}

static void
on_filter_changed (SqFilterState *filter, SqComparePage *self)
{
  SqSide from = filter == self->side[SQ_SIDE_A].filter ? SQ_SIDE_A : SQ_SIDE_B;

  if (self->syncing)
    return;
  if (self->share)
    {
      self->syncing = TRUE;
      copy_filter (self, from, from == SQ_SIDE_A ? SQ_SIDE_B : SQ_SIDE_A);
      self->syncing = FALSE;
    }
  if (self->tally != NULL)
    {
      SqFilter a = sq_filter_state_get_filter (self->side[SQ_SIDE_A].filter), b = sq_filter_state_get_filter (self->side[SQ_SIDE_B].filter);

      sq_tally_set_filters (self->tally, &a, &b);
    }
}

void
_sq_compare_page_set_share (SqComparePage *self, gboolean share)
{
  if (self->share == share)
    return;
  self->share = share;
  gtk_widget_set_visible (self->heading_a, !share);
  gtk_widget_set_visible (self->heading_b, !share);
  gtk_widget_set_visible (GTK_WIDGET (self->panel_b), !share);
  // A is the reference: from here on B has what A has.
  if (share && self->side[SQ_SIDE_A].filter != NULL)
    on_filter_changed (self->side[SQ_SIDE_A].filter, self);
  g_object_notify (G_OBJECT (self), "share");
}

void
sq_compare_page_nudge_confidence (SqComparePage *self, float by)
{
  g_return_if_fail (SQ_IS_COMPARE_PAGE (self));

  for (int s = 0; s < (self->share ? 1 : SQ_N_SIDES); s++)
    {
      float confidence = sq_filter_state_get_confidence (self->side[s].filter) + by;

      sq_filter_state_set_confidence (self->side[s].filter, CLAMP (confidence, SQ_SCORE_FLOOR, 1.f));
    }
}

static void
set_labels (SqCompareSide *side, const char *const *labels)
{
  char **copy = g_strdupv ((char **) labels);

  g_strfreev (side->labels);
  side->labels = copy;
  sq_filter_state_reset_classes (side->filter, copy != NULL ? g_strv_length (copy) : 0);
}

void
_sq_compare_page_set_labels (SqComparePage *self, const char *const *a, const char *const *b)
{
  self->syncing = TRUE; // all classes of both
  set_labels (&self->side[SQ_SIDE_A], a);
  set_labels (&self->side[SQ_SIDE_B], b);
  self->syncing = FALSE;
  sq_filter_panel_set_labels (self->panel_a, a);
  sq_filter_panel_set_labels (self->panel_b, b);
  sq_compare_view_set_labels (self->view, a, b);
}

/* All of it */

void
_sq_compare_page_init_sides (SqComparePage *self)
{
  GSettings *settings = sq_workspace_get_settings (self->workspace);
  SqModelPicker *pickers[SQ_N_SIDES] = { self->picker_a, self->picker_b };
  SqLevelPicker *levels[SQ_N_SIDES] = { self->level_a, self->level_b };
  SqFilterPanel *panels[SQ_N_SIDES] = { self->panel_a, self->panel_b };

  for (int s = 0; s < SQ_N_SIDES; s++)
    {
      SqCompareSide *side = &self->side[s];
      g_autofree char *device_changed = g_strconcat ("changed::", device_keys[s], NULL);

      side->choice = sq_model_choice_new (sq_workspace_get_models (self->workspace), settings, model_keys[s]);
      side->filter = sq_workspace_new_filter (self->workspace);
      sq_model_picker_set_choice (pickers[s], side->choice);
      sq_level_picker_set_choice (levels[s], side->choice);
      sq_filter_panel_set_filter (panels[s], side->filter);
      g_signal_connect_swapped (side->choice, "changed", G_CALLBACK (on_choice_changed), self);
      g_signal_connect (side->filter, "changed", G_CALLBACK (on_filter_changed), self);
      g_signal_connect (get_drop_down (self, s), "notify::selected", G_CALLBACK (on_device_selected), self);
      g_signal_connect_object (settings, device_changed, G_CALLBACK (on_device_setting_changed), self, G_CONNECT_SWAPPED);
    }
  sq_compare_view_set_filters (self->view, self->side[SQ_SIDE_A].filter, self->side[SQ_SIDE_B].filter);
  g_signal_connect_object (settings, "changed::device", G_CALLBACK (fill_devices), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (sq_workspace_get_monitor (self->workspace), "devices-changed", G_CALLBACK (fill_devices), self,
                           G_CONNECT_SWAPPED);
  fill_devices (self);
}

void
_sq_compare_page_clear_sides (SqComparePage *self)
{
  for (int s = 0; s < SQ_N_SIDES; s++)
    {
      SqCompareSide *side = &self->side[s];

      if (side->choice != NULL)
        g_signal_handlers_disconnect_by_data (side->choice, self);
      if (side->filter != NULL)
        g_signal_handlers_disconnect_by_data (side->filter, self);
      g_clear_object (&side->choice);
      g_clear_object (&side->entry);
      g_clear_pointer (&side->model, sq_model_unref);
      g_clear_pointer (&side->labels, g_strfreev);
      g_clear_pointer (&side->device, g_free);
      g_clear_object (&side->filter);
      g_clear_pointer (&side->device_ids, g_strfreev);
    }
}
