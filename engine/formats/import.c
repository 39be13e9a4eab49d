// SPDX-License-Identifier: GPL-3.0-or-later
#include "format.h"

void
sq_import_free (SqImport *self)
{
  g_clear_pointer (&self->graph, sq_graph_free);
  g_clear_pointer (&self->metadata, g_hash_table_unref);
  g_clear_pointer (&self->heads, g_array_unref);
  g_free (self->precision);
  g_free (self);
}
