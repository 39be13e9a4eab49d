# SPDX-License-Identifier: GPL-3.0-or-later
# What a formatter does not see: tabs, trailing space, missing newline at the end, invisible characters, files that want a split. Usage: style.py SOURCE_ROOT
import os
import subprocess
import sys

root = sys.argv[1]
try:
    listed = subprocess.run(['git', '-C', root, 'ls-files', '*.c', '*.h', '*.cu', '*.cuh', '*.cpp', '*.hpp', '*.py', '*.ui', '*.build'], capture_output=True, text=True, check=True).stdout.split('\n')
except (OSError, subprocess.CalledProcessError):
    sys.exit(77)
code = ('.c', '.h', '.cu', '.cuh', '.cpp', '.hpp')
bad = 0
for name in filter(None, listed):
    path = os.path.join(root, name)
    if not os.path.exists(path):
        continue
    text = open(path, encoding='utf-8').read()
    lines = text.split('\n')
    complaints = []
    if text and not text.endswith('\n'):
        complaints.append('no newline at the end')
    if len(lines) > 601 and name.endswith(code):
        complaints.append('%d lines: split it' % (len(lines) - 1))
    for number, line in enumerate(lines, 1):
        if '\t' in line:
            complaints.append('%d: tab' % number)
        if line.rstrip() != line:
            complaints.append('%d: trailing space' % number)
        if any(ord(c) in (0x200b, 0x200e, 0x200f, 0x202a, 0x202e, 0xfeff) for c in line):
            complaints.append('%d: invisible character' % number)
        if len(line) > 160 and name.endswith(code):
            complaints.append('%d: longer than 160 columns' % number)
    if name.endswith(code) and 'SPDX-License-Identifier' not in lines[0]:
        complaints.append('no licence line')
    for complaint in complaints:
        print('%s: %s' % (name, complaint))
        bad += 1
sys.exit(1 if bad else 0)
