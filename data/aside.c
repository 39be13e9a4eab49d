// SPDX-License-Identifier: GPL-3.0-or-later
#include "aside.h"

#include "engine/error.h"
#include "remove-folder.h"
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES 16 // the place changes hands while it is looked at

struct _SqAside
{
  char *path, *temporary;
  gboolean folder, finished;
  int lock; // open as long as this is being written
};

static gboolean
refuse (const SqAside *self, int code, GError **error)
{
  g_autofree char *shown = g_filename_display_name (self->path);

  if (code == EWOULDBLOCK)
    g_set_error (error, SQ_ERROR, SQ_ERROR_BUSY, "“%s” is being written already; wait until that has ended or choose another name.", shown);
  else if (code == EISDIR)
    g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” is a folder; choose another name.", shown);
  else if (code == ENOTEMPTY || code == EEXIST)
    g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” exists already and is not an empty folder; choose another name.", shown);
  else if (code == ENOSPC || code == EDQUOT)
    g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” cannot be written because the disk is full; free some space and try again.", shown);
  else if (self->folder)
    g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” cannot be made (%s); choose another folder.", shown, g_strerror (code));
  else
    g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” cannot be written (%s); choose another folder.", shown, g_strerror (code));
  return FALSE;
}

// Before hours of work rather than after them.
static gboolean
check_place (const SqAside *self, GError **error)
{
  gboolean is_folder = g_file_test (self->path, G_FILE_TEST_IS_DIR);
  GDir *dir;
  gboolean empty;

  if (!self->folder)
    return !is_folder || refuse (self, EISDIR, error);
  if (!is_folder)
    return !g_file_test (self->path, G_FILE_TEST_EXISTS) || refuse (self, EEXIST, error);
  dir = g_dir_open (self->path, 0, NULL);
  empty = dir != NULL && g_dir_read_name (dir) == NULL;
  g_clear_pointer (&dir, g_dir_close);
  return empty || refuse (self, ENOTEMPTY, error);
}

// 0 or the error's number. Some network file systems know no locks: there two at once are not noticed.
static int
lock (int fd)
{
  int code;

  while ((code = flock (fd, LOCK_EX | LOCK_NB) == 0 ? 0 : errno) == EINTR)
    continue;
  return code == EWOULDBLOCK ? code : 0;
}

static gboolean
is_still_there (const SqAside *self, int fd)
{
  struct stat held, named;

  return fstat (fd, &held) == 0 && lstat (self->temporary, &named) == 0 && held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

// What is there, emptied if it is of the right kind, else away with it. 0, EAGAIN to look again, or another number.
static int
take_over (SqAside *self, int fd)
{
  struct stat info;
  int code = lock (fd);

  if (code != 0)
    return code;
  if (!is_still_there (self, fd) || fstat (fd, &info) != 0)
    return EAGAIN;
  if (!self->folder && S_ISREG (info.st_mode))
    return ftruncate (fd, 0) == 0 ? 0 : errno;
  if (self->folder && S_ISDIR (info.st_mode))
    {
      GDir *dir = g_dir_open (self->temporary, 0, NULL);
      const char *name;

      while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
        {
          g_autofree char *child = g_build_filename (self->temporary, name, NULL);

          sq_remove_folder (child);
        }
      g_clear_pointer (&dir, g_dir_close);
      return 0;
    }
  sq_remove_folder (self->temporary);
  return g_file_test (self->temporary, G_FILE_TEST_EXISTS) ? EEXIST : EAGAIN;
}

static int
try_once (SqAside *self)
{
  int flags = (self->folder ? O_RDONLY : O_RDWR | O_CREAT) | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, fd, code;

  if (self->folder && g_mkdir (self->temporary, 0755) != 0 && errno != EEXIST)
    return errno;
  fd = open (self->temporary, flags, 0666);
  if (fd < 0 && errno == EISDIR)
    fd = open (self->temporary, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    {
      code = errno;
      if (code == ELOOP) // a link somewhere else
        return g_unlink (self->temporary) == 0 ? EAGAIN : errno;
      return code == ENOENT && self->folder ? EAGAIN : code;
    }
  code = take_over (self, fd);
  if (code == 0)
    self->lock = fd;
  else
    close (fd);
  return code;
}

static SqAside *
begin (const char *path, gboolean folder, GError **error)
{
  g_autofree char *parent = g_path_get_dirname (path);
  SqAside *self = g_new0 (SqAside, 1);
  int code = EAGAIN;

  self->path = g_strdup (path);
  for (gsize n = strlen (path); n > 1 && path[n - 1] == '/'; n--) // "out/" means "out"
    self->path[n - 1] = '\0';
  self->temporary = g_strconcat (self->path, SQ_ASIDE_SUFFIX, NULL);
  self->folder = folder;
  self->lock = -1;
  if (check_place (self, error))
    {
      if (folder && g_mkdir_with_parents (parent, 0755) != 0)
        code = errno;
      for (int i = 0; i < TRIES && code == EAGAIN; i++)
        code = try_once (self);
      if (code == 0)
        return self;
      refuse (self, code == EAGAIN ? EWOULDBLOCK : code, error);
    }
  self->finished = TRUE; // what is there is another's
  sq_aside_free (self);
  return NULL;
}

SqAside *
sq_aside_new_file (const char *path, GError **error)
{
  return begin (path, FALSE, error);
}

SqAside *
sq_aside_new_folder (const char *path, GError **error)
{
  return begin (path, TRUE, error);
}

const char *
sq_aside_get_path (const SqAside *self)
{
  return self->temporary;
}

gboolean
sq_aside_finish (SqAside *self, GError **error)
{
  self->finished = g_rename (self->temporary, self->path) == 0;
  return self->finished || refuse (self, errno, error);
}

void
sq_aside_free (SqAside *self)
{
  if (!self->finished)
    sq_remove_folder (self->temporary);
  if (self->lock >= 0)
    close (self->lock); // after: whoever comes next finds nothing
  g_free (self->path);
  g_free (self->temporary);
  g_free (self);
}
