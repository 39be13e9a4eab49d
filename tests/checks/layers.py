# SPDX-License-Identifier: GPL-3.0-or-later
# app -> ui -> data -> engine -> kernels: no include goes upward, and inside engine/ none goes sideways. Usage: layers.py SOURCE_ROOT
import os
import re
import sys

root = sys.argv[1]
# folder -> folders it may include from (its own is implied)
allowed = {
    'kernels': [],
    'kernels/cuda': ['kernels'],
    'engine': ['engine/graph', 'engine/ops', 'engine/formats', 'engine/families', 'engine/passes', 'engine/run', 'engine/media',
               'engine/devices', 'engine/eval', 'engine/recipe', 'kernels'],  # model.c, engine.h
    'engine/graph': ['engine', 'engine/ops'],
    'engine/ops': ['engine', 'engine/graph'],
    'engine/formats': ['engine', 'engine/graph', 'engine/ops'],
    'engine/passes': ['engine', 'engine/graph', 'engine/ops'],
    'engine/families': ['engine', 'engine/formats', 'engine/graph', 'engine/ops', 'engine/run', 'kernels', 'kernels/cuda'],
    'engine/backends': ['engine', 'engine/graph', 'engine/ops', 'kernels', 'kernels/cuda'],
    'engine/devices': ['engine', 'engine/backends', 'kernels', 'kernels/cuda'],
    'engine/media': ['engine'],
    'engine/eval': ['engine', 'engine/run'],
    'engine/recipe': ['engine', 'engine/eval', 'engine/graph', 'engine/ops', 'engine/formats', 'engine/backends', 'engine/run', 'engine/media', 'engine/devices', 'kernels'],
    'engine/run': ['engine', 'engine/backends', 'engine/families', 'engine/graph', 'engine/media', 'engine/devices', 'kernels', 'kernels/cuda'],
    'data': ['engine', 'engine/*'],
    'ui': ['data'],  # and the engine's umbrella header alone
    'app': ['ui', 'data', 'engine', 'engine/*'],
    'app/cli': ['app', 'data', 'engine', 'engine/*'],
}
umbrella = {'ui': {'engine/engine.h'}}
foreign = {'kernels': r'glib|gtk|adwaita', 'engine': r'gtk|adwaita|sqlite', 'data': r'gtk/|adwaita', 'app/cli': r'gtk/|adwaita'}

bad = 0
for folder, _, names in os.walk(root):
    relative = os.path.relpath(folder, root)
    if relative.split(os.sep)[0] not in ('kernels', 'engine', 'data', 'ui', 'app'):
        continue
    for name in names:
        if not name.endswith(('.c', '.h', '.cu', '.cuh')):
            continue
        for number, line in enumerate(open(os.path.join(folder, name), encoding='utf-8'), 1):
            match = re.match(r'\s*#\s*include\s*([<"])([^">]+)', line)
            if not match:
                continue
            target = match.group(2)
            for prefix, pattern in foreign.items():
                if (relative + '/').startswith(prefix + '/') and match.group(1) == '<' and re.match(pattern, target):
                    print('%s/%s:%d: %s is not for this folder' % (relative, name, number, target))
                    bad += 1
            if match.group(1) == '<' or '/' not in target or not os.path.exists(os.path.join(root, target)):
                continue
            to = os.path.dirname(target)
            rules = allowed.get(relative, [])
            fine = to == relative or to in rules or (to.startswith('engine/') and 'engine/*' in rules) or target in umbrella.get(relative, ())
            if not fine:
                print('%s/%s:%d: %s must not include %s' % (relative, name, number, relative, target))
                bad += 1
sys.exit(1 if bad else 0)
