// SPDX-License-Identifier: GPL-2.0
/* Pictures as SVG: see canvas.h. */
#include <errno.h>
#include <stdlib.h>

#include "canvas.h"

static void print_text(FILE *file, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", file);
			break;
		case '<':
			fputs("&lt;", file);
			break;
		case '>':
			fputs("&gt;", file);
			break;
		case '"':
			fputs("&quot;", file);
			break;
		default:
			fputc(*text, file);
		}
	}
}

static void svg_rect(struct canvas *canvas, struct rect rect, __u32 rgb,
		     const char *title)
{
	fprintf(canvas->file, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#%06x\"",
		rect.x, rect.y, rect.width, rect.height, rgb);
	if (title) {
		fputs("><title>", canvas->file);
		print_text(canvas->file, title);
		fputs("</title></rect>\n", canvas->file);
	} else {
		fputs("/>\n", canvas->file);
	}
}

static void svg_text(struct canvas *canvas, int x, int y, __u32 rgb,
		     const char *text)
{
	fprintf(canvas->file, "<text x=\"%d\" y=\"%d\" fill=\"#%06x\">", x,
		y + CANVAS_ASCENT, rgb);
	print_text(canvas->file, text);
	fputs("</text>\n", canvas->file);
}

static bool svg_end(struct canvas *canvas)
{
	FILE *file = canvas->file;

	free(canvas);
	fputs("</svg>\n", file);
	return !fflush(file) && !ferror(file);
}

struct canvas *canvas_svg(FILE *file, int width, int height, const char *title)
{
	struct canvas *canvas = malloc(sizeof(*canvas));

	if (!canvas)
		cli_die("out of memory");
	*canvas = (struct canvas){ svg_rect, svg_text, svg_end, file };
	fprintf(file, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" font-family=\"monospace\" font-size=\"10\" xml:space=\"preserve\">\n<title>",
		width * 3 / 2, height * 3 / 2, width, height);
	print_text(file, title);
	fputs("</title>\n", file);
	return canvas;
}
