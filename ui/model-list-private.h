// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model-list.h"

G_BEGIN_DECLS

struct _SqModelList
{
  GObject parent_instance;

  SqModelStore *store;
  GSettings *settings;
  GPtrArray *entries; // SqModelEntry
  GCancellable *cancellable;
  gboolean ready;
  gboolean scanning, rescan;
  GPtrArray *waiting; // GTask of choices made before the store was read

  /* The model read last, so that the next run need not read it again */
  SqModel *cached;
  char *cached_key; // path and options
};

void _sq_model_list_scan (SqModelList *self);
void _sq_model_list_choose (GTask *task); // its data is the name
void _sq_model_list_options_changed (SqModelList *self, SqModelEntry *entry);

G_END_DECLS
