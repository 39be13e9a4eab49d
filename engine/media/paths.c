// SPDX-License-Identifier: GPL-3.0-or-later
#include "paths.h"

#include "averror.h"
#include "engine/error.h"
#include <errno.h>
#include <libavutil/error.h>
#include <string.h>

static const char *const picture_suffixes[] = {
  "jpg", "jpeg", "jpe",  "jfif", "png", "apng", "bmp", "dib", "gif", "webp", "tif", "tiff", "tga", "ppm",
  "pgm", "pbm",  "pnm",  "pam",  "pfm", "jp2",  "j2k", "jpx", "exr", "hdr",  "dpx", "sgi",  "rgb", "pcx",
  "ico", "avif", "heic", "heif", "dds", "qoi",  "jxl", "xbm", "xpm", "psd",  "sun", "ras",
};

static const char *const video_suffixes[] = {
  "mp4", "m4v", "mov",   "mkv",  "webm", "avi", "mpg",  "mpeg", "ts",  "m2ts", "mts", "wmv", "flv",
  "ogv", "3gp", "mjpeg", "mjpg", "h264", "264", "h265", "hevc", "ivf", "y4m",  "vob", "mxf",
};

static gboolean
has_suffix (const char *path, const char *const *suffixes, guint n)
{
  const char *dot = strrchr (path, '.');

  if (dot == NULL || strchr (dot, G_DIR_SEPARATOR) != NULL)
    return FALSE;
  for (guint i = 0; i < n; i++)
    if (g_ascii_strcasecmp (dot + 1, suffixes[i]) == 0)
      return TRUE;
  return FALSE;
}

gboolean
sq_path_is_picture_name (const char *path)
{
  return has_suffix (path, picture_suffixes, G_N_ELEMENTS (picture_suffixes));
}

gboolean
sq_path_is_video_name (const char *path)
{
  return has_suffix (path, video_suffixes, G_N_ELEMENTS (video_suffixes));
}

int
sq_natural_compare (const char *a, const char *b)
{
  const char *p = a, *q = b;

  while (*p != 0 && *q != 0)
    {
      if (g_ascii_isdigit (*p) && g_ascii_isdigit (*q))
        {
          gsize m, n;
          int order;

          p += strspn (p, "0");
          q += strspn (q, "0");
          m = strspn (p, "0123456789");
          n = strspn (q, "0123456789");
          if (m != n)
            return m < n ? -1 : 1;
          order = memcmp (p, q, m);
          if (order != 0)
            return order;
          p += m;
          q += n;
        }
      else
        {
          int x = (guchar) g_ascii_tolower (*p++), y = (guchar) g_ascii_tolower (*q++);

          if (x != y)
            return x - y;
        }
    }
  if (*p != *q)
    return *p == 0 ? -1 : 1;
  return strcmp (a, b); // a total order: "01" and "1" differ
}

static int
compare_items (gconstpointer a, gconstpointer b)
{
  return sq_natural_compare (*(const char *const *) a, *(const char *const *) b);
}

GPtrArray *
sq_folder_list_pictures (const char *folder, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_free);
  GDir *dir = g_dir_open (folder, 0, NULL);
  const char *name;

  if (dir == NULL)
    {
      sq_averror_set (error, AVERROR (errno), folder);
      return NULL;
    }
  while ((name = g_dir_read_name (dir)) != NULL && !g_cancellable_is_cancelled (cancellable))
    if (name[0] != '.' && sq_path_is_picture_name (name))
      g_ptr_array_add (files, g_build_filename (folder, name, NULL));
  g_dir_close (dir);
  if (files->len == 0)
    {
      sq_media_error (error, SQ_ERROR_FORMAT, folder, "holds no pictures; choose a folder with pictures, or a video.");
      return NULL;
    }
  g_ptr_array_sort (files, compare_items);
  return g_steal_pointer (&files);
}
