// SPDX-License-Identifier: GPL-2.0
/* isle stat: counters, once or as they move. */
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include "cli.h"

/* What is a count of frames now, and what has been counted since load. */
enum counter_kind { FRAMES, EVENTS, FAULTS, OPENERS, NR_KINDS };

static const struct counter {
	const char *name;
	enum counter_kind kind;
	size_t offset;
	const char *meaning;
} counters[] = {
#define COUNTER(kind, field, meaning) \
	{ #field, kind, offsetof(struct isle_stats, field), meaning }
	COUNTER(FRAMES, present, "in all regions"),
	COUNTER(FRAMES, metadata, "taken by the frame table"),
	COUNTER(FRAMES, managed, "that the allocator hands out"),
	COUNTER(FRAMES, free, "on free lists"),
	COUNTER(FRAMES, pcp, "on per-CPU lists"),
	COUNTER(FRAMES, user, "that openers hold"),
	COUNTER(FRAMES, quarantine, "freed, but pinned by the kernel"),
	COUNTER(EVENTS, allocs, "blocks allocated"),
	COUNTER(EVENTS, frees, "blocks freed"),
	COUNTER(EVENTS, refills, "per-CPU lists filled"),
	COUNTER(EVENTS, spills, "per-CPU lists emptied"),
	COUNTER(EVENTS, fallbacks, "pageblocks claimed by another type"),
	COUNTER(EVENTS, steals, "blocks taken from another type"),
	COUNTER(EVENTS, failures, "allocations that failed"),
	COUNTER(FAULTS, faults_zero, "mapped the zero frame"),
	COUNTER(FAULTS, faults_anon, "allocated"),
	COUNTER(FAULTS, faults_cow, "copied"),
	COUNTER(FAULTS, faults_reuse, "wrote to a frame with one holder"),
	COUNTER(FAULTS, faults_around, "pages mapped besides the one"),
	COUNTER(FAULTS, faults_huge, "mapped 2 MB by one entry"),
	COUNTER(FAULTS, faults_file, "had to read a file"),
	COUNTER(FAULTS, filled_pages, "pages copied from files"),
	COUNTER(FAULTS, faults_sigbus, "ended in SIGBUS"),
	COUNTER(OPENERS, openers, "open files"),
#undef COUNTER
};

static const char *const kind_names[NR_KINDS] = {
	[FRAMES] = "frames", [EVENTS] = "events", [FAULTS] = "faults",
	[OPENERS] = "",
};

static __u64 value_of(const struct isle_stats *stats,
		      const struct counter *counter)
{
	return *(const __u64 *)((const char *)stats + counter->offset);
}

static void print_once(const struct isle_stats *stats)
{
	static const char *const headings[] = {
		"", "Counter", ">Value", ">Size", "Meaning",
	};
	struct table *table = table_new(headings, ARRAY_SIZE(headings));
	enum counter_kind last = NR_KINDS;
	char text[SIZE_TEXT];
	__u64 value;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counters); i++) {
		value = value_of(stats, &counters[i]);
		table_cell(table, "%s", counters[i].kind == last ?
			   "" : kind_names[counters[i].kind]);
		table_cell(table, "%s", counters[i].name);
		table_cell(table, "%llu", value);
		table_cell(table, "%s", counters[i].kind == FRAMES ?
			   pages_text(text, value) : "");
		table_cell(table, "%s", counters[i].meaning);
		last = counters[i].kind;
	}
	table_print(table);
}

static void print_json(const struct isle_stats *stats)
{
	size_t i;

	json_open(NULL, '{');
	for (i = 0; i < ARRAY_SIZE(counters); i++)
		json_number(counters[i].name, value_of(stats, &counters[i]));
	json_number("zones", stats->nr_zones);
	json_number("regions", stats->nr_regions);
	json_close('}');
	json_end();
}

static void print_watch_heading(void)
{
	printf("%9s %9s %9s %9s | %9s %9s %9s | %9s %9s %9s %9s\n",
	       "free", "per-CPU", "users'", "quarant.", "allocs", "frees",
	       "failures", "zero", "anon", "copy", "around");
}

static void print_rate(__u64 events, double seconds)
{
	printf(" %9.0f", events / seconds);
}

static void print_watch_row(const struct isle_stats *now,
			    const struct isle_stats *before, double seconds)
{
	char text[4][SIZE_TEXT];

	printf("%9s %9s %9s %9s |", pages_text(text[0], now->free),
	       pages_text(text[1], now->pcp), pages_text(text[2], now->user),
	       pages_text(text[3], now->quarantine));
	print_rate(now->allocs - before->allocs, seconds);
	print_rate(now->frees - before->frees, seconds);
	print_rate(now->failures - before->failures, seconds);
	fputs(" |", stdout);
	print_rate(now->faults_zero - before->faults_zero, seconds);
	print_rate(now->faults_anon - before->faults_anon, seconds);
	print_rate(now->faults_cow - before->faults_cow, seconds);
	print_rate(now->faults_around - before->faults_around, seconds);
	putchar('\n');
	fflush(stdout);
}

static double seconds_between(const struct timespec *a,
			      const struct timespec *b)
{
	return (b->tv_sec - a->tv_sec) + (b->tv_nsec - a->tv_nsec) / 1e9;
}

static void watch(int fd, unsigned int interval, unsigned long count,
		  bool as_json)
{
	const struct timespec pause = { .tv_sec = interval };
	struct isle_stats now, before;
	struct timespec then, at;
	unsigned long row;

	device_stats(fd, &before);
	clock_gettime(CLOCK_MONOTONIC, &then);
	if (as_json)
		print_json(&before);
	for (row = 0; !count || row < count; row++) {
		if (!as_json && row % 20 == 0)
			print_watch_heading();
		nanosleep(&pause, NULL);
		device_stats(fd, &now);
		clock_gettime(CLOCK_MONOTONIC, &at);
		if (as_json)
			print_json(&now);
		else
			print_watch_row(&now, &before,
					seconds_between(&then, &at));
		if (ferror(stdout))
			return;
		before = now;
		then = at;
	}
}

static int stat_run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "watch", required_argument, NULL, 'w' },
		{ "count", required_argument, NULL, 'c' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	unsigned int interval = 0;
	unsigned long count = 0;
	struct isle_stats stats;
	bool as_json = false;
	int option, fd;

	while ((option = getopt_long(argc, argv, "w:c:jh", options,
				     NULL)) != -1) {
		switch (option) {
		case 'w':
			interval = cli_number("--watch", optarg, 1, 86400);
			break;
		case 'c':
			count = cli_number("--count", optarg, 1, UINT32_MAX);
			break;
		case 'j':
			as_json = true;
			break;
		default:
			cli_option(option);
		}
	}
	cli_no_arguments(argc - optind, argv + optind);
	if (count && !interval) {
		cli_warn("--count goes with --watch");
		cli_option('?');
	}

	fd = device_open();
	if (interval) {
		watch(fd, interval, count, as_json);
		return 0;
	}
	device_stats(fd, &stats);
	if (as_json)
		print_json(&stats);
	else
		print_once(&stats);
	return 0;
}

const struct command stat_command = {
	.name = "stat",
	.brief = "counters of frames, allocations and faults",
	.usage =
	"[--watch SECONDS [--count N]] [--json]\n\n"
	"Shows the counters of the whole instance. With --watch a line every\n"
	"SECONDS: memory as it is, allocations and faults as events a second.\n\n"
	"  -w, --watch SECONDS  again and again, until interrupted\n"
	"  -c, --count N        ... N times\n"
	"  -j, --json           as JSON, counters as they are; with --watch an\n"
	"                       object each time\n"
	"  -h, --help           this\n",
	.run = stat_run,
};
