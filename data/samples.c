// SPDX-License-Identifier: GPL-3.0-or-later
#include "samples.h"

#include "export-private.h"
#include "project-private.h"
#include <math.h>

// Runs a query with the run's number and hands each row to `read`.
static GArray *
load (SqProject *project, gint64 run, const char *sql, guint size, void (*read) (SqStatement *s, GArray *rows), GError **error)
{
  g_autoptr (GArray) rows = g_array_new (FALSE, FALSE, size);
  SqStore *store = _sq_project_take_reader (project, error);
  SqStatement *statement;
  SqStep step = SQ_STEP_ERROR;

  if (store == NULL)
    return NULL;
  statement = sq_store_prepare (store, sql, error);
  if (statement != NULL)
    {
      sq_bind_int (statement, 1, run);
      while ((step = sq_store_step (store, statement, error)) == SQ_STEP_ROW)
        read (statement, rows);
    }
  _sq_project_return_reader (project, store);
  return step == SQ_STEP_DONE ? g_steal_pointer (&rows) : NULL;
}

static void
read_sample (SqStatement *s, GArray *rows)
{
  SqStoredSample row = { .device = g_intern_string (sq_column_text (s, 0)), .at_us = sq_column_int (s, 1) };

  row.sample = (SqDeviceSample){ .answering = TRUE,
                                 .compute = sq_column_double (s, 2),
                                 .own = sq_column_double (s, 3),
                                 .memory = sq_column_double (s, 4),
                                 .busy = sq_column_double (s, 5),
                                 .bandwidth = sq_column_double (s, 6),
                                 .encoder = sq_column_double (s, 7),
                                 .decoder = sq_column_double (s, 8),
                                 .temperature = sq_column_double (s, 9),
                                 .power = sq_column_double (s, 10),
                                 .clock = sq_column_double (s, 11) };
  g_array_append_val (rows, row);
}

GArray *
sq_project_load_samples (SqProject *project, gint64 run, GError **error)
{
  return load (project, run,
               "SELECT device, at_us, compute, own, memory, busy, bandwidth, encoder, decoder, temperature, power, clock"
               " FROM device_sample WHERE run = ? ORDER BY at_us, device",
               sizeof (SqStoredSample), read_sample, error);
}

static void
read_device (SqStatement *s, GArray *rows)
{
  SqRunDevice row = { g_intern_string (sq_column_text (s, 0)), sq_column_int (s, 1), sq_column_int (s, 2) };

  g_array_append_val (rows, row);
}

GArray *
sq_project_load_run_devices (SqProject *project, gint64 run, GError **error)
{
  return load (project, run, "SELECT device, frames, busy_ns FROM run_device WHERE run = ? ORDER BY device", sizeof (SqRunDevice),
               read_device, error);
}

// Empty where the device does not say.
static void
append_number (GString *text, double value, double scale)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append_c (text, ',');
  if (value >= 0)
    g_string_append (text, g_ascii_formatd (buffer, sizeof buffer, "%.4g", round (value * scale * 1e3) / 1e3));
}

gboolean
_sq_export_samples (SqExport *self, GOutputStream *stream, GError **error)
{
  g_autoptr (GArray) samples = sq_project_load_samples (self->project, self->run->id, error);
  g_autoptr (GString) text = g_string_new ("time_s,device,compute_percent,squint_percent,engine_percent,memory_percent,bandwidth_percent,"
                                           "encoder_percent,decoder_percent,temperature_c,power_w,clock_mhz\r\n");

  if (samples == NULL)
    return FALSE;
  if (self->progress != NULL)
    self->progress (self->progress_from + self->progress_span / 2, self->progress_data);
  if (g_cancellable_is_cancelled (self->cancellable))
    {
      g_set_error_literal (error, SQ_ERROR, SQ_ERROR_CANCELLED, "Cancelled.");
      return FALSE;
    }
  for (guint i = 0; i < samples->len; i++)
    {
      const SqStoredSample *row = &g_array_index (samples, SqStoredSample, i);
      const SqDeviceSample *s = &row->sample;
      const double shares[] = { s->compute, s->own, s->busy, s->memory, s->bandwidth, s->encoder, s->decoder };
      const double others[] = { s->temperature, s->power, s->clock };
      gint64 ms = (row->at_us - self->run->started_us) / 1000;

      g_string_append_printf (text, "%s%" G_GINT64_FORMAT ".%03d,", ms < 0 ? "-" : "", ABS (ms) / 1000, (int) (ABS (ms) % 1000));
      _sq_append_csv (text, row->device);
      for (guint k = 0; k < G_N_ELEMENTS (shares); k++)
        append_number (text, shares[k], 100);
      for (guint k = 0; k < G_N_ELEMENTS (others); k++)
        append_number (text, others[k], 1);
      g_string_append (text, "\r\n");
      if (text->len > 1 << 16 && !_sq_export_write (self, stream, text, error))
        return FALSE;
    }
  return _sq_export_write (self, stream, text, error);
}
