// SPDX-License-Identifier: GPL-3.0-or-later
// What a written model file says about itself, so that it loads as the same detector anywhere.
//
// Thread: any
#pragma once

#include "model.h"

G_BEGIN_DECLS

// string -> string: all the file said before, and family, class names, input and family data (SQ_KEY_* of formats/format.h). Caller unrefs.
GHashTable *sq_model_describe (const SqModel *self);

// The input spec of a file written here, its size left alone. FALSE where there is none or it makes no sense.
gboolean sq_model_read_input (GHashTable *metadata, SqInputSpec *spec);

G_END_DECLS
