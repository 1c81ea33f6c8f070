// SPDX-License-Identifier: GPL-2.0
/*
 * What grows with a region and with CPUs: an instance of frames with no memory
 * behind them, as KUnit builds them, made, used, drained and taken apart.
 *
 * Making one does not count the time to get its frame array zeroed and mapped (User
 * Mode Linux takes a page fault of the host's for each page of it). Before it is
 * drained, the lists of as many CPUs as are asked for hold what one CPU's use
 * leaves on them; those CPUs need not be there, possible_cpus= makes them
 * possible.
 */

#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "bench.h"
#include "page_alloc/alloc.h"
#include "page_alloc/instance.h"
#include "page_alloc/pcp.h"

enum { TRIALS = 5 };

enum phase {
	CREATE, REPEAT, BULK_ALLOC, BULK_FREE, DRAIN, DESTROY, METADATA, LISTS,
	PHASES,
};

static const char * const phase_name[PHASES] = {
	[CREATE]	= "create-us",
	[REPEAT]	= "repeat",
	[BULK_ALLOC]	= "bulk-alloc",
	[BULK_FREE]	= "bulk-free",
	[DRAIN]		= "drain-us",
	[DESTROY]	= "destroy-us",
	[METADATA]	= "bytes/frame",
	[LISTS]		= "list-bytes/frame",
};

static void *no_address(const struct isle *isle, u32 id)
{
	return NULL;
}

static bool never_pinned(const struct isle *isle, u32 id)
{
	return false;
}

static const struct isle_ops ops = {
	.address = no_address,
	.pinned = never_pinned,
};

static u64 hundredths(u64 ns, u64 divisor)
{
	return div64_u64(ns * BENCH_UNIT, divisor);
}

static u64 since_us(u64 start)
{
	return hundredths(ktime_get_ns() - start, NSEC_PER_USEC);
}

static int use(struct isle *isle, unsigned int count, u32 *ids, u64 *result)
{
	unsigned int i;
	u64 start;

	start = ktime_get_ns();
	for (i = 0; i < count; i++) {
		u32 id = isle_alloc_frames(isle, GFP_KERNEL, 0, NUMA_NO_NODE);

		if (id == ISLE_NO_FRAME)
			return -ENOMEM;
		isle_free_frames(isle, id, 0);
	}
	result[REPEAT] = hundredths(ktime_get_ns() - start, count);
	start = ktime_get_ns();
	for (i = 0; i < count; i++)
		ids[i] = isle_alloc_frames(isle, GFP_KERNEL, 0, NUMA_NO_NODE);
	result[BULK_ALLOC] = hundredths(ktime_get_ns() - start, count);
	start = ktime_get_ns();
	for (i = 0; i < count; i++) {
		if (ids[i] != ISLE_NO_FRAME)
			isle_free_frames(isle, ids[i], 0);
	}
	result[BULK_FREE] = hundredths(ktime_get_ns() - start, count);
	return 0;
}

/* Let another CPU have what is on this one's lists. */
static void hand_lists_to(struct isle *isle, int cpu)
{
	unsigned int i;

	preempt_disable();
	for (i = 0; cpu != smp_processor_id() && i < isle->nr_zones; i++)
		swap(*this_cpu_ptr(isle->zones[i]->pcp),
		     *per_cpu_ptr(isle->zones[i]->pcp, cpu));
	preempt_enable();
}

static void fill_lists(struct isle *isle, unsigned int cpus,
		       unsigned int count, u32 *ids)
{
	u64 ignored[PHASES];
	int cpu;

	for_each_possible_cpu(cpu) {
		if (!cpus--)
			break;
		hand_lists_to(isle, cpu);
		use(isle, count, ids, ignored);
	}
}

/* Those of other CPUs as if they had died; nobody else uses the instance. */
static void drain_lists(struct isle *isle)
{
	unsigned int i;
	int cpu;

	for_each_possible_cpu(cpu)
		for (i = 0; i < isle->nr_zones; i++)
			isle_pcp_drain_dead(isle->zones[i], cpu);
}

static u64 list_bytes(struct isle *isle)
{
	u64 bytes = 0;
	unsigned int i, n, order;
	int cpu;

	for_each_possible_cpu(cpu) {
		bytes += struct_size(isle->cpu, free, isle->nr_zones);
		for (i = 0; i < isle->nr_zones; i++) {
			struct isle_pcp *pcp = per_cpu_ptr(isle->zones[i]->pcp,
							   cpu);
			struct isle_pcp_list *list;

			bytes += sizeof(*pcp);
			for (n = 0; (list = isle_pcp_nth_list(pcp, n, &order));
			     n++)
				bytes += list->max * sizeof(*list->ids);
		}
	}
	return bytes;
}

static int one_instance(const struct isle_config *config,
			const struct bench_command *cmd, unsigned int count,
			u32 *ids, u64 *result)
{
	struct isle *isle;
	u64 start;
	int ret;

	start = ktime_get_ns();
	isle = isle_create(config);
	if (IS_ERR(isle))
		return PTR_ERR(isle);
	result[CREATE] = since_us(start);
	result[LISTS] = hundredths(list_bytes(isle), isle_nr_managed(isle));
	ret = use(isle, count, ids, result);
	fill_lists(isle, cmd->cpus, count, ids);
	start = ktime_get_ns();
	drain_lists(isle);
	result[DRAIN] = since_us(start);
	start = ktime_get_ns();
	isle_destroy(isle);
	result[DESTROY] = since_us(start);
	return ret;
}

static int run_trial(const struct isle_extent *extent,
		     const struct bench_command *cmd, unsigned int count,
		     u32 *ids, u64 *result)
{
	struct isle_config config = {
		.name = "growth",
		.extents = extent,
		.nr_extents = 1,
		.ops = &ops,
		.user_percent = 100,
	};
	size_t size;
	int ret;

	size = (size_t)isle_frames_needed(extent, 1) * sizeof(*config.frames);
	config.frames = vmalloc(size);
	if (!config.frames)
		return -ENOMEM;
	/* By way of its mapping, so that creation touches no page first. */
	memset(config.frames, 0, size);
	ret = one_instance(&config, cmd, count, ids, result);
	vfree(config.frames);
	result[METADATA] = hundredths(size, extent->nr);
	return ret;
}

static void show(const struct bench_command *cmd, struct seq_file *seq,
		 u64 results[TRIALS][PHASES])
{
	u64 samples[TRIALS];
	char variant[16];
	int phase, nr;

	snprintf(variant, sizeof(variant), "%uM", cmd->variant);
	for (phase = 0; phase < PHASES; phase++) {
		for (nr = 0; nr < TRIALS; nr++)
			samples[nr] = results[nr][phase];
		bench_line(seq, cmd->workload, "isle", variant, cmd->cpus,
			   phase_name[phase]);
		bench_samples(seq, samples, TRIALS, BENCH_UNIT);
	}
}

/* The first instance warms up and is not reported. */
int bench_growth_run(const struct bench_command *cmd, struct seq_file *seq)
{
	u64 frames = (u64)cmd->variant << (20 - PAGE_SHIFT);
	u64 results[TRIALS][PHASES] = {}, warm[PHASES];
	struct isle_extent extent = {
		.base_pfn = SZ_4G >> PAGE_SHIFT,
		.nr = frames,
	};
	unsigned int count = min_t(u64, cmd->count, frames / 2);
	u32 *ids;
	int nr, ret;

	if (frames < ISLE_TOP_FRAMES || frames > U32_MAX || !cmd->cpus ||
	    cmd->cpus > num_possible_cpus())
		return -EINVAL;
	ids = kvcalloc(count, sizeof(*ids), GFP_KERNEL);
	if (!ids)
		return -ENOMEM;
	ret = run_trial(&extent, cmd, count, ids, warm);
	for (nr = 0; !ret && nr < TRIALS; nr++)
		ret = run_trial(&extent, cmd, count, ids, results[nr]);
	kvfree(ids);
	if (!ret)
		show(cmd, seq, results);
	return ret;
}
