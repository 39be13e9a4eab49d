// SPDX-License-Identifier: GPL-3.0-or-later
// One side of the comparison: `bench-worker MODEL THREADS` reads a count per line from stdin, runs the network that often and prints the
// median in ms; "memory" prints the peak resident size in kB.
#include "engine/backends/backend.h"
#include "engine/formats/format.h"
#include "engine/passes/pass.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static int
compare (const void *a, const void *b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return x < y ? -1 : x > y;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SqImport) import = sq_onnx_import (argv[1], 0, 0, &error);
  g_autoptr (SqGraph) graph = NULL;
  g_autoptr (SqExec) exec = NULL;
  g_autoptr (SqTensor) input = NULL;
  SqExecOptions options = { .threads = atoi (argv[2]) };
  const SqValue *v;
  char line[64];

  if (import == NULL)
    g_error ("%s", error->message);
  graph = sq_passes_apply_default (import->graph, NULL);
  g_clear_pointer (&import, sq_import_free);
  exec = sq_exec_new (sq_backend_find ("cpu"), graph, &options, &error);
  if (exec == NULL)
    g_error ("%s", error->message);
  v = sq_graph_value (graph, g_array_index (graph->inputs, int, 0));
  input = sq_tensor_new (SQ_F32, &v->shape);
  for (gint64 i = 0; i < input->n; i++)
    sq_tensor_f32 (input)[i] = (float) (i * 7919 % 1000) / 1000;

  while (fgets (line, sizeof line, stdin) != NULL)
    {
      int n = CLAMP (atoi (line), 0, 10000);
      g_autofree gint64 *times = g_new (gint64, n + 1);
      struct rusage usage;

      for (int i = 0; i < n; i++)
        {
          SqTensor *out[16];
          gint64 start = g_get_monotonic_time ();

          if (!sq_exec_run (exec, &input, out, &error))
            g_error ("%s", error->message);
          times[i] = g_get_monotonic_time () - start;
          for (guint k = 0; k < graph->outputs->len; k++)
            sq_tensor_unref (out[k]);
        }
      qsort (times, n, sizeof times[0], compare);
      getrusage (RUSAGE_SELF, &usage);
      if (n > 0)
        printf ("%.4f\n", (double) times[n / 2] / 1e3);
      else
        printf ("%ld\n", usage.ru_maxrss);
      fflush (stdout);
    }
  return 0;
}
