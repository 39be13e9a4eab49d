// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli.h"

#include "config.h"
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const SqCommand *const commands[] = {
#define SQ_COMMAND(name) &sq_command_##name,
#include "app/cli/command-list.h"
#undef SQ_COMMAND
};

static void
print_help (FILE *to)
{
  fputs ("Usage: squint-cli COMMAND [OPTION...] [ARGUMENT...]\n\nDetects objects with YOLO models, compares and keeps the "
         "results.\n\nCommands:\n",
         to);
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    fprintf (to, "  %-9s %s\n", commands[i]->name, commands[i]->summary);
  fputs ("\n'squint-cli COMMAND --help' explains one. Exit status: 0 done, 1 some inputs failed, 2 wrong usage, 3 nothing could be done.\n",
         to);
}

int
main (int argc, char **argv)
{
  sq_memory_keep ();
  setlocale (LC_ALL, "");
  setlocale (LC_NUMERIC, "C"); // numbers are for scripts
  g_set_prgname ("squint-cli");
  if (argc < 2 || g_str_equal (argv[1], "help") || g_str_equal (argv[1], "--help") || g_str_equal (argv[1], "-h"))
    {
      print_help (argc < 2 ? stderr : stdout);
      return argc < 2 ? SQ_EXIT_USAGE : SQ_EXIT_OK;
    }
  if (g_str_equal (argv[1], "--version"))
    {
      printf ("squint-cli %s\n", SQ_VERSION);
      return SQ_EXIT_OK;
    }
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (argv[1], commands[i]->name))
      return commands[i]->run (argc - 1, argv + 1);
  sq_cli_error ("There is no command '%s': 'squint-cli help' lists them.", argv[1]);
  return SQ_EXIT_USAGE;
}
