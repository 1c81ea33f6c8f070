// SPDX-License-Identifier: GPL-2.0
/* A model of an instance: see model.h. */

#include <linux/mm.h>
#include <linux/string.h>

#include "instance_fixture.h"
#include "invariants.h"
#include "model.h"
#include "page_alloc/alloc.h"
#include "page_alloc/drain.h"
#include "page_alloc/gfp.h"
#include "page_alloc/migrate.h"
#include "page_alloc/quarantine.h"
#include "page_alloc/zone.h"
#include "random.h"

enum { BULK = 64, MOST_REFS = 200, MOST_ISOLATED = 2 };

static void mask_interrupts(struct model *m, bool masked)
{
	if (m->masked == masked)
		return;
	m->masked = masked;
	if (masked)
		local_irq_disable();
	else
		local_irq_enable();
}

void model_broken(struct model *m, const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	if (m->broken)
		return;
	m->broken = true;
	mask_interrupts(m, false);
	va_start(args, fmt);
	vaf.va = &args;
	KUNIT_FAIL(m->test, "operation %u: %pV", m->op, &vaf);
	va_end(args);
}

static void *zalloc(struct kunit *test, size_t nr, size_t size)
{
	void *p = kunit_kcalloc(test, nr, size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	return p;
}

static bool is_whole(const struct isle *isle, u32 start)
{
	const struct isle_frame *frame = isle->frames + start;
	u32 i;

	for (i = 0; i < ISLE_PAGEBLOCK_FRAMES; i++) {
		if (frame[i].state == ISLE_FRAME_HOLE ||
		    frame[i].zone != frame->zone)
			return false;
	}
	return true;
}

struct model *model_create(struct kunit *test, struct isle *isle)
{
	u32 i, pageblocks = isle->nr_frames / ISLE_PAGEBLOCK_FRAMES;
	struct model *m = zalloc(test, 1, sizeof(*m));

	m->test = test;
	m->isle = isle;
	m->block = zalloc(test, isle->nr_frames, sizeof(*m->block));
	m->taken = zalloc(test, isle->nr_frames, sizeof(*m->taken));
	m->isolated = zalloc(test, pageblocks, sizeof(*m->isolated));
	m->whole = zalloc(test, pageblocks, sizeof(*m->whole));
	for (i = 0; i < pageblocks; i++)
		m->whole[i] = is_whole(isle, i * ISLE_PAGEBLOCK_FRAMES);
	/* Wrong calls are part of the game; there is no need to read of them. */
	isle->report.burst = 0;
	ratelimit_set_flags(&isle->report, RATELIMIT_MSG_ON_RELEASE);
	prandom_seed_state(&m->rnd, isle_random_seed(test));
	return m;
}

static u32 below(struct model *m, u32 n)
{
	return isle_random_below(&m->rnd, n);
}

/* Where a frame has memory, its first word says whose it is. */
static void stamp(struct model *m, u32 id, unsigned int order)
{
	u32 i;

	for (i = id; i < id + BIT(order); i++) {
		u32 *word = isle_frame_address(m->isle, i);

		if (word)
			*word = ~i;
	}
}

static void check_stamp(struct model *m, u32 id, unsigned int order)
{
	u32 i;

	for (i = id; i < id + BIT(order); i++) {
		u32 *word = isle_frame_address(m->isle, i);

		model_require(m, !word || *word == ~i, "frame %u: %#x", i,
			      *word);
	}
}

static void check_zeroed(struct model *m, u32 id, unsigned int order)
{
	void *address = isle_frame_address(m->isle, id);

	model_require(m, !address ||
		      !memchr_inv(address, 0, PAGE_SIZE << order),
		      "frame %u, order %u", id, order);
}

/* Whether a request may have a block where it got one. */
static void check_place(struct model *m, u32 id, gfp_t gfp,
			enum isle_migratetype mt)
{
	const struct isle_zone *zone = isle_frame_zone(m->isle,
						       m->isle->frames + id);
	enum isle_migratetype block_mt = isle_pageblock_type(m->isle, id);

	model_require(m, zone->type <= isle_gfp_zone(gfp),
		      "frame %u: zone %u, gfp %#x", id, zone->type,
		      (__force unsigned int)gfp);
	model_require(m, block_mt != ISLE_ISOLATE, "frame %u", id);
	model_require(m, block_mt != ISLE_CMA || mt == ISLE_MOVABLE ||
		      mt == ISLE_CMA, "frame %u: for type %u", id, mt);
}

static void note_block(struct model *m, u32 id, unsigned int order, gfp_t gfp,
		       enum isle_migratetype mt, bool user)
{
	const struct isle_frame *frame = m->isle->frames + id;
	u32 i;

	model_require(m, id < m->isle->nr_frames, "frame %u", id);
	model_require(m, IS_ALIGNED(id, BIT(order)), "frame %u, order %u", id,
		      order);
	if (m->broken)
		return;
	model_require(m, frame->state == ISLE_FRAME_ALLOCATED &&
		      frame->order == order && atomic_read(&frame->ref) == 1,
		      "frame %u: state %u order %u", id, frame->state,
		      frame->order);
	model_require(m, !(frame->flags & ISLE_FRAME_USER) == !user,
		      "frame %u: flags %#x", id, frame->flags);
	check_place(m, id, gfp, mt);
	for (i = id; i < id + BIT(order); i++) {
		model_require(m, !m->taken[i], "frame %u of block %u", i, id);
		m->taken[i] = true;
	}
	if (gfp & __GFP_ZERO)
		check_zeroed(m, id, order);
	stamp(m, id, order);
	m->pages += BIT(order);
	m->block[m->nr++] = (struct model_block) {
		.id = id,
		.order = order,
		.refs = 1,
		.user = user,
		.comp = gfp & __GFP_COMP,
	};
}

/* A single frame must be had while a zone has more than its high mark. */
static void check_failure(struct model *m, gfp_t gfp, unsigned int order)
{
	enum isle_zone_type highest = isle_gfp_zone(gfp);
	unsigned int i;

	m->failures++;
	for (i = 0; i < m->isle->nr_zones && !order; i++) {
		const struct isle_zone *zone = m->isle->zones[i];
		unsigned long usable = zone->nr_free - zone->nr_free_cma -
				       zone->nr_free_highatomic;

		model_require(m, zone->type > highest ||
			      usable <= zone->watermark[ISLE_WMARK_HIGH] +
					zone->watermark_boost +
					zone->lowmem_reserve[highest],
			      "zone %u: %lu usable, gfp %#x", i, usable,
			      (__force unsigned int)gfp);
	}
}

static void do_alloc(struct model *m)
{
	unsigned int order = isle_random_order(&m->rnd);
	gfp_t gfp = isle_random_gfp(&m->rnd);
	u32 id;

	/* Once in a while one that drains all CPUs. */
	if (!m->masked && isle_random_one_in(&m->rnd, 256))
		gfp |= __GFP_DIRECT_RECLAIM | __GFP_NORETRY;
	id = isle_alloc_frames(m->isle, gfp, order,
			       below(m, 2) ? 0 : NUMA_NO_NODE);
	if (id == ISLE_NO_FRAME)
		check_failure(m, gfp, order);
	else
		note_block(m, id, order, gfp, isle_gfp_migratetype(gfp), false);
}

static void do_alloc_typed(struct model *m)
{
	enum isle_migratetype mt = below(m, ISLE_MIGRATE_TYPES);
	unsigned int order = isle_random_order(&m->rnd);
	gfp_t gfp = isle_random_gfp(&m->rnd);
	bool user = below(m, 2);
	u32 id;

	id = isle_alloc_typed(m->isle, gfp, order, NUMA_NO_NODE, mt, user);
	if (id == ISLE_NO_FRAME)
		return;
	model_require(m, mt != ISLE_ISOLATE, "frame %u", id);
	model_require(m, mt != ISLE_CMA ||
		      isle_pageblock_type(m->isle, id) == ISLE_CMA,
		      "frame %u", id);
	note_block(m, id, order, gfp, mt, user);
}

static void do_alloc_many(struct model *m, bool user)
{
	unsigned int order = user ? isle_random_order(&m->rnd) : 0;
	unsigned int i, got, nr = 1 + below(m, BULK);
	gfp_t gfp = isle_random_gfp(&m->rnd);
	u32 ids[BULK];

	if (user)
		got = isle_alloc_user(m->isle, gfp, order, nr, ids);
	else
		got = isle_alloc_frames_bulk(m->isle, gfp, NUMA_NO_NODE, nr,
					     ids);
	model_require(m, got <= nr, "%u of %u", got, nr);
	for (i = 0; i < got; i++)
		note_block(m, ids[i], order, gfp, isle_gfp_migratetype(gfp),
			   user);
}

static void forget(struct model *m, struct model_block *block)
{
	m->pages -= BIT(block->order);
	*block = m->block[--m->nr];
}

static void untake(struct model *m, const struct model_block *block)
{
	memset(m->taken + block->id, false, BIT(block->order));
}

/* One reference less, in the model. Return: whether the block is free now. */
static bool put_in_model(struct model *m, struct model_block *block)
{
	check_stamp(m, block->id, block->order);
	if (--block->refs)
		return false;
	untake(m, block);
	forget(m, block);
	return true;
}

static struct model_block *any_block(struct model *m)
{
	return m->nr ? &m->block[below(m, m->nr)] : NULL;
}

static void do_free(struct model *m)
{
	struct model_block *block = any_block(m);
	unsigned int order;
	u32 id;

	if (!block)
		return;
	id = block->id;
	order = block->order;
	put_in_model(m, block);
	if (below(m, 2))
		isle_free_frames(m->isle, id, order);
	else
		isle_put_frame(m->isle, id + below(m, BIT(order)));
}

static void do_free_bulk(struct model *m)
{
	unsigned int i, nr = 0, tries = 1 + below(m, BULK);
	u32 ids[BULK];

	for (i = 0; i < tries && m->nr; i++) {
		struct model_block *block = any_block(m);

		if (block->order)
			continue;
		ids[nr++] = block->id;
		put_in_model(m, block);
	}
	isle_free_frames_bulk(m->isle, ids, nr);
}

static void do_get(struct model *m)
{
	struct model_block *block = any_block(m);
	u32 id;

	if (!block || block->refs >= MOST_REFS)
		return;
	id = block->id;
	if (block->comp)
		id += below(m, BIT(block->order));
	block->refs++;
	if (below(m, 2))
		isle_get_frame(m->isle, id);
	else
		model_require(m, isle_tryget_frame(m->isle, id), "frame %u",
			      id);
}

static void do_split(struct model *m)
{
	struct model_block *block = any_block(m), page;
	unsigned int i, order;

	if (!block)
		return;
	page = *block;
	order = page.order;
	isle_split_block(m->isle, page.id, order);
	if (page.comp)
		return;
	forget(m, block);
	page.order = 0;
	for (i = 0; i < BIT(order); i++, page.id++) {
		m->block[m->nr++] = page;
		m->pages++;
		page.refs = 1;
	}
}

/* Free a block that the kernel has pinned. */
static void do_quarantine(struct model *m)
{
	struct model_block *block = any_block(m), pinned;

	if (!block || block->refs > 1 ||
	    m->nr_waiting == ARRAY_SIZE(m->waiting))
		return;
	pinned = *block;
	m->waiting[m->nr_waiting++] = pinned;
	forget(m, block);
	isle_expose_frame(m->isle, pinned.id);
	fixture_pin(m->isle, pinned.id, true);
	isle_free_frames(m->isle, pinned.id, pinned.order);
}

static void do_unpin(struct model *m)
{
	struct model_block *block;

	if (!m->nr_waiting)
		return;
	block = &m->waiting[below(m, m->nr_waiting)];
	check_stamp(m, block->id, block->order);
	fixture_pin(m->isle, block->id, false);
	isle_quarantine_rescan(m->isle);
	untake(m, block);
	*block = m->waiting[--m->nr_waiting];
}

/* What isle refuses must change nothing: see model_compare(). */
static void do_wrong(struct model *m)
{
	unsigned int order = isle_random_order(&m->rnd);
	u32 id = below(m, m->isle->nr_frames);
	const struct isle_frame *frame = m->isle->frames + id;

	if (frame->state != ISLE_FRAME_ALLOCATED || frame->order != order)
		isle_free_frames(m->isle, id, order);
	if (m->taken[id])
		return;
	isle_put_frame(m->isle, id);
	isle_get_frame(m->isle, id);
	isle_free_frames_bulk(m->isle, &id, 1);
	isle_split_block(m->isle, id, order);
	model_require(m, !isle_tryget_frame(m->isle, id), "frame %u", id);
}

static u32 any_pageblock(struct model *m)
{
	return below(m, m->isle->nr_frames / ISLE_PAGEBLOCK_FRAMES);
}

static void do_isolate(struct model *m)
{
	u32 pageblock = any_pageblock(m);
	u32 id = pageblock * ISLE_PAGEBLOCK_FRAMES + below(m, 512);
	int want = 0, ret;

	if (m->nr_isolated == MOST_ISOLATED && !m->isolated[pageblock])
		return;
	if (!m->whole[pageblock])
		want = -EINVAL;
	else if (m->isolated[pageblock])
		want = -EBUSY;
	ret = isle_isolate_pageblock(m->isle, id);
	model_require(m, ret == want, "pageblock %u: %d, not %d", pageblock,
		      ret, want);
	if (ret)
		return;
	m->isolated[pageblock] = true;
	m->nr_isolated++;
}

/* Not more than four pageblocks of CMA: most requests can't use them. */
static bool enough_cma(const struct isle *isle)
{
	unsigned int i, nr = 0;

	for (i = 0; i < isle->nr_frames / ISLE_PAGEBLOCK_FRAMES; i++)
		nr += isle->pageblocks[i] == ISLE_CMA;
	return nr >= 4;
}

static void do_unisolate(struct model *m)
{
	enum isle_migratetype mt = below(m, ISLE_MIGRATE_TYPES);
	u32 pageblock = any_pageblock(m);
	int want = 0, ret;

	if (mt == ISLE_CMA && enough_cma(m->isle))
		mt = ISLE_MOVABLE;
	if (!m->isolated[pageblock] || mt == ISLE_ISOLATE ||
	    mt == ISLE_HIGHATOMIC)
		want = -EINVAL;
	ret = isle_unisolate_pageblock(m->isle,
				       pageblock * ISLE_PAGEBLOCK_FRAMES, mt);
	model_require(m, ret == want, "pageblock %u, type %u: %d, not %d",
		      pageblock, mt, ret, want);
	if (ret)
		return;
	m->isolated[pageblock] = false;
	m->nr_isolated--;
}

static void do_drain(struct model *m)
{
	u32 zone = below(m, m->isle->nr_zones);

	switch (below(m, 4)) {
	case 0:
		isle_drain_all(m->isle);
		break;
	case 1:
		isle_drain_cpu(m->isle, raw_smp_processor_id());
		break;
	default:
		isle_pcp_drain_local(m->isle->zones[zone]);
	}
}

static void do_watermarks(struct model *m)
{
	isle_zones_set_watermarks(m->isle, 1 + below(m, 4096));
}

static void do_alloc_bulk(struct model *m)
{
	do_alloc_many(m, false);
}

static void do_alloc_user(struct model *m)
{
	do_alloc_many(m, true);
}

/*
 * How often in a thousand, while more is allocated and while more is freed, and
 * what may sleep.
 */
static const struct {
	void (*act)(struct model *m);
	unsigned int growing, shrinking;
	bool may_sleep;
} actions[] = {
	{ do_alloc,	  440, 280 },
	{ do_free,	  300, 440 },
	{ do_alloc_typed,  60,  40 },
	{ do_alloc_bulk,   12,   6 },
	{ do_alloc_user,   12,   6 },
	{ do_free_bulk,    40,  80 },
	{ do_get,	   60,  60 },
	{ do_split,	   20,  20 },
	{ do_quarantine,   10,  10 },
	{ do_unpin,	   12,  12 },
	{ do_wrong,	   20,  20 },
	{ do_isolate,	    3,   3, true },
	{ do_unisolate,     5,   5, true },
	{ do_drain,	    4,   4, true },
	{ do_watermarks,    2,   2, true },
};

void model_step(struct model *m)
{
	unsigned int i, dice = below(m, 1000);

	m->op++;
	if (isle_random_one_in(&m->rnd, 4096))
		m->growing = !m->growing;
	if (isle_random_one_in(&m->rnd, 16))
		mask_interrupts(m, !m->masked);
	for (i = 0; i < ARRAY_SIZE(actions) - 1; i++) {
		unsigned int weight = m->growing ? actions[i].growing :
						   actions[i].shrinking;

		if (dice < weight)
			break;
		dice -= weight;
	}
	if (actions[i].may_sleep)
		mask_interrupts(m, false);
	actions[i].act(m);
	model_require(m, irqs_disabled() == m->masked, "after action %u", i);
}

static void compare_block(struct model *m, const struct model_block *block,
			  enum isle_frame_state state, int refs)
{
	const struct isle_frame *frame = m->isle->frames + block->id;

	model_require(m, frame->state == state, "frame %u: state %u",
		      block->id, frame->state);
	model_require(m, frame->order == block->order,
		      "frame %u: order %u, not %u", block->id, frame->order,
		      block->order);
	model_require(m, atomic_read(&frame->ref) == refs,
		      "frame %u: %d references, not %d", block->id,
		      atomic_read(&frame->ref), refs);
}

void model_compare(struct model *m)
{
	unsigned int i;
	long allocated;

	mask_interrupts(m, false);
	/* Whoever looks through the quarantine by himself stays out. */
	isle_quarantine_stop(m->isle);
	isle_quarantine_rescan(m->isle);
	allocated = isle_count_allocated(m->test, m->isle);
	model_require(m, allocated == m->pages, "%ld, not %lu", allocated,
		      m->pages);
	for (i = 0; i < m->nr && !m->broken; i++)
		compare_block(m, &m->block[i], ISLE_FRAME_ALLOCATED,
			      m->block[i].refs);
	for (i = 0; i < m->nr_waiting && !m->broken; i++)
		compare_block(m, &m->waiting[i], ISLE_FRAME_QUARANTINE, 0);
	for (i = 0; i < m->isle->nr_frames / ISLE_PAGEBLOCK_FRAMES; i++)
		model_require(m, m->isolated[i] ==
			      (m->isle->pageblocks[i] == ISLE_ISOLATE),
			      "pageblock %u: type %u", i,
			      m->isle->pageblocks[i]);
}

void model_free_all(struct model *m)
{
	u32 i;

	mask_interrupts(m, false);
	while (m->nr)
		do_free(m);
	while (m->nr_waiting)
		do_unpin(m);
	for (i = 0; i < m->isle->nr_frames / ISLE_PAGEBLOCK_FRAMES; i++) {
		if (m->isolated[i])
			isle_unisolate_pageblock(m->isle,
						 i * ISLE_PAGEBLOCK_FRAMES,
						 ISLE_MOVABLE);
		m->isolated[i] = false;
	}
	isle_drain_all(m->isle);
}
