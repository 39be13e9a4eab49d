// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "window.h"

#include "device-strip.h"
#include "drop-overlay.h"
#include "level-picker.h"
#include "model-picker.h"

G_BEGIN_DECLS

struct _SqWindow
{
  AdwApplicationWindow parent_instance;

  /* Template widgets */
  AdwToastOverlay *toasts;
  AdwLeaflet *leaflet;
  GtkListBox *sidebar;
  GtkStack *pages;
  GtkWidget *header;
  AdwWindowTitle *title;
  GtkWidget *back;
  GtkWidget *open_button, *search_button, *inspector_button;
  SqModelPicker *picker;
  SqLevelPicker *level_picker;
  SqDetectPage *detect;
  SqComparePage *compare;
  SqModelsPage *models;
  SqSessionsPage *sessions;
  SqDevicesPage *devices;
  SqDeviceStrip *strip;
  SqDropOverlay *drop_overlay;

  SqWorkspace *workspace;
  GtkFileChooserNative *chooser; // while open
  GtkDropTarget *drop_target;    // borrowed
  char **last_source;
  GtkWindow *compress_dialog; // weak, while open
  guint tick_id;
  guint fold_id;
  gboolean tight;        // no room for the level in the header bar
  guint warm_id, n_warm; // pages measured in advance
};

void _sq_window_class_init_actions (GtkWidgetClass *widget_class);
void _sq_window_init_dnd (SqWindow *self);
void _sq_window_update_header (SqWindow *self);
void _sq_window_update_actions (SqWindow *self);
// On what was opened last, where nothing is compared yet.
void _sq_window_compare (SqWindow *self, SqModelEntry *a, SqModelEntry *b);
gboolean _sq_window_can_compare (SqWindow *self);                     // there is something to compare on
void _sq_window_open_here (SqWindow *self, const char *const *paths); // on the page on show, or on Detect
SqPictureView *_sq_window_get_view (SqWindow *self);                  // of the page on show, or NULL

G_END_DECLS
