// SPDX-License-Identifier: GPL-3.0-or-later
// Which frame is on show. What both models saw in a frame once is kept, so going back to it runs neither of them again; only its picture is
// read anew.
#include "config.h"

#include "compare-page-private.h"

#include "toast.h"
#include <glib/gi18n.h>

void
_sq_compare_page_update_summary (SqComparePage *self)
{
  guint n = sq_compare_view_get_matches (self->view)->len - sq_compare_view_count (self->view, SQ_MATCH_AGREED);
  SqResult *pair = sq_compare_view_get_result (self->view);
  g_autofree char *text = NULL;

  if (pair == NULL)
    text = g_strdup (_("No picture"));
  else if (n == 0)
    text = g_strdup (_("All agreed on"));
  else
    text = g_strdup_printf (ngettext ("%u disagreement", "%u disagreements", n), n);
  if (g_strcmp0 (gtk_label_get_label (self->summary), text) != 0)
    gtk_label_set_label (self->summary, text);
  if (pair != NULL)
    {
      sq_filter_panel_set_nms_done (self->panel_a, pair->nms_done && (!self->share || pair->other->nms_done));
      sq_filter_panel_set_nms_done (self->panel_b, pair->other->nms_done);
    }
}

void
_sq_compare_page_show_pair (SqComparePage *self, SqResult *pair, gint64 index)
{
  self->index = index;
  sq_compare_view_set_result (self->view, pair);
  sq_disagreement_strip_set_position (self->strip, index);
  sq_transport_bar_set_position (self->transport, pair->frame->pts_ns);
}

void
_sq_compare_page_show_newest (SqComparePage *self, SqResult *pair)
{
  self->last_pts = pair->frame->pts_ns;
  if (self->picked == NULL)
    _sq_compare_page_show_pair (self, pair, pair->frame->index);
}

/* Frames that were compared before */

// The frame as the run knew it, with the pixels that were read for it: a picture that is opened alone does not know its place.
static SqFrame *
give_pixels (const SqFrame *known, SqFrame *read)
{
  SqFrame *frame;

  // A file replaced by another picture would carry boxes that are not its own.
  if (read == NULL || sq_frame_load (read) == NULL || read->width != known->width || read->height != known->height)
    return sq_frame_ref ((SqFrame *) known);
  frame = sq_frame_new (read->width, read->height, read->stride, read->pixels, known->path, known->index, known->pts_ns,
                        (GDestroyNotify) sq_frame_unref, sq_frame_ref (read));
  frame->duration_ns = known->duration_ns;
  return frame;
}

void
_sq_compare_page_on_frame (SqFrame *read, gint64 tag, gpointer user_data)
{
  SqComparePage *self = user_data;
  g_autoptr (SqResult) pair = NULL;
  g_autoptr (SqFrame) frame = NULL;

  if (self->picked == NULL || self->picked->frame->index != tag)
    return;
  frame = give_pixels (self->picked->frame, read);
  pair = sq_tally_make_pair (self->picked, frame);
  _sq_compare_page_show_pair (self, pair, tag);
  _sq_compare_page_schedule (self);
}

// FALSE where it was not kept.
static gboolean
pick (SqComparePage *self, gint64 index)
{
  SqResult *pair = self->tally != NULL ? sq_tally_get_pair (self->tally, index) : NULL;
  const SqFrame *frame;

  if (pair == NULL)
    return FALSE;
  if (self->pipeline != NULL && sq_pipeline_get_state (self->pipeline) == SQ_PIPELINE_RUNNING)
    sq_pipeline_set_paused (self->pipeline, TRUE);
  g_clear_pointer (&self->picked, sq_result_unref);
  self->picked = pair;
  frame = pair->frame;
  self->index = index;
  sq_disagreement_strip_set_position (self->strip, index);
  sq_transport_bar_set_position (self->transport, frame->pts_ns);
  if (self->moving)
    sq_frame_loader_request (self->loader, (const char *const *) self->paths, frame->pts_ns, index);
  else
    sq_frame_loader_request (self->loader, (const char *const[]){ frame->path, NULL }, 0, index);
  return TRUE;
}

gboolean
_sq_compare_page_pick_neighbour (SqComparePage *self, int direction)
{
  const GArray *frames = self->state != NULL ? self->state->frames : NULL;
  gint64 found = -1;

  for (guint i = 0; frames != NULL && i < frames->len; i++)
    {
      gint64 index = g_array_index (frames, SqComparedFrame, i).index;

      if (direction > 0 ? index > self->index && found < 0 : index < self->index)
        found = index;
    }
  return found >= 0 && pick (self, found);
}

void
sq_compare_page_jump (SqComparePage *self, gint64 index)
{
  g_return_if_fail (SQ_IS_COMPARE_PAGE (self));

  if (!pick (self, index) && self->state != NULL)
    for (guint i = 0; i < self->state->frames->len; i++)
      if (g_array_index (self->state->frames, SqComparedFrame, i).index == index)
        _sq_compare_page_seek (self, g_array_index (self->state->frames, SqComparedFrame, i).pts_ns);
}

void
sq_compare_page_walk (SqComparePage *self, int direction)
{
  int at;

  g_return_if_fail (SQ_IS_COMPARE_PAGE (self));

  if (self->tally == NULL)
    return;
  _sq_compare_page_refresh (self);
  at = sq_tally_state_find (self->state, self->index, direction);
  if (at >= 0)
    sq_compare_page_jump (self, g_array_index (self->state->frames, SqComparedFrame, at).index);
  else
    sq_toast (GTK_WIDGET (self), direction > 0   ? _("No disagreement after this frame")
                                 : direction < 0 ? _("No disagreement before this frame")
                                                 : _("No disagreement so far"));
}

/* Transport */

static gboolean
is_state (SqComparePage *self, SqPipelineState state)
{
  return self->pipeline != NULL && sq_pipeline_get_state (self->pipeline) == state;
}

void
_sq_compare_page_seek (SqComparePage *self, gint64 pts_ns)
{
  const GArray *frames = self->state != NULL ? self->state->frames : NULL;
  const SqComparedFrame *found = NULL;

  if (!self->moving)
    return;
  // Of what was compared the frame that is shown at that time, unless the run is to go on from there.
  for (guint i = 0; frames != NULL && i < frames->len && !is_state (self, SQ_PIPELINE_RUNNING); i++)
    if (g_array_index (frames, SqComparedFrame, i).pts_ns <= pts_ns)
      found = &g_array_index (frames, SqComparedFrame, i);
  if (found != NULL)
    {
      g_autoptr (SqResult) pair = sq_tally_get_pair (self->tally, found->index);

      if (pair != NULL && pts_ns < pair->frame->pts_ns + MAX (pair->frame->duration_ns, 1) && pick (self, found->index))
        return;
    }
  if (self->pipeline == NULL)
    return;
  g_clear_pointer (&self->picked, sq_result_unref);
  // Looking for a place in a finished video shows that place; it does not start to play from there.
  if (is_state (self, SQ_PIPELINE_FINISHED))
    sq_pipeline_set_paused (self->pipeline, TRUE);
  sq_pipeline_seek (self->pipeline, pts_ns);
}

// The run goes on from the frame that was picked.
static void
leave_picked (SqComparePage *self)
{
  g_autoptr (SqResult) picked = g_steal_pointer (&self->picked);

  if (picked != NULL && self->moving && picked->frame->pts_ns != self->last_pts)
    sq_pipeline_seek (self->pipeline, picked->frame->pts_ns);
}

void
sq_compare_page_toggle_play (SqComparePage *self)
{
  g_return_if_fail (SQ_IS_COMPARE_PAGE (self));

  if (self->stored != NULL && self->moving)
    {
      const GArray *frames = self->state != NULL ? self->state->frames : NULL;

      if (!self->playing && frames != NULL && frames->len > 0
          && self->index >= g_array_index (frames, SqComparedFrame, frames->len - 1).index)
        sq_compare_page_jump (self, g_array_index (frames, SqComparedFrame, 0).index);
      _sq_compare_page_set_playing (self, !self->playing);
      return;
    }
  if (self->pipeline == NULL)
    return;
  switch (sq_pipeline_get_state (self->pipeline))
    {
    case SQ_PIPELINE_RUNNING:
    case SQ_PIPELINE_STARTING:
      sq_pipeline_set_paused (self->pipeline, TRUE);
      break;
    case SQ_PIPELINE_PAUSED:
      leave_picked (self);
      sq_pipeline_set_paused (self->pipeline, FALSE);
      break;
    case SQ_PIPELINE_FINISHED:
      if (!self->moving)
        break;
      if (self->picked != NULL && self->picked->frame->pts_ns != self->last_pts)
        leave_picked (self);
      else
        sq_pipeline_seek (self->pipeline, 0);
      g_clear_pointer (&self->picked, sq_result_unref);
      break;
    default:
      _sq_compare_page_start (self);
    }
}

void
sq_compare_page_step (SqComparePage *self, int direction)
{
  SqResult *shown = sq_compare_view_get_result (self->view);

  g_return_if_fail (SQ_IS_COMPARE_PAGE (self));

  if (self->playing)
    _sq_compare_page_set_playing (self, FALSE);
  if (self->stored != NULL)
    _sq_compare_page_pick_neighbour (self, direction);
  if (shown == NULL || self->stored != NULL || pick (self, self->index + direction) || self->pipeline == NULL || !self->moving)
    return;
  if (is_state (self, SQ_PIPELINE_RUNNING))
    sq_pipeline_set_paused (self->pipeline, TRUE);
  if (self->picked == NULL)
    {
      sq_pipeline_step (self->pipeline, direction);
    }
  else
    {
      // Beyond what was compared: the frame shown a moment after this one, or before it.
      gint64 pts = shown->frame->pts_ns, duration = MAX (shown->frame->duration_ns, 2);

      g_clear_pointer (&self->picked, sq_result_unref);
      sq_pipeline_seek (self->pipeline, direction > 0 ? pts + duration + duration / 2 : pts - 1);
    }
}
