// SPDX-License-Identifier: GPL-3.0-or-later
// CUDA kernels on the processor, for tests: what C code may set. The CUDA side is cuemu.hpp.
//
// Thread: cuemu_submit and the seed are set before the first launch; launches come from any thread
#pragma once

#ifdef __cplusplus
extern "C"
{
#endif

  // What becomes of a launch. `run` may be called any number of times, `drop` once at the end; the result is the launch's CUDA error (then
  // `drop` was called). NULL: it runs at once, in the caller's thread.
  typedef int (*CuemuSubmit) (void *stream, void (*run) (void *launch), void (*drop) (void *launch), void *launch);
  extern CuemuSubmit cuemu_submit;

  // Threads of a block run in this shuffled order between two barriers; 0: one after another.
  void cuemu_set_seed (unsigned seed);

#ifdef __cplusplus
}
#endif
