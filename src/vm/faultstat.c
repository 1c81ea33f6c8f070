// SPDX-License-Identifier: GPL-2.0
/* Fault counters: see faultstat.h. */

#include <linux/cpumask.h>
#include <linux/string.h>

#include "faultstat.h"

DEFINE_PER_CPU(struct isle_faultstat, isle_faultstat_all);

void isle_faultstat_sum(const struct isle_faultstat __percpu *stat,
			struct isle_faultstat *sum)
{
	unsigned int cpu, event;

	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu) {
		const struct isle_faultstat *one = per_cpu_ptr(stat, cpu);

		for (event = 0; event < ISLE_NR_FAULT_EVENTS; event++)
			sum->count[event] += READ_ONCE(one->count[event]);
	}
}
