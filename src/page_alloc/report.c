// SPDX-License-Identifier: GPL-2.0
/* The allocator's reports: see report.h. Counterpart: mm/show_mem.c. */

#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sched.h>

#include "alloc.h"
#include "compat.h"
#include "debug.h"
#include "migrate.h"
#include "pcp.h"
#include "report.h"
#include "zone.h"

#define K(pages)	((unsigned long)(pages) << (PAGE_SHIFT - 10))

static void print_free_lists(const struct isle_zone *zone)
{
	unsigned int order, mt;
	char line[160];
	size_t len = 0;

	for (order = 0; order < ISLE_NR_ORDERS; order++) {
		unsigned long nr = 0;

		for (mt = 0; mt < ISLE_MIGRATE_TYPES; mt++)
			nr += READ_ONCE(zone->free_area[order].list[mt].nr);
		len += scnprintf(line + len, sizeof(line) - len, " %lu*%lukB",
				 nr, K(BIT(order)));
	}
	pr_warn("isle: Node %d %s:%s\n", zone->nid, isle_zone_name(zone->type),
		line);
}

void isle_report_zones(const struct isle *isle)
{
	unsigned int i;

	for (i = 0; i < isle->nr_zones; i++) {
		const struct isle_zone *zone = isle->zones[i];

		pr_warn("isle: Node %d %s free:%lukB boost:%lukB min:%lukB low:%lukB high:%lukB highatomic:%lukB cma:%lukB pcp:%lukB user:%lukB user_max:%lukB present:%lukB managed:%lukB lowmem_reserve[]: %lu %lu %lu\n",
			zone->nid, isle_zone_name(zone->type),
			K(zone->nr_free), K(zone->watermark_boost),
			K(zone->watermark[ISLE_WMARK_MIN]),
			K(zone->watermark[ISLE_WMARK_LOW]),
			K(zone->watermark[ISLE_WMARK_HIGH]),
			K(zone->nr_highatomic), K(zone->nr_free_cma),
			K(isle_pcp_pages(zone)),
			K(atomic_long_read(&zone->nr_user)), K(zone->user_max),
			K(zone->present), K(zone->managed),
			zone->lowmem_reserve[0], zone->lowmem_reserve[1],
			zone->lowmem_reserve[2]);
		print_free_lists(zone);
	}
}
EXPORT_SYMBOL_FOR_KUNIT(isle_report_zones);

void isle_report_failure(struct isle *isle, gfp_t gfp, unsigned int order,
			 bool user)
{
	if (gfp & __GFP_NOWARN || !__ratelimit(&isle->report))
		return;
	pr_warn("isle: %s: page allocation failure: order:%u, mode:%#x(%pGg)%s\n",
		current->comm, order, gfp, &gfp,
		user ? ", charged to /dev/isle's share (user_max=)" : "");
	dump_stack();
	pr_warn("isle: %s: %lu of %lu pages free, %lu in quarantine\n",
		isle->name, isle_nr_free(isle), isle_nr_managed(isle),
		isle->quarantine.nr);
	isle_report_zones(isle);
}
EXPORT_SYMBOL_FOR_KUNIT(isle_report_failure);

static const char *why_not_free(const struct isle *isle, u32 id,
				unsigned int order)
{
	const struct isle_frame *frame = isle_frame(isle, id);

	switch (frame->state) {
	case ISLE_FRAME_HOLE:
		return "not a frame that isle hands out";
	case ISLE_FRAME_TAIL:
		return "not the first page of its block";
	case ISLE_FRAME_FREE:
	case ISLE_FRAME_PCP:
	case ISLE_FRAME_QUARANTINE:
		return "free already";
	}
	if (frame->order != order)
		return "allocated with another order";
	return "free already, by somebody else at the same time";
}

static void report_bad(struct isle *isle, u32 id, const char *what,
		       const char *why, unsigned int order)
{
	u32 head = isle_block_head(isle, id);

	if (!__ratelimit(&isle->report))
		return;
	pr_err("isle: bad %s of pfn %#lx order %u: %s (block at pfn %#lx, order %u)\n",
	       what, isle_id_to_pfn(isle, id), order, why,
	       isle_id_to_pfn(isle, head), isle_frame(isle, head)->order);
	dump_stack();
	isle_debug_print_stacks(isle, head);
	if (head != id && isle_frame(isle, head)->state != ISLE_FRAME_ALLOCATED)
		isle_debug_print_stacks(isle, id);
}

void isle_report_bad_free(struct isle *isle, u32 id, unsigned int order)
{
	report_bad(isle, id, "free", why_not_free(isle, id, order), order);
}
EXPORT_SYMBOL_FOR_KUNIT(isle_report_bad_free);

void isle_report_bad_split(struct isle *isle, u32 id, unsigned int order)
{
	const struct isle_frame *frame = isle_frame(isle, id);
	const char *why = "it is compound";

	if (frame->state != ISLE_FRAME_ALLOCATED || frame->order != order)
		why = why_not_free(isle, id, order);
	report_bad(isle, id, "split", why, order);
}

void isle_report_bad_get(struct isle *isle, u32 id)
{
	const struct isle_frame *frame = isle_frame(isle, id);

	report_bad(isle, id, "get", frame->state == ISLE_FRAME_TAIL ?
		   "it is free, or a tail of a block that is not compound" :
		   "it is free", 0);
}

void isle_report_foreign(struct isle *isle, unsigned long pfn,
			 const char *call)
{
	if (!__ratelimit(&isle->report))
		return;
	pr_err("isle: bad %s of pfn %#lx: not isle's page\n", call, pfn);
	dump_stack();
}
EXPORT_SYMBOL_FOR_KUNIT(isle_report_foreign);
