// SPDX-License-Identifier: GPL-3.0-or-later
// How much of what a model sees a variant of it still sees, without labels: what the original detects is the reference. This is agreement,
// not accuracy: where the original is wrong, a faithful variant is wrong too.
//
// Units:  scores and agreements 0..1; agreement is -1 where the original saw nothing of that kind
// Owner:  sq_reference_free, sq_fidelity_free
// Thread: any; works with one thread per core
// Blocks: for one run of the network per picture
#pragma once

#include "calibration.h"
#include "engine/eval/match.h"

G_BEGIN_DECLS

#define SQ_FIDELITY_THRESHOLD .25f

typedef struct _SqReference SqReference;

typedef struct
{
  guint n[SQ_N_MATCHES]; // by SqMatchKind
} SqMatchCounts;

// One layer of a variant, in the network's order.
typedef struct
{
  char *name;
  const char *precision; // interned: "int8", "half", "float32"
  double damage;         // relative error of the network's outputs where this layer alone is changed; -1 not measured
} SqLayerDamage;

void sq_layer_damage_clear (gpointer layer); // for g_array_set_clear_func

typedef struct
{
  guint n_pictures;
  float threshold;                   // of the original's boxes, and of the variant's where they are counted
  double agreement;                  // COCO AP of the variant against the original's boxes
  double agreement50;                // at IoU .50
  double agreement_size[SQ_N_SIZES]; // small, medium, large
  SqMatchCounts total;               // at the threshold
  SqMatchCounts by_size[SQ_N_SIZES]; // by the original's box, new ones by the variant's
  SqMatchCounts *by_class;           // [n_classes]
  guint n_classes;
  double score_shift;          // mean over pairs, variant - original
  double matching_threshold;   // at which the variant finds as many boxes as the original at `threshold`
  double flop, original_flop;  // per picture
  guint64 size, original_size; // bytes; 0 not known yet
  GArray *layers;              // SqLayerDamage
} SqFidelity;

// What the original sees. `pictures` is borrowed for as long as the reference lives.
SqReference *sq_reference_new (SqModel *original, const SqCalibration *pictures, float threshold, const SqRecipeProgress *progress,
                               GError **error);
void sq_reference_free (SqReference *self);
guint sq_reference_n_boxes (const SqReference *self); // what there is to agree on

SqFidelity *sq_fidelity_measure (const SqReference *reference, SqModel *variant, const SqRecipeProgress *progress, GError **error);
void sq_fidelity_free (SqFidelity *self);

// For the variant's file; NULL where the text is none of ours.
char *sq_fidelity_to_text (const SqFidelity *self);
SqFidelity *sq_fidelity_from_text (const char *text);

// A few lines for people.
char *sq_fidelity_describe (const SqFidelity *self, char *const *labels);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqReference, sq_reference_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqFidelity, sq_fidelity_free)

G_END_DECLS
