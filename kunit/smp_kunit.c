// SPDX-License-Identifier: GPL-2.0
/*
 * Random operations on two CPUs at once, with a hard interrupt on each that
 * allocates and frees in between, while somebody else drains, isolates and
 * moves watermarks.
 *
 * Nobody can say what is right then, but this: no frame is given out twice, a
 * reference holds what it was taken to, nothing is lost, and when all have
 * stopped every invariant holds.
 */

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>

#include "compat.h"
#include "instance_fixture.h"
#include "invariants.h"
#include "klog.h"
#include "page_alloc/alloc.h"
#include "page_alloc/drain.h"
#include "page_alloc/gfp.h"
#include "page_alloc/migrate.h"
#include "page_alloc/zone.h"
#include "random.h"

enum {
	ROUNDS		= 4,
	HELD		= 256,
	SLOTS		= 64,
	BULK		= 16,
	TICK_NS		= IS_ENABLED(CONFIG_KASAN) ? 1000000 : 100000,
	NO_BLOCK	= -1,
	ORDER_SHIFT	= 24,	/* a slot has an id below and an order above */
};

struct shared {
	struct kunit *test;
	struct isle *isle;
	unsigned long *taken;		/* by frame; atomic */
	atomic_t slot[SLOTS];		/* blocks to be freed by anyone */
	atomic_t given_twice;
	atomic_t lost_hold;
};

/* Whoever has blocks: a thread, or the interrupts of a CPU. */
struct holder {
	struct shared *shared;
	struct rnd_state rnd;
	unsigned long nr_steps;
	unsigned int nr;
	struct {
		u32 id;
		unsigned int order;
	} block[HELD];
};

struct worker {
	struct holder thread;
	struct holder interrupt;
	struct hrtimer timer;
	struct task_struct *task;
	struct completion done;
	unsigned long ops;
};

static u32 below(struct holder *h, u32 n)
{
	return isle_random_below(&h->rnd, n);
}

static void push(struct holder *h, u32 id, unsigned int order)
{
	u32 i;

	for (i = id; i < id + BIT(order); i++) {
		if (test_and_set_bit(i, h->shared->taken))
			atomic_inc(&h->shared->given_twice);
	}
	h->block[h->nr].id = id;
	h->block[h->nr++].order = order;
}

static void untake(struct shared *shared, u32 id, unsigned int order)
{
	u32 i;

	for (i = id; i < id + BIT(order); i++)
		clear_bit(i, shared->taken);
}

static void free_block(struct shared *shared, u32 id, unsigned int order)
{
	untake(shared, id, order);
	isle_free_frames(shared->isle, id, order);
}

static void step_alloc(struct holder *h, gfp_t gfp, unsigned int order)
{
	u32 id;

	if (h->nr == HELD)
		return;
	id = isle_alloc_frames(h->shared->isle, gfp, order, NUMA_NO_NODE);
	if (id != ISLE_NO_FRAME)
		push(h, id, order);
}

static void step_free(struct holder *h)
{
	unsigned int i;

	if (!h->nr)
		return;
	i = below(h, h->nr);
	free_block(h->shared, h->block[i].id, h->block[i].order);
	h->block[i] = h->block[--h->nr];
}

/* Leave a block for others to free, and free the one that was there. */
static void step_exchange(struct holder *h)
{
	atomic_t *slot = &h->shared->slot[below(h, SLOTS)];
	int block = NO_BLOCK;

	if (h->nr) {
		h->nr--;
		block = h->block[h->nr].id |
			h->block[h->nr].order << ORDER_SHIFT;
	}
	block = atomic_xchg(slot, block);
	if (block != NO_BLOCK)
		free_block(h->shared, block & (BIT(ORDER_SHIFT) - 1),
			   block >> ORDER_SHIFT);
}

static void step_alloc_bulk(struct holder *h, gfp_t gfp)
{
	unsigned int i, got;
	u32 ids[BULK];

	if (h->nr + BULK > HELD)
		return;
	got = isle_alloc_frames_bulk(h->shared->isle, gfp, NUMA_NO_NODE, BULK,
				     ids);
	for (i = 0; i < got; i++)
		push(h, ids[i], 0);
}

static void step_free_bulk(struct holder *h)
{
	unsigned int i, nr = 0;
	u32 ids[BULK];

	for (i = 0; i < BULK && h->nr && !h->block[h->nr - 1].order; i++) {
		ids[nr++] = h->block[--h->nr].id;
		untake(h->shared, ids[i], 0);
	}
	isle_free_frames_bulk(h->shared->isle, ids, nr);
}

/* A reference to whatever a frame may be part of, as a look-up under RCU. */
static void step_tryget(struct holder *h)
{
	struct isle *isle = h->shared->isle;
	u32 head, id = below(h, isle->nr_frames);

	if (!isle_tryget_frame(isle, id))
		return;
	head = isle_block_head(isle, id);
	cpu_relax();
	if (isle->frames[head].state != ISLE_FRAME_ALLOCATED ||
	    id - head >= BIT(isle->frames[head].order) ||
	    isle_block_head(isle, id) != head)
		atomic_inc(&h->shared->lost_hold);
	isle_put_frame(isle, id);
}

static void step_thread(struct holder *h)
{
	gfp_t gfp = isle_random_gfp(&h->rnd);

	h->nr_steps++;
	if (isle_random_one_in(&h->rnd, 2048))
		gfp |= __GFP_DIRECT_RECLAIM | __GFP_NORETRY;
	switch (below(h, 16)) {
	case 0 ... 5:
		step_alloc(h, gfp, isle_random_order(&h->rnd));
		break;
	case 6 ... 10:
		step_free(h);
		break;
	case 11:
		step_exchange(h);
		break;
	case 12:
		step_alloc_bulk(h, gfp);
		break;
	case 13:
		step_free_bulk(h);
		break;
	default:
		step_tryget(h);
	}
}

static void step_interrupt(struct holder *h)
{
	struct isle *isle = h->shared->isle;

	h->nr_steps++;
	switch (below(h, 8)) {
	case 0 ... 3:
		step_alloc(h, GFP_ATOMIC | __GFP_NOWARN, below(h, 4));
		break;
	case 4 ... 5:
		step_free(h);
		break;
	case 6:
		step_exchange(h);
		break;
	default:
		isle_pcp_drain_local(isle->zones[below(h, isle->nr_zones)]);
	}
}

static enum hrtimer_restart tick(struct hrtimer *timer)
{
	struct worker *w = container_of(timer, struct worker, timer);

	step_interrupt(&w->interrupt);
	hrtimer_forward_now(timer, ns_to_ktime(TICK_NS));
	return HRTIMER_RESTART;
}

static int work(void *data)
{
	struct worker *w = data;
	unsigned long i;

	hrtimer_start(&w->timer, ns_to_ktime(TICK_NS),
		      HRTIMER_MODE_REL_PINNED_HARD);
	for (i = 0; i < w->ops; i++) {
		step_thread(&w->thread);
		if (i % 1024 == 0)
			cond_resched();
	}
	hrtimer_cancel(&w->timer);
	complete(&w->done);
	return 0;
}

static struct worker *new_worker(struct kunit *test, struct shared *shared,
				 u64 seed)
{
	struct worker *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, w);
	w->ops = isle_random_ops / 2 / ROUNDS;
	w->thread.shared = shared;
	w->interrupt.shared = shared;
	prandom_seed_state(&w->thread.rnd, seed);
	prandom_seed_state(&w->interrupt.rnd, ~seed);
	isle_hrtimer_setup(&w->timer, tick);
	return w;
}

static void start(struct kunit *test, struct worker *w, int cpu)
{
	init_completion(&w->done);
	w->task = kthread_create_on_cpu(work, w, cpu, "isle_smp/%u");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, w->task);
	get_task_struct(w->task);
	wake_up_process(w->task);
}

static void stop(struct worker *w)
{
	wait_for_completion(&w->done);
	kthread_stop(w->task);
	put_task_struct(w->task);
}

/* What goes on besides, until the workers are done. */
static void disturb(struct shared *shared, struct worker *const *workers,
		    struct rnd_state *rnd)
{
	struct isle *isle = shared->isle;

	while (!completion_done(&workers[0]->done) ||
	       !completion_done(&workers[1]->done)) {
		u32 id = isle_random_below(rnd, isle->nr_frames);

		usleep_range(100, 200);
		if (!isle_isolate_pageblock(isle, id)) {
			usleep_range(100, 200);
			isle_unisolate_pageblock(isle, id, ISLE_MOVABLE);
		}
		isle_drain_all(isle);
		isle_zones_set_watermarks(isle,
					  1 + isle_random_below(rnd, 1024));
	}
}

static unsigned long pages_held(struct holder *h)
{
	unsigned long pages = 0;
	unsigned int i;

	for (i = 0; i < h->nr; i++)
		pages += BIT(h->block[i].order);
	return pages;
}

static unsigned long pages_in_slots(struct shared *shared)
{
	unsigned long pages = 0;
	unsigned int i;

	for (i = 0; i < SLOTS; i++) {
		int block = atomic_read(&shared->slot[i]);

		if (block != NO_BLOCK)
			pages += BIT(block >> ORDER_SHIFT);
	}
	return pages;
}

static void expect_whole(struct kunit *test, struct shared *shared,
			 struct worker *const *workers)
{
	unsigned long pages = pages_in_slots(shared);
	unsigned int i;

	for (i = 0; i < 2; i++)
		pages += pages_held(&workers[i]->thread) +
			 pages_held(&workers[i]->interrupt);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&shared->given_twice));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&shared->lost_hold));
	KUNIT_EXPECT_EQ(test, pages, bitmap_weight(shared->taken,
						   shared->isle->nr_frames));
	EXPECT_ALLOCATED(test, shared->isle, pages);
}

static struct shared *new_shared(struct kunit *test, struct isle *isle)
{
	struct shared *shared = kunit_kzalloc(test, sizeof(*shared),
					      GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, shared);
	KUNIT_ASSERT_LT(test, isle->nr_frames, BIT(ORDER_SHIFT));
	shared->test = test;
	shared->isle = isle;
	shared->taken = kunit_kcalloc(test, BITS_TO_LONGS(isle->nr_frames),
				      sizeof(long), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, shared->taken);
	for (i = 0; i < SLOTS; i++)
		atomic_set(&shared->slot[i], NO_BLOCK);
	return shared;
}

static void free_all(struct shared *shared, struct holder *h)
{
	while (h->nr)
		step_free(h);
}

static const struct isle_extent extents[] = {
	{ .base_pfn = FIXTURE_4GB - 0xa23, .nr = 0x1456 },
	{ .base_pfn = FIXTURE_4GB + 0x1b00, .nr = 0x1500 },
};

static void two_cpus_and_their_interrupts_get_along(struct kunit *test)
{
	struct isle_config config = {
		.extents = extents,
		.nr_extents = ARRAY_SIZE(extents),
		.min_free_kbytes = 512,
		.movable_percent = 30,
		.cma_percent = 10,
	};
	struct worker *workers[2];
	struct shared *shared;
	struct rnd_state rnd;
	unsigned int i, round;
	struct isle *isle;
	struct klog log;
	int cpu[2];
	u64 seed;

	isle = fixture_create(test, &config);
	cpu[0] = raw_smp_processor_id();
	cpu[1] = cpumask_any_but(cpu_online_mask, cpu[0]);
	if (cpu[1] >= nr_cpu_ids)
		kunit_skip(test, "a second CPU");
	klog_mark(&log);
	seed = isle_random_seed(test);
	prandom_seed_state(&rnd, seed);
	shared = new_shared(test, isle);
	for (i = 0; i < 2; i++)
		workers[i] = new_worker(test, shared, seed + 1 + i);
	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < 2; i++)
			start(test, workers[i], cpu[i]);
		disturb(shared, workers, &rnd);
		for (i = 0; i < 2; i++)
			stop(workers[i]);
		expect_whole(test, shared, workers);
	}
	for (i = 0; i < 2; i++) {
		kunit_info(test, "CPU %d: %lu operations, %lu interrupts",
			   cpu[i], workers[i]->thread.nr_steps,
			   workers[i]->interrupt.nr_steps);
		KUNIT_EXPECT_GT(test, workers[i]->interrupt.nr_steps, 0);
		free_all(shared, &workers[i]->thread);
		free_all(shared, &workers[i]->interrupt);
	}
	for (i = 0; i < 10000 && pages_in_slots(shared); i++)
		step_exchange(&workers[0]->thread);
	isle_drain_all(isle);
	expect_whole(test, shared, workers);
	KUNIT_EXPECT_EQ(test, 0, pages_in_slots(shared));
	KUNIT_EXPECT_EQ(test, isle_nr_managed(isle), isle_nr_free(isle));
	KUNIT_EXPECT_EQ(test, 0, klog_count(&log, "isle: bad"));
}

static struct kunit_case cases[] = {
	KUNIT_CASE_SLOW(two_cpus_and_their_interrupts_get_along),
	{}
};

static struct kunit_suite suite = {
	.name = "isle_smp",
	.test_cases = cases,
};

kunit_test_suite(suite);
