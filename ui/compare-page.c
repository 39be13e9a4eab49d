// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "compare-page-private.h"

#include <glib/gi18n.h>

G_DEFINE_FINAL_TYPE (SqComparePage, sq_compare_page, ADW_TYPE_BIN)

enum
{
  PROP_0,
  PROP_TITLE,
  PROP_SUBTITLE,
  PROP_HAS_RUN,
  PROP_INSPECTOR_VISIBLE,
  PROP_SHARE,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

void
_sq_compare_page_show (SqComparePage *self, const char *name)
{
  gtk_stack_set_visible_child_name (self->stack, name);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_HAS_RUN]);
}

void
_sq_compare_page_show_error (SqComparePage *self, const char *title, const char *message)
{
  g_autofree char *escaped = g_markup_escape_text (message, -1);
  g_autofree char *name = self->paths != NULL ? g_path_get_basename (self->paths[0]) : NULL;

  _sq_compare_page_set_title (self, name, NULL);
  adw_status_page_set_title (self->error_page, title);
  adw_status_page_set_description (self->error_page, escaped);
  sq_busy_bar_set_text (self->busy, NULL);
  _sq_compare_page_show (self, "error");
}

void
_sq_compare_page_set_title (SqComparePage *self, const char *title, const char *subtitle)
{
  if (g_strcmp0 (title, self->title) != 0)
    {
      g_free (self->title);
      self->title = g_strdup (title);
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_TITLE]);
    }
  if (g_strcmp0 (subtitle, self->subtitle) != 0)
    {
      g_free (self->subtitle);
      self->subtitle = g_strdup (subtitle);
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_SUBTITLE]);
    }
}

/* Callbacks of the template */

static void
on_strip_jump (SqDisagreementStrip *strip, gint64 index, SqComparePage *self)
{
  sq_compare_page_jump (self, index);
}

static void
on_strip_walk (SqDisagreementStrip *strip, int direction, SqComparePage *self)
{
  sq_compare_page_walk (self, direction);
}

static void
on_transport_seek (SqTransportBar *transport, gint64 pts_ns, SqComparePage *self)
{
  _sq_compare_page_seek (self, pts_ns);
}

static void
on_transport_step (SqTransportBar *transport, int direction, SqComparePage *self)
{
  sq_compare_page_step (self, direction);
}

static void
on_transport_rate (SqTransportBar *transport, double rate, SqComparePage *self)
{
  if (self->pipeline != NULL)
    sq_pipeline_set_rate (self->pipeline, rate);
}

static void
on_last_clicked (SqComparePage *self)
{
  if (self->offered != NULL)
    sq_compare_page_open (self, (const char *const *) self->offered);
}

static SqCompareMode
get_toggled_mode (SqComparePage *self)
{
  return gtk_toggle_button_get_active (self->mode_panes) ? SQ_COMPARE_PANES
         : gtk_toggle_button_get_active (self->mode_b)   ? SQ_COMPARE_ONLY_B
                                                         : SQ_COMPARE_SPLIT;
}

static void
on_mode_toggled (SqComparePage *self, GtkToggleButton *button)
{
  SqCompareMode mode = get_toggled_mode (self);

  if (!gtk_toggle_button_get_active (button)) // the one before, on its way out
    return;
  sq_compare_view_set_mode (self->view, mode);
  if (self->workspace != NULL && !self->filling)
    g_settings_set_enum (sq_workspace_get_settings (self->workspace), "compare-mode", mode);
}

static void
on_mode_setting_changed (SqComparePage *self)
{
  GtkToggleButton *buttons[SQ_N_COMPARE_MODES] = { self->mode_split, self->mode_panes, self->mode_b };

  self->filling = TRUE;
  gtk_toggle_button_set_active (buttons[g_settings_get_enum (sq_workspace_get_settings (self->workspace), "compare-mode")], TRUE);
  self->filling = FALSE;
}

// Somebody else starts: two runs at once would tell nothing of either's time.
static void
on_run_starting (SqComparePage *self, SqPipeline *pipeline)
{
  if (self->pipeline != NULL && pipeline != self->pipeline && sq_pipeline_get_state (self->pipeline) == SQ_PIPELINE_RUNNING)
    sq_pipeline_set_paused (self->pipeline, TRUE);
}

/* Object */

static void
sq_compare_page_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SqComparePage *self = SQ_COMPARE_PAGE (object);

  switch (prop_id)
    {
    case PROP_TITLE:
      g_value_set_string (value, self->title != NULL ? self->title : _("Compare"));
      break;
    case PROP_SUBTITLE:
      g_value_set_string (value, self->subtitle != NULL ? self->subtitle : "");
      break;
    case PROP_HAS_RUN:
      g_value_set_boolean (value, sq_compare_page_get_has_run (self));
      break;
    case PROP_INSPECTOR_VISIBLE:
      g_value_set_boolean (value, adw_flap_get_reveal_flap (self->flap));
      break;
    case PROP_SHARE:
      g_value_set_boolean (value, self->share);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sq_compare_page_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  SqComparePage *self = SQ_COMPARE_PAGE (object);

  switch (prop_id)
    {
    case PROP_INSPECTOR_VISIBLE:
      adw_flap_set_reveal_flap (self->flap, g_value_get_boolean (value));
      break;
    case PROP_SHARE:
      _sq_compare_page_set_share (self, g_value_get_boolean (value));
      if (self->workspace != NULL && self->stored == NULL) // how past runs were looked at is not the user's choice
        g_settings_set_boolean (sq_workspace_get_settings (self->workspace), "compare-share", self->share);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sq_compare_page_dispose (GObject *object)
{
  SqComparePage *self = SQ_COMPARE_PAGE (object);

  _sq_compare_page_stop (self);
  if (self->workspace != NULL)
    g_signal_handlers_disconnect_by_data (self->workspace, self);
  g_clear_pointer (&self->loader, sq_frame_loader_free);
  if (self->view != NULL)
    sq_compare_view_set_filters (self->view, NULL, NULL);
  _sq_compare_page_clear_sides (self);
  g_clear_object (&self->chooser);
  g_clear_object (&self->workspace);
  adw_bin_set_child (ADW_BIN (self), NULL); // before the template unparents it behind the bin's back
  gtk_widget_dispose_template (GTK_WIDGET (self), SQ_TYPE_COMPARE_PAGE);
  G_OBJECT_CLASS (sq_compare_page_parent_class)->dispose (object);
}

static void
sq_compare_page_finalize (GObject *object)
{
  SqComparePage *self = SQ_COMPARE_PAGE (object);

  g_clear_pointer (&self->state, sq_tally_state_unref);
  g_strfreev (self->paths);
  g_strfreev (self->offered);
  g_free (self->title);
  g_free (self->subtitle);
  G_OBJECT_CLASS (sq_compare_page_parent_class)->finalize (object);
}

static void
bind_children (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, SqComparePage, picker_a);
  gtk_widget_class_bind_template_child (widget_class, SqComparePage, picker_b);
  gtk_widget_class_bind_template_child (widget_class, SqComparePage, level_a);
  gtk_widget_class_bind_template_child (widget_class, SqComparePage, level_b);
  gtk_widget_class_bind_template_child (widget_class, SqComparePage, mode_split);
  gtk_widget_class_bind_template_child (widget_class, SqComparePage, mode_panes);
  gtk_widget_class_bind_template_child (widget_class, SqComparePage, mode_b);
  gtk_widget_class_bind_template_child (widget_class, SqComparePage, busy);
  gtk_widget_class_bind_template_child (widget_class, SqComparePage, stack);
  gtk_widget_class_bind_template_child (widget_class, SqComparePage, last_button);
  gtk_widget_class_bind_template_child (widget_class, SqComparePage, flap);
  gtk_widget_class_bind_template_child (widget_class, SqComparePage, view);
  gtk_widget_class_bind_template_child (widget_class, SqComparePage, strip_row);
  gtk_widget_class_bind_template_child (widget_class, SqComparePage, strip);
  gtk_widget_class_bind_template_child (widget_class, SqComparePage, transport);
  gtk_widget_class_bind_template_child (widget_class, SqComparePage, summary);
  gtk_widget_class_bind_template_child (widget_class, SqComparePage, table);
  gtk_widget_class_bind_template_child (widget_class, SqComparePage, device_a);
  gtk_widget_class_bind_template_child (widget_class, SqComparePage, device_b);
  gtk_widget_class_bind_template_child (widget_class, SqComparePage, share_switch);
  gtk_widget_class_bind_template_child (widget_class, SqComparePage, heading_a);
  gtk_widget_class_bind_template_child (widget_class, SqComparePage, heading_b);
  gtk_widget_class_bind_template_child (widget_class, SqComparePage, panel_a);
  gtk_widget_class_bind_template_child (widget_class, SqComparePage, panel_b);
  gtk_widget_class_bind_template_child (widget_class, SqComparePage, error_page);
}

static void
sq_compare_page_class_init (SqComparePageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = sq_compare_page_get_property;
  object_class->set_property = sq_compare_page_set_property;
  object_class->dispose = sq_compare_page_dispose;
  object_class->finalize = sq_compare_page_finalize;

  props[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  props[PROP_SUBTITLE] = g_param_spec_string ("subtitle", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  props[PROP_HAS_RUN] = g_param_spec_boolean ("has-run", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  props[PROP_INSPECTOR_VISIBLE] = g_param_spec_boolean ("inspector-visible", NULL, NULL, TRUE, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  props[PROP_SHARE] =
      g_param_spec_boolean ("share", NULL, NULL, FALSE, G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);

  g_type_ensure (SQ_TYPE_BUSY_BAR);
  g_type_ensure (SQ_TYPE_COMPARE_TABLE);
  g_type_ensure (SQ_TYPE_COMPARE_VIEW);
  g_type_ensure (SQ_TYPE_DISAGREEMENT_STRIP);
  g_type_ensure (SQ_TYPE_FILTER_PANEL);
  g_type_ensure (SQ_TYPE_LEVEL_PICKER);
  g_type_ensure (SQ_TYPE_MODEL_PICKER);
  g_type_ensure (SQ_TYPE_TRANSPORT_BAR);
  g_type_ensure (SQ_TYPE_WRAP_BOX);
  gtk_widget_class_set_template_from_resource (widget_class, RESOURCE_BASE "/ui/compare-page.ui");
  bind_children (widget_class);
  gtk_widget_class_bind_template_callback (widget_class, on_last_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_mode_toggled);
  gtk_widget_class_bind_template_callback (widget_class, on_strip_jump);
  gtk_widget_class_bind_template_callback (widget_class, on_strip_walk);
  gtk_widget_class_bind_template_callback (widget_class, on_transport_rate);
  gtk_widget_class_bind_template_callback (widget_class, on_transport_seek);
  gtk_widget_class_bind_template_callback (widget_class, on_transport_step);
  gtk_widget_class_bind_template_callback (widget_class, sq_compare_page_save_picture);
  gtk_widget_class_bind_template_callback (widget_class, sq_compare_page_save_report);
  gtk_widget_class_bind_template_callback (widget_class, sq_compare_page_swap);
  gtk_widget_class_bind_template_callback (widget_class, sq_compare_page_toggle_play);
  gtk_widget_class_bind_template_callback (widget_class, _sq_compare_page_cancel);
  gtk_widget_class_bind_template_callback (widget_class, _sq_compare_page_start);
  gtk_widget_class_bind_template_callback (widget_class, _sq_compare_page_update_summary);
}

static void
on_flap_revealed (SqComparePage *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_INSPECTOR_VISIBLE]);
}

static void
on_map (SqComparePage *self)
{
  if (self->stale)
    _sq_compare_page_start (self);
}

static void
sq_compare_page_init (SqComparePage *self)
{
  self->index = -1;
  gtk_widget_init_template (GTK_WIDGET (self));
  self->loader = sq_frame_loader_new (_sq_compare_page_on_frame, self);
  g_signal_connect (self, "map", G_CALLBACK (on_map), NULL);
  g_signal_connect_swapped (self->flap, "notify::reveal-flap", G_CALLBACK (on_flap_revealed), self);
  g_object_bind_property (self, "share", self->share_switch, "active", G_BINDING_BIDIRECTIONAL | G_BINDING_SYNC_CREATE);
}

GtkWidget *
sq_compare_page_new (void)
{
  return g_object_new (SQ_TYPE_COMPARE_PAGE, NULL);
}

void
sq_compare_page_set_workspace (SqComparePage *self, SqWorkspace *workspace)
{
  GSettings *settings = sq_workspace_get_settings (workspace);

  g_return_if_fail (SQ_IS_COMPARE_PAGE (self));
  g_return_if_fail (self->workspace == NULL);

  self->workspace = g_object_ref (workspace);
  _sq_compare_page_init_sides (self);
  g_settings_bind (settings, "inspector-visible", self, "inspector-visible", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (settings, "compare-share", self, "share", G_SETTINGS_BIND_GET);
  g_signal_connect_object (settings, "changed::compare-mode", G_CALLBACK (on_mode_setting_changed), self, G_CONNECT_SWAPPED);
  on_mode_setting_changed (self);
  g_signal_connect_swapped (workspace, "run-starting", G_CALLBACK (on_run_starting), self);
}

void
sq_compare_page_offer (SqComparePage *self, const char *const *paths)
{
  char **copy = g_strdupv ((char **) paths);
  g_autofree char *name = copy != NULL ? g_path_get_basename (copy[0]) : NULL;
  // Translators: name of a file or folder
  g_autofree char *text = name != NULL ? g_strdup_printf (_("Compare on “%s”"), name) : NULL;

  g_return_if_fail (SQ_IS_COMPARE_PAGE (self));

  g_strfreev (self->offered);
  self->offered = copy;
  gtk_widget_set_visible (GTK_WIDGET (self->last_button), copy != NULL);
  if (text != NULL)
    gtk_button_set_label (self->last_button, text);
}

void
sq_compare_page_choose_level (SqComparePage *self, guint n)
{
  g_return_if_fail (SQ_IS_COMPARE_PAGE (self));
  sq_level_picker_choose (self->level_b, n);
}

gboolean
sq_compare_page_get_has_run (SqComparePage *self)
{
  g_return_val_if_fail (SQ_IS_COMPARE_PAGE (self), FALSE);
  return g_strcmp0 (gtk_stack_get_visible_child_name (self->stack), "run") == 0;
}

SqCompareView *
sq_compare_page_get_view (SqComparePage *self)
{
  return self->view;
}

SqDisagreementStrip *
sq_compare_page_get_strip (SqComparePage *self)
{
  return self->strip;
}

SqFilterState *
sq_compare_page_get_filter (SqComparePage *self, SqSide side)
{
  return self->side[side].filter;
}

SqModelChoice *
sq_compare_page_get_choice (SqComparePage *self, SqSide side)
{
  return self->side[side].choice;
}

SqPipeline *
sq_compare_page_get_pipeline (SqComparePage *self)
{
  return self->pipeline;
}

SqTally *
sq_compare_page_get_tally (SqComparePage *self)
{
  return self->tally;
}

const char *
sq_compare_page_get_text (SqComparePage *self, const char *row, int column)
{
  return sq_compare_table_get_text (self->table, row, column);
}

const char *
sq_compare_page_get_state_name (SqComparePage *self)
{
  return gtk_stack_get_visible_child_name (self->stack);
}
