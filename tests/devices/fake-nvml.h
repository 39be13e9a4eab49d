// SPDX-License-Identifier: GPL-3.0-or-later
// What a test sets in the fake NVML library, found with dlsym ("fake_nvml").
#pragma once

#define FAKE_NVML_MAX 16

typedef struct
{
  const char *pci;                                       // NULL: no such GPU
  unsigned compute, bandwidth, memory, encoder, decoder; // %; FAKE_NVML_NO = not supported
  unsigned celsius, watt, mhz;
  int code;  // what every call answers instead; 0 = it works
  int hangs; // calls do not return while set
} FakeNvmlGpu;

#define FAKE_NVML_NO 0xffffffffu

typedef struct
{
  int init_code; // what nvmlInit answers
  FakeNvmlGpu gpu[FAKE_NVML_MAX];
} FakeNvml;
