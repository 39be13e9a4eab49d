// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "application.h"
#include "engine/engine.h"

#include <glib/gi18n.h>
#include <locale.h>

int
main (int argc, char *argv[])
{
  g_autoptr (GApplication) app = NULL;

  sq_memory_keep ();
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);

  app = sq_application_new ();
  return g_application_run (app, argc, argv);
}
