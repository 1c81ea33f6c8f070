// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs isle_bench/run: write "WORKLOAD VARIANT COUNT CPUS", read samples.
 *
 *	repeat isle 0 1 alloc+free 8.62 8.60 8.61 ...
 *	repeat kernel 0 1 alloc+free 92.03 91.88 ...
 *
 * One line a peer and phase: workload, peer, variant (the order), CPUs, phase,
 * and a sample a round, in nanoseconds an operation unless the phase says
 * something else. Under QEMU's -icount shift=0 a nanosecond is a guest
 * instruction.
 */

#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/uaccess.h>

#include <isle/isle.h>

#include "bench.h"
#include "compat.h"

enum { COMMAND_MAX = 64 };

/* The last command that succeeded runs again for each reader. */
static DEFINE_MUTEX(bench_lock);
static struct bench_command command;

static int run(const struct bench_command *cmd, struct seq_file *seq)
{
	if (!strcmp(cmd->workload, "frag"))
		return bench_frag_run(cmd, seq);
	if (!strcmp(cmd->workload, "growth"))
		return bench_growth_run(cmd, seq);
	if (cmd->variant > ISLE_MAX_ORDER)
		return -EINVAL;
	return bench_workload_run(cmd, seq);
}

static ssize_t run_write(struct file *file, const char __user *buf,
			 size_t len, loff_t *pos)
{
	struct bench_command cmd = {};
	char text[COMMAND_MAX];

	if (len >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, buf, len))
		return -EFAULT;
	text[len] = '\0';
	if (sscanf(text, "%15s %u %u %u", cmd.workload, &cmd.variant,
		   &cmd.count, &cmd.cpus) != 4)
		return -EINVAL;
	if (!cmd.count || cmd.count > BENCH_MAX_COUNT)
		return -EINVAL;
	mutex_lock(&bench_lock);
	command = cmd;
	mutex_unlock(&bench_lock);
	return len;
}

static int run_show(struct seq_file *seq, void *unused)
{
	int ret;

	ret = mutex_lock_interruptible(&bench_lock);
	if (ret)
		return ret;
	ret = run(&command, seq);
	mutex_unlock(&bench_lock);
	return ret == -ENOENT ? -EINVAL : ret;
}

/* Room for all lines, so that seq_file needn't run a command twice. */
static int run_open(struct inode *inode, struct file *file)
{
	return single_open_size(file, run_show, NULL, 16 * PAGE_SIZE);
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
	int ret = bench_workload_init();

	if (ret)
		return ret;
	dir = debugfs_create_dir("isle_bench", NULL);
	debugfs_create_file("run", 0600, dir, NULL, &run_fops);
	return 0;
}

static void __exit bench_exit(void)
{
	debugfs_remove(dir);
	bench_workload_exit();
}

module_init(bench_init);
module_exit(bench_exit);
MODULE_DESCRIPTION("isle's allocator and the kernel's, side by side");
MODULE_LICENSE("GPL");
ISLE_IMPORT_FOR_KUNIT();
