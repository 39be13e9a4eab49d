// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline-private.h"

#define MAX_AHEAD 48  // frames: a lane so slow that more would have to be kept meanwhile is no help
#define RETRY_US 3000 // a lane that left a frame to a faster one looks again

void
_sq_pipeline_item_free (Item *item)
{
  g_clear_pointer (&item->job, sq_detector_job_free);
  g_clear_pointer (&item->result, sq_result_unref);
  g_clear_pointer (&item->live, g_ptr_array_unref);
  g_free (item);
}

// Called with the lock held.
static guint64
next_delivered (const SqPipeline *self)
{
  return self->delivered_generation == self->generation ? self->next_delivered : 0;
}

// POST needs no bound of its own: lanes take nothing outside the window.
static gboolean
has_room (const SqPipeline *self, SqStage stage)
{
  if (stage == SQ_STAGE_POST)
    return TRUE;
  return self->queue[stage].length < (stage == SQ_STAGE_INFER ? CLAMP (self->lanes->len, QUEUE_LENGTH, 16) : QUEUE_LENGTH);
}

// Waits for room; FALSE (item freed) when the run is over or the item's generation is.
gboolean
_sq_pipeline_push (SqPipeline *self, SqStage stage, Item *item)
{
  gboolean ok;

  g_mutex_lock (&self->lock);
  if (stage == SQ_STAGE_INFER && !has_room (self, stage))
    {
      self->pressed++;
      g_cond_broadcast (&self->changed);
    }
  while (!_sq_pipeline_over (self) && item->generation == self->generation && !has_room (self, stage))
    g_cond_wait (&self->changed, &self->lock);
  ok = !_sq_pipeline_over (self) && item->generation == self->generation;
  if (ok)
    {
      if (stage == SQ_STAGE_INFER)
        {
          if (self->numbered_generation != item->generation)
            {
              self->numbered_generation = item->generation;
              self->next_number = 0;
            }
          item->number = self->next_number++;
        }
      g_queue_push_tail (&self->queue[stage], item);
      g_cond_broadcast (&self->changed);
    }
  g_mutex_unlock (&self->lock);
  if (!ok)
    _sq_pipeline_item_free (item);
  return ok;
}

// Called with the lock held: the item whose turn it is, NULL where it is not there yet. Queues never hold an older generation's: push
// refuses them, a seek clears them.
static Item *
take (SqPipeline *self, SqStage stage)
{
  for (GList *l = self->queue[stage].head; l != NULL; l = l->next)
    {
      Item *item = l->data;

      if (stage == SQ_STAGE_POST && item->number != next_delivered (self))
        continue;
      g_queue_delete_link (&self->queue[stage], l);
      if (stage == SQ_STAGE_POST)
        {
          self->delivered_generation = self->generation;
          self->next_delivered = item->number + 1;
        }
      return item;
    }
  return NULL;
}

// NULL when the run is over.
Item *
_sq_pipeline_pop (SqPipeline *self, SqStage stage)
{
  Item *item = NULL;

  g_mutex_lock (&self->lock);
  while (!_sq_pipeline_over (self) && (item = take (self, stage)) == NULL)
    g_cond_wait (&self->changed, &self->lock);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  return item;
}

// --- lanes
// --------------------------------------------------------------------------------------------------------------------------------------------

// Called with the lock held. The lanes that do whole frames, as the schedule sees them; `at` receives this lane's place among them.
static guint
get_loads (const SqPipeline *self, const Lane *lane, SqLaneLoad *loads, guint *at)
{
  guint n = 0;

  for (guint i = 0; i < self->lanes->len; i++)
    {
      const Lane *other = pipeline_lane (self, i);

      if (other->ended || other->part >= 0 || (self->solo != NULL && other->device != self->solo))
        continue;
      if (other == lane)
        *at = n;
      loads[n++] = (SqLaneLoad){ other->device->pace.median, other->since_ns };
    }
  return n;
}

// Called with the lock held. How many frames may be under way: while the slowest lane is at one, the others go on.
static guint64
window (const SqPipeline *self, const SqLaneLoad *loads, guint n)
{
  double ahead = 0;
  guint behind = self->chain != NULL ? QUEUE_LENGTH * self->chain->len : _sq_pipeline_has_second (self) ? 2 * self->lanes->len : 0;

  for (guint i = 0; i < n; i++)
    ahead = MAX (ahead, sq_schedule_ahead (loads, n, i));
  return QUEUE_LENGTH + behind + n + (guint64) MIN (ahead, MAX_AHEAD);
}

// Called with the lock held. A lane does not take what a faster one would complete sooner, unless there is so much work that somebody waits
// for room: then whatever is done is done. `retry` where it should look again without being told.
static Item *
take_for_lane (SqPipeline *self, Lane *lane, gboolean *retry)
{
  GQueue *queue = &self->queue[SQ_STAGE_INFER];
  Item *item = g_queue_peek_head (queue);
  g_autofree SqLaneLoad *loads = NULL;
  guint n, at = 0;
  int nth = 0;

  if (item == NULL)
    return NULL;
  if (item->job == NULL)
    return g_queue_pop_head (queue);
  if (self->solo != NULL && lane->device != self->solo)
    return NULL;
  loads = g_new (SqLaneLoad, self->lanes->len);
  n = get_loads (self, lane, loads, &at);
  if (n > 1 && (lane->pressed == self->pressed || sq_schedule_ahead (loads, n, at) > MAX_AHEAD))
    nth = sq_schedule_deal (loads, n, at, queue->length + self->queue[SQ_STAGE_PREPROCESS].length, g_get_monotonic_time () * 1000);
  item = nth >= 0 ? g_queue_peek_nth (queue, nth) : NULL;
  *retry = item == NULL || item->job == NULL;
  if (*retry || item->number >= next_delivered (self) + window (self, loads, n))
    return NULL;
  lane->pressed = self->pressed;
  return g_queue_pop_nth (queue, nth);
}

Item *
_sq_pipeline_take (SqPipeline *self, Lane *lane)
{
  Item *item = NULL;
  gboolean retry = FALSE;

  g_mutex_lock (&self->lock);
  while (!_sq_pipeline_over (self) && !lane->device->failed && !(lane->device->stand_in && self->relieved)
         && (lane->part < 0 || !self->chain_broken) && (item = take_for_lane (self, lane, &retry)) == NULL)
    if (retry)
      g_cond_wait_until (&self->changed, &self->lock, g_get_monotonic_time () + RETRY_US);
    else
      g_cond_wait (&self->changed, &self->lock);
  if (item != NULL && item->job != NULL)
    lane->since_ns = g_get_monotonic_time () * 1000;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  return item;
}

void
_sq_pipeline_give_back (SqPipeline *self, Item *item)
{
  GList *before = self->queue[SQ_STAGE_INFER].head;

  if (_sq_pipeline_over (self) || item->generation != self->generation)
    {
      _sq_pipeline_item_free (item);
      return;
    }
  if (item->job != NULL)
    sq_detector_job_reset (item->job);
  g_clear_pointer (&item->result, sq_result_unref);
  g_clear_pointer (&item->live, g_ptr_array_unref);
  while (before != NULL && ((Item *) before->data)->number < item->number)
    before = before->next;
  g_queue_insert_before (&self->queue[SQ_STAGE_INFER], before, item);
  g_cond_broadcast (&self->changed);
}

// Two frames wait between parts: one for the next to begin with at once, one for what takes unequally long; between a pair's two devices
// one for each of their lanes.
gboolean
_sq_pipeline_hand_on (SqPipeline *self, int part, Item *item)
{
  GQueue *queue = &self->chain_queue[part];
  guint room;
  gboolean ok;

  g_mutex_lock (&self->lock);
  room = self->chain != NULL ? 2 : self->lanes->len;
  while (!_sq_pipeline_over (self) && !self->chain_broken && item->generation == self->generation && queue->length >= room)
    g_cond_wait (&self->changed, &self->lock);
  ok = !_sq_pipeline_over (self) && !self->chain_broken;
  if (!ok)
    _sq_pipeline_give_back (self, item);
  else if (item->generation != self->generation)
    _sq_pipeline_item_free (item);
  else
    g_queue_push_tail (queue, item);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  return ok;
}

Item *
_sq_pipeline_take_part (SqPipeline *self, int part)
{
  GQueue *queue = &self->chain_queue[part - 1];
  Item *item = NULL;

  g_mutex_lock (&self->lock);
  while (!_sq_pipeline_over (self) && !self->chain_broken && (item = g_queue_pop_head (queue)) == NULL)
    g_cond_wait (&self->changed, &self->lock);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  return item;
}

// A live source never waits: the oldest frame nobody has looked at makes room.
void
_sq_pipeline_drop_oldest (SqPipeline *self)
{
  g_mutex_lock (&self->lock);
  while (self->queue[SQ_STAGE_PREPROCESS].length >= QUEUE_LENGTH)
    {
      _sq_pipeline_item_free (g_queue_pop_head (&self->queue[SQ_STAGE_PREPROCESS]));
      self->meter.dropped++;
    }
  g_mutex_unlock (&self->lock);
}
