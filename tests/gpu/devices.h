// SPDX-License-Identifier: GPL-3.0-or-later
// Seven generations of GPUs as cuDNN wants them described, to plan for without having one. Sizes are those of public data sheets; what only
// a device itself could tell (memory, clocks) matters to no plan's existence.
#pragma once

#include <glib.h>

typedef struct
{
  int sm;
  const char *name;
  int multiprocessors, shared_optin, shared_reserved, blocks, threads; // per multiprocessor but for the first
  gint64 l2, memory;                                                   // bytes
  int clock, memory_clock;                                             // kHz
} TestDevice;

static const TestDevice test_devices[] = {
  { 75, "Tesla T4", 40, 65536, 0, 16, 1024, 4 << 20, G_GINT64_CONSTANT (15) << 30, 1590000, 5001000 },
  { 80, "NVIDIA A100", 108, 166912, 1024, 32, 2048, 40 << 20, G_GINT64_CONSTANT (40) << 30, 1410000, 1215000 },
  { 86, "NVIDIA GeForce RTX 3090", 82, 101376, 1024, 16, 1536, 6 << 20, G_GINT64_CONSTANT (24) << 30, 1695000, 9751000 },
  { 89, "NVIDIA GeForce RTX 4090", 128, 101376, 1024, 24, 1536, 72 << 20, G_GINT64_CONSTANT (24) << 30, 2520000, 10501000 },
  { 90, "NVIDIA H100", 132, 232448, 1024, 32, 2048, 50 << 20, G_GINT64_CONSTANT (80) << 30, 1980000, 2619000 },
  { 100, "NVIDIA B200", 148, 232448, 1024, 32, 2048, 126 << 20, G_GINT64_CONSTANT (180) << 30, 1965000, 3996000 },
  { 120, "NVIDIA GeForce RTX 5090", 170, 101376, 1024, 24, 1536, 96 << 20, G_GINT64_CONSTANT (32) << 30, 2407000, 14001000 },
};

static inline char *
test_device_json (const TestDevice *d)
{
  return g_strdup_printf (
      "{\"maxGridSize\":[2147483647,65535,65535],\"maxBlockSize\":[1024,1024,64],\"regsPerBlock\":65536,\"multiProcessorCount\":%d,"
      "\"warpSize\":32,\"maxSharedMemoryPerBlock\":49152,\"maxSharedMemoryPerBlockOptin\":%d,\"reservedSharedMemoryPerBlock\":%d,"
      "\"maxRegistersPerSM\":65536,\"maxCtasPerSM\":%d,\"maxThreadsPerBlock\":1024,\"maxThreadsPerSM\":%d,\"pciDeviceId\":0,"
      "\"isTccDriver\":0,"
      "\"supportCoopLaunch\":1,\"totalGlobalMem\":%" G_GINT64_FORMAT
      ",\"smClockRateKHz\":%d,\"memClockRateKHz\":%d,\"l2CacheSize\":%" G_GINT64_FORMAT
      ",\"cudaDeviceId\":0,\"deviceVer\":%d,\"driverVer\":13000,\"deviceName\":\"%s\"}",
      d->multiprocessors, d->shared_optin, d->shared_reserved, d->blocks, d->threads, d->memory, d->clock, d->memory_clock, d->l2,
      d->sm * 10, d->name);
}
