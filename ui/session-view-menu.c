// SPDX-License-Identifier: GPL-3.0-or-later
// What can be done with the session on show.
#include "config.h"

#include "session-view-private.h"

#include "sessions-page.h"

static void
action_session (GtkWidget *widget, const char *name, GVariant *parameter)
{
  SqSessionView *self = SQ_SESSION_VIEW (widget);
  SqSessionsPage *page = SQ_SESSIONS_PAGE (gtk_widget_get_ancestor (widget, SQ_TYPE_SESSIONS_PAGE));

  if (self->run == NULL || page == NULL)
    return;
  if (g_str_equal (name, "session.run-again"))
    sq_sessions_page_run_again (page, self->run);
  else if (g_str_equal (name, "session.rename"))
    sq_sessions_page_rename (page, self->run);
  else if (g_str_equal (name, "session.delete"))
    sq_sessions_page_delete (page, self->run);
  else
    _sq_session_view_ask_origin (self);
}

void
_sq_session_view_class_init_actions (GtkWidgetClass *widget_class)
{
  static const char *const names[] = { "session.run-again", "session.rename", "session.delete", "session.locate" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    gtk_widget_class_install_action (widget_class, names[i], NULL, action_session);
}
