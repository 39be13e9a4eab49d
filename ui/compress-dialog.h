// SPDX-License-Identifier: GPL-3.0-or-later
// From a model, a level and pictures to a variant: what to choose, then progress with cancel, then what went wrong or what to mind. Closing
// it cancels. What was made without a warning is shown on the Models page at once.
#pragma once

#include "workspace.h"
#include <adwaita.h>

G_BEGIN_DECLS

#define SQ_TYPE_COMPRESS_DIALOG (sq_compress_dialog_get_type ())
G_DECLARE_FINAL_TYPE (SqCompressDialog, sq_compress_dialog, SQ, COMPRESS_DIALOG, AdwWindow)

// `original`: a variant's stands for it.
GtkWidget *sq_compress_dialog_new (GtkWindow *parent, SqWorkspace *workspace, SqModelEntry *original);

void sq_compress_dialog_set_level (SqCompressDialog *self, const char *level);
void sq_compress_dialog_set_keep (SqCompressDialog *self, double keep);              // the chosen recipe's bound, 0..1
void sq_compress_dialog_set_recipe (SqCompressDialog *self, const char *text);       // in place of the levels; one that parses
void sq_compress_dialog_set_pictures (SqCompressDialog *self, const char *pictures); // folder, "session:ID", NULL none

// Where something is missing still, it is asked for.
void sq_compress_dialog_start (SqCompressDialog *self);

const char *sq_compress_dialog_get_recipe (SqCompressDialog *self);  // text of what is chosen, NULL nothing
const char *sq_compress_dialog_get_page (SqCompressDialog *self);    // "choose", "running", "failed", "done"
const char *sq_compress_dialog_get_message (SqCompressDialog *self); // of "choose": what is missing; "failed": why; "done": the warning

G_END_DECLS
