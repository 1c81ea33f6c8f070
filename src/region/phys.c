// SPDX-License-Identifier: GPL-2.0
/*
 * phys:ADDR+SIZE: a hole cut into the machine's memory with memmap=SIZE$ADDR.
 *
 * The kernel knows nothing of such memory: it is not System RAM, has no place
 * in the linear mapping, and pfn_valid() fails on it even where the memmap of
 * its section exists, which the kernel populates 128 MB at a time but declares
 * valid 2 MB at a time. memremap_pages() adds all three: write-back mapped (so
 * the memory type of every further mapping is settled), with struct pages that
 * get_user_pages() accepts. They are ZONE_DEVICE pages, MEMORY_DEVICE_GENERIC:
 * a count of one from the start, and nothing that happens when others' gets and
 * puts go up and down above that.
 *
 * What is special about them: page->lru holds a pointer of the kernel's, so
 * they must not be chained with it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/numa.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "bias.h"

#define PROBE	0x656c7369UL

static_assert(IS_ALIGNED(ISLE_PHYS_BYTES, SUBSECTION_SIZE));

/* Outlives the module if frames of it do: then the kernel still points here. */
struct isle_phys {
	struct dev_pagemap pgmap;
	char name[8];
};

/* Counts how far a range is reserved without a gap. */
static int advance(struct resource *res, void *arg)
{
	resource_size_t *covered = arg;

	if (res->start <= *covered && res->end >= *covered)
		*covered = res->end + 1;
	return 0;
}

static int check_range(struct isle_region *region)
{
	resource_size_t end = region->start + region->size;
	resource_size_t covered = region->start;

	if (region_intersects(region->start, region->size,
			      IORESOURCE_SYSTEM_RAM,
			      IORES_DESC_NONE) != REGION_DISJOINT) {
		isle_region_err(region, "overlaps System RAM; boot with memmap=SIZE$ADDR\n");
		return -EBUSY;
	}
	walk_iomem_res_desc(IORES_DESC_RESERVED, IORESOURCE_MEM, region->start,
			    end - 1, &covered, advance);
	if (covered < end) {
		isle_region_err(region, "no such memory: not reserved with memmap=SIZE$ADDR\n");
		return -ENXIO;
	}
	return 0;
}

static bool holds(unsigned long *word, unsigned long value)
{
	WRITE_ONCE(*word, value);
	isle_flush_cache(word, sizeof(*word));
	return READ_ONCE(*word) == value;
}

/* Firmware reserves addresses with nothing behind them too. */
static int probe(struct isle_region *region)
{
	void *base = phys_to_virt(region->start);
	u64 offset;

	for (offset = 0; offset < region->size; offset += ISLE_PHYS_BYTES) {
		if (holds(base + offset, PROBE) && holds(base + offset, ~PROBE))
			continue;
		isle_region_err(region, "no such memory: what is written at offset 0x%llx is lost\n",
				offset);
		return -ENXIO;
	}
	return 0;
}

static int choose_node(const struct isle_region *region)
{
	int nid = region->nid;

	if (nid == NUMA_NO_NODE)
		nid = phys_to_target_node(region->start);
	if (nid == NUMA_NO_NODE || !node_state(nid, N_MEMORY))
		nid = numa_mem_id();
	return nid;
}

static int map_range(struct isle_region *region, struct isle_phys *phys)
{
	struct dev_pagemap *pgmap = &phys->pgmap;
	int nid = choose_node(region);
	void *base;
	int ret;

	pgmap->type = MEMORY_DEVICE_GENERIC;
	pgmap->nr_range = 1;
	pgmap->range.start = region->start;
	pgmap->range.end = region->start + region->size - 1;
	base = memremap_pages(pgmap, nid);
	if (IS_ERR(base)) {
		isle_region_err(region, "the kernel can't map it: %ld\n",
				PTR_ERR(base));
		return PTR_ERR(base);
	}
	ret = probe(region);
	if (!ret)
		ret = isle_region_add(region, PHYS_PFN(region->start),
				      PHYS_PFN(region->size), nid);
	if (ret)
		memunmap_pages(pgmap);
	return ret;
}

static int phys_carve(struct isle_region *region)
{
	struct isle_phys *phys;
	int ret;

	ret = isle_region_check_node(region) ?: check_range(region);
	if (ret)
		return ret;
	phys = kzalloc(sizeof(*phys), GFP_KERNEL);
	if (!phys)
		return -ENOMEM;
	strscpy(phys->name, "isle", sizeof(phys->name));
	if (!request_mem_region(region->start, region->size, phys->name)) {
		isle_region_err(region, "in use: see /proc/iomem\n");
		ret = -EBUSY;
		goto err_free;
	}
	ret = map_range(region, phys);
	if (ret)
		goto err_release;
	isle_bias_take(PHYS_PFN(region->start), PHYS_PFN(region->size));
	region->priv = phys;
	return 0;

err_release:
	release_mem_region(region->start, region->size);
err_free:
	kfree(phys);
	return ret;
}

static bool all_clean(struct isle_region *region)
{
	const struct isle_extent *e = NULL;
	unsigned long from, nr;
	enum isle_fate fate;
	bool clean = true;

	while ((e = isle_region_next(region, e))) {
		for (from = 0; from < e->nr; from += nr) {
			nr = isle_region_run(region, e, from, e->nr, &fate);
			clean &= fate == ISLE_FATE_CLEAN;
		}
	}
	return clean;
}

/*
 * There are struct pages for all of the range or for none of it. If a frame is
 * still in use all of them stay, with their bias, and the range stays taken.
 */
static void phys_release(struct isle_region *region)
{
	struct isle_phys *phys = region->priv;

	if (!phys)
		return;
	region->priv = NULL;
	if (!all_clean(region)) {
		pr_warn("region %s: can't be taken again until reboot\n",
			region->spec);
		return;
	}
	isle_bias_drop(PHYS_PFN(region->start), PHYS_PFN(region->size));
	memunmap_pages(&phys->pgmap);
	release_mem_region(region->start, region->size);
	kfree(phys);
}

const struct isle_region_ops isle_region_phys = {
	.name = "phys",
	.carve = phys_carve,
	.release = phys_release,
};
