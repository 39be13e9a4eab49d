// SPDX-License-Identifier: GPL-3.0-or-later
// The models Squint can fetch: resources/catalogue.ini, a key file with one group per model.
//
// Owner:  refcounted, immutable
// Thread: any
// Errors: SQ_ERROR_FORMAT, SQ_ERROR_IO
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct
{
  char *name;   // file name in the store
  char *sha256; // lower-case hex
  guint64 size; // bytes
  char *url;    // pinned to a commit
} SqCatalogueFile;

typedef struct
{
  char *id;          // "yolox-nano"
  char *name;        // for people
  char *family;      // family id
  char *licence;     // SPDX id or the author's words
  char *upstream;    // project page
  char *note;        // "" when none
  int width, height; // px of the network's input
  guint n_classes;
  double ap;   // published AP .50:.95 on COCO val2017, -1 not published
  double ap50; // published AP .50, -1 not published
  gboolean is_default;
  GPtrArray *files; // SqCatalogueFile; the first is the one to load
  guint64 size;     // bytes, of all files
} SqCatalogueEntry;

typedef struct _SqCatalogue SqCatalogue;

// The built-in catalogue; never NULL.
SqCatalogue *sq_catalogue_get_default (void);
SqCatalogue *sq_catalogue_parse (const char *text, gssize length, GError **error);
SqCatalogue *sq_catalogue_ref (SqCatalogue *self);
void sq_catalogue_unref (SqCatalogue *self);

guint sq_catalogue_get_n_entries (SqCatalogue *self);
const SqCatalogueEntry *sq_catalogue_get_entry (SqCatalogue *self, guint i);
const SqCatalogueEntry *sq_catalogue_find (SqCatalogue *self, const char *id); // NULL when unknown
const SqCatalogueEntry *sq_catalogue_get_default_entry (SqCatalogue *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqCatalogue, sq_catalogue_unref)

G_END_DECLS
