// SPDX-License-Identifier: GPL-3.0-or-later
// Tables of a project file and their migrations. Private to data/.
//
// Blocks: file I/O
// Errors: as SqStore; SQ_ERROR_FORMAT for another program's database or one written by a newer Squint
#pragma once

#include "store.h"

G_BEGIN_DECLS

#define SQ_SCHEMA_VERSION 3

// Checks that the file is ours and not newer than we are.
gboolean sq_schema_check (SqStore *store, const char *path, GError **error);

// Makes or brings the tables up to date; one transaction.
gboolean sq_schema_migrate (SqStore *store, GError **error);

// For a connection that must not migrate an older file: what that lacks is there all the same, empty, for this connection alone.
gboolean sq_schema_complete (SqStore *store, GError **error);

G_END_DECLS
