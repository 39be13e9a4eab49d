// SPDX-License-Identifier: GPL-3.0-or-later
// A model family: how to recognise it, what its input wants, what its outputs mean. One `const SqFamily sq_family_NAME` per file in this
// folder.
//
// To add one: a file here, its word in meson.build, a line in tests/families.
#pragma once

#include "engine/formats/format.h"
#include "engine/model.h"
#include "engine/run/result.h"
#include "kernels/cuda/cuda.h"

G_BEGIN_DECLS

struct _SqFamily
{
  const char *id;    // "yolox"
  const char *title; // "YOLOX"
  gboolean nms_done; // the network leaves one box per object

  // How sure: 0 no, 1 the shapes would fit (asked for by name only), 2 nothing else looks like this, 3 the file says so.
  int (*probe) (const SqImport *import);

  // Sets model->input (size is set already), n_classes and family_data. FALSE where the outputs do not fit the family.
  gboolean (*setup) (SqModel *model, const SqImport *import, GError **error);

  // Appends SqDetection in px of the network's input, scores >= floor, any order. Boxes are whatever the network says, also outside or NaN.
  void (*decode) (const SqModel *model, SqTensor *const *outputs, float floor, GArray *candidates);

  // The same, as a description for a device: fills at most `max` and returns how many; 0 (or the slot NULL) where only decode can do it.
  guint (*heads) (const SqModel *model, SqCudaOutputHead *heads, guint max);

  // NULL, or: what a written file must say besides shapes so that setup finds it again; `key` gets its metadata key. The caller frees.
  char *(*save) (const SqModel *model, const char **key);
};

#define SQ_FAMILY(name) extern const SqFamily sq_family_##name;
#include "engine/families/family-list.h"
#undef SQ_FAMILY

const SqFamily *sq_family_find (const char *id);

// The surest probe of at least 2; NULL where nothing is sure.
const SqFamily *sq_family_guess (const SqImport *import);

// --- shared by families
// -------------------------------------------------------------------------------------------------------------------------------

#define SQ_SPEC_RGB_LETTERBOX .fit = SQ_FIT_LETTERBOX, .round_to_int = TRUE, .pad = 114, .scale = { 1 / 255.f, 1 / 255.f, 1 / 255.f }

const SqShape *_sq_family_output (const SqImport *import, guint i);
const char *_sq_family_metadata (const SqImport *import, const char *key);

// Cells of one anchor over the strides 8, 16, 32 (or 16, 32 / 8..64): does `n` boxes fit the input with `anchors` boxes per cell?
gboolean _sq_family_grid (const SqImport *import, gint64 n, int anchors, int *first_stride, int *levels);

// What makes output `i`, looking back through operators that only move numbers.
typedef enum
{
  SQ_MADE_BY_OTHER,
  SQ_MADE_BY_CONV,       // raw
  SQ_MADE_BY_SIGMOID,    // squashed, not decoded
  SQ_MADE_BY_ARITHMETIC, // decoded
} SqMadeBy;
SqMadeBy _sq_family_made_by (const SqImport *import, guint i);

static inline float
_sq_sigmoid (float x)
{
  return 1 / (1 + __builtin_expf (-x));
}

void _sq_family_add (GArray *candidates, float cx, float cy, float w, float h, float score, int class_id);
const SqShape *_sq_family_shape (const SqModel *model, guint i); // of output i
gboolean _sq_family_misfit (GError **error, const SqModel *model, const char *wanted);

// Rows of [cx cy w h objectness classes...], decoded by the network: what YOLOv5, YOLOv6, YOLOv7 --grid and decoded YOLOX share.
gboolean _sq_family_rows_setup (SqModel *model, const SqImport *import, GError **error);
void _sq_family_rows_decode (const SqModel *model, SqTensor *const *outputs, float floor, GArray *candidates);
guint _sq_family_rows_heads (const SqModel *model, SqCudaOutputHead *heads, guint max);

// `cells` rows of [4 box numbers, objectness, classes...] from element `at` of output 0: all but the kind of box.
SqCudaOutputHead _sq_family_rows_head (const SqModel *model, gint64 at, int cells);

G_END_DECLS
