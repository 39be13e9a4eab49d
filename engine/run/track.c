// SPDX-License-Identifier: GPL-3.0-or-later
#include "track.h"

#include "assign.h"
#include <math.h>
#include <string.h>

#define KEEP_NS (1000 * G_GINT64_CONSTANT (1000000)) // out of sight
#define BEGIN .1f                                    // above the good score: what begins an object
#define MOST_GOOD .8                                 // 1 - overlap x score of a match
#define MOST_LOW .5                                  // 1 - overlap
#define MOST_NEW .7                                  // to objects that have been seen once
#define FRAME_S (1 / 30.)                            // what the noises are meant per
#define POSITION_NOISE (1 / 20.)                     // of a box's height
#define VELOCITY_NOISE (1 / 160.)

// One side of a box: where it is, px, and how fast it moves, px per second, with their covariance.
typedef struct
{
  double x, v;
  double xx, xv, vv;
} Side;

enum
{
  CENTRE_X,
  CENTRE_Y,
  WIDTH,
  HEIGHT,
  N_SIDES,
};

typedef struct
{
  int class_id;
  int number; // 0: seen once only
  gint64 seen_ns;
  gboolean matched;
  Side side[N_SIDES];
} Track;

struct _SqTracker
{
  SqFilter filter;
  float good;
  GArray *tracks; // Track
  gint64 last_ns; // -1: nothing before
  int next_number;
};

static double
square (double x)
{
  return x * x;
}

static void
measure (const SqDetection *d, double *z)
{
  z[CENTRE_X] = (double) (d->x1 + d->x2) / 2;
  z[CENTRE_Y] = (double) (d->y1 + d->y2) / 2;
  z[WIDTH] = (double) (d->x2 - d->x1);
  z[HEIGHT] = (double) (d->y2 - d->y1);
}

static void
track_predict (Track *self, double seconds)
{
  double frames = seconds / FRAME_S, height = MAX (self->side[HEIGHT].x, 1);

  for (int i = 0; i < N_SIDES; i++)
    {
      Side *s = &self->side[i];

      s->x += s->v * seconds;
      s->xx += seconds * (2 * s->xv + seconds * s->vv) + square (POSITION_NOISE * height) * frames;
      s->xv += seconds * s->vv;
      s->vv += square (VELOCITY_NOISE * height / FRAME_S) * frames;
    }
  self->side[WIDTH].x = MAX (self->side[WIDTH].x, 1);
  self->side[HEIGHT].x = MAX (self->side[HEIGHT].x, 1);
}

static void
track_correct (Track *self, const SqDetection *d, gint64 now_ns)
{
  double z[N_SIDES], noise = square (POSITION_NOISE * MAX ((double) (d->y2 - d->y1), 1));

  measure (d, z);
  for (int i = 0; i < N_SIDES; i++)
    {
      Side *s = &self->side[i];
      double gain_x = s->xx / (s->xx + noise), gain_v = s->xv / (s->xx + noise), off = z[i] - s->x;

      s->x += gain_x * off;
      s->v += gain_v * off;
      s->vv -= gain_v * s->xv;
      s->xv -= gain_x * s->xv;
      s->xx -= gain_x * s->xx;
    }
  self->seen_ns = now_ns;
  self->matched = TRUE;
}

static Track
track_begin (const SqDetection *d, gint64 now_ns)
{
  Track self = { .class_id = d->class_id, .seen_ns = now_ns, .matched = TRUE };
  double z[N_SIDES], height = MAX ((double) (d->y2 - d->y1), 1);

  measure (d, z);
  for (int i = 0; i < N_SIDES; i++)
    self.side[i] = (Side){ z[i], 0, square (2 * POSITION_NOISE * height), 0, square (10 * VELOCITY_NOISE * height / FRAME_S) };
  return self;
}

static double
overlap (const Track *t, const SqDetection *d)
{
  const Side *s = t->side;
  double w = MIN (s[CENTRE_X].x + s[WIDTH].x / 2, (double) d->x2) - MAX (s[CENTRE_X].x - s[WIDTH].x / 2, (double) d->x1);
  double h = MIN (s[CENTRE_Y].x + s[HEIGHT].x / 2, (double) d->y2) - MAX (s[CENTRE_Y].x - s[HEIGHT].x / 2, (double) d->y1);
  double both = w > 0 && h > 0 ? w * h : 0;

  return both / (s[WIDTH].x * s[HEIGHT].x + (double) ((d->x2 - d->x1) * (d->y2 - d->y1)) - both + 1e-9);
}

SqTracker *
sq_tracker_new (const SqFilter *filter)
{
  SqTracker *self = g_new0 (SqTracker, 1);

  self->filter = filter != NULL ? *filter : SQ_FILTER_DEFAULT;
  self->filter.classes = NULL;
  self->filter.region = NULL; // who walks out of it and in again is the same
  self->good = self->filter.confidence;
  self->filter.confidence = MIN (self->good, SQ_TRACK_LOW_SCORE);
  self->tracks = g_array_new (FALSE, FALSE, sizeof (Track));
  self->last_ns = -1;
  self->next_number = 1;
  return self;
}

void
sq_tracker_free (SqTracker *self)
{
  g_array_unref (self->tracks);
  g_free (self);
}

void
sq_tracker_restart (SqTracker *self)
{
  g_array_set_size (self->tracks, 0);
  self->last_ns = -1;
}

typedef enum
{
  GOOD_TO_KNOWN,
  LOW_TO_KNOWN,
  GOOD_TO_NEW, // seen once
} Round;

static gboolean
takes_part (const SqTracker *self, Round round, const Track *t, const SqDetection *d)
{
  if (t != NULL)
    return !t->matched && (round == GOOD_TO_NEW) == (t->number == 0);
  return d->track == 0 && (d->score >= self->good) == (round != LOW_TO_KNOWN);
}

// Matches what is left of one class.
static void
match (SqTracker *self, Round round, int class_id, GArray *boxes, gint64 now_ns)
{
  static const double most[] = { MOST_GOOD, MOST_LOW, MOST_NEW };
  g_autoptr (GArray) tracks = g_array_new (FALSE, FALSE, sizeof (guint)), seen = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autofree double *cost = NULL;
  g_autofree int *to = NULL;

  for (guint i = 0; i < self->tracks->len; i++)
    {
      const Track *t = &g_array_index (self->tracks, Track, i);

      if (t->class_id == class_id && takes_part (self, round, t, NULL))
        g_array_append_val (tracks, i);
    }
  for (guint i = 0; i < boxes->len; i++)
    {
      const SqDetection *d = &g_array_index (boxes, SqDetection, i);

      if (d->class_id == class_id && takes_part (self, round, NULL, d))
        g_array_append_val (seen, i);
    }
  if (tracks->len == 0 || seen->len == 0)
    return;
  cost = g_new (double, (gsize) tracks->len * seen->len);
  to = g_new (int, tracks->len);
  for (guint i = 0; i < tracks->len; i++)
    for (guint k = 0; k < seen->len; k++)
      {
        const SqDetection *d = &g_array_index (boxes, SqDetection, g_array_index (seen, guint, k));
        double iou = overlap (&g_array_index (self->tracks, Track, g_array_index (tracks, guint, i)), d);

        cost[i * seen->len + k] = 1 - (round == LOW_TO_KNOWN ? iou : iou * (double) d->score);
      }
  sq_assign (cost, tracks->len, seen->len, most[round], to);
  for (guint i = 0; i < tracks->len; i++)
    if (to[i] >= 0)
      {
        Track *t = &g_array_index (self->tracks, Track, g_array_index (tracks, guint, i));
        SqDetection *d = &g_array_index (boxes, SqDetection, g_array_index (seen, guint, to[i]));

        track_correct (t, d, now_ns);
        t->number = t->number != 0 ? t->number : self->next_number++;
        d->track = t->number;
      }
}

static void
begin_tracks (SqTracker *self, const GArray *boxes, gint64 now_ns)
{
  for (guint i = 0; i < boxes->len; i++)
    {
      const SqDetection *d = &g_array_index (boxes, SqDetection, i);

      if (d->track == 0 && d->score >= self->good + BEGIN)
        {
          Track t = track_begin (d, now_ns);

          g_array_append_val (self->tracks, t);
        }
    }
}

// Boxes come in the candidates' order.
static void
write_numbers (SqResult *result, const GArray *boxes)
{
  SqDetection *candidates = (SqDetection *) result->candidates; // nobody else has seen them yet

  for (guint i = 0, k = 0; i < result->n_candidates && k < boxes->len; i++)
    {
      const SqDetection *d = &g_array_index (boxes, SqDetection, k);

      if (candidates[i].class_id == d->class_id && memcmp (&candidates[i], d, G_STRUCT_OFFSET (SqDetection, class_id)) == 0)
        {
          candidates[i].track = d->track;
          k++;
        }
    }
}

void
sq_tracker_update (SqTracker *self, SqResult *result)
{
  gint64 now_ns = result->frame->pts_ns;
  g_autoptr (GArray) boxes = NULL;

  if (self->last_ns >= 0 && (now_ns <= self->last_ns || now_ns - self->last_ns > KEEP_NS))
    sq_tracker_restart (self);
  boxes = sq_result_detections (result, &self->filter);
  for (guint i = self->tracks->len; i-- > 0;)
    {
      Track *t = &g_array_index (self->tracks, Track, i);

      t->matched = FALSE;
      track_predict (t, (double) (now_ns - self->last_ns) / 1e9);
    }
  for (guint i = 0; i < boxes->len; i++)
    {
      int class_id = g_array_index (boxes, SqDetection, i).class_id;
      gboolean first = TRUE;

      for (guint k = 0; k < i && first; k++)
        first = g_array_index (boxes, SqDetection, k).class_id != class_id;
      for (int round = GOOD_TO_KNOWN; first && round <= GOOD_TO_NEW; round++)
        match (self, (Round) round, class_id, boxes, now_ns);
    }
  // what was seen once and not again was none; what has been out of sight too long has gone
  for (guint i = self->tracks->len; i-- > 0;)
    {
      const Track *t = &g_array_index (self->tracks, Track, i);

      if (!t->matched && (t->number == 0 || now_ns - t->seen_ns > KEEP_NS))
        g_array_remove_index (self->tracks, i);
    }
  begin_tracks (self, boxes, now_ns);
  write_numbers (result, boxes);
  self->last_ns = now_ns;
}
