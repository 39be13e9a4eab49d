// SPDX-License-Identifier: GPL-3.0-or-later
#include "averror.h"

#include "engine/error.h"
#include "frame.h"
#include <errno.h>
#include <libavutil/avutil.h>
#include <libavutil/error.h>
#include <libavutil/log.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct
{
  gboolean logged;
  int width, height; // px of a picture FFmpeg refused, 0 none
} LogState;

static GPrivate log_state = G_PRIVATE_INIT (g_free);

static LogState *
get_log_state (void)
{
  LogState *state = g_private_get (&log_state);

  if (state == NULL)
    {
      state = g_new0 (LogState, 1);
      g_private_set (&log_state, state);
    }
  return state;
}

static void
on_log (void *object, int level, const char *format, va_list args)
{
  LogState *state;
  char line[256];
  int width, height;

  if (level > AV_LOG_ERROR)
    return;
  state = get_log_state ();
  state->logged = TRUE;
  vsnprintf (line, sizeof line, format, args);
  if (sscanf (line, "Picture size %dx%d", &width, &height) == 2)
    {
      state->width = width;
      state->height = height;
    }
}

void
sq_averror_init (void)
{
  static gsize once = 0;

  if (g_once_init_enter (&once))
    {
      av_log_set_callback (on_log);
      g_once_init_leave (&once, 1);
    }
}

void
sq_averror_clear (void)
{
  memset (get_log_state (), 0, sizeof (LogState));
}

gboolean
sq_averror_size_refused (int *width, int *height)
{
  LogState *state = get_log_state ();

  *width = state->width;
  *height = state->height;
  return state->width != 0 || state->height != 0;
}

gboolean
sq_averror_logged (void)
{
  return get_log_state ()->logged;
}

gboolean
sq_media_is_address (const char *path)
{
  g_autofree char *scheme = g_uri_parse_scheme (path);

  return scheme != NULL && strcmp (scheme, "file") != 0 && strstr (path, "://") != NULL;
}

char *
sq_media_display_path (const char *path)
{
  const char *authority, *end, *at = NULL;

  if (!sq_media_is_address (path))
    return g_filename_display_name (path);
  authority = strstr (path, "://") + 3;
  end = authority + strcspn (authority, "/?#");
  for (const char *p = authority; p < end; p++)
    if (*p == '@')
      at = p;
  if (at == NULL)
    return g_utf8_make_valid (path, -1);
  else
    {
      g_autofree char *head = g_strndup (path, authority - path);
      g_autofree char *joined = g_strconcat (head, at + 1, NULL);

      return g_utf8_make_valid (joined, -1);
    }
}

void
sq_media_error (GError **error, int sq_code, const char *path, const char *format, ...)
{
  g_autofree char *name = sq_media_display_path (path);
  g_autofree char *rest = NULL;
  va_list args;

  va_start (args, format);
  rest = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, SQ_ERROR, sq_code, "“%s” %s", name, rest);
}

static void
set_unreadable (GError **error, const char *path)
{
  int width, height;

  if (sq_averror_size_refused (&width, &height))
    sq_media_error (error, SQ_ERROR_OUT_OF_MEMORY, path, "is too large (%d × %d pixels); the limit is %d pixels a side, shrink it first.",
                    width, height, SQ_FRAME_MAX_SIDE);
  else
    sq_media_error (error, SQ_ERROR_FORMAT, path, "is damaged or not a picture or video that Squint can read; choose another file.");
}

void
sq_averror_set (GError **error, int code, const char *path)
{
  switch (code)
    {
    case AVERROR_EXIT:
      g_set_error_literal (error, SQ_ERROR, SQ_ERROR_CANCELLED, "Cancelled.");
      return;
    case AVERROR (ENOENT):
      sq_media_error (error, SQ_ERROR_IO, path, "does not exist; check the name.");
      return;
    case AVERROR (EACCES):
    case AVERROR (EPERM):
      sq_media_error (error, SQ_ERROR_IO, path,
                      "cannot be opened because permission is denied; change its permissions or choose another file.");
      return;
    case AVERROR (EBUSY):
      sq_media_error (error, SQ_ERROR_BUSY, path, "is in use by another program; close that one and try again.");
      return;
    case AVERROR (ENOMEM):
      sq_media_error (error, SQ_ERROR_OUT_OF_MEMORY, path,
                      "needs more memory than is free; close other programs or choose a smaller file.");
      return;
    case AVERROR (ENODEV):
    case AVERROR (ENXIO):
      sq_media_error (error, SQ_ERROR_IO, path, "is not connected; plug the camera in and try again.");
      return;
    case AVERROR_INVALIDDATA:
    case AVERROR (EINVAL):
    case AVERROR (EDOM):
    case AVERROR (ERANGE):
      set_unreadable (error, path);
      return;
    case AVERROR_EOF:
      sq_media_error (error, SQ_ERROR_FORMAT, path, "ends too early: it is truncated; copy or download it again.");
      return;
    case AVERROR_DECODER_NOT_FOUND:
    case AVERROR_PATCHWELCOME:
    case AVERROR (ENOSYS):
      sq_media_error (error, SQ_ERROR_FORMAT, path,
                      "is in a format that the installed FFmpeg cannot decode; convert it to JPEG, PNG or MP4.");
      return;
    case AVERROR_PROTOCOL_NOT_FOUND:
    case AVERROR_DEMUXER_NOT_FOUND:
      sq_media_error (error, SQ_ERROR_FORMAT, path, "is an address of a kind Squint cannot open; use rtsp://, http:// or https://.");
      return;
    case AVERROR_STREAM_NOT_FOUND:
      sq_media_error (error, SQ_ERROR_FORMAT, path, "has no video stream; choose a video or a picture.");
      return;
    case AVERROR_HTTP_UNAUTHORIZED:
    case AVERROR_HTTP_FORBIDDEN:
      sq_media_error (error, SQ_ERROR_IO, path, "asks for a valid user name and password; put them into the address.");
      return;
    case AVERROR_HTTP_NOT_FOUND:
      sq_media_error (error, SQ_ERROR_IO, path, "was not found on the server; check the address.");
      return;
    case AVERROR (ETIMEDOUT):
    case AVERROR (ECONNREFUSED):
    case AVERROR (EHOSTUNREACH):
    case AVERROR (ENETUNREACH):
    case AVERROR (ECONNRESET):
    case AVERROR_HTTP_SERVER_ERROR:
    case AVERROR_HTTP_OTHER_4XX:
    case AVERROR_HTTP_BAD_REQUEST:
      sq_media_error (error, SQ_ERROR_IO, path, "does not answer; check the address and the network.");
      return;
    default:
      {
        char text[AV_ERROR_MAX_STRING_SIZE];

        av_strerror (code, text, sizeof text);
        if (sq_media_is_address (path))
          sq_media_error (error, SQ_ERROR_IO, path, "cannot be opened (%s); check the address and the network.", text);
        else
          sq_media_error (error, SQ_ERROR_IO, path, "cannot be read (%s); check the disk and try again.", text);
      }
    }
}
