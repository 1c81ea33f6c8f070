// SPDX-License-Identifier: GPL-2.0
/* isle top --json */
#include <stdio.h>

#include "top.h"

static void rate(const struct top *top, const char *name, __u64 now,
		 __u64 before)
{
	json_open(name, '{');
	json_number("a_second", (__u64)(top_rate(top, now, before) + 0.5));
	json_number("since_load", now);
	json_close('}');
}

static const struct {
	const char *name;
	size_t offset;
} counters[] = {
#define COUNTER(field) { #field, offsetof(struct isle_stats, field) }
	COUNTER(allocs), COUNTER(frees), COUNTER(failures), COUNTER(refills),
	COUNTER(spills), COUNTER(fallbacks), COUNTER(steals),
	COUNTER(faults_zero), COUNTER(faults_anon), COUNTER(faults_cow),
	COUNTER(faults_reuse), COUNTER(faults_file), COUNTER(faults_around),
	COUNTER(faults_sigbus),
#undef COUNTER
};

static __u64 value(const struct isle_stats *stats, size_t offset)
{
	return *(const __u64 *)((const char *)stats + offset);
}

static void zone_json(const struct isle_zone_info *zone)
{
	unsigned int order, type;
	__u64 blocks;

	json_open(NULL, '{');
	json_signed("node", zone->nid);
	json_text("zone", zone->name);
	json_number("managed", zone->managed);
	json_number("free", zone->free);
	json_number("pcp", zone->pcp);
	json_number("user", zone->user);
	json_number("min", zone->watermark[0] + zone->boost);
	json_number("low", zone->watermark[1] + zone->boost);
	json_number("high", zone->watermark[2] + zone->boost);
	json_open("free_blocks", '[');
	for (order = 0; order < ISLE_NR_UAPI_ORDERS; order++) {
		for (type = 0, blocks = 0; type < ISLE_NR_MT; type++)
			blocks += zone->nr_free[order][type];
		json_number(NULL, blocks);
	}
	json_close(']');
	json_close('}');
}

static void opener_json(const struct top *top,
			const struct isle_opener_info *opener)
{
	json_open(NULL, '{');
	json_number("id", opener->id);
	json_number("pid", opener->pid);
	json_number("uid", opener->uid);
	json_text("comm", opener->comm);
	json_number("held", top_held(opener));
	json_number("object", opener->object_pages);
	json_number("private", opener->private_pages);
	json_number("blocks", opener->block_pages);
	json_open("faults", '{');
	json_number("a_second", (__u64)(top_fault_rate(top, opener) + 0.5));
	json_number("in_all", opener->faults);
	json_close('}');
	json_close('}');
}

void top_json(const struct top *top)
{
	const struct isle_stats *stats = &top->now.stats;
	size_t i;

	json_open(NULL, '{');
	json_number("milliseconds", (__u64)(1000 * top_seconds(top)));
	json_number("managed", stats->managed);
	json_number("free", stats->free);
	json_number("pcp", stats->pcp);
	json_number("user", stats->user);
	json_number("quarantine", stats->quarantine);
	json_number("other_openers", stats->openers - 1);
	for (i = 0; i < ARRAY_SIZE(counters); i++)
		rate(top, counters[i].name, value(stats, counters[i].offset),
		     value(&top->before.stats, counters[i].offset));
	json_open("zones", '[');
	for (i = 0; i < stats->nr_zones; i++)
		zone_json(&top->now.zone[i]);
	json_close(']');
	json_open("openers", '[');
	for (i = 0; i < top->now.nr_openers; i++)
		opener_json(top, &top->now.opener[i]);
	json_close(']');
	json_close('}');
	json_end();
}
