// SPDX-License-Identifier: GPL-3.0-or-later
// The scheduler: runs a block's fibers until all have returned, releasing warps and barriers when everyone who is due has arrived. Whatever
// a GPU would answer with a hang or with garbage (threads at different barriers, a barrier that some threads never reach, shared memory
// written past its end) ends the process with a line that says where.
#include "cuemu.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <sys/mman.h>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#define CUEMU_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CUEMU_ASAN 1
#endif
#endif
#ifdef CUEMU_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

CuemuSubmit cuemu_submit;

namespace cuemu
{
__thread Fiber *self;
__thread Block *block;

#ifdef CUEMU_ASAN
static const size_t STACK = 512 << 10; // red zones and no inlining
#else
static const size_t STACK = 128 << 10;
#endif
static const size_t PAGE = 4096, GUARD = 64;
static const unsigned MAX_THREADS = 1024;

static std::atomic<unsigned> seed;

[[noreturn]] static void
die (const char *why)
{
  fprintf (stderr, "cuemu: %s (block %u %u %u, line %d)\n", why, block->index.x, block->index.y, block->index.z,
           self != nullptr ? self->line : 0);
  abort ();
}

extern "C" void cuemu_switch (void **save, void *to);

// System V: what a callee keeps, then the other stack.
asm(".pushsection .text\n"
    ".type cuemu_switch,@function\n"
    "cuemu_switch:\n"
    " push %rbp\n push %rbx\n push %r12\n push %r13\n push %r14\n push %r15\n"
    " mov %rsp,(%rdi)\n"
    " mov %rsi,%rsp\n"
    " pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbx\n pop %rbp\n"
    " ret\n"
    ".size cuemu_switch,.-cuemu_switch\n"
    ".popsection\n");

// What one OS thread keeps between launches: stacks are dear to map.
struct Scheduler
{
  std::vector<Fiber> fibers{ MAX_THREADS };
  std::vector<unsigned> order = std::vector<unsigned> (MAX_THREADS);
  Launch *launch = nullptr;
  void *sp = nullptr, *fake = nullptr;
  const void *stack_bottom = nullptr;
  size_t stack_size = 0;
  unsigned random = 0;

  ~Scheduler ()
  {
    for (Fiber &f : fibers)
      if (f.stack != nullptr)
        munmap (f.stack - PAGE, STACK + PAGE);
  }
};

static Scheduler &
scheduler ()
{
  static thread_local std::unique_ptr<Scheduler> mine;

  if (!mine)
    mine = std::make_unique<Scheduler> ();
  return *mine;
}

static __thread Scheduler *running;

static void
leave (State state)
{
  Fiber *me = self;

  me->state = state;
#ifdef CUEMU_ASAN
  __sanitizer_start_switch_fiber (&me->fake, running->stack_bottom, running->stack_size);
#endif
  cuemu_switch (&me->sp, running->sp);
#ifdef CUEMU_ASAN
  __sanitizer_finish_switch_fiber (me->fake, nullptr, nullptr);
#endif
}

static void
fiber_main ()
{
#ifdef CUEMU_ASAN
  __sanitizer_finish_switch_fiber (nullptr, &running->stack_bottom, &running->stack_size);
#endif
  for (;;) // lives on and serves the next block
    {
      running->launch->thread ();
      leave (State::DONE);
    }
}

static void
resume (Fiber *fiber)
{
  self = fiber;
#ifdef CUEMU_ASAN
  __sanitizer_start_switch_fiber (&running->fake, fiber->stack, STACK);
#endif
  cuemu_switch (&running->sp, fiber->sp);
#ifdef CUEMU_ASAN
  __sanitizer_finish_switch_fiber (running->fake, nullptr, nullptr);
#endif
}

static void
prepare (Fiber *fiber, unsigned linear, dim3 size)
{
  if (fiber->stack == nullptr)
    {
      char *memory = (char *) mmap (nullptr, STACK + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      void **top;

      if (memory == MAP_FAILED)
        die ("no memory for a stack");
      mprotect (memory, PAGE, PROT_NONE);
      fiber->stack = memory + PAGE;
      top = (void **) (fiber->stack + STACK);
      *--top = nullptr;
      *--top = (void *) &fiber_main;
      for (int i = 0; i < 6; i++)
        *--top = nullptr;
      fiber->sp = top;
    }
  fiber->linear = linear;
  fiber->index = { linear % size.x, linear / size.x % size.y, linear / (size.x * size.y) };
  fiber->state = State::READY;
  fiber->line = 0;
}

void
barrier (int line)
{
  self->line = line;
  leave (State::BARRIER);
}

void
warp_meet (unsigned mask, int line)
{
  self->line = line;
  self->mask = mask;
  leave (State::WARP);
}

// Lanes that wait for each other and have all arrived go on.
static bool
release_warp (Fiber *lanes, unsigned n)
{
  unsigned waiting = 0, live = 0;
  bool released = false;

  for (unsigned l = 0; l < n; l++)
    {
      waiting |= lanes[l].state == State::WARP ? 1u << l : 0;
      live |= lanes[l].state != State::DONE ? 1u << l : 0;
    }
  for (unsigned l = 0; l < n; l++)
    {
      unsigned mask = lanes[l].mask & (n < 32 ? (1u << n) - 1 : ~0u);

      if ((waiting >> l & 1) == 0 || (mask & ~waiting & live) != 0)
        continue;
      for (unsigned k = 0; k < n; k++)
        if ((mask & waiting) >> k & 1)
          {
            self = &lanes[k];
            if (lanes[k].mask != lanes[l].mask || lanes[k].line != lanes[l].line)
              die ("lanes of a warp wait for different things");
            lanes[k].state = State::READY;
          }
      waiting &= ~mask;
      released = true;
    }
  return released;
}

static bool
release_barrier (Fiber *fibers, unsigned n)
{
  unsigned waiting = 0, done = 0;
  int line = -1;

  for (unsigned i = 0; i < n; i++)
    {
      waiting += fibers[i].state == State::BARRIER;
      done += fibers[i].state == State::DONE;
    }
  if (waiting == 0 || waiting + done < n)
    return false;
  for (unsigned i = 0; i < n; i++)
    {
      self = &fibers[i];
      if (fibers[i].state == State::DONE)
        die ("a barrier that some threads have passed by");
      if (line >= 0 && fibers[i].line != line)
        die ("threads of a block wait at different barriers");
      line = fibers[i].line;
      fibers[i].state = State::READY;
    }
  return true;
}

static void
run_block (Scheduler *s, unsigned n)
{
  Fiber *fibers = s->fibers.data ();
  unsigned done = 0;

  for (unsigned i = 0; i < n; i++)
    {
      prepare (&fibers[i], i, block->size);
      s->order[i] = i;
    }
  while (done < n)
    {
      bool moved = false;

      if (s->random != 0)
        for (unsigned i = n - 1; i > 0; i--)
          {
            s->random = s->random * 1664525u + 1013904223u;
            std::swap (s->order[i], s->order[(s->random >> 8) % (i + 1)]);
          }
      for (unsigned i = 0; i < n; i++)
        {
          Fiber *f = &fibers[s->order[i]];

          if (f->state != State::READY)
            continue;
          resume (f);
          done += f->state == State::DONE;
          moved = true;
        }
      for (unsigned w = 0; w < n; w += 32)
        moved = release_warp (fibers + w, std::min (n - w, 32u)) || moved;
      moved = release_barrier (fibers, n) || moved;
      if (!moved)
        die ("deadlock");
    }
}

static void
run (void *data)
{
  Launch *l = (Launch *) data;
  Scheduler *s = &scheduler ();
  unsigned n = l->block.x * l->block.y * l->block.z;
  std::unique_ptr<char, void (*) (void *)> shared ((char *) aligned_alloc (64, (l->shared + GUARD + 63) / 64 * 64), free);
  Block b = { s->fibers.data (), n, {}, l->block, l->grid, shared.get () };

  running = s;
  block = &b;
  s->launch = l;
  s->random = seed;
  for (unsigned z = 0; z < l->grid.z; z++)
    for (unsigned y = 0; y < l->grid.y; y++)
      for (unsigned x = 0; x < l->grid.x; x++)
        {
          b.index = { x, y, z };
          self = b.fibers;
          memset (b.shared, 0xcd, l->shared + GUARD);
          if (l->plain)
            l->loop ();
          else
            run_block (s, n);
          for (size_t i = 0; i < GUARD; i++)
            if ((unsigned char) b.shared[l->shared + i] != 0xcd)
              die ("shared memory written past its end");
        }
  block = nullptr;
  self = nullptr;
}

static void
drop (void *data)
{
  delete (Launch *) data;
}

int
submit (Launch *launch, void *stream)
{
  const dim3 &g = launch->grid, &b = launch->block;

  if (b.x == 0 || b.y == 0 || b.z == 0 || (uint64_t) b.x * b.y * b.z > MAX_THREADS || b.z > 64 || g.x == 0 || g.y == 0 || g.z == 0
      || g.x > INT32_MAX || g.y > 65535 || g.z > 65535 || launch->shared > 48 << 10)
    {
      drop (launch);
      return cudaErrorInvalidConfiguration;
    }
  if (cuemu_submit != nullptr)
    return cuemu_submit (stream, run, drop, launch);
  run (launch);
  drop (launch);
  return cudaSuccess;
}
}

void
cuemu_set_seed (unsigned seed)
{
  cuemu::seed = seed;
}
