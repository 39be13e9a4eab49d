// SPDX-License-Identifier: GPL-3.0-or-later
// A detector read from disk: graph + family + input spec + labels.
//
// Owner:  refcounted, immutable once loaded
// Thread: any
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _SqGraph SqGraph;
typedef struct _SqFamily SqFamily;

// How a picture becomes the network's input, exactly as the family's reference code does it.
typedef enum
{
  SQ_FIT_STRETCH,           // both sides scaled on their own
  SQ_FIT_LETTERBOX,         // aspect kept, centred, padded
  SQ_FIT_LETTERBOX_TOPLEFT, // aspect kept, at the origin, padded right and below
} SqFit;

typedef enum
{
  SQ_RESAMPLE_BILINEAR, // half-pixel centres, no antialiasing
  SQ_RESAMPLE_AREA,     // box average when shrinking, bilinear when growing
} SqResample;

typedef struct
{
  int width, height; // px of the network's input
  SqFit fit;
  SqResample resample;
  gboolean round_to_int;   // letterboxed size: round() (TRUE) or truncate (FALSE)
  gboolean bgr;            // channel order of the network's input
  guint8 pad;              // padding value, 0..255, before normalising
  float mean[3], scale[3]; // input = (pixel - mean) * scale, in network channel order
} SqInputSpec;

// What the user may correct; zero / NULL = as the file says.
typedef struct
{
  const char *family;        // family id, needed where the layout is unknown
  const char *const *labels; // class names
  int width, height;         // for networks with a free input size
  const SqInputSpec *input;  // full override
} SqModelOptions;

typedef struct
{
  char *path;         // absolute
  char *name;         // display name: file name without suffix
  char *sha256;       // of the file (cfg+weights: of both, in that order), lower-case hex
  guint64 file_size;  // bytes
  const char *format; // "ONNX", "darknet"
  const SqFamily *family;
  const char *family_id;    // stable id, e.g. "yolox"
  const char *family_title; // for people, e.g. "YOLOX"
  SqInputSpec input;
  char **labels; // NULL-terminated; "class 7" where unknown
  guint n_classes;
  gboolean labels_known;
  guint64 n_params;
  double flop;           // per picture
  gboolean nms_left_out; // the file ends in its own NMS, which is not run: the filters here act instead
  char *precision;       // "float32", "float16", "int8 (QDQ)", "int8 (dynamic)"
  SqGraph *graph;        // after import-time folding and fusion
  GHashTable *metadata;  // string -> string, as found in the file
  gpointer family_data;  // owned by the family (anchors, strides ...)
  GDestroyNotify family_data_free;
} SqModel;

// Reads .onnx, or .cfg with the .weights beside it (either may be named). Blocks (file I/O, import).
// Errors: SQ_ERROR_IO, SQ_ERROR_BAD_MODEL, SQ_ERROR_UNSUPPORTED_OP, SQ_ERROR_UNKNOWN_FAMILY, SQ_ERROR_CANCELLED.
SqModel *sq_model_load (const char *path, const SqModelOptions *options, GCancellable *cancellable, GError **error);

// The same detector with another graph: one that passes or compression made of `base`'s, its input maybe of another size. Not on disk: path
// and hash are the original's. Errors: SQ_ERROR_BAD_MODEL where the outputs no longer fit the family.
SqModel *sq_model_derive (const SqModel *base, const SqGraph *graph, GError **error);
SqModel *sq_model_ref (SqModel *self);
void sq_model_unref (SqModel *self);

// NULL-terminated list of family ids for a "which family is this?" question; title for people.
const char *const *sq_model_family_ids (void);
const char *sq_model_family_title (const char *id);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqModel, sq_model_unref)

G_END_DECLS
