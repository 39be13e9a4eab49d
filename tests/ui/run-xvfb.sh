#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs a window test: a display of its own (Xvfb), a private D-Bus session, home and settings in a folder that is removed afterwards.
# Usage: run-xvfb.sh PROGRAM [ARGUMENT...]
set -eu

for tool in Xvfb dbus-run-session; do
  if ! command -v "$tool" >/dev/null 2>&1; then
    echo "1..0 # SKIP $tool is not installed"
    exit 0
  fi
done

home=$(mktemp -d "${TMPDIR:-/tmp}/squint-ui.XXXXXX")
xvfb=
cleanup() {
  status=$?
  if [ -n "$xvfb" ]; then
    kill "$xvfb" 2>/dev/null || true
    wait "$xvfb" 2>/dev/null || true
  fi
  rm -rf "$home"
  exit $status
}
trap cleanup EXIT
trap 'exit 130' INT TERM

mkdir -p "$home/data" "$home/config" "$home/cache" "$home/run"
chmod 700 "$home/run"
export HOME="$home" XDG_DATA_HOME="$home/data" XDG_CONFIG_HOME="$home/config" XDG_CACHE_HOME="$home/cache" XDG_RUNTIME_DIR="$home/run"
export GSETTINGS_BACKEND=memory GDK_BACKEND=x11 GSK_RENDERER=cairo LIBGL_ALWAYS_SOFTWARE=1
# Only tests from outside need the accessibility bus.
if [ "${SQ_OUTSIDE:-0}" != 1 ]; then
  export GTK_A11Y=none NO_AT_BRIDGE=1
fi
export ADW_DISABLE_PORTAL=1 GTK_USE_PORTAL=0 LC_ALL=C.UTF-8
unset GTK_THEME WAYLAND_DISPLAY

# Xvfb picks a free display and tells which.
Xvfb -displayfd 3 -screen 0 1280x800x24 -nolisten tcp 3>"$home/display" >"$home/xvfb.log" 2>&1 &
xvfb=$!
i=0
while [ ! -s "$home/display" ]; do
  i=$((i + 1))
  if [ "$i" -gt 100 ] || ! kill -0 "$xvfb" 2>/dev/null; then
    echo "Bail out! Xvfb did not start"
    cat "$home/xvfb.log" >&2
    exit 99
  fi
  sleep 0.1
done
export DISPLAY=":$(cat "$home/display")"

# Coordinates of the test's own failures matter, those of the bus do not.
# What the services of the bus print is no part of the test's output.
exec 4>&1
dbus-run-session -- sh -c 'exec "$@" >&4' sh "$@" >&2
