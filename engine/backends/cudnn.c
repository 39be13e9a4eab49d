// SPDX-License-Identifier: GPL-3.0-or-later
// Plans: asking cuDNN's heuristics for engines, building, saving, running.
#include "cudnn-private.h"

#include <string.h>

static void
set_descriptor (Builder *b, cudnnBackendDescriptor_t descriptor, cudnnBackendAttributeName_t name, cudnnBackendDescriptor_t value)
{
  _sq_cudnn_set (b, descriptor, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &value);
}

static gboolean
notes (cudnnBackendDescriptor_t engine, SqGpuPlan *plan, gboolean exact)
{
  cudnnBackendNumericalNote_t numerical[CUDNN_NUMERICAL_NOTE_TYPE_COUNT + 8];
  cudnnBackendBehaviorNote_t behaviour[CUDNN_BEHAVIOR_NOTE_TYPE_COUNT + 8];
  gint64 n = 0;

  plan->tensor_cores = plan->compiled = FALSE;
  _sq_cudnn ()->BackendGetAttribute (engine, CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, 1, &n, &plan->engine);
  n = 0;
  _sq_cudnn ()->BackendGetAttribute (engine, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE, G_N_ELEMENTS (numerical), &n,
                                     numerical);
  for (gint64 i = 0; i < n; i++)
    {
      plan->tensor_cores = plan->tensor_cores || numerical[i] == CUDNN_NUMERICAL_NOTE_TENSOR_CORE;
      if (exact && numerical[i] <= CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION) // float through tensor cores is TF32
        return FALSE;
      if (numerical[i] == CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC)
        return FALSE;
    }
  n = 0;
  _sq_cudnn ()->BackendGetAttribute (engine, CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE, CUDNN_TYPE_BEHAVIOR_NOTE, G_N_ELEMENTS (behaviour), &n,
                                     behaviour);
  for (gint64 i = 0; i < n; i++)
    {
      plan->compiled = plan->compiled || behaviour[i] == CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION;
      if (behaviour[i] == CUDNN_BEHAVIOR_NOTE_REQUIRES_FILTER_INT8x32_REORDER)
        return FALSE;
    }
  return TRUE;
}

static gboolean
finish_plan (SqGpuPlan *plan, cudnnBackendDescriptor_t config, const char *saved)
{
  const SqCudnn *api = _sq_cudnn ();
  cudnnBackendDescriptor_t descriptor = NULL;
  cudnnStatus_t status = api->BackendCreateDescriptor (CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, &descriptor);
  gint64 n;

  if (status == CUDNN_STATUS_SUCCESS && plan->dnn->handle != NULL)
    status = api->BackendSetAttribute (descriptor, CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, 1, &plan->dnn->handle);
  if (status == CUDNN_STATUS_SUCCESS && saved != NULL)
    status = api->BackendSetAttribute (descriptor, CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION, CUDNN_TYPE_CHAR, (gint64) strlen (saved),
                                       saved);
  else if (status == CUDNN_STATUS_SUCCESS)
    status = api->BackendSetAttribute (descriptor, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &config);
  if (status == CUDNN_STATUS_SUCCESS)
    status = api->BackendFinalize (descriptor);
  if (status == CUDNN_STATUS_SUCCESS)
    status = api->BackendGetAttribute (descriptor, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64, 1, &n, &plan->workspace);
  if (status != CUDNN_STATUS_SUCCESS)
    {
      if (descriptor != NULL)
        api->BackendDestroyDescriptor (descriptor);
      return FALSE;
    }
  plan->plan = descriptor;
  return TRUE;
}

// Asks one heuristic for configurations and takes the first that builds.
static void
try_heuristic (Builder *b, cudnnBackendDescriptor_t graph, cudnnBackendHeurMode_t mode)
{
  const SqCudnn *api = _sq_cudnn ();
  cudnnBackendDescriptor_t heuristic, configs[MAX_CONFIGS] = { NULL };
  gint64 n = 0;

  b->status = CUDNN_STATUS_SUCCESS;
  heuristic = _sq_cudnn_make (b, CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
  set_descriptor (b, heuristic, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph);
  _sq_cudnn_set (b, heuristic, CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, &mode);
  if (b->plan->dnn->device != NULL)
    set_descriptor (b, heuristic, CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, b->plan->dnn->device);
  _sq_cudnn_finish (b, heuristic, "its choice of engines");
  for (int i = 0; b->status == CUDNN_STATUS_SUCCESS && i < MAX_CONFIGS; i++)
    b->status = api->BackendCreateDescriptor (CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, &configs[i]);
  if (b->status == CUDNN_STATUS_SUCCESS)
    b->status =
        api->BackendGetAttribute (heuristic, CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR, MAX_CONFIGS, &n, configs);
  for (gint64 i = 0; b->status == CUDNN_STATUS_SUCCESS && i < MIN (n, MAX_CONFIGS) && b->plan->plan == NULL; i++)
    {
      cudnnBackendDescriptor_t engine = NULL;
      gint64 got = 0;

      if (api->BackendCreateDescriptor (CUDNN_BACKEND_ENGINE_DESCRIPTOR, &engine) != CUDNN_STATUS_SUCCESS)
        break;
      if (api->BackendGetAttribute (configs[i], CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &got, &engine)
              == CUDNN_STATUS_SUCCESS
          && notes (engine, b->plan, b->job->conv.x.type == SQ_CUDA_F32))
        finish_plan (b->plan, configs[i], NULL);
      api->BackendDestroyDescriptor (engine);
    }
  for (int i = 0; i < MAX_CONFIGS && configs[i] != NULL; i++)
    api->BackendDestroyDescriptor (configs[i]);
}

static void
build (Builder *b, const char *saved)
{
  cudnnBackendDescriptor_t graph;

  _sq_cudnn_emit (b);
  if (saved != NULL && b->plan->dnn->handle != NULL && b->status == CUDNN_STATUS_SUCCESS && finish_plan (b->plan, NULL, saved))
    return;
  graph = _sq_cudnn_make (b, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
  if (b->plan->dnn->handle != NULL)
    _sq_cudnn_set (b, graph, CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, 1, &b->plan->dnn->handle);
  _sq_cudnn_set (b, graph, CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR, b->n_operations, b->operation);
  _sq_cudnn_finish (b, graph, "the operation graph");
  if (b->status != CUDNN_STATUS_SUCCESS)
    return;
  try_heuristic (b, graph, CUDNN_HEUR_MODE_A);
  if (b->plan->plan == NULL)
    try_heuristic (b, graph, CUDNN_HEUR_MODE_FALLBACK);
}

static void
set_refusal (GError **error, const Builder *b)
{
  char message[512] = "";

  _sq_cudnn ()->GetLastErrorString (message, sizeof message);
  g_strdelimit (message, "\n", ' ');
  g_set_error (error, SQ_ERROR, SQ_ERROR_UNSUPPORTED_OP, "cuDNN has no plan for this convolution (%s: %s %s).",
               b->doing != NULL ? b->doing : "no engine", b->status != CUDNN_STATUS_SUCCESS ? _sq_cudnn ()->GetErrorString (b->status) : "",
               message);
}

SqGpuPlan *
_sq_cudnn_plan_new (SqGpuDnn *dnn, const SqGpuConv *conv, const char *saved, GError **error)
{
  SqGpuPlan *plan = g_new0 (SqGpuPlan, 1);
  Builder b = { .plan = plan, .job = conv, .y_dim = { conv->conv.y.n, conv->conv.y.c, conv->conv.y.h, conv->conv.y.w } };

  plan->dnn = dnn;
  plan->engine = -1;
  if (conv->conv.x.type == SQ_CUDA_S8 && conv->conv.x.zero != 0)
    g_set_error_literal (error, SQ_ERROR, SQ_ERROR_UNSUPPORTED_OP, "cuDNN has no plan for inputs with a zero point.");
  else if (!_sq_cudnn_collect (&b))
    g_set_error_literal (error, SQ_ERROR, SQ_ERROR_UNSUPPORTED_OP, "cuDNN has no plan for this activation.");
  else
    {
      build (&b, saved);
      if (plan->plan == NULL)
        set_refusal (error, &b);
    }
  for (int i = b.n_all - 1; i >= 0; i--)
    _sq_cudnn ()->BackendDestroyDescriptor (b.all[i]);
  if (plan->plan == NULL)
    g_clear_pointer (&plan, g_free);
  return plan;
}

char *
_sq_cudnn_plan_save (SqGpuPlan *self)
{
  gint64 size = 0;
  char *text;

  if (_sq_cudnn ()->BackendGetAttribute (self->plan, CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION, CUDNN_TYPE_CHAR, 0, &size, NULL)
          != CUDNN_STATUS_SUCCESS
      || size <= 0 || size > 64 << 20)
    return NULL;
  text = g_malloc0 ((gsize) size + 1);
  if (_sq_cudnn ()->BackendGetAttribute (self->plan, CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION, CUDNN_TYPE_CHAR, size, &size, text)
      != CUDNN_STATUS_SUCCESS)
    g_clear_pointer (&text, g_free);
  return text;
}

gsize
_sq_cudnn_plan_workspace (const SqGpuPlan *self)
{
  return (gsize) MAX (self->workspace, 0);
}

char *
_sq_cudnn_plan_describe (const SqGpuPlan *self)
{
  if (self->engine < 0)
    return g_strdup ("cuDNN, from the cache");
  return g_strdup_printf ("cuDNN engine %d%s%s", (int) self->engine, self->tensor_cores ? ", tensor cores" : "",
                          self->compiled ? ", compiled" : "");
}

void
_sq_cudnn_plan_free (SqGpuPlan *self)
{
  if (self->plan != NULL)
    _sq_cudnn ()->BackendDestroyDescriptor (self->plan);
  g_free (self);
}

int
_sq_cudnn_plan_run (SqGpuPlan *self, const SqCudaConv *job, gpointer workspace, SqGpuStream *stream)
{
  const SqCudnn *api = _sq_cudnn ();
  gint64 uid[UID_SCALAR + MAX_SCALARS];
  void *pointer[G_N_ELEMENTS (uid)];
  cudnnBackendDescriptor_t pack = NULL;
  cudnnStatus_t status;
  int n = 0;

#define GIVE(id, address) (uid[n] = (id), pointer[n++] = (void *) (address))
  GIVE (UID_X, job->x.data);
  GIVE (UID_WEIGHTS, job->weights);
  GIVE (UID_Y, job->y.data);
  if (self->has_scale)
    GIVE (UID_SCALE, job->weight_scale);
  if (self->has_bias)
    GIVE (UID_BIAS, job->bias);
  if (self->has_residual)
    GIVE (UID_RESIDUAL, job->residual.data);
  for (int i = 0; i < self->n_scalars; i++)
    GIVE (UID_SCALAR + i, &self->scalar[i]);
#undef GIVE
  status = api->SetStream (self->dnn->handle, (cudaStream_t) stream);
  if (status == CUDNN_STATUS_SUCCESS)
    status = api->BackendCreateDescriptor (CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, &pack);
  if (status == CUDNN_STATUS_SUCCESS)
    status = api->BackendSetAttribute (pack, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, n, uid);
  if (status == CUDNN_STATUS_SUCCESS)
    status = api->BackendSetAttribute (pack, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, n, pointer);
  if (status == CUDNN_STATUS_SUCCESS)
    status = api->BackendSetAttribute (pack, CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1, &workspace);
  if (status == CUDNN_STATUS_SUCCESS)
    status = api->BackendFinalize (pack);
  if (status == CUDNN_STATUS_SUCCESS)
    status = api->BackendExecute (self->dnn->handle, self->plan, pack);
  if (pack != NULL)
    api->BackendDestroyDescriptor (pack);
  return status == CUDNN_STATUS_SUCCESS ? SQ_GPU_OK : status == CUDNN_STATUS_ALLOC_FAILED ? SQ_GPU_OUT_OF_MEMORY : SQ_GPU_LOST;
}

SqGpuDnn *
_sq_cudnn_new (int device, GError **error)
{
  SqGpuDnn *self;
  cudnnStatus_t status;

  if (!_sq_cudnn_load (error))
    return NULL;
  self = g_new0 (SqGpuDnn, 1);
  status = _sq_cudnn ()->Create (&self->handle);
  if (status == CUDNN_STATUS_SUCCESS)
    return self;
  g_set_error (error, SQ_ERROR, SQ_ERROR_NO_DEVICE, "cuDNN cannot use GPU %d (%s): check that driver and cuDNN are for the same CUDA.",
               device, _sq_cudnn ()->GetErrorString (status));
  g_free (self);
  return NULL;
}

SqGpuDnn *
_sq_cudnn_new_without_device (const char *json, GError **error)
{
  SqGpuDnn *self;
  cudnnStatus_t status;

  if (!_sq_cudnn_load (error))
    return NULL;
  self = g_new0 (SqGpuDnn, 1);
  status = _sq_cudnn ()->BackendCreateDescriptor (CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR, &self->device);
  if (status == CUDNN_STATUS_SUCCESS)
    status = _sq_cudnn ()->BackendSetAttribute (self->device, CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR,
                                                (gint64) strlen (json), json);
  if (status == CUDNN_STATUS_SUCCESS)
    status = _sq_cudnn ()->BackendFinalize (self->device);
  if (status == CUDNN_STATUS_SUCCESS)
    return self;
  g_set_error (error, SQ_ERROR, SQ_ERROR_NO_DEVICE, "cuDNN does not take this description of a device (%s).",
               _sq_cudnn ()->GetErrorString (status));
  _sq_cudnn_free (self);
  return NULL;
}

void
_sq_cudnn_free (SqGpuDnn *self)
{
  if (self->device != NULL)
    _sq_cudnn ()->BackendDestroyDescriptor (self->device);
  if (self->handle != NULL)
    _sq_cudnn ()->Destroy (self->handle);
  g_free (self);
}
