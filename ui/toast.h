// SPDX-License-Identifier: GPL-3.0-or-later
// Short-lived messages, from any widget inside a window that has a toast overlay.
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

// Transient news. Takes plain text, no markup.
void sq_toast (GtkWidget *from, const char *text);

// A failure of something the user asked for: shown ahead of what is queued.
void sq_toast_error (GtkWidget *from, const char *text);

// A file that would be written over without anybody having been asked.
void sq_toast_exists (GtkWidget *from, const char *path);

// With a button; `undo` runs on a click, `done` when the toast is gone without one. Either way `destroy` runs last.
void sq_toast_undo (GtkWidget *from, const char *text, GFunc undo, GFunc done, gpointer user_data, GDestroyNotify destroy);

// As a click on the button of the last one that is still there; for the keyboard.
void sq_toast_undo_last (GtkWidget *from);

G_END_DECLS
