# SPDX-License-Identifier: GPL-3.0-or-later
# A libcuda for tests on machines without a GPU: every function of the driver answers "no device", but code may be loaded, which is all that
# cuDNN asks of the driver while it builds a plan. Usage: make-stub.py TOOLKIT_STUB_LIBRARY OUTPUT.c
import subprocess
import sys

PROPER = '''// Made by make-stub.py.
#include <string.h>

#define NO_DEVICE 100
#define NOT_FOUND 500

static int
load (void **module, const void *image)
{
  static char handle;

  *module = &handle;
  return memcmp (image, "\\177ELF", 4) == 0 ? 0 : 200;
}

int cuDriverGetVersion (int *version) { *version = 13000; return 0; }
int cuGetErrorString (int error, const char **text) { *text = "there is no GPU"; return 0; }
int cuGetErrorName (int error, const char **text) { *text = "NO_GPU"; return 0; }
int cuLibraryLoadData (void **library, const void *image) { return load (library, image); }
int cuModuleLoadData (void **module, const void *image) { return load (module, image); }
int cuModuleLoadDataEx (void **module, const void *image) { return load (module, image); }
int cuLibraryUnload (void *library) { return 0; }
int cuModuleUnload (void *module) { return 0; }
int cuLibraryGetKernel (void **kernel, void *library, const char *name) { *kernel = library; return 0; }
int cuModuleGetFunction (void **function, void *module, const char *name) { *function = module; return 0; }
int cuLibraryGetModule (void **module, void *library) { *module = library; return 0; }
int cuKernelGetFunction (void **function, void *kernel) { *function = kernel; return 0; }
int cuKernelSetAttribute (int attribute, int value, void *kernel, int device) { return 0; }
int cuFuncSetAttribute (void *function, int attribute, int value) { return 0; }
int cuKernelGetAttribute (int *value, int attribute, void *kernel, int device) { *value = 0; return 0; }
int cuFuncGetAttribute (int *value, int attribute, void *function) { *value = 0; return 0; }
int cuLibraryGetGlobal (void **pointer, size_t *bytes, void *library, const char *name) { *pointer = library; if (bytes) *bytes = 8; return 0; }
int cuLibraryGetKernelCount (unsigned *count, void *library) { *count = 1; return 0; }
int cuLibraryEnumerateKernels (void **kernels, unsigned n, void *library) { *kernels = library; return 0; }
int cuGetProcAddress (const char *name, void **function) { *function = 0; return NOT_FOUND; }
int cuGetProcAddress_v2 (const char *name, void **function, int version, unsigned long long flags, int *status)
{
  *function = 0;
  if (status)
    *status = 1;
  return NOT_FOUND;
}
'''

symbols = subprocess.run(['nm', '-D', '--defined-only', sys.argv[1]], check=True, capture_output=True, text=True).stdout.split('\n')
names = sorted({line.split()[2] for line in symbols if len(line.split()) == 3 and line.split()[2].startswith('cu')})
with open(sys.argv[2], 'w', encoding='utf-8') as out:
    out.write(PROPER)
    for name in names:
        if not any(line.startswith('int %s (' % name) for line in PROPER.split('\n')):
            out.write('int %s (void) { return NO_DEVICE; }\n' % name)
