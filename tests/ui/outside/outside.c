// SPDX-License-Identifier: GPL-3.0-or-later
#include "outside.h"

#include <X11/XKBlib.h>
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <X11/extensions/XTest.h>
#include <gdk/x11/gdkx.h>
#include <gtk/gtk.h>
#include <string.h>

#define STEP_US 20000
#define MOST_STEPS 60  // of the focus
#define SOURCE_SIZE 60 // px, of the window that files are dragged from

static Display *display;
static AtspiAccessible *focused; // what the bus last said that the focus is on

void
outside_run_for (double seconds)
{
  gint64 end = g_get_monotonic_time () + (gint64) (seconds * 1e6);

  do
    {
      while (g_main_context_iteration (NULL, FALSE))
        ;
      g_usleep (STEP_US / 4);
    }
  while (g_get_monotonic_time () < end);
}

static void on_focus (AtspiEvent *event, gpointer unused);

gboolean
outside_init (void)
{
  AtspiEventListener *listener;
  int unused;

  display = XOpenDisplay (NULL);
  if (display == NULL || !XTestQueryExtension (display, &unused, &unused, &unused, &unused))
    {
      g_test_skip ("no X server with XTEST");
      return FALSE;
    }
  if (atspi_init () > 1)
    {
      g_test_skip ("no accessibility bus");
      return FALSE;
    }
  listener = atspi_event_listener_new (on_focus, NULL, NULL); // for good
  return atspi_event_listener_register (listener, "object:state-changed:focused", NULL);
}

/* The tree */

static gboolean
get_extents (AtspiAccessible *accessible, AtspiRect *rect)
{
  g_autoptr (AtspiComponent) component = atspi_accessible_get_component_iface (accessible);
  AtspiRect *extents = component != NULL ? atspi_component_get_extents (component, ATSPI_COORD_TYPE_WINDOW, NULL) : NULL;

  if (extents != NULL)
    *rect = *extents;
  g_free (extents);
  return extents != NULL;
}

static gboolean
is_on_screen (AtspiAccessible *accessible)
{
  AtspiRect extents;

  return get_extents (accessible, &extents) && extents.width > 0 && extents.height > 0;
}

static gboolean
matches (AtspiAccessible *accessible, AtspiRole role, const char *name)
{
  g_autofree char *has = atspi_accessible_get_name (accessible, NULL);

  return has != NULL && strstr (has, name) != NULL && (role == ATSPI_ROLE_INVALID || atspi_accessible_get_role (accessible, NULL) == role);
}

static AtspiAccessible *
search_last (AtspiAccessible *accessible, AtspiRole role, const char *name)
{
  for (int i = atspi_accessible_get_child_count (accessible, NULL); i-- > 0;)
    {
      g_autoptr (AtspiAccessible) child = atspi_accessible_get_child_at_index (accessible, i, NULL);
      AtspiAccessible *found = child != NULL ? search_last (child, role, name) : NULL;

      if (found != NULL)
        return found;
      if (child != NULL && matches (child, role, name) && is_on_screen (child))
        return g_steal_pointer (&child);
    }
  return NULL;
}

// Depth first, the latest window first: dialogs come before what they lie on.
static AtspiAccessible *
search (AtspiAccessible *accessible, AtspiRole role, const char *name, gboolean backwards)
{
  int n = atspi_accessible_get_child_count (accessible, NULL);

  for (int i = 0; i < n; i++)
    {
      g_autoptr (AtspiAccessible) child = atspi_accessible_get_child_at_index (accessible, backwards ? n - 1 - i : i, NULL);
      AtspiAccessible *found;

      if (child == NULL)
        continue;
      if (matches (child, role, name) && is_on_screen (child))
        return g_steal_pointer (&child);
      if ((found = search (child, role, name, FALSE)) != NULL)
        return found;
    }
  return NULL;
}

static AtspiAccessible *
look (Outside *self, AtspiRole role, const char *name)
{
  atspi_accessible_clear_cache (self->application);
  return search (self->application, role, name, TRUE);
}

static void
print_tree (AtspiAccessible *accessible, int depth)
{
  int n = atspi_accessible_get_child_count (accessible, NULL);
  g_autofree char *name = atspi_accessible_get_name (accessible, NULL), *role = atspi_accessible_get_role_name (accessible, NULL);

  if (name != NULL && *name != '\0' && is_on_screen (accessible))
    g_test_message ("%*s%s “%s”", depth, "", role, name);
  for (int i = 0; i < n; i++)
    {
      g_autoptr (AtspiAccessible) child = atspi_accessible_get_child_at_index (accessible, i, NULL);

      if (child != NULL)
        print_tree (child, depth + 1);
    }
}

static AtspiAccessible *
wait_for (Outside *self, AtspiRole role, const char *name, double seconds)
{
  gint64 end = g_get_monotonic_time () + (gint64) (seconds * 1e6);
  AtspiAccessible *found;

  while ((found = look (self, role, name)) == NULL && g_get_monotonic_time () < end)
    outside_run_for (.2);
  if (found == NULL)
    {
      outside_screenshot (self, "missing");
      print_tree (self->application, 0);
      g_subprocess_force_exit (self->process);
      g_error ("“%s” did not come within %.0f s", name, seconds);
    }
  return found;
}

static gboolean
has (Outside *self, AtspiRole role, const char *name)
{
  g_autoptr (AtspiAccessible) found = look (self, role, name);

  return found != NULL;
}

void
outside_wait (Outside *self, AtspiRole role, const char *name, double seconds)
{
  g_object_unref (wait_for (self, role, name, seconds));
}

void
outside_wait_gone (Outside *self, AtspiRole role, const char *name, double seconds)
{
  gint64 end = g_get_monotonic_time () + (gint64) (seconds * 1e6);

  while (has (self, role, name))
    {
      if (g_get_monotonic_time () > end)
        {
          outside_screenshot (self, "not-gone");
          g_subprocess_force_exit (self->process);
          g_error ("“%s” is still there after %.0f s", name, seconds);
        }
      outside_run_for (.2);
    }
}

/* The process */

void
outside_start (Outside *self, const char *program, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AtspiAccessible) desktop = atspi_get_desktop (0);
  gint64 end = g_get_monotonic_time () + 30 * G_USEC_PER_SEC;

  self->application = NULL;
  self->process = g_subprocess_new (G_SUBPROCESS_FLAGS_NONE, &error, program, NULL);
  g_assert_no_error (error);
  while (self->application == NULL && g_get_monotonic_time () < end)
    {
      outside_run_for (.1);
      atspi_accessible_clear_cache (desktop);
      for (int i = 0; i < atspi_accessible_get_child_count (desktop, NULL) && self->application == NULL; i++)
        {
          g_autoptr (AtspiAccessible) child = atspi_accessible_get_child_at_index (desktop, i, NULL);

          if (child != NULL && matches (child, ATSPI_ROLE_APPLICATION, name) && atspi_accessible_get_child_count (child, NULL) > 0)
            self->application = g_steal_pointer (&child);
        }
    }
  if (self->application == NULL)
    g_error ("%s did not come to the accessibility bus", name);
}

void
outside_stop (Outside *self)
{
  gint64 end = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;

  outside_key (OUTSIDE_CTRL, XStringToKeysym ("q"));
  while (g_subprocess_get_identifier (self->process) != NULL && g_get_monotonic_time () < end)
    outside_run_for (.1);
  if (g_subprocess_get_identifier (self->process) != NULL)
    {
      outside_screenshot (self, "stuck");
      g_subprocess_force_exit (self->process);
      g_error ("the program did not close");
    }
  g_assert_true (g_subprocess_get_if_exited (self->process));
  g_assert_cmpint (g_subprocess_get_exit_status (self->process), ==, 0);
  g_clear_object (&focused);
  g_clear_object (&self->application);
  g_clear_object (&self->process);
}

/* Pointer and keyboard */

// No window manager runs: the window on top, and not a menu, gets the keys.
static Window
focus_top (void)
{
  Window root, parent, *children = NULL, top = None;
  unsigned n = 0;

  XQueryTree (display, DefaultRootWindow (display), &root, &parent, &children, &n);
  for (unsigned i = n; i-- > 0 && top == None;)
    {
      XWindowAttributes a;

      if (XGetWindowAttributes (display, children[i], &a) && a.map_state == IsViewable && a.class == InputOutput && !a.override_redirect
          && a.width > SOURCE_SIZE)
        top = children[i];
    }
  if (children != NULL)
    XFree (children);
  if (top != None)
    XSetInputFocus (display, top, RevertToPointerRoot, CurrentTime);
  XSync (display, False);
  outside_run_for (.05);
  return top;
}

static void
press (KeySym key, gboolean down)
{
  XTestFakeKeyEvent (display, XKeysymToKeycode (display, key), down, CurrentTime);
  XFlush (display);
  outside_run_for (.01);
}

void
outside_key (guint modifiers, guint key)
{
  static const struct
  {
    guint bit;
    const char *name;
  } all[] = { { OUTSIDE_CTRL, "Control_L" }, { OUTSIDE_SHIFT, "Shift_L" }, { OUTSIDE_ALT, "Alt_L" } };

  focus_top ();
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    if (modifiers & all[i].bit)
      press (XStringToKeysym (all[i].name), TRUE);
  press (key, TRUE);
  press (key, FALSE);
  for (guint i = G_N_ELEMENTS (all); i-- > 0;)
    if (modifiers & all[i].bit)
      press (XStringToKeysym (all[i].name), FALSE);
  outside_run_for (.1);
}

static void
on_focus (AtspiEvent *event, gpointer unused)
{
  if (event->detail1 != 0)
    g_set_object (&focused, event->source);
  g_boxed_free (ATSPI_TYPE_EVENT, event);
}

void
outside_walk_to (Outside *self, guint modifiers, guint key, AtspiRole role, const char *name)
{
  for (int i = 0; i < MOST_STEPS; i++)
    {
      if (focused != NULL && matches (focused, role, name) && is_on_screen (focused))
        return;
      outside_key (modifiers, key);
    }
  outside_screenshot (self, "not-reached");
  g_subprocess_force_exit (self->process);
  g_error ("the keyboard does not get to “%s”", name);
}

void
outside_type (const char *text)
{
  for (; *text != '\0'; text++)
    {
      KeySym key = (KeySym) (guchar) *text; // Latin 1: keysyms are the characters
      KeyCode code = XKeysymToKeycode (display, key);
      gboolean shifted = code != 0 && XkbKeycodeToKeysym (display, code, 0, 0) != key;

      outside_key (shifted ? OUTSIDE_SHIFT : 0, (guint) key);
    }
}

// Where the window lies whose contents are asked about: without a window manager, where its program has put it.
static void
move_to (int x, int y)
{
  XTestFakeMotionEvent (display, -1, x, y, CurrentTime);
  XFlush (display);
  outside_run_for (.05);
}

static void
button (gboolean down)
{
  XTestFakeButtonEvent (display, 1, down, CurrentTime);
  XFlush (display);
  outside_run_for (.05);
}

// The topmost X window about as large as that: shadows and arrows may lie around it.
static gboolean
find_window (const AtspiRect *size, gboolean popup, XWindowAttributes *found)
{
  Window root, parent, *children = NULL;
  unsigned n = 0;
  gboolean good = FALSE;

  XQueryTree (display, DefaultRootWindow (display), &root, &parent, &children, &n);
  for (unsigned i = n; i-- > 0 && !good;)
    good = XGetWindowAttributes (display, children[i], found) && found->map_state == IsViewable && found->class == InputOutput
           && !!found->override_redirect == popup && found->width >= size->width - 1 && found->width < size->width + 80
           && found->height >= size->height - 1 && found->height < size->height + 80;
  if (children != NULL)
    XFree (children);
  return good;
}

// Where on the screen the origin of an accessible's coordinates is. Those of menus are not meant in their own window: there the widget that
// fills the window tells.
static void
get_origin (AtspiAccessible *accessible, int *x, int *y)
{
  g_autoptr (AtspiAccessible) at = g_object_ref (accessible);
  AtspiAccessible *up;
  XWindowAttributes window;
  gboolean in_popup = FALSE;
  AtspiRect rect;

  *x = *y = 0;
  while ((up = atspi_accessible_get_parent (at, NULL)) != NULL && up != at)
    {
      AtspiRole role = atspi_accessible_get_role (at, NULL);
      gboolean top = role == ATSPI_ROLE_FRAME || role == ATSPI_ROLE_DIALOG || role == ATSPI_ROLE_WINDOW || role == ATSPI_ROLE_ALERT;

      if ((!top || !in_popup) && get_extents (at, &rect) && rect.width > 60 && find_window (&rect, !top, &window))
        {
          in_popup = !top;
          *x = window.x + (window.width - rect.width) / 2 - rect.x;
          *y = window.y + (window.height - rect.height) / 2 - rect.y;
        }
      g_object_unref (at);
      at = up;
      if (top)
        break;
    }
}

static void
get_middle (AtspiAccessible *accessible, int *x, int *y)
{
  AtspiRect extents = { 0 };

  get_extents (accessible, &extents);
  get_origin (accessible, x, y);
  *x += extents.x + extents.width / 2;
  *y += extents.y + extents.height / 2;
}

static void
click (AtspiAccessible *accessible)
{
  int x, y;

  outside_run_for (.3); // it may be moving
  get_middle (accessible, &x, &y);
  move_to (x, y);
  button (TRUE);
  button (FALSE);
  outside_run_for (.3);
}

void
outside_click (Outside *self, AtspiRole role, const char *name)
{
  g_autoptr (AtspiAccessible) accessible = wait_for (self, role, name, 10);

  click (accessible);
}

void
outside_click_last (Outside *self, AtspiRole role, const char *name)
{
  g_autoptr (AtspiAccessible) first = wait_for (self, role, name, 10), last = search_last (self->application, role, name);

  click (last);
}

void
outside_drop_file (Outside *self, const char *path, int x, int y)
{
  GtkWidget *window = gtk_window_new (), *area = gtk_drawing_area_new ();
  GtkDragSource *source = gtk_drag_source_new ();
  g_autoptr (GFile) file = g_file_new_for_path (path);
  GValue value = G_VALUE_INIT;
  GSList list = { file, NULL };
  g_autoptr (GdkContentProvider) content = NULL;
  int at_x = 1280 - SOURCE_SIZE / 2, at_y = 800 - SOURCE_SIZE / 2;
  Window id;

  g_value_init (&value, GDK_TYPE_FILE_LIST);
  g_value_set_boxed (&value, &list);
  content = gdk_content_provider_new_for_value (&value);
  g_value_unset (&value);
  gtk_drag_source_set_content (source, content);
  gtk_widget_add_controller (area, GTK_EVENT_CONTROLLER (source));
  gtk_widget_set_size_request (area, SOURCE_SIZE, SOURCE_SIZE);
  gtk_window_set_decorated (GTK_WINDOW (window), FALSE);
  gtk_window_set_child (GTK_WINDOW (window), area);
  gtk_window_present (GTK_WINDOW (window));
  outside_run_for (.5);
  id = gdk_x11_surface_get_xid (gtk_native_get_surface (GTK_NATIVE (window)));
  XMoveWindow (display, id, 1280 - SOURCE_SIZE, 800 - SOURCE_SIZE);
  XRaiseWindow (display, id);
  XSync (display, False);
  outside_run_for (.5);
  move_to (at_x, at_y);
  button (TRUE);
  for (int i = 1; i <= 20; i++)
    move_to (at_x + (x - at_x) * i / 20, at_y + (y - at_y) * i / 20);
  outside_run_for (.5);
  button (FALSE);
  outside_run_for (.5);
  gtk_window_destroy (GTK_WINDOW (window));
  outside_run_for (.2);
}

/* Pictures */

void
outside_screenshot (Outside *self, const char *name)
{
  const char *folder = g_getenv ("SQ_SCREENSHOT_DIR");
  int width = DisplayWidth (display, DefaultScreen (display)), height = DisplayHeight (display, DefaultScreen (display));
  g_autoptr (GdkTexture) texture = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *path = NULL;
  XImage *image;

  if (folder == NULL)
    return;
  g_mkdir_with_parents (folder, 0755);
  image = XGetImage (display, DefaultRootWindow (display), 0, 0, (unsigned) width, (unsigned) height, AllPlanes, ZPixmap);
  if (image == NULL)
    return;
  for (gsize i = 3; i < (gsize) image->bytes_per_line * (gsize) height; i += 4)
    image->data[i] = (char) 0xff; // opaque
  bytes = g_bytes_new (image->data, (gsize) image->bytes_per_line * (gsize) height);
  texture = gdk_memory_texture_new (width, height, GDK_MEMORY_B8G8R8A8, bytes, (gsize) image->bytes_per_line);
  path = g_strdup_printf ("%s/journey-%s.png", folder, name);
  gdk_texture_save_to_png (texture, path);
  XDestroyImage (image);
}
