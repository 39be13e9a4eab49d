# SPDX-License-Identifier: GPL-3.0-or-later
# One line of tests/gpu/run's table: a bench's JSON from stdin beside the least time the device allows, from its published dense tensor-core rate
# (float16; twice that for int8) and memory rate: the larger of arithmetic and of reading the weights once. Usage: roofline.py TITLE
import json
import subprocess
import sys

# name in nvidia-smi -> TFLOP/s of float16 on tensor cores, GB/s
RATES = {'T4': (65, 320), 'A100': (312, 1555), 'A10': (125, 600), 'RTX 3090': (142, 936), 'L4': (121, 300), 'L40': (181, 864), 'RTX 4090': (330, 1008),
         'H100': (989, 3350), 'H200': (989, 4800), 'B200': (2250, 8000), 'RTX 5090': (419, 1792)}

bench = json.load(sys.stdin)
title = sys.argv[1]
name = subprocess.run(['nvidia-smi', '--query-gpu=name', '--format=csv,noheader'], capture_output=True, text=True).stdout.split('\n')[0]
rates = [rate for key, rate in sorted(RATES.items(), key=lambda item: len(item[0])) if key in name]
batch = bench['batch']
forward = bench.get('forward', {}).get('p50_ms')
floor = ''
if rates:
    tflops, gbytes = rates[-1]
    whole = 'int8' in title
    arithmetic = bench['gflop'] / tflops / (2 if whole else 1)  # ms per picture
    weights = bench.get('parameters', 0) * (1 if whole else 2) / gbytes / 1e6 / batch
    floor = '   floor %.4f ms' % max(arithmetic, weights)
print('%-30s batch %3d   forward %s ms   frame to boxes p50 %8.3f p99 %8.3f ms   %8.1f frames/s%s' %
      (title, batch, '%8.4f' % forward if forward else '       -', bench['total']['p50_ms'], bench['total']['p99_ms'],
       1e3 / bench['total']['p50_ms'], floor))
