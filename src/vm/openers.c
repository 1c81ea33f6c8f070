// SPDX-License-Identifier: GPL-2.0
/* The list of openers: see openers.h. */

#include <linux/atomic.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <linux/user_namespace.h>
#include <linux/xarray.h>

#include <uapi/isle.h>

#include "opener.h"
#include "openers.h"

/*
 * By id. Whoever holds its lock may look at an opener that it found there; it
 * protects whose process that is.
 */
static DEFINE_XARRAY_FLAGS(openers, XA_FLAGS_ACCOUNT);
static atomic_long_t last_id;

int isle_openers_add(struct isle_vm_opener *opener)
{
	int err;

	opener->id = atomic_long_inc_return(&last_id);
	opener->uid = current_euid();
	opener->pid = get_pid(task_tgid(current));
	get_task_comm(opener->comm, current);
	err = xa_insert(&openers, opener->id, opener, GFP_KERNEL_ACCOUNT);
	if (err)
		put_pid(opener->pid);
	return err;
}

void isle_openers_note(struct isle_vm_opener *opener)
{
	struct pid *pid = task_tgid(current), *last;

	if (likely(READ_ONCE(opener->pid) == pid))
		return;
	get_pid(pid);
	xa_lock(&openers);
	last = opener->pid;
	WRITE_ONCE(opener->pid, pid);
	get_task_comm(opener->comm, current);
	xa_unlock(&openers);
	put_pid(last);
}

void isle_openers_remove(struct isle_vm_opener *opener)
{
	xa_erase(&openers, opener->id);
	put_pid(opener->pid);
}

static void describe_process(const struct isle_vm_opener *opener,
			     struct isle_opener_info *info)
{
	struct task_struct *task;

	rcu_read_lock();
	task = pid_task(opener->pid, PIDTYPE_TGID);
	if (task) {
		info->pid = pid_vnr(opener->pid);
		get_task_comm(info->comm, task);
	} else {
		strscpy_pad(info->comm, opener->comm, sizeof(info->comm));
	}
	rcu_read_unlock();
}

static void describe(const struct isle_vm_opener *opener,
		     struct isle_opener_info *info)
{
	struct isle_faultstat sum;

	info->id = opener->id;
	info->uid = from_kuid_munged(current_user_ns(), opener->uid);
	describe_process(opener, info);
	info->object_pages = atomic_long_read(&opener->held_object);
	info->private_pages = isle_opener_private_pages(opener);
	info->block_pages = atomic_long_read(&opener->held_blocks);
	isle_faultstat_sum(opener->stat, &sum);
	info->faults = sum.count[ISLE_FAULT_ZERO] + sum.count[ISLE_FAULT_ANON] +
		       sum.count[ISLE_FAULT_COW] + sum.count[ISLE_FAULT_REUSE] +
		       sum.count[ISLE_FAULT_FILE] + sum.count[ISLE_FAULT_SIGBUS];
}

/* The first opener from *@id on; *@info stays as it is if the caller may not know of it. */
static bool find(unsigned long *id, struct isle_opener_info *info, bool all)
{
	const struct isle_vm_opener *opener;

	xa_lock(&openers);
	opener = xa_find(&openers, id, ULONG_MAX, XA_PRESENT);
	if (opener && (all || uid_eq(opener->uid, current_euid())))
		describe(opener, info);
	xa_unlock(&openers);
	return opener;
}

void isle_openers_list(struct isle_openers *answer)
{
	bool all = capable(CAP_SYS_ADMIN);
	unsigned long id = answer->next;

	memset(answer, 0, sizeof(*answer));
	while (answer->nr < ISLE_NR_OPENERS) {
		if (fatal_signal_pending(current) ||
		    !find(&id, &answer->opener[answer->nr], all))
			return;
		if (answer->opener[answer->nr].id)
			answer->nr++;
		if (id++ == ULONG_MAX)
			return;
		cond_resched();
	}
	answer->next = id;
}
