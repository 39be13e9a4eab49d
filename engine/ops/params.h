// SPDX-License-Identifier: GPL-3.0-or-later
// The static attributes of every operator.
#pragma once

#include "engine/graph/tensor.h"

G_BEGIN_DECLS

typedef enum
{
  SQ_ACT_NONE,
  SQ_ACT_RELU,
  SQ_ACT_LEAKY, // x < 0 ? a x : x
  SQ_ACT_CLIP,  // min (max (x, a), b)
  SQ_ACT_SIGMOID,
  SQ_ACT_SILU,        // x sigmoid (x)
  SQ_ACT_HARDSIGMOID, // clip (a x + b, 0, 1)
  SQ_ACT_HARDSWISH,   // x clip (x / 6 + 1/2, 0, 1)
  SQ_ACT_MISH,        // x tanh (ln (1 + e^x))
  SQ_ACT_TANH,
  SQ_ACT_SOFTPLUS,
  SQ_ACT_EXP,
  SQ_ACT_LOG,
  SQ_ACT_SQRT,
  SQ_ACT_ABS,
  SQ_ACT_NEG,
  SQ_ACT_FLOOR,
  SQ_ACT_CEIL,
  SQ_ACT_ROUND, // half to even
  SQ_ACT_RECIPROCAL,
  SQ_ACT_ERF,
  SQ_ACT_SIN,
  SQ_ACT_COS,
  SQ_ACT_NOT,
} SqActKind;

typedef struct
{
  SqActKind kind;
  float a, b;
} SqAct;

typedef enum
{
  SQ_BINARY_ADD,
  SQ_BINARY_SUB,
  SQ_BINARY_MUL,
  SQ_BINARY_DIV,
  SQ_BINARY_POW,
  SQ_BINARY_MIN,
  SQ_BINARY_MAX,
  SQ_BINARY_MOD,  // result takes the divisor's sign
  SQ_BINARY_FMOD, // result takes the dividend's sign
  SQ_BINARY_EQUAL,
  SQ_BINARY_LESS,
  SQ_BINARY_LESS_EQUAL,
  SQ_BINARY_GREATER,
  SQ_BINARY_GREATER_EQUAL,
  SQ_BINARY_AND,
  SQ_BINARY_OR,
} SqBinaryKind;

typedef enum
{
  SQ_REDUCE_SUM,
  SQ_REDUCE_MEAN,
  SQ_REDUCE_MAX,
  SQ_REDUCE_MIN,
} SqReduceKind;

typedef struct
{
  int kernel[2], stride[2], dilation[2]; // y, x
  int pad[4];                            // top, left, bottom, right
  int out_pad[2];                        // transposed only
  int groups;
  SqAct act; // y = act (conv + bias) + residual
} SqConvParams;

typedef struct
{
  gboolean average;
  gboolean count_pad; // average over padding too
  gboolean ceil;      // partial windows at the end count
  int kernel[2], stride[2], dilation[2], pad[4];
} SqPoolParams;

typedef union
{
  SqConvParams conv;
  SqPoolParams pool;
  SqAct act;
  SqBinaryKind binary;
  struct
  {
    int axis;
  } axis; // concat, softmax, gather, gather_elements, quantisation
  struct
  {
    gint64 start[SQ_MAX_RANK], step[SQ_MAX_RANK], size[SQ_MAX_RANK]; // per dim of the input
  } slice;
  struct
  {
    SqShape shape;
  } reshape; // also expand, tile
  struct
  {
    int perm[SQ_MAX_RANK];
  } transpose;
  struct
  {
    gboolean linear;
    gboolean floor;    // nearest: floor (round_prefer_floor otherwise)
    int coords;        // 0 half_pixel, 1 asymmetric, 2 align_corners, 3 pytorch_half_pixel
    int height, width; // of the output
    float scale_y, scale_x;
  } resize;
  struct
  {
    SqReduceKind kind;
    guint axes; // bit per axis
    gboolean keep;
  } reduce;
  struct
  {
    gint64 k;
    int axis;
    gboolean largest;
  } topk;
  struct
  {
    gint64 before[SQ_MAX_RANK], after[SQ_MAX_RANK];
    float value;
    int mode; // 0 constant, 1 reflect, 2 edge
  } pad;
  struct
  {
    SqDType to;
  } cast;
  struct
  {
    float scale, zero; // of all; ignored where inputs hold one of each per channel
    float low, high;   // of the stored integer
  } fake_quant;
} SqParams;

G_END_DECLS
