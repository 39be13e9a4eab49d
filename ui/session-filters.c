// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "session-filters.h"

#include "facet-chip.h"
#include "format.h"
#include "wrap-box.h"
#include <glib/gi18n.h>

struct _SqSessionFilters
{
  GtkWidget parent_instance;

  GtkWidget *box;
  SqFacetChip *chips[SQ_N_SESSION_FACETS];
  GtkWidget *clear;
  GtkAdjustment *score; // percent
  GtkWidget *range;     // shown while the dates are from .. to
  GtkToggleButton *from_button, *to_button;
  GtkCalendar *calendar;

  SqProject *project;
  GCancellable *cancellable; // while the choices are read
  GDateTime *from, *to;      // days, nullable
  gboolean filling;          // more than one thing changes
};

G_DEFINE_FINAL_TYPE (SqSessionFilters, sq_session_filters, GTK_TYPE_WIDGET)

enum
{
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static const char *const date_ids[] = { "today", "7", "30", "range", NULL };

static const char *
get_value (SqSessionFilters *self, SqSessionFacet facet)
{
  return sq_facet_chip_get_value (self->chips[facet]);
}

static gboolean
is_range (SqSessionFilters *self)
{
  return g_strcmp0 (get_value (self, SQ_SESSION_DATE), "range") == 0;
}

/* What the chips say */

static char *
format_day (GDateTime *day)
{
  return g_date_time_format (day, "%x");
}

static void
update_texts (SqSessionFilters *self)
{
  const char *name = get_value (self, SQ_SESSION_CLASS);
  g_autofree char *class_text = NULL, *date_text = NULL;
  g_autofree char *from = self->from != NULL ? format_day (self->from) : NULL, *to = self->to != NULL ? format_day (self->to) : NULL;
  int percent = (int) (gtk_adjustment_get_value (self->score) + .5);

  if (name != NULL && percent > 0)
    // Translators: class, lowest score
    class_text = g_strdup_printf (_("%s, at least %d %%"), name, percent);
  sq_facet_chip_set_text (self->chips[SQ_SESSION_CLASS], class_text);
  if (from != NULL && to != NULL)
    // Translators: two dates
    date_text = g_strdup_printf (_("%s – %s"), from, to);
  else if (from != NULL)
    // Translators: a date
    date_text = g_strdup_printf (_("From %s"), from);
  else if (to != NULL)
    // Translators: a date
    date_text = g_strdup_printf (_("To %s"), to);
  sq_facet_chip_set_text (self->chips[SQ_SESSION_DATE], is_range (self) ? date_text : NULL);
  gtk_button_set_label (GTK_BUTTON (self->from_button), from != NULL ? from : _("First Day"));
  gtk_button_set_label (GTK_BUTTON (self->to_button), to != NULL ? to : _("Last Day"));
}

// It keeps its place: the chips do not move when it comes and goes.
static void
set_clear_shown (SqSessionFilters *self, gboolean shown)
{
  gtk_widget_set_opacity (self->clear, shown ? 1 : 0);
  gtk_widget_set_sensitive (self->clear, shown);
}

static void
changed (SqSessionFilters *self)
{
  if (self->filling)
    return;
  update_texts (self);
  gtk_widget_set_visible (self->range, is_range (self));
  set_clear_shown (self, sq_session_filters_get_any (self));
  g_signal_emit (self, signals[CHANGED], 0);
}

/* Choices */

static void
facets_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;
  SqRunFacets *facets = sq_project_list_facets (data, &error);

  if (facets == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, facets, (GDestroyNotify) sq_run_facets_free);
}

static void
on_facets (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqSessionFilters *self = SQ_SESSION_FILTERS (source);
  g_autoptr (SqRunFacets) facets = NULL;
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  if (g_task_get_cancellable (G_TASK (result)) != self->cancellable)
    return; // of another project
  g_clear_object (&self->cancellable);
  facets = g_task_propagate_pointer (G_TASK (result), NULL);
  if (facets == NULL)
    return; // the list says what is wrong with the project
  for (guint i = 0; facets->devices[i] != NULL; i++)
    g_ptr_array_add (names, sq_format_devices (facets->devices[i]));
  g_ptr_array_add (names, NULL);
  sq_facet_chip_set_choices (self->chips[SQ_SESSION_CLASS], (const char *const *) facets->classes, NULL);
  sq_facet_chip_set_choices (self->chips[SQ_SESSION_MODEL], (const char *const *) facets->models, NULL);
  sq_facet_chip_set_choices (self->chips[SQ_SESSION_DEVICE], (const char *const *) facets->devices, (const char *const *) names->pdata);
  sq_facet_chip_set_choices (self->chips[SQ_SESSION_TAG], (const char *const *) facets->tags, NULL);
}

static void
read_choices (SqSessionFilters *self)
{
  g_autoptr (GTask) task = NULL;

  if (self->project == NULL || self->cancellable != NULL)
    return;
  self->cancellable = g_cancellable_new ();
  task = g_task_new (self, self->cancellable, on_facets, NULL);
  g_task_set_task_data (task, g_object_ref (self->project), g_object_unref);
  g_task_run_in_thread (task, facets_thread);
}

/* From .. to */

static GDateTime *
day_of (GDateTime *when)
{
  return g_date_time_new_local (g_date_time_get_year (when), g_date_time_get_month (when), g_date_time_get_day_of_month (when), 0, 0, 0);
}

static void
set_day (GDateTime **day, GDateTime *when)
{
  g_clear_pointer (day, g_date_time_unref);
  if (when != NULL)
    *day = day_of (when);
}

static void
on_day_selected (SqSessionFilters *self)
{
  g_autoptr (GDateTime) day = gtk_calendar_get_date (self->calendar);
  gboolean first = gtk_toggle_button_get_active (self->from_button);

  if (self->filling)
    return;
  set_day (first ? &self->from : &self->to, day);
  // The other end goes along rather than making the range an empty one.
  if (self->from != NULL && self->to != NULL && g_date_time_compare (self->from, self->to) > 0)
    set_day (first ? &self->to : &self->from, day);
  changed (self);
}

static void
on_end_toggled (SqSessionFilters *self)
{
  GDateTime *day = gtk_toggle_button_get_active (self->from_button) ? self->from : self->to;

  self->filling = TRUE;
  if (day != NULL)
    gtk_calendar_select_day (self->calendar, day);
  self->filling = FALSE;
}

static GtkWidget *
make_range (SqSessionFilters *self)
{
  GtkWidget *ends = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0);

  self->range = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  self->from_button = GTK_TOGGLE_BUTTON (gtk_toggle_button_new ());
  self->to_button = GTK_TOGGLE_BUTTON (gtk_toggle_button_new ());
  self->calendar = GTK_CALENDAR (gtk_calendar_new ());
  gtk_toggle_button_set_group (self->to_button, self->from_button);
  gtk_toggle_button_set_active (self->from_button, TRUE);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->from_button), _("First Day"));
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->to_button), _("Last Day"));
  gtk_box_set_homogeneous (GTK_BOX (ends), TRUE);
  gtk_widget_add_css_class (ends, "linked");
  gtk_box_append (GTK_BOX (ends), GTK_WIDGET (self->from_button));
  gtk_box_append (GTK_BOX (ends), GTK_WIDGET (self->to_button));
  gtk_box_append (GTK_BOX (self->range), ends);
  gtk_box_append (GTK_BOX (self->range), GTK_WIDGET (self->calendar));
  gtk_widget_set_visible (self->range, FALSE);
  g_signal_connect_swapped (self->calendar, "day-selected", G_CALLBACK (on_day_selected), self);
  g_signal_connect_swapped (self->from_button, "toggled", G_CALLBACK (on_end_toggled), self);
  return self->range;
}

static GtkWidget *
make_score (SqSessionFilters *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *label = gtk_label_new_with_mnemonic (_("Score at _Least (%)"));
  GtkWidget *scale = gtk_scale_new (GTK_ORIENTATION_HORIZONTAL, self->score);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_mnemonic_widget (GTK_LABEL (label), scale);
  gtk_widget_add_css_class (label, "caption-heading");
  gtk_scale_set_draw_value (GTK_SCALE (scale), TRUE);
  gtk_scale_set_value_pos (GTK_SCALE (scale), GTK_POS_RIGHT);
  gtk_scale_set_digits (GTK_SCALE (scale), 0);
  gtk_accessible_update_property (GTK_ACCESSIBLE (scale), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Score at least, in percent"), -1);
  gtk_box_append (GTK_BOX (box), label);
  gtk_box_append (GTK_BOX (box), scale);
  return box;
}

/* Object */

static void
sq_session_filters_dispose (GObject *object)
{
  SqSessionFilters *self = SQ_SESSION_FILTERS (object);

  sq_session_filters_set_project (self, NULL);
  g_clear_pointer (&self->box, gtk_widget_unparent);
  g_clear_pointer (&self->from, g_date_time_unref);
  g_clear_pointer (&self->to, g_date_time_unref);
  G_OBJECT_CLASS (sq_session_filters_parent_class)->dispose (object);
}

static void
sq_session_filters_class_init (SqSessionFiltersClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sq_session_filters_dispose;
  signals[CHANGED] = g_signal_new ("changed", SQ_TYPE_SESSION_FILTERS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BIN_LAYOUT);
}

static void
sq_session_filters_init (SqSessionFilters *self)
{
  const char *const titles[SQ_N_SESSION_FACETS] = { _("Class"), _("Date"), _("Model"), _("Device"), _("Tag") };
  const char *const removes[SQ_N_SESSION_FACETS] = { _("Any Class"), _("Any Date"), _("Any Model"), _("Any Device"), _("Any Tag") };
  const char *const dates[] = { _("Today"), _("Last 7 Days"), _("Last 30 Days"), _("From – To"), NULL };

  self->box = sq_wrap_box_new ();
  gtk_widget_set_parent (self->box, GTK_WIDGET (self));
  for (guint i = 0; i < SQ_N_SESSION_FACETS; i++)
    {
      self->chips[i] = SQ_FACET_CHIP (sq_facet_chip_new (titles[i], removes[i]));
      gtk_widget_set_parent (GTK_WIDGET (self->chips[i]), self->box);
      g_signal_connect_swapped (self->chips[i], "notify::value", G_CALLBACK (changed), self);
      g_signal_connect_swapped (self->chips[i], "opening", G_CALLBACK (read_choices), self);
    }
  self->clear = gtk_button_new_with_mnemonic (_("_Clear"));
  gtk_widget_add_css_class (self->clear, "flat");
  gtk_widget_set_tooltip_text (self->clear, _("Clear All Filters"));
  gtk_widget_add_css_class (self->clear, "chip");
  set_clear_shown (self, FALSE);
  gtk_widget_set_parent (self->clear, self->box);
  g_signal_connect_swapped (self->clear, "clicked", G_CALLBACK (sq_session_filters_clear), self);

  self->score = gtk_adjustment_new (0, 0, 100, 1, 10, 0);
  g_signal_connect_object (self->score, "value-changed", G_CALLBACK (changed), self, G_CONNECT_SWAPPED);
  sq_facet_chip_set_footer (self->chips[SQ_SESSION_CLASS], make_score (self));
  sq_facet_chip_set_footer (self->chips[SQ_SESSION_DATE], make_range (self));
  sq_facet_chip_set_choices (self->chips[SQ_SESSION_DATE], date_ids, dates);
  update_texts (self);
}

GtkWidget *
sq_session_filters_new (void)
{
  return g_object_new (SQ_TYPE_SESSION_FILTERS, NULL);
}

void
sq_session_filters_set_project (SqSessionFilters *self, SqProject *project)
{
  g_return_if_fail (SQ_IS_SESSION_FILTERS (self));

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_set_object (&self->project, project);
}

void
sq_session_filters_set (SqSessionFilters *self, SqSessionFacet facet, const char *value)
{
  g_return_if_fail (SQ_IS_SESSION_FILTERS (self));
  sq_facet_chip_set_value (self->chips[facet], value);
}

const char *
sq_session_filters_get_label (SqSessionFilters *self, SqSessionFacet facet)
{
  g_return_val_if_fail (SQ_IS_SESSION_FILTERS (self), NULL);
  return sq_facet_chip_get_label (self->chips[facet]);
}

void
sq_session_filters_set_min_score (SqSessionFilters *self, double score)
{
  g_return_if_fail (SQ_IS_SESSION_FILTERS (self));
  gtk_adjustment_set_value (self->score, 100 * score);
}

void
sq_session_filters_set_range (SqSessionFilters *self, GDateTime *from, GDateTime *to)
{
  g_return_if_fail (SQ_IS_SESSION_FILTERS (self));

  self->filling = TRUE;
  set_day (&self->from, from);
  set_day (&self->to, to);
  sq_facet_chip_set_value (self->chips[SQ_SESSION_DATE], "range");
  self->filling = FALSE;
  on_end_toggled (self);
  changed (self);
}

void
sq_session_filters_clear (SqSessionFilters *self)
{
  g_return_if_fail (SQ_IS_SESSION_FILTERS (self));

  self->filling = TRUE;
  for (guint i = 0; i < SQ_N_SESSION_FACETS; i++)
    sq_facet_chip_set_value (self->chips[i], NULL);
  gtk_adjustment_set_value (self->score, 0);
  set_day (&self->from, NULL);
  set_day (&self->to, NULL);
  self->filling = FALSE;
  changed (self);
}

gboolean
sq_session_filters_get_any (SqSessionFilters *self)
{
  g_return_val_if_fail (SQ_IS_SESSION_FILTERS (self), FALSE);

  for (guint i = 0; i < SQ_N_SESSION_FACETS; i++)
    if (get_value (self, i) != NULL)
      return TRUE;
  return FALSE;
}

static gint64
to_us (GDateTime *when, int days)
{
  g_autoptr (GDateTime) moved = g_date_time_add_days (when, days);

  return g_date_time_to_unix (moved) * G_USEC_PER_SEC;
}

void
sq_session_filters_fill (SqSessionFilters *self, SqRunQuery *query)
{
  const char *date = get_value (self, SQ_SESSION_DATE);
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autoptr (GDateTime) today = day_of (now);

  g_return_if_fail (SQ_IS_SESSION_FILTERS (self));

  query->class_name = get_value (self, SQ_SESSION_CLASS);
  query->min_score = query->class_name != NULL ? (float) gtk_adjustment_get_value (self->score) / 100 : 0;
  query->model = get_value (self, SQ_SESSION_MODEL);
  query->device = get_value (self, SQ_SESSION_DEVICE);
  query->tag = get_value (self, SQ_SESSION_TAG);
  if (is_range (self))
    {
      query->from_us = self->from != NULL ? to_us (self->from, 0) : 0;
      query->to_us = self->to != NULL ? to_us (self->to, 1) : 0;
    }
  else if (date != NULL) // the last n days, today included
    {
      query->from_us = to_us (today, g_str_equal (date, "today") ? 0 : 1 - atoi (date));
    }
}
