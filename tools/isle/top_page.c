// SPDX-License-Identifier: GPL-2.0
/* isle top: what is shown. */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "top.h"

#define NAME_COLUMNS	12
#define BAR_MIN		12
#define BAR_MAX		512

struct count {
	const char *name;
	size_t offset;
};

#define COUNT(name, field)	{ name, offsetof(struct isle_stats, field) }

static const struct count allocations[] = {
	COUNT("allocs", allocs), COUNT("frees", frees),
	COUNT("failures", failures), COUNT("refills", refills),
	COUNT("spills", spills), COUNT("claims", fallbacks),
	COUNT("steals", steals),
};

static const struct count faults[] = {
	COUNT("zero", faults_zero), COUNT("anon", faults_anon),
	COUNT("copy", faults_cow), COUNT("reuse", faults_reuse),
	COUNT("file", faults_file), COUNT("around", faults_around),
	COUNT("SIGBUS", faults_sigbus),
};

static __u64 value(const struct isle_stats *stats, const struct count *count)
{
	return *(const __u64 *)((const char *)stats + count->offset);
}

static void draw_title(const struct top *top, struct page *page)
{
	const struct isle_stats *stats = &top->now.stats;
	char text[SIZE_TEXT], clock[16];
	time_t now = time(NULL);

	strftime(clock, sizeof(clock), "%H:%M:%S", localtime(&now));
	page_text(page, STYLE_STRONG, "isle top %s", clock);
	page_text(page, STYLE_PLAIN, "  %s managed, %u zone%s, %llu other opener%s",
		  pages_text(text, stats->managed), stats->nr_zones,
		  stats->nr_zones == 1 ? "" : "s", stats->openers - 1,
		  stats->openers == 2 ? "" : "s");
	page_text(page, STYLE_PLAIN, ", %s in quarantine",
		  pages_text(text, stats->quarantine));
	page_end_line(page);
}

static void repeat(char *to, char c, size_t nr)
{
	memset(to, c, nr);
	to[nr] = '\0';
}

static void draw_part(struct page *page, enum style style, char c, size_t nr)
{
	char text[BAR_MAX + 1];

	if (!nr)
		return;
	repeat(text, c, nr);
	page_text(page, style, "%s", text);
}

/* Whole columns; what is there at all gets one. */
static size_t part_of(size_t columns, __u64 part, __u64 whole)
{
	if (!part || !whole)
		return 0;
	if (part >= whole)
		return columns;
	return (size_t)(columns * (double)part / whole) ?: 1;
}

static size_t bar_columns(unsigned int width, size_t others)
{
	size_t columns = width > others ? width - others : 0;

	if (columns < BAR_MIN)
		return BAR_MIN;
	return columns < BAR_MAX ? columns : BAR_MAX;
}

/* As htop's meter: what is used, then what per-CPU lists hold. */
static void draw_memory(const struct top *top, struct page *page,
			unsigned int width)
{
	const struct isle_stats *stats = &top->now.stats;
	__u64 used = stats->managed - stats->free - stats->pcp;
	char text[2][SIZE_TEXT], figures[3 * SIZE_TEXT];
	size_t columns, filled, lists;

	if (stats->free + stats->pcp > stats->managed)
		used = 0;
	snprintf(figures, sizeof(figures), "%s/%s", pages_text(text[0], used),
		 pages_text(text[1], stats->managed));
	columns = bar_columns(width, strlen("Used[] ") + strlen(figures));
	filled = part_of(columns, used, stats->managed);
	lists = part_of(columns, stats->pcp, stats->managed);
	if (lists > columns - filled)
		lists = columns - filled;
	page_text(page, STYLE_STRONG, "Used[");
	draw_part(page, STYLE_GOOD, '|', filled);
	draw_part(page, STYLE_OTHER, '#', lists);
	draw_part(page, STYLE_PLAIN, ' ', columns - filled - lists);
	page_text(page, STYLE_STRONG, "]");
	page_text(page, STYLE_PLAIN, " %s", figures);
	page_end_line(page);
}

static void draw_counts(const struct top *top, struct page *page,
			const char *name, const struct count *counts, size_t nr)
{
	char text[SIZE_TEXT];
	__u64 now, before;
	size_t i;

	page_text(page, STYLE_HEADING, "%-*s", NAME_COLUMNS, name);
	for (i = 0; i < nr; i++)
		page_text(page, STYLE_HEADING, "%9s", counts[i].name);
	page_end_line(page);

	page_text(page, STYLE_PLAIN, "%-*s", NAME_COLUMNS, " a second");
	for (i = 0; i < nr; i++) {
		now = value(&top->now.stats, &counts[i]);
		before = value(&top->before.stats, &counts[i]);
		page_text(page, now > before ? STYLE_STRONG : STYLE_PLAIN,
			  "%9s", count_text(text, top_rate(top, now, before), 8));
	}
	page_end_line(page);

	page_text(page, STYLE_PLAIN, "%-*s", NAME_COLUMNS, " since load");
	for (i = 0; i < nr; i++)
		page_text(page, STYLE_PLAIN, "%9s",
			  count_text(text, value(&top->now.stats, &counts[i]), 8));
	page_end_line(page);
}

static const char *zone_text(char text[32], const struct isle_zone_info *zone)
{
	snprintf(text, 32, "%d %.16s", zone->nid, zone->name);
	return text;
}

/*
 * Where so many free pages stand in a bar whose marks have places of their own,
 * as they would all fall on its first column else: a sixth for each of up to min,
 * min to low, low to high; half for what is above.
 */
static size_t place(const struct isle_zone_info *zone, __u64 pages,
		    size_t columns)
{
	__u64 from = 0, to = 0;
	unsigned int i;

	for (i = 0; i < 3; i++, from = to) {
		to = zone->watermark[i] + zone->boost;
		if (pages < to)
			return columns * (i + (double)(pages - from) /
					  (to - from)) / 6;
	}
	if (pages >= zone->managed || zone->managed <= from)
		return columns;
	return columns / 2 + columns * (double)(pages - from) /
	       (zone->managed - from) / 2;
}

static enum style mark_style(const struct isle_zone_info *zone)
{
	if (zone->free < zone->watermark[0] + zone->boost)
		return STYLE_BAD;
	if (zone->free < zone->watermark[2] + zone->boost)
		return STYLE_WARN;
	return STYLE_GOOD;
}

static void draw_marks(struct page *page, const struct isle_zone_info *zone,
		       size_t columns)
{
	size_t filled = place(zone, zone->free, columns), i;
	enum style style = mark_style(zone);
	const char *mark;
	static const char marks[] = "mlh";

	page_text(page, STYLE_STRONG, "[");
	for (i = 0, mark = marks; *mark; i++, mark++) {
		size_t at = columns * (mark - marks + 1) / 6;

		draw_part(page, style, '|', filled > i ?
			  (filled < at ? filled : at) - i : 0);
		if (filled < at)
			draw_part(page, STYLE_PLAIN, ' ',
				  at - (filled > i ? filled : i));
		page_text(page, STYLE_STRONG, "%c", *mark);
		i = at;
	}
	draw_part(page, style, '|', filled > i ? filled - i : 0);
	draw_part(page, STYLE_PLAIN, ' ',
		  columns - (filled > i ? filled : i));
	page_text(page, STYLE_STRONG, "]");
}

static void draw_zones(const struct top *top, struct page *page,
		       unsigned int width)
{
	size_t columns = bar_columns(width, NAME_COLUMNS + 2 + 4 * 8);
	const struct isle_zone_info *zone = top->now.zone;
	char text[SIZE_TEXT], name[32];
	unsigned int i, mark;

	page_text(page, STYLE_HEADING, "%-*s%-*s%8s%8s%8s%8s", NAME_COLUMNS,
		  "Zone", (int)columns + 2, "Free, against min, low, high",
		  "Free", "Min", "Low", "High");
	page_end_line(page);
	for (i = 0; i < top->now.stats.nr_zones; i++, zone++) {
		page_text(page, STYLE_PLAIN, "%-*s", NAME_COLUMNS,
			  zone_text(name, zone));
		draw_marks(page, zone, columns);
		page_text(page, mark_style(zone), "%8s",
			  pages_text(text, zone->free));
		for (mark = 0; mark < 3; mark++)
			page_text(page, STYLE_PLAIN, "%8s",
				  pages_text(text, zone->watermark[mark] +
					     zone->boost));
		page_end_line(page);
	}
}

static void draw_list(struct page *page, const char *name, const __u64 *blocks)
{
	char text[SIZE_TEXT];
	unsigned int order;

	page_text(page, STYLE_PLAIN, "%-*s", NAME_COLUMNS, name);
	for (order = 0; order < ISLE_NR_UAPI_ORDERS; order++)
		page_text(page, blocks[order] ? STYLE_STRONG : STYLE_PLAIN,
			  "%6s", count_text(text, blocks[order], 5));
	page_end_line(page);
}

static void draw_free(const struct top *top, struct page *page)
{
	const struct isle_zone_info *zone = top->now.zone;
	__u64 sum[ISLE_NR_UAPI_ORDERS], one[ISLE_NR_UAPI_ORDERS], any;
	unsigned int i, order, type;
	char name[32];

	page_text(page, STYLE_HEADING, "%-*s", NAME_COLUMNS, "Free blocks");
	for (order = 0; order < ISLE_NR_UAPI_ORDERS; order++)
		page_text(page, STYLE_HEADING, "%6u", order);
	page_end_line(page);
	for (i = 0; i < top->now.stats.nr_zones; i++, zone++) {
		memset(sum, 0, sizeof(sum));
		for (order = 0; order < ISLE_NR_UAPI_ORDERS; order++)
			for (type = 0; type < ISLE_NR_MT; type++)
				sum[order] += zone->nr_free[order][type];
		draw_list(page, zone_text(name, zone), sum);
		for (type = 0; top->by_type && type < ISLE_NR_MT; type++) {
			for (order = 0, any = 0; order < ISLE_NR_UAPI_ORDERS; order++)
				any |= one[order] = zone->nr_free[order][type];
			snprintf(name, sizeof(name), " %s",
				 migratetype_name(type));
			if (any)
				draw_list(page, name, one);
		}
	}
}

static const struct top *sorting;

/* Most first; of equals the one that was opened first. */
static int compare(const void *a, const void *b)
{
	const struct isle_opener_info *x = *(void *const *)a;
	const struct isle_opener_info *y = *(void *const *)b;
	double left, right;

	switch (sorting->sort) {
	case SORT_RATE:
		left = top_fault_rate(sorting, x);
		right = top_fault_rate(sorting, y);
		break;
	case SORT_FAULTS:
		left = x->faults;
		right = y->faults;
		break;
	case SORT_PID:
		left = -(double)x->pid;
		right = -(double)y->pid;
		break;
	default:
		left = top_held(x);
		right = top_held(y);
	}
	if (left != right)
		return (left < right) ^ sorting->reverse ? 1 : -1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static const char *user_text(char text[16], __u32 uid)
{
	const struct passwd *user = getpwuid(uid);

	if (user)
		snprintf(text, 16, "%s", user->pw_name);
	else
		snprintf(text, 16, "%u", uid);
	return text;
}

static void draw_opener(const struct top *top, struct page *page,
			const struct isle_opener_info *opener)
{
	char user[16], pid[12] = "-", text[6][SIZE_TEXT];

	if (opener->pid)
		snprintf(pid, sizeof(pid), "%u", opener->pid);
	page_text(page, STYLE_PLAIN, "%7s %-8.8s ", pid,
		  user_text(user, opener->uid));
	page_text(page, STYLE_STRONG, "%-15.16s", opener->comm);
	page_text(page, STYLE_PLAIN, " %7s %7s %7s %7s %7s %7s",
		  pages_text(text[0], top_held(opener)),
		  pages_text(text[1], opener->object_pages),
		  pages_text(text[2], opener->private_pages),
		  pages_text(text[3], opener->block_pages),
		  count_text(text[4], top_fault_rate(top, opener), 7),
		  count_text(text[5], opener->faults, 7));
	page_end_line(page);
}

/* The column that openers are sorted by is marked. */
static void draw_opener_heading(const struct top *top, struct page *page)
{
	static const struct {
		const char *name;
		int columns;
		int sort;		/* -1: by none */
	} heading[] = {
		{ "PID", 7, SORT_PID }, { "USER", -8, -1 }, { "OPENER", -15, -1 },
		{ "HELD", 7, SORT_HELD }, { "OBJECT", 7, -1 },
		{ "PRIVATE", 7, -1 }, { "BLOCKS", 7, -1 },
		{ "FLT/S", 7, SORT_RATE }, { "FAULTS", 7, SORT_FAULTS },
	};
	char text[16];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(heading); i++) {
		const char *mark = heading[i].sort != (int)top->sort ? "" :
				   top->reverse ? "<" : ">";

		snprintf(text, sizeof(text), "%s%s", mark, heading[i].name);
		page_text(page, STYLE_HEADING, "%s%*s", i ? " " : "",
			  heading[i].columns, text);
	}
	page_end_line(page);
}

static void draw_openers(const struct top *top, struct page *page)
{
	size_t nr = top->now.nr_openers, i;
	const struct isle_opener_info **rows = calloc(nr ?: 1, sizeof(*rows));

	if (!rows)
		cli_die("out of memory");
	for (i = 0; i < nr; i++)
		rows[i] = &top->now.opener[i];
	sorting = top;
	qsort(rows, nr, sizeof(*rows), compare);

	draw_opener_heading(top, page);
	for (i = 0; i < nr; i++)
		draw_opener(top, page, rows[i]);
	free(rows);
	if (nr + 1 < top->now.stats.openers)
		page_text(page, STYLE_PLAIN, "%llu of other users: shown to root",
			  top->now.stats.openers - 1 - nr);
	else if (!nr)
		page_text(page, STYLE_PLAIN, "nobody else has the device open");
	else
		return;
	page_end_line(page);
}

void top_draw(const struct top *top, struct page *page, unsigned int width)
{
	draw_title(top, page);
	draw_memory(top, page, width);
	page_fix(page);
	draw_counts(top, page, "Allocator", allocations,
		    ARRAY_SIZE(allocations));
	draw_counts(top, page, "Faults", faults, ARRAY_SIZE(faults));
	draw_zones(top, page, width);
	draw_free(top, page);
	draw_openers(top, page);
}
