// SPDX-License-Identifier: GPL-3.0-or-later
// One picture in a row of pictures: thumbnail, object count, name as tooltip.
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SQ_TYPE_FILM_CELL (sq_film_cell_get_type ())
G_DECLARE_FINAL_TYPE (SqFilmCell, sq_film_cell, SQ, FILM_CELL, GtkWidget)

GtkWidget *sq_film_cell_new (void);
void sq_film_cell_set_texture (SqFilmCell *self, GdkTexture *texture);             // nullable
void sq_film_cell_set_text (SqFilmCell *self, const char *name, int n_objects); // n_objects < 0: not known yet

G_END_DECLS
