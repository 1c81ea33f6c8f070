// SPDX-License-Identifier: GPL-2.0
/* isle map, as a picture for documents. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "canvas.h"
#include "map.h"

#define MARGIN		10
#define LABEL		(13 * CANVAS_ADVANCE)
#define LINE		14
#define WHITE		0xffffff
#define INK		0x202020
#define TABLE		0x8c8c8c

/* Apart from each other also for those who see few colours. */
static const __u32 colours[ISLE_NR_MT] = {
	[ISLE_MT_UNMOVABLE]	= 0xd55e00,
	[ISLE_MT_MOVABLE]	= 0x009e73,
	[ISLE_MT_RECLAIMABLE]	= 0xe69f00,
	[ISLE_MT_HIGHATOMIC]	= 0xcc79a7,
	[ISLE_MT_CMA]		= 0x0072b2,
	[ISLE_MT_ISOLATE]	= 0x404040,
};

struct picture {
	const struct map *map;
	struct canvas *canvas;		/* NULL: only measure */
	size_t columns;
	int cell;			/* its side, with the gap to the next one */
	int y;
};

/* From a breath of the colour to all of it. */
static __u32 tint(__u32 rgb, double share)
{
	double weight = 0.13 + 0.87 * share;
	__u32 mixed = 0;
	int shift;

	for (shift = 0; shift < 24; shift += 8) {
		double part = rgb >> shift & 0xff;

		mixed |= (__u32)(255 + (part - 255) * weight + 0.5) << shift;
	}
	return mixed;
}

static void text_at(struct picture *picture, int x, int down,
		    const char *text)
{
	if (picture->canvas)
		picture->canvas->text(picture->canvas, x, picture->y + down,
				      INK, text);
}

static void rect_at(struct picture *picture, int x, int side, __u32 rgb,
		    const char *title)
{
	struct rect rect = { x, picture->y, side, side };

	if (picture->canvas)
		picture->canvas->rect(picture->canvas, rect, rgb, title);
}

static int width_of(const struct picture *picture)
{
	int cells = LABEL + picture->columns * picture->cell;
	int words = 82 * CANVAS_ADVANCE;

	return 2 * MARGIN + (cells > words ? cells : words);
}

static __u32 cell_colour(const struct isle_pageblock *block)
{
	if (!block->managed)
		return TABLE;
	return tint(colours[block->migratetype % ISLE_NR_MT],
		    (double)map_taken(block) / block->managed);
}

static void draw_cell(struct picture *picture, int x,
		      const struct map_cell *cell)
{
	const struct isle_pageblock *block = &cell->block;
	char label[24], title[160];

	if (block->managed)
		snprintf(title, sizeof(title),
			 "%s: %s, %u of %u frames taken, %u free, %u on CPUs' lists",
			 map_label(label, cell),
			 migratetype_name(block->migratetype), map_taken(block),
			 block->managed, block->free, block->pcp);
	else
		snprintf(title, sizeof(title), "%s: frame table",
			 map_label(label, cell));
	rect_at(picture, x, picture->cell - (picture->cell > 8 ? 2 : 1),
		cell_colour(block), title);
}

static void draw_title(struct picture *picture)
{
	char text[2][SIZE_TEXT], line[128];
	struct map_sum sum;

	map_sum(picture->map, -1, -1, &sum);
	snprintf(line, sizeof(line), "isle: %zu pageblocks of %s, %zu wholly free, %s taken",
		 sum.nr, pages_text(text[0], picture->map->frames), sum.whole,
		 pages_text(text[1], sum.taken));
	text_at(picture, MARGIN, 0, line);
	picture->y += LINE + 2;
}

static void draw_legend(struct picture *picture)
{
	struct map_sum sum;
	char text[48];
	int x = MARGIN;
	int type, step;

	for (type = 0; type < ISLE_NR_MT; type++) {
		map_sum(picture->map, -1, type, &sum);
		if (!sum.nr)
			continue;
		rect_at(picture, x, 8, colours[type], NULL);
		snprintf(text, sizeof(text), "%s %zu", migratetype_name(type),
			 sum.nr);
		text_at(picture, x + 12, 0, text);
		x += 12 + (strlen(text) + 2) * CANVAS_ADVANCE;
	}
	picture->y += LINE;

	x = MARGIN;
	text_at(picture, x, 0, "free");
	x += 5 * CANVAS_ADVANCE;
	for (step = 0; step <= 8; step++, x += 10)
		rect_at(picture, x, 8, tint(colours[ISLE_MT_MOVABLE], step / 8.0),
			NULL);
	text_at(picture, x + 2, 0, "taken");
	x += 2 + 7 * CANVAS_ADVANCE;
	rect_at(picture, x, 8, TABLE, NULL);
	text_at(picture, x + 12, 0, "frame table");
	picture->y += LINE + 6;
}

static void draw_cells(struct picture *picture)
{
	const struct map *map = picture->map;
	size_t at, nr, i;
	int zone = -1;
	char text[96];

	for (at = 0; at < map->nr; at += nr) {
		if (map->cell[at].block.zone != zone) {
			picture->y += zone < 0 ? 0 : 6;
			zone = map->cell[at].block.zone;
			text_at(picture, MARGIN, 0,
				map_zone_text(text, map, zone));
			picture->y += LINE;
		}
		nr = map_row(map, at, picture->columns);
		if (picture->cell > 8)
			text_at(picture, MARGIN, 2,
				map_label(text, &map->cell[at]));
		for (i = 0; i < nr; i++)
			draw_cell(picture, MARGIN + LABEL + i * picture->cell,
				  &map->cell[at + i]);
		picture->y += picture->cell;
	}
}

static int draw(struct picture *picture)
{
	picture->y = MARGIN;
	draw_title(picture);
	draw_legend(picture);
	draw_cells(picture);
	return picture->y + MARGIN;
}

/* Large regions get small cells, in longer rows. */
static struct picture new_picture(const struct map *map)
{
	bool large = map->nr > 8192;

	return (struct picture){
		.map = map,
		.columns = large ? 128 : 32,
		.cell = large ? 5 : 14,
	};
}

static FILE *open_picture(const char *path)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "we") : stdout;

	if (!file)
		cli_die_errno(errno, "cannot write %s", path);
	return file;
}

static void draw_on(struct picture *picture, struct canvas *canvas, int width,
		    int height, const char *path)
{
	FILE *file = canvas->file;

	picture->canvas = canvas;
	canvas->rect(canvas, (struct rect){ 0, 0, width, height }, WHITE, NULL);
	draw(picture);
	if (!canvas->end(canvas) || (file != stdout && fclose(file)))
		cli_die_errno(errno, "cannot write %s", path);
}

void map_svg(const struct map *map, const char *path)
{
	struct picture picture = new_picture(map);
	int width = width_of(&picture), height = draw(&picture);
	FILE *file = open_picture(path);

	draw_on(&picture, canvas_svg(file, width, height, "isle map"), width,
		height, path);
}

void map_png(const struct map *map, const char *path)
{
	struct picture picture = new_picture(map);
	int width = width_of(&picture), height = draw(&picture);
	FILE *file = open_picture(path);

	draw_on(&picture, canvas_png(file, width, height), width, height, path);
}
