// SPDX-License-Identifier: GPL-3.0-or-later
// What the levels are, for people who have to choose one, and what to expect of them on a device.
#pragma once

#include "engine/engine.h"

G_BEGIN_DECLS

const char *sq_level_describe (const char *level); // one sentence, translated; "" for levels this program does not know by heart
char *sq_level_title (const char *level);          // of its recipe (transfer full)

// Whether it can be faster there, said before anybody waits for it; NULL where there is nothing to say.
const char *sq_level_speed_note (const SqRecipe *recipe, const char *device);

G_END_DECLS
