/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The instance: one page allocator over a set of extents.
 *
 *   struct isle ── extents[]     what the providers carved out
 *      │        ── frames[]      one struct isle_frame a frame, by id
 *      │        ── pageblocks[]  a migratetype each 2 MB
 *      │        ── fullness[]    and how much of it is free
 *      ├── zones[]               free lists, watermarks, per-CPU lists
 *      └── nodes[]               a zonelist each highest zone
 *
 * Nothing in src/page_alloc has state outside of an instance (but for the
 * static key that switches debugging's branches), so any number can live side
 * by side: the one that the module was loaded with, and those that KUnit
 * builds of frames with no memory behind them.
 */
#ifndef _ISLE_INSTANCE_H
#define _ISLE_INSTANCE_H

#include <linux/bits.h>
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/ratelimit.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "frame.h"

/* Linux's MAX_PAGE_ORDER; the same as ISLE_MAX_ORDER of isle/isle.h. */
#define ISLE_TOP_ORDER		10
#define ISLE_NR_ORDERS		(ISLE_TOP_ORDER + 1)
#define ISLE_TOP_FRAMES		((u32)BIT(ISLE_TOP_ORDER))

/* A pageblock is what one PMD maps. */
#define ISLE_PAGEBLOCK_ORDER	9
#define ISLE_PAGEBLOCK_FRAMES	((u32)BIT(ISLE_PAGEBLOCK_ORDER))

#define ISLE_MAX_EXTENTS	64

/* Pageblocks in part free are told apart by quarters: see fullness.h. */
#define ISLE_FULLNESS_GROUPS	4

enum isle_migratetype {
	ISLE_UNMOVABLE,
	ISLE_MOVABLE,
	ISLE_RECLAIMABLE,
	ISLE_PCPTYPES,			/* those above have per-CPU lists */
	ISLE_HIGHATOMIC = ISLE_PCPTYPES,
	ISLE_CMA,
	ISLE_ISOLATE,
	ISLE_MIGRATE_TYPES,
};

enum isle_zone_type {
	ISLE_ZONE_DMA32,
	ISLE_ZONE_NORMAL,
	ISLE_ZONE_MOVABLE,
	ISLE_ZONE_TYPES,
};

enum isle_watermark {
	ISLE_WMARK_MIN,
	ISLE_WMARK_LOW,
	ISLE_WMARK_HIGH,
	ISLE_NR_WMARK,
};

struct isle;
struct isle_cpu;
struct isle_drain;
struct isle_pcp;
struct isle_debug;

/**
 * struct isle_extent - a physically contiguous range
 * @base_pfn: its first frame
 * @nr: frames in it
 * @nid: the node it belongs to
 * @first_id: the frame id of @base_pfn, set by isle_create()
 * @region: which region= entry it came from, for reports
 */
struct isle_extent {
	unsigned long base_pfn;
	u32 nr;
	int nid;
	u32 first_id;
	u32 region;
};

/**
 * struct isle_ops - what the allocator asks of those above it
 * @address: kernel address of a frame's memory, or NULL if there is none
 *           (KUnit); the memory of an extent is contiguous
 * @pinned: whether the kernel still holds references to an exposed frame
 *
 * Both are called from any context and must not sleep.
 */
struct isle_ops {
	void *(*address)(const struct isle *isle, u32 id);
	bool (*pinned)(const struct isle *isle, u32 id);
};

struct isle_free_list {
	u32 first;
	u32 last;
	u32 nr;				/* blocks, not frames */
};

struct isle_free_area {
	struct isle_free_list list[ISLE_MIGRATE_TYPES];
};

/**
 * struct isle_fullness - how much of a pageblock is free
 * @next: next pageblock of the group
 * @prev: the one before
 * @nr_free: frames of it on the free lists
 * @cursor: where to look for free frames next
 * @group: that it is in
 */
struct isle_fullness {
	u32 next;
	u32 prev;
	u16 nr_free;
	u16 cursor;
	u8 group;
};

/**
 * struct isle_zone - the frames of one kind on one node
 * @lock: free lists, free counts, pageblock types, and the state, order and
 *        links of frames that are not allocated. Innermost lock of isle.
 * @free_area: free blocks by order and migratetype
 * @nonempty: by migratetype, a bit for each order with a block on its list
 * @fullest: by migratetype and group, the first pageblock
 * @nr_free: frames on the free lists, ISOLATE's excepted
 * @nr_free_cma: of these, in CMA pageblocks
 * @nr_free_highatomic: of these, in HIGHATOMIC pageblocks
 * @nr_isolated: frames on the ISOLATE lists
 * @nr_highatomic: frames in pageblocks of type HIGHATOMIC, free or not
 * @pcp: per-CPU lists
 * @isle: the instance
 * @nid: node
 * @type: enum isle_zone_type
 * @index: in the instance's zones[]
 * @spanned_start: first pfn
 * @spanned_end: one past the last pfn
 * @present: frames with memory behind them
 * @managed: frames that the allocator hands out
 * @watermark: enum isle_watermark, in frames
 * @watermark_boost: added to the watermarks after a fallback, in frames
 * @lowmem_reserve: frames kept from requests that could use a higher zone,
 *                  by that zone's type
 * @user_max: most frames that /dev/isle may hold
 * @nr_user: frames that it holds
 * @events: what happened under @lock, for statistics
 */
struct isle_zone {
	raw_spinlock_t lock;
	u32 nonempty[ISLE_MIGRATE_TYPES];
	u32 fullest[ISLE_MIGRATE_TYPES][ISLE_FULLNESS_GROUPS];
	unsigned long nr_free;
	unsigned long nr_free_cma;
	unsigned long nr_free_highatomic;
	unsigned long nr_isolated;
	unsigned long nr_highatomic;
	struct isle_free_area free_area[ISLE_NR_ORDERS];

	struct isle_pcp __percpu *pcp ____cacheline_aligned_in_smp;
	struct isle *isle;
	int nid;
	u8 type;
	u8 index;
	unsigned long watermark[ISLE_NR_WMARK];
	unsigned long watermark_boost;
	unsigned long lowmem_reserve[ISLE_ZONE_TYPES];
	unsigned long spanned_start;
	unsigned long spanned_end;
	unsigned long present;
	unsigned long managed;
	unsigned long user_max;
	atomic_long_t nr_user ____cacheline_aligned_in_smp;

	struct isle_zone_events {
		unsigned long locked_alloc;	/* blocks past the pcp lists */
		unsigned long locked_free;
		unsigned long refill;
		unsigned long spill;
		unsigned long fallback;		/* block claimed */
		unsigned long steal;		/* block taken, type left */
	} events;
};

struct isle_zonelist {
	unsigned int nr;
	struct isle_zone *zones[];
};

/*
 * zonelist[highest zone type]: all nodes, nearest first, each from the
 * highest zone allowed down. thisnode[]: the node's own zones only.
 */
struct isle_node {
	struct isle_zonelist *zonelist[ISLE_ZONE_TYPES];
	struct isle_zonelist *thisnode[ISLE_ZONE_TYPES];
};

/**
 * struct isle_config - what an instance is made of
 * @name: for reports
 * @extents: the memory, disjoint; copied
 * @nr_extents: at most ISLE_MAX_EXTENTS
 * @frames: isle_frames_needed() entries of zeroed memory: the frame array,
 *          and behind it what there is for each pageblock
 * @ops: calls upwards
 * @min_free_kbytes: sum of the min watermarks; 0: the kernel's square root rule
 * @movable_percent: share of each node that becomes ZONE_MOVABLE
 * @cma_percent: share of each node's pageblocks that start as type CMA
 * @user_percent: share of each zone that /dev/isle may hold
 * @dma32_end_pfn: first frame above ZONE_DMA32; 0: the 4 GB of x86
 * @debug: poison, owner stacks, red checks
 * @early: ranges that were carved out before the buddy lists exist
 * @nr_early: their number
 */
struct isle_config {
	const char *name;
	const struct isle_extent *extents;
	unsigned int nr_extents;
	struct isle_frame *frames;
	const struct isle_ops *ops;
	unsigned long min_free_kbytes;
	unsigned int movable_percent;
	unsigned int cma_percent;
	unsigned int user_percent;
	unsigned long dma32_end_pfn;
	bool debug;
	const struct isle_early_range *early;
	unsigned int nr_early;
};

/**
 * struct isle - one instance
 * @frames: by id
 * @cpu: where each CPU finds its lists
 * @pageblocks: enum isle_migratetype, by id >> ISLE_PAGEBLOCK_ORDER
 * @fullness: the same
 * @first_pfn: what an id of the first extent lacks to be its pfn
 * @first_end: ids of the first extent are below
 * @first_address: where the memory of id 0 is or would be
 * @address_end: ids whose memory is found from there are below
 * @nr_frames: ids, holes included
 * @nr_extents: length of @extents
 * @extents: sorted by base_pfn
 * @nr_zones: length of @zones
 * @zones: sorted by node, then type
 * @nodes: by nid
 * @ops: calls upwards
 * @name: for reports
 * @debug: NULL without debug=1
 * @min_free_kbytes: as set last
 * @quarantine: exposed frames that the kernel still pins
 * @report: rate limit of the allocation failure report
 * @nr_failures: allocations that failed
 * @drain_wq: runs @drain, on the CPU whose lists are to be drained
 * @drain: a work item a CPU
 * @drain_lock: one isle_drain_all() at a time, for it owns @drain
 * @drain_cpus: those that it waits for
 * @cpuhp_node: for the callback when a CPU has died
 * @cpuhp_state: its number
 */
struct isle {
	/* what the fast paths read */
	struct isle_frame *frames;
	struct isle_cpu __percpu *cpu;
	u8 *pageblocks;
	struct isle_fullness *fullness;
	unsigned long first_pfn;
	unsigned long first_end;
	void *first_address;
	unsigned long address_end;

	u32 nr_frames;
	unsigned int nr_extents;
	struct isle_extent extents[ISLE_MAX_EXTENTS];
	unsigned int nr_zones;
	struct isle_zone **zones;
	struct isle_node *nodes;
	const struct isle_ops *ops;
	const char *name;
	struct isle_debug *debug;
	unsigned long min_free_kbytes;

	struct isle_quarantine {
		raw_spinlock_t lock;	/* the list below; inside nothing */
		u32 first;
		unsigned long nr;	/* frames */
		struct delayed_work rescan;
	} quarantine;

	struct ratelimit_state report;
	atomic_long_t nr_failures;

	struct workqueue_struct *drain_wq;
	struct isle_drain __percpu *drain;
	struct mutex drain_lock; /* who drains owns @drain, @drain_cpus */
	struct cpumask drain_cpus;
	struct hlist_node cpuhp_node;
	int cpuhp_state;
};

/**
 * isle_frames_needed - how long the frame array must be
 * @extents: the memory, sorted by base_pfn
 * @nr: number of extents
 *
 * More than the sum of the extents: every extent starts at an id with the low
 * bits of its pfn, in 4 MB units of its own, so that no block can span two.
 * What there is for each pageblock stands behind the frames.
 *
 * Return: entries of struct isle_frame, 0 if ids of 32 bits do not suffice.
 */
u32 isle_frames_needed(const struct isle_extent *extents, unsigned int nr);

/**
 * isle_create - build an instance and fill its free lists
 * @config: what it is made of
 *
 * Context: process, may sleep.
 * Return: the instance or an ERR_PTR: -EINVAL for extents that overlap, are
 * too many or too large for 32-bit ids; -ENOMEM.
 */
struct isle *isle_create(const struct isle_config *config);

/**
 * isle_destroy - take an instance apart
 * @isle: the instance; frames still allocated are its caller's to report
 *
 * Drains all per-CPU lists first. The frame array is the caller's.
 * Context: process, may sleep.
 */
void isle_destroy(struct isle *isle);

u32 isle_pfn_to_id_slow(const struct isle *isle, unsigned long pfn);
unsigned long isle_id_to_pfn_slow(const struct isle *isle, u32 id);

/* The frame id of a pfn, or ISLE_NO_FRAME if no extent has it. */
static inline u32 isle_pfn_to_id(const struct isle *isle, unsigned long pfn)
{
	const struct isle_extent *e = isle->extents;

	if (likely(pfn - e->base_pfn < e->nr))
		return e->first_id + (pfn - e->base_pfn);
	return isle_pfn_to_id_slow(isle, pfn);
}

/* The pfn of a frame id that belongs to an extent. */
static inline unsigned long isle_id_to_pfn(const struct isle *isle, u32 id)
{
	if (likely(id < isle->first_end))
		return isle->first_pfn + id;
	return isle_id_to_pfn_slow(isle, id);
}

static inline struct isle_frame *isle_frame(const struct isle *isle, u32 id)
{
	return isle->frames + id;
}

static inline u32 isle_frame_id(const struct isle *isle,
				const struct isle_frame *frame)
{
	return frame - isle->frames;
}

static inline struct isle_zone *isle_frame_zone(const struct isle *isle,
						const struct isle_frame *frame)
{
	return isle->zones[frame->zone];
}

static inline void *isle_frame_address(const struct isle *isle, u32 id)
{
	if (likely(id < isle->address_end))
		return isle->first_address + ((unsigned long)id << PAGE_SHIFT);
	return isle->ops->address(isle, id);
}

static inline enum isle_migratetype isle_pageblock_type(const struct isle *isle, u32 id)
{
	return READ_ONCE(isle->pageblocks[id >> ISLE_PAGEBLOCK_ORDER]);
}

#endif /* _ISLE_INSTANCE_H */
