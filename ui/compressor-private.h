// SPDX-License-Identifier: GPL-3.0-or-later
// What SqCompressor does on its worker thread.
#pragma once

#include "compressor.h"

G_BEGIN_DECLS

// Written by the worker, read by the main thread; atomic.
typedef struct
{
  int permille;
  const char *step; // static
} SqCompressProgress;

typedef struct
{
  SqModelStore *store;
  SqCompressProgress *progress;
  char *device;
  double seconds;
  char *original_id, *original_title;
  SqModel *original;

  /* To make a variant */
  char *recipe, *pictures;
  SqProject *project;

  /* To measure one that is there */
  char *variant_id, *variant_path;
} SqCompressWork;

SqCompressWork *_sq_compress_work_ref (SqCompressWork *self);
void _sq_compress_work_free (gpointer work);

// Returns the SqInstalledModel that was made or measured.
void _sq_compress_work_thread (GTask *task, gpointer source, gpointer work, GCancellable *cancellable);

G_END_DECLS
