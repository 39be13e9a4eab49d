// SPDX-License-Identifier: GPL-3.0-or-later
// The CUDA backend: the exec's life. See cuda-private.h for the idea.
#include "cuda-private.h"

#include <string.h>

gboolean
_sq_cuda_check (CudaExec *self, int code, const char *doing, GError **error)
{
  return code == SQ_GPU_OK || sq_gpu_set_error (error, self->api, self->device, code, doing);
}

gboolean
_sq_cuda_alloc_host (CudaExec *self, gpointer *memory, gsize bytes, GError **error)
{
  if (!_sq_cuda_check (self, self->api->alloc_host (memory, MAX (bytes, 1)), "reserving memory on the host", error))
    return FALSE;
  g_ptr_array_add (self->host, *memory);
  return TRUE;
}

static void
cuda_free (SqExec *exec)
{
  CudaExec *self = (CudaExec *) exec;

  self->api->set_device (self->device);
  if (self->stream != NULL)
    self->api->stream_wait (self->stream); // a host call may still be under way
  if (self->recorded != NULL)
    self->api->graph_free (self->recorded);
  if (self->forward != NULL)
    self->api->graph_free (self->forward);
  _sq_cuda_detect_free (self);
  for (guint i = 0; i < self->steps->len; i++)
    _sq_cuda_step_free (self, g_ptr_array_index (self->steps, i));
  if (self->dnn != NULL)
    self->api->dnn_free (self->dnn);
  if (self->arena != NULL)
    self->api->free (self->arena);
  if (self->workspace != NULL)
    self->api->free (self->workspace);
  if (self->constants_on_device != NULL)
    self->api->free (self->constants_on_device);
  for (guint i = 0; i < self->host->len; i++)
    self->api->free_host (g_ptr_array_index (self->host, i));
  if (self->stream != NULL)
    self->api->stream_free (self->stream);
  if (self->cache != NULL)
    _sq_cuda_cache_close (self->cache);
  for (int l = 0; l < N_LAYOUTS; l++)
    g_free (self->of_value[l]);
  g_ptr_array_unref (self->host);
  g_ptr_array_unref (self->steps);
  g_array_unref (self->buffers);
  g_byte_array_unref (self->constants);
  g_free (self->uses);
  g_free (self->tail);
  g_free (self->input);
  g_free (self->output);
  g_free (self->parent.note);
  sq_graph_free (self->graph);
  g_free (self);
}

static CudaExec *
cuda_new (const SqGpuApi *api, const SqGraph *graph, const SqExecOptions *options, int batch)
{
  CudaExec *self = g_new0 (CudaExec, 1);

  self->api = api;
  self->device = MAX (options->device, 0);
  self->options = *options;
  self->graph = sq_graph_copy (graph);
  self->uses = sq_graph_count_uses (graph);
  self->batch = batch;
  self->real = options->precision == SQ_PRECISION_F32 ? SQ_CUDA_F32 : SQ_CUDA_F16;
  self->fp8 = options->precision == SQ_PRECISION_FP8;
  self->whole = options->precision == SQ_PRECISION_AUTO || options->precision == SQ_PRECISION_INT8;
  self->buffers = g_array_new (FALSE, FALSE, sizeof (Buffer));
  self->steps = g_ptr_array_new ();
  self->constants = g_byte_array_new ();
  self->host = g_ptr_array_new ();
  self->input = g_new0 (char *, graph->inputs->len + 1);
  self->output = g_new0 (char *, graph->outputs->len + 1);
  return self;
}

static gboolean
upload (CudaExec *self, GError **error)
{
  const SqGpuApi *api = self->api;
  gsize bytes = MAX (self->constants->len, 1);
  int code = api->alloc ((gpointer *) &self->constants_on_device, bytes);

  if (code == SQ_GPU_OK)
    code = api->alloc ((gpointer *) &self->arena, MAX (self->arena_bytes, 1));
  if (code == SQ_GPU_OK && self->workspace_bytes > 0)
    code = api->alloc ((gpointer *) &self->workspace, self->workspace_bytes);
  if (code == SQ_GPU_OK && self->constants->len > 0)
    code = api->copy (self->constants_on_device, self->constants->data, self->constants->len, SQ_GPU_TO_DEVICE, self->stream);
  for (guint i = 0; i < self->buffers->len && code == SQ_GPU_OK; i++)
    {
      const Buffer *b = cuda_buffer (self, (int) i);

      if (b->border > 0 && b->block.bytes > 0)
        code = api->set (self->arena + b->block.at, b->zero & 255, b->block.bytes, self->stream);
    }
  if (code == SQ_GPU_OK)
    code = api->stream_wait (self->stream);
  self->parent.memory = bytes + self->arena_bytes + self->workspace_bytes;
  g_byte_array_set_size (self->constants, 0);
  return _sq_cuda_check (self, code, "loading the network", error);
}

static gsize
value_bytes (const CudaExec *self, int id)
{
  return (gsize) sq_shape_elements (&cuda_value (self, id)->shape) * sq_dtype_size (cuda_value (self, id)->dtype);
}

static gboolean
host_memory (CudaExec *self, GError **error)
{
  for (guint i = 0; i < self->graph->inputs->len; i++)
    if (!_sq_cuda_alloc_host (self, (gpointer *) &self->input[i], value_bytes (self, g_array_index (self->graph->inputs, int, i)), error))
      return FALSE;
  for (guint i = 0; i < self->graph->outputs->len; i++)
    if (!_sq_cuda_alloc_host (self, (gpointer *) &self->output[i], value_bytes (self, g_array_index (self->graph->outputs, int, i)), error))
      return FALSE;
  return _sq_cuda_host_memory (self, error);
}

// Ada and Hopper are the first with 8-bit floats.
static gboolean
computes (const CudaExec *self, GError **error)
{
  if (!self->fp8 || self->properties.major * 10 + self->properties.minor >= 89)
    return TRUE;
  g_set_error (error, SQ_ERROR, SQ_ERROR_NO_DEVICE,
               "%s:%d (%s) does not compute in 8-bit floats, which GPUs from the GeForce RTX 40 and H100 on do: use half or int8 there.",
               self->api->name, self->device, self->properties.name);
  return FALSE;
}

static gboolean
build (CudaExec *self, GError **error)
{
  if (!_sq_cuda_check (self, self->api->set_device (self->device), "choosing the device", error)
      || !_sq_cuda_check (self, self->api->properties (self->device, &self->properties), "asking the device", error)
      || !computes (self, error) || !_sq_cuda_check (self, self->api->stream_new (&self->stream), "opening a stream", error)
      || (self->dnn = self->api->dnn_new (self->device, error)) == NULL || !_sq_cuda_plan (self, error))
    return FALSE;
  _sq_cuda_borders (self);
  _sq_cuda_arena (self);
  self->cache = _sq_cuda_cache_open (self);
  if (!_sq_cuda_build_convs (self, error) || !upload (self, error) || !host_memory (self, error))
    return FALSE;
  if (self->options.detect != NULL && !_sq_cuda_detect_prepare (self, self->options.detect, error))
    return FALSE;
  _sq_cuda_cache_close (g_steal_pointer (&self->cache));
  memset (&self->options, 0, sizeof self->options); // its pointers were lent for the call
  return TRUE;
}

static SqExec *
cuda_compile (const SqGraph *graph, const SqExecOptions *options, GError **error)
{
  const SqGpuApi *api = sq_gpu_api (error);
  int asked = CLAMP (options->batch, 1, SQ_MAX_BATCH), devices = 0;

  if (api == NULL)
    return NULL;
  if (api->device_count (&devices) != SQ_GPU_OK || options->device >= devices)
    {
      g_set_error (error, SQ_ERROR, SQ_ERROR_NO_DEVICE, "There is no device '%s:%d': squint-cli devices lists what is here.", api->name,
                   MAX (options->device, 0));
      return NULL;
    }
  for (int batch = asked;; batch /= 2)
    {
      g_autoptr (GError) cause = NULL;
      CudaExec *self = cuda_new (api, graph, options, batch);
      gboolean smaller; // a smaller batch may fit

      if (build (self, &cause))
        {
          self->parent.batch = options->detect != NULL ? (guint) batch : 0;
          if (batch < asked)
            self->parent.note = g_strdup_printf ("A batch of %d does not fit in the memory of %s:%d: %d pictures at once are used instead.",
                                                 asked, api->name, self->device, batch);
          return &self->parent;
        }
      smaller = batch > 1 && !self->too_large && g_error_matches (cause, SQ_ERROR, SQ_ERROR_OUT_OF_MEMORY);
      cuda_free (&self->parent);
      if (!smaller)
        {
          g_propagate_error (error, g_steal_pointer (&cause));
          return NULL;
        }
    }
}

// The network alone.
static int
launch_steps (CudaExec *self)
{
  int code = SQ_GPU_OK;

  for (guint i = 0; i < self->steps->len && code == SQ_GPU_OK; i++)
    {
      Step *step = g_ptr_array_index (self->steps, i);

      code = step->launch (self, step, self->stream);
    }
  return code;
}

// One picture; the rest of the batch computes whatever lies there.
static int
launch_all (CudaExec *self)
{
  const SqGraph *graph = self->graph;
  int code = SQ_GPU_OK;

  for (guint i = 0; i < graph->inputs->len && code == SQ_GPU_OK; i++)
    {
      int id = g_array_index (graph->inputs, int, i);

      code = self->api->copy (_sq_cuda_data (self, self->of_value[LAYOUT_PLAIN][id]), self->input[i], value_bytes (self, id),
                              SQ_GPU_TO_DEVICE, self->stream);
    }
  if (code == SQ_GPU_OK)
    code = launch_steps (self);
  for (guint i = 0; i < graph->outputs->len && code == SQ_GPU_OK; i++)
    {
      int id = g_array_index (graph->outputs, int, i);

      code = self->api->copy (self->output[i], _sq_cuda_data (self, self->of_value[LAYOUT_PLAIN][id]), value_bytes (self, id),
                              SQ_GPU_TO_HOST, self->stream);
    }
  return code;
}

// Once for real first: code is loaded when it first runs, which must not happen while recording.
gboolean
_sq_cuda_record (CudaExec *self, int (*launch) (CudaExec *self), SqGpuGraph **graph, GError **error)
{
  int code, end;

  if (*graph != NULL)
    return TRUE;
  code = launch (self);
  if (code == SQ_GPU_OK)
    code = self->api->stream_wait (self->stream);
  if (code == SQ_GPU_OK)
    code = self->api->capture_begin (self->stream);
  if (code == SQ_GPU_OK)
    {
      code = launch (self);
      end = self->api->capture_end (self->stream, graph);
      code = code != SQ_GPU_OK ? code : end;
    }
  return _sq_cuda_check (self, code, "recording the network", error);
}

static gboolean
cuda_run (SqExec *exec, SqTensor *const *in, SqTensor **out, GError **error)
{
  CudaExec *self = (CudaExec *) exec;
  const SqGraph *graph = self->graph;
  int code;

  if (!_sq_cuda_check (self, self->api->set_device (self->device), "choosing the device", error)
      || !_sq_cuda_record (self, launch_all, &self->recorded, error))
    return FALSE;
  for (guint i = 0; i < graph->inputs->len; i++)
    memcpy (self->input[i], in[i]->data, in[i]->bytes);
  code = self->api->graph_launch (self->recorded, self->stream);
  if (code == SQ_GPU_OK)
    code = self->api->stream_wait (self->stream);
  if (!_sq_cuda_check (self, code, "running the network", error))
    return FALSE;
  for (guint i = 0; i < graph->outputs->len; i++)
    {
      const SqValue *v = cuda_value (self, g_array_index (graph->outputs, int, i));

      out[i] = sq_tensor_new (v->dtype, &v->shape);
      if (out[i] == NULL)
        {
          while (i-- > 0)
            g_clear_pointer (&out[i], sq_tensor_unref);
          g_set_error_literal (error, SQ_ERROR, SQ_ERROR_OUT_OF_MEMORY, "There is not enough memory for the network's outputs.");
          return FALSE;
        }
      memcpy (out[i]->data, self->output[i], out[i]->bytes);
    }
  return TRUE;
}

static gboolean
cuda_forward_ms (SqExec *exec, double *ms, GError **error)
{
  CudaExec *self = (CudaExec *) exec;
  const SqGpuApi *api = self->api;
  SqGpuEvent *from = NULL, *to = NULL;
  float elapsed = 0;
  int code;

  if (!_sq_cuda_check (self, api->set_device (self->device), "choosing the device", error)
      || !_sq_cuda_record (self, launch_steps, &self->forward, error))
    return FALSE;
  code = api->event_new (&from);
  if (code == SQ_GPU_OK)
    code = api->event_new (&to);
  if (code == SQ_GPU_OK)
    code = api->event_record (from, self->stream);
  if (code == SQ_GPU_OK)
    code = api->graph_launch (self->forward, self->stream);
  if (code == SQ_GPU_OK)
    code = api->event_record (to, self->stream);
  if (code == SQ_GPU_OK)
    code = api->stream_wait (self->stream);
  if (code == SQ_GPU_OK)
    code = api->event_ms (from, to, &elapsed);
  if (from != NULL)
    api->event_free (from);
  if (to != NULL)
    api->event_free (to);
  *ms = (double) elapsed;
  return _sq_cuda_check (self, code, "measuring the network", error);
}

static char *
cuda_describe (SqExec *exec)
{
  const CudaExec *self = (CudaExec *) exec;
  GString *s = g_string_new (NULL);

  for (guint i = 0; i < self->steps->len; i++)
    {
      const Step *step = g_ptr_array_index (self->steps, i);
      static const char *const types[] = { "f32", "f16", "s8", "i64", "i32", "u8", "e4m3" };
      g_autofree char *shape = step->node != NULL ? sq_shape_to_string (&cuda_value (self, step->node->out[0])->shape) : g_strdup ("");

      g_string_append_printf (s, "%-12s %-16s %-4s %s\n", step->name, shape, types[cuda_buffer (self, step->out[0])->type],
                              step->how != NULL ? step->how : "own kernel");
    }
  g_string_append_printf (s, "arena %.1f MB, workspace %.1f MB\n", (double) self->arena_bytes / 1e6, (double) self->workspace_bytes / 1e6);
  return g_string_free (s, FALSE);
}

const SqBackend sq_backend_cuda = { .id = "cuda",
                                    .alias = "fake",
                                    .takes_frames = TRUE,
                                    .fp8 = TRUE,
                                    .compile = cuda_compile,
                                    .run = cuda_run,
                                    .detect = _sq_cuda_detect,
                                    .forward_ms = cuda_forward_ms,
                                    .free = cuda_free,
                                    .describe = cuda_describe };
