/* SPDX-License-Identifier: GPL-2.0 */
/* isle top: what it reads and how it shows it. */
#ifndef _ISLE_TOP_H
#define _ISLE_TOP_H

#include <time.h>

#include "page.h"

struct top_sample {
	struct timespec at;
	struct isle_stats stats;
	struct isle_zone_info *zone;	/* stats.nr_zones */
	struct isle_opener_info *opener; /* by id, this program's excepted */
	size_t nr_openers;
};

enum top_sort { SORT_HELD, SORT_RATE, SORT_FAULTS, SORT_PID, NR_SORTS };

/**
 * struct top - the command's state
 * @fd: the device
 * @now: the last sample
 * @before: the one before; equal to @now at first
 * @sort: what openers are sorted by
 * @reverse: the other way round
 * @by_type: free lists by migratetype
 */
struct top {
	int fd;
	struct top_sample now;
	struct top_sample before;
	enum top_sort sort;
	bool reverse;
	bool by_type;
};

/* top_sample.c */
void top_take_sample(struct top *top);
double top_seconds(const struct top *top);
/* Events a second, from a counter's values in both samples. */
double top_rate(const struct top *top, __u64 now, __u64 before);
/* The same for the faults of an opener of the last sample. */
double top_fault_rate(const struct top *top,
		      const struct isle_opener_info *opener);
__u64 top_held(const struct isle_opener_info *opener);

/* top_page.c */
void top_draw(const struct top *top, struct page *page, unsigned int width);

/* top_json.c */
void top_json(const struct top *top);

#endif /* _ISLE_TOP_H */
