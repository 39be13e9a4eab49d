// SPDX-License-Identifier: GPL-3.0-or-later
#include "exif.h"

#include <string.h>

#define TAG_ORIENTATION 0x0112

static guint
read_number (const guint8 *at, int bytes, gboolean little)
{
  guint n = 0;

  for (int i = 0; i < bytes; i++)
    n |= (guint) at[i] << 8 * (little ? i : bytes - 1 - i);
  return n;
}

int
sq_exif_orientation (const guint8 *tiff, gsize size)
{
  gboolean little;
  gsize directory, entries;

  if (size < 14 || (memcmp (tiff, "II*\0", 4) != 0 && memcmp (tiff, "MM\0*", 4) != 0))
    return 0;
  little = tiff[0] == 'I';
  directory = read_number (tiff + 4, 4, little);
  if (directory > size - 2)
    return 0;
  entries = read_number (tiff + directory, 2, little);
  for (gsize i = 0; i < entries && directory + 2 + (i + 1) * 12 <= size; i++)
    {
      const guint8 *entry = tiff + directory + 2 + i * 12;

      if (read_number (entry, 2, little) == TAG_ORIENTATION)
        {
          guint value = read_number (entry + 8, 2, little);

          return value >= 1 && value <= 8 ? (int) value : 0;
        }
    }
  return 0;
}

int
sq_exif_orientation_of_png (const guint8 *png, gsize size)
{
  // Chunks: length, name, data, checksum.
  for (gsize at = 8; at + 12 <= size;)
    {
      gsize length = read_number (png + at, 4, FALSE);

      if (length > size - at - 12)
        return 0;
      if (memcmp (png + at + 4, "eXIf", 4) == 0)
        return sq_exif_orientation (png + at + 8, length);
      at += 12 + length;
    }
  return 0;
}
