// SPDX-License-Identifier: GPL-3.0-or-later
// A simulated GPU behind SqGpuApi: streams are threads that run what is queued in order, device memory is malloc (0xA5 at first), kernels
// are the emulated ones, cuDNN's plans a plain loop. It proves order, ownership, accounting and what happens after errors; nothing about
// speed.
//
// Strict, where real ones are lenient or undefined: pointers must be on the right side and on the stream's device, and stay inside their
// block; calls from a host_call, allocations of a thread that captures, pageable memory in a capture, launches on another device's stream:
// SQ_GPU_INVALID.
//
// Thread: open and close while no other thread is in it; all else any
#pragma once

#include "engine/backends/gpu.h"

G_BEGIN_DECLS

#define SQ_FAKE_GPU_MAX 8

typedef struct
{
  int n_devices; // 0: there is none
  gsize memory;  // bytes per device, 0 = 1 GiB
  int major, minor;
  gboolean no_dnn;  // dnn_new fails
  gsize workspace;  // bytes every plan wants
  int plan_ms;      // a plan takes this long to build (not from saved text)
  gboolean no_math; // kernels and plans are not computed, only counted and timed

  // The cost of work, in time that the device's threads sleep; 0 everywhere: none. Kernels and plans of one device queue up behind each
  // other, whatever their streams; copies have an engine of their own.
  double launch_us;                                // of every operation
  double kernel_us;                                // of a kernel
  double gflops;                                   // of plans
  double gbytes;                                   // per second, of copies
  double slower[SQ_FAKE_GPU_MAX];                  // factor, 0 = 1
  gboolean (*refuse_plan) (const SqGpuConv *conv); // NULL: every convolution has a plan

  // Faults, counted from 1 over the process's open device set; 0 = never.
  guint fail_alloc;               // this allocation of device memory fails, once
  guint fail_host_alloc;          // this allocation of pinned memory fails, once
  guint lose_at[SQ_FAKE_GPU_MAX]; // this operation, when its turn comes, kills the device
} SqFakeGpuConfig;

typedef struct
{
  gsize used, peak; // bytes
  guint allocations, operations, kernels, plans, copies, graphs, host_calls;
  guint plans_built, plans_restored;
  double busy_us; // simulated
} SqFakeGpuStats;

const SqGpuApi *sq_fake_gpu_open (const SqFakeGpuConfig *config);
void sq_fake_gpu_stats (int device, SqFakeGpuStats *stats);
void sq_fake_gpu_lose (int device); // now

// How many blocks, streams, events, graphs, plans were never freed, or were written past their end (each with a message).
int sq_fake_gpu_close (void);

G_END_DECLS
