// SPDX-License-Identifier: GPL-2.0
/*
 * Workloads, as those of luhsra/linux-alloc-bench:
 *
 *	repeat	allocate a block and free it, over and over
 *	bulk	allocate many, then free them in the same order
 *	random	allocate many; shuffled among all CPUs, free them
 *	remote	allocate many; each CPU frees, shuffled, what the next one has
 *	mixed	fill and empty slots at random with blocks of orders 0 to 9
 *	worst	allocate many, then free them; the slowest single call counts
 *
 * Every CPU has a worker that does the same; barriers keep the phases apart. A
 * sample is the mean of the CPUs' times for an operation (worst: the maximum).
 */

#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "bench.h"
#include "compat.h"

struct worker {
	struct work_struct work;
	struct crew *crew;
	unsigned int index;
	struct page **pages;
	struct bench_op *ops;
	u64 ns[BENCH_PHASES];
	int ret;
};

/* The workers of one round; @waiting and @passed are the barrier. */
struct crew {
	const struct workload *workload;
	const struct bench_peer *peer;
	const struct bench_command *cmd;
	struct rnd_state rnd;
	atomic_t waiting;
	atomic_t passed;
	struct worker worker[BENCH_CPUS];
};

struct workload {
	const char *name;
	const char *phase[BENCH_PHASES];
	void (*run)(struct worker *worker);
	bool worst;		/* samples are maxima, not means */
	unsigned int least_cpus;
};

static struct workqueue_struct *crew_wq;

static void barrier_wait(struct crew *crew)
{
	int turn = atomic_read(&crew->passed);

	if (atomic_inc_return(&crew->waiting) == crew->cmd->cpus) {
		atomic_set(&crew->waiting, 0);
		atomic_inc(&crew->passed);
		return;
	}
	/* Who is waited for may want work done here: lists drained, for one. */
	while (atomic_read(&crew->passed) == turn) {
		cpu_relax();
		cond_resched();
	}
}

static void run_repeat(struct worker *w)
{
	const struct bench_command *cmd = w->crew->cmd;
	u64 start;

	barrier_wait(w->crew);
	start = ktime_get_ns();
	w->ret = w->crew->peer->repeat(cmd->variant, cmd->count);
	w->ns[0] = ktime_get_ns() - start;
}

static void timed_alloc(struct worker *w, u64 *ns)
{
	const struct bench_command *cmd = w->crew->cmd;
	unsigned int got;
	u64 start;

	barrier_wait(w->crew);
	start = ktime_get_ns();
	got = w->crew->peer->alloc_all(cmd->variant, cmd->count, w->pages);
	*ns = ktime_get_ns() - start;
	if (got < cmd->count) {
		w->crew->peer->free_all(cmd->variant, got, w->pages);
		w->ret = -ENOMEM;
	}
	barrier_wait(w->crew);
}

static bool crew_failed(const struct crew *crew)
{
	unsigned int i;

	for (i = 0; i < crew->cmd->cpus; i++) {
		if (READ_ONCE(crew->worker[i].ret))
			return true;
	}
	return false;
}

/* If a worker lacks its pages, the others put theirs back and all stop. */
static bool give_up(struct worker *w)
{
	const struct bench_command *cmd = w->crew->cmd;
	bool failed = crew_failed(w->crew);

	barrier_wait(w->crew);
	if (failed && !w->ret) {
		w->crew->peer->free_all(cmd->variant, cmd->count, w->pages);
		w->ret = -ENOMEM;
	}
	return failed;
}

static void timed_free(struct worker *w, struct page **pages, u64 *ns)
{
	const struct bench_command *cmd = w->crew->cmd;
	u64 start;

	barrier_wait(w->crew);
	start = ktime_get_ns();
	w->crew->peer->free_all(cmd->variant, cmd->count, pages);
	*ns = ktime_get_ns() - start;
}

static void run_bulk(struct worker *w)
{
	timed_alloc(w, &w->ns[0]);
	if (!give_up(w))
		timed_free(w, w->pages, &w->ns[1]);
}

/* Each page changes places with one of anybody's. */
static void shuffle_crew(struct crew *crew)
{
	unsigned int nr = crew->cmd->count, cpus = crew->cmd->cpus;
	unsigned int i;

	for (i = nr * cpus; i > 1; i--) {
		unsigned int a = i - 1, b = prandom_u32_state(&crew->rnd) % i;

		swap(crew->worker[a % cpus].pages[a / cpus],
		     crew->worker[b % cpus].pages[b / cpus]);
	}
}

static void run_random(struct worker *w)
{
	u64 ignored;

	timed_alloc(w, &ignored);
	if (give_up(w))
		return;
	if (!w->index)
		shuffle_crew(w->crew);
	timed_free(w, w->pages, &w->ns[0]);
}

static void run_remote(struct worker *w)
{
	struct crew *crew = w->crew;
	struct worker *next = &crew->worker[(w->index + 1) % crew->cmd->cpus];
	struct rnd_state rnd;
	u64 ignored;

	timed_alloc(w, &ignored);
	if (give_up(w))
		return;
	prandom_seed_state(&rnd, w->index);
	bench_shuffle(&rnd, w->pages, crew->cmd->count);
	timed_free(w, next->pages, &w->ns[0]);
}

/* Of a hundred blocks, so many of each order. */
static const u8 mix_weight[] = { 60, 10, 8, 8, 4, 3, 2, 2, 1, 2 };

static unsigned int mix_order(struct rnd_state *rnd)
{
	unsigned int dice = prandom_u32_state(rnd) % 100;
	unsigned int order = 0;

	while (dice >= mix_weight[order])
		dice -= mix_weight[order++];
	return order;
}

static void run_mixed(struct worker *w)
{
	const struct bench_command *cmd = w->crew->cmd;
	const struct bench_peer *peer = w->crew->peer;
	u8 orders[BENCH_MIX_SLOTS];
	struct rnd_state rnd;
	unsigned int i, failed;
	u64 start;

	prandom_seed_state(&rnd, w->index);
	for (i = 0; i < cmd->count; i++) {
		w->ops[i].slot = prandom_u32_state(&rnd) % BENCH_MIX_SLOTS;
		w->ops[i].order = mix_order(&rnd);
	}
	memset(w->pages, 0, BENCH_MIX_SLOTS * sizeof(*w->pages));
	barrier_wait(w->crew);
	start = ktime_get_ns();
	failed = peer->mixed(w->ops, cmd->count, w->pages, orders);
	w->ns[0] = ktime_get_ns() - start;
	for (i = 0; i < BENCH_MIX_SLOTS; i++) {
		if (w->pages[i])
			peer->free(w->pages[i], orders[i]);
	}
	w->ret = failed ? -ENOMEM : 0;
}

static void run_worst(struct worker *w)
{
	const struct bench_command *cmd = w->crew->cmd;
	const struct bench_peer *peer = w->crew->peer;

	memset(w->pages, 0, cmd->count * sizeof(*w->pages));
	barrier_wait(w->crew);
	w->ns[0] = peer->worst_alloc(cmd->variant, cmd->count, w->pages);
	barrier_wait(w->crew);
	w->ns[1] = peer->worst_free(cmd->variant, cmd->count, w->pages);
	w->ret = w->ns[0] ? 0 : -ENOMEM;
}

static const struct workload workloads[] = {
	{ "repeat", { "alloc+free" }, run_repeat },
	{ "bulk", { "alloc", "free" }, run_bulk },
	{ "random", { "free" }, run_random },
	{ "remote", { "free" }, run_remote, .least_cpus = 2 },
	{ "mixed", { "alloc/free" }, run_mixed },
	{ "worst", { "alloc", "free" }, run_worst, .worst = true },
};

static void work(struct work_struct *work)
{
	struct worker *worker = container_of(work, struct worker, work);

	worker->crew->workload->run(worker);
}

static u64 sample_of(const struct crew *crew, int phase)
{
	u64 count = (u64)crew->cmd->count * crew->cmd->cpus;
	u64 sum = 0, most = 0;
	unsigned int i;

	for (i = 0; i < crew->cmd->cpus; i++) {
		sum += crew->worker[i].ns[phase];
		most = max(most, crew->worker[i].ns[phase]);
	}
	if (crew->workload->worst)
		return most * BENCH_UNIT;
	return div64_u64(sum * BENCH_UNIT + count / 2, count);
}

static int run_round(struct crew *crew, u64 samples[BENCH_PHASES])
{
	unsigned int cpus = crew->cmd->cpus, i = 0;
	int phase, cpu;

	atomic_set(&crew->waiting, 0);
	prandom_seed_state(&crew->rnd, 1);
	cpus_read_lock();
	for_each_online_cpu(cpu) {
		struct worker *worker = &crew->worker[i];

		if (i == cpus)
			break;
		worker->index = i++;
		worker->ret = 0;
		memset(worker->ns, 0, sizeof(worker->ns));
		queue_work_on(cpu, crew_wq, &worker->work);
	}
	for (i = 0; i < cpus; i++)
		flush_work(&crew->worker[i].work);
	cpus_read_unlock();
	for (phase = 0; phase < BENCH_PHASES; phase++)
		samples[phase] = sample_of(crew, phase);
	return crew_failed(crew) ? -ENOMEM : 0;
}

static int recruit(struct crew *crew)
{
	unsigned int count = max_t(unsigned int, crew->cmd->count,
				   BENCH_MIX_SLOTS);
	unsigned int i;

	for (i = 0; i < crew->cmd->cpus; i++) {
		struct worker *worker = &crew->worker[i];

		INIT_WORK(&worker->work, work);
		worker->crew = crew;
		worker->pages = kvcalloc(count, sizeof(*worker->pages),
					 GFP_KERNEL);
		worker->ops = kvcalloc(count, sizeof(*worker->ops), GFP_KERNEL);
		if (!worker->pages || !worker->ops)
			return -ENOMEM;
	}
	return 0;
}

static void dismiss(struct crew *crew)
{
	unsigned int i;

	for (i = 0; i < BENCH_CPUS; i++) {
		kvfree(crew->worker[i].pages);
		kvfree(crew->worker[i].ops);
	}
	kfree(crew);
}

static void show(const struct crew *crew, struct seq_file *seq,
		 u64 samples[NR_PEERS][BENCH_PHASES][BENCH_ROUNDS])
{
	const struct bench_command *cmd = crew->cmd;
	char variant[16];
	int turn, phase;

	snprintf(variant, sizeof(variant), "%u", cmd->variant);
	for (turn = 0; turn < NR_PEERS; turn++) {
		for (phase = 0; phase < BENCH_PHASES; phase++) {
			if (!crew->workload->phase[phase])
				continue;
			bench_line(seq, cmd->workload,
				   bench_peer(0, turn)->name, variant,
				   cmd->cpus, crew->workload->phase[phase]);
			bench_samples(seq, samples[turn][phase], BENCH_ROUNDS,
				      BENCH_UNIT);
		}
	}
}

/* The first round warms up and is not reported. */
static int run_rounds(struct crew *crew, struct seq_file *seq)
{
	static u64 samples[NR_PEERS][BENCH_PHASES][BENCH_ROUNDS];
	u64 one[BENCH_PHASES];
	int round, turn, phase, ret;

	for (round = -1; round < BENCH_ROUNDS; round++) {
		for (turn = 0; turn < NR_PEERS; turn++) {
			crew->peer = bench_peer(round, turn);
			ret = run_round(crew, one);
			if (ret)
				return ret;
			for (phase = 0; round >= 0 && phase < BENCH_PHASES;
			     phase++)
				samples[(round ^ turn) & 1][phase][round] =
					one[phase];
			cond_resched();
		}
	}
	show(crew, seq, samples);
	return 0;
}

static const struct workload *find_workload(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(workloads); i++) {
		if (!strcmp(name, workloads[i].name))
			return &workloads[i];
	}
	return NULL;
}

int bench_workload_run(const struct bench_command *cmd, struct seq_file *seq)
{
	const struct workload *workload = find_workload(cmd->workload);
	struct crew *crew;
	int ret;

	if (!workload)
		return -ENOENT;
	if (cmd->cpus < max(workload->least_cpus, 1U) ||
	    cmd->cpus > min_t(unsigned int, BENCH_CPUS, num_online_cpus()))
		return -EINVAL;
	crew = kzalloc(sizeof(*crew), GFP_KERNEL);
	if (!crew)
		return -ENOMEM;
	crew->workload = workload;
	crew->cmd = cmd;
	ret = recruit(crew);
	if (!ret)
		ret = run_rounds(crew, seq);
	dismiss(crew);
	return ret;
}

int bench_workload_init(void)
{
	crew_wq = alloc_workqueue("isle_bench",
				  WQ_CPU_INTENSIVE | ISLE_WQ_PERCPU, 0);
	return crew_wq ? 0 : -ENOMEM;
}

void bench_workload_exit(void)
{
	destroy_workqueue(crew_wq);
}
