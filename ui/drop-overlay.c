// SPDX-License-Identifier: GPL-3.0-or-later
#include "config.h"

#include "drop-overlay.h"

struct _SqDropOverlay
{
  AdwBin parent_instance;

  /* Template widgets */
  GtkRevealer *revealer;
  AdwStatusPage *page;
};

G_DEFINE_FINAL_TYPE (SqDropOverlay, sq_drop_overlay, ADW_TYPE_BIN)

enum
{
  PROP_0,
  PROP_TITLE,
  PROP_ACTIVE,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

static void
sq_drop_overlay_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SqDropOverlay *self = SQ_DROP_OVERLAY (object);

  switch (prop_id)
    {
    case PROP_TITLE:
      g_value_set_string (value, adw_status_page_get_title (self->page));
      break;
    case PROP_ACTIVE:
      g_value_set_boolean (value, sq_drop_overlay_get_active (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sq_drop_overlay_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  SqDropOverlay *self = SQ_DROP_OVERLAY (object);

  switch (prop_id)
    {
    case PROP_TITLE:
      sq_drop_overlay_set_title (self, g_value_get_string (value));
      break;
    case PROP_ACTIVE:
      sq_drop_overlay_set_active (self, g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sq_drop_overlay_dispose (GObject *object)
{
  adw_bin_set_child (ADW_BIN (object), NULL); // before the template unparents it behind the bin's back
  gtk_widget_dispose_template (GTK_WIDGET (object), SQ_TYPE_DROP_OVERLAY);
  G_OBJECT_CLASS (sq_drop_overlay_parent_class)->dispose (object);
}

static void
on_child_revealed (SqDropOverlay *self)
{
  // A revealer at rest would still be measured and drawn.
  if (!gtk_revealer_get_child_revealed (self->revealer) && !gtk_revealer_get_reveal_child (self->revealer))
    gtk_widget_set_visible (GTK_WIDGET (self->revealer), FALSE);
}

static void
sq_drop_overlay_class_init (SqDropOverlayClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = sq_drop_overlay_get_property;
  object_class->set_property = sq_drop_overlay_set_property;
  object_class->dispose = sq_drop_overlay_dispose;

  props[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  props[PROP_ACTIVE] = g_param_spec_boolean ("active", NULL, NULL, FALSE, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);

  gtk_widget_class_set_template_from_resource (widget_class, RESOURCE_BASE "/ui/drop-overlay.ui");
  gtk_widget_class_bind_template_child (widget_class, SqDropOverlay, revealer);
  gtk_widget_class_bind_template_child (widget_class, SqDropOverlay, page);
}

static void
sq_drop_overlay_init (SqDropOverlay *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect_swapped (self->revealer, "notify::child-revealed", G_CALLBACK (on_child_revealed), self);
}

GtkWidget *
sq_drop_overlay_new (void)
{
  return g_object_new (SQ_TYPE_DROP_OVERLAY, NULL);
}

void
sq_drop_overlay_set_title (SqDropOverlay *self, const char *title)
{
  g_return_if_fail (SQ_IS_DROP_OVERLAY (self));

  adw_status_page_set_title (self->page, title);
}

void
sq_drop_overlay_set_active (SqDropOverlay *self, gboolean active)
{
  g_return_if_fail (SQ_IS_DROP_OVERLAY (self));

  if (active)
    gtk_widget_set_visible (GTK_WIDGET (self->revealer), TRUE);
  gtk_revealer_set_reveal_child (self->revealer, active);
}

gboolean
sq_drop_overlay_get_active (SqDropOverlay *self)
{
  g_return_val_if_fail (SQ_IS_DROP_OVERLAY (self), FALSE);
  return gtk_revealer_get_reveal_child (self->revealer);
}
