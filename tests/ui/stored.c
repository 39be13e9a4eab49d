// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "stored.h"

#include "engine/media/encode.h"
#include <string.h>

#define WIDTH 640
#define HEIGHT 480

// Grey with a coloured box where the bicycle is.
static SqFrame *
make_picture (const char *path, int width, int height, int tint, gint64 index)
{
  guint8 *pixels = g_malloc ((gsize) width * height * 3);

  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      {
        gboolean box = x >= 100 && x < 260 && y >= 100 && y < 220;
        guint8 *p = pixels + 3 * ((gsize) y * width + x);

        p[0] = box ? 220 : (guint8) (60 + tint * 30);
        p[1] = (guint8) (box ? 60 : 80 + x / 8);
        p[2] = (guint8) (box ? 40 : 90 + y / 8);
      }
  return sq_frame_new (width, height, 3 * width, pixels, path, index, index * G_GINT64_CONSTANT (1000000000), g_free, pixels);
}

void
stored_write_picture (const char *path, int width, int height, int tint)
{
  g_autoptr (SqFrame) frame = make_picture (path, width, height, tint, 0);

  g_assert_true (sq_frame_save (frame, path, NULL));
}

static SqResult *
make_detections (const char *path, gint64 index, float better)
{
  SqDetection *boxes = g_new0 (SqDetection, 2);

  boxes[0] = (SqDetection){ 100, 100, 260, 220, index % 2 != 0 ? better : .8f, 1, 0 };
  boxes[1] = (SqDetection){ 400, 40, 480, 300, .6f, 0, 0 };
  return sq_result_new (make_picture (path, WIDTH, HEIGHT, 1, index), boxes, 2, FALSE);
}

gint64
stored_add_run (Stored *s, const char *name, const char *model_name, char *const *pictures, guint n, float better)
{
  const SqModel model = { .name = (char *) model_name,
                          .sha256 = (char *) model_name,
                          .path = (char *) "/models/toy.onnx",
                          .labels = (char **) fixture_labels (),
                          .n_classes = 3 };
  g_autoptr (GPtrArray) paths = g_ptr_array_new ();
  g_autofree char *base = g_path_get_basename (pictures[0]);
  SqSourceInfo source = { .kind = SQ_SOURCE_PICTURES, .name = base, .width = WIDTH, .height = HEIGHT, .n_frames = n };
  SqRunInfo info = { .name = name, .source = &source, .model = &model, .device = "cpu" };
  g_autoptr (SqRunWriter) writer = NULL;

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (paths, pictures[i]);
  g_ptr_array_add (paths, NULL);
  source.path = pictures[0];
  info.paths = (const char *const *) paths->pdata;
  writer = sq_run_writer_new (s->project, &info);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (SqResult) result = make_detections (pictures[i], i, better);

      sq_run_writer_push (writer, result);
    }
  sq_run_writer_finish (writer, SQ_RUN_FINISHED, NULL);
  return sq_run_writer_get_run (writer);
}

static gboolean
have_project (gpointer data)
{
  Stored *s = data;

  return sq_workspace_get_project (s->fixture->workspace) != NULL;
}

void
stored_open (Stored *s, Fixture *fixture, int width, int height)
{
  memset (s, 0, sizeof *s);
  s->fixture = fixture;
  sq_workspace_open_project (fixture->workspace);
  g_assert_true (fixture_wait (have_project, s, 10));
  s->project = sq_workspace_get_project (fixture->workspace);
  for (guint i = 0; i < G_N_ELEMENTS (s->pictures); i++)
    {
      g_autofree char *name = g_strdup_printf ("picture %u.png", i + 1);

      s->pictures[i] = g_build_filename (fixture->dir, name, NULL);
      stored_write_picture (s->pictures[i], WIDTH, HEIGHT, (int) i);
    }
  s->runs[0] = stored_add_run (s, "Morning", "yolox-nano", s->pictures, 2, .9f);
  s->runs[1] = stored_add_run (s, "Evening", "yolov4-tiny", s->pictures + 2, 2, .95f);
  sq_project_add_run_tag (s->project, s->runs[1], "night");
  g_assert_true (sq_project_flush (s->project, NULL));
  s->window = fixture_window (fixture, width, height);
  s->page = sq_window_get_sessions_page (s->window);
  sq_window_show_page (s->window, "sessions");
}

void
stored_close (Stored *s)
{
  fixture_destroy_window (s->window);
  for (guint i = 0; i < G_N_ELEMENTS (s->pictures); i++)
    g_free (s->pictures[i]);
}

SqRun *
stored_load (Stored *s, gint64 run)
{
  g_autoptr (GError) error = NULL;
  SqRun *loaded;

  g_assert_true (sq_project_flush (s->project, NULL));
  loaded = sq_project_load_run (s->project, run, &error);
  g_assert_no_error (error);
  return loaded;
}

gboolean
stored_session_shown (gpointer data)
{
  Stored *s = data;

  return sq_sessions_page_get_run (s->page) != NULL && sq_video_view_get_result (sq_sessions_page_get_view (s->page)) != NULL;
}

char *
stored_write_labels (Stored *s)
{
  char *path = g_build_filename (s->fixture->dir, "labels.json", NULL);
  g_autoptr (GString) images = g_string_new (NULL), boxes = g_string_new (NULL);
  g_autofree char *text = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (s->pictures); i++)
    {
      g_autofree char *name = g_path_get_basename (s->pictures[i]);

      g_string_append_printf (images, "%s{\"id\":%u,\"file_name\":\"%s\",\"width\":640,\"height\":480}", i > 0 ? "," : "", i + 1, name);
      g_string_append_printf (boxes,
                              "%s{\"id\":%u,\"image_id\":%u,\"category_id\":2,\"bbox\":[100,100,160,120],\"area\":19200,\"iscrowd\":0}",
                              i > 0 ? "," : "", 10 * i + 1, i + 1);
      if (i % 2 == 0)
        g_string_append_printf (boxes,
                                ",{\"id\":%u,\"image_id\":%u,\"category_id\":1,\"bbox\":[400,40,80,260],\"area\":20800,\"iscrowd\":0}",
                                10 * i + 2, i + 1);
      else
        g_string_append_printf (boxes, ",{\"id\":%u,\"image_id\":%u,\"category_id\":3,\"bbox\":[20,300,60,60],\"area\":3600,\"iscrowd\":0}",
                                10 * i + 2, i + 1);
    }
  text = g_strdup_printf ("{\"images\":[%s],\"annotations\":[%s],\"categories\":[{\"id\":1,\"name\":\"person\"},"
                          "{\"id\":2,\"name\":\"bicycle\"},{\"id\":3,\"name\":\"dog\"}]}",
                          images->str, boxes->str);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  return path;
}
