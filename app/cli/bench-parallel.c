// SPDX-License-Identifier: GPL-3.0-or-later
#include "bench-parallel.h"

#include "engine/run/speedup.h"
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void
show_progress (double fraction, gpointer data)
{
  if (isatty (STDERR_FILENO))
    fprintf (stderr, "\r%3.0f %%%s", 100 * fraction, fraction >= 1 ? "\r      \r" : "");
}

static void
add_number (JsonBuilder *b, const char *name, double value)
{
  json_builder_set_member_name (b, name);
  json_builder_add_double_value (b, value);
}

static void
add_string (JsonBuilder *b, const char *name, const char *value)
{
  json_builder_set_member_name (b, name);
  json_builder_add_string_value (b, value);
}

static void
print_json (const SqModel *model, const SqSpeedup *speedup, SqParallel mode, const char *advice)
{
  g_autoptr (JsonBuilder) b = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *text = NULL;

  json_builder_begin_object (b);
  add_string (b, "model", model->sha256);
  add_string (b, "parallel", sq_parallel_id (mode));
  json_builder_set_member_name (b, "rows");
  json_builder_begin_array (b);
  for (guint i = 0; i < speedup->rows->len; i++)
    {
      const SqSpeedupRow *row = speedup->rows->pdata[i];
      g_auto (GStrv) ids = g_strsplit (row->devices, ",", -1);

      json_builder_begin_object (b);
      add_string (b, "mode", sq_parallel_id (row->mode));
      add_string (b, "device", row->devices);
      if (row->threads > 0)
        {
          json_builder_set_member_name (b, "threads");
          json_builder_add_int_value (b, row->threads);
        }
      if (row->error != NULL)
        add_string (b, "error", row->error);
      add_number (b, "fps", row->fps);
      add_number (b, "frame_ms", row->fps > 0 ? 1e3 / row->fps : 0);
      add_number (b, "speedup", row->speedup);
      add_number (b, "efficiency", row->efficiency);
      json_builder_set_member_name (b, "share");
      json_builder_begin_object (b);
      for (guint k = 0; ids[k] != NULL && row->mode == SQ_PARALLEL_DATA; k++)
        add_number (b, ids[k], row->share[k]);
      json_builder_end_object (b);
      json_builder_end_object (b);
    }
  json_builder_end_array (b);
  add_string (b, "advice", advice);
  json_builder_end_object (b);
  root = json_builder_get_root (b);
  text = json_to_string (root, FALSE);
  puts (text);
}

static void
print_table (const SqModel *model, const SqSpeedup *speedup, const char *advice)
{
  printf ("%s, %d x %d, frame to boxes\n%-32s %10s %9s %6s %6s  %s\n", model->name, model->input.width, model->input.height, "", "FRAMES/S",
          "MS/FRAME", "S", "S/N", "SHARE");
  for (guint i = 0; i < speedup->rows->len; i++)
    {
      const SqSpeedupRow *row = speedup->rows->pdata[i];
      g_autofree char *title = sq_speedup_row_title (row);
      g_auto (GStrv) ids = g_strsplit (row->devices, ",", -1);

      if (row->error != NULL)
        {
          printf ("%-32s %s\n", title, row->error);
          continue;
        }
      printf ("%-32s %10.2f %9.2f %6.2f %6.2f ", title, row->fps, 1e3 / row->fps, row->speedup, row->efficiency);
      for (guint k = 0; ids[k] != NULL && row->mode == SQ_PARALLEL_DATA; k++)
        printf (" %s %.0f %%", ids[k], 100 * row->share[k]);
      putchar ('\n');
    }
  puts (advice);
}

SqExit
sq_cli_bench_parallel (SqModel *model, const char *devices, SqParallel mode, double seconds, gboolean json)
{
  g_autofree char *all = devices != NULL ? g_strdup (devices) : sq_speedup_default_devices ();
  g_autoptr (GError) error = NULL;
  g_autoptr (SqSpeedup) speedup = sq_speedup_measure (model, all, seconds, NULL, show_progress, NULL, &error);
  g_autofree char *advice = NULL;
  SqExit status = SQ_EXIT_OK;

  if (speedup == NULL)
    {
      sq_cli_error ("%s", error->message);
      return SQ_EXIT_NOTHING;
    }
  advice = sq_speedup_advice (speedup, mode);
  if (json)
    print_json (model, speedup, mode, advice);
  else
    print_table (model, speedup, advice);
  for (guint i = 0; i < speedup->rows->len; i++)
    if (((SqSpeedupRow *) speedup->rows->pdata[i])->error != NULL)
      status = SQ_EXIT_SOME_FAILED;
  return sq_speedup_best (speedup)->fps > 0 ? status : SQ_EXIT_NOTHING;
}
