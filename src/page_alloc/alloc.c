// SPDX-License-Identifier: GPL-2.0
/*
 * Allocation: see alloc.h. Counterparts: __alloc_pages(),
 * get_page_from_freelist(), __alloc_pages_slowpath().
 *
 *   isle_alloc_frames()   a block from this CPU's list, no questions asked:
 *     |                   what is on the lists is past the watermarks
 *     v empty
 *   alloc_zones(low)      the zones in order, refilling this CPU's list
 *     v all below low
 *   alloc_zones(min)      with what the caller may take of the reserves
 *     v all below min
 *   recover()             per-CPU lists, quarantine, HIGHATOMIC come back
 *     v nothing came
 *   report, or wait and start over (__GFP_NOFAIL)
 */

#include <linux/delay.h>
#include <linux/error-injection.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/topology.h>

#include <trace/isle.h>

#include "alloc.h"
#include "compat.h"
#include "drain.h"
#include "fast.h"
#include "gfp.h"
#include "migrate.h"
#include "pcp.h"
#include "quarantine.h"
#include "report.h"
#include "zone.h"

enum {
	RETRIES		= 3,	/* before ordinary callers are told no */
	NOFAIL_WAIT_MS	= 10,
};

/* What one request asks for, once its gfp flags are understood. */
struct alloc_context {
	struct isle *isle;
	const struct isle_zonelist *zonelist;
	gfp_t gfp;
	unsigned int order;
	enum isle_zone_type highest;
	enum isle_migratetype mt;
	unsigned int alloc_flags;	/* besides those of the watermark */
	bool memory_short;		/* and not the user share alone */
};

static const struct isle_zonelist *
zonelist_for(const struct isle *isle, gfp_t gfp, int nid)
{
	const struct isle_node *node = &isle->nodes[nid];

	if (unlikely(gfp & __GFP_THISNODE))
		return node->thisnode[isle_gfp_zone(gfp)];
	return node->zonelist[isle_gfp_zone(gfp)];
}

/*
 * Charge a zone's user share with up to @nr blocks: whole blocks, all or what
 * is left. Return: how many.
 */
static unsigned int charge_user(struct isle_zone *zone, unsigned int order,
				unsigned int nr)
{
	long pages = (long)nr << order;
	long over;

	over = atomic_long_add_return(pages, &zone->nr_user) - zone->user_max;
	if (likely(over <= 0))
		return nr;
	over = min_t(long, DIV_ROUND_UP(over, 1L << order), nr);
	atomic_long_sub(over << order, &zone->nr_user);
	return nr - over;
}

static unsigned int alloc_zone(struct alloc_context *ac,
			       struct isle_zone *zone,
			       unsigned int alloc_flags, unsigned int nr,
			       u32 *ids)
{
	unsigned int got, charged = nr;

	if (alloc_flags & ISLE_ALLOC_USER)
		charged = charge_user(zone, ac->order, nr);
	if (!charged)
		return 0;
	got = isle_pcp_alloc(zone, ac->order, ac->mt, alloc_flags, charged,
			     ids);
	if (!got)
		ac->memory_short = true;
	if (alloc_flags & ISLE_ALLOC_USER && got < charged)
		atomic_long_sub((long)(charged - got) << ac->order,
				&zone->nr_user);
	if (got && alloc_flags & ISLE_ALLOC_HIGHATOMIC)
		isle_reserve_highatomic(zone, ids[0]);
	return got;
}

/* A zone with a smaller zone below it rather leaves its pageblocks alone. */
static unsigned int nofragment(const struct alloc_context *ac)
{
	const struct isle_zonelist *zonelist = ac->zonelist;

	if (zonelist->nr > 1 &&
	    zonelist->zones[0]->type == ISLE_ZONE_NORMAL &&
	    zonelist->zones[1]->type == ISLE_ZONE_DMA32 &&
	    zonelist->zones[1]->nid == zonelist->zones[0]->nid)
		return ISLE_ALLOC_NOFRAGMENT;
	return 0;
}

/*
 * Before it goes to another node, or fails, a request that leaves pageblocks alone
 * no longer does: near is better than unfragmented.
 */
static bool must_fragment(const struct alloc_context *ac, unsigned int i)
{
	struct isle_zone *const *zones = ac->zonelist->zones;

	return i == ac->zonelist->nr || zones[i]->nid != zones[0]->nid;
}

static unsigned int alloc_zones(struct alloc_context *ac,
				unsigned int alloc_flags, unsigned int nr,
				u32 *ids)
{
	unsigned int i, may, got;

	alloc_flags |= ac->alloc_flags;
	for (i = 0; ; i++) {
		struct isle_zone *zone;

		if (alloc_flags & ISLE_ALLOC_NOFRAGMENT &&
		    must_fragment(ac, i)) {
			alloc_flags &= ~ISLE_ALLOC_NOFRAGMENT;
			i = 0;
		}
		if (i == ac->zonelist->nr)
			return 0;
		zone = ac->zonelist->zones[i];
		may = isle_zone_watermark_nr(zone, ac->order, ac->highest,
					     alloc_flags, nr);
		if (!may) {
			trace_zone_watermark(zone, ac->order, alloc_flags &
					     ISLE_ALLOC_WMARK_MASK);
			ac->memory_short = true;
			continue;
		}
		got = alloc_zone(ac, zone, alloc_flags, may, ids);
		if (got)
			return got;
	}
}

/* This CPU's lists of any zone may hold what the watermarks keep back. */
static unsigned int alloc_pcp_only(struct alloc_context *ac, u32 *ids)
{
	unsigned int i;

	if (ac->mt >= ISLE_PCPTYPES || ac->alloc_flags & ISLE_ALLOC_USER)
		return 0;
	for (i = 0; i < ac->zonelist->nr; i++) {
		if (isle_pcp_take(ac->zonelist->zones[i], ac->order, ac->mt,
				  1, ids))
			return 1;
	}
	return 0;
}

/*
 * Bring back what is free but out of reach. Who can't wait doesn't look through
 * the quarantine, and takes no more of the lists than one call may move: both have
 * no bound but memory's. A process that has used up its share may find part of
 * that in quarantine, and disturbs nobody else.
 */
static void recover(struct alloc_context *ac)
{
	unsigned int i;

	if (gfpflags_allow_blocking(ac->gfp))
		isle_quarantine_rescan(ac->isle);
	if (!ac->memory_short)
		return;
	if (gfpflags_allow_blocking(ac->gfp)) {
		isle_drain_all(ac->isle);
	} else {
		for (i = 0; i < ac->zonelist->nr; i++)
			isle_pcp_drain_some(ac->zonelist->zones[i]);
	}
	for (i = 0; i < ac->zonelist->nr; i++) {
		if (isle_unreserve_highatomic(ac->zonelist->zones[i]))
			break;
	}
}

static bool worth_retrying(const struct alloc_context *ac, unsigned int tries)
{
	if (ac->gfp & __GFP_NOFAIL)
		return true;
	if (!gfpflags_allow_blocking(ac->gfp) || fatal_signal_pending(current))
		return tries < 1;
	if (ac->gfp & __GFP_NORETRY || !ac->memory_short)
		return tries < 1;
	return tries < RETRIES;
}

/* What the caller may have below the low watermark. */
static unsigned int alloc_min(struct alloc_context *ac, unsigned int nr,
			      u32 *ids)
{
	unsigned int flags, got;

	flags = isle_gfp_alloc_flags(ac->gfp, ac->order, ac->mt);
	got = alloc_zones(ac, flags & ~ISLE_ALLOC_NO_WATERMARKS, nr, ids);
	if (!got && flags & ISLE_ALLOC_NO_WATERMARKS)
		got = alloc_zones(ac, flags, nr, ids);
	if (!got)
		got = alloc_pcp_only(ac, ids);
	return got;
}

static noinline unsigned int alloc_slowpath(struct alloc_context *ac,
					    unsigned int nr, u32 *ids)
{
	unsigned int got, tries;

	for (tries = 0; ; tries++) {
		ac->memory_short = false;
		got = alloc_min(ac, nr, ids);
		if (got || !worth_retrying(ac, tries))
			break;
		if (tries && gfpflags_allow_blocking(ac->gfp))
			msleep(NOFAIL_WAIT_MS);
		recover(ac);
	}
	if (!got) {
		atomic_long_inc(&ac->isle->nr_failures);
		trace_page_alloc(-1UL, ac->order, ac->gfp, ac->mt);
		isle_report_failure(ac->isle, ac->gfp, ac->order,
				    ac->alloc_flags & ISLE_ALLOC_USER);
	}
	return got;
}

static noinline unsigned int alloc_slow(struct isle *isle, gfp_t gfp,
					unsigned int order, int nid,
					enum isle_migratetype mt,
					unsigned int alloc_flags,
					unsigned int nr, u32 *ids)
{
	struct alloc_context ac = {
		.isle		= isle,
		.zonelist	= zonelist_for(isle, gfp, nid),
		.gfp		= gfp,
		.order		= order,
		.highest	= isle_gfp_zone(gfp),
		.mt		= mt,
		.alloc_flags	= alloc_flags,
	};
	unsigned int got;

	might_sleep_if(gfpflags_allow_blocking(gfp));
	if (mt == ISLE_MOVABLE)
		alloc_flags |= ISLE_ALLOC_CMA;
	ac.alloc_flags = alloc_flags;
	got = alloc_zones(&ac, ISLE_WMARK_LOW | nofragment(&ac), nr, ids);
	if (got)
		return got;
	/* Having something, don't wait or complain for the rest. */
	if (alloc_flags & ISLE_ALLOC_REST)
		return alloc_min(&ac, nr, ids);
	return alloc_slowpath(&ac, nr, ids);
}

static int local_node(int nid)
{
	return nid == NUMA_NO_NODE ? numa_mem_id() : nid;
}

static __always_inline void clear_block(struct isle *isle, u32 id,
					unsigned int order)
{
	void *address = isle_frame_address(isle, id), *end;

	if (unlikely(!address))
		return;
	end = address + (PAGE_SIZE << order);
	for (; address < end; address += PAGE_SIZE)
		clear_page(address);
}

/* Show a block to those who watch: check and note it in debugging, trace it. */
static noinline void watch_alloc(struct isle *isle, u32 id, gfp_t gfp,
				 unsigned int order)
{
	isle_debug_alloc(isle, id, order);
	trace_page_alloc(isle_id_to_pfn(isle, id), order, gfp,
			 isle_pageblock_type(isle, id));
}

/* One branch for what watches, however many there are. */
static __always_inline void prep_many(struct isle *isle, const u32 *ids,
				      unsigned int nr, gfp_t gfp,
				      unsigned int order)
{
	unsigned int i;

	if (isle_watched()) {
		for (i = 0; i < nr; i++)
			watch_alloc(isle, ids[i], gfp, order);
	}
	if (gfp & __GFP_ZERO) {
		for (i = 0; i < nr; i++)
			clear_block(isle, ids[i], order);
	}
}

noinline u32 isle_prep(struct isle *isle, u32 id, gfp_t gfp,
		       unsigned int order)
{
	prep_many(isle, &id, 1, gfp, order);
	return id;
}
EXPORT_SYMBOL_FOR_KUNIT(isle_prep);

/* isle_alloc_frames() after the fast path had nothing. */
noinline u32 isle_alloc_slow(struct isle *isle, gfp_t gfp, unsigned int order,
			     int nid, void *owner)
{
	u32 id;

	if (!isle_gfp_valid(isle, gfp, order))
		return ISLE_NO_FRAME;
	if (!alloc_slow(isle, gfp, order, local_node(nid),
			isle_gfp_migratetype(gfp), 0, 1, &id))
		return ISLE_NO_FRAME;
	isle_hand_out(isle, id, gfp, 0, owner);
	return isle_prep(isle, id, gfp, order);
}
EXPORT_SYMBOL_FOR_KUNIT(isle_alloc_slow);

u32 isle_alloc_frames(struct isle *isle, gfp_t gfp, unsigned int order,
		      int nid)
{
	u32 id;

	if (unlikely(local_node(nid) != numa_mem_id() ||
		     !isle_alloc_fast(isle, gfp, order, NULL, &id)))
		return isle_alloc_slow(isle, gfp, order, nid, NULL);
	if (isle_needs_prep(gfp))
		return isle_prep(isle, id, gfp, order);
	return id;
}
EXPORT_SYMBOL_FOR_KUNIT(isle_alloc_frames);

static unsigned int alloc_many(struct isle *isle, gfp_t gfp,
			       unsigned int order, int nid,
			       enum isle_migratetype mt,
			       unsigned int alloc_flags, unsigned int nr,
			       u32 *ids)
{
	u8 frame_flags = alloc_flags & ISLE_ALLOC_USER ? ISLE_FRAME_USER : 0;
	unsigned int done = 0, got, i;

	if (!isle_gfp_valid(isle, gfp, order))
		return 0;
	nid = local_node(nid);
	while (done < nr) {
		got = alloc_slow(isle, gfp, order, nid, mt, alloc_flags,
				 nr - done, ids + done);
		if (!got)
			break;
		for (i = done; i < done + got; i++)
			isle_hand_out(isle, ids[i], gfp, frame_flags, NULL);
		prep_many(isle, ids + done, got, gfp, order);
		done += got;
		alloc_flags |= ISLE_ALLOC_REST;
	}
	return done;
}

unsigned int isle_alloc_frames_bulk(struct isle *isle, gfp_t gfp, int nid,
				    unsigned int nr, u32 *ids)
{
	return alloc_many(isle, gfp, 0, nid, isle_gfp_migratetype(gfp), 0, nr,
			  ids);
}
EXPORT_SYMBOL_FOR_KUNIT(isle_alloc_frames_bulk);

/*
 * A frame off this CPU's list, as isle_alloc_frames() takes it, if processes may
 * have one more of its zone. If not, another zone may do.
 */
static bool alloc_user_fast(struct isle *isle, gfp_t gfp, u32 *id)
{
	struct isle_zone *zone;

	if (unlikely(gfp & (__GFP_THISNODE | ISLE_GFP_REFUSED) ||
		     !isle_pcp_get(isle, gfp, 0, id)))
		return false;
	zone = isle_frame_zone(isle, isle_frame(isle, *id));
	if (unlikely(!charge_user(zone, 0, 1))) {
		isle_pcp_free_slow(zone, *id, 0);
		return false;
	}
	isle_hand_out(isle, *id, gfp, ISLE_FRAME_USER, NULL);
	return true;
}

unsigned int isle_alloc_user(struct isle *isle, gfp_t gfp, unsigned int order,
			     unsigned int nr, u32 *ids)
{
	if (nr == 1 && !order && likely(alloc_user_fast(isle, gfp, ids))) {
		prep_many(isle, ids, 1, gfp, 0);
		return 1;
	}
	return alloc_many(isle, gfp, order, NUMA_NO_NODE,
			  isle_gfp_migratetype(gfp), ISLE_ALLOC_USER, nr, ids);
}
EXPORT_SYMBOL_FOR_KUNIT(isle_alloc_user);
ALLOW_ERROR_INJECTION(isle_alloc_user, NULL); /* it returns 0 then */

u32 isle_alloc_typed(struct isle *isle, gfp_t gfp, unsigned int order, int nid,
		     enum isle_migratetype mt, bool user)
{
	unsigned int alloc_flags = user ? ISLE_ALLOC_USER : 0;
	u32 id;

	if (mt >= ISLE_ISOLATE)
		return ISLE_NO_FRAME;
	if (mt == ISLE_CMA)
		alloc_flags |= ISLE_ALLOC_CMA;
	if (mt == ISLE_HIGHATOMIC) {
		/* What the reserve lacks, it gets: an atomic caller's way. */
		alloc_flags |= ISLE_ALLOC_HIGHATOMIC;
		mt = ISLE_UNMOVABLE;
	}
	if (!alloc_many(isle, gfp, order, nid, mt, alloc_flags, 1, &id))
		return ISLE_NO_FRAME;
	return id;
}
EXPORT_SYMBOL_FOR_KUNIT(isle_alloc_typed);

unsigned long isle_nr_free(const struct isle *isle)
{
	unsigned long nr = 0;
	unsigned int i;

	for (i = 0; i < isle->nr_zones; i++) {
		const struct isle_zone *zone = isle->zones[i];

		nr += READ_ONCE(zone->nr_free) + READ_ONCE(zone->nr_isolated) +
		      isle_pcp_pages(zone);
	}
	return nr;
}
EXPORT_SYMBOL_FOR_KUNIT(isle_nr_free);

unsigned long isle_nr_managed(const struct isle *isle)
{
	unsigned long nr = 0;
	unsigned int i;

	for (i = 0; i < isle->nr_zones; i++)
		nr += isle->zones[i]->managed;
	return nr;
}
EXPORT_SYMBOL_FOR_KUNIT(isle_nr_managed);
