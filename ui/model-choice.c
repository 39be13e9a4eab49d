// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "model-choice.h"

struct _SqModelChoice
{
  GObject parent_instance;

  SqModelList *models;
  GSettings *settings;
  char *key;
  char *last; // id of the entry that was last told of
};

G_DEFINE_FINAL_TYPE (SqModelChoice, sq_model_choice, G_TYPE_OBJECT)

enum
{
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
update (SqModelChoice *self)
{
  SqModelEntry *entry = sq_model_choice_get_entry (self);
  const char *id = entry != NULL ? sq_model_entry_get_id (entry) : NULL;

  if (g_strcmp0 (id, self->last) == 0)
    return;
  g_free (self->last);
  self->last = g_strdup (id);
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
sq_model_choice_dispose (GObject *object)
{
  SqModelChoice *self = SQ_MODEL_CHOICE (object);

  if (self->models != NULL)
    g_signal_handlers_disconnect_by_data (self->models, self);
  if (self->settings != NULL)
    g_signal_handlers_disconnect_by_data (self->settings, self);
  g_clear_object (&self->models);
  g_clear_object (&self->settings);
  G_OBJECT_CLASS (sq_model_choice_parent_class)->dispose (object);
}

static void
sq_model_choice_finalize (GObject *object)
{
  SqModelChoice *self = SQ_MODEL_CHOICE (object);

  g_free (self->key);
  g_free (self->last);
  G_OBJECT_CLASS (sq_model_choice_parent_class)->finalize (object);
}

static void
sq_model_choice_class_init (SqModelChoiceClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sq_model_choice_dispose;
  G_OBJECT_CLASS (klass)->finalize = sq_model_choice_finalize;
  signals[CHANGED] = g_signal_new ("changed", SQ_TYPE_MODEL_CHOICE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
sq_model_choice_init (SqModelChoice *self)
{
}

SqModelChoice *
sq_model_choice_new (SqModelList *models, GSettings *settings, const char *key)
{
  SqModelChoice *self = g_object_new (SQ_TYPE_MODEL_CHOICE, NULL);

  self->models = g_object_ref (models);
  self->settings = g_object_ref (settings);
  self->key = g_strdup (key);
  g_signal_connect_swapped (models, "current-changed", G_CALLBACK (update), self);
  g_signal_connect_swapped (models, "items-changed", G_CALLBACK (update), self);
  if (key != NULL)
    {
      g_autofree char *detailed = g_strconcat ("changed::", key, NULL);

      g_signal_connect_swapped (settings, detailed, G_CALLBACK (update), self);
    }
  update (self);
  return self;
}

SqModelList *
sq_model_choice_get_models (SqModelChoice *self)
{
  g_return_val_if_fail (SQ_IS_MODEL_CHOICE (self), NULL);
  return self->models;
}

SqModelEntry *
sq_model_choice_get_entry (SqModelChoice *self)
{
  SqModelEntry *entry = NULL;

  g_return_val_if_fail (SQ_IS_MODEL_CHOICE (self), NULL);

  if (self->key != NULL && sq_model_list_get_ready (self->models))
    {
      g_autofree char *id = g_settings_get_string (self->settings, self->key);

      entry = sq_model_list_find (self->models, id);
    }
  return entry != NULL ? entry : sq_model_list_get_current (self->models);
}

void
sq_model_choice_set_entry (SqModelChoice *self, SqModelEntry *entry)
{
  g_return_if_fail (SQ_IS_MODEL_CHOICE (self));

  if (self->key != NULL)
    g_settings_set_string (self->settings, self->key, sq_model_entry_get_id (entry));
  else
    sq_model_list_set_current (self->models, entry);
}
