// SPDX-License-Identifier: GPL-3.0-or-later
// Runs graphs on one kind of device. `ref` is the oracle: plain C, every operator; the others fall back to its operators where they have
// nothing better.
//
// To add one: a file `backends/NAME.c` with `const SqBackend sq_backend_NAME`, its word in meson.build; tests/backends/suite.c runs
// unchanged against it.
#pragma once

#include "engine/graph/graph.h"

G_BEGIN_DECLS

typedef struct _SqBackend SqBackend;
typedef struct _SqExec SqExec;

typedef struct
{
  int threads; // 0 = all cores
  int device;  // which of the backend's devices: the 1 of "cuda:1"
} SqExecOptions;

struct _SqBackend
{
  const char *id;    // "ref", "cpu"
  const char *alias; // another name its devices go by, or NULL

  // A device of this kind keeps several frames in flight and does a frame's whole way itself: its lanes are handed frames, not inputs.
  gboolean takes_frames;

  // Blocks: builds everything the runs need (up to seconds). Keeps `graph` alive only for the call.
  SqExec *(*compile) (const SqGraph *graph, const SqExecOptions *options, GError **error);

  // Shapes and types of `in` are the graph's; `out` is filled with tensors (transfer full), in the graph's order.
  gboolean (*run) (SqExec *exec, SqTensor *const *in, SqTensor **out, GError **error);
  void (*free) (SqExec *exec);

  // One line per step: what runs where, for people (caller frees); NULL where there is nothing to say.
  char *(*describe) (SqExec *exec);
};

// Every implementation's struct begins with this.
struct _SqExec
{
  const SqBackend *backend;
  guint n_in, n_out;
};

#define SQ_BACKEND(name) extern const SqBackend sq_backend_##name;
#include "engine/backends/backend-list.h"
#undef SQ_BACKEND

const SqBackend *sq_backend_find (const char *id); // NULL where there is none

// "cuda:1" -> the backend and 1, "cpu" -> the backend and -1. FALSE and one sentence where there is no such backend.
gboolean sq_backend_parse (const char *device, const SqBackend **backend, int *index, GError **error);

// Adds a backend that only a test has; before any thread uses it.
void sq_backend_add_for_tests (const SqBackend *backend);

// Thread: one at a time per exec. Blocks: compile, run.
SqExec *sq_exec_new (const SqBackend *backend, const SqGraph *graph, const SqExecOptions *options, GError **error);
gboolean sq_exec_run (SqExec *self, SqTensor *const *in, SqTensor **out, GError **error);
void sq_exec_free (SqExec *self);
char *sq_exec_describe (SqExec *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqExec, sq_exec_free)

G_END_DECLS
