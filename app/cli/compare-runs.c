// SPDX-License-Identifier: GPL-3.0-or-later
// `compare --runs`: what is stored in a project, without running anything.
#include "compare.h"

#include <string.h>

// "3,5" or "3"; FALSE after a message.
static gboolean
parse_runs (SqProject *project, const char *text, gint64 runs[2])
{
  g_auto (GStrv) parts = g_strsplit (text, ",", -1);
  guint n = g_strv_length (parts);
  g_autoptr (GError) error = NULL;
  SqStoredComparison found;

  for (guint i = 0; i < n; i++)
    if (n > 2 || !g_ascii_string_to_signed (g_strstrip (parts[i]), 10, 1, G_MAXINT64, &runs[i], NULL))
      n = 0;
  if (n == 0)
    sq_cli_error ("'%s' is no pair of runs: give two numbers, as 'squint-cli runs --project FILE' lists them.", text);
  if (n != 1)
    return n == 2;
  if (!sq_project_find_comparison (project, runs[0], &found, &error))
    sq_cli_error ("%s", error->message);
  else if (found.id == 0)
    sq_cli_error ("Run %" G_GINT64_FORMAT " was not made together with another: name two runs.", runs[0]);
  else
    {
      runs[0] = found.a;
      runs[1] = found.b;
      return TRUE;
    }
  return FALSE;
}

// One byte per class of the run's model; NULL after a message.
static guint8 *
parse_classes (SqProject *project, gint64 id, const char *text, guint *n)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqRun) run = sq_project_load_run (project, id, &error);
  SqModel model = { 0 };

  if (run == NULL)
    {
      sq_cli_error ("%s", error->message);
      return NULL;
    }
  model.name = run->model;
  model.labels = run->labels;
  model.n_classes = *n = g_strv_length (run->labels);
  return sq_cli_parse_classes (&model, text);
}

SqExit
sq_cli_compare_runs (const char *path, const char *text, const SqFilter *filter, const char *classes, const char *format,
                     const char *output)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqProject) project = sq_project_open (path, SQ_PROJECT_READ_ONLY, &error);
  g_autoptr (SqComparedRuns) runs = NULL;
  g_autoptr (SqWorstFrames) worst = NULL;
  g_autofree guint8 *mask = NULL;
  SqFilter wanted = *filter;
  SqComparisonReport report;
  gint64 ids[2] = { 0 };

  if (project == NULL)
    {
      sq_cli_error ("%s", error->message);
      return SQ_EXIT_NOTHING;
    }
  if (!parse_runs (project, text, ids))
    return SQ_EXIT_USAGE;
  if (classes != NULL && (wanted.classes = mask = parse_classes (project, ids[0], classes, &wanted.n_classes)) == NULL)
    return SQ_EXIT_USAGE;
  runs = sq_project_compare_runs (project, ids[0], ids[1], &wanted, NULL, &error);
  if (runs == NULL)
    {
      sq_cli_error ("%s", error->message);
      return SQ_EXIT_NOTHING;
    }
  report = sq_compared_runs_report (runs);
  if (g_str_equal (format, "html"))
    {
      report.worst = worst = sq_worst_frames_new (SQ_WORST_FRAMES_MAX);
      if (!sq_compared_runs_add_pictures (runs, project, worst, NULL, &error))
        sq_cli_error ("The page lacks pictures: %s", error->message); // a page without them is still a page
    }
  return sq_cli_print_comparison (&report, format, output) ? SQ_EXIT_OK : SQ_EXIT_NOTHING;
}
