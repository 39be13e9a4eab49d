// SPDX-License-Identifier: GPL-3.0-or-later
// A model file becomes a graph plus what the file says about itself.
//
// Thread: any
// Blocks: file I/O
#pragma once

#include "engine/graph/graph.h"
#include <gio/gio.h>

G_BEGIN_DECLS

// A detection layer of a darknet cfg, in file order; one graph output each.
typedef struct
{
  gboolean region; // [region] (v2) instead of [yolo]
  int classes, n_anchors;
  float anchors[32][2]; // w, h: px of the network's input (yolo), cells (region)
  float scale_xy;
  gboolean new_coords;   // outputs are already through the logistic; w, h = (2 t)^2 anchor
  gboolean softmax;      // region
  gboolean exact_coords; // region: absolute
} SqDarknetHead;

typedef struct
{
  SqGraph *graph;
  const char *format;    // "ONNX", "darknet"
  GHashTable *metadata;  // string -> string
  GArray *heads;         // SqDarknetHead, darknet only
  gboolean letterbox;    // darknet: letter_box=1
  gboolean free_size;    // the file leaves the input's height and width open
  gboolean nms_left_out; // the file ends in its own NMS; the graph ends before it
  char *precision;
} SqImport;

// `width`, `height`: for files that leave them open, 0 = the file's metadata or 640. Errors: SQ_ERROR_IO, SQ_ERROR_BAD_MODEL,
// SQ_ERROR_UNSUPPORTED_OP, SQ_ERROR_OUT_OF_MEMORY; one sentence that names the file.
SqImport *sq_onnx_import (const char *path, int width, int height, GError **error);
SqImport *sq_darknet_import (const char *cfg_path, const char *weights_path, GError **error);
void sq_import_free (SqImport *self);

typedef struct
{
  gboolean half;        // weights as float16
  GHashTable *metadata; // string -> string, or NULL
} SqOnnxWriteOptions;

// An ONNX file (opset 17, IR 8) of standard operators. Constants with a grid become 8-bit weights, fake_quant a QuantizeLinear and
// DequantizeLinear pair. The same graph and options give the same bytes. The file appears when it is complete.
// Errors: SQ_ERROR_IO, SQ_ERROR_OUT_OF_MEMORY, SQ_ERROR_BAD_MODEL (what ONNX has no operator for).
gboolean sq_onnx_write (const SqGraph *graph, const SqOnnxWriteOptions *options, const char *path, GError **error);

// Metadata of files written here. Ultralytics' `names`, a Python dict literal, holds the class names.
#define SQ_KEY_FAMILY "squint.family"           // id of the family
#define SQ_KEY_INPUT "squint.input"             // how a picture becomes the input, see engine/model-metadata.c
#define SQ_KEY_HEADS "squint.heads"             // darknet's detection layers, see darknet-heads.c
#define SQ_KEY_RECIPE "squint.recipe"           // the recipe's text
#define SQ_KEY_CALIBRATION "squint.calibration" // how many pictures and the SHA-256 of their files
#define SQ_KEY_REPORT "squint.report"           // what compressing did, for people
#define SQ_KEY_FIDELITY "squint.fidelity"       // how faithful the result is, see recipe/fidelity.h

char *sq_darknet_heads_to_text (const GArray *heads);  // SqDarknetHead
GArray *sq_darknet_heads_from_text (const char *text); // NULL where it is none

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqImport, sq_import_free)

G_END_DECLS
