// SPDX-License-Identifier: GPL-2.0
/* isle map, on a terminal. */
#include <string.h>

#include "map.h"

#define LABEL_COLUMNS	13
#define COLUMNS_MIN	8
#define COLUMNS_MAX	256

/* For terminals with and without what is beyond ASCII. */
static const char *const shades[2][NR_LEVELS] = {
	{ ".", "-", "+", "%", "#", "=" },
	{ "\u00b7", "\u2591", "\u2592", "\u2593", "\u2588", "=" },
};

static enum style type_style(unsigned int migratetype, bool in_colour)
{
	return in_colour && migratetype < ISLE_NR_MT ?
	       STYLE_MIGRATETYPE + migratetype : STYLE_PLAIN;
}

/* Two columns, which is about a square: the shade twice, or letter and shade. */
static void draw_cell(struct page *page, const struct isle_pageblock *block,
		      bool in_colour)
{
	enum map_level level = map_level(block);
	const char *shade = shades[page_has_utf8()][level];

	if (level == LEVEL_TABLE)
		page_text(page, STYLE_PLAIN, "%s%s", shade, shade);
	else if (in_colour)
		page_text(page, type_style(block->migratetype, true), "%s%s",
			  shade, shade);
	else
		page_text(page, STYLE_PLAIN, "%c%s",
			  *migratetype_name(block->migratetype), shade);
}

static void draw_title(const struct map *map, struct page *page)
{
	char text[3][SIZE_TEXT];
	struct map_sum sum;

	map_sum(map, -1, -1, &sum);
	page_text(page, STYLE_STRONG, "isle map");
	page_text(page, STYLE_PLAIN, "  %zu pageblocks of %s, %zu wholly free; %s of %s taken",
		  sum.nr, pages_text(text[0], map->frames), sum.whole,
		  pages_text(text[1], sum.taken),
		  pages_text(text[2], sum.managed));
	page_end_line(page);
}

static void draw_legend(const struct map *map, struct page *page,
			bool in_colour)
{
	const char *const *shade = shades[page_has_utf8()];
	struct map_sum sum;
	unsigned int type;

	for (type = 0; type < ISLE_NR_MT; type++) {
		map_sum(map, -1, type, &sum);
		if (!sum.nr)
			continue;
		if (in_colour)
			page_text(page, type_style(type, true), "%s%s ",
				  shade[LEVEL_FULL], shade[LEVEL_FULL]);
		page_text(page, STYLE_PLAIN, "%s: %zu  ",
			  migratetype_name(type), sum.nr);
	}
	page_end_line(page);
	page_text(page, STYLE_PLAIN, "%s free  %s%s%s taken in part  %s full  %s%s frame table",
		  shade[LEVEL_FREE], shade[LEVEL_LITTLE], shade[LEVEL_HALF],
		  shade[LEVEL_MUCH], shade[LEVEL_FULL], shade[LEVEL_TABLE],
		  shade[LEVEL_TABLE]);
	page_end_line(page);
}

/* A power of two of cells, so that rows begin at round addresses. */
static size_t row_columns(unsigned int width)
{
	size_t columns = COLUMNS_MIN;

	while (columns < COLUMNS_MAX && LABEL_COLUMNS + 4 * columns <= width)
		columns *= 2;
	return columns;
}

void map_draw(const struct map *map, struct page *page, unsigned int width,
	      bool in_colour)
{
	size_t columns = row_columns(width), at, end;
	int zone = -1;
	char text[96];

	draw_title(map, page);
	draw_legend(map, page, in_colour);
	page_fix(page);
	for (at = 0; at < map->nr; ) {
		if (map->cell[at].block.zone != zone) {
			zone = map->cell[at].block.zone;
			page_text(page, STYLE_STRONG, "%s",
				  map_zone_text(text, map, zone));
			page_end_line(page);
		}
		page_text(page, STYLE_PLAIN, "%*s ", LABEL_COLUMNS - 1,
			  map_label(text, &map->cell[at]));
		end = at + map_row(map, at, columns);
		for (; at < end; at++)
			draw_cell(page, &map->cell[at].block, in_colour);
		page_end_line(page);
	}
}
