// SPDX-License-Identifier: GPL-2.0
/*
 * Fragmentation: how many blocks of 2 MB are to be had after single pages were
 * freed and allocated at random for a while.
 *
 * All of a peer's memory is taken first, and so many blocks of 2 MB given back:
 * both peers begin with the same. Nine tenths of that are filled with single
 * pages, a random half of which is freed. Each round then frees a random tenth
 * of what is left and allocates as many. Single pages don't wait; who asks for
 * 2 MB may, so that per-CPU lists are drained.
 */

#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "bench.h"

enum {
	TRIALS		= 5,
	STEPS		= 10,		/* counts after rounds that are reported */
	BLOCK_ORDER	= 9,
	BALLAST_MAX	= 32768,
	BLOCKS_MAX	= 4096,
};

#define PAGE_GFP ((GFP_HIGHUSER_MOVABLE & ~__GFP_RECLAIM) | __GFP_NOWARN)
#define BLOCK_GFP (GFP_HIGHUSER_MOVABLE | __GFP_NORETRY | __GFP_NOWARN)

/* What a peer has that the trial is not to use, by order of allocation. */
struct ballast {
	struct page *page[BALLAST_MAX];
	u8 order[BALLAST_MAX];
	unsigned int nr;
};

struct trial {
	const struct bench_peer *peer;
	struct rnd_state rnd;
	struct ballast *ballast;
	struct page **pages;
	unsigned int nr;		/* of @pages that are allocated */
	unsigned int max;
};

static void soak(struct trial *t, gfp_t gfp, unsigned int order)
{
	struct ballast *b = t->ballast;

	while (b->nr < BALLAST_MAX) {
		struct page *page = t->peer->alloc(gfp, order);

		if (!page)
			return;
		b->page[b->nr] = page;
		b->order[b->nr++] = order;
	}
}

static void drop_ballast(struct trial *t)
{
	struct ballast *b = t->ballast;

	while (b->nr) {
		b->nr--;
		t->peer->free(b->page[b->nr], b->order[b->nr]);
	}
}

/* Leave the peer with @blocks of 2 MB, and next to nothing besides. */
static int level(struct trial *t, unsigned int blocks)
{
	struct ballast *b = t->ballast;
	unsigned int order, i;

	soak(t, BLOCK_GFP, BLOCK_ORDER);
	if (b->nr < blocks || b->nr == BALLAST_MAX)
		return -EINVAL;
	for (order = BLOCK_ORDER - 1; order; order--)
		soak(t, PAGE_GFP, order);
	for (i = 0; i < blocks; i++)
		t->peer->free(b->page[i], BLOCK_ORDER);
	b->nr -= blocks;
	memmove(b->page, b->page + blocks, b->nr * sizeof(*b->page));
	memmove(b->order, b->order + blocks, b->nr * sizeof(*b->order));
	return 0;
}

static int fill(struct trial *t, unsigned int nr)
{
	while (t->nr < nr) {
		struct page *page = t->peer->alloc(PAGE_GFP, 0);

		if (!page)
			return -ENOMEM;
		t->pages[t->nr++] = page;
	}
	return 0;
}

static void free_random(struct trial *t, unsigned int nr)
{
	while (nr-- && t->nr) {
		unsigned int i = prandom_u32_state(&t->rnd) % t->nr;

		t->peer->free(t->pages[i], 0);
		t->pages[i] = t->pages[--t->nr];
	}
}

static unsigned int count_blocks(struct trial *t)
{
	struct page **blocks = kvcalloc(BLOCKS_MAX, sizeof(*blocks), GFP_KERNEL);
	unsigned int nr = 0, i;

	if (!blocks)
		return 0;
	while (nr < BLOCKS_MAX) {
		blocks[nr] = t->peer->alloc(BLOCK_GFP, BLOCK_ORDER);
		if (!blocks[nr])
			break;
		nr++;
	}
	for (i = 0; i < nr; i++)
		t->peer->free(blocks[i], BLOCK_ORDER);
	kvfree(blocks);
	return nr;
}

static int churn(struct trial *t, const struct bench_command *cmd,
		 u64 (*samples)[TRIALS], int nr)
{
	unsigned int half = t->max / 2;
	unsigned int round;
	int ret;

	samples[STEPS + 1][nr] = count_blocks(t);
	ret = fill(t, t->max);
	if (ret)
		return ret;
	free_random(t, t->max - half);
	samples[0][nr] = count_blocks(t);
	for (round = 1; !ret && round <= cmd->variant; round++) {
		free_random(t, half / 10);
		ret = fill(t, half);
		if (round % (cmd->variant / STEPS) == 0)
			samples[round * STEPS / cmd->variant][nr] =
				count_blocks(t);
		cond_resched();
	}
	return ret;
}

static int run_trial(struct trial *t, const struct bench_command *cmd,
		     u64 (*samples)[TRIALS], int nr)
{
	int ret;

	prandom_seed_state(&t->rnd, nr + 1);
	ret = level(t, cmd->count);
	if (!ret)
		ret = churn(t, cmd, samples, nr);
	free_random(t, t->nr);
	drop_ballast(t);
	return ret;
}

static int run_peer(struct trial *t, const struct bench_command *cmd,
		    struct seq_file *seq)
{
	u64 samples[STEPS + 2][TRIALS];
	char variant[16], phase[24];
	int nr, ret = 0;

	for (nr = 0; !ret && nr < TRIALS; nr++)
		ret = run_trial(t, cmd, samples, nr);
	if (ret)
		return ret;
	snprintf(variant, sizeof(variant), "%u", cmd->count);
	bench_line(seq, cmd->workload, t->peer->name, variant, 1, "empty");
	bench_samples(seq, samples[STEPS + 1], TRIALS, 1);
	for (nr = 0; nr <= STEPS; nr++) {
		snprintf(phase, sizeof(phase), "round-%u",
			 cmd->variant / STEPS * nr);
		bench_line(seq, cmd->workload, t->peer->name, variant, 1,
			   phase);
		bench_samples(seq, samples[nr], TRIALS, 1);
	}
	return 0;
}

int bench_frag_run(const struct bench_command *cmd, struct seq_file *seq)
{
	struct trial trial = {};
	int turn, ret = 0;

	if (!cmd->variant || cmd->variant % STEPS || cmd->count > BLOCKS_MAX)
		return -EINVAL;
	trial.max = (cmd->count << BLOCK_ORDER) / 10 * 9;
	trial.pages = kvcalloc(trial.max, sizeof(*trial.pages), GFP_KERNEL);
	trial.ballast = kvzalloc(sizeof(*trial.ballast), GFP_KERNEL);
	if (!trial.pages || !trial.ballast)
		ret = -ENOMEM;
	for (turn = 0; !ret && turn < NR_PEERS; turn++) {
		trial.peer = bench_peer(0, turn);
		ret = run_peer(&trial, cmd, seq);
	}
	kvfree(trial.pages);
	kvfree(trial.ballast);
	return ret;
}
