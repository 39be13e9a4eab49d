// SPDX-License-Identifier: GPL-3.0-or-later
// How busy the devices were is kept with a run, read back and exported; project files from before that are brought up to date.
#include "make-data.h"
#include <string.h>

static gint64
make_sampled_run (SqProject *project)
{
  const char *paths[] = { "/videos/toy.mp4", NULL };
  SqRunInfo info = make_info (paths, SQ_SOURCE_VIDEO, "sampled");
  g_autoptr (SqRunWriter) writer = sq_run_writer_new (project, &info);

  for (guint i = 0; i < 10; i++)
    {
      g_autoptr (SqResult) result = make_result (paths[0], i, 2, FALSE);
      SqDeviceSample sample;

      result->device = i % 3 == 0 ? "cpu:0" : "cuda:0";
      sq_run_writer_push (writer, result);
      sq_device_sample_clear (&sample);
      sample.time_us += i * 250000;
      sample.compute = i / 10.;
      sq_run_writer_add_sample (writer, "cpu", &sample);
      sample.temperature = 61;
      sample.power = 123.456;
      sq_run_writer_add_sample (writer, "cuda:0", &sample);
    }
  sq_run_writer_finish (writer, SQ_RUN_FINISHED, NULL);
  sq_project_flush (project, NULL);
  return sq_run_writer_get_run (writer);
}

static void
test_samples (void)
{
  char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "a.squint", NULL), *csv = g_build_filename (folder, "a.csv", NULL), *text = NULL;
  g_autoptr (SqProject) project = sq_project_open (path, SQ_PROJECT_CREATE, NULL);
  gint64 run = make_sampled_run (project);
  g_autoptr (GArray) samples = sq_project_load_samples (project, run, NULL), devices = sq_project_load_run_devices (project, run, NULL);
  g_auto (GStrv) lines = NULL;

  g_assert_cmpuint (samples->len, ==, 20);
  for (guint i = 0; i < 20; i++)
    {
      const SqStoredSample *s = &g_array_index (samples, SqStoredSample, i);

      g_assert_cmpstr (s->device, ==, i % 2 == 0 ? "cpu" : "cuda:0");
      g_assert_cmpfloat (s->sample.compute, ==, i / 2 / 10.);
      g_assert_cmpfloat (s->sample.temperature, ==, i % 2 == 0 ? -1 : 61);
      g_assert_cmpfloat (s->sample.encoder, ==, -1);
      g_assert_cmpint (ABS (s->at_us - g_get_real_time ()), <, 60 * G_USEC_PER_SEC);
    }
  g_assert_cmpuint (devices->len, ==, 2);
  g_assert_cmpstr (g_array_index (devices, SqRunDevice, 0).device, ==, "cpu:0");
  g_assert_cmpint (g_array_index (devices, SqRunDevice, 0).frames, ==, 4);
  g_assert_cmpint (g_array_index (devices, SqRunDevice, 1).frames, ==, 6);

  g_assert_true (sq_export_run (project, run, SQ_EXPORT_SAMPLES, NULL, csv, NULL, NULL, NULL, NULL));
  g_file_get_contents (csv, &text, NULL, NULL);
  lines = g_strsplit (text, "\r\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, 22); // heading, last line's end
  g_assert_true (g_str_has_prefix (lines[0], "time_s,device,compute_percent,"));
  g_assert_nonnull (strstr (lines[20], ",cuda:0,90,,,,,,,61,123.5,"));
  remove_folder (folder);
}

static void
test_old_file (void)
{
  char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "old.squint", NULL);
  g_autoptr (GArray) samples = NULL;
  g_autoptr (SqProject) project = NULL;
  gint64 run;

  {
    g_autoptr (SqProject) before = sq_project_open (path, SQ_PROJECT_CREATE, NULL);

    run = make_sampled_run (before);
  }
  // as version 1 wrote it
  sqlite_exec (
      path, "ALTER TABLE device_sample DROP COLUMN busy; ALTER TABLE device_sample DROP COLUMN bandwidth;"
            "ALTER TABLE device_sample DROP COLUMN encoder; ALTER TABLE device_sample DROP COLUMN decoder;"
            "ALTER TABLE device_sample DROP COLUMN temperature; ALTER TABLE device_sample DROP COLUMN power;"
            "ALTER TABLE device_sample DROP COLUMN clock; ALTER TABLE detection DROP COLUMN track; ALTER TABLE run DROP COLUMN region;"
            "ALTER TABLE run_class DROP COLUMN n_tracks; ALTER TABLE comparison DROP COLUMN live; DROP TABLE tag; PRAGMA user_version=1");
  project = sq_project_open (path, SQ_PROJECT_DEFAULT, NULL);
  samples = sq_project_load_samples (project, run, NULL);
  g_assert_cmpuint (samples->len, ==, 20);
  g_assert_cmpfloat (g_array_index (samples, SqStoredSample, 19).sample.compute, ==, .9);
  g_assert_cmpfloat (g_array_index (samples, SqStoredSample, 19).sample.power, ==, -1);
  remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/data/samples/kept", test_samples);
  g_test_add_func ("/data/samples/old-file", test_old_file);
  return g_test_run ();
}
