// SPDX-License-Identifier: GPL-3.0-or-later
// The worker thread's side of SqCompressor.
#include "config.h"

#include "compressor-private.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>

#define SESSION "session:"
#define MOST_PICTURES 4096 // of a session, to choose from
#define MOST_FRAMES 512    // of a video: neighbours are alike
#define SHARE_OF_COMPRESSING .92

SqCompressWork *
_sq_compress_work_ref (SqCompressWork *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
work_clear (gpointer data)
{
  SqCompressWork *work = data;

  g_clear_object (&work->store);
  g_clear_object (&work->project);
  g_atomic_rc_box_release (work->progress);
  g_clear_pointer (&work->original, sq_model_unref);
  g_free (work->device);
  g_free (work->original_id);
  g_free (work->original_title);
  g_free (work->recipe);
  g_free (work->pictures);
  g_free (work->variant_id);
  g_free (work->variant_path);
}

void
_sq_compress_work_free (gpointer work)
{
  g_atomic_rc_box_release_full (work, work_clear);
}

static void
on_progress (double fraction, const char *what, gpointer data)
{
  SqCompressProgress *progress = data;

  g_atomic_pointer_set (&progress->step, what);
  g_atomic_int_set (&progress->permille, (int) (fraction * 1000));
}

static char *
make_session_folder (SqCompressWork *work, GCancellable *cancellable, GError **error)
{
  gint64 run = g_ascii_strtoll (work->pictures + strlen (SESSION), NULL, 10);

  if (work->project != NULL)
    return sq_run_pictures_make (work->project, run, MOST_PICTURES, MOST_FRAMES, cancellable, error);
  g_set_error_literal (error, SQ_ERROR, SQ_ERROR_IO, _ ("The project with that session is not open; choose a folder of pictures."));
  return NULL;
}

/* The work */

static SqInstalledModel *
find_installed (SqCompressWork *work, const char *id, GError **error)
{
  g_autoptr (GPtrArray) models = sq_model_store_list (work->store, error);

  for (guint i = 0; models != NULL && i < models->len; i++)
    if (g_str_equal (((SqInstalledModel *) models->pdata[i])->id, id))
      return g_ptr_array_steal_index (models, i);
  if (models != NULL)
    g_set_error (error, SQ_ERROR, SQ_ERROR_IO, _ ("“%s” is no longer among the models; make it again."), id);
  return NULL;
}

// FALSE only where it was cancelled: a device that cannot run it leaves the variant without a time.
static gboolean
measure_time (SqCompressWork *work, SqModel *model, GCancellable *cancellable, SqTimePair *pair, GError **error)
{
  on_progress (.96, N_ ("Timing against the original"), work->progress);
  if (sq_time_pair (work->original, model, work->device, work->seconds, cancellable, pair, error))
    return TRUE;
  pair->n = 0;
  return FALSE;
}

static SqVariant *
describe (SqCompressWork *work, const SqRecipe *recipe, const SqCompressed *compressed, const SqModel *model, const SqTimePair *pair)
{
  SqVariant *variant = sq_variant_new ();

  variant->original_id = g_strdup (work->original_id);
  variant->original_sha256 = g_strdup (work->original->sha256);
  variant->original_title = g_strdup (work->original_title);
  variant->level = g_strdup (recipe->id);
  variant->title = g_strdup (recipe->title);
  variant->pictures = g_strdup (work->pictures);
  variant->warning = g_strdup (compressed->warning);
  variant->made_s = g_get_real_time () / G_USEC_PER_SEC;
  variant->agreement = compressed->fidelity != NULL ? compressed->fidelity->agreement : -1;
  variant->flop = model->flop;
  variant->flop_ratio = work->original->flop > 0 ? model->flop / work->original->flop : 0;
  if (pair->n > 0)
    {
      SqVariantTime time = { g_strdup (work->device), pair->variant_ms, pair->original_ms };

      g_array_append_val (variant->times, time);
    }
  return variant;
}

// What was written is read again and measured, so that the store has only what runs.
static char *
keep (SqCompressWork *work, const SqRecipe *recipe, const SqCompressed *compressed, GCancellable *cancellable, GError **error)
{
  g_autofree char *path = sq_model_store_make_temporary (work->store, error);
  g_autoptr (SqModel) model = NULL;
  g_autoptr (SqVariant) variant = NULL;
  g_autoptr (GError) no_time = NULL;
  SqTimePair pair = { 0 };
  char *id = NULL;

  on_progress (SHARE_OF_COMPRESSING, N_ ("Writing"), work->progress);
  if (path != NULL && sq_compressed_write (compressed, path, error) && (model = sq_model_load (path, NULL, cancellable, error)) != NULL)
    {
      if (!measure_time (work, model, cancellable, &pair, &no_time) && g_cancellable_is_cancelled (cancellable))
        g_propagate_error (error, g_steal_pointer (&no_time));
      else
        {
          variant = describe (work, recipe, compressed, model, &pair);
          id = sq_model_store_add_variant (work->store, variant, path, cancellable, error);
        }
    }
  if (path != NULL)
    g_unlink (path);
  return id;
}

static char *
make (SqCompressWork *work, GCancellable *cancellable, GError **error)
{
  g_autoptr (SqRecipe) recipe = sq_recipe_parse (work->recipe, error);
  SqRecipeProgress progress = { cancellable, on_progress, work->progress, 0, SHARE_OF_COMPRESSING };
  gboolean session = work->pictures != NULL && g_str_has_prefix (work->pictures, SESSION);
  g_autoptr (SqCompressed) compressed = NULL;
  g_autofree char *folder = NULL;

  if (recipe == NULL)
    return NULL;
  if (session && (folder = make_session_folder (work, cancellable, error)) == NULL)
    return NULL;
  compressed = sq_compress (work->original, recipe, folder != NULL ? folder : work->pictures, &progress, error);
  if (folder != NULL)
    sq_remove_folder (folder);
  return compressed != NULL ? keep (work, recipe, compressed, cancellable, error) : NULL;
}

static char *
measure (SqCompressWork *work, GCancellable *cancellable, GError **error)
{
  g_autoptr (SqModel) model = sq_model_load (work->variant_path, NULL, cancellable, error);
  SqTimePair pair = { 0 };

  if (model == NULL || !measure_time (work, model, cancellable, &pair, error)
      || !sq_model_store_set_time (work->store, work->variant_id, work->device, pair.variant_ms, pair.original_ms, error))
    return NULL;
  return g_strdup (work->variant_id);
}

void
_sq_compress_work_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  SqCompressWork *work = data;
  GError *error = NULL;
  g_autofree char *id = work->variant_id != NULL ? measure (work, cancellable, &error) : make (work, cancellable, &error);
  SqInstalledModel *installed = NULL;

  // what was finished in the moment it was cancelled goes again
  if (id != NULL && work->variant_id == NULL && g_cancellable_is_cancelled (cancellable))
    {
      sq_model_store_remove (work->store, id, NULL);
      g_clear_pointer (&id, g_free);
      g_set_error_literal (&error, SQ_ERROR, SQ_ERROR_CANCELLED, "Compressing was cancelled; nothing was written.");
    }
  if (id != NULL)
    installed = find_installed (work, id, &error);
  if (installed != NULL)
    g_task_return_pointer (task, installed, (GDestroyNotify) sq_installed_model_free);
  else
    g_task_return_error (task, error);
}
