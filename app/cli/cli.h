// SPDX-License-Identifier: GPL-3.0-or-later
// squint-cli: one file per subcommand, each a `const SqCommand sq_command_NAME`.
//
// To add one: a file here and its word in app/cli/meson.build.
#pragma once

#include "data/data.h"
#include "engine/engine.h"

G_BEGIN_DECLS

typedef enum
{
  SQ_EXIT_OK,
  SQ_EXIT_SOME_FAILED, // the others are done
  SQ_EXIT_USAGE,
  SQ_EXIT_NOTHING, // nothing could be done
} SqExit;

typedef struct
{
  const char *name;
  const char *summary;                // one line for --help
  int (*run) (int argc, char **argv); // argv[0] is the subcommand; returns an SqExit
} SqCommand;

#define SQ_COMMAND(name) extern const SqCommand sq_command_##name;
#include "app/cli/command-list.h"
#undef SQ_COMMAND

// Parses options; FALSE after a message: return SQ_EXIT_USAGE. `arguments` describes what follows the options ("INPUT...").
gboolean sq_cli_parse (const char *command, const char *arguments, const char *description, const GOptionEntry *entries, int *argc,
                       char ***argv);

// "squint-cli: MESSAGE" on stderr.
void sq_cli_error (const char *format, ...) G_GNUC_PRINTF (1, 2);

// A model by path, installed name or catalogue name (NULL: the default one); fetches it from the mirror or network where `fetch` is set.
// NULL after a message.
SqModel *sq_cli_load_model (const char *name, const char *family, gboolean fetch);

// The variant of that level which the store has of a model (transfer full: the model goes); NULL after a message.
SqModel *sq_cli_load_level (SqModel *original, const char *level);

// "person,dog" -> one byte per class of the model; NULL after a message.
guint8 *sq_cli_parse_classes (const SqModel *model, const char *text);

G_END_DECLS
