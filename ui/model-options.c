// SPDX-License-Identifier: GPL-3.0-or-later
#include "model-options.h"

#define KEY "model-options"

SqModelCorrection *
sq_model_correction_load (GSettings *settings, const char *id)
{
  SqModelCorrection *self = g_new0 (SqModelCorrection, 1);
  g_autoptr (GVariant) all = g_settings_get_value (settings, KEY);
  g_autoptr (GVariant) value = g_variant_lookup_value (all, id, G_VARIANT_TYPE_VARDICT);
  double m[3], s[3];
  gint32 fit, resample;
  SqInputSpec *in = &self->input;

  if (value == NULL)
    return self;
  g_variant_lookup (value, "family", "s", &self->family);
  self->has_input = g_variant_lookup (value, "input", "(iiiibby(ddd)(ddd))", &in->width, &in->height, &fit, &resample, &in->round_to_int,
                                      &in->bgr, &in->pad, &m[0], &m[1], &m[2], &s[0], &s[1], &s[2]);
  if (self->has_input)
    {
      in->fit = CLAMP (fit, SQ_FIT_STRETCH, SQ_FIT_LETTERBOX_TOPLEFT);
      in->resample = CLAMP (resample, SQ_RESAMPLE_BILINEAR, SQ_RESAMPLE_AREA);
      for (int c = 0; c < 3; c++)
        {
          in->mean[c] = m[c];
          in->scale[c] = s[c];
        }
    }
  return self;
}

gboolean
sq_model_correction_is_empty (const SqModelCorrection *self)
{
  return self->family == NULL && !self->has_input;
}

void
sq_model_correction_save (const SqModelCorrection *self, GSettings *settings, const char *id)
{
  g_autoptr (GVariant) all = g_settings_get_value (settings, KEY);
  GVariantDict dict, entry;

  g_variant_dict_init (&dict, NULL);
  {
    GVariantIter iter;
    const char *key;
    GVariant *value;

    // The key's type is a{sa{sv}}: carried as a{sv} here and rebuilt below.
    g_variant_iter_init (&iter, all);
    while (g_variant_iter_next (&iter, "{&s@a{sv}}", &key, &value))
      {
        if (g_strcmp0 (key, id) != 0)
          g_variant_dict_insert_value (&dict, key, value);
        g_variant_unref (value);
      }
  }
  if (!sq_model_correction_is_empty (self))
    {
      const SqInputSpec *in = &self->input;

      g_variant_dict_init (&entry, NULL);
      if (self->family != NULL)
        g_variant_dict_insert (&entry, "family", "s", self->family);
      if (self->has_input)
        g_variant_dict_insert (&entry, "input", "(iiiibby(ddd)(ddd))", in->width, in->height, (gint32) in->fit, (gint32) in->resample,
                               in->round_to_int, in->bgr, in->pad, (double) in->mean[0], (double) in->mean[1], (double) in->mean[2],
                               (double) in->scale[0], (double) in->scale[1], (double) in->scale[2]);
      g_variant_dict_insert_value (&dict, id, g_variant_dict_end (&entry));
    }
  {
    g_autoptr (GVariant) flat = g_variant_ref_sink (g_variant_dict_end (&dict));
    GVariantBuilder builder;
    GVariantIter iter;
    const char *key;
    GVariant *value;

    g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{sa{sv}}"));
    g_variant_iter_init (&iter, flat);
    while (g_variant_iter_next (&iter, "{&sv}", &key, &value))
      {
        g_variant_builder_add (&builder, "{s@a{sv}}", key, value);
        g_variant_unref (value);
      }
    g_settings_set_value (settings, KEY, g_variant_builder_end (&builder));
  }
}

SqModelOptions
sq_model_correction_get_options (const SqModelCorrection *self)
{
  return (SqModelOptions){
    .family = self->family,
    .input = self->has_input ? &self->input : NULL,
    .width = self->has_input ? self->input.width : 0,
    .height = self->has_input ? self->input.height : 0,
  };
}

void
sq_model_correction_free (SqModelCorrection *self)
{
  g_free (self->family);
  g_free (self);
}
