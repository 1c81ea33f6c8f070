/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The allocators side by side: isle's and the kernel's, by the same loops.
 *
 *   main.c         debugfs isle_bench/run: a command in, lines of samples out
 *   workload.c     what is done on how many CPUs, and what of it is timed
 *   peer.h         the timed loops, compiled once for each peer
 *   frag.c         memory filled, freed at random and filled again
 *   growth.c       isle alone, by size of region
 */
#ifndef _ISLE_BENCH_H
#define _ISLE_BENCH_H

#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/prandom.h>
#include <linux/seq_file.h>
#include <linux/types.h>

enum {
	BENCH_ROUNDS	= 7,
	BENCH_CPUS	= 8,
	BENCH_PHASES	= 3,
	BENCH_MAX_COUNT	= 1000000,
	BENCH_MIX_SLOTS	= 256,	/* blocks that "mixed" holds at most */
};

/* Hundredths of a nanosecond: a fast path at native speed is ten of those. */
enum { BENCH_UNIT = 100 };

/**
 * struct bench_command - what was written to debugfs
 * @workload: its name
 * @variant: the order; growth: megabytes
 * @count: operations on each CPU
 * @cpus: how many CPUs do it at once
 */
struct bench_command {
	char workload[16];
	unsigned int variant;
	unsigned int count;
	unsigned int cpus;
};

/**
 * struct bench_op - a step of "mixed": free the slot's block, or fill the slot
 * @slot: index below BENCH_MIX_SLOTS
 * @order: of the block that would fill it
 */
struct bench_op {
	u16 slot;
	u16 order;
};

/**
 * struct bench_peer - an allocator
 * @name: of it
 * @repeat: allocate a block and free it, @count times
 * @alloc_all: fill @pages; return: how many
 * @free_all: free @pages in this order
 * @mixed: carry out @ops; return: how many allocations failed
 * @worst_alloc: fill @pages with interrupts off and GFP_ATOMIC;
 *               return: nanoseconds of the slowest
 * @worst_free: free @pages the same way
 * @alloc: one block
 * @free: the same
 */
struct bench_peer {
	const char *name;
	int (*repeat)(unsigned int order, unsigned int count);
	unsigned int (*alloc_all)(unsigned int order, unsigned int count,
				  struct page **pages);
	void (*free_all)(unsigned int order, unsigned int count,
			 struct page **pages);
	unsigned int (*mixed)(const struct bench_op *ops, unsigned int count,
			      struct page **slots, u8 *orders);
	u64 (*worst_alloc)(unsigned int order, unsigned int count,
			   struct page **pages);
	u64 (*worst_free)(unsigned int order, unsigned int count,
			  struct page **pages);
	struct page *(*alloc)(gfp_t gfp, unsigned int order);
	void (*free)(struct page *page, unsigned int order);
};

extern const struct bench_peer bench_isle;
extern const struct bench_peer bench_kernel;

enum { PEER_ISLE, PEER_KERNEL, NR_PEERS };

/* The peers take turns; who begins changes from round to round. */
static inline const struct bench_peer *bench_peer(int round, int turn)
{
	return (round ^ turn) & 1 ? &bench_kernel : &bench_isle;
}

/* Fisher and Yates'. */
static inline void bench_shuffle(struct rnd_state *rnd, struct page **pages,
				 unsigned int nr)
{
	unsigned int i;

	for (i = nr; i > 1; i--) {
		unsigned int j = prandom_u32_state(rnd) % i;

		swap(pages[i - 1], pages[j]);
	}
}

/* A line of samples begins so; bench_samples() ends it. */
static inline void bench_line(struct seq_file *seq, const char *workload,
			      const char *peer, const char *variant,
			      unsigned int cpus, const char *phase)
{
	seq_printf(seq, "%s %s %s %u %s", workload, peer, variant, cpus, phase);
}

static inline void bench_samples(struct seq_file *seq, const u64 *samples,
				 unsigned int nr, unsigned int unit)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		seq_printf(seq, " %llu.%02llu", samples[i] / unit,
			   samples[i] % unit * 100 / unit);
	seq_putc(seq, '\n');
}

/**
 * bench_workload_run - run one of repeat, bulk, random, remote, mixed, worst
 * @cmd: which, and how much of it
 * @seq: where the samples go
 *
 * Return: 0, -ENOENT if it is none of those, -EINVAL, -ENOMEM.
 */
int bench_workload_run(const struct bench_command *cmd, struct seq_file *seq);
int bench_workload_init(void);
void bench_workload_exit(void);

/**
 * bench_frag_run - count the 2 MB blocks left after random frees and fills
 * @cmd: variant: rounds; count: blocks of 2 MB to begin with
 * @seq: where the samples go
 *
 * Return: 0, -EINVAL, -ENOMEM.
 */
int bench_frag_run(const struct bench_command *cmd, struct seq_file *seq);

/**
 * bench_growth_run - time an instance of frames with no memory behind them
 * @cmd: variant: megabytes of region; count: operations; cpus: how many have lists
 *       to drain
 * @seq: where the samples go
 *
 * Return: 0, -EINVAL, -ENOMEM, -EOPNOTSUPP in a kernel without KUnit.
 */
#if IS_ENABLED(CONFIG_KUNIT)
int bench_growth_run(const struct bench_command *cmd, struct seq_file *seq);
#else
static inline int bench_growth_run(const struct bench_command *cmd,
				   struct seq_file *seq)
{
	return -EOPNOTSUPP;
}
#endif

#endif /* _ISLE_BENCH_H */
