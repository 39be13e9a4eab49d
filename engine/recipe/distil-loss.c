// SPDX-License-Identifier: GPL-3.0-or-later
#include "distil-loss.h"

#include "engine/ops/op.h"
#include <math.h>

#define FLOOR .02f // weight of a place where the teacher sees nothing
#define MAX_ANCHORS 9
#define HINT 5.     // of a layer's mean relative error against the heads'
#define SQUARED .5f // of box errors against those of scores

static const SqNode *
head_node (const SqTape *tape, guint h)
{
  return sq_graph_node (tape->plan->graph, g_array_index (tape->plan->heads, guint, h));
}

static const SqTensor *
head_of (const SqTape *tape, guint h)
{
  return tape->before[g_array_index (tape->plan->heads, guint, h)];
}

static float
squash (float x)
{
  return 1 / (1 + expf (-x));
}

// log (1 + e^x)
static float
soft (float x)
{
  return x > 15 ? x : x < -15 ? 0 : log1pf (expf (x));
}

// Kullback-Leibler divergence of one probability, and its slope.
static double
score (float s, float t, float weight, float *slope)
{
  float p = squash (s), q = squash (t);

  if (slope != NULL)
    *slope = weight * (p - q);
  return (double) (weight * (q * (t - s) + soft (s) - soft (t)));
}

static double
number (float s, float t, float weight, float *slope)
{
  if (slope != NULL)
    *slope = SQUARED * weight * (s - t);
  return (double) (.5f * SQUARED * weight * (s - t) * (s - t));
}

// Anchors of a map whose channels are [box, objectness, classes] per anchor, 0 of others.
static gint64
anchors_of (const SqDistilLoss *self, const SqTensor *head)
{
  gint64 per = 5 + (gint64) self->n_classes, n = head->shape.dim[1] / per;

  return head->shape.dim[1] % per == 0 && n <= MAX_ANCHORS ? n : 0;
}

// How sure the teacher is of something at every place of a map as large as `like`: its objectness where it has one, else its best score;
// NULL where no head of that size has scores.
static float *
places_of (const SqTape *teacher, const SqTensor *like, gboolean *objectness)
{
  gint64 n = like->shape.dim[2] * like->shape.dim[3];
  float *weights = NULL;

  *objectness = FALSE;
  for (guint h = 0; h < teacher->plan->heads->len && !*objectness; h++)
    {
      const SqTensor *head = head_of (teacher, h);

      if (head_node (teacher, h)->params.conv.act.kind != SQ_ACT_SIGMOID || head->shape.dim[2] != like->shape.dim[2]
          || head->shape.dim[3] != like->shape.dim[3])
        continue;
      *objectness = head->shape.dim[1] == 1;
      if (weights == NULL || *objectness)
        {
          g_free (weights);
          weights = g_new0 (float, n);
        }
      for (gint64 i = 0; i < head->n; i++)
        weights[i % n] = MAX (weights[i % n], squash (sq_tensor_f32 (head)[i]));
    }
  for (gint64 i = 0; weights != NULL && i < n; i++)
    weights[i] += FLOOR;
  return weights;
}

static double
anchored (const SqTensor *s, const SqTensor *t, gint64 anchors, const float *scale, float *slope)
{
  gint64 n = s->shape.dim[2] * s->shape.dim[3], per = s->shape.dim[1] / anchors;
  double loss = 0;

  for (gint64 i = 0; i < s->n; i++)
    {
      gint64 c = i / n % per, a = i / n / per, objectness = (a * per + 4) * n + i % n;
      float weight = c == 4 ? 1 : FLOOR + squash (sq_tensor_f32 (t)[objectness]);

      loss += c >= 4 ? score (sq_tensor_f32 (s)[i], sq_tensor_f32 (t)[i], weight, slope != NULL ? slope + i : NULL)
                     : number (sq_tensor_f32 (s)[i], sq_tensor_f32 (t)[i], weight * scale[i / n], slope != NULL ? slope + i : NULL);
    }
  return loss;
}

static double
plain (const SqTape *teacher, const SqNode *node, const SqTensor *s, const SqTensor *t, const float *scale, float *slope)
{
  gint64 n = s->shape.dim[2] * s->shape.dim[3];
  gboolean scores = node->params.conv.act.kind == SQ_ACT_SIGMOID, objectness;
  g_autofree float *places = places_of (teacher, s, &objectness);
  double loss = 0;

  for (gint64 i = 0; i < s->n; i++)
    {
      float *out = slope != NULL ? slope + i : NULL;

      if (scores) // classes say nothing where there is no object
        loss += score (sq_tensor_f32 (s)[i], sq_tensor_f32 (t)[i], objectness && s->shape.dim[1] > 1 ? places[i % n] : 1, out);
      else
        loss += number (sq_tensor_f32 (s)[i], sq_tensor_f32 (t)[i], (places != NULL ? places[i % n] : FLOOR) * scale[i / n], out);
    }
  return loss;
}

// Relative error of the layers before the heads.
static double
hints (const SqDistilLoss *self, const SqTape *student, const SqTape *teacher, gboolean slopes)
{
  double loss = 0;

  for (guint h = 0; h < self->hints->len; h++)
    {
      guint node = g_array_index (self->hints, guint, h);
      const SqTensor *s = student->before[node], *t = teacher->before[node];
      gint64 n = s->shape.dim[2] * s->shape.dim[3];
      float share = (float) (HINT / (double) s->n), *out = slopes ? student->hints[node] : NULL;
      double sum = 0;

      for (gint64 i = 0; i < s->n; i++)
        {
          float scale = share * self->hint_scales[node][i / n], difference = sq_tensor_f32 (s)[i] - sq_tensor_f32 (t)[i];

          sum += (double) (scale * difference * difference);
          if (out != NULL)
            out[i] = scale * difference;
        }
      loss += .5 * sum;
    }
  return loss;
}

double
sq_distil_loss (const SqDistilLoss *self, const SqTape *student, const SqTape *teacher, float *const *slopes)
{
  double loss = 0;
  gint64 channel = 0;

  for (guint h = 0; h < student->plan->heads->len; h++)
    {
      const SqTensor *s = head_of (student, h), *t = head_of (teacher, h);
      const float *scale = &g_array_index (self->scales, float, channel);
      gint64 anchors = anchors_of (self, s);

      loss += anchors > 0 ? anchored (s, t, anchors, scale, slopes != NULL ? slopes[h] : NULL)
                          : plain (teacher, head_node (student, h), s, t, scale, slopes != NULL ? slopes[h] : NULL);
      channel += s->shape.dim[1];
    }
  return loss + hints (self, student, teacher, slopes != NULL);
}
