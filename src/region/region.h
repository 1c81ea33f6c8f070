/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Regions: where memory comes from, and where it goes back to.
 *
 *   region=contig:64M,reserved:isle@0
 *          |              |
 *          v              v
 *      struct isle_region, one an entry       parse
 *          |    |         |
 *          v    v         v
 *      extents, sorted, adjacent ones merged  carve
 *          |    |         |
 *      isle_create() ... isle_destroy()
 *          |    |         |
 *          v    v         v
 *      the kernel                             release, in reverse
 *
 * Providers are called at load and at unload only, by one task: nothing here
 * takes a lock.
 */
#ifndef _ISLE_REGION_H
#define _ISLE_REGION_H

#include <linux/sizes.h>
#include <linux/types.h>

#include "compat.h"
#include "page_alloc/instance.h"

#define ISLE_MAX_REGIONS	16
#define ISLE_REGION_SPEC	64

/* The smallest extent, and what contig sizes are multiples of. */
#define ISLE_EXTENT_BYTES	SZ_4M
#define ISLE_EXTENT_FRAMES	(ISLE_EXTENT_BYTES >> PAGE_SHIFT)

/* What cma sizes are multiples of: see cma.c. */
#define ISLE_CMA_BYTES		(PAGE_SIZE << (ISLE_KERNEL_MAX_ORDER + 1))

/* What phys addresses and sizes are multiples of: a subsection. */
#define ISLE_PHYS_BYTES		SZ_2M

struct isle_region;
struct isle_regions;

/**
 * struct isle_region_ops - a provider
 * @name: the KIND of region=
 * @unpinnable: get_user_pages() would have to move its frames before it holds
 *              them for long, which can't be done
 * @carve: take the memory, each range announced with isle_region_add() and its
 *         struct pages counted up to the bias; may leave a part behind when it
 *         fails, which @release then returns
 * @release: return the region's extents, but for frames that
 *           isle_region_run() calls out; counts region->pinned and region->out
 *
 * @carve says in the log what is wrong before it returns an error.
 */
struct isle_region_ops {
	const char *name;
	bool unpinnable;
	int (*carve)(struct isle_region *region);
	void (*release)(struct isle_region *region);
};

/**
 * struct isle_region - one entry of region=
 * @ops: its provider
 * @set: the list that it is in
 * @index: its place there
 * @spec: the entry as given
 * @args: between KIND: and @node
 * @nid: the node asked for, or NUMA_NO_NODE
 * @start: phys: the first byte
 * @size: bytes asked for; reserved: bytes found; 0: as isle_auto_size() says
 * @priv: the provider's own
 * @pinned: frames that release left to whoever pins them
 * @out: frames that release kept because they are still allocated
 */
struct isle_region {
	const struct isle_region_ops *ops;
	struct isle_regions *set;
	unsigned int index;
	char spec[ISLE_REGION_SPEC];
	char args[ISLE_REGION_SPEC];
	int nid;
	phys_addr_t start;
	u64 size;
	void *priv;
	unsigned long pinned;
	unsigned long out;
};

/**
 * struct isle_regions - all of region=
 * @nr: length of @region
 * @region: in the order given
 * @nr_carved: how many of them have been carved
 * @nr_extents: length of @extent
 * @extent: sorted by base_pfn; adjacent ones of one region and node are one
 * @out: by frame id: frames that are still allocated; NULL until
 *       isle_regions_track()
 */
struct isle_regions {
	unsigned int nr;
	struct isle_region region[ISLE_MAX_REGIONS];
	unsigned int nr_carved;
	unsigned int nr_extents;
	struct isle_extent extent[ISLE_MAX_EXTENTS];
	unsigned long *out;
};

extern const struct isle_region_ops isle_region_contig;
extern const struct isle_region_ops isle_region_cma;
extern const struct isle_region_ops isle_region_reserved;
extern const struct isle_region_ops isle_region_phys;

/* Say what is wrong with an entry of region=. */
#define isle_region_err(region, fmt, ...) \
	pr_err("region=%s: " fmt, (region)->spec, ##__VA_ARGS__)

/**
 * isle_regions_parse - understand the module parameter
 * @set: to be filled in
 * @list: KIND:ARGS[@node], comma-separated; "auto" needs no ARGS
 *
 * SIZE is a multiple of 4 MB for contig, of 8 MB for cma; ADDR and SIZE of phys
 * are multiples of 2 MB. Says in the log what is wrong.
 *
 * Return: 0; -EINVAL for what can't be understood, an unknown KIND or a size
 * that is not the multiple its KIND wants; -ERANGE for a number that is too
 * large; -E2BIG for more than ISLE_MAX_REGIONS entries; -EOPNOTSUPP for a KIND
 * that this kernel can't have.
 */
int isle_regions_parse(struct isle_regions *set, const char *list);

/**
 * isle_regions_carve - take the memory of every region
 * @set: as parsed
 *
 * Context: process, may sleep for seconds; ends early with a fatal signal.
 * Return: 0, or what a provider says, with nothing taken: -ENOMEM, -ENOENT for
 * a name, -EBUSY for memory that somebody has, -ENXIO for memory or a node that
 * is not there, -EOPNOTSUPP, -EINTR.
 */
int isle_regions_carve(struct isle_regions *set);

/**
 * isle_regions_track - prepare for frames that are out at unload
 * @set: as carved
 * @isle: the instance made of it
 *
 * Takes now what the return will need, so that an unload can't fail.
 * Return: 0 or -ENOMEM.
 */
int isle_regions_track(struct isle_regions *set, const struct isle *isle);

/**
 * isle_regions_mark_out - find the frames that are still allocated
 * @set: as tracked
 * @isle: the instance, its per-CPU lists drained, with nobody using it
 * @report: called for the first frame of each block that is out; may be NULL
 *
 * Return: frames.
 */
unsigned long isle_regions_mark_out(struct isle_regions *set,
				    struct isle *isle,
				    void (*report)(struct isle *isle, u32 id));

/**
 * isle_regions_release - give everything back, in reverse order
 * @set: as carved, wholly or in part
 *
 * But for frames marked out, which are lost, and says so. Nothing may look at
 * the memory any more, the frame table in it included.
 */
void isle_regions_release(struct isle_regions *set);

/**
 * isle_region_add - say that a region has a range of frames
 * @region: the region
 * @base_pfn: the first frame
 * @nr: how many
 * @nid: their node
 *
 * Return: 0; -E2BIG when the instance has ISLE_MAX_EXTENTS extents already;
 * -EEXIST if the range overlaps another.
 */
int isle_region_add(struct isle_region *region, unsigned long base_pfn,
		    unsigned long nr, int nid);

/**
 * isle_region_frames - how many frames a region has
 * @region: the region
 */
u64 isle_region_frames(const struct isle_region *region);

/**
 * isle_parse_size - read a number with an optional K, M, G or T
 * @s: decimal, or hexadecimal with 0x; nothing may follow
 * @bytes: where to put it
 *
 * Return: 0, -EINVAL or -ERANGE.
 */
int isle_parse_size(const char *s, u64 *bytes);

/**
 * isle_region_check_node - whether the node asked for has memory
 * @region: the region
 *
 * Return: 0, or -ENXIO with a word in the log.
 */
int isle_region_check_node(const struct isle_region *region);

/**
 * isle_auto_size - the size of a region that nobody chose
 * @free_bytes: free memory
 *
 * Return: 256 MB or an eighth of @free_bytes, whichever is less, in whole
 * extents; 0 if that is none.
 */
u64 isle_auto_size(u64 free_bytes);

/**
 * isle_region_next - walk a region's extents
 * @region: the region
 * @e: the one before; NULL: none
 *
 * Return: the next extent by address, or NULL.
 */
const struct isle_extent *isle_region_next(const struct isle_region *region,
					   const struct isle_extent *e);

#endif /* _ISLE_REGION_H */
