// SPDX-License-Identifier: GPL-3.0-or-later
// A program as its users have it: started as a process of its own, found through the accessibility bus (AT-SPI), worked with the pointer
// and the keyboard (XTEST). Nothing here knows its insides.
//
// Errors: whatever is not there in time fails the test, with the tree of names that was there
// Thread: main
#pragma once

#include <atspi/atspi.h>
#include <gio/gio.h>

G_BEGIN_DECLS

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AtspiAccessible, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AtspiComponent, g_object_unref)

typedef struct
{
  GSubprocess *process;
  AtspiAccessible *application;
} Outside;

// FALSE after g_test_skip: there is no accessibility bus, or no XTEST.
gboolean outside_init (void);

void outside_start (Outside *self, const char *program, const char *name);
void outside_stop (Outside *self); // asks it to close, waits, checks the exit status

// The accessible of that name (a part of it is enough) that is on the screen; any role for ATSPI_ROLE_INVALID.
void outside_wait (Outside *self, AtspiRole role, const char *name, double seconds);      // until it is there
void outside_wait_gone (Outside *self, AtspiRole role, const char *name, double seconds); // until it is not

// The pointer.
void outside_click (Outside *self, AtspiRole role, const char *name);
void outside_click_last (Outside *self, AtspiRole role, const char *name); // of several, the last
void outside_drop_file (Outside *self, const char *path, int x, int y);    // drags a file from another program's window to that place

// The keyboard, into the window on top. `key`: a keysym; letters, digits and most signs for outside_type.
void outside_key (guint modifiers, guint key);
void outside_type (const char *text);

// Presses `key` (Tab, Down ...) until the focus is on something of that name; fails the test when it never gets there.
void outside_walk_to (Outside *self, guint modifiers, guint key, AtspiRole role, const char *name);

#define OUTSIDE_CTRL 1u
#define OUTSIDE_SHIFT 2u
#define OUTSIDE_ALT 4u

void outside_run_for (double seconds);
void outside_screenshot (Outside *self, const char *name); // of the screen; nothing where SQ_SCREENSHOT_DIR names no folder

G_END_DECLS
