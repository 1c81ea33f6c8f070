// SPDX-License-Identifier: GPL-2.0
/* isle buddy: the free lists. */
#include <getopt.h>
#include <stdio.h>

#include "cli.h"

static __u64 free_pages(const struct isle_zone_info *zone, unsigned int type)
{
	__u64 pages = 0;
	unsigned int order;

	for (order = 0; order < ISLE_NR_UAPI_ORDERS; order++)
		pages += zone->nr_free[order][type] << order;
	return pages;
}

static void add_row(struct table *table, const struct isle_zone_info *zone,
		    unsigned int type)
{
	char text[SIZE_TEXT];
	unsigned int order;

	table_cell(table, "%d", zone->nid);
	table_cell(table, "%.16s", zone->name);
	table_cell(table, "%s", migratetype_name(type));
	for (order = 0; order < ISLE_NR_UAPI_ORDERS; order++)
		table_cell(table, "%llu",
			   zone->nr_free[order][type]);
	table_cell(table, "%s", pages_text(text, free_pages(zone, type)));
}

void buddy_print(int fd)
{
	static const char *const headings[] = {
		"Node", "Zone", "Type", ">0", ">1", ">2", ">3", ">4", ">5",
		">6", ">7", ">8", ">9", ">10", ">Free",
	};
	struct table *table = table_new(headings, ARRAY_SIZE(headings));
	struct isle_zone_info zone;
	struct isle_stats stats;
	unsigned int i, type;

	device_stats(fd, &stats);
	for (i = 0; i < stats.nr_zones; i++) {
		device_zone(fd, i, &zone);
		for (type = 0; type < ISLE_NR_MT; type++)
			if (type <= ISLE_MT_RECLAIMABLE ||
			    free_pages(&zone, type))
				add_row(table, &zone, type);
	}
	table_print(table);
}

static void zone_json(const struct isle_zone_info *zone)
{
	unsigned int type, order;

	json_open(NULL, '{');
	json_signed("node", zone->nid);
	json_text("zone", zone->name);
	json_number("free", zone->free);
	json_number("pcp", zone->pcp);
	json_open("blocks", '{');
	for (type = 0; type < ISLE_NR_MT; type++) {
		json_open(migratetype_name(type), '[');
		for (order = 0; order < ISLE_NR_UAPI_ORDERS; order++)
			json_number(NULL, zone->nr_free[order][type]);
		json_close(']');
	}
	json_close('}');
	json_close('}');
}

static void print_json(int fd)
{
	struct isle_zone_info zone;
	struct isle_stats stats;
	unsigned int i;

	device_stats(fd, &stats);
	json_open(NULL, '{');
	json_open("zones", '[');
	for (i = 0; i < stats.nr_zones; i++) {
		device_zone(fd, i, &zone);
		zone_json(&zone);
	}
	json_close(']');
	json_close('}');
	json_end();
}

static int buddy_run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	bool as_json = false;
	int option, fd;

	while ((option = getopt_long(argc, argv, "jh", options, NULL)) != -1) {
		if (option == 'j')
			as_json = true;
		else
			cli_option(option);
	}
	cli_no_arguments(argc - optind, argv + optind);

	fd = device_open();
	if (as_json)
		print_json(fd);
	else
		buddy_print(fd);
	return 0;
}

const struct command buddy_command = {
	.name = "buddy",
	.brief = "free blocks by zone, migratetype and order",
	.usage =
	"[--json]\n\n"
	"Shows how many free blocks of each order (a column each; 2^order pages)\n"
	"the free lists hold, by node, zone and migratetype. Frames on per-CPU\n"
	"lists are not among them: see isle info.\n\n"
	"  -j, --json   as JSON: blocks by order for each migratetype\n"
	"  -h, --help   this\n",
	.run = buddy_run,
};
