// SPDX-License-Identifier: GPL-3.0-or-later
// `bench-soak MODEL VIDEO LOOPS`: plays a video over and over and prints the resident memory; flat means flat.
#include "engine/devices/cpu-load.h"
#include "engine/engine.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct
{
  SqPipeline *pipeline;
  gint64 last_pts;
  int loop, loops;
  guint64 frames, early, late; // bytes resident after a tenth, and at the end
} Soak;

static guint64
resident (void)
{
  static SqCpuTimes state;
  SqDeviceSample sample;

  sq_cpu_load_read (&state, &sample, NULL);
  return sample.own_bytes;
}

static void
on_result (SqResult *result, gpointer data)
{
  Soak *soak = data;
  SqFilter filter = SQ_FILTER_DEFAULT;

  g_array_unref (sq_result_detections (result, &filter));
  soak->frames++;
  if (result->frame->pts_ns < soak->last_pts)
    {
      soak->loop++;
      soak->late = resident ();
      if (soak->loop == MAX (soak->loops / 10, 1))
        soak->early = soak->late;
      if (soak->loop % 20 == 0)
        {
          printf ("loop %4d  %6.1f MB\n", soak->loop, (double) soak->late / 1e6);
          fflush (stdout);
        }
      if (soak->loop >= soak->loops)
        sq_pipeline_stop (soak->pipeline);
    }
  soak->last_pts = result->frame->pts_ns;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqModel) model = argc == 4 ? sq_model_load (argv[1], NULL, NULL, &error) : NULL;
  const char *const paths[] = { argv[2], NULL };
  SqPipelineOptions options = { .paths = paths, .loop = TRUE };
  Soak soak = { 0 };

  if (model == NULL)
    {
      fprintf (stderr, "%s\n", error != NULL ? error->message : "usage: bench-soak MODEL VIDEO LOOPS");
      return 2;
    }
  soak.loops = atoi (argv[3]);
  soak.pipeline = sq_pipeline_new (model, &options);
  sq_pipeline_add_sink (soak.pipeline, on_result, &soak, NULL);
  sq_pipeline_start (soak.pipeline);
  if (!sq_pipeline_wait (soak.pipeline, &error))
    {
      fprintf (stderr, "%s\n", error->message);
      return 1;
    }
  printf ("%" G_GUINT64_FORMAT " frames in %d loops: %.1f MB after a tenth, %.1f MB at the end\n", soak.frames, soak.loop,
          (double) soak.early / 1e6, (double) soak.late / 1e6);
  g_object_unref (soak.pipeline);
  return 0;
}
