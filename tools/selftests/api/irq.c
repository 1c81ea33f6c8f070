// SPDX-License-Identifier: GPL-2.0
/* Allocation in hardirq context, also in the middle of another one. */
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/preempt.h>
#include <linux/smp.h>

#include <isle/isle.h>

#include "api.h"

enum { ORDERS = 4, STORM_CALLS = 500, STORM_SECONDS = 30, ROUNDS = 32 };

/* What the handlers saw. Each runs on one CPU only. */
static struct {
	unsigned long calls;
	unsigned long failures;
	unsigned long elsewhere;	/* a CPU flushed its queue by itself */
} seen;

static void take_and_give(void)
{
	struct page *pages[ORDERS];
	unsigned int order;

	WRITE_ONCE(seen.calls, seen.calls + 1);
	seen.elsewhere += !in_hardirq();
	for (order = 0; order < ORDERS; order++)
		pages[order] = isle_alloc_pages(GFP_ATOMIC | __GFP_NOWARN,
						order);
	for (order = 0; order < ORDERS; order++) {
		if (pages[order])
			__isle_free_pages(pages[order], order);
		else
			seen.failures++;
	}
}

static void on_irq_work(struct irq_work *work)
{
	take_and_give();
}

static void by_irq_work(void)
{
	struct irq_work work = IRQ_WORK_INIT_HARD(on_irq_work);
	unsigned int i;

	memset(&seen, 0, sizeof(seen));
	for (i = 0; i < 100; i++) {
		irq_work_queue(&work);
		irq_work_sync(&work);
	}
	check(seen.calls == 100 && !seen.elsewhere,
	      "a hundred interrupts allocate");
	check(!seen.failures, "and get what they want");
}

static void on_ipi(void *unused)
{
	take_and_give();
}

/* Shoots at the CPU of the test from another one. */
static int shoot(void *target)
{
	call_single_data_t call;

	INIT_CSD(&call, on_ipi, NULL);
	while (!kthread_should_stop()) {
		while (smp_call_function_single_async((long)target, &call) ==
		       -EBUSY)
			cpu_relax();
		udelay(5);
		cond_resched();
	}
	/* The last one may be on its way; it uses what is on this stack. */
	while (READ_ONCE(call.node.u_flags) & CSD_FLAG_LOCK)
		cpu_relax();
	return 0;
}

/*
 * The same pages as the interrupts want, until there were enough of those: some
 * rounds for each, for who traces this keeps all of it.
 */
static unsigned long churn(void)
{
	unsigned long until = jiffies + STORM_SECONDS * HZ;
	unsigned long failures = 0, rounds = 0;
	struct page *pages[ORDERS];
	unsigned int order;

	while (READ_ONCE(seen.calls) < STORM_CALLS &&
	       time_before(jiffies, until)) {
		if (rounds > ROUNDS * (READ_ONCE(seen.calls) + 1)) {
			cond_resched();
			cpu_relax();
			continue;
		}
		rounds++;
		for (order = 0; order < ORDERS; order++)
			pages[order] = isle_alloc_pages(GFP_KERNEL, order);
		for (order = 0; order < ORDERS; order++) {
			if (pages[order])
				__isle_free_pages(pages[order], order);
			else
				failures++;
		}
		cond_resched();
	}
	return failures;
}

static int other_cpu(int than)
{
	int cpu;

	for_each_online_cpu(cpu)
		if (cpu != than)
			return cpu;
	return -1;
}

static void by_ipi(void)
{
	static const char name[] = "interrupts in the middle of allocations";
	struct task_struct *shooter;
	unsigned long failures;
	int here, there;

	memset(&seen, 0, sizeof(seen));
	cpus_read_lock();
	migrate_disable();
	here = smp_processor_id();
	there = other_cpu(here);
	if (there < 0) {
		skip(name, "there is one CPU only");
		goto unlock;
	}
	shooter = kthread_create_on_cpu(shoot, (void *)(long)here, there,
					"isle_api/%u");
	if (!check(!IS_ERR(shooter), "a thread on another CPU"))
		goto unlock;
	wake_up_process(shooter);
	failures = churn();
	kthread_stop(shooter);
	note("%lu interrupts, %lu of them elsewhere", seen.calls, seen.elsewhere);
	check(seen.calls >= STORM_CALLS && seen.elsewhere < STORM_CALLS / 10,
	      name);
	check(!seen.failures && !failures, "both get what they want");
unlock:
	migrate_enable();
	cpus_read_unlock();
}

void test_irq(void)
{
	by_irq_work();
	by_ipi();
}
