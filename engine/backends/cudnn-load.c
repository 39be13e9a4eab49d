// SPDX-License-Identifier: GPL-3.0-or-later
// Opening libcudnn. It opens its own parts by name and calls abort() where one of them lacks a library, so they are tried first.
#include "cudnn-private.h"

#include <dlfcn.h>

#define OLDEST 90000

static SqCudnn cudnn;
static GError *problem;
static int version;

const SqCudnn *
_sq_cudnn (void)
{
  return &cudnn;
}

// dlerror's text begins with the name of what is missing: "libcublasLt.so.13: cannot open shared object file".
static char *
missing_name (const char *fallback)
{
  const char *text = dlerror ();
  const char *colon = text != NULL ? strchr (text, ':') : NULL;

  return colon != NULL ? g_strndup (text, colon - text) : g_strdup (fallback);
}

static gboolean
open_parts (GError **error)
{
  static const char *const needed[] = { "libcudnn_graph.so.9", "libcudnn_engines_runtime_compiled.so.9" };
  g_autofree char *name = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (needed); i++)
    if (dlopen (needed[i], RTLD_LAZY | RTLD_GLOBAL) == NULL)
      {
        name = missing_name (needed[i]);
        g_set_error (error, SQ_ERROR, SQ_ERROR_NO_DEVICE, "cuDNN is incomplete, %s cannot be opened: install the whole package libcudnn9.",
                     name);
        return FALSE;
      }
  return TRUE;
}

// Not needed; but where it is, cuDNN uses it, and dies of a missing libcublasLt, whose number is that of its CUDA.
static gboolean
check_precompiled (GError **error)
{
  g_autofree char *blas = g_strdup_printf ("libcublasLt.so.%d", (int) (cudnn.GetCudartVersion () / 1000)), *name = NULL;

  if (dlopen ("libcudnn_engines_precompiled.so.9", RTLD_LAZY | RTLD_GLOBAL) == NULL || dlopen (blas, RTLD_LAZY | RTLD_GLOBAL) != NULL)
    return TRUE;
  name = missing_name (blas);
  g_set_error (error, SQ_ERROR, SQ_ERROR_NO_DEVICE,
               "cuDNN's precompiled engines need %s, which cannot be opened: install libcublas, or remove libcudnn_engines_precompiled.",
               name);
  return FALSE;
}

static gboolean
load (GError **error)
{
  void *library = dlopen ("libcudnn.so.9", RTLD_LAZY | RTLD_GLOBAL);
  g_autofree char *name = NULL;

  if (library == NULL)
    {
      name = missing_name ("libcudnn.so.9");
      g_set_error (error, SQ_ERROR, SQ_ERROR_NO_DEVICE, "%s cannot be opened: install cuDNN 9 (package libcudnn9) to use the GPU.", name);
      return FALSE;
    }
#define F(name) cudnn.name = (__typeof__ (cudnn.name)) dlsym (library, "cudnn" #name);
  SQ_CUDNN_FUNCTIONS (F)
#undef F
#define F(name) || cudnn.name == NULL
  if (FALSE SQ_CUDNN_FUNCTIONS (F))
#undef F
    {
      g_set_error_literal (error, SQ_ERROR, SQ_ERROR_NO_DEVICE,
                           "The libcudnn.so.9 found is not cuDNN 9: install cuDNN 9 (package libcudnn9) to use the GPU.");
      return FALSE;
    }
  if (!open_parts (error)) // before the first call: it would look for them itself, and abort
    return FALSE;
  version = (int) cudnn.GetVersion ();
  if (version < OLDEST)
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_NO_DEVICE,
                   "The cuDNN found is version %d, Squint needs 9.0 or newer: update the package libcudnn9.", version);
      version = 0;
      return FALSE;
    }
  if (!check_precompiled (error))
    {
      version = 0;
      return FALSE;
    }
  return TRUE;
}

gboolean
_sq_cudnn_load (GError **error)
{
  static gsize once;

  if (g_once_init_enter (&once))
    {
      load (&problem);
      g_once_init_leave (&once, 1);
    }
  if (problem != NULL && error != NULL)
    *error = g_error_copy (problem);
  return problem == NULL;
}

int
_sq_cudnn_version (void)
{
  return _sq_cudnn_load (NULL) ? version : 0;
}
