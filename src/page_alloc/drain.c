// SPDX-License-Identifier: GPL-2.0
/*
 * Bringing the per-CPU lists of other CPUs back to the free lists. Counterparts:
 * drain_all_pages(), drain_local_pages_wq(), page_alloc_cpu_dead().
 *
 * Only a CPU itself may touch its lists, so a work item goes there: it disturbs
 * whoever runs there, which is why nothing drains without need.
 */

#include <linux/cpuhotplug.h>

#include "compat.h"
#include "drain.h"
#include "pcp.h"

struct isle_drain {
	struct work_struct work;
	struct isle *isle;
};

static void drain_work(struct work_struct *work)
{
	struct isle_drain *drain = container_of(work, struct isle_drain, work);
	unsigned int i;

	for (i = 0; i < drain->isle->nr_zones; i++)
		isle_pcp_drain_local(drain->isle->zones[i]);
}

static bool cpu_has_blocks(const struct isle *isle, int cpu)
{
	unsigned int i;

	for (i = 0; i < isle->nr_zones; i++) {
		if (isle_pcp_cpu_pages(isle->zones[i], cpu))
			return true;
	}
	return false;
}

/*
 * A work item that finds its CPU gone runs elsewhere and drains the lists
 * there, to no harm; those of the CPU that went are drained by cpu_dead().
 */
static void drain_cpus(struct isle *isle, const struct cpumask *which)
{
	struct cpumask *busy = &isle->drain_cpus;
	int cpu;

	mutex_lock(&isle->drain_lock);
	cpumask_clear(busy);
	for_each_cpu_and(cpu, which, cpu_online_mask) {
		if (!cpu_has_blocks(isle, cpu))
			continue;
		cpumask_set_cpu(cpu, busy);
		queue_work_on(cpu, isle->drain_wq,
			      &per_cpu_ptr(isle->drain, cpu)->work);
	}
	for_each_cpu(cpu, busy)
		flush_work(&per_cpu_ptr(isle->drain, cpu)->work);
	mutex_unlock(&isle->drain_lock);
}

void isle_drain_cpu(struct isle *isle, int cpu)
{
	drain_cpus(isle, cpumask_of(cpu));
}
EXPORT_SYMBOL_FOR_KUNIT(isle_drain_cpu);

void isle_drain_all(struct isle *isle)
{
	drain_cpus(isle, cpu_online_mask);
}
EXPORT_SYMBOL_FOR_KUNIT(isle_drain_all);

static int cpu_dead(unsigned int cpu, struct hlist_node *node)
{
	struct isle *isle = hlist_entry(node, struct isle, cpuhp_node);
	unsigned int i;

	for (i = 0; i < isle->nr_zones; i++)
		isle_pcp_drain_dead(isle->zones[i], cpu);
	return 0;
}

int isle_drain_create(struct isle *isle)
{
	int cpu, ret;

	mutex_init(&isle->drain_lock);
	isle->drain_wq = alloc_workqueue("isle_drain", ISLE_WQ_PERCPU |
					 WQ_MEM_RECLAIM, 0);
	isle->drain = alloc_percpu(struct isle_drain);
	if (!isle->drain_wq || !isle->drain)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		struct isle_drain *drain = per_cpu_ptr(isle->drain, cpu);

		INIT_WORK(&drain->work, drain_work);
		drain->isle = isle;
	}
	ret = cpuhp_setup_state_multi(CPUHP_BP_PREPARE_DYN, "isle:dead", NULL,
				      cpu_dead);
	if (ret < 0)
		return ret;
	isle->cpuhp_state = ret;
	return cpuhp_state_add_instance_nocalls(ret, &isle->cpuhp_node);
}

void isle_drain_destroy(struct isle *isle)
{
	if (isle->cpuhp_state > 0) {
		cpuhp_state_remove_instance_nocalls(isle->cpuhp_state,
						    &isle->cpuhp_node);
		cpuhp_remove_multi_state(isle->cpuhp_state);
		isle_drain_all(isle);
	}
	if (isle->drain_wq)
		destroy_workqueue(isle->drain_wq);
	free_percpu(isle->drain);
}
