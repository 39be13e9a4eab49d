// SPDX-License-Identifier: GPL-3.0-or-later
// The darknet reader: a cfg names the layers, the weights file holds their numbers in the same order and nothing else.
#include "engine/ops/op.h"
#include "format.h"

#include <math.h>
#include <string.h>

#define MAX_CFG_BYTES (1 << 20)
#define MAX_LAYERS 1024
#define MAX_SIDE 8192
#define BN_EPSILON 1e-5

typedef struct
{
  char *kind;          // "convolutional"
  GHashTable *options; // string -> string
  int line;
} Section;

typedef struct
{
  SqGraph *graph;
  SqImport *import;
  const guint8 *weights; // NULL: shapes only, every weight 0
  gsize at, end;         // bytes
  GArray *outputs;       // int: value of each layer so far
  int last;              // value of the layer before
  const Section *section;
} Reader;

static void
section_free (gpointer data)
{
  Section *section = data;

  g_free (section->kind);
  g_hash_table_unref (section->options);
  g_free (section);
}

static gboolean
fail (const Reader *self, GError **error, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, SQ_ERROR, SQ_ERROR_BAD_MODEL, "line %d, [%s]: %s", self->section->line, self->section->kind, text);
  return FALSE;
}

static GPtrArray *
parse_cfg (const char *text)
{
  g_autoptr (GPtrArray) sections = g_ptr_array_new_with_free_func (section_free);
  g_auto (GStrv) lines = g_strsplit_set (text, "\n\r", -1);
  Section *current = NULL;

  for (int i = 0; lines[i] != NULL; i++)
    {
      char *line = g_strstrip (lines[i]), *equals;
      gsize length = strlen (line);

      if (*line == '\0' || *line == '#' || *line == ';')
        continue;
      if (*line == '[' && line[length - 1] == ']')
        {
          if (sections->len > MAX_LAYERS)
            return NULL;
          current = g_new0 (Section, 1);
          current->kind = g_strndup (line + 1, length - 2);
          current->options = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
          current->line = i + 1;
          g_ptr_array_add (sections, current);
        }
      else if (current != NULL && (equals = strchr (line, '=')) != NULL)
        {
          *equals = '\0';
          g_hash_table_insert (current->options, g_strdup (g_strstrip (line)), g_strdup (g_strstrip (equals + 1)));
        }
      else
        return NULL;
    }
  if (sections->len < 2
      || (!g_str_equal (((Section *) sections->pdata[0])->kind, "net") && !g_str_equal (((Section *) sections->pdata[0])->kind, "network")))
    return NULL;
  return g_steal_pointer (&sections);
}

static const char *
option (const Reader *self, const char *key, const char *fallback)
{
  const char *text = g_hash_table_lookup (self->section->options, key);

  return text != NULL ? text : fallback;
}

static int
option_int (const Reader *self, const char *key, int fallback)
{
  const char *text = option (self, key, NULL);

  return text != NULL ? (int) CLAMP (g_ascii_strtoll (text, NULL, 10), -(1 << 24), 1 << 24) : fallback;
}

static int
option_floats (const Reader *self, const char *key, float *out, int max)
{
  g_auto (GStrv) parts = g_strsplit (option (self, key, ""), ",", -1);
  int n = 0;

  for (int i = 0; parts[i] != NULL && n < max; i++)
    if (*g_strstrip (parts[i]) != '\0')
      out[n++] = (float) g_ascii_strtod (parts[i], NULL);
  return n;
}

static gboolean
take (Reader *self, SqTensor *tensor, GError **error)
{
  if (self->weights == NULL)
    return TRUE;
  if (tensor->bytes > self->end - self->at)
    return fail (self, error, "the weights file ends too early: it belongs to another cfg or was cut off");
  memcpy (tensor->data, self->weights + self->at, tensor->bytes);
  self->at += tensor->bytes;
  return TRUE;
}

static gboolean
add (Reader *self, const SqOp *op, const SqParams *params, const int *in, int n_in, int *out, GError **error)
{
  g_autoptr (GError) cause = NULL;

  if (sq_graph_add (self->graph, op, params, in, n_in, out, &cause))
    return TRUE;
  return fail (self, error, "%s", cause->message);
}

static gboolean
activate (Reader *self, GError **error)
{
  static const struct
  {
    const char *name;
    SqAct act;
  } acts[] = {
    { "linear", { SQ_ACT_NONE } },      { "leaky", { SQ_ACT_LEAKY, .1f } }, { "relu", { SQ_ACT_RELU } },
    { "relu6", { SQ_ACT_CLIP, 0, 6 } }, { "mish", { SQ_ACT_MISH } },        { "swish", { SQ_ACT_SILU } },
    { "logistic", { SQ_ACT_SIGMOID } }, { "tanh", { SQ_ACT_TANH } },
  };
  const char *name = option (self, "activation", "linear");

  for (guint i = 0; i < G_N_ELEMENTS (acts); i++)
    if (g_str_equal (acts[i].name, name))
      {
        SqParams params = { .act = acts[i].act };

        return acts[i].act.kind == SQ_ACT_NONE || add (self, &sq_op_act, &params, &self->last, 1, &self->last, error);
      }
  return fail (self, error, "activation '%s' is not supported", name);
}

static gboolean
convolutional (Reader *self, GError **error)
{
  int filters = option_int (self, "filters", 1), size = option_int (self, "size", 1), groups = option_int (self, "groups", 1);
  int stride = option_int (self, "stride", 1), pad = option_int (self, "pad", 0) ? size / 2 : option_int (self, "padding", 0);
  int dilation = option_int (self, "dilation", 1);
  gint64 channels = sq_graph_value (self->graph, self->last)->shape.dim[1];
  g_autoptr (SqTensor) bias = NULL;
  g_autoptr (SqTensor) w = NULL;
  g_autoptr (SqTensor) bn = NULL;
  SqShape shape;
  SqParams params = { 0 };
  int in[3];

  if (filters < 1 || filters > 1 << 16 || size < 1 || size > 64 || stride < 1 || groups < 1 || channels % groups != 0
      || filters % groups != 0 || pad < 0 || pad > 64 || dilation < 1 || dilation > 64)
    return fail (self, error, "filters, size, stride, groups or padding is out of range");
  if (option_int (self, "xnor", 0) || option_int (self, "binary", 0) || option_int (self, "flipped", 0) || option_int (self, "deform", 0))
    return fail (self, error, "binary, flipped and deformable convolutions are not supported");

  shape = SQ_SHAPE (filters, channels / groups, size, size);
  if (self->weights != NULL && (double) sq_shape_elements (&shape) * 4 > self->end - self->at)
    return fail (self, error, "the weights file ends too early: it belongs to another cfg or was cut off");
  bias = sq_tensor_new (SQ_F32, &SQ_SHAPE (filters));
  w = sq_tensor_new (SQ_F32, &shape);
  if (bias == NULL || w == NULL)
    return fail (self, error, "not enough memory for its weights");
  if (!take (self, bias, error))
    return FALSE;
  if (option_int (self, "batch_normalize", 0))
    {
      bn = sq_tensor_new (SQ_F32, &SQ_SHAPE (3, filters)); // scales, means, variances
      if (!take (self, bn, error) || !take (self, w, error))
        return FALSE;
      for (int f = 0; f < filters; f++)
        {
          gint64 per = w->n / filters;
          float s = (float) (sq_tensor_f32 (bn)[f] / sqrt (sq_tensor_f32 (bn)[2 * filters + f] + BN_EPSILON));

          for (gint64 i = 0; i < per; i++)
            sq_tensor_f32 (w)[f * per + i] *= s;
          sq_tensor_f32 (bias)[f] -= sq_tensor_f32 (bn)[filters + f] * s;
        }
    }
  else if (!take (self, w, error))
    return FALSE;

  params.conv = (SqConvParams){ { size, size },
                                { option_int (self, "stride_y", stride), option_int (self, "stride_x", stride) },
                                { dilation, dilation },
                                { pad, pad, pad, pad },
                                .groups = groups };
  in[0] = self->last;
  in[1] = sq_graph_add_constant (self->graph, NULL, g_steal_pointer (&w));
  in[2] = sq_graph_add_constant (self->graph, NULL, g_steal_pointer (&bias));
  return add (self, &sq_op_conv, &params, in, 3, &self->last, error) && activate (self, error);
}

static gboolean
maxpool (Reader *self, GError **error)
{
  int stride = option_int (self, "stride", 1), size = option_int (self, "size", stride), pad = option_int (self, "padding", size - 1);
  SqParams params = { 0 };

  params.pool = (SqPoolParams){ .kernel = { size, size },
                                .stride = { option_int (self, "stride_y", stride), option_int (self, "stride_x", stride) },
                                .dilation = { 1, 1 },
                                .pad = { pad / 2, pad / 2, pad - pad / 2, pad - pad / 2 } };
  return add (self, &sq_op_pool, &params, &self->last, 1, &self->last, error);
}

static gboolean
avgpool (Reader *self, GError **error)
{
  SqParams params = { 0 };

  params.reduce.kind = SQ_REDUCE_MEAN;
  params.reduce.axes = 1u << 2 | 1u << 3;
  params.reduce.keep = TRUE;
  return add (self, &sq_op_reduce, &params, &self->last, 1, &self->last, error);
}

static gboolean
upsample (Reader *self, GError **error)
{
  const SqShape *x = &sq_graph_value (self->graph, self->last)->shape;
  int stride = option_int (self, "stride", 2);
  SqParams params = { 0 };

  if (stride < 1 || stride > 16 || x->dim[2] > MAX_SIDE || x->dim[3] > MAX_SIDE)
    return fail (self, error, "the stride is out of range");
  params.resize.floor = TRUE;
  params.resize.coords = 1;
  params.resize.height = (int) x->dim[2] * stride;
  params.resize.width = (int) x->dim[3] * stride;
  params.resize.scale_y = params.resize.scale_x = stride;
  return add (self, &sq_op_resize, &params, &self->last, 1, &self->last, error);
}

// Layer numbers: absolute, or negative and relative to this layer.
static gboolean
layers (Reader *self, const char *key, int *ids, int *n, GError **error)
{
  float numbers[SQ_MAX_IN];

  *n = option_floats (self, key, numbers, SQ_MAX_IN);
  for (int i = 0; i < *n; i++)
    {
      int layer = (int) numbers[i] + (numbers[i] < 0 ? (int) self->outputs->len : 0);

      if (layer < 0 || layer >= (int) self->outputs->len)
        return fail (self, error, "'%s' names a layer that is not above it", key);
      ids[i] = g_array_index (self->outputs, int, layer);
    }
  return *n > 0 || fail (self, error, "'%s' is missing", key);
}

static gboolean
channels_of (Reader *self, int value, gint64 first, gint64 count, int *out, GError **error)
{
  const SqShape *x = &sq_graph_value (self->graph, value)->shape;
  SqParams params = { 0 };

  for (int d = 0; d < 4; d++)
    {
      params.slice.start[d] = d == 1 ? first : 0;
      params.slice.step[d] = 1;
      params.slice.size[d] = d == 1 ? count : x->dim[d];
    }
  return add (self, &sq_op_slice, &params, &value, 1, out, error);
}

static gboolean
route (Reader *self, GError **error)
{
  int ids[SQ_MAX_IN], n, groups = option_int (self, "groups", 1), group = option_int (self, "group_id", 0);
  SqParams params = { 0 };

  if (!layers (self, "layers", ids, &n, error))
    return FALSE;
  if (groups < 1 || group < 0 || group >= groups)
    return fail (self, error, "'group_id' is out of range");
  for (int i = 0; i < n && groups > 1; i++)
    {
      gint64 part = sq_graph_value (self->graph, ids[i])->shape.dim[1] / groups;

      if (!channels_of (self, ids[i], group * part, part, &ids[i], error))
        return FALSE;
    }
  params.axis.axis = 1;
  self->last = ids[0];
  return n == 1 || add (self, &sq_op_concat, &params, ids, n, &self->last, error);
}

// Adds; where the channels differ, only those both have (darknet's shortcut_cpu).
static gboolean
shortcut (Reader *self, GError **error)
{
  int ids[SQ_MAX_IN], n;
  SqParams plus = { .binary = SQ_BINARY_ADD };

  if (!layers (self, "from", ids, &n, error))
    return FALSE;
  if (!g_str_equal (option (self, "weights_type", "none"), "none"))
    return fail (self, error, "weighted shortcuts are not supported");
  for (int i = 0; i < n; i++)
    {
      gint64 c = sq_graph_value (self->graph, self->last)->shape.dim[1], from = sq_graph_value (self->graph, ids[i])->shape.dim[1];

      if (from > c && !channels_of (self, ids[i], 0, c, &ids[i], error))
        return FALSE;
      if (from < c)
        {
          SqParams pad = { 0 };

          pad.pad.after[1] = c - from;
          if (!add (self, &sq_op_pad, &pad, &ids[i], 1, &ids[i], error))
            return FALSE;
        }
      if (!add (self, &sq_op_binary, &plus, (int[]){ self->last, ids[i] }, 2, &self->last, error))
        return FALSE;
    }
  return activate (self, error);
}

// darknet's reorg reads its input as if it had stride^2 fewer channels and as many more pixels.
static gboolean
reorg (Reader *self, GError **error)
{
  SqShape x = sq_graph_value (self->graph, self->last)->shape;
  int s = option_int (self, "stride", 2);
  SqParams params = { 0 };

  if (s < 1 || s > 16 || x.dim[1] % (s * s) != 0 || x.dim[2] % s != 0 || x.dim[3] % s != 0)
    return fail (self, error, "the stride does not fit its input");
  params.reshape.shape = SQ_SHAPE (x.dim[1] / (s * s), x.dim[2], s, x.dim[3], s);
  if (!add (self, &sq_op_reshape, &params, &self->last, 1, &self->last, error))
    return FALSE;
  params = (SqParams){ .transpose.perm = { 2, 4, 0, 1, 3 } };
  if (!add (self, &sq_op_transpose, &params, &self->last, 1, &self->last, error))
    return FALSE;
  params.reshape.shape = SQ_SHAPE (1, x.dim[1] * s * s, x.dim[2] / s, x.dim[3] / s);
  return add (self, &sq_op_reshape, &params, &self->last, 1, &self->last, error);
}

static gboolean
head (Reader *self, GError **error)
{
  SqDarknetHead h = { .region = g_str_equal (self->section->kind, "region") };
  float anchors[64], mask[32];
  int n, n_mask;
  gint64 channels = sq_graph_value (self->graph, self->last)->shape.dim[1];

  n = option_floats (self, "anchors", anchors, 64) / 2;
  n_mask = option_floats (self, "mask", mask, 32);
  h.classes = option_int (self, "classes", 20);
  h.scale_xy = (float) g_ascii_strtod (option (self, "scale_x_y", "1"), NULL);
  h.new_coords = option_int (self, "new_coords", 0) != 0;
  h.softmax = option_int (self, "softmax", 0) != 0;
  h.exact_coords = option_int (self, "absolute", 0) != 0;
  h.n_anchors = n_mask > 0 ? n_mask : h.region ? MIN (n, option_int (self, "num", n)) : n;
  for (int i = 0; i < h.n_anchors; i++)
    {
      int k = n_mask > 0 ? (int) mask[i] : i;

      if (k < 0 || k >= n)
        return fail (self, error, "'mask' names an anchor that does not exist");
      h.anchors[i][0] = anchors[2 * k];
      h.anchors[i][1] = anchors[2 * k + 1];
    }
  if (h.n_anchors < 1 || h.classes < 1 || channels != (gint64) h.n_anchors * (5 + h.classes))
    return fail (self, error, "%" G_GINT64_FORMAT " channels do not fit %d anchors of %d classes", channels, h.n_anchors, h.classes);
  g_array_append_val (self->import->heads, h);
  sq_graph_add_output (self->graph, self->last);
  return TRUE;
}

static gboolean
dropout (Reader *self, GError **error)
{
  return TRUE;
}

static gboolean
read_network (Reader *self, GPtrArray *sections, GError **error)
{
  static const struct
  {
    const char *kind;
    gboolean (*read) (Reader *self, GError **error);
  } kinds[] = {
    { "convolutional", convolutional },
    { "conv", convolutional },
    { "maxpool", maxpool },
    { "max", maxpool },
    { "avgpool", avgpool },
    { "avg", avgpool },
    { "upsample", upsample },
    { "route", route },
    { "shortcut", shortcut },
    { "reorg", reorg },
    { "yolo", head },
    { "region", head },
    { "dropout", dropout },
  };
  int width, height, channels;

  self->section = sections->pdata[0];
  width = option_int (self, "width", 0);
  height = option_int (self, "height", 0);
  channels = option_int (self, "channels", 3);
  if (width < 1 || width > MAX_SIDE || height < 1 || height > MAX_SIDE || channels != 3)
    return fail (self, error, "width, height or channels is out of range");
  self->import->letterbox = option_int (self, "letter_box", 0) != 0;
  self->last = sq_graph_add_input (self->graph, "images", SQ_F32, &SQ_SHAPE (1, channels, height, width));

  for (guint i = 1; i < sections->len; i++)
    {
      guint k = 0;

      self->section = sections->pdata[i];
      while (k < G_N_ELEMENTS (kinds) && !g_str_equal (kinds[k].kind, self->section->kind))
        k++;
      if (k == G_N_ELEMENTS (kinds))
        return fail (self, error, "this kind of layer is not supported");
      if (!kinds[k].read (self, error))
        return FALSE;
      g_array_append_val (self->outputs, self->last);
    }
  if (self->import->heads->len == 0)
    return fail (self, error, "the network has no [yolo] or [region] layer, so it is no detector");
  if (self->weights != NULL && self->at != self->end)
    return fail (self, error, "the weights file holds %" G_GSIZE_FORMAT " bytes more than the cfg needs: it belongs to another cfg",
                 self->end - self->at);
  return TRUE;
}

static gboolean
read_header (Reader *self, GError **error)
{
  gint32 version[3];
  gsize seen;

  if (self->end < sizeof version)
    return fail (self, error, "the weights file is too short");
  memcpy (version, self->weights, sizeof version);
  if (version[0] < 0 || version[0] > 1000 || version[1] < 0 || version[1] > 1000)
    return fail (self, error, "the weights file is not one of darknet's");
  seen = version[0] * 10 + version[1] >= 2 ? 8 : 4;
  self->at = sizeof version + seen;
  return self->at <= self->end || fail (self, error, "the weights file is too short");
}

SqImport *
sq_darknet_import (const char *cfg_path, const char *weights_path, GError **error)
{
  g_autoptr (SqImport) import = g_new0 (SqImport, 1);
  g_autoptr (GMappedFile) cfg = NULL;
  g_autoptr (GMappedFile) weights = NULL;
  g_autoptr (GPtrArray) sections = NULL;
  g_autoptr (GArray) outputs = g_array_new (FALSE, FALSE, sizeof (int));
  g_autoptr (GError) cause = NULL;
  g_autofree char *display = g_filename_display_basename (cfg_path), *text = NULL;
  Reader self = { .import = import, .outputs = outputs };

  if (!g_file_test (cfg_path, G_FILE_TEST_IS_REGULAR) || (cfg = g_mapped_file_new (cfg_path, FALSE, NULL)) == NULL)
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "%s cannot be read: check that it exists and that you may open it.", display);
      return NULL;
    }
  if (weights_path != NULL
      && (!g_file_test (weights_path, G_FILE_TEST_IS_REGULAR) || (weights = g_mapped_file_new (weights_path, FALSE, NULL)) == NULL))
    {
      g_autofree char *name = g_filename_display_basename (weights_path);

      g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "%s is missing or cannot be read: put the weights file beside %s.", name, display);
      return NULL;
    }
  text = g_strndup (g_mapped_file_get_contents (cfg) != NULL ? g_mapped_file_get_contents (cfg) : "",
                    MIN (g_mapped_file_get_length (cfg), MAX_CFG_BYTES));
  if (g_mapped_file_get_length (cfg) > MAX_CFG_BYTES || (sections = parse_cfg (text)) == NULL)
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_BAD_MODEL, "%s is not a darknet cfg: it must begin with [net] and name its layers.", display);
      return NULL;
    }

  import->graph = self.graph = sq_graph_new ();
  import->format = "darknet";
  import->metadata = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  import->heads = g_array_new (FALSE, FALSE, sizeof (SqDarknetHead));
  import->precision = g_strdup ("float32");
  self.section = sections->pdata[0];
  if (weights != NULL)
    {
      self.weights = (const guint8 *) g_mapped_file_get_contents (weights);
      self.end = g_mapped_file_get_length (weights);
    }
  if ((weights != NULL && !read_header (&self, &cause)) || !read_network (&self, sections, &cause))
    {
      g_set_error (error, SQ_ERROR, cause->code, "%s cannot be used: %s.", display, cause->message);
      return NULL;
    }
  sq_graph_prune (import->graph);
  return g_steal_pointer (&import);
}
