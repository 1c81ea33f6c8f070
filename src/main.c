// SPDX-License-Identifier: GPL-2.0
/*
 * Load and unload.
 *
 *   parameters -> regions -> frame table -> instance -> device
 *
 * and back. Whoever has /dev/isle open or uses the kernel API holds a
 * reference to the module, so at unload nobody allocates any more. What is
 * still allocated then was leaked by a user that is gone: it is listed and never
 * given back. The frame table lies in the regions' own memory; nothing looks at
 * it after they are released.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/kmemleak.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pfn.h>
#include <linux/sizes.h>

#include "main.h"
#include "page_alloc/alloc.h"
#include "page_alloc/debug.h"
#include "page_alloc/drain.h"
#include "page_alloc/early.h"
#include "page_alloc/quarantine.h"
#include "page_alloc/zone.h"
#include "region/bias.h"
#include "region/region.h"
#include "stat/debugfs.h"
#include "stat/gone.h"
#include "vm/vm.h"

enum { REPORTED_BLOCKS = 32 };

struct isle *isle_loaded;
struct isle_regions isle_loaded_regions;

/* Every region is in the kernel's linear mapping. */
static void *frame_address(const struct isle *isle, u32 id)
{
	return __va(PFN_PHYS(isle_id_to_pfn(isle, id)));
}

static bool frame_pinned(const struct isle *isle, u32 id)
{
	struct page *page = pfn_to_page(isle_id_to_pfn(isle, id));
	unsigned int i;

	for (i = 0; i < 1u << isle_frame(isle, id)->order; i++)
		if (isle_page_pinned(page + i))
			return true;
	return false;
}

static const struct isle_ops frame_ops = {
	.address = frame_address,
	.pinned = frame_pinned,
};

static size_t frame_table_size(const struct isle_regions *set)
{
	return array_size(isle_frames_needed(set->extent, set->nr_extents),
			  sizeof(struct isle_frame));
}

/*
 * The first thing in a region's memory. kmemleak is told of it, for it would
 * not look there, and frames point to what owns them.
 */
static struct isle_frame *make_frame_table(struct isle_early *early)
{
	size_t size = frame_table_size(&isle_loaded_regions);
	struct isle_frame *frames;
	unsigned long pfn;

	if (!size) {
		pr_err("more memory than frame ids can name\n");
		return ERR_PTR(-EINVAL);
	}
	pfn = isle_early_alloc(early, DIV_ROUND_UP(size, PAGE_SIZE));
	if (!pfn) {
		pr_err("no extent has room for a frame table of %zu KB\n",
		       size / SZ_1K);
		return ERR_PTR(-ENOMEM);
	}
	frames = __va(PFN_PHYS(pfn));
	memset(frames, 0, size);
	kmemleak_alloc(frames, size, 1, GFP_KERNEL);
	return frames;
}

static struct isle *make_instance(struct isle_regions *set)
{
	struct isle_early early;
	struct isle_config config = {
		.name = KBUILD_MODNAME,
		.extents = set->extent,
		.nr_extents = set->nr_extents,
		.ops = &frame_ops,
		.min_free_kbytes = isle_param_min_free_kbytes,
		.movable_percent = isle_param_movable,
		.cma_percent = isle_param_cma,
		.user_percent = isle_param_user_max,
		.debug = isle_param_debug,
	};
	struct isle *isle;

	isle_early_init(&early, set->extent, set->nr_extents);
	config.frames = make_frame_table(&early);
	if (IS_ERR(config.frames))
		return ERR_CAST(config.frames);
	config.early = early.range;
	config.nr_early = early.nr;
	isle = isle_create(&config);
	if (IS_ERR(isle)) {
		pr_err("can't make an instance: %ld\n", PTR_ERR(isle));
		kmemleak_free(config.frames);
	}
	return isle;
}

static void unmake_instance(struct isle *isle)
{
	void *frames = isle->frames;

	isle_destroy(isle);
	kmemleak_free(frames);
}

static void show_zones(const struct isle *isle)
{
	const struct isle_zone *zone;
	unsigned int i;

	for (i = 0; i < isle->nr_zones; i++) {
		zone = isle->zones[i];
		pr_info("node %d, zone %s: %lu of %lu pages managed, min %lu low %lu high %lu\n",
			zone->nid, isle_zone_name(zone->type), zone->managed,
			zone->present, zone->watermark[ISLE_WMARK_MIN],
			zone->watermark[ISLE_WMARK_LOW],
			zone->watermark[ISLE_WMARK_HIGH]);
	}
}

static int __init isle_init(void)
{
	struct isle_regions *set = &isle_loaded_regions;
	struct isle *isle;
	int ret;

	ret = isle_params_check() ?:
	      isle_regions_parse(set, isle_param_region) ?:
	      isle_regions_carve(set);
	if (ret)
		return ret;
	isle = make_instance(set);
	if (IS_ERR(isle)) {
		ret = PTR_ERR(isle);
		goto err_release;
	}
	ret = isle_regions_track(set, isle);
	if (ret)
		goto err_unmake;
	isle_loaded = isle;
	ret = isle_vm_init(isle);
	if (ret)
		goto err_unmake;
	isle_params_live(isle);
	isle_debugfs_init(isle);
	isle_gone_init(isle);
	show_zones(isle);
	return 0;

err_unmake:
	unmake_instance(isle);
err_release:
	isle_regions_release(set);
	return ret;
}
module_init(isle_init);

static void report_block(struct isle *isle, u32 id)
{
	static unsigned int reported;
	const char *name;

	if (reported++ >= REPORTED_BLOCKS)
		return;
	isle_debug_print_owner(isle, id);
	name = isle_gone_name(isle_frame(isle, id)->owner);
	if (name)
		pr_err("that was %s\n", name);
}

static void __exit isle_exit(void)
{
	struct isle *isle = isle_loaded;
	unsigned long out;

	isle_gone_exit();
	isle_debugfs_exit();
	isle_params_live(NULL);
	isle_vm_exit();
	isle_quarantine_rescan(isle);
	isle_drain_all(isle);
	out = isle_regions_mark_out(&isle_loaded_regions, isle, report_block);
	if (out)
		pr_err("unloaded with %lu pages still allocated\n", out);
	unmake_instance(isle);
	isle_regions_release(&isle_loaded_regions);
}
module_exit(isle_exit);

MODULE_DESCRIPTION("A page allocator of its own over a carved-out physical region");
MODULE_LICENSE("GPL");
