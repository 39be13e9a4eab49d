// SPDX-License-Identifier: GPL-3.0-or-later
// Carries news of the writer thread to a project's signals. The writer never holds the project itself, so the project's last reference is
// never dropped on the writer thread. Private to data/.
//
// Owner:  refcounted
// Thread: post and fail: any; the signals are emitted in the creator's thread-default context
#pragma once

#include "project.h"

G_BEGIN_DECLS

typedef struct _SqHub SqHub;

SqHub *sq_hub_new (SqProject *project); // weakly held
SqHub *sq_hub_ref (SqHub *self);
void sq_hub_unref (SqHub *self);

void _sq_hub_set_context (SqHub *self, GMainContext *context); // before the first news

void sq_hub_post (SqHub *self, gint64 run, SqChange change); // "updated" is joined over half a second
void sq_hub_fail (SqHub *self, const char *message);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqHub, sq_hub_unref)

G_END_DECLS
