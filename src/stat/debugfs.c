// SPDX-License-Identifier: GPL-2.0
/* The files of debugfs isle/: see debugfs.h. */

#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "page_alloc/instance.h"
#include "stat/debugfs.h"

DEFINE_SHOW_ATTRIBUTE(isle_buddyinfo);
DEFINE_SHOW_ATTRIBUTE(isle_pagetypeinfo);
DEFINE_SHOW_ATTRIBUTE(isle_zoneinfo);
DEFINE_SHOW_ATTRIBUTE(isle_vmstat);
DEFINE_SHOW_ATTRIBUTE(isle_pcp);
DEFINE_SHOW_ATTRIBUTE(isle_leaks);

static struct dentry *dir;

void isle_debugfs_init(struct isle *isle)
{
	dir = debugfs_create_dir(KBUILD_MODNAME, NULL);
	debugfs_create_file("buddyinfo", 0400, dir, isle,
			    &isle_buddyinfo_fops);
	debugfs_create_file("pagetypeinfo", 0400, dir, isle,
			    &isle_pagetypeinfo_fops);
	debugfs_create_file("zoneinfo", 0400, dir, isle, &isle_zoneinfo_fops);
	debugfs_create_file("vmstat", 0400, dir, isle, &isle_vmstat_fops);
	debugfs_create_file("pcp", 0400, dir, isle, &isle_pcp_fops);
	debugfs_create_file("frames", 0600, dir, isle, &isle_frames_fops);
	if (isle->debug)
		debugfs_create_file("leaks", 0400, dir, isle,
				    &isle_leaks_fops);
}

void isle_debugfs_exit(void)
{
	debugfs_remove(dir);
	dir = NULL;
}
