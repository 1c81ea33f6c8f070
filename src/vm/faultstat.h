/* SPDX-License-Identifier: GPL-2.0 */
/* Counters of what faults did, for each opener and for all. */
#ifndef _ISLE_FAULTSTAT_H
#define _ISLE_FAULTSTAT_H

#include <linux/percpu.h>
#include <linux/types.h>

enum isle_fault_event {
	ISLE_FAULT_ZERO,	/* mapped the zero frame */
	ISLE_FAULT_ANON,	/* allocated */
	ISLE_FAULT_COW,		/* copied */
	ISLE_FAULT_REUSE,	/* made the last holder's entry writable */
	ISLE_FAULT_AROUND,	/* pages mapped besides the one that faulted */
	ISLE_FAULT_SIGBUS,
	ISLE_FAULT_FILE,	/* waited for a page of a file */
	ISLE_FAULT_FILLED,	/* pages filled from a file */
	ISLE_FAULT_HUGE,	/* mapped 2 MB by one entry */
	ISLE_NR_FAULT_EVENTS,
};

struct isle_faultstat {
	u64 count[ISLE_NR_FAULT_EVENTS];
};

DECLARE_PER_CPU(struct isle_faultstat, isle_faultstat_all);

/* Count @nr events, for one opener's @stat and for all. */
static inline void isle_faultstat_add(struct isle_faultstat __percpu *stat,
				      enum isle_fault_event event,
				      unsigned int nr)
{
	this_cpu_add(stat->count[event], nr);
	this_cpu_add(isle_faultstat_all.count[event], nr);
}

/**
 * isle_faultstat_sum - add up all CPUs
 * @stat: an opener's, or &isle_faultstat_all
 * @sum: where to
 */
void isle_faultstat_sum(const struct isle_faultstat __percpu *stat,
			struct isle_faultstat *sum);

/* Fill in the counters of @to, one of the UAPI's structs that have them. */
#define isle_faultstat_tell(sum, to) do {				\
	const u64 *_count = (sum)->count;				\
	typeof(to) _to = (to);						\
									\
	_to->faults_zero = _count[ISLE_FAULT_ZERO];			\
	_to->faults_anon = _count[ISLE_FAULT_ANON];			\
	_to->faults_cow = _count[ISLE_FAULT_COW];			\
	_to->faults_reuse = _count[ISLE_FAULT_REUSE];			\
	_to->faults_around = _count[ISLE_FAULT_AROUND];			\
	_to->faults_sigbus = _count[ISLE_FAULT_SIGBUS];			\
	_to->faults_file = _count[ISLE_FAULT_FILE];			\
	_to->filled_pages = _count[ISLE_FAULT_FILLED];			\
	_to->faults_huge = _count[ISLE_FAULT_HUGE];			\
} while (0)

#endif /* _ISLE_FAULTSTAT_H */
