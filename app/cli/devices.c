// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli.h"

#include <json-glib/json-glib.h>
#include <stdio.h>

static void
print_json (GPtrArray *devices)
{
  g_autoptr (JsonBuilder) b = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *text = NULL;

  json_builder_begin_array (b);
  for (guint i = 0; i < devices->len; i++)
    {
      const SqDevice *d = g_ptr_array_index (devices, i);

      json_builder_begin_object (b);
      json_builder_set_member_name (b, "id");
      json_builder_add_string_value (b, d->id);
      json_builder_set_member_name (b, "name");
      json_builder_add_string_value (b, d->name);
      json_builder_set_member_name (b, "available");
      json_builder_add_boolean_value (b, d->available);
      if (d->detail != NULL)
        {
          json_builder_set_member_name (b, "detail");
          json_builder_add_string_value (b, d->detail);
        }
      if (d->reason != NULL)
        {
          json_builder_set_member_name (b, "reason");
          json_builder_add_string_value (b, d->reason);
        }
      json_builder_set_member_name (b, "cores");
      json_builder_add_int_value (b, d->cores);
      json_builder_set_member_name (b, "memory_bytes");
      json_builder_add_int_value (b, (gint64) d->memory);
      json_builder_end_object (b);
    }
  json_builder_end_array (b);
  root = json_builder_get_root (b);
  text = json_to_string (root, TRUE);
  puts (text);
}

static int
run (int argc, char **argv)
{
  g_autofree char *format = NULL;
  const GOptionEntry entries[] = {
    { "format", 0, 0, G_OPTION_ARG_STRING, &format, "table (default) or json", "FORMAT" },
    { NULL },
  };
  g_autoptr (GPtrArray) devices = NULL;

  if (!sq_cli_parse ("devices", NULL, "Lists what can run a model here, and what could with more installed.", entries, &argc, &argv))
    return SQ_EXIT_USAGE;
  if (format != NULL && !g_str_equal (format, "table") && !g_str_equal (format, "json"))
    {
      sq_cli_error ("'%s' is no format of devices: use table or json.", format);
      return SQ_EXIT_USAGE;
    }
  devices = sq_device_list ();
  if (g_strcmp0 (format, "json") == 0)
    print_json (devices);
  else
    for (guint i = 0; i < devices->len; i++)
      {
        const SqDevice *d = g_ptr_array_index (devices, i);
        g_autofree char *memory = g_format_size_full (d->memory, G_FORMAT_SIZE_IEC_UNITS);

        if (d->available)
          printf ("%-8s %s (%s, %s)\n", d->id, d->name, d->detail, memory);
        else
          printf ("%-8s %s: %s\n", d->id, d->name, d->reason);
      }
  return SQ_EXIT_OK;
}

const SqCommand sq_command_devices = { "devices", "list what can run a model here", run };
