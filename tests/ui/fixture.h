// SPDX-License-Identifier: GPL-3.0-or-later
// What every window test needs: a workspace of its own, made-up results, waiting on the main loop, pictures of a window.
#pragma once

#include "ui/window.h"

G_BEGIN_DECLS

typedef struct
{
  char *dir; // private; removed at the end
  SqWorkspace *workspace;
} Fixture;

void fixture_init (int *argc, char ***argv); // GTK, libadwaita, g_test

void fixture_set_up (Fixture *fixture, gconstpointer data);
void fixture_tear_down (Fixture *fixture, gconstpointer data);

// A second, with the default window of the workspace presented and laid out.
SqWindow *fixture_window (Fixture *fixture, int width, int height);
void fixture_destroy_window (SqWindow *window);

typedef gboolean (*FixtureCondition) (gpointer data);

// Runs the main loop until `condition`; FALSE after `seconds`.
gboolean fixture_wait (FixtureCondition condition, gpointer data, double seconds);
void fixture_run_for (double seconds);

// What a key does that is pressed while `widget` has the focus; FALSE where it is bound to nothing.
gboolean fixture_press (GtkWidget *widget, guint key, GdkModifierType modifiers);

// A frame of colour bars with `n` candidates of classes 0, 1, 2 ... whose scores fall from 0.95 in steps of 0.1; none overlap.
SqResult *fixture_result (int width, int height, guint n);
const char *const *fixture_labels (void); // three classes

// Writes the window as it is drawn into `name`.png in the folder SQ_SCREENSHOT_DIR names; nothing where it names none.
void fixture_screenshot (GtkWidget *window, const char *name);

// Absolute path inside the test data (caller frees); NULL where there is none.
char *fixture_data (const char *relative);

G_END_DECLS
