// SPDX-License-Identifier: GPL-2.0
/* isle info: what the module was loaded with. */
#include <getopt.h>
#include <stdio.h>

#include "cli.h"

static const struct {
	__u32 bit;
	const char *name;
} features[] = {
	{ ISLE_FEATURE_PRIVATE, "private" },
	{ ISLE_FEATURE_SHARED, "shared" },
	{ ISLE_FEATURE_FILE, "file" },
	{ ISLE_FEATURE_HUGE, "huge" },
	{ ISLE_FEATURE_DEBUG, "debug" },
	{ ISLE_FEATURE_ADVISE, "advise" },
	{ ISLE_FEATURE_WATCH, "watch" },
};

static const char *huge_name(__u32 huge)
{
	static const char *const names[] = {
		"not there", "never", "on advice", "always",
	};

	return huge < ARRAY_SIZE(names) ? names[huge] : "?";
}

/* Physical addresses are 0 for those who may not see them. */
static void address_cell(struct table *table, __u64 address)
{
	if (address)
		table_cell(table, "%#llx", address);
	else
		table_cell(table, "-");
}

static void pages_cell(struct table *table, __u64 pages)
{
	char text[SIZE_TEXT];

	table_cell(table, "%s", pages_text(text, pages));
}

static void print_version(int fd)
{
	struct isle_version version;
	struct isle_stats stats;
	char text[SIZE_TEXT];
	size_t i;

	device_version(fd, &version);
	device_stats(fd, &stats);
	printf("isle ABI %u, pages of %u bytes, orders 0 to %u", version.abi,
	       version.page_size, version.max_order);
	for (i = 0; i < ARRAY_SIZE(features); i++)
		if (version.features & features[i].bit)
			printf(", %s", features[i].name);
	printf("\n%s in all,", pages_text(text, stats.present));
	printf(" %s of it for the frame table,",
	       pages_text(text, stats.metadata));
	printf(" %s managed\n", pages_text(text, stats.managed));
	if (version.features & ISLE_FEATURE_HUGE)
		printf("pages of 2 MB: %s, which the kernel's switch allows: %s\n",
		       huge_name(version.huge),
		       huge_name(version.huge_allowed));
	putchar('\n');
}

static void print_regions(int fd, unsigned int nr)
{
	static const char *const headings[] = {
		"Region", "Kind", "Given as", ">Node", ">Size", ">Extents",
		">Starts at",
	};
	struct table *table = table_new(headings, ARRAY_SIZE(headings));
	struct isle_region_info region;
	char text[SIZE_TEXT];
	unsigned int i;

	for (i = 0; i < nr; i++) {
		device_region(fd, i, &region);
		table_cell(table, "%u", i);
		table_cell(table, "%.16s", region.kind);
		table_cell(table, "%.48s", *region.args ? region.args : "-");
		table_cell(table, "%d", region.nid);
		table_cell(table, "%s", size_text(text, region.size));
		table_cell(table, "%u", region.nr_extents);
		address_cell(table, region.start);
	}
	table_print(table);
}

static void print_zones(int fd, unsigned int nr)
{
	static const char *const headings[] = {
		"Zone", ">Node", ">Present", ">Managed", ">Free", ">Per-CPU",
		">Users'", ">Users' max", ">Starts at",
	};
	struct table *table = table_new(headings, ARRAY_SIZE(headings));
	struct isle_zone_info zone;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		device_zone(fd, i, &zone);
		table_cell(table, "%.16s", zone.name);
		table_cell(table, "%d", zone.nid);
		pages_cell(table, zone.present);
		pages_cell(table, zone.managed);
		pages_cell(table, zone.free);
		pages_cell(table, zone.pcp);
		pages_cell(table, zone.user);
		pages_cell(table, zone.user_max);
		address_cell(table, zone.start);
	}
	table_print(table);
}

static void print_watermarks(int fd, unsigned int nr)
{
	static const char *const headings[] = {
		"Watermarks", ">Node", ">min", ">low", ">high", ">boost",
		">Reserved from DMA32", ">Normal", ">Movable",
	};
	struct table *table = table_new(headings, ARRAY_SIZE(headings));
	struct isle_zone_info zone;
	unsigned int i, j;

	for (i = 0; i < nr; i++) {
		device_zone(fd, i, &zone);
		table_cell(table, "%.16s", zone.name);
		table_cell(table, "%d", zone.nid);
		for (j = 0; j < ARRAY_SIZE(zone.watermark); j++)
			pages_cell(table, zone.watermark[j]);
		pages_cell(table, zone.boost);
		for (j = 0; j < ARRAY_SIZE(zone.lowmem_reserve); j++)
			pages_cell(table, zone.lowmem_reserve[j]);
	}
	table_print(table);
}

void info_print(int fd)
{
	struct isle_stats stats;

	device_stats(fd, &stats);
	print_version(fd);
	print_regions(fd, stats.nr_regions);
	putchar('\n');
	print_zones(fd, stats.nr_zones);
	putchar('\n');
	print_watermarks(fd, stats.nr_zones);
}

static void region_json(int fd, unsigned int index)
{
	struct isle_region_info region;

	device_region(fd, index, &region);
	json_open(NULL, '{');
	json_text("kind", region.kind);
	json_text("args", region.args);
	json_signed("node", region.nid);
	json_number("bytes", region.size);
	json_number("extents", region.nr_extents);
	json_number("start", region.start);
	json_close('}');
}

static void zone_json(int fd, unsigned int index)
{
	struct isle_zone_info zone;

	device_zone(fd, index, &zone);
	json_open(NULL, '{');
	json_text("name", zone.name);
	json_signed("node", zone.nid);
	json_number("start", zone.start);
	json_number("spanned", zone.spanned);
	json_number("present", zone.present);
	json_number("managed", zone.managed);
	json_number("free", zone.free);
	json_number("free_cma", zone.free_cma);
	json_number("free_highatomic", zone.free_highatomic);
	json_number("pcp", zone.pcp);
	json_number("user", zone.user);
	json_number("user_max", zone.user_max);
	json_open("watermark", '{');
	json_number("min", zone.watermark[0]);
	json_number("low", zone.watermark[1]);
	json_number("high", zone.watermark[2]);
	json_number("boost", zone.boost);
	json_close('}');
	json_open("lowmem_reserve", '{');
	json_number("DMA32", zone.lowmem_reserve[0]);
	json_number("Normal", zone.lowmem_reserve[1]);
	json_number("Movable", zone.lowmem_reserve[2]);
	json_close('}');
	json_close('}');
}

static void print_json(int fd)
{
	struct isle_version version;
	struct isle_stats stats;
	unsigned int i;

	device_version(fd, &version);
	device_stats(fd, &stats);
	json_open(NULL, '{');
	json_number("abi", version.abi);
	json_number("page_size", version.page_size);
	json_number("max_order", version.max_order);
	json_open("features", '[');
	for (i = 0; i < ARRAY_SIZE(features); i++)
		if (version.features & features[i].bit)
			json_text(NULL, features[i].name);
	json_close(']');
	json_text("huge", huge_name(version.huge));
	json_text("huge_allowed", huge_name(version.huge_allowed));
	json_number("present", stats.present);
	json_number("managed", stats.managed);
	json_number("metadata", stats.metadata);
	json_open("regions", '[');
	for (i = 0; i < stats.nr_regions; i++)
		region_json(fd, i);
	json_close(']');
	json_open("zones", '[');
	for (i = 0; i < stats.nr_zones; i++)
		zone_json(fd, i);
	json_close(']');
	json_close('}');
	json_end();
}

static int info_run(int argc, char **argv)
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
		info_print(fd);
	return 0;
}

const struct command info_command = {
	.name = "info",
	.brief = "regions, zones and watermarks",
	.usage =
	"[--json]\n\n"
	"Shows what the module was loaded with: regions, zones with their use,\n"
	"watermarks and reserves. Physical addresses are shown to those with\n"
	"CAP_SYS_ADMIN only.\n\n"
	"  -j, --json   as JSON: counts in pages, sizes of regions in bytes\n"
	"  -h, --help   this\n",
	.run = info_run,
};
