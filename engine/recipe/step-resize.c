// SPDX-License-Identifier: GPL-3.0-or-later
// A smaller input for the network. Of all sizes that the share of operations allows, wide, square or tall, that one whose detections on the
// calibration pictures agree most with the original's.
#include "engine/graph/graph.h"
#include "resize.h"
#include "step.h"

#define STRIDE 32   // of the coarsest level of all families; finer ones fit too
#define MIN_SIZE 64 // px
#define MAX_TRIED 7 // sizes that are measured
#define NEARLY .88  // a size that leaves more of the share unused is not worth measuring
#define BROKEN .05  // agreement below which a network computes something else

enum
{
  KEEP,   // share of the operations
  WIDTH,  // px; 0: measured
  HEIGHT, // px
};

typedef struct
{
  SqModel *model;
  int width, height;
  double flop, agreement;
} Size;

static void
size_clear (gpointer data)
{
  g_clear_pointer (&((Size *) data)->model, sq_model_unref);
}

// Appends the model at that size where the network and its family can have it, and it takes no more than `flop`.
static gboolean
add_size (GArray *sizes, const SqModel *model, int width, int height, double flop, GError **error)
{
  g_autoptr (SqGraph) graph = sq_graph_resize (model->graph, model->name, height, width, error);
  Size size = { .width = width, .height = height, .agreement = -1 };

  if (graph == NULL || (size.flop = sq_graph_flop (graph)) > flop)
    return FALSE;
  if ((size.model = sq_model_derive (model, graph, error)) == NULL)
    return FALSE;
  g_array_append_val (sizes, size);
  return TRUE;
}

static int
by_flop (gconstpointer a, gconstpointer b)
{
  double x = ((const Size *) a)->flop, y = ((const Size *) b)->flop;

  return x > y ? -1 : x < y;
}

// For each width the largest height; the largest first, the much smaller ones left out.
static GArray *
find_sizes (const SqModel *model, double flop)
{
  GArray *sizes = g_array_new (FALSE, FALSE, sizeof (Size));
  int w0 = model->input.width, h0 = model->input.height;
  double per_pixel = model->flop / ((double) w0 * h0);

  g_array_set_clear_func (sizes, size_clear);
  for (int w = w0 / STRIDE * STRIDE; w >= MAX (MIN_SIZE, w0 / 2 / STRIDE * STRIDE); w -= STRIDE)
    {
      int h = (int) MIN (flop * 1.1 / per_pixel / w, h0) / STRIDE * STRIDE; // layers that do not shrink along make it a guess

      for (guint tries = 0; h >= MAX (MIN_SIZE, h0 / 3) && tries < 3; h -= STRIDE, tries++)
        if (add_size (sizes, model, w, h, flop, NULL))
          break;
    }
  g_array_sort (sizes, by_flop);
  while (sizes->len > 1
         && (sizes->len > MAX_TRIED || g_array_index (sizes, Size, sizes->len - 1).flop < NEARLY * g_array_index (sizes, Size, 0).flop))
    g_array_remove_index (sizes, sizes->len - 1);
  return sizes;
}

static gboolean
measure (SqRecipeJob *job, GArray *sizes, const SqRecipeProgress *progress, GError **error)
{
  for (guint i = 0; i < sizes->len; i++)
    {
      Size *size = &g_array_index (sizes, Size, i);
      SqRecipeProgress part = _sq_recipe_part (progress, (double) i / sizes->len, (double) (i + 1) / sizes->len);

      if ((size->agreement = sq_recipe_job_agreement (job, size->model, &part, error)) < 0)
        return FALSE;
    }
  return TRUE;
}

static SqModel *
choose (SqRecipeJob *job, const SqModel *model, GArray *sizes, GError **error)
{
  guint best = 0;

  for (guint i = 1; i < sizes->len; i++)
    if (g_array_index (sizes, Size, i).agreement > g_array_index (sizes, Size, best).agreement)
      best = i;
  g_string_append_printf (job->report, "input       %d x %d, before %d x %d: %.1f %% of the operations\n",
                          g_array_index (sizes, Size, best).width, g_array_index (sizes, Size, best).height, model->input.width,
                          model->input.height, 100 * g_array_index (sizes, Size, best).flop / model->flop);
  for (guint i = 0; i < sizes->len; i++)
    {
      const Size *size = &g_array_index (sizes, Size, i);

      if (size->agreement >= 0)
        g_string_append_printf (job->report, "            %d x %d agrees to %.3f with the original at %.1f %%\n", size->width, size->height,
                                size->agreement, 100 * size->flop / model->flop);
    }
  if (g_array_index (sizes, Size, best).agreement >= 0 && g_array_index (sizes, Size, best).agreement < BROKEN)
    {
      g_set_error (
          error, SQ_ERROR, SQ_ERROR_FORMAT,
          "%s keeps its input size: at another it detects something else; choose a level that leaves the size alone, such as int8.",
          model->name);
      return NULL;
    }
  return sq_model_ref (g_array_index (sizes, Size, best).model);
}

// Some networks want multiples of more than the stride.
static gboolean
check (const SqModel *model, GError **error)
{
  g_autoptr (GError) first = NULL;

  for (int h = model->input.height - STRIDE; h >= MAX (MIN_SIZE, model->input.height / 3); h -= STRIDE)
    {
      g_autoptr (SqGraph) graph = sq_graph_resize (model->graph, model->name, h, model->input.width, first == NULL ? &first : NULL);

      if (graph != NULL)
        return TRUE;
    }
  if (first != NULL)
    g_propagate_error (error, g_steal_pointer (&first));
  else
    g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT, "%s keeps its input size: %d x %d is as small as networks get.", model->name,
                 model->input.width, model->input.height);
  return FALSE;
}

static SqModel *
apply (SqRecipeJob *job, SqModel *model, const double *params, const SqRecipeProgress *progress, GError **error)
{
  g_autoptr (GArray) sizes = NULL;

  if (params[WIDTH] > 0 && params[HEIGHT] > 0)
    {
      sizes = g_array_new (FALSE, FALSE, sizeof (Size));
      g_array_set_clear_func (sizes, size_clear);
      if (!add_size (sizes, model, (int) params[WIDTH], (int) params[HEIGHT], G_MAXDOUBLE, error))
        return NULL;
      return choose (job, model, sizes, error);
    }
  sizes = find_sizes (model, params[KEEP] * model->flop);
  if (sizes->len == 0)
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_FORMAT,
                   "%s keeps its input size: no smaller one takes %.0f %% of the operations; choose a level that leaves the size alone.",
                   model->name, 100 * params[KEEP]);
      return NULL;
    }
  if (sizes->len > 1 && !measure (job, sizes, progress, error))
    return NULL;
  return choose (job, model, sizes, error);
}

const SqRecipeKind sq_recipe_kind_resize = {
  .id = "resize",
  .needs_pictures = TRUE,
  .params = { [KEEP] = { "keep", .75, .05, 1 }, [WIDTH] = { "width", 0, 0, 8192 }, [HEIGHT] = { "height", 0, 0, 8192 } },
  .check = check,
  .apply = apply,
};
