// SPDX-License-Identifier: GPL-2.0
/* The module's parameters. Counterpart of the last but one: mm/page_alloc.c. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/sizes.h>

#include <uapi/isle.h>

#include "main.h"
#include "page_alloc/zone.h"

char *isle_param_region = "auto";
module_param_named(region, isle_param_region, charp, 0444);
MODULE_PARM_DESC(region, "where memory comes from, comma-separated: auto, contig:SIZE, cma:SIZE, reserved:NAME, phys:ADDR+SIZE, each with @NODE if need be (auto)");

unsigned int isle_param_movable;
module_param_named(movable, isle_param_movable, uint, 0444);
MODULE_PARM_DESC(movable, "per cent of each node that become ZONE_MOVABLE (0)");

unsigned int isle_param_cma;
module_param_named(cma, isle_param_cma, uint, 0444);
MODULE_PARM_DESC(cma, "per cent of the pageblocks that are of type CMA (0)");

unsigned int isle_param_user_max = 90;
module_param_named(user_max, isle_param_user_max, uint, 0444);
MODULE_PARM_DESC(user_max, "per cent of each zone that /dev/isle may hand out (90)");

bool isle_param_debug;
module_param_named(debug, isle_param_debug, bool, 0444);
MODULE_PARM_DESC(debug, "poison free memory and remember who took what (0)");

unsigned long isle_param_opener_max_mb;
module_param_named(opener_max_mb, isle_param_opener_max_mb, ulong, 0444);
MODULE_PARM_DESC(opener_max_mb, "MB that one open file of /dev/isle may hold; 0: no limit of its own (0)");

/* min_free_kbytes= goes here; changed and read with the parameters' lock. */
static struct isle *live;

unsigned long isle_param_min_free_kbytes;

static int set_min_free_kbytes(const char *val, const struct kernel_param *kp)
{
	int ret = param_set_ulong(val, kp);

	if (!ret && live)
		isle_zones_set_watermarks(live, isle_param_min_free_kbytes);
	return ret;
}

static const struct kernel_param_ops min_free_kbytes_ops = {
	.set = set_min_free_kbytes,
	.get = param_get_ulong,
};

module_param_cb(min_free_kbytes, &min_free_kbytes_ops,
		&isle_param_min_free_kbytes, 0644);
__MODULE_PARM_TYPE(min_free_kbytes, "ulong");
MODULE_PARM_DESC(min_free_kbytes, "sum of the min watermarks; 0: by size, as the kernel's (0)");

enum { FAULT_AROUND_MAX_KB = 2048 };

unsigned int isle_param_fault_around_kb = 64;

static int set_fault_around_kb(const char *val, const struct kernel_param *kp)
{
	unsigned int kb;
	int ret = kstrtouint(val, 0, &kb);

	if (ret)
		return ret;
	if (!is_power_of_2(kb) || kb < PAGE_SIZE / SZ_1K ||
	    kb > FAULT_AROUND_MAX_KB) {
		pr_err("fault_around_kb=%u: not a power of two from %lu to %u\n",
		       kb, PAGE_SIZE / SZ_1K, FAULT_AROUND_MAX_KB);
		return -EINVAL;
	}
	WRITE_ONCE(isle_param_fault_around_kb, kb);
	return 0;
}

static const struct kernel_param_ops fault_around_kb_ops = {
	.set = set_fault_around_kb,
	.get = param_get_uint,
};

module_param_cb(fault_around_kb, &fault_around_kb_ops,
		&isle_param_fault_around_kb, 0644);
__MODULE_PARM_TYPE(fault_around_kb, "uint");
MODULE_PARM_DESC(fault_around_kb, "KB that one fault of /dev/isle maps at most, a power of two from 4 to 2048 (64)");

unsigned int isle_param_huge = ISLE_HUGE_ADVISE;

static const char *const huge_names[] = {
	[ISLE_HUGE_NEVER]	= "never",
	[ISLE_HUGE_ADVISE]	= "advise",
	[ISLE_HUGE_ALWAYS]	= "always",
};

static int set_huge(const char *val, const struct kernel_param *kp)
{
	unsigned int i;

	for (i = ISLE_HUGE_NEVER; i < ARRAY_SIZE(huge_names); i++) {
		if (!sysfs_streq(val, huge_names[i]))
			continue;
		WRITE_ONCE(isle_param_huge, i);
		return 0;
	}
	pr_err("huge=%s: neither never, advise nor always\n", val);
	return -EINVAL;
}

static int get_huge(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%s\n", huge_names[isle_param_huge]);
}

static const struct kernel_param_ops huge_ops = {
	.set = set_huge,
	.get = get_huge,
};

module_param_cb(huge, &huge_ops, NULL, 0644);
__MODULE_PARM_TYPE(huge, "charp");
MODULE_PARM_DESC(huge, "which private mappings of /dev/isle get pages of 2 MB, on 6.12 and newer: never, advise (those with MADV_HUGEPAGE), always; within what the kernel's transparent_hugepage switches allow (advise)");

unsigned int isle_param_read_ahead_kb = 128;
module_param_named(read_ahead_kb, isle_param_read_ahead_kb, uint, 0644);
MODULE_PARM_DESC(read_ahead_kb, "KB of a file that one fault of /dev/isle reads at most; 0: the page alone (128)");

unsigned int isle_param_dirty_expire_centisecs = 3000;
module_param_named(dirty_expire_centisecs, isle_param_dirty_expire_centisecs,
		   uint, 0644);
MODULE_PARM_DESC(dirty_expire_centisecs, "after how long pages of a file that were written to through /dev/isle are written back; 0: never without being asked (3000)");

/* Anything from 0 to 100, at any time. */
static int set_percent(const char *val, const struct kernel_param *kp)
{
	unsigned int percent;
	int ret = kstrtouint(val, 0, &percent);

	if (ret)
		return ret;
	if (percent > 100) {
		pr_err("%s=%u: not a percentage\n", kp->name, percent);
		return -EINVAL;
	}
	WRITE_ONCE(*(unsigned int *)kp->arg, percent);
	return 0;
}

static const struct kernel_param_ops percent_ops = {
	.set = set_percent,
	.get = param_get_uint,
};

unsigned int isle_param_dirty_ratio = 20;
module_param_cb(dirty_ratio, &percent_ops, &isle_param_dirty_ratio, 0644);
__MODULE_PARM_TYPE(dirty_ratio, "uint");
MODULE_PARM_DESC(dirty_ratio, "per cent of all memory that may be pages of files to be written back; who writes to more waits (20)");

unsigned int isle_param_dirty_background_ratio = 10;
module_param_cb(dirty_background_ratio, &percent_ops,
		&isle_param_dirty_background_ratio, 0644);
__MODULE_PARM_TYPE(dirty_background_ratio, "uint");
MODULE_PARM_DESC(dirty_background_ratio, "per cent of all memory from which on such pages are written back at once (10)");

static int check_percent(const char *name, unsigned int percent,
			 unsigned int least)
{
	if (percent >= least && percent <= 100)
		return 0;
	pr_err("%s=%u: not a percentage from %u to 100\n", name, percent,
	       least);
	return -EINVAL;
}

int isle_params_check(void)
{
	int ret;

	ret = check_percent("movable", isle_param_movable, 0);
	if (!ret)
		ret = check_percent("cma", isle_param_cma, 0);
	if (!ret)
		ret = check_percent("user_max", isle_param_user_max, 1);
	if (!ret && isle_param_opener_max_mb > ULONG_MAX / SZ_1M) {
		pr_err("opener_max_mb=%lu: too large\n",
		       isle_param_opener_max_mb);
		ret = -EINVAL;
	}
	return ret;
}

void isle_params_live(struct isle *isle)
{
	kernel_param_lock(THIS_MODULE);
	live = isle;
	kernel_param_unlock(THIS_MODULE);
}
