// SPDX-License-Identifier: GPL-3.0-or-later
// The one error domain of engine/ and data/. Foreign codes (AVERROR, dnnl_status_t, sqlite) are converted where they arise.
//
// Messages are one sentence for the user: what is wrong, which file, what to do.
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define SQ_ERROR (sq_error_quark ())

typedef enum
{
  SQ_ERROR_BAD_MODEL,      // the model file is damaged or lies about itself
  SQ_ERROR_UNSUPPORTED_OP, // the model needs an operator or layout Squint does not have
  SQ_ERROR_UNKNOWN_FAMILY, // the network runs, but nobody knows what its outputs mean: ask
  SQ_ERROR_NO_DEVICE,      // no such device, driver or library
  SQ_ERROR_DEVICE_LOST,    // a device stopped answering: its work has to be done elsewhere
  SQ_ERROR_OUT_OF_MEMORY,  // over a limit, or the allocator refused
  SQ_ERROR_IO,             // open, read, write, network
  SQ_ERROR_FORMAT,         // media, project or annotation file of the wrong kind
  SQ_ERROR_BUSY,           // locked by somebody else
  SQ_ERROR_CANCELLED,
} SqError;

GQuark sq_error_quark (void);

G_END_DECLS
