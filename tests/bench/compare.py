# SPDX-License-Identifier: GPL-3.0-or-later
# Alternates two workers and prints the ratio of their times per round: medians over rounds. Usage: compare.py BUILD DATA
import os
import statistics
import subprocess
import sys

import onnxruntime

build, data = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
models = [('v8n-random-640', 'fixtures/bench/v8n-random-640.onnx', 3), ('yolox-nano', 'models/yolox-nano/yolox_nano.onnx', 10)]
rounds = int(os.environ.get('BENCH_ROUNDS', '9'))


def start(command):
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def ask(worker, n):
    worker.stdin.write('%d\n' % n)
    worker.stdin.flush()
    return float(worker.stdout.readline())


print('Squint against ONNX Runtime %s, float32, batch 1, %d alternating rounds' % (onnxruntime.__version__, rounds))
print('%-16s %7s %11s %11s %7s %16s %16s' % ('model', 'threads', 'squint', 'ORT', 'ratio', 'squint peak', 'ORT peak'))
for name, path, runs in models:
    for threads in (1, 2):
        model = os.path.join(data, path)
        squint = start([os.path.join(build, 'tests/bench/bench-worker'), model, str(threads)])
        ort = start([sys.executable, os.path.join(here, 'ort-worker.py'), model, str(threads)])
        ask(squint, runs), ask(ort, runs)
        pairs = [(ask(squint, runs), ask(ort, runs)) for _ in range(rounds)]
        memory = ask(squint, 0), ask(ort, 0)
        print('%-16s %7d %8.2f ms %8.2f ms %7.3f %13.1f MB %13.1f MB' % (
            name, threads, statistics.median(p[0] for p in pairs), statistics.median(p[1] for p in pairs),
            statistics.median(p[0] / p[1] for p in pairs), memory[0] / 1024, memory[1] / 1024), flush=True)
        squint.stdin.close(), ort.stdin.close()
        squint.wait(), ort.wait()
