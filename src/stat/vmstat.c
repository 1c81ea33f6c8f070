// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs isle/vmstat: what there is and what happened, a name and a number a
 * line. Counterpart: vmstat_show() of mm/vmstat.c. The kernel's names stand for
 * what the kernel means by them; what isle counts otherwise (blocks where the
 * kernel counts pages) has names of its own.
 */

#include <linux/seq_file.h>

#include "page_alloc/instance.h"
#include "stat/debugfs.h"
#include "stat/stats.h"
#include "vm/vm.h"

static void line(struct seq_file *seq, const char *name, u64 value)
{
	seq_printf(seq, "%s %llu\n", name, value);
}

static unsigned long sum_free_cma(const struct isle *isle)
{
	unsigned long nr = 0;
	unsigned int i;

	for (i = 0; i < isle->nr_zones; i++)
		nr += READ_ONCE(isle->zones[i]->nr_free_cma);
	return nr;
}

int isle_vmstat_show(struct seq_file *seq, void *unused)
{
	struct isle_stats stats = { };

	isle_stat_instance(&stats);
	isle_vm_stats(&stats);
	line(seq, "nr_free_pages", stats.free);
	line(seq, "nr_free_cma", sum_free_cma(seq->private));
	line(seq, "nr_managed", stats.managed);
	line(seq, "nr_present", stats.present);
	line(seq, "nr_metadata", stats.metadata);
	line(seq, "nr_pcp", stats.pcp);
	line(seq, "nr_user", stats.user);
	line(seq, "nr_quarantine", stats.quarantine);
	line(seq, "nr_openers", stats.openers);
	line(seq, "alloc_blocks", stats.allocs);
	line(seq, "free_blocks", stats.frees);
	line(seq, "alloc_fail", stats.failures);
	line(seq, "pcp_refill", stats.refills);
	line(seq, "pcp_drain", stats.spills);
	line(seq, "fallback_claim", stats.fallbacks);
	line(seq, "fallback_steal", stats.steals);
	line(seq, "fault_zero", stats.faults_zero);
	line(seq, "fault_anon", stats.faults_anon);
	line(seq, "fault_cow", stats.faults_cow);
	line(seq, "fault_reuse", stats.faults_reuse);
	line(seq, "fault_around", stats.faults_around);
	line(seq, "fault_file", stats.faults_file);
	line(seq, "fault_huge", stats.faults_huge);
	line(seq, "fault_sigbus", stats.faults_sigbus);
	line(seq, "filled_pages", stats.filled_pages);
	return 0;
}
