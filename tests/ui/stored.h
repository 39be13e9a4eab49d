// SPDX-License-Identifier: GPL-3.0-or-later
// A window on a project with two sessions over pictures of its own: "Morning" over the first two, "Evening", tagged "night", over the
// others. Each picture has a bicycle, in every second one a better one, and a person.
#pragma once

#include "fixture.h"

G_BEGIN_DECLS

typedef struct
{
  Fixture *fixture;
  SqWindow *window;
  SqSessionsPage *page;
  SqProject *project;
  char *pictures[4];
  gint64 runs[2];
} Stored;

void stored_open (Stored *s, Fixture *fixture, int width, int height);
void stored_close (Stored *s);

SqRun *stored_load (Stored *s, gint64 run); // after all writes
void stored_write_picture (const char *path, int width, int height, int tint);
gint64 stored_add_run (Stored *s, const char *name, const char *model, char *const *pictures, guint n, float better);
// COCO labels of all four pictures: the bicycle as it is found, one of the persons, and a dog nobody sees. Its path (the caller frees).
char *stored_write_labels (Stored *s);
gboolean stored_session_shown (gpointer data); // a FixtureCondition

G_END_DECLS
