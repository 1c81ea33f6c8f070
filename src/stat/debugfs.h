/* SPDX-License-Identifier: GPL-2.0 */
/*
 * debugfs isle/: what the allocator looks like from inside, in the format of the
 * kernel's own file in /proc where there is one, so that what reads that reads
 * this. For root only. Documentation/tracing.rst describes the files.
 *
 * An open file holds a reference to the module, so nothing here can be unloaded
 * under a reader. What is printed is a glimpse: others go on allocating.
 */
#ifndef _ISLE_DEBUGFS_H
#define _ISLE_DEBUGFS_H

#include <linux/fs.h>

struct isle;
struct isle_zone;
struct seq_file;

/**
 * isle_debugfs_init - show the files
 * @isle: the instance
 *
 * "leaks" is there with debug=1 only: without it nobody has noted the stacks.
 * A kernel without debugfs shows nothing, which is no error.
 */
void isle_debugfs_init(struct isle *isle);

/**
 * isle_debugfs_exit - take the files away; waits for their readers
 */
void isle_debugfs_exit(void);

/**
 * isle_count_pageblocks - how many pageblocks of each migratetype a zone has
 * @zone: the zone
 * @count: ISLE_MIGRATE_TYPES counters, which are overwritten
 *
 * Context: process, may sleep.
 */
void isle_count_pageblocks(const struct isle_zone *zone, unsigned long *count);

/* One a file; seq->private is the instance. */
int isle_buddyinfo_show(struct seq_file *seq, void *unused);
int isle_pagetypeinfo_show(struct seq_file *seq, void *unused);
int isle_zoneinfo_show(struct seq_file *seq, void *unused);
int isle_vmstat_show(struct seq_file *seq, void *unused);
int isle_pcp_show(struct seq_file *seq, void *unused);
int isle_leaks_show(struct seq_file *seq, void *unused);

extern const struct file_operations isle_frames_fops;

#endif /* _ISLE_DEBUGFS_H */
