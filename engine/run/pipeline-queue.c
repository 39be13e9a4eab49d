// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline-private.h"

#define QUEUE_LENGTH 3

void
_sq_pipeline_item_free (Item *item)
{
  g_clear_pointer (&item->job, sq_detector_job_free);
  g_free (item);
}

// Called with the lock held.
static gboolean
is_next_delivered (const SqPipeline *self, const Item *item)
{
  return item->number == (self->delivered_generation == self->generation ? self->next_delivered : 0);
}

static gboolean
has_room (const SqPipeline *self, SqStage stage, const Item *item)
{
  if (stage != SQ_STAGE_POST)
    return self->queue[stage].length < QUEUE_LENGTH;
  return self->queue[stage].length < (guint) (QUEUE_LENGTH + self->lanes) || is_next_delivered (self, item); // others wait for that one
}

// Waits for room; FALSE (item freed) when the run is over or the item's generation is.
gboolean
_sq_pipeline_push (SqPipeline *self, SqStage stage, Item *item)
{
  gboolean ok;

  g_mutex_lock (&self->lock);
  while (!_sq_pipeline_over (self) && item->generation == self->generation && !has_room (self, stage, item))
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

// Called with the lock held: the item whose turn it is, NULL where it is not there yet. Queues never hold an older generation's: push refuses them, a seek
// clears them.
static Item *
take (SqPipeline *self, SqStage stage)
{
  for (GList *l = self->queue[stage].head; l != NULL; l = l->next)
    {
      Item *item = l->data;

      if (stage == SQ_STAGE_POST && !is_next_delivered (self, item))
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
