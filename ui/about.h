// SPDX-License-Identifier: GPL-3.0-or-later
// The about window with debug information.
#pragma once

#include "device-monitor.h"
#include <adwaita.h>

G_BEGIN_DECLS

// Versions of what runs and the devices, as plain text for bug reports (transfer full). `extra` (nullable) is added: lines of "name:
// version".
char *sq_about_debug_info (SqDeviceMonitor *monitor, const char *extra);

void sq_about_present (GtkWindow *parent, SqDeviceMonitor *monitor, const char *extra);

G_END_DECLS
