/* SPDX-License-Identifier: GPL-2.0 */
/* What pictures are drawn on: rectangles and text, in units of half a point. */
#ifndef _ISLE_CANVAS_H
#define _ISLE_CANVAS_H

#include <stdio.h>

#include "cli.h"

/* A line of text: all characters are as wide as each other. */
#define CANVAS_ADVANCE	6
#define CANVAS_ASCENT	7

struct rect {
	int x, y, width, height;
};

/**
 * struct canvas - a picture in the making
 * @rect: fills a rectangle; @title, if any, is what it says when pointed at
 * @text: ASCII; @x and @y are the upper left corner of its first letter
 * @end: writes what is left to write and frees it; false, with errno: it can't
 * @file: where it goes; the caller's
 */
struct canvas {
	void (*rect)(struct canvas *canvas, struct rect rect, __u32 rgb,
		     const char *title);
	void (*text)(struct canvas *canvas, int x, int y, __u32 rgb,
		     const char *text);
	bool (*end)(struct canvas *canvas);
	FILE *file;
};

struct canvas *canvas_svg(FILE *file, int width, int height, const char *title);
struct canvas *canvas_png(FILE *file, int width, int height);

/* font.c: rows of a glyph from the top, the leftmost of its 5 bits is 0x10 */
#define FONT_COLUMNS	5
#define FONT_ROWS	9

void font_glyph(char c, unsigned char rows[FONT_ROWS]);

#endif /* _ISLE_CANVAS_H */
