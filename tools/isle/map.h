/* SPDX-License-Identifier: GPL-2.0 */
/* isle map: the pageblocks, and how they are shown. */
#ifndef _ISLE_MAP_H
#define _ISLE_MAP_H

#include "page.h"

struct map_cell {
	__u32 index;
	struct isle_pageblock block;
};

/**
 * struct map - all pageblocks at about one moment
 * @frames: of a pageblock
 * @nr: pageblocks with memory
 * @cell: these, by zone, then in order of their addresses
 * @stats: of the instance
 * @zone: its zones
 */
struct map {
	__u32 frames;
	size_t nr;
	struct map_cell *cell;
	struct isle_stats stats;
	struct isle_zone_info *zone;
};

/* How full a pageblock is. */
enum map_level {
	LEVEL_FREE,			/* as a whole */
	LEVEL_LITTLE,
	LEVEL_HALF,
	LEVEL_MUCH,
	LEVEL_FULL,
	LEVEL_TABLE,			/* nothing in it is handed out */
	NR_LEVELS,
};

/* What a group of pageblocks comes to, in frames but for @nr and @whole. */
struct map_sum {
	size_t nr;
	size_t whole;			/* pageblocks that are free as a whole */
	__u64 managed;
	__u64 taken;
};

/* map.c */
__u32 map_taken(const struct isle_pageblock *block);
enum map_level map_level(const struct isle_pageblock *block);
/* Of a zone's, or of those of a migratetype; -1: of all. */
void map_sum(const struct map *map, int zone, int migratetype,
	     struct map_sum *sum);
/* How many cells from @at on go into one row of at most @columns. */
size_t map_row(const struct map *map, size_t at, size_t columns);
const char *map_zone_text(char text[96], const struct map *map,
			  unsigned int zone);
const char *map_label(char text[24], const struct map_cell *cell);

/* map_page.c */
void map_draw(const struct map *map, struct page *page, unsigned int width,
	      bool in_colour);

/* map_picture.c; @path "-" is standard output */
void map_svg(const struct map *map, const char *path);
void map_png(const struct map *map, const char *path);

#endif /* _ISLE_MAP_H */
