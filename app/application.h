// SPDX-License-Identifier: GPL-3.0-or-later
// The GApplication: command line of the window, application actions, theme, what lives as long as the program.
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define SQ_TYPE_APPLICATION (sq_application_get_type ())
G_DECLARE_FINAL_TYPE (SqApplication, sq_application, SQ, APPLICATION, AdwApplication)

GApplication *sq_application_new (void);

G_END_DECLS
