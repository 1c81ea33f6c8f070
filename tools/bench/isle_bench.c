// SPDX-License-Identifier: GPL-2.0
/*
 * The allocators side by side: isle's and the kernel's, by the same loops.
 *
 * Write "WORKLOAD ORDER COUNT" to debugfs isle_bench/run and read it back:
 *
 *	repeat isle 0 alloc+free 103 103 104
 *	repeat kernel 0 alloc+free 743 741 744
 *
 * one line a side and operation, with a sample of nanoseconds an operation for
 * each round. Under QEMU's -icount shift=0 a nanosecond is a guest instruction.
 * The sides take turns, round by round; the first round warms up and is not
 * reported.
 *
 * Workloads: repeat (allocate one and free it, COUNT times) and bulk (allocate
 * COUNT, then free them in the same order).
 */

#include <linux/debugfs.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <isle/isle.h>

enum { ROUNDS = 7, MAX_COUNT = 100000, COMMAND_MAX = 64 };

enum side { SIDE_ISLE, SIDE_KERNEL, NR_SIDES };
enum phase { PHASE_FIRST, PHASE_SECOND, NR_PHASES };

static const char * const side_name[NR_SIDES] = { "isle", "kernel" };

struct workload {
	const char *name;
	const char *phase[NR_PHASES];	/* what is timed; NULL: nothing */

	int (*run[NR_SIDES])(unsigned int order, unsigned int count,
			     struct page **pages, u64 ns[NR_PHASES]);
};

/*
 * The loops stand in macros so that both sides are called directly: an
 * indirect call costs about what a fast path does.
 */
#define DEFINE_REPEAT(side, do_alloc, do_free)				\
static int repeat_##side(unsigned int order, unsigned int count,	\
			 struct page **pages, u64 ns[NR_PHASES])	\
{									\
	u64 start = ktime_get_ns();					\
	unsigned int i;							\
									\
	for (i = 0; i < count; i++) {					\
		struct page *page = do_alloc(GFP_KERNEL, order);	\
									\
		if (!page)						\
			return -ENOMEM;					\
		do_free(page, order);					\
	}								\
	ns[PHASE_FIRST] = ktime_get_ns() - start;			\
	return 0;							\
}

#define DEFINE_BULK(side, do_alloc, do_free)				\
static int bulk_##side(unsigned int order, unsigned int count,		\
		       struct page **pages, u64 ns[NR_PHASES])		\
{									\
	unsigned int i, got;						\
	u64 start;							\
									\
	start = ktime_get_ns();						\
	for (got = 0; got < count; got++) {				\
		pages[got] = do_alloc(GFP_KERNEL | __GFP_NOWARN, order);\
		if (!pages[got])					\
			break;						\
	}								\
	ns[PHASE_FIRST] = ktime_get_ns() - start;			\
	start = ktime_get_ns();						\
	for (i = 0; i < got; i++)					\
		do_free(pages[i], order);				\
	ns[PHASE_SECOND] = ktime_get_ns() - start;			\
	return got == count ? 0 : -ENOMEM;				\
}

DEFINE_REPEAT(isle, isle_alloc_pages, __isle_free_pages)
DEFINE_REPEAT(kernel, alloc_pages, __free_pages)
DEFINE_BULK(isle, isle_alloc_pages, __isle_free_pages)
DEFINE_BULK(kernel, alloc_pages, __free_pages)

static const struct workload workloads[] = {
	{ "repeat", { "alloc+free", NULL },
	  { repeat_isle, repeat_kernel } },
	{ "bulk", { "alloc", "free" },
	  { bulk_isle, bulk_kernel } },
};

/* The last command and its samples; bench_lock protects both. */
static DEFINE_MUTEX(bench_lock);
static const struct workload *last;
static unsigned int last_order;
static u64 samples[NR_SIDES][NR_PHASES][ROUNDS];

static int run_rounds(const struct workload *workload, unsigned int order,
		      unsigned int count)
{
	struct page **pages;
	int round, side, phase, ret = 0;

	pages = kvmalloc_array(count, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return -ENOMEM;
	for (round = -1; !ret && round < ROUNDS; round++) {
		for (side = 0; !ret && side < NR_SIDES; side++) {
			u64 ns[NR_PHASES] = {};

			ret = workload->run[side](order, count, pages, ns);
			for (phase = 0; round >= 0 && phase < NR_PHASES; phase++)
				samples[side][phase][round] =
					div_u64(ns[phase] + count / 2, count);
			cond_resched();
		}
	}
	kvfree(pages);
	return ret;
}

static ssize_t run_write(struct file *file, const char __user *buf,
			 size_t len, loff_t *pos)
{
	const struct workload *workload = NULL;
	unsigned int order, count, i;
	char command[COMMAND_MAX];
	char name[16];
	int ret;

	if (len >= sizeof(command))
		return -EINVAL;
	if (copy_from_user(command, buf, len))
		return -EFAULT;
	command[len] = '\0';
	if (sscanf(command, "%15s %u %u", name, &order, &count) != 3)
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(workloads); i++) {
		if (!strcmp(name, workloads[i].name))
			workload = &workloads[i];
	}
	if (!workload || order > ISLE_MAX_ORDER || !count || count > MAX_COUNT)
		return -EINVAL;
	ret = mutex_lock_interruptible(&bench_lock);
	if (ret)
		return ret;
	last = NULL;
	ret = run_rounds(workload, order, count);
	if (!ret) {
		last = workload;
		last_order = order;
	}
	mutex_unlock(&bench_lock);
	return ret ?: len;
}

static int run_show(struct seq_file *seq, void *unused)
{
	int side, phase, round;

	mutex_lock(&bench_lock);
	for (side = 0; last && side < NR_SIDES; side++) {
		for (phase = 0; phase < NR_PHASES; phase++) {
			if (!last->phase[phase])
				continue;
			seq_printf(seq, "%s %s %u %s", last->name,
				   side_name[side], last_order,
				   last->phase[phase]);
			for (round = 0; round < ROUNDS; round++)
				seq_printf(seq, " %llu",
					   samples[side][phase][round]);
			seq_putc(seq, '\n');
		}
	}
	mutex_unlock(&bench_lock);
	return 0;
}

static int run_open(struct inode *inode, struct file *file)
{
	return single_open(file, run_show, NULL);
}

static const struct file_operations run_fops = {
	.owner		= THIS_MODULE,
	.open		= run_open,
	.read		= seq_read,
	.write		= run_write,
	.llseek		= seq_lseek,
	.release	= single_release,
};

static struct dentry *dir;

static int __init bench_init(void)
{
	dir = debugfs_create_dir("isle_bench", NULL);
	debugfs_create_file("run", 0600, dir, NULL, &run_fops);
	return 0;
}

static void __exit bench_exit(void)
{
	debugfs_remove(dir);
}

module_init(bench_init);
module_exit(bench_exit);
MODULE_DESCRIPTION("isle's allocator and the kernel's, side by side");
MODULE_LICENSE("GPL");
