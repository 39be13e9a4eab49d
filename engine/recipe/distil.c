// SPDX-License-Identifier: GPL-3.0-or-later
#include "distil.h"

#include "distil-loss.h"
#include "engine/ops/op.h"
#include "tape.h"
#include <math.h>
#include <omp.h>
#include <string.h>

#define MAX_WORKERS 16
#define MAX_BATCH 32
#define TAPE_BYTES ((gsize) 6 << 30) // of all workers' tapes
#define APART 8                      // every so many pictures one is kept apart
#define LOOKED_AT 8                  // pictures that the steps' sizes are measured on
#define LOOKS 24                     // at the pictures kept apart
#define PATIENCE 8                   // looks without a gain
#define WARM 20                      // steps until they have their full size
#define AVERAGE .99f
#define BETA1 .9
#define BETA2 .99

typedef struct
{
  SqTape *student, *teacher;
  float **slopes; // per head
} Worker;

typedef struct
{
  const SqModel *model;
  const SqCalibration *pictures;
  const SqDistilOptions *options;
  SqTapePlan *student, *teacher;
  SqDistilLoss loss;
  Worker workers[MAX_WORKERS];
  guint n_workers, n_heads;
  float *theta, *average, *best, *teacher_theta;
  float *m, *v, *size;        // of steps
  float *gradient[MAX_BATCH]; // per picture of a batch
  double losses[MAX_BATCH];
  GError *errors[MAX_BATCH];
  const float *now;      // weights of this round
  gboolean learn;        // this round: random views and gradients; else pictures kept apart as they are
  guint first, n;        // of this round's pictures
  int next, next_worker; // atomic
} Distil;

// --- pictures
// -----------------------------------------------------------------------------------------------------------------------------------------

static guint32
random_of (guint32 seed)
{
  seed = (seed ^ 61) ^ (seed >> 16);
  seed *= 9;
  seed ^= seed >> 4;
  seed *= 0x27d4eb2d;
  return seed ^ (seed >> 15);
}

static float
uniform (guint32 seed, float low, float high)
{
  return low + (high - low) * (float) (random_of (seed) >> 8) / (1 << 24);
}

// Mirrored, zoomed and moved; what comes in from outside is the padding.
static SqTensor *
vary (const SqTensor *x, const SqInputSpec *spec, guint32 seed)
{
  SqTensor *out = sq_tensor_new (SQ_F32, &x->shape);
  gint64 h = x->shape.dim[2], w = x->shape.dim[3];
  float zoom = uniform (seed, .75f, 1.35f), mirror = random_of (seed + 1) & 1 ? -1 : 1;
  float dx = uniform (seed + 2, -.15f, .15f) * (float) w, dy = uniform (seed + 3, -.15f, .15f) * (float) h;

  if (out == NULL)
    return NULL;
  for (gint64 c = 0; c < x->shape.dim[1]; c++)
    for (gint64 oy = 0; oy < h; oy++)
      for (gint64 ox = 0; ox < w; ox++)
        {
          float fy = ((float) oy - (float) h / 2) / zoom + (float) h / 2 + dy;
          float fx = mirror * ((float) ox - (float) w / 2) / zoom + (float) w / 2 + dx;
          const float *plane = sq_tensor_f32 (x) + c * h * w;
          gint64 y0 = (gint64) floorf (fy), x0 = (gint64) floorf (fx);
          float value = ((float) spec->pad - spec->mean[c]) * spec->scale[c];

          if (y0 >= 0 && y0 + 1 < h && x0 >= 0 && x0 + 1 < w)
            {
              const float *p = plane + y0 * w + x0;

              fy -= (float) y0;
              fx -= (float) x0;
              value = (p[0] * (1 - fx) + p[1] * fx) * (1 - fy) + (p[w] * (1 - fx) + p[w + 1] * fx) * fy;
            }
          sq_tensor_f32 (out)[(c * h + oy) * w + ox] = value;
        }
  return out;
}

static guint
n_apart (const Distil *self)
{
  return MAX (self->pictures->paths->len / APART, 1);
}

// Picture `i` of this round.
static SqTensor *
input_of (const Distil *self, guint i, GError **error)
{
  guint n = self->pictures->paths->len, drawn, which;
  g_autoptr (SqTensor) x = NULL;

  if (!self->learn)
    return sq_calibration_input (self->pictures, MIN ((self->first + i) * APART, n - 1), self->model, error);
  drawn = random_of (2 * (self->first + i) + 1);
  which = drawn % n;
  if (which % APART == 0 && n > 1) // kept apart: its neighbour
    which = which + 1 < n ? which + 1 : which - 1;
  x = sq_calibration_input (self->pictures, which, self->model, error);
  return x != NULL ? vary (x, &self->model->input, drawn) : NULL;
}

// --- a round
// ------------------------------------------------------------------------------------------------------------------------------------------

static gpointer
work (gpointer data)
{
  Distil *self = data;
  int threads = omp_get_max_threads ();
  Worker *worker = &self->workers[g_atomic_int_add (&self->next_worker, 1)];
  guint i;

  omp_set_num_threads (1); // a picture per core
  while ((i = (guint) g_atomic_int_add (&self->next, 1)) < self->n)
    {
      g_autoptr (SqTensor) x = input_of (self, i, &self->errors[i]);

      if (x == NULL)
        continue;
      if (sq_tape_forward (worker->teacher, x, self->teacher_theta) && sq_tape_forward (worker->student, x, self->now))
        {
          self->losses[i] = sq_distil_loss (&self->loss, worker->student, worker->teacher, self->learn ? worker->slopes : NULL);
          if (!self->learn || sq_tape_backward (worker->student, self->now, worker->slopes, self->gradient[i]))
            continue;
        }
      g_set_error_literal (&self->errors[i], SQ_ERROR, SQ_ERROR_OUT_OF_MEMORY, "There is not enough memory to fine-tune this network.");
    }
  omp_set_num_threads (threads);
  return NULL;
}

static gboolean
run_round (Distil *self, guint first, guint n, const float *theta, gboolean learn, GError **error)
{
  GThread *threads[MAX_WORKERS];
  gboolean ok = TRUE;

  self->first = first;
  self->n = n;
  self->now = theta;
  self->learn = learn;
  self->next = self->next_worker = 0;
  for (guint w = 1; w < self->n_workers; w++)
    threads[w] = g_thread_new ("distil", work, self);
  work (self);
  for (guint w = 1; w < self->n_workers; w++)
    g_thread_join (threads[w]);
  for (guint i = 0; i < n; i++)
    if (self->errors[i] != NULL)
      {
        if (ok)
          g_propagate_error (error, g_steal_pointer (&self->errors[i]));
        g_clear_error (&self->errors[i]);
        ok = FALSE;
      }
  return ok;
}

// Error on the pictures kept apart.
static gboolean
look (Distil *self, const float *theta, double *loss, GError **error)
{
  *loss = 0;
  for (guint first = 0; first < n_apart (self); first += MAX_BATCH)
    {
      guint n = MIN (MAX_BATCH, n_apart (self) - first);

      if (!run_round (self, first, n, theta, FALSE, error))
        return FALSE;
      for (guint i = 0; i < n; i++)
        *loss += self->losses[i] / n_apart (self);
    }
  return TRUE;
}

// --- steps
// --------------------------------------------------------------------------------------------------------------------------------------------

typedef struct
{
  double sum, squares, n;
} Moments;

static void
add_moments (const SqTensor *t, Moments *of_channel)
{
  gint64 n = t->shape.dim[2] * t->shape.dim[3];

  for (gint64 i = 0; i < t->n; i++)
    {
      Moments *m = &of_channel[i / n];

      m->sum += (double) sq_tensor_f32 (t)[i];
      m->squares += (double) (sq_tensor_f32 (t)[i] * sq_tensor_f32 (t)[i]);
      m->n++;
    }
}

static double
deviation (const Moments *m)
{
  return sqrt (MAX (m->squares / m->n - m->sum * m->sum / (m->n * m->n), 0) + 1e-12);
}

// A number's step: what moves its output by `rate` of the output's deviation, were all of the fan-in moved so.
static void
size_steps (Distil *self, guint node, const Moments *x, const Moments *y)
{
  const SqGraph *graph = self->student->graph;
  const SqNode *conv = sq_graph_node (graph, node);
  const SqTensor *w = sq_graph_value (graph, conv->in[1])->constant;
  gint64 outputs = w->shape.dim[0], inputs = w->shape.dim[1], window = w->shape.dim[2] * w->shape.dim[3], groups = conv->params.conv.groups;
  float *size = self->size + self->student->weights[node];

  for (gint64 o = 0; o < outputs; o++)
    {
      double s = self->options->rate * deviation (&y[o]);

      for (gint64 c = 0; c < inputs; c++)
        {
          const Moments *m = &x[o / (outputs / groups) * inputs + c];
          double rms = sqrt (m->squares / m->n + 1e-12);

          for (gint64 k = 0; k < window; k++)
            size[(o * inputs + c) * window + k] = (float) (s / (rms * sqrt ((double) (inputs * window))));
        }
      size[w->n + o] = (float) s;
    }
}

static void
free_moments (gpointer data)
{
  g_free (data);
}

// Steps' sizes and the heads' scales, from a few pictures.
static gboolean
measure (Distil *self, GError **error)
{
  const SqGraph *graph = self->student->graph;
  g_autoptr (GPtrArray) x = g_ptr_array_new_with_free_func (free_moments), y = g_ptr_array_new_with_free_func (free_moments);
  Worker *worker = &self->workers[0];

  for (guint i = 0; i < graph->nodes->len; i++)
    {
      const SqNode *node = sq_graph_node (graph, i);
      gboolean learnt = self->student->weights[i] != SQ_TAPE_NOTHING;

      g_ptr_array_add (x, learnt ? g_new0 (Moments, sq_graph_value (graph, node->in[0])->shape.dim[1]) : NULL);
      g_ptr_array_add (y, learnt ? g_new0 (Moments, sq_graph_value (graph, node->out[0])->shape.dim[1]) : NULL);
    }
  for (guint p = 0; p < MIN (self->pictures->paths->len, LOOKED_AT); p++)
    {
      g_autoptr (SqTensor) input = sq_calibration_input (self->pictures, p, self->model, error);

      if (input == NULL || !sq_tape_forward (worker->student, input, self->theta))
        return FALSE;
      for (guint i = 0; i < graph->nodes->len; i++)
        if (self->student->weights[i] != SQ_TAPE_NOTHING)
          {
            add_moments (worker->student->values[sq_graph_node (graph, i)->in[0]], g_ptr_array_index (x, i));
            add_moments (worker->student->before[i], g_ptr_array_index (y, i));
          }
    }
  for (guint i = 0; i < graph->nodes->len; i++)
    if (self->student->weights[i] != SQ_TAPE_NOTHING)
      size_steps (self, i, g_ptr_array_index (x, i), g_ptr_array_index (y, i));
  for (guint h = 0; h < self->loss.hints->len; h++)
    {
      guint node = g_array_index (self->loss.hints, guint, h);
      gint64 n = worker->student->before[node]->shape.dim[1];
      const Moments *m = g_ptr_array_index (y, node);

      self->loss.hint_scales[node] = g_new (float, n);
      for (gint64 c = 0; c < n; c++)
        self->loss.hint_scales[node][c] = (float) (1 / (deviation (&m[c]) * deviation (&m[c]) + 1e-6));
    }
  for (guint h = 0; h < self->n_heads; h++)
    {
      guint node = g_array_index (self->student->heads, guint, h);
      const Moments *m = g_ptr_array_index (y, node);

      for (gint64 c = 0; c < worker->student->before[node]->shape.dim[1]; c++)
        {
          float scale = (float) (1 / (deviation (&m[c]) * deviation (&m[c]) + 1e-6));

          g_array_append_val (self->loss.scales, scale);
        }
    }
  return TRUE;
}

static void
step (Distil *self, guint t, double share)
{
  double warm = MIN ((t + 1.) / WARM, 1), c1 = 1 / (1 - pow (BETA1, t + 1)), c2 = 1 / (1 - pow (BETA2, t + 1));
  float rate = (float) (warm * .5 * (1 + cos (G_PI * MIN (share, 1))) * c1);
  float decay = MIN (AVERAGE, (1 + (float) t) / (10 + (float) t));

  for (gsize k = 0; k < self->student->n; k++)
    {
      float g = 0;

      for (guint b = 0; b < self->options->batch; b++)
        g += self->gradient[b][k];
      self->m[k] = (float) BETA1 * self->m[k] + (float) (1 - BETA1) * g;
      self->v[k] = (float) BETA2 * self->v[k] + (float) (1 - BETA2) * g * g;
      self->theta[k] -= rate * self->size[k] * self->m[k] / (sqrtf (self->v[k] * (float) c2) + 1e-12f);
      self->average[k] = decay * self->average[k] + (1 - decay) * self->theta[k];
    }
}

static gboolean
learn (Distil *self, SqDistilReport *report, const SqRecipeProgress *progress, GError **error)
{
  gint64 began = g_get_monotonic_time ();
  double share = 0, next_look = 1. / LOOKS, loss;
  guint since = 0, batch = self->options->batch;

  if (!look (self, self->theta, &report->before, error))
    return FALSE;
  report->after = report->before;
  for (guint t = 0; share < 1 && since < PATIENCE; t++)
    {
      if (!_sq_recipe_progress (progress, share, "Fine-tuning", error) || !run_round (self, t * batch, batch, self->theta, TRUE, error))
        return FALSE;
      step (self, t, share);
      report->steps = t + 1;
      share = self->options->steps > 0 ? (double) (t + 1) / self->options->steps : 0;
      if (self->options->steps == 0 || self->options->minutes > 0)
        share = MAX (share, (double) (g_get_monotonic_time () - began) / (self->options->minutes * 60e6));
      if (share < next_look && share < 1)
        continue;
      next_look += 1. / LOOKS;
      if (!look (self, self->average, &loss, error))
        return FALSE;
      g_debug ("distil: step %u, %.1f %%, error %g", t, 100 * share, loss);
      since = loss < report->after ? 0 : since + 1;
      if (loss < report->after)
        {
          report->after = loss;
          memcpy (self->best, self->average, self->student->n * sizeof (float));
        }
    }
  return TRUE;
}

// --- from outside
// ----------------------------------------------------------------------------------------------------------------------------------------

static gboolean
same_heads (const Distil *self)
{
  const SqGraph *a = self->student->graph, *b = self->teacher->graph;

  if (self->student->heads->len != self->teacher->heads->len || self->student->n == 0)
    return FALSE;
  for (guint h = 0; h < self->student->heads->len; h++)
    {
      const SqNode *x = sq_graph_node (a, g_array_index (self->student->heads, guint, h));
      const SqNode *y = sq_graph_node (b, g_array_index (self->teacher->heads, guint, h));

      if (!sq_shape_equal (&sq_graph_value (a, x->out[0])->shape, &sq_graph_value (b, y->out[0])->shape))
        return FALSE;
    }
  return TRUE;
}

// Layers that are as wide as they were: only where both networks are the same node by node.
static void
find_hints (Distil *self)
{
  const SqGraph *a = self->student->graph, *b = self->teacher->graph;

  self->loss.hints = g_array_new (FALSE, FALSE, sizeof (guint));
  self->loss.hint_scales = g_new0 (float *, a->nodes->len + 1);
  for (guint i = 0; a->nodes->len == b->nodes->len && i < a->nodes->len; i++)
    {
      const SqNode *x = sq_graph_node (a, i), *y = sq_graph_node (b, i);
      gboolean head = FALSE;

      for (guint h = 0; h < self->n_heads; h++)
        head = head || g_array_index (self->student->heads, guint, h) == i;
      if (x->op == &sq_op_conv && y->op == &sq_op_conv && self->student->needed[i] && self->teacher->needed[i] && !head
          && sq_shape_equal (&sq_graph_value (a, x->out[0])->shape, &sq_graph_value (b, y->out[0])->shape))
        g_array_append_val (self->loss.hints, i);
    }
}

static gboolean
distil_init (Distil *self, GError **error)
{
  gsize n = self->student->n, bytes = self->student->bytes + self->teacher->bytes;

  self->n_heads = self->student->heads->len;
  self->n_workers = MIN (MIN (g_get_num_processors (), MAX_WORKERS), self->options->batch);
  self->n_workers = MIN (self->n_workers, (guint) CLAMP (TAPE_BYTES / MAX (bytes, 1), 1, MAX_WORKERS));
  self->theta = g_new0 (float, n);
  self->average = g_new0 (float, n);
  self->best = g_new0 (float, n);
  self->m = g_new0 (float, n);
  self->v = g_new0 (float, n);
  self->size = g_new0 (float, n);
  self->teacher_theta = g_new0 (float, self->teacher->n);
  for (guint b = 0; b < self->options->batch; b++)
    self->gradient[b] = g_new0 (float, n);
  sq_tape_plan_read (self->student, self->theta);
  sq_tape_plan_read (self->teacher, self->teacher_theta);
  memcpy (self->average, self->theta, n * sizeof (float));
  memcpy (self->best, self->theta, n * sizeof (float));
  self->loss.scales = g_array_new (FALSE, FALSE, sizeof (float));
  self->loss.n_classes = self->model->n_classes;
  find_hints (self);
  for (guint w = 0; w < self->n_workers; w++)
    {
      Worker *worker = &self->workers[w];

      if ((worker->student = sq_tape_new (self->student, TRUE, error)) == NULL
          || (worker->teacher = sq_tape_new (self->teacher, FALSE, error)) == NULL)
        return FALSE;
      for (guint h = 0; h < self->loss.hints->len; h++)
        {
          guint node = g_array_index (self->loss.hints, guint, h);

          worker->student->hints[node] = g_new0 (float, worker->student->before[node]->n);
        }
      worker->slopes = g_new0 (float *, self->n_heads + 1);
      for (guint h = 0; h < self->n_heads; h++)
        worker->slopes[h] = g_new0 (float, worker->student->before[g_array_index (self->student->heads, guint, h)]->n);
    }
  return measure (self, error);
}

static void
distil_clear (Distil *self)
{
  for (guint w = 0; w < self->n_workers; w++)
    {
      for (guint i = 0; self->workers[w].student != NULL && i < self->student->graph->nodes->len; i++)
        g_free (self->workers[w].student->hints[i]);
      g_clear_pointer (&self->workers[w].student, sq_tape_free);
      g_clear_pointer (&self->workers[w].teacher, sq_tape_free);
      for (guint h = 0; self->workers[w].slopes != NULL && h < self->n_heads; h++)
        g_free (self->workers[w].slopes[h]);
      g_free (self->workers[w].slopes);
    }
  for (guint b = 0; b < MAX_BATCH; b++)
    g_free (self->gradient[b]);
  for (guint i = 0; self->loss.hint_scales != NULL && i < self->student->graph->nodes->len; i++)
    g_free (self->loss.hint_scales[i]);
  g_free (self->loss.hint_scales);
  g_clear_pointer (&self->loss.hints, g_array_unref);
  g_clear_pointer (&self->loss.scales, g_array_unref);
  g_free (self->theta);
  g_free (self->average);
  g_free (self->best);
  g_free (self->teacher_theta);
  g_free (self->m);
  g_free (self->v);
  g_free (self->size);
  sq_tape_plan_free (self->student);
  sq_tape_plan_free (self->teacher);
}

SqGraph *
sq_distil (const SqModel *student, const SqGraph *teacher, const SqCalibration *pictures, const SqDistilOptions *options,
           SqDistilReport *report, const SqRecipeProgress *progress, GError **error)
{
  Distil self = { .model = student, .pictures = pictures, .options = options };
  int threads = omp_get_max_threads ();
  SqGraph *result = NULL;

  g_return_val_if_fail (options->batch >= 1 && options->batch <= MAX_BATCH, NULL);
  *report = (SqDistilReport){ 0 };
  self.student = sq_tape_plan_new (student->graph);
  self.teacher = sq_tape_plan_new (teacher);
  omp_set_num_threads (1); // what is built now runs on one core each
  if (!same_heads (&self))
    g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT,
                 "%s cannot be fine-tuned: its last layers are not those of the original; leave the step distil out.", student->name);
  else if (distil_init (&self, error) && learn (&self, report, progress, error))
    result = sq_tape_plan_apply (self.student, self.best);
  omp_set_num_threads (threads);
  distil_clear (&self);
  return result;
}
