// SPDX-License-Identifier: GPL-3.0-or-later
#include "assign.h"

#include <math.h>

// A pair dearer than `most` costs as much as leaving both alone, so it is never worth more than a pair that is cheap enough.
static double
cost_of (const double *cost, guint n, guint m, gboolean turned, guint row, guint column, double most)
{
  return MIN (turned ? cost[column * m + row] : cost[row * m + column], most);
}

void
sq_assign (const double *cost, guint n, guint m, double most, int *to)
{
  gboolean turned = n > m;
  guint rows = MIN (n, m), columns = MAX (n, m);
  g_autofree double *u = g_new0 (double, rows + 1), *v = g_new0 (double, columns + 1), *least = g_new (double, columns + 1);
  g_autofree guint *row_of = g_new0 (guint, columns + 1), *way = g_new0 (guint, columns + 1); // from 1; 0: none
  g_autofree gboolean *used = g_new (gboolean, columns + 1);

  for (guint i = 1; i <= rows; i++)
    {
      guint at = 0;

      row_of[0] = i;
      for (guint j = 0; j <= columns; j++)
        {
          least[j] = INFINITY;
          used[j] = FALSE;
        }
      do
        {
          guint row = row_of[at], next = 0;
          double delta = INFINITY;

          used[at] = TRUE;
          for (guint j = 1; j <= columns; j++)
            {
              double c;

              if (used[j])
                continue;
              c = cost_of (cost, n, m, turned, row - 1, j - 1, most) - u[row] - v[j];
              if (c < least[j])
                {
                  least[j] = c;
                  way[j] = at;
                }
              if (least[j] < delta)
                {
                  delta = least[j];
                  next = j;
                }
            }
          for (guint j = 0; j <= columns; j++)
            if (used[j])
              {
                u[row_of[j]] += delta;
                v[j] -= delta;
              }
            else
              least[j] -= delta;
          at = next;
        }
      while (row_of[at] != 0);
      for (; at != 0; at = way[at])
        row_of[at] = row_of[way[at]];
    }
  for (guint i = 0; i < n; i++)
    to[i] = -1;
  for (guint j = 1; j <= columns; j++)
    if (row_of[j] != 0)
      {
        guint row = turned ? j - 1 : row_of[j] - 1, column = turned ? row_of[j] - 1 : j - 1;

        if (cost[row * m + column] < most)
          to[row] = (int) column;
      }
}
