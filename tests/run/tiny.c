// SPDX-License-Identifier: GPL-3.0-or-later
#include "tiny.h"

#include "tests/media/make-media.h"
#include <string.h>

SqModel *
make_tiny_model (const char *folder)
{
  return make_tiny_model_of (folder, "tiny", 7, 32);
}

SqModel *
make_tiny_model_of (const char *folder, const char *name, guint32 seed, int side)
{
  static const char rest[] = "channels=3\n"
                             "[convolutional]\nfilters=8\nsize=3\nstride=2\npad=1\nactivation=leaky\n"
                             "[convolutional]\nfilters=8\nsize=3\nstride=1\npad=1\nactivation=leaky\n"
                             "[convolutional]\nfilters=8\nsize=3\nstride=1\npad=1\nactivation=leaky\n"
                             "[convolutional]\nfilters=18\nsize=1\nstride=1\nactivation=linear\n"
                             "[yolo]\nmask=0,1,2\nanchors=4,4,8,8,16,16\nclasses=1\nnum=3\n";
  gsize floats = 8 + 8 * 3 * 9 + 2 * (8 + 8 * 8 * 9) + 18 + 18 * 8, size = 20 + floats * sizeof (float);
  g_autofree guint8 *weights = g_malloc0 (size);
  g_autofree char *path = NULL, *weights_path = NULL, *cfg = g_strdup_printf ("[net]\nwidth=%d\nheight=%d\n%s", side, side, rest);
  g_autofree char *cfg_name = g_strconcat (name, ".cfg", NULL), *weights_name = g_strconcat (name, ".weights", NULL);
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  g_autoptr (GError) error = NULL;
  SqModel *loaded;

  weights[4] = 2; // version 0.2: 64-bit "seen"
  for (gsize i = 0; i < floats; i++)
    {
      float w = (float) g_rand_double_range (rand, -.5, .5);

      memcpy (weights + 20 + i * sizeof w, &w, sizeof w);
    }
  path = make_file (folder, cfg_name, cfg, strlen (cfg));
  weights_path = make_file (folder, weights_name, weights, size);
  loaded = sq_model_load (path, NULL, NULL, &error);
  g_assert_no_error (error);
  return loaded;
}
