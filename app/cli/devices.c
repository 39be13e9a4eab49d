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
      if (d->parent != NULL)
        {
          json_builder_set_member_name (b, "part_of");
          json_builder_add_string_value (b, d->parent);
        }
      if (d->pci != NULL)
        {
          json_builder_set_member_name (b, "pci");
          json_builder_add_string_value (b, d->pci);
        }
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

// --- load
// ---------------------------------------------------------------------------------------------------------------------------------------------

typedef struct
{
  GMutex lock;
  GCond cond;
  GArray *last; // SqDeviceSample
  guint readings;
} Load;

static void
on_samples (const SqDeviceSample *samples, guint n, gpointer data)
{
  Load *load = data;

  g_mutex_lock (&load->lock);
  g_array_set_size (load->last, 0);
  g_array_append_vals (load->last, samples, n);
  load->readings += n > 0;
  g_cond_signal (&load->cond);
  g_mutex_unlock (&load->lock);
}

static void
print_number (double value, double scale, const char *format)
{
  if (value < 0)
    printf ("%9s", "-");
  else
    printf (format, value * scale);
}

// How busy they are now, as the window's graphs show it.
static void
print_load (void)
{
  Load load = { .last = g_array_new (FALSE, FALSE, sizeof (SqDeviceSample)) };
  g_autoptr (GPtrArray) devices = NULL;
  SqMonitor *monitor;
  guint at = 0;

  g_mutex_init (&load.lock);
  g_cond_init (&load.cond);
  monitor = sq_monitor_new (on_samples, &load, NULL);
  g_mutex_lock (&load.lock);
  while (load.readings < 4)
    g_cond_wait (&load.cond, &load.lock);
  g_mutex_unlock (&load.lock);
  devices = sq_monitor_ref_devices (monitor);
  sq_monitor_free (monitor);
  printf ("%-8s %9s %8s %9s %8s %8s %11s %7s %9s\n", "DEVICE", "COMPUTE", "MEMORY", "BANDWIDTH", "ENCODER", "DECODER", "TEMPERATURE",
          "POWER", "CLOCK");
  for (guint i = 0; i < devices->len; i++)
    {
      const SqDevice *d = devices->pdata[i];
      const SqDeviceSample *s;

      if (d->parent != NULL || !d->available)
        continue;
      s = &g_array_index (load.last, SqDeviceSample, at++);
      printf ("%-8s", d->id);
      if (!s->answering)
        {
          puts ("  does not answer");
          continue;
        }
      print_number (s->compute, 100, "%7.0f %%");
      print_number (s->memory, 100, "%7.0f %%");
      print_number (s->bandwidth, 100, "%8.0f %%");
      print_number (s->encoder, 100, "%7.0f %%");
      print_number (s->decoder, 100, "%7.0f %%");
      print_number (s->temperature, 1, "%9.0f °C");
      print_number (s->power, 1, "%6.0f W");
      print_number (s->clock, 1, "%6.0f MHz");
      putchar ('\n');
      if (d->unread != NULL)
        printf ("%-8s %s\n", "", d->unread);
    }
  g_array_unref (load.last);
  g_mutex_clear (&load.lock);
  g_cond_clear (&load.cond);
}

static int
run (int argc, char **argv)
{
  g_autofree char *format = NULL;
  gboolean load = FALSE;
  const GOptionEntry entries[] = {
    { "format", 0, 0, G_OPTION_ARG_STRING, &format, "table (default) or json", "FORMAT" },
    { "load", 0, 0, G_OPTION_ARG_NONE, &load, "how busy each is now, instead", NULL },
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
  if (load)
    {
      print_load ();
      return SQ_EXIT_OK;
    }
  devices = sq_device_list ();
  if (g_strcmp0 (format, "json") == 0)
    print_json (devices);
  else
    for (guint i = 0; i < devices->len; i++)
      {
        const SqDevice *d = g_ptr_array_index (devices, i);
        g_autofree char *memory = g_format_size_full (d->memory, G_FORMAT_SIZE_IEC_UNITS);

        if (d->available && (d->parent != NULL || d->pci != NULL)) // a core has no memory of its own, a GPU's detail names it
          printf ("%-8s %s (%s)\n", d->id, d->name, d->detail);
        else if (d->available)
          printf ("%-8s %s (%s, %s)\n", d->id, d->name, d->detail, memory);
        else
          printf ("%-8s %s: %s\n", d->id, d->name, d->reason);
      }
  return SQ_EXIT_OK;
}

const SqCommand sq_command_devices = { "devices", "list what can run a model here", run };
