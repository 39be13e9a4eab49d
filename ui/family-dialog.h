// SPDX-License-Identifier: GPL-3.0-or-later
// "Which family is this model?": asked where a network's output layout is not known. Never guesses.
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

// `family` NULL: the user does not know either. Called once.
typedef void (*SqFamilyFunc) (const char *family, gpointer user_data);

void sq_family_dialog_ask (GtkWidget *from, const char *model, SqFamilyFunc func, gpointer user_data);

G_END_DECLS
