// SPDX-License-Identifier: GPL-3.0-or-later
#include "fingerprint.h"

#include "averror.h"
#include <errno.h>
#include <fcntl.h>
#include <libavutil/error.h>
#include <sys/stat.h>
#include <unistd.h>

#define PART 65536 // bytes

char *
sq_fingerprint_file (const char *path, guint64 *size, GError **error)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree guint8 *buffer = g_malloc (PART);
  g_autofree char *length = NULL;
  int file = open (path, O_RDONLY | O_CLOEXEC);
  struct stat info;
  gssize n;

  if (file < 0 || fstat (file, &info) != 0)
    {
      sq_averror_set (error, AVERROR (errno), path);
      if (file >= 0)
        close (file);
      return NULL;
    }
  if (!S_ISREG (info.st_mode))
    {
      close (file);
      sq_averror_set (error, AVERROR (EINVAL), path);
      return NULL;
    }
  length = g_strdup_printf ("%" G_GUINT64_FORMAT "\n", (guint64) info.st_size);
  g_checksum_update (sum, (const guint8 *) length, -1);
  n = pread (file, buffer, PART, 0);
  if (n > 0)
    g_checksum_update (sum, buffer, n);
  if (info.st_size > PART)
    {
      n = pread (file, buffer, PART, MAX (info.st_size - PART, PART));
      if (n > 0)
        g_checksum_update (sum, buffer, n);
    }
  close (file);
  if (size != NULL)
    *size = info.st_size;
  return g_strdup (g_checksum_get_string (sum));
}
