// SPDX-License-Identifier: GPL-3.0-or-later
// How far a long job is, and whether it is still wanted.
#pragma once

#include "engine/error.h"
#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct
{
  GCancellable *cancellable;                                         // or NULL
  void (*report) (double fraction, const char *what, gpointer data); // or NULL; `what` for people, static
  gpointer data;
  double from, to; // the part of the whole that is running now, 0..1
} SqRecipeProgress;

// `done` 0..1 of the running part. FALSE with SQ_ERROR_CANCELLED where it should stop.
static inline gboolean
_sq_recipe_progress (const SqRecipeProgress *self, double done, const char *what, GError **error)
{
  if (g_cancellable_is_cancelled (self->cancellable))
    {
      g_set_error_literal (error, SQ_ERROR, SQ_ERROR_CANCELLED, "Compressing was cancelled; nothing was written.");
      return FALSE;
    }
  if (self->report != NULL)
    self->report (self->from + done * (self->to - self->from), what, self->data);
  return TRUE;
}

// The stretch from..to, 0..1, of what is running now.
static inline SqRecipeProgress
_sq_recipe_part (const SqRecipeProgress *whole, double from, double to)
{
  SqRecipeProgress part = *whole;

  part.from = whole->from + from * (whole->to - whole->from);
  part.to = whole->from + to * (whole->to - whole->from);
  return part;
}

G_END_DECLS
