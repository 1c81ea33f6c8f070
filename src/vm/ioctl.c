// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctls: one table, and the short ones' functions. What holds for every
 * call - sizes, bad pointers, reserved fields - is checked in one place.
 */

#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "advise.h"
#include "backing.h"
#include "block.h"
#include "compat.h"
#include "discard.h"
#include "huge.h"
#include "ioctl.h"
#include "main.h"
#include "opener.h"
#include "openers.h"
#include "page_alloc/instance.h"
#include "populate.h"
#include "residency.h"
#include "stat/stats.h"
#include "thp.h"
#include "vm.h"

union isle_arg {
	struct isle_version version;
	struct isle_setup setup;
	struct isle_block block;
	struct isle_free free;
	struct isle_range range;
	struct isle_residency residency;
	struct isle_limit limit;
	struct isle_opener opener;
	struct isle_stats stats;
	struct isle_zone_info zone;
	struct isle_region_info region;
	struct isle_pageblocks pageblocks;
	struct isle_openers openers;
};

static int do_version(struct file *file, union isle_arg *arg)
{
	arg->version.abi = ISLE_ABI_VERSION;
	arg->version.page_size = PAGE_SIZE;
	arg->version.max_order = ISLE_TOP_ORDER;
	arg->version.features = ISLE_FEATURE_PRIVATE | ISLE_FEATURE_SHARED |
				ISLE_FEATURE_FILE | ISLE_FEATURE_ADVISE |
				ISLE_FEATURE_WATCH;
	if (ISLE_HAS_HUGE)
		arg->version.features |= ISLE_FEATURE_HUGE;
	if (isle_param_debug)
		arg->version.features |= ISLE_FEATURE_DEBUG;
	arg->version.huge = READ_ONCE(isle_param_huge);
	arg->version.huge_allowed = isle_thp_allowed();
	return 0;
}

/* Pages for a limit in bytes, or 0 with an errno. */
static int parse_limit(u64 bytes, unsigned long *pages)
{
	unsigned long most = isle_opener_default_limit();

	if (!PAGE_ALIGNED(bytes))
		return -EINVAL;
	*pages = bytes ? min_t(u64, bytes >> PAGE_SHIFT, ISLE_LIMIT_NONE) :
			 most;
	return *pages > most && !capable(CAP_SYS_RESOURCE) ? -EPERM : 0;
}

static void set_huge(struct isle_vm_opener *opener, unsigned int huge)
{
	WRITE_ONCE(opener->huge, huge ?: READ_ONCE(isle_param_huge));
	if (huge > ISLE_HUGE_NEVER)
		isle_huge_say();
}

static int do_setup(struct file *file, union isle_arg *arg)
{
	struct isle_vm_opener *opener = file->private_data;
	struct isle_setup *setup = &arg->setup;
	struct isle_backing *backing = NULL;
	bool keep = setup->flags & ISLE_SETUP_KEEP;
	unsigned long limit;
	int around, err = 0;

	if (setup->flags & ~ISLE_SETUP_KEEP || setup->kind > ISLE_SETUP_FILE ||
	    setup->huge > ISLE_HUGE_ALWAYS)
		return -EINVAL;
	if (setup->kind == ISLE_SETUP_ANON &&
	    (setup->fd != -1 || setup->offset))
		return -EINVAL;
	around = isle_parse_around(setup->fault_around);
	if (around < 0)
		return around;
	err = parse_limit(setup->limit, &limit);
	if (err)
		return err;

	if (setup->kind == ISLE_SETUP_FILE) {
		backing = isle_backing_create(opener->isle, file, setup->fd,
					      setup->offset);
		if (IS_ERR(backing))
			return PTR_ERR(backing);
	}

	mutex_lock(&opener->lock);
	if (opener->used || opener->backing) {
		err = -EBUSY;
	} else {
		if (backing)
			isle_opener_bind(opener, file, backing);
		if (!keep || setup->fault_around)
			WRITE_ONCE(opener->around, around);
		if (!keep || setup->limit)
			WRITE_ONCE(opener->limit, limit);
		if (!keep || setup->huge)
			set_huge(opener, setup->huge);
	}
	mutex_unlock(&opener->lock);
	if (err && backing)
		isle_backing_destroy(backing);
	return err;
}

static int do_limit(struct file *file, union isle_arg *arg)
{
	struct isle_vm_opener *opener = file->private_data;
	unsigned long limit;
	int err;

	err = parse_limit(arg->limit.limit, &limit);
	if (!err)
		WRITE_ONCE(opener->limit, limit);
	return err;
}

static int do_alloc(struct file *file, union isle_arg *arg)
{
	return isle_block_alloc(file->private_data, &arg->block);
}

static int do_free(struct file *file, union isle_arg *arg)
{
	if (arg->free.flags)
		return -EINVAL;
	return isle_block_free(file->private_data, arg->free.handle);
}

static int do_query(struct file *file, union isle_arg *arg)
{
	return isle_block_query(file->private_data, &arg->block);
}

static int do_discard(struct file *file, union isle_arg *arg)
{
	return isle_discard(file, &arg->range);
}

static int do_fault_around(struct file *file, union isle_arg *arg)
{
	return isle_set_around(file, &arg->range);
}

static int do_advise(struct file *file, union isle_arg *arg)
{
	return isle_advise(file, &arg->range);
}

static int do_populate(struct file *file, union isle_arg *arg)
{
	return isle_populate_range(file, &arg->range);
}

static int do_residency(struct file *file, union isle_arg *arg)
{
	return isle_residency(file, &arg->residency);
}

static int do_opener(struct file *file, union isle_arg *arg)
{
	struct isle_vm_opener *opener = file->private_data;
	struct isle_opener *info = &arg->opener;
	unsigned long limit = READ_ONCE(opener->limit);
	struct isle_faultstat sum;

	info->object_pages = isle_opener_object_pages(opener);
	info->block_pages = atomic_long_read(&opener->held_blocks);
	info->private_pages = isle_opener_private_pages(opener);
	info->limit = limit == ISLE_LIMIT_NONE ? 0 : (u64)limit << PAGE_SHIFT;

	isle_faultstat_sum(opener->stat, &sum);
	isle_faultstat_tell(&sum, info);
	info->dirty_pages = isle_opener_dirty(opener);
	return 0;
}

static int do_stats(struct file *file, union isle_arg *arg)
{
	struct isle_stats *stats = &arg->stats;

	isle_stat_instance(stats);
	isle_vm_stats(stats);
	return 0;
}

static int do_zone(struct file *file, union isle_arg *arg)
{
	return isle_stat_zone(&arg->zone, capable(CAP_SYS_ADMIN));
}

static int do_region(struct file *file, union isle_arg *arg)
{
	return isle_stat_region(&arg->region, capable(CAP_SYS_ADMIN));
}

static int do_pageblocks(struct file *file, union isle_arg *arg)
{
	return isle_stat_pageblocks(&arg->pageblocks, capable(CAP_SYS_ADMIN));
}

static int do_openers(struct file *file, union isle_arg *arg)
{
	if (arg->openers.flags)
		return -EINVAL;
	isle_openers_list(&arg->openers);
	return 0;
}

struct isle_call {
	unsigned int cmd;
	unsigned short reserved;	/* where the reserved fields are */
	unsigned short nr_reserved;	/* bytes */
	int (*function)(struct file *file, union isle_arg *arg);
};

#define CALL(_cmd, type, fn) {						\
	.cmd		= (_cmd),					\
	.reserved	= offsetof(type, reserved),			\
	.nr_reserved	= sizeof_field(type, reserved),			\
	.function	= (fn),						\
}

static const struct isle_call calls[] = {
	CALL(ISLE_IOC_VERSION, struct isle_version, do_version),
	CALL(ISLE_IOC_SETUP, struct isle_setup, do_setup),
	CALL(ISLE_IOC_ALLOC, struct isle_block, do_alloc),
	CALL(ISLE_IOC_FREE, struct isle_free, do_free),
	CALL(ISLE_IOC_QUERY, struct isle_block, do_query),
	CALL(ISLE_IOC_DISCARD, struct isle_range, do_discard),
	CALL(ISLE_IOC_FAULT_AROUND, struct isle_range, do_fault_around),
	CALL(ISLE_IOC_LIMIT, struct isle_limit, do_limit),
	CALL(ISLE_IOC_OPENER, struct isle_opener, do_opener),
	CALL(ISLE_IOC_STATS, struct isle_stats, do_stats),
	CALL(ISLE_IOC_ZONE, struct isle_zone_info, do_zone),
	CALL(ISLE_IOC_REGION, struct isle_region_info, do_region),
	CALL(ISLE_IOC_ADVISE, struct isle_range, do_advise),
	CALL(ISLE_IOC_POPULATE, struct isle_range, do_populate),
	CALL(ISLE_IOC_RESIDENCY, struct isle_residency, do_residency),
	CALL(ISLE_IOC_PAGEBLOCKS, struct isle_pageblocks, do_pageblocks),
	CALL(ISLE_IOC_OPENERS, struct isle_openers, do_openers),
};

static const struct isle_call *find_call(unsigned int cmd)
{
	const struct isle_call *call;

	for (call = calls; call < calls + ARRAY_SIZE(calls); call++) {
		if (call->cmd == cmd)
			return call;
	}
	return NULL;
}

static int get_arg(const struct isle_call *call, union isle_arg *arg,
		   const void __user *user)
{
	if (copy_from_user(arg, user, _IOC_SIZE(call->cmd)))
		return -EFAULT;
	if (memchr_inv((char *)arg + call->reserved, 0, call->nr_reserved))
		return -EINVAL;
	return 0;
}

long isle_ioctl(struct file *file, unsigned int cmd, unsigned long user)
{
	const struct isle_call *call = find_call(cmd);
	union isle_arg arg;
	int err;

	if (!call)
		return -ENOTTY;
	isle_openers_note(file->private_data);
	memset(&arg, 0, sizeof(arg));
	if (_IOC_DIR(cmd) & _IOC_WRITE) {
		err = get_arg(call, &arg, (void __user *)user);
		if (err)
			return err;
	}
	err = call->function(file, &arg);
	if (err || !(_IOC_DIR(cmd) & _IOC_READ))
		return err;
	if (!copy_to_user((void __user *)user, &arg, _IOC_SIZE(cmd)))
		return 0;
	/* Nobody knows the handle; whoever guessed it may have freed it. */
	if (cmd == ISLE_IOC_ALLOC)
		isle_block_free(file->private_data, arg.block.handle);
	return -EFAULT;
}
