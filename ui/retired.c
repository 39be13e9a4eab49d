// SPDX-License-Identifier: GPL-3.0-or-later
#include "retired.h"

static GPtrArray *retired; // SqPipeline, main thread only

static gboolean
release_pipeline (gpointer pipeline)
{
  g_ptr_array_remove_fast (retired, pipeline);
  return G_SOURCE_REMOVE;
}

static gboolean
pipeline_has_ended (SqPipeline *pipeline)
{
  SqPipelineState state = sq_pipeline_get_state (pipeline);

  return state == SQ_PIPELINE_IDLE || state >= SQ_PIPELINE_FINISHED;
}

static void
on_retired_state (SqPipeline *pipeline)
{
  if (pipeline_has_ended (pipeline) && g_signal_handlers_disconnect_by_func (pipeline, on_retired_state, NULL) > 0)
    g_idle_add (release_pipeline, pipeline);
}

void
sq_retire_pipeline (SqPipeline *pipeline)
{
  if (retired == NULL)
    retired = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (retired, pipeline);
  g_signal_connect (pipeline, "notify::state", G_CALLBACK (on_retired_state), NULL);
  sq_pipeline_stop (pipeline);
  on_retired_state (pipeline);
}

void
sq_retired_wait (void)
{
  for (guint i = 0; retired != NULL && i < retired->len; i++)
    sq_pipeline_wait (retired->pdata[i], NULL);
  // What they have to say of their end is on its way through the main loop, which others listen to.
  for (int i = 0; retired != NULL && retired->len > 0 && i < 1000; i++)
    g_main_context_iteration (NULL, FALSE);
}
