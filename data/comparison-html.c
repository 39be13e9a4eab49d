// SPDX-License-Identifier: GPL-3.0-or-later
// One page that opens anywhere and asks nothing of a network. It is also well-formed XML, and whatever strangers named - files, classes,
// models - goes through append_text.
#include "comparison-report-private.h"

#include "engine/error.h"
#include <math.h>

#define STRIP_BARS 480 // at most; frames share one where there are more
#define STRIP_HEIGHT 60

static const char style[] =
    ":root { color-scheme: light dark; --fg: #1c1c1e; --bg: #ffffff; --soft: #6a6a70; --line: #d8d8dc; --card: #f5f5f7; --bar: #8a4b08; }\n"
    "@media (prefers-color-scheme: dark) { :root { --fg: #ececf0; --bg: #1d1d20; --soft: #a0a0a8; --line: #3c3c42; --card: #2a2a2e;"
    " --bar: #f0a94a; } }\n"
    "body { font: 15px/1.45 system-ui, sans-serif; color: var(--fg); background: var(--bg); max-width: 1280px; margin: 2em auto;"
    " padding: 0 1em; }\n"
    "h1 { font-size: 1.6em; } h2 { font-size: 1.15em; margin-top: 2em; }\n"
    "p.soft, figcaption, td.soft { color: var(--soft); }\n"
    "table { border-collapse: collapse; } th, td { padding: .25em 1.2em .25em 0; text-align: left; border-bottom: 1px solid var(--line); "
    "}\n"
    "td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }\n"
    "figure { margin: 1.5em 0; background: var(--card); padding: .8em; border-radius: 8px; }\n"
    "svg { width: 100%; height: auto; display: block; } svg.strip { background: var(--card); height: 72px; }\n"
    "svg.key { width: 40px; height: 20px; display: inline-block; vertical-align: middle; background: #555; margin-right: .4em; }\n"
    "ul.legend { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .4em 1.6em; }\n"
    ".bar { fill: var(--bar); } .mark { fill: var(--fg); }\n"
    ".agreed { fill: none; stroke: #c8c8c8; stroke-width: 1; }\n"
    ".lost { fill: none; stroke: #ff3b30; stroke-width: 2.5; } .corner { fill: none; stroke: #ff3b30; stroke-width: 6; }\n"
    ".new { fill: none; stroke: #ffb000; stroke-width: 3; stroke-dasharray: 1 5; stroke-linecap: round; }\n"
    ".moved { fill: none; stroke: #5ac8fa; stroke-width: 2; stroke-dasharray: 8 5; } .join { stroke: #5ac8fa; stroke-width: 2; }\n"
    ".class { fill: none; stroke: #d58bff; stroke-width: 2.5; stroke-dasharray: 12 4 2 4; }\n"
    ".agreed, .lost, .corner, .new, .moved, .join, .class { vector-effect: non-scaling-stroke; }\n"
    "text.tag { fill: #fff; stroke: #000; stroke-width: .25em; paint-order: stroke; stroke-linejoin: round; font-family: system-ui,"
    " sans-serif; }\n";

static void
append_text (GString *s, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text != NULL ? text : "", -1);
  g_autofree char *escaped = g_markup_escape_text (valid, -1);

  g_string_append (s, escaped);
}

// A number for an attribute; what is none would spoil the page.
static void
append_px (GString *s, const char *name, double value)
{
  g_string_append_printf (s, " %s=\"%.1f\"", name, isfinite (value) ? value : 0);
}

// --- pictures
// -----------------------------------------------------------------------------------------------------------------------------------------

static void
append_box (GString *s, const char *class, const SqDetection *d)
{
  g_string_append_printf (s, "<rect class=\"%s\"", class);
  append_px (s, "x", (double) d->x1);
  append_px (s, "y", (double) d->y1);
  append_px (s, "width", (double) MAX (d->x2 - d->x1, 0));
  append_px (s, "height", (double) MAX (d->y2 - d->y1, 0));
  g_string_append (s, "/>");
}

// So that it is told from the others without its colour.
static void
append_corners (GString *s, const SqDetection *d)
{
  double w = (double) (d->x2 - d->x1) / 4, h = (double) (d->y2 - d->y1) / 4, x1 = (double) d->x1, y1 = (double) d->y1, x2 = (double) d->x2,
         y2 = (double) d->y2;

  if (!(isfinite (w) && isfinite (h) && isfinite (x1) && isfinite (y1)))
    return;
  g_string_append_printf (s,
                          "<path class=\"corner\" d=\"M%.1f %.1fv%.1fh%.1fM%.1f %.1fh%.1fv%.1fM%.1f %.1fv%.1fh%.1fM%.1f %.1fh%.1fv%.1f\"/>",
                          x1, y1 + h, -h, w, x2 - w, y1, w, h, x2, y2 - h, h, -w, x1 + w, y2, -w, -h);
}

static const char *
label (const SqComparedModel *m, int id)
{
  guint n = m->labels != NULL ? g_strv_length ((char **) m->labels) : 0;

  return id >= 0 && (guint) id < n ? m->labels[id] : "unknown class";
}

static void
append_tag (GString *s, double size, const SqDetection *d, const char *word, const char *first, const char *second)
{
  double y = (double) d->y1 - size * .3;

  g_string_append (s, "<text class=\"tag\"");
  append_px (s, "x", (double) d->x1);
  append_px (s, "y", y < size ? (double) d->y1 + size : y);
  append_px (s, "font-size", size);
  g_string_append_printf (s, ">%s", word);
  append_text (s, first);
  if (second != NULL)
    {
      g_string_append (s, " \xe2\x86\x92 "); // arrow
      append_text (s, second);
    }
  g_string_append (s, "</text>");
}

static void
append_match (GString *s, const SqComparisonReport *self, const SqWorstFrame *frame, const SqMatch *m, double size)
{
  const SqDetection *a = m->a >= 0 ? &g_array_index (frame->a, SqDetection, m->a) : NULL;
  const SqDetection *b = m->b >= 0 ? &g_array_index (frame->b, SqDetection, m->b) : NULL;

  switch (m->kind)
    {
    case SQ_MATCH_MOVED:
      append_box (s, "moved", a);
      append_box (s, "moved", b);
      g_string_append (s, "<line class=\"join\"");
      append_px (s, "x1", (double) (a->x1 + a->x2) / 2);
      append_px (s, "y1", (double) (a->y1 + a->y2) / 2);
      append_px (s, "x2", (double) (b->x1 + b->x2) / 2);
      append_px (s, "y2", (double) (b->y1 + b->y2) / 2);
      g_string_append (s, "/>");
      append_tag (s, size, a, "moved ", label (&self->a, a->class_id), NULL);
      break;
    case SQ_MATCH_CLASS:
      append_box (s, "class", a);
      append_tag (s, size, a, "", label (&self->a, a->class_id), label (&self->b, b->class_id));
      break;
    case SQ_MATCH_LOST:
      append_box (s, "lost", a);
      append_corners (s, a);
      append_tag (s, size, a, "lost ", label (&self->a, a->class_id), NULL);
      break;
    case SQ_MATCH_NEW:
      append_box (s, "new", b);
      append_tag (s, size, b, "new ", label (&self->b, b->class_id), NULL);
      break;
    default:
      append_box (s, "agreed", a);
      break;
    }
}

static void
append_picture (GString *s, const SqComparisonReport *self, const SqWorstFrame *frame)
{
  gsize size;
  gconstpointer data = g_bytes_get_data (frame->jpeg, &size);
  g_autofree char *code = g_base64_encode (data, size), *base = g_path_get_basename (frame->path);
  double letters = MAX (12, frame->width / 60.);
  guint n[SQ_N_MATCHES] = { 0 };

  g_string_append_printf (s, "<figure id=\"frame-%" G_GINT64_FORMAT "\">\n<svg viewBox=\"0 0 %d %d\" role=\"img\">", frame->index,
                          frame->width, frame->height);
  g_string_append_printf (s, "<image width=\"%d\" height=\"%d\" href=\"data:image/jpeg;base64,%s\"/>\n", frame->width, frame->height, code);
  for (int pass = 0; pass < 2; pass++) // what is agreed on lies under what is not
    for (guint i = 0; i < frame->matches->len; i++)
      {
        const SqMatch *m = &g_array_index (frame->matches, SqMatch, i);

        if ((m->kind == SQ_MATCH_AGREED) != (pass == 0))
          continue;
        n[m->kind]++;
        append_match (s, self, frame, m, letters);
      }
  g_string_append (s, "</svg>\n<figcaption>");
  append_text (s, base);
  g_string_append_printf (s, ", frame %" G_GINT64_FORMAT ", %.2f s: ", frame->index, (double) frame->pts_ns / 1e9);
  for (int k = 0; k < SQ_N_MATCHES; k++)
    g_string_append_printf (s, "%s%u %s", k > 0 ? ", " : "", n[k], _sq_match_words[k]);
  g_string_append (s, "</figcaption>\n</figure>\n");
}

static void
append_pictures (GString *s, const SqComparisonReport *self)
{
  static const struct
  {
    const char *picture, *words;
  } legend[] = {
    { "<rect class=\"agreed\" x=\"6\" y=\"4\" width=\"28\" height=\"12\"/>", "both see it" },
    { "<rect class=\"lost\" x=\"6\" y=\"4\" width=\"28\" height=\"12\"/><path class=\"corner\" d=\"M6 8v-4h7M27 16h7v-4\"/>",
      "lost: only A sees it" },
    { "<rect class=\"new\" x=\"6\" y=\"4\" width=\"28\" height=\"12\"/>", "new: only B sees it" },
    { "<rect class=\"moved\" x=\"4\" y=\"3\" width=\"22\" height=\"11\"/><rect class=\"moved\" x=\"13\" y=\"6\" width=\"22\" "
      "height=\"11\"/>"
      "<path class=\"join\" d=\"M15 8.5L24 11.5\"/>",
      "moved: the same object, another box" },
    { "<rect class=\"class\" x=\"6\" y=\"4\" width=\"28\" height=\"12\"/>", "the same box, another class" },
  };
  const GPtrArray *frames = self->worst != NULL ? sq_worst_frames_get (self->worst) : NULL;

  if (frames == NULL || frames->len == 0)
    return;
  g_string_append (s, "<h2>Where they differ most</h2>\n<ul class=\"legend\">\n");
  for (guint i = 0; i < G_N_ELEMENTS (legend); i++)
    g_string_append_printf (s, "<li><svg class=\"key\" viewBox=\"0 0 40 20\">%s</svg>%s</li>\n", legend[i].picture, legend[i].words);
  g_string_append (s, "</ul>\n");
  for (guint i = 0; i < frames->len; i++)
    append_picture (s, self, g_ptr_array_index (frames, i));
}

// --- tables
// -------------------------------------------------------------------------------------------------------------------------------------------

static void
append_models (GString *s, const SqComparisonReport *self)
{
  g_autoptr (GPtrArray) rows = _sq_report_rows (self);

  g_string_append (s, "<h2>Models</h2>\n<table id=\"models\">\n<tr><th></th><th>A</th><th>B</th><th class=\"n\">Difference</th></tr>\n");
  for (guint i = 0; i < rows->len; i++)
    {
      const SqReportRow *row = g_ptr_array_index (rows, i);

      g_string_append_printf (s, "<tr><td class=\"soft\">%s</td><td>", row->name);
      append_text (s, row->a);
      g_string_append (s, "</td><td>");
      append_text (s, row->b);
      g_string_append (s, "</td><td class=\"n\">");
      append_text (s, row->difference);
      g_string_append (s, "</td></tr>\n");
    }
  g_string_append (s, "</table>\n");
}

static void
begin_totals (GString *s, const char *title, const char *id)
{
  g_string_append_printf (s, "<h2>%s</h2>\n<table id=\"%s\">\n<tr><th></th>", title, id);
  for (int k = 0; k < SQ_N_MATCHES; k++)
    g_string_append_printf (s, "<th class=\"n\">%s</th>", _sq_match_words[k]);
  g_string_append (s, "</tr>\n");
}

static void
append_totals (GString *s, const char *name, SqMatchTotals t)
{
  g_string_append (s, "<tr><td class=\"soft\">");
  append_text (s, name);
  g_string_append (s, "</td>");
  for (int k = 0; k < SQ_N_MATCHES; k++)
    g_string_append_printf (s, "<td class=\"n\">%" G_GUINT64_FORMAT "</td>", t.n[k]);
  g_string_append (s, "</tr>\n");
}

static void
append_all_totals (GString *s, const SqComparison *c)
{
  g_autoptr (GArray) classes = _sq_report_classes (c);

  begin_totals (s, "Boxes", "totals");
  append_totals (s, "all", sq_comparison_get_total (c));
  for (int i = 0; i < SQ_N_SIZES; i++)
    append_totals (s, _sq_size_words[i], sq_comparison_get_size (c, i));
  g_string_append (s, "</table>\n");
  if (classes->len == 0)
    return;
  begin_totals (s, "Classes", "classes");
  for (guint i = 0; i < classes->len; i++)
    {
      SqMatchTotals t;
      const char *name = sq_comparison_get_class (c, g_array_index (classes, guint, i), &t);

      append_totals (s, name, t);
    }
  g_string_append (s, "</table>\n");
}

// Disagreements over the run, left to right; a bar that stands for several frames shows the worst of them.
static void
append_strip (GString *s, const SqComparisonReport *self)
{
  const GArray *frames = sq_comparison_get_frames (self->comparison);
  const GPtrArray *worst = self->worst != NULL ? sq_worst_frames_get (self->worst) : NULL;
  guint n_bars = MIN (frames->len, STRIP_BARS), most = 1;
  g_autofree guint *bars = g_new0 (guint, n_bars + 1);

  if (n_bars == 0)
    return;
  for (guint i = 0; i < frames->len; i++)
    {
      guint *bar = &bars[(guint64) i * n_bars / frames->len];

      *bar = MAX (*bar, sq_compared_frame_disagreements (&g_array_index (frames, SqComparedFrame, i)));
      most = MAX (most, *bar);
    }
  g_string_append_printf (s,
                          "<h2>Over the run</h2>\n<svg class=\"strip\" viewBox=\"0 0 %u %d\" preserveAspectRatio=\"none\" role=\"img\">"
                          "<title>Boxes that are not agreed on, per frame: at most %u</title>\n",
                          n_bars, STRIP_HEIGHT + 12, most);
  for (guint i = 0; i < n_bars; i++)
    if (bars[i] > 0)
      g_string_append_printf (s, "<rect class=\"bar\" x=\"%u\" y=\"%.1f\" width=\"1\" height=\"%.1f\"/>", i,
                              STRIP_HEIGHT - (double) STRIP_HEIGHT * bars[i] / most, (double) STRIP_HEIGHT * bars[i] / most);
  for (guint w = 0; worst != NULL && w < worst->len; w++)
    for (guint i = 0; i < frames->len; i++)
      if (g_array_index (frames, SqComparedFrame, i).index == ((SqWorstFrame *) g_ptr_array_index (worst, w))->index)
        g_string_append_printf (
            s, "<a href=\"#frame-%" G_GINT64_FORMAT "\"><rect class=\"mark\" x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"8\"/></a>",
            g_array_index (frames, SqComparedFrame, i).index, (i + .5) * n_bars / frames->len - n_bars / 500., STRIP_HEIGHT + 4,
            n_bars / 250.);
  g_string_append (s, "\n</svg>\n");
}

static void
append_summary (GString *s, const SqComparisonReport *self)
{
  const GArray *frames = sq_comparison_get_frames (self->comparison);
  double at50, agreement = sq_comparison_agreement (self->comparison, &at50);
  guint n_bad = 0;

  for (guint i = 0; i < frames->len; i++)
    n_bad += sq_compared_frame_disagreements (&g_array_index (frames, SqComparedFrame, i)) > 0;
  g_string_append (s, "<p>");
  if (agreement >= 0)
    g_string_append_printf (s, "Agreement <strong id=\"agreement\">%.3f</strong>, at overlap .50 <strong>%.3f</strong>. ", agreement, at50);
  g_string_append_printf (s, "They differ on <strong>%u</strong> of %u frames", n_bad, frames->len);
  if (self->source != NULL)
    {
      g_string_append (s, " of ");
      append_text (s, self->source);
    }
  g_string_append_printf (
      s,
      ".</p>\n<p class=\"soft\">Agreement is the AP of B's boxes against A's, both of at least %.2f: how much of what A "
      "sees B sees too. It does not say which of them is right.</p>\n",
      (double) self->filter.confidence);
}

char *
sq_comparison_report_to_html (const SqComparisonReport *self)
{
  GString *s =
      g_string_new ("<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n<meta charset=\"utf-8\"/>\n"
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>");
  GString *title = g_string_new (NULL);

  append_text (title, self->a.name);
  g_string_append (title, " and ");
  append_text (title, self->b.name);
  if (g_strcmp0 (self->a.name, self->b.name) == 0 && self->a.level != NULL && self->b.level != NULL)
    {
      g_string_append (title, ": ");
      append_text (title, self->a.level);
      g_string_append (title, " and ");
      append_text (title, self->b.level);
    }
  g_string_append_printf (s, "%s compared</title>\n<style>\n%s</style>\n</head>\n<body>\n<h1>%s</h1>\n", title->str, style, title->str);
  append_summary (s, self);
  append_models (s, self);
  append_all_totals (s, self->comparison);
  append_strip (s, self);
  append_pictures (s, self);
  g_string_append (s, "</body>\n</html>\n");
  g_string_free (title, TRUE);
  return g_string_free (s, FALSE);
}

gboolean
sq_comparison_report_save_html (const SqComparisonReport *self, const char *path, GError **error)
{
  g_autofree char *html = sq_comparison_report_to_html (self), *shown = g_filename_display_name (path);
  g_autoptr (GError) local_error = NULL;

  if (g_file_set_contents (path, html, -1, &local_error)) // written beside it and renamed
    return TRUE;
  g_set_error (error, SQ_ERROR, SQ_ERROR_IO, "“%s” cannot be written (%s); choose another folder.", shown, local_error->message);
  return FALSE;
}
