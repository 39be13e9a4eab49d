// SPDX-License-Identifier: GPL-3.0-or-later
// A fidelity report as the key file that its variant carries, and as lines for people.
#include "fidelity.h"

#include <math.h>
#include <string.h>

#define GROUP "fidelity"
#define LAYERS "layers"
#define MAX_CLASSES 100000 // of what a stranger's file claims
#define MAX_LAYERS 100000

static const char *const sizes[SQ_N_SIZES] = { "small", "medium", "large" };
static const char *const precisions[] = { "int8", "half", "float32" };

// The numbers that are one key each.
#define NUMBERS(X)                                                                                                                         \
  X (agreement)                                                                                                                            \
  X (agreement50)                                                                                                                          \
  X (score_shift)                                                                                                                          \
  X (matching_threshold)                                                                                                                   \
  X (flop)                                                                                                                                 \
  X (original_flop)

static void
set_counts (GKeyFile *file, const char *key, const SqMatchCounts *counts)
{
  int n[SQ_N_MATCHES];

  for (int k = 0; k < SQ_N_MATCHES; k++)
    n[k] = (int) counts->n[k];
  g_key_file_set_integer_list (file, GROUP, key, n, SQ_N_MATCHES);
}

static gboolean
get_counts (GKeyFile *file, const char *key, SqMatchCounts *counts)
{
  gsize length = 0;
  g_autofree int *n = g_key_file_get_integer_list (file, GROUP, key, &length, NULL);

  if (n == NULL || length != SQ_N_MATCHES)
    return FALSE;
  for (int k = 0; k < SQ_N_MATCHES; k++)
    counts->n[k] = (guint) MAX (n[k], 0);
  return TRUE;
}

static gboolean
any (const SqMatchCounts *counts)
{
  static const SqMatchCounts none;

  return memcmp (counts, &none, sizeof none) != 0;
}

static void
set_layers (GKeyFile *file, const GArray *layers)
{
  g_autofree const char **names = g_new0 (const char *, layers->len), **kinds = g_new0 (const char *, layers->len);
  g_autofree double *damages = g_new0 (double, layers->len);

  for (guint i = 0; i < layers->len; i++)
    {
      const SqLayerDamage *layer = &g_array_index (layers, SqLayerDamage, i);

      names[i] = layer->name;
      kinds[i] = layer->precision;
      damages[i] = layer->damage;
    }
  g_key_file_set_string_list (file, LAYERS, "names", names, layers->len);
  g_key_file_set_string_list (file, LAYERS, "precisions", kinds, layers->len);
  g_key_file_set_double_list (file, LAYERS, "damages", damages, layers->len);
}

char *
sq_fidelity_to_text (const SqFidelity *self)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();

  g_key_file_set_integer (file, GROUP, "pictures", (int) self->n_pictures);
  g_key_file_set_integer (file, GROUP, "classes", (int) self->n_classes);
  g_key_file_set_uint64 (file, GROUP, "original_size", self->original_size);
  g_key_file_set_double (file, GROUP, "threshold", (double) self->threshold);
#define SET(name) g_key_file_set_double (file, GROUP, #name, self->name);
  NUMBERS (SET)
#undef SET
  g_key_file_set_double_list (file, GROUP, "agreement_size", (double *) self->agreement_size, SQ_N_SIZES);
  set_counts (file, "total", &self->total);
  for (int s = 0; s < SQ_N_SIZES; s++)
    set_counts (file, sizes[s], &self->by_size[s]);
  for (guint c = 0; c < self->n_classes; c++)
    if (any (&self->by_class[c]))
      {
        g_autofree char *key = g_strdup_printf ("class%u", c);

        set_counts (file, key, &self->by_class[c]);
      }
  if (self->layers->len > 0)
    set_layers (file, self->layers);
  return g_key_file_to_data (file, NULL, NULL);
}

static void
get_layers (GKeyFile *file, GArray *layers)
{
  gsize n_names = 0, n_kinds = 0, n_damages = 0;
  g_auto (GStrv) names = g_key_file_get_string_list (file, LAYERS, "names", &n_names, NULL);
  g_auto (GStrv) kinds = g_key_file_get_string_list (file, LAYERS, "precisions", &n_kinds, NULL);
  g_autofree double *damages = g_key_file_get_double_list (file, LAYERS, "damages", &n_damages, NULL);

  if (n_names != n_kinds || n_names != n_damages || n_names > MAX_LAYERS)
    return;
  for (gsize i = 0; i < n_names; i++)
    {
      SqLayerDamage layer = { .precision = precisions[G_N_ELEMENTS (precisions) - 1], .damage = isfinite (damages[i]) ? damages[i] : -1 };

      for (guint k = 0; k < G_N_ELEMENTS (precisions); k++)
        if (g_str_equal (kinds[i], precisions[k]))
          layer.precision = precisions[k];
      layer.name = g_strdup (names[i]);
      g_array_append_val (layers, layer);
    }
}

SqFidelity *
sq_fidelity_from_text (const char *text)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (SqFidelity) self = NULL;
  g_autofree double *by_size = NULL;
  gsize n_by_size = 0;
  int pictures, classes;
  gboolean finite = TRUE;

  if (!g_key_file_load_from_data (file, text, (gsize) -1, G_KEY_FILE_NONE, NULL))
    return NULL;
  pictures = g_key_file_get_integer (file, GROUP, "pictures", NULL);
  classes = g_key_file_get_integer (file, GROUP, "classes", NULL);
  if (pictures < 1 || classes < 1 || classes > MAX_CLASSES)
    return NULL;
  self = g_new0 (SqFidelity, 1);
  self->n_pictures = (guint) pictures;
  self->n_classes = (guint) classes;
  self->by_class = g_new0 (SqMatchCounts, self->n_classes);
  self->layers = g_array_new (FALSE, TRUE, sizeof (SqLayerDamage));
  g_array_set_clear_func (self->layers, sq_layer_damage_clear);
  self->original_size = g_key_file_get_uint64 (file, GROUP, "original_size", NULL);
  self->threshold = (float) g_key_file_get_double (file, GROUP, "threshold", NULL);
#define GET(name)                                                                                                                          \
  self->name = g_key_file_get_double (file, GROUP, #name, NULL);                                                                           \
  finite = finite && isfinite (self->name);
  NUMBERS (GET)
#undef GET
  by_size = g_key_file_get_double_list (file, GROUP, "agreement_size", &n_by_size, NULL);
  if (!finite || !isfinite (self->threshold) || n_by_size != SQ_N_SIZES || !get_counts (file, "total", &self->total))
    return NULL;
  for (int s = 0; s < SQ_N_SIZES; s++)
    {
      self->agreement_size[s] = isfinite (by_size[s]) ? by_size[s] : -1;
      get_counts (file, sizes[s], &self->by_size[s]);
    }
  for (guint c = 0; c < self->n_classes; c++)
    {
      g_autofree char *key = g_strdup_printf ("class%u", c);

      get_counts (file, key, &self->by_class[c]);
    }
  get_layers (file, self->layers);
  return g_steal_pointer (&self);
}

static void
describe_counts (GString *s, const char *name, double agreement, const SqMatchCounts *c)
{
  g_string_append_printf (s, "%-11s", name);
  if (agreement >= 0)
    g_string_append_printf (s, " %6.3f", agreement);
  else
    g_string_append_printf (s, " %6s", "-");
  g_string_append_printf (s, "%9u %7u %7u %7u %7u\n", c->n[SQ_MATCH_AGREED], c->n[SQ_MATCH_MOVED], c->n[SQ_MATCH_CLASS],
                          c->n[SQ_MATCH_LOST], c->n[SQ_MATCH_NEW]);
}

// Indices of the classes with the most differences, worst first.
static guint
worst_classes (const SqFidelity *self, guint *worst, guint max)
{
  guint n = 0;

  for (guint c = 0; c < self->n_classes; c++)
    {
      const SqMatchCounts *m = &self->by_class[c];
      guint bad = m->n[SQ_MATCH_LOST] + m->n[SQ_MATCH_NEW] + m->n[SQ_MATCH_CLASS], at = n;

      if (bad == 0)
        continue;
      for (; at > 0; at--)
        {
          const SqMatchCounts *o = &self->by_class[worst[at - 1]];

          if (o->n[SQ_MATCH_LOST] + o->n[SQ_MATCH_NEW] + o->n[SQ_MATCH_CLASS] >= bad)
            break;
          if (at < max)
            worst[at] = worst[at - 1];
        }
      if (at < max)
        worst[at] = c;
      n = MIN (n + 1, max);
    }
  return n;
}

#define N_WORST 5

char *
sq_fidelity_describe (const SqFidelity *self, char *const *labels)
{
  GString *s = g_string_new (NULL);
  guint worst[N_WORST], n_worst = worst_classes (self, worst, N_WORST), n_kind[G_N_ELEMENTS (precisions)] = { 0 };

  g_string_append_printf (s, "agreement   %.3f (AP against the original's boxes of at least %.2f on %u pictures; AP50 %.3f)\n",
                          self->agreement, (double) self->threshold, self->n_pictures, self->agreement50);
  g_string_append_printf (s, "scores      shifted by %+.3f; at %.2f the variant finds as many boxes as the original at %.2f\n",
                          self->score_shift, self->matching_threshold, (double) self->threshold);
  if (self->original_flop > 0)
    g_string_append_printf (s, "work        %.3f GFLOP per picture, %.0f %% of the original's\n", self->flop / 1e9,
                            100 * self->flop / self->original_flop);
  g_string_append_printf (s, "%-11s %6s %8s %7s %7s %7s %7s\n", "", "agree", "matched", "moved", "class", "lost", "new");
  describe_counts (s, "all", self->agreement, &self->total);
  for (int i = 0; i < SQ_N_SIZES; i++)
    describe_counts (s, sizes[i], self->agreement_size[i], &self->by_size[i]);
  for (guint i = 0; i < n_worst; i++)
    if (labels != NULL && worst[i] < g_strv_length ((char **) labels))
      describe_counts (s, labels[worst[i]], -1, &self->by_class[worst[i]]);
  for (guint i = 0; i < self->layers->len; i++)
    for (guint k = 0; k < G_N_ELEMENTS (precisions); k++)
      n_kind[k] += g_str_equal (g_array_index (self->layers, SqLayerDamage, i).precision, precisions[k]);
  for (guint k = 0; k < G_N_ELEMENTS (precisions); k++)
    if (n_kind[k] > 0)
      g_string_append_printf (s, "%-11s %u layers\n", precisions[k], n_kind[k]);
  return g_string_free (s, FALSE);
}
