/* SPDX-License-Identifier: GPL-2.0 */
/* What an instance and its regions look like from outside: the ABI's structs. */
#ifndef _ISLE_STATS_H
#define _ISLE_STATS_H

#include <linux/types.h>

#include <uapi/isle.h>

/**
 * isle_stat_instance - fill in what the allocator counts
 * @stats: zeroed; openers and faults_* are left to src/vm
 *
 * Context: any but NMI. Exact only while nobody allocates.
 */
void isle_stat_instance(struct isle_stats *stats);

/**
 * isle_stat_zone - describe one zone
 * @info: index says which; the rest is overwritten
 * @show_phys: whether the caller may see physical addresses
 *
 * Context: any but NMI. Return: 0, or -ENOENT for an index past the last.
 */
int isle_stat_zone(struct isle_zone_info *info, bool show_phys);

/**
 * isle_stat_region - describe one region
 * @info: index says which; the rest is overwritten
 * @show_phys: whether the caller may see physical addresses
 *
 * Context: any. Return: 0, or -ENOENT for an index past the last.
 */
int isle_stat_region(struct isle_region_info *info, bool show_phys);

/**
 * isle_stat_pageblocks - describe some pageblocks
 * @answer: first says from which on; the rest is overwritten
 * @show_phys: whether the caller may see physical addresses
 *
 * Frames are counted without a lock, while others go on allocating.
 * Context: process, may sleep.
 * Return: 0, or -ENOENT for a first pageblock past the last.
 */
int isle_stat_pageblocks(struct isle_pageblocks *answer, bool show_phys);

#endif /* _ISLE_STATS_H */
