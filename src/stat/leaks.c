// SPDX-License-Identifier: GPL-2.0
/* debugfs isle/leaks: see leaks.h. Counterpart: mm/page_owner.c. */

#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "page_alloc/debug.h"
#include "stat/leaks.h"

static struct dentry *dir;

static int leaks_show(struct seq_file *seq, void *unused)
{
	return isle_debug_leaks(seq->private, seq);
}
DEFINE_SHOW_ATTRIBUTE(leaks);

void isle_leaks_init(struct isle *isle)
{
	if (!isle->debug)
		return;
	dir = debugfs_create_dir(KBUILD_MODNAME, NULL);
	debugfs_create_file("leaks", 0400, dir, isle, &leaks_fops);
}

void isle_leaks_exit(void)
{
	debugfs_remove(dir);
	dir = NULL;
}
