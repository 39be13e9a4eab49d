// SPDX-License-Identifier: GPL-3.0-or-later
// One worker owns the comparison. Results wait for it in a queue; what it has counted is published as a state that nobody changes any more,
// so that neither the run nor the window ever waits for it.
#include "tally.h"

#include <string.h>

#define PUBLISH_US (200 * G_TIME_SPAN_MILLISECOND)
#define BATCH 32                 // frames between two looks at what else is wanted
#define AGREEMENT_SHARE 10       // at most one part in so many of the time goes into it while frames come
#define MAX_CANDIDATES (6 << 20) // kept; about 170 MiB

typedef struct
{
  SqFilter filter;
  guint8 *classes;
} OwnFilter;

struct _SqTally
{
  GMutex lock;
  GCond cond;
  GPtrArray *records; // SqResult without pixels, by index
  GPtrArray *queue;   // of them, and of those that are not kept: not counted yet
  guint64 n_candidates;
  gint64 last_index;
  OwnFilter wanted[2];
  gboolean refilter, settled, stop;
  SqTallyState *state;

  /* The worker's */
  SqComparison *comparison;
  OwnFilter used[2];
  guint64 serial;
};

/* State */

SqTallyState *
sq_tally_state_ref (SqTallyState *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
state_clear (gpointer data)
{
  g_array_unref (((SqTallyState *) data)->frames);
}

void
sq_tally_state_unref (SqTallyState *self)
{
  g_atomic_rc_box_release_full (self, state_clear);
}

int
sq_tally_state_find (const SqTallyState *self, gint64 index, int direction)
{
  guint best_n = 0;
  int best = -1;

  for (guint i = 0; i < self->frames->len; i++)
    {
      const SqComparedFrame *frame = &g_array_index (self->frames, SqComparedFrame, i);
      guint n = sq_compared_frame_disagreements (frame);

      if (n == 0)
        continue;
      if (direction > 0 && frame->index > index)
        return i;
      if ((direction < 0 && frame->index < index) || (direction == 0 && n > best_n))
        {
          best = i;
          best_n = n;
        }
    }
  return best;
}

/* Records */

static gpointer
copy_reference (gconstpointer result, gpointer data)
{
  return sq_result_ref ((SqResult *) result);
}

static SqResult *
copy_result (const SqResult *result, SqFrame *frame)
{
  SqResult *copy = sq_result_new (sq_frame_ref (frame), g_memdup2 (result->candidates, result->n_candidates * sizeof (SqDetection)),
                                  result->n_candidates, result->nms_done);

  memcpy (copy->stage_ns, result->stage_ns, sizeof copy->stage_ns);
  copy->device = result->device;
  return copy;
}

SqResult *
sq_tally_make_pair (SqResult *pair, SqFrame *frame)
{
  SqResult *copy = copy_result (pair, frame);

  copy->other = copy_result (pair->other, frame);
  return copy;
}

static SqResult *
make_record (SqResult *pair, gint64 index)
{
  const SqFrame *frame = pair->frame;
  g_autoptr (SqFrame) bare = sq_frame_new (frame->width, frame->height, 0, NULL, frame->path, index, frame->pts_ns, NULL, NULL);

  bare->duration_ns = frame->duration_ns;
  return sq_tally_make_pair (pair, bare);
}

static gint64
record_index (GPtrArray *records, guint i)
{
  return ((SqResult *) records->pdata[i])->frame->index;
}

static guint
lower_bound (GPtrArray *records, gint64 index)
{
  guint low = 0, high = records->len;

  // Nearly always the next one.
  if (high > 0 && record_index (records, high - 1) < index)
    return high;
  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (record_index (records, middle) < index)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

// With the lock held.
static void
keep (SqTally *self, SqResult *record)
{
  guint at = lower_bound (self->records, record->frame->index);
  guint64 n = record->n_candidates + record->other->n_candidates;

  if (at < self->records->len && record_index (self->records, at) == record->frame->index)
    {
      SqResult *old = self->records->pdata[at];

      self->n_candidates -= old->n_candidates + old->other->n_candidates;
      sq_result_unref (old);
      self->records->pdata[at] = sq_result_ref (record);
    }
  else if (self->n_candidates + n <= MAX_CANDIDATES)
    {
      g_ptr_array_insert (self->records, at, sq_result_ref (record));
    }
  else
    {
      return;
    }
  self->n_candidates += n;
}

void
sq_tally_add (SqTally *self, SqResult *pair)
{
  SqResult *record;
  gint64 index = pair->frame->index;

  if (pair->other == NULL)
    return;
  g_mutex_lock (&self->lock);
  if (index < 0) // live
    index = self->last_index + 1;
  self->last_index = MAX (self->last_index, index);
  g_mutex_unlock (&self->lock);

  record = make_record (pair, index);
  g_mutex_lock (&self->lock);
  keep (self, record);
  g_ptr_array_add (self->queue, record);
  self->settled = FALSE;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->lock);
}

SqResult *
sq_tally_get_pair (SqTally *self, gint64 index)
{
  SqResult *pair = NULL;
  guint at;

  g_mutex_lock (&self->lock);
  at = lower_bound (self->records, index);
  if (at < self->records->len && record_index (self->records, at) == index)
    pair = sq_result_ref (self->records->pdata[at]);
  g_mutex_unlock (&self->lock);
  return pair;
}

GPtrArray *
sq_tally_list_pairs (SqTally *self)
{
  GPtrArray *pairs;

  g_mutex_lock (&self->lock);
  pairs = g_ptr_array_copy (self->records, copy_reference, NULL);
  g_mutex_unlock (&self->lock);
  return pairs;
}

/* Filters */

static void
own_filter_set (OwnFilter *self, const SqFilter *filter)
{
  SqRegion *region = filter->region != NULL ? sq_region_ref (filter->region) : NULL;

  g_free (self->classes);
  g_clear_pointer (&self->filter.region, sq_region_unref);
  self->filter = *filter;
  self->filter.region = region;
  self->filter.classes = self->classes = filter->classes != NULL ? g_memdup2 (filter->classes, filter->n_classes) : NULL;
}

static void
own_filter_clear (OwnFilter *self)
{
  g_free (self->classes);
  g_clear_pointer (&self->filter.region, sq_region_unref);
}

void
sq_tally_set_filters (SqTally *self, const SqFilter *a, const SqFilter *b)
{
  g_mutex_lock (&self->lock);
  own_filter_set (&self->wanted[0], a);
  own_filter_set (&self->wanted[1], b);
  self->refilter = TRUE;
  self->settled = FALSE;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->lock);
}

SqTallyState *
sq_tally_get_state (SqTally *self)
{
  SqTallyState *state;

  g_mutex_lock (&self->lock);
  state = sq_tally_state_ref (self->state);
  g_mutex_unlock (&self->lock);
  return state;
}

gboolean
sq_tally_get_settled (SqTally *self)
{
  gboolean settled;

  g_mutex_lock (&self->lock);
  settled = self->settled;
  g_mutex_unlock (&self->lock);
  return settled;
}

/* Worker */

static void
count (SqTally *self, SqResult *record)
{
  g_autoptr (GArray) a = sq_result_detections (record, &self->used[0].filter);
  g_autoptr (GArray) b = sq_result_detections (record->other, &self->used[1].filter);

  sq_comparison_add (self->comparison, record->frame->index, record->frame->pts_ns, a, b);
}

static SqTallyState *
make_state (SqTally *self, double agreement, double at50)
{
  SqTallyState *state = g_atomic_rc_box_new0 (SqTallyState);

  state->frames = g_array_copy ((GArray *) sq_comparison_get_frames (self->comparison));
  state->total = sq_comparison_get_total (self->comparison);
  state->agreement = agreement;
  state->at50 = at50;
  state->serial = ++self->serial;
  return state;
}

// `all`: nothing that was taken is missing.
static void
publish (SqTally *self, SqTallyState *state, gboolean all)
{
  g_mutex_lock (&self->lock);
  self->settled = all && self->queue->len == 0 && !self->refilter;
  sq_tally_state_unref (self->state);
  self->state = state;
  g_mutex_unlock (&self->lock);
}

static GPtrArray *
make_list (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) sq_result_unref);
}

// The next frames to count: of those that wait, or, after a change of filters, of all. NULL: stop.
static GPtrArray *
take (SqTally *self, gboolean *anew, gboolean wait)
{
  GPtrArray *batch = NULL;

  g_mutex_lock (&self->lock);
  while (wait && !self->stop && !self->refilter && self->queue->len == 0)
    g_cond_wait (&self->cond, &self->lock);
  *anew = self->refilter;
  if (self->refilter)
    {
      for (int s = 0; s < 2; s++)
        own_filter_set (&self->used[s], &self->wanted[s].filter);
      self->refilter = FALSE;
      g_ptr_array_set_size (self->queue, 0); // kept ones are among the records
      batch = g_ptr_array_copy (self->records, copy_reference, NULL);
    }
  else if (!self->stop)
    {
      batch = g_steal_pointer (&self->queue);
      self->queue = make_list ();
    }
  if (self->stop)
    g_clear_pointer (&batch, g_ptr_array_unref);
  g_mutex_unlock (&self->lock);
  return batch;
}

static gboolean
is_disturbed (SqTally *self)
{
  gboolean disturbed;

  g_mutex_lock (&self->lock);
  disturbed = self->stop || self->refilter;
  g_mutex_unlock (&self->lock);
  return disturbed;
}

static void
tally_clear (gpointer data)
{
  SqTally *self = data;

  sq_comparison_free (self->comparison);
  g_ptr_array_unref (self->queue);
  g_ptr_array_unref (self->records);
  sq_tally_state_unref (self->state);
  for (int s = 0; s < 2; s++)
    {
      own_filter_clear (&self->wanted[s]);
      own_filter_clear (&self->used[s]);
    }
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
}

static gpointer
tally_run (gpointer data)
{
  SqTally *self = data;
  gint64 published_us = 0, agreed_us = 0, cost_us = 0;
  double agreement = -1, at50 = -1;
  GPtrArray *batch;
  gboolean anew, fresh = TRUE; // the agreement is that of what is counted

  while ((batch = take (self, &anew, fresh)) != NULL)
    {
      gint64 now;

      if (anew)
        sq_comparison_reset (self->comparison);
      fresh &= batch->len == 0 && !anew;
      for (guint i = 0; i < batch->len; i++)
        {
          count (self, batch->pdata[i]);
          if (i % BATCH == BATCH - 1 && is_disturbed (self))
            break;
        }
      now = g_get_monotonic_time ();
      // While frames come, now and then; once there are no more, for what is shown in the end.
      if (!fresh && (batch->len == 0 || now - agreed_us > MAX (G_USEC_PER_SEC, AGREEMENT_SHARE * cost_us)))
        {
          agreement = sq_comparison_agreement (self->comparison, &at50);
          agreed_us = g_get_monotonic_time ();
          cost_us = agreed_us - now;
          fresh = batch->len == 0;
          published_us = 0;
        }
      if (batch->len == 0 || now - published_us > PUBLISH_US)
        {
          publish (self, make_state (self, agreement, at50), fresh);
          published_us = g_get_monotonic_time ();
        }
      g_ptr_array_unref (batch);
    }
  sq_tally_unref (self);
  return NULL;
}

SqTally *
sq_tally_new (const char *const *labels_a, const char *const *labels_b, const SqFilter *a, const SqFilter *b)
{
  SqTally *self = g_atomic_rc_box_new0 (SqTally);

  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  self->records = make_list ();
  self->queue = make_list ();
  self->last_index = -1;
  self->comparison = sq_comparison_new (labels_a, labels_b);
  own_filter_set (&self->wanted[0], a);
  own_filter_set (&self->wanted[1], b);
  own_filter_set (&self->used[0], a);
  own_filter_set (&self->used[1], b);
  self->state = make_state (self, -1, -1);
  self->settled = TRUE;
  g_thread_unref (g_thread_new ("tally", tally_run, sq_tally_ref (self)));
  return self;
}

SqTally *
sq_tally_ref (SqTally *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
sq_tally_unref (SqTally *self)
{
  g_atomic_rc_box_release_full (self, tally_clear);
}

void
sq_tally_stop (SqTally *self)
{
  g_mutex_lock (&self->lock);
  self->stop = TRUE;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->lock);
}
