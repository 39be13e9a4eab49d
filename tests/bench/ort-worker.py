# SPDX-License-Identifier: GPL-3.0-or-later
# The other side: the same protocol as bench-worker, through ONNX Runtime.
import resource
import statistics
import sys
import time

import numpy
import onnxruntime

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = int(sys.argv[2])
options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=['CPUExecutionProvider'])
entry = session.get_inputs()[0]
count = int(numpy.prod(entry.shape))
feed = {entry.name: ((numpy.arange(count) * 7919 % 1000) / 1000).astype(numpy.float32).reshape(entry.shape)}
for line in sys.stdin:
    n = int(line)
    times = []
    for _ in range(n):
        start = time.perf_counter()
        session.run(None, feed)
        times.append((time.perf_counter() - start) * 1e3)
    print('%.4f' % statistics.median(times) if n else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, flush=True)
