// SPDX-License-Identifier: GPL-3.0-or-later
// The CUDA kernels' launches, as plain C: one table, filled by nvcc's build of the .cu files, or by the tests' build of the same files for
// the CPU (tests/emulation).
//
// Shape:  activations are N H W C; strides are in elements, so that a map may be a slice of a wider one or have a border around it
// Units:  S8 holds q; the number meant is scale (q - zero). E4M3 holds an 8-bit float q; the number meant is scale q
// Thread: any; a launch is queued on `stream` and returns at once with CUDA's error code (0 = done)
// Owner:  all pointers are the device's; nothing is allocated
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C"
{
#endif

#define SQ_CUDA_RANK 6

  typedef enum
  {
    SQ_CUDA_F32,
    SQ_CUDA_F16,
    SQ_CUDA_S8,
    SQ_CUDA_I64, // element-wise only, as indices
    SQ_CUDA_I32,
    SQ_CUDA_U8,   // also booleans
    SQ_CUDA_E4M3, // 8-bit float: 4 bits of exponent, 3 of mantissa, up to 448, saturating; no infinity (OCP 8-bit floating point)
  } SqCudaType;

  // kind, a, b are those of SqAct (engine/ops/params.h), by number: up to SQ_ACT_NOT.
  typedef struct
  {
    int kind;
    float a, b;
  } SqCudaAct;

  // A picture of n x h x w x c.
  typedef struct
  {
    void *data; // of (0, 0, 0, 0)
    SqCudaType type;
    int n, h, w, c;
    int64_t image, row, pixel; // elements from one to the next; channels are neighbours
    float scale;
    int zero;
  } SqCudaMap;

  // Any array, walked in the order of the launch's dims.
  typedef struct
  {
    void *data;
    SqCudaType type;
    int64_t stride[SQ_CUDA_RANK]; // elements; 0 repeats
    float scale;
    int zero;
  } SqCudaView;

  // out = act (a op b), b's data NULL = act (a). Converts, copies, quantises, permutes, repeats (strides 0), takes slices, writes into
  // slices. kind of `op` is SqBinaryKind's (params.h) by number. Integer types are exact where all three are integers.
  typedef struct
  {
    int64_t dim[SQ_CUDA_RANK]; // innermost last, 1 where unused
    SqCudaView out, a, b;
    int op;
    SqCudaAct act;
  } SqCudaElementwise;

  // y = requantise (act (conv (x, w) + bias) + residual). Weights K R S C/groups in x's type (S8: symmetric; S8, E4M3: `weight_scale` per
  // output channel), sums in float (S8: int32). Outside of x counts as 0 (S8: as x.zero). Our kernels read no E4M3 x: that is cuDNN's.
  typedef struct
  {
    SqCudaMap x, y, residual; // residual.data NULL: none
    const void *weights;
    const float *bias, *weight_scale; // per output channel; bias may be NULL
    int kernel[2], stride[2], dilation[2], pad[4];
    int groups;
    SqCudaAct act;
  } SqCudaConv;

  typedef struct
  {
    SqCudaMap x, y;
    int average, count_pad;
    int kernel[2], stride[2], dilation[2], pad[4];
  } SqCudaPool;

  // coords and rounding as SqParams.resize.
  typedef struct
  {
    SqCudaMap x, y;
    int linear, floor, coords;
    float scale_y, scale_x;
  } SqCudaResize;

  // softmax over the middle of outer x n x inner, each with its stride.
  typedef struct
  {
    int64_t outer, n, inner;
    int64_t outer_stride, n_stride, inner_stride; // of both, elements
    const void *x;
    void *y;
    SqCudaType type; // F32, F16
  } SqCudaSoftmax;

  // y[b] = x[b] w[b], batches with strides (0 repeats), rows packed in the inner dimension; float sums.
  typedef struct
  {
    int batch, m, n, k;
    const void *x, *w;
    void *y;
    int64_t x_batch, x_row, x_column, w_batch, w_row, w_column, y_batch, y_row; // elements
    SqCudaType type;                                                            // F32, F16
  } SqCudaMatmul;

  // out[outer][inner] = reduce over n, kind is SqReduceKind's by number.
  typedef struct
  {
    int64_t outer, n, inner; // packed
    const void *x;
    void *y;
    SqCudaType type; // F32, F16
    int kind;
  } SqCudaReduce;

  typedef enum
  {
    SQ_CUDA_RGB24,
    SQ_CUDA_NV12, // 4:2:0, chroma interleaved; width and height of luma
  } SqCudaPixels;

  // Picture -> one image of the network's input: colour, scale, pad, channel order, normalise, layout, quantise. The arithmetic is
  // kernels/resample.c's, to the bit for RGB24 into F32.
  typedef struct
  {
    const uint8_t *pixels, *chroma; // chroma: NV12 only
    SqCudaPixels format;
    int src_width, src_height;         // px
    int64_t src_stride, chroma_stride; // bytes
    int full_range;                    // NV12: 0..255 luma
    int matrix;                        // NV12: 601, 709 or 2020
    int left, top, width, height;      // px: where the scaled picture lies in the input
    int area, bgr;
    uint8_t pad;
    float mean[3], scale[3];
    SqCudaType type; // of out
    void *out;       // (0, 0, 0)
    int out_width, out_height;
    int64_t channel, row, pixel; // strides of out, elements: planar and interleaved alike
    float out_scale;             // S8
    int out_zero;
  } SqCudaLetterbox;

  // One detection before NMS, px of the network's input.
  typedef struct
  {
    float x1, y1, x2, y2, score;
    int32_t class_id;
  } SqCudaBox;

  typedef enum
  {
    SQ_CUDA_BOX_CENTRE,   // cx cy w h, px
    SQ_CUDA_BOX_CORNERS,  // x1 y1 x2 y2, px
    SQ_CUDA_BOX_GRID,     // (xy + cell) stride, exp (wh) stride (YOLOX)
    SQ_CUDA_BOX_ANCHOR,   // (sigmoid (xy) scale_xy - (scale_xy - 1) / 2 + cell) stride, exp (wh) anchor (darknet, YOLOv2..v4)
    SQ_CUDA_BOX_ANCHOR_2, // the same xy, (2 sigmoid (wh))^2 anchor (YOLOv5, v7, new_coords)
    SQ_CUDA_BOX_BINS,     // distances to the four sides, each the expectation over `bins` logits, times the stride (NanoDet)
  } SqCudaBoxKind;

  // One output map (or one level of it): `cells` places of grid_width columns, `anchors` boxes each. Element f of anchor a of cell i lies
  // at data[i * cell + a * anchor + f * field].
  typedef struct
  {
    const void *boxes, *objectness, *classes; // each at its field 0; objectness NULL: none
    SqCudaType type;                          // F32, F16
    int64_t box_cell, box_anchor, box_field, objectness_cell, objectness_anchor, class_cell, class_anchor, class_field;
    int cells, grid_width, anchors, n_classes;
    SqCudaBoxKind kind;
    int bins;
    int box_squashed, objectness_squashed, classes_squashed; // sigmoid is done
    int best_class_only;                                     // one box per anchor
    int class_softmax;                                       // over the classes (YOLOv2 region)
    float stride_x, stride_y, scale_xy, centre;              // centre: offset of a cell's centre in cells (BINS)
    float anchor_size[8][2];                                 // px of the network's input
    float floor;                                             // score = objectness * class
    SqCudaBox *out;                                          // room for `capacity`
    uint32_t *count;                                         // appended to; may pass capacity: the rest is lost
    uint32_t capacity;
  } SqCudaHead;

  // Where a head lies among a network's outputs, packed in their own order: boxes = the data of output `boxes` + box_at elements, and so
  // on.
  // Pointers, type, floor and room in `head` are left to the caller.
  typedef struct
  {
    SqCudaHead head;
    int boxes, objectness, classes;          // outputs; objectness -1: none
    int64_t box_at, objectness_at, class_at; // elements
  } SqCudaOutputHead;

  // The `keep` best of *count boxes, best first (ties: lower class, then lower x1, y1), into `out`; *out_count = how many.
  typedef struct
  {
    const SqCudaBox *boxes;
    const uint32_t *count;
    uint32_t capacity; // of boxes
    SqCudaBox *out;
    uint32_t *out_count;
    uint32_t keep; // at most 4096
    void *scratch; // scratch_bytes of topk_scratch (capacity)
  } SqCudaTopk;

  // Where a picture lies in the network's input: px there = px of the picture x scale + offset.
  typedef struct
  {
    float scale_x, scale_y, offset_x, offset_y;
    float width, height; // px of the picture
  } SqCudaFrame;

  // Greedy, over boxes sorted best first; keeps at most `limit`, in order. With `frame` (the device's too) boxes are first brought into the
  // picture's px and cut to it, and those with no area left are dropped.
  typedef struct
  {
    const SqCudaFrame *frame; // NULL: boxes as they are
    const SqCudaBox *boxes;
    const uint32_t *count;
    uint32_t capacity; // at most 4096
    SqCudaBox *out;
    uint32_t *out_count;
    uint32_t limit;
    float iou;
    int class_agnostic;
    uint32_t *scratch; // capacity * ((capacity + 31) / 32) words
  } SqCudaNms;

  typedef struct
  {
    int (*elementwise) (const SqCudaElementwise *job, void *stream);
    int (*depthwise) (const SqCudaConv *job, void *stream);      // groups = channels of x and y
    int (*stem) (const SqCudaConv *job, void *stream);           // at most 4 channels, kernels up to 7 x 7, groups 1
    int (*conv) (const SqCudaConv *job, void *stream);           // any: what nothing better can do
    int (*conv_transpose) (const SqCudaConv *job, void *stream); // weights C R S K/groups; float types
    int (*pool) (const SqCudaPool *job, void *stream);
    int (*resize) (const SqCudaResize *job, void *stream);
    int (*softmax) (const SqCudaSoftmax *job, void *stream);
    int (*matmul) (const SqCudaMatmul *job, void *stream);
    int (*reduce) (const SqCudaReduce *job, void *stream);
    int (*letterbox) (const SqCudaLetterbox *job, void *stream);
    int (*head) (const SqCudaHead *job, void *stream);
    uint64_t (*topk_scratch) (uint32_t capacity);
    int (*topk) (const SqCudaTopk *job, void *stream);
    int (*nms) (const SqCudaNms *job, void *stream);
  } SqCudaKernels;

  const SqCudaKernels *sq_cuda_kernels (void);          // nvcc's
  const SqCudaKernels *sq_cuda_kernels_emulated (void); // tests only

#ifdef __cplusplus
}
#endif
