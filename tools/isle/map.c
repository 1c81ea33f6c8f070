// SPDX-License-Identifier: GPL-2.0
/* isle map: what each pageblock is for, and how full it is. */
#include <getopt.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "map.h"
#include "screen.h"

/* Frames on per-CPU lists are nobody's, though in no free block. */
__u32 map_taken(const struct isle_pageblock *block)
{
	__u32 not_taken = block->free + block->pcp;

	return block->managed > not_taken ? block->managed - not_taken : 0;
}

enum map_level map_level(const struct isle_pageblock *block)
{
	__u32 taken = map_taken(block);

	if (!block->managed)
		return LEVEL_TABLE;
	if (block->free >= block->managed)
		return LEVEL_FREE;
	if (taken == block->managed)
		return LEVEL_FULL;
	return LEVEL_LITTLE + 3 * taken / block->managed;
}

void map_sum(const struct map *map, int zone, int migratetype,
	     struct map_sum *sum)
{
	size_t i;

	*sum = (struct map_sum){ };
	for (i = 0; i < map->nr; i++) {
		const struct isle_pageblock *block = &map->cell[i].block;

		if (zone >= 0 && block->zone != zone)
			continue;
		if (migratetype >= 0 &&
		    (block->migratetype != migratetype || !block->managed))
			continue;
		sum->nr++;
		sum->managed += block->managed;
		sum->taken += map_taken(block);
		sum->whole += map_level(block) == LEVEL_FREE &&
			      block->managed == map->frames;
	}
}

/* Whether the next one is in the same zone and its neighbour in memory. */
static bool follows(const struct map_cell *cell)
{
	const struct map_cell *next = cell + 1;

	return next->block.zone == cell->block.zone &&
	       next->index == cell->index + 1 &&
	       (!cell->block.phys || next->block.phys == cell->block.phys +
		(__u64)cell->block.present * device_page_size());
}

size_t map_row(const struct map *map, size_t at, size_t columns)
{
	size_t nr = 1;

	while (nr < columns && at + nr < map->nr &&
	       follows(&map->cell[at + nr - 1]))
		nr++;
	return nr;
}

const char *map_zone_text(char text[96], const struct map *map,
			  unsigned int zone)
{
	struct map_sum sum;

	map_sum(map, zone, -1, &sum);
	snprintf(text, 96, "Node %d, zone %.16s: %zu pageblocks, %zu wholly free, %.0f%% taken",
		 map->zone[zone].nid, map->zone[zone].name, sum.nr, sum.whole,
		 sum.managed ? 100.0 * sum.taken / sum.managed : 0);
	return text;
}

/* Where its row begins: an address, or for those who may not see any its number. */
const char *map_label(char text[24], const struct map_cell *cell)
{
	if (cell->block.phys)
		snprintf(text, 24, "0x%llx", cell->block.phys);
	else
		snprintf(text, 24, "#%u", cell->index);
	return text;
}

static void *enough(void *memory)
{
	if (!memory)
		cli_die("out of memory");
	return memory;
}

static int by_zone(const void *a, const void *b)
{
	const struct map_cell *x = a, *y = b;

	if (x->block.zone != y->block.zone)
		return x->block.zone - y->block.zone;
	return x->index < y->index ? -1 : x->index > y->index;
}

static void read_pageblocks(int fd, struct map *map)
{
	struct isle_pageblocks some;
	__u32 first = 0, i;

	do {
		device_pageblocks(fd, first, &some);
		if (!map->cell)
			map->cell = enough(calloc(some.total, sizeof(*map->cell)));
		for (i = 0; i < some.nr; i++) {
			const struct isle_pageblock *block = &some.block[i];

			if (block->present && block->zone < map->stats.nr_zones)
				map->cell[map->nr++] = (struct map_cell){
					first + i, *block };
		}
		first += some.nr;
	} while (some.nr && first < some.total);
	map->frames = some.frames;
	qsort(map->cell, map->nr, sizeof(*map->cell), by_zone);
}

static void read_map(int fd, struct map *map)
{
	unsigned int i;

	free(map->cell);
	free(map->zone);
	*map = (struct map){ };
	device_stats(fd, &map->stats);
	map->zone = enough(calloc(map->stats.nr_zones ?: 1,
				  sizeof(*map->zone)));
	for (i = 0; i < map->stats.nr_zones; i++)
		device_zone(fd, i, &map->zone[i]);
	read_pageblocks(fd, map);
}

static void cell_json(const struct map *map, const struct map_cell *cell)
{
	const struct isle_pageblock *block = &cell->block;

	json_open(NULL, '{');
	json_number("index", cell->index);
	json_number("physical", block->phys);
	json_signed("node", map->zone[block->zone].nid);
	json_text("zone", map->zone[block->zone].name);
	json_text("migratetype", migratetype_name(block->migratetype));
	json_number("present", block->present);
	json_number("managed", block->managed);
	json_number("free", block->free);
	json_number("pcp", block->pcp);
	json_number("user", block->user);
	json_close('}');
}

static void print_json(const struct map *map)
{
	size_t i;

	json_open(NULL, '{');
	json_number("frames", map->frames);
	json_open("pageblocks", '[');
	for (i = 0; i < map->nr; i++)
		cell_json(map, &map->cell[i]);
	json_close(']');
	json_close('}');
	json_end();
}

struct live {
	int fd;
	bool in_colour;
	struct map map;
};

static void sample(void *data)
{
	struct live *live = data;

	read_map(live->fd, &live->map);
}

static void draw(void *data, struct page *page, unsigned int width)
{
	struct live *live = data;

	map_draw(&live->map, page, width, live->in_colour);
}

static const char *const help[] = {
	"",
	"A cell is a pageblock of 2 MB; its colour, or its letter, is its migratetype",
	"and its shade how much of it is taken.",
	NULL,
};

static void print_once(struct live *live, bool as_json)
{
	struct page page = { };

	if (as_json) {
		print_json(&live->map);
		return;
	}
	map_draw(&live->map, &page, page_width(), live->in_colour);
	page_print(&page, live->in_colour);
	page_clear(&page);
}

static void watch(struct live *live, double delay, unsigned long count,
		  bool as_json)
{
	struct timespec pause = { .tv_sec = delay };
	struct view view = {
		.data = live,
		.sample = sample,
		.draw = draw,
		.keys = "",
		.help = help,
		.delay = delay,
	};
	unsigned long i;

	if (!as_json && !count && screen_is_there()) {
		screen_run(&view);
		return;
	}
	pause.tv_nsec = (delay - floor(delay)) * 1e9;
	for (i = 0; !count || i < count; i++) {
		if (i) {
			nanosleep(&pause, NULL);
			sample(live);
			if (!as_json)
				putchar('\n');
		}
		print_once(live, as_json);
		if (ferror(stdout))
			return;
	}
}

static int map_run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "watch", optional_argument, NULL, 'w' },
		{ "count", required_argument, NULL, 'c' },
		{ "svg", required_argument, NULL, 's' },
		{ "png", required_argument, NULL, 'p' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	struct live live = { .in_colour = page_wants_colour() };
	const char *svg = NULL, *png = NULL;
	unsigned long count = 0;
	bool as_json = false;
	double delay = 0;
	int option;

	while ((option = getopt_long(argc, argv, "w::c:s:p:jh", options,
				     NULL)) != -1) {
		switch (option) {
		case 'w':
			/* "-w 2" too, though a word behind it is no part of it */
			if (!optarg && optind < argc && *argv[optind] != '-')
				optarg = argv[optind++];
			delay = optarg ? screen_delay("--watch", optarg) : 1;
			break;
		case 'c':
			count = cli_number("--count", optarg, 1, UINT32_MAX);
			break;
		case 's':
			svg = optarg;
			break;
		case 'p':
			png = optarg;
			break;
		case 'j':
			as_json = true;
			break;
		default:
			cli_option(option);
		}
	}
	cli_no_arguments(argc - optind, argv + optind);
	if ((count && !delay) || (delay && (svg || png))) {
		cli_warn(count && !delay ? "--count goes with --watch" :
			 "--watch goes with no picture");
		cli_option('?');
	}

	setlocale(LC_CTYPE, "");
	live.fd = device_open();
	sample(&live);
	if (svg)
		map_svg(&live.map, svg);
	if (png)
		map_png(&live.map, png);
	if (delay)
		watch(&live, delay, count, as_json);
	else if (as_json || (!svg && !png))
		print_once(&live, as_json);
	return 0;
}

const struct command map_command = {
	.name = "map",
	.brief = "the pageblocks as a heat map",
	.usage =
	"[--watch [SECONDS] [--count N]] [--json]\n"
	"       isle map [--svg FILE] [--png FILE]\n\n"
	"Shows each pageblock of 2 MB as a cell: its colour is its migratetype, its\n"
	"shade how much of it is taken. Without colours each cell has the type's\n"
	"first letter. In front of a row is the address at which it begins; for\n"
	"those without CAP_SYS_ADMIN the number of its first pageblock.\n\n"
	"  -w, --watch [SECONDS]  again and again, on the whole terminal, until q is\n"
	"                         pressed (h shows the keys); every second without a\n"
	"                         number. Piped: one map after the other\n"
	"  -c, --count N          ... N times, without keys\n"
	"  -s, --svg FILE         as a picture for documents; - is standard output\n"
	"  -p, --png FILE         the same\n"
	"  -j, --json             as JSON: frames of each pageblock, by what they are\n"
	"  -h, --help             this\n",
	.run = map_run,
};
