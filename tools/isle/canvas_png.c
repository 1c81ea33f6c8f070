// SPDX-License-Identifier: GPL-2.0
/* Pictures as PNG, by libpng: see canvas.h. */
#include <errno.h>
#include <stdlib.h>

#include <png.h>

#include "canvas.h"

/* Pixels of a unit; a bit of a glyph is a unit. */
#define SCALE	2

struct png_canvas {
	struct canvas canvas;
	int width, height;		/* pixels */
	__u8 *pixel;			/* R, G, B */
};

static void fill(struct png_canvas *png, struct rect rect, __u32 rgb)
{
	int x, y;
	__u8 *at;

	for (y = rect.y * SCALE; y < (rect.y + rect.height) * SCALE; y++) {
		for (x = rect.x * SCALE; x < (rect.x + rect.width) * SCALE; x++) {
			if (x < 0 || y < 0 || x >= png->width || y >= png->height)
				continue;
			at = &png->pixel[3 * ((size_t)y * png->width + x)];
			at[0] = rgb >> 16;
			at[1] = rgb >> 8;
			at[2] = rgb;
		}
	}
}

static void png_rect(struct canvas *canvas, struct rect rect, __u32 rgb,
		     const char *title)
{
	(void)title;
	fill((struct png_canvas *)canvas, rect, rgb);
}

static void png_text_at(struct canvas *canvas, int x, int y, __u32 rgb,
			const char *text)
{
	struct png_canvas *png = (struct png_canvas *)canvas;
	unsigned char rows[FONT_ROWS];
	int row, column;

	for (; *text; text++, x += CANVAS_ADVANCE) {
		font_glyph(*text, rows);
		for (row = 0; row < FONT_ROWS; row++)
			for (column = 0; column < FONT_COLUMNS; column++)
				if (rows[row] & 0x10 >> column)
					fill(png, (struct rect){ x + column,
					     y + row, 1, 1 }, rgb);
	}
}

static bool png_end(struct canvas *canvas)
{
	struct png_canvas *png = (struct png_canvas *)canvas;
	png_image image = {
		.version = PNG_IMAGE_VERSION,
		.width = png->width,
		.height = png->height,
		.format = PNG_FORMAT_RGB,
	};
	FILE *file = canvas->file;
	bool written;

	errno = 0;
	written = png_image_write_to_stdio(&image, file, 0, png->pixel, 0, NULL);
	png_image_free(&image);
	free(png->pixel);
	free(png);
	if (!written && !errno)
		errno = EIO;
	return written && !fflush(file) && !ferror(file);
}

struct canvas *canvas_png(FILE *file, int width, int height)
{
	struct png_canvas *png = malloc(sizeof(*png));

	if (!png)
		cli_die("out of memory");
	*png = (struct png_canvas){
		.canvas = { png_rect, png_text_at, png_end, file },
		.width = width * SCALE,
		.height = height * SCALE,
	};
	png->pixel = calloc((size_t)png->width * png->height, 3);
	if (!png->pixel)
		cli_die("out of memory");
	return &png->canvas;
}
