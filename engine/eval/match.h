// SPDX-License-Identifier: GPL-3.0-or-later
// Two detectors' boxes on the same picture, told apart: what both see, what only one sees.
//
// Pairs are taken by falling IoU, first within a class, then what is left across classes.
//
// Units:  px
// Thread: any
#pragma once

#include "engine/run/result.h"

G_BEGIN_DECLS

#define SQ_MATCH_IOU .5f  // boxes that overlap less are different objects
#define SQ_AGREE_IOU .75f // of a pair: below, the box has moved

typedef enum
{
  SQ_MATCH_AGREED,
  SQ_MATCH_MOVED,
  SQ_MATCH_CLASS, // the same box, another class
  SQ_MATCH_LOST,  // A only
  SQ_MATCH_NEW,   // B only
  SQ_N_MATCHES,
} SqMatchKind;

typedef struct
{
  SqMatchKind kind;
  int a, b; // index into A's and B's boxes, -1 where there is none
  float iou;
} SqMatch;

// COCO's sizes of a box.
typedef enum
{
  SQ_SIZE_SMALL,  // under 32 x 32
  SQ_SIZE_MEDIUM, // up to 96 x 96
  SQ_SIZE_LARGE,
  SQ_N_SIZES,
} SqSize;

float sq_detection_iou (const SqDetection *a, const SqDetection *b);
SqSize sq_detection_size (const SqDetection *self);

// SqMatch (transfer full): A's boxes in their order, then what only B has. Every box is in one match.
GArray *sq_match (const SqDetection *a, guint n_a, const SqDetection *b, guint n_b);

G_END_DECLS
