// SPDX-License-Identifier: GPL-3.0-or-later
// Built plans on disk, one file per network, device, cuDNN and driver: a file of another key is never looked at, a damaged one is built
// anew. Lanes of the same network share what the first has built.
#include "cuda-private.h"

#include <gio/gio.h>
#include <glib/gstdio.h>

#define MAX_FILE (256 << 20)
#define FORMAT "squint plans 1"
#define TYPE "(ssa{ss})" // format, checksum of the rest, key -> plan

struct _CudaCache
{
  char *path;        // NULL: kept in memory only
  GHashTable *plans; // key -> text; owned by `open`
  gboolean changed;
};

static GMutex lock;
static GHashTable *open_caches; // name of the file -> plans, for the life of the process

static char *
conv_key (const SqGpuConv *conv)
{
  const SqCudaConv *p = &conv->conv;
  GString *s = g_string_new (NULL);
  const SqCudaMap *maps[] = { &p->x, &p->y, conv->residual ? &p->residual : NULL };

  for (guint i = 0; i < G_N_ELEMENTS (maps); i++)
    if (maps[i] != NULL)
      g_string_append_printf (s, "%d:%d,%d,%d,%d:%" G_GINT64_FORMAT ",%" G_GINT64_FORMAT ",%" G_GINT64_FORMAT ":%d,%a,%d ", maps[i]->type,
                              maps[i]->n, maps[i]->h, maps[i]->w, maps[i]->c, maps[i]->image, maps[i]->row, maps[i]->pixel,
                              (int) ((gsize) maps[i]->data & 15), (double) maps[i]->scale, maps[i]->zero);
  g_string_append_printf (s, "k%d,%d s%d,%d d%d,%d p%d,%d,%d,%d g%d a%d,%a,%a b%d", p->kernel[0], p->kernel[1], p->stride[0], p->stride[1],
                          p->dilation[0], p->dilation[1], p->pad[0], p->pad[1], p->pad[2], p->pad[3], p->groups, p->act.kind,
                          (double) p->act.a, (double) p->act.b, conv->bias);
  return g_string_free (s, FALSE);
}

// Of everything a plan depends on.
static char *
file_name (const CudaExec *self)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree char *dump = sq_graph_dump (self->graph), *rest = NULL;
  const SqGpuProperties *p = &self->properties;

  rest = g_strdup_printf ("%s|%s|%d.%d|%d|%d|%d|%d|%d|%d", FORMAT, p->name, p->major, p->minor, p->driver, self->api->dnn_version (),
                          self->batch, self->real, self->whole, self->fp8);
  g_checksum_update (sum, (const guchar *) dump, -1);
  g_checksum_update (sum, (const guchar *) rest, -1);
  return g_strdup_printf ("%s.plans", g_checksum_get_string (sum));
}

// cuDNN trusts what it is given, so nothing damaged may reach it.
static char *
checksum (GVariant *list)
{
  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, g_variant_get_data (list), g_variant_get_size (list));
}

static void
read_file (const char *path, GHashTable *plans)
{
  g_autoptr (GMappedFile) map = g_mapped_file_new (path, FALSE, NULL);
  g_autoptr (GVariant) whole = NULL, list = NULL;
  g_autoptr (GBytes) bytes = NULL;
  const char *format, *sum, *key, *text;
  g_autofree char *real = NULL;
  GVariantIter iter;

  if (map == NULL || g_mapped_file_get_length (map) > MAX_FILE)
    return;
  bytes = g_mapped_file_get_bytes (map);
  whole = g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE (TYPE), bytes, FALSE));
  if (!g_variant_is_normal_form (whole))
    return;
  g_variant_get (whole, "(&s&s@a{ss})", &format, &sum, &list);
  real = checksum (list);
  if (!g_str_equal (format, FORMAT) || !g_str_equal (sum, real))
    return;
  g_variant_iter_init (&iter, list);
  while (g_variant_iter_next (&iter, "{&s&s}", &key, &text))
    g_hash_table_insert (plans, g_strdup (key), g_strdup (text));
}

struct _CudaCache *
_sq_cuda_cache_open (CudaExec *self)
{
  struct _CudaCache *cache = g_new0 (struct _CudaCache, 1);
  g_autofree char *name = file_name (self);
  const char *folder = self->options.cache_folder;

  g_mutex_lock (&lock);
  if (open_caches == NULL)
    open_caches = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_hash_table_unref);
  if (folder != NULL)
    cache->path = g_build_filename (folder, name, NULL);
  cache->plans = g_hash_table_lookup (open_caches, cache->path != NULL ? cache->path : name);
  if (cache->plans == NULL)
    {
      cache->plans = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
      if (cache->path != NULL)
        read_file (cache->path, cache->plans);
      g_hash_table_insert (open_caches, g_strdup (cache->path != NULL ? cache->path : name), cache->plans);
    }
  g_mutex_unlock (&lock);
  return cache;
}

const char *
_sq_cuda_cache_get (struct _CudaCache *self, const SqGpuConv *conv, char **key)
{
  const char *text;

  *key = conv_key (conv);
  g_mutex_lock (&lock);
  text = g_hash_table_lookup (self->plans, *key);
  g_mutex_unlock (&lock);
  return text; // never replaced, so it stays
}

void
_sq_cuda_cache_put (struct _CudaCache *self, const char *key, char *plan)
{
  if (plan == NULL)
    return;
  g_mutex_lock (&lock);
  if (g_hash_table_contains (self->plans, key))
    g_free (plan);
  else
    {
      g_hash_table_insert (self->plans, g_strdup (key), plan);
      self->changed = TRUE;
    }
  g_mutex_unlock (&lock);
}

// Aside and renamed, as everything that must not be found half written. A full disk only costs the next start its time.
static void
write_file (struct _CudaCache *self)
{
  GVariantBuilder builder;
  GHashTableIter iter;
  gpointer key, text;
  g_autoptr (GVariant) list = NULL, whole = NULL;
  g_autofree char *sum = NULL, *folder = g_path_get_dirname (self->path);

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{ss}"));
  g_hash_table_iter_init (&iter, self->plans);
  while (g_hash_table_iter_next (&iter, &key, &text))
    g_variant_builder_add (&builder, "{ss}", key, text);
  list = g_variant_ref_sink (g_variant_builder_end (&builder));
  sum = checksum (list);
  whole = g_variant_ref_sink (g_variant_new ("(ss@a{ss})", FORMAT, sum, list));
  if (g_variant_get_size (whole) <= MAX_FILE && g_mkdir_with_parents (folder, 0700) == 0)
    g_file_set_contents (self->path, g_variant_get_data (whole), (gssize) g_variant_get_size (whole), NULL);
}

void
_sq_cuda_cache_forget (void)
{
  g_mutex_lock (&lock);
  g_clear_pointer (&open_caches, g_hash_table_unref);
  g_mutex_unlock (&lock);
}

void
_sq_cuda_cache_close (struct _CudaCache *self)
{
  g_mutex_lock (&lock);
  if (self->changed && self->path != NULL)
    write_file (self);
  g_mutex_unlock (&lock);
  g_free (self->path);
  g_free (self);
}
