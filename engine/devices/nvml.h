// SPDX-License-Identifier: GPL-3.0-or-later
// NVIDIA's management library, opened at run time: how busy, full, warm a GPU is.
//
// The library is libnvidia-ml.so.1, or the file the environment variable SQUINT_NVML names (tests).
// Owner:  one per process, never closed
// Thread: any
// Blocks: every call asks the driver; one that is in trouble may not answer for long
#pragma once

#include "device.h"

G_BEGIN_DECLS

typedef struct _SqNvml SqNvml;

// NULL and one sentence where the library is missing or does not fit the driver. Asked again it tries again.
const SqNvml *sq_nvml_open (GError **error);

// The GPU at this PCI bus id; NULL and one sentence where the library does not know it. CUDA's and NVML's numbering differ: never by index.
gpointer sq_nvml_find (const SqNvml *self, const char *pci, GError **error);

// Fills what the device reports; `answering` says whether it does at all.
void sq_nvml_sample (const SqNvml *self, gpointer gpu, SqDeviceSample *sample);

G_END_DECLS
