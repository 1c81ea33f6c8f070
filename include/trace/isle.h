/* SPDX-License-Identifier: GPL-2.0 */
/*
 * isle's tracepoints. Named after, and with the fields of, the kernel's own
 * where there is a counterpart (kmem.h, exceptions.h, mmap_lock.h and oom.h of
 * include/trace/events). Documentation/tracing.rst has them in a table.
 *
 * Numbers stand for enumerators where a reader of a trace has to know their
 * names; src/stat/trace.c asserts that they are the right ones.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM isle

#if !defined(_TRACE_ISLE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_ISLE_H

#include <linux/mm_types.h>
#include <linux/tracepoint.h>
#include <trace/events/mmflags.h>

struct isle_zone;

/* src/page_alloc/watch.c */
int isle_watch_begin(void);
void isle_watch_end(void);

#ifndef _TRACE_ISLE_NAMES
#define _TRACE_ISLE_NAMES
#define isle_show_migratetype(mt)		\
	__print_symbolic(mt,			\
			 { 0, "UNMOVABLE" },	\
			 { 1, "MOVABLE" },	\
			 { 2, "RECLAIMABLE" },	\
			 { 3, "HIGHATOMIC" },	\
			 { 4, "CMA" },		\
			 { 5, "ISOLATE" })

#define isle_show_zone(type)			\
	__print_symbolic(type,			\
			 { 0, "DMA32" },	\
			 { 1, "Normal" },	\
			 { 2, "Movable" })

#define isle_show_watermark(mark)		\
	__print_symbolic(mark,			\
			 { 0, "min" },		\
			 { 1, "low" },		\
			 { 2, "high" })

#define isle_show_fault(event)			\
	__print_symbolic(event,			\
			 { 0, "zero" },		\
			 { 1, "anon" },		\
			 { 2, "cow" },		\
			 { 3, "reuse" },	\
			 { 9, "map" })

/* What isle's handlers return; perf knows no names of the kernel's enums. */
#define isle_show_result(result)		\
	__print_flags(result, "|",		\
		      { 0x2, "SIGBUS" },	\
		      { 0x100, "NOPAGE" })
#endif

/*
 * A block was allocated, or nothing was to be had (pfn -1). The migratetype is
 * that of the block's pageblock. As kmem:mm_page_alloc.
 *
 * While this or page_free is on, allocations and frees take the way past their
 * fast paths that debug=1 takes; off, they add nothing there.
 */
TRACE_EVENT_FN(page_alloc,
	TP_PROTO(unsigned long pfn, unsigned int order, gfp_t gfp_flags,
		 int migratetype),
	TP_ARGS(pfn, order, gfp_flags, migratetype),
	TP_STRUCT__entry(
		__field(unsigned long, pfn)
		__field(unsigned int, order)
		__field(unsigned long, gfp_flags)
		__field(int, migratetype)
	),
	TP_fast_assign(
		__entry->pfn = pfn;
		__entry->order = order;
		__entry->gfp_flags = (__force unsigned long)gfp_flags;
		__entry->migratetype = migratetype;
	),
	TP_printk("pfn=0x%lx order=%u migratetype=%s gfp_flags=%s",
		  __entry->pfn, __entry->order,
		  isle_show_migratetype(__entry->migratetype),
		  show_gfp_flags(__entry->gfp_flags)),
	isle_watch_begin, isle_watch_end
);

/* The last reference to a block went. As kmem:mm_page_free. */
TRACE_EVENT_FN(page_free,
	TP_PROTO(unsigned long pfn, unsigned int order),
	TP_ARGS(pfn, order),
	TP_STRUCT__entry(
		__field(unsigned long, pfn)
		__field(unsigned int, order)
	),
	TP_fast_assign(
		__entry->pfn = pfn;
		__entry->order = order;
	),
	TP_printk("pfn=0x%lx order=%u", __entry->pfn, __entry->order),
	isle_watch_begin, isle_watch_end
);

/*
 * Blocks were taken past the per-CPU lists, all at once; @nr may be 0. As
 * kmem:mm_page_alloc_zone_locked.
 */
TRACE_EVENT(page_alloc_zone_locked,
	TP_PROTO(const struct isle_zone *z, unsigned int order,
		 int migratetype, unsigned int nr),
	TP_ARGS(z, order, migratetype, nr),
	TP_STRUCT__entry(
		__field(int, nid)
		__field(int, zone)
		__field(unsigned int, order)
		__field(int, migratetype)
		__field(unsigned int, nr)
	),
	TP_fast_assign(
		__entry->nid = z->nid;
		__entry->zone = z->type;
		__entry->order = order;
		__entry->migratetype = migratetype;
		__entry->nr = nr;
	),
	TP_printk("nid=%d zone=%s order=%u migratetype=%s nr=%u",
		  __entry->nid, isle_show_zone(__entry->zone), __entry->order,
		  isle_show_migratetype(__entry->migratetype), __entry->nr)
);

DECLARE_EVENT_CLASS(pcp,
	TP_PROTO(const struct isle_zone *z, unsigned int order,
		 int migratetype, unsigned int nr, unsigned int high),
	TP_ARGS(z, order, migratetype, nr, high),
	TP_STRUCT__entry(
		__field(int, nid)
		__field(int, zone)
		__field(unsigned int, order)
		__field(int, migratetype)
		__field(unsigned int, nr)
		__field(unsigned int, high)
	),
	TP_fast_assign(
		__entry->nid = z->nid;
		__entry->zone = z->type;
		__entry->order = order;
		__entry->migratetype = migratetype;
		__entry->nr = nr;
		__entry->high = high;
	),
	TP_printk("nid=%d zone=%s order=%u migratetype=%s nr=%u high=%u",
		  __entry->nid, isle_show_zone(__entry->zone), __entry->order,
		  isle_show_migratetype(__entry->migratetype), __entry->nr,
		  __entry->high)
);

/* A per-CPU list was filled from its zone. */
DEFINE_EVENT(pcp, pcp_refill,
	TP_PROTO(const struct isle_zone *z, unsigned int order,
		 int migratetype, unsigned int nr, unsigned int high),
	TP_ARGS(z, order, migratetype, nr, high)
);

/* A per-CPU list gave blocks back to its zone. As kmem:mm_page_pcpu_drain. */
DEFINE_EVENT(pcp, pcp_drain,
	TP_PROTO(const struct isle_zone *z, unsigned int order,
		 int migratetype, unsigned int nr, unsigned int high),
	TP_ARGS(z, order, migratetype, nr, high)
);

/* A migratetype took a block of another's. As kmem:mm_page_alloc_extfrag. */
TRACE_EVENT(alloc_extfrag,
	TP_PROTO(unsigned long pfn, unsigned int alloc_order,
		 unsigned int fallback_order, int alloc_migratetype,
		 int fallback_migratetype, bool change_ownership),
	TP_ARGS(pfn, alloc_order, fallback_order, alloc_migratetype,
		fallback_migratetype, change_ownership),
	TP_STRUCT__entry(
		__field(unsigned long, pfn)
		__field(unsigned int, alloc_order)
		__field(unsigned int, fallback_order)
		__field(int, alloc_migratetype)
		__field(int, fallback_migratetype)
		__field(bool, change_ownership)
	),
	TP_fast_assign(
		__entry->pfn = pfn;
		__entry->alloc_order = alloc_order;
		__entry->fallback_order = fallback_order;
		__entry->alloc_migratetype = alloc_migratetype;
		__entry->fallback_migratetype = fallback_migratetype;
		__entry->change_ownership = change_ownership;
	),
	TP_printk("pfn=0x%lx alloc_order=%u fallback_order=%u alloc_migratetype=%s fallback_migratetype=%s change_ownership=%d",
		  __entry->pfn, __entry->alloc_order, __entry->fallback_order,
		  isle_show_migratetype(__entry->alloc_migratetype),
		  isle_show_migratetype(__entry->fallback_migratetype),
		  __entry->change_ownership)
);

/*
 * An allocation found a zone at or below a watermark, or without a block that is
 * large enough (free is above the watermark then). As oom:reclaim_retry_zone.
 */
TRACE_EVENT(zone_watermark,
	TP_PROTO(const struct isle_zone *z, unsigned int order, int mark),
	TP_ARGS(z, order, mark),
	TP_STRUCT__entry(
		__field(int, nid)
		__field(int, zone)
		__field(unsigned int, order)
		__field(int, mark)
		__field(unsigned long, free)
		__field(unsigned long, watermark)
	),
	TP_fast_assign(
		__entry->nid = z->nid;
		__entry->zone = z->type;
		__entry->order = order;
		__entry->mark = mark;
		__entry->free = z->nr_free;
		__entry->watermark = z->watermark[mark];
	),
	TP_printk("nid=%d zone=%s order=%u mark=%s free=%lu watermark=%lu",
		  __entry->nid, isle_show_zone(__entry->zone), __entry->order,
		  isle_show_watermark(__entry->mark), __entry->free,
		  __entry->watermark)
);

DECLARE_EVENT_CLASS(region,
	TP_PROTO(unsigned int index, unsigned long pfn, unsigned long nr),
	TP_ARGS(index, pfn, nr),
	TP_STRUCT__entry(
		__field(unsigned int, index)
		__field(unsigned long, pfn)
		__field(unsigned long, nr)
	),
	TP_fast_assign(
		__entry->index = index;
		__entry->pfn = pfn;
		__entry->nr = nr;
	),
	TP_printk("region=%u pfn=0x%lx nr=%lu", __entry->index, __entry->pfn,
		  __entry->nr)
);

/* A range was taken from the kernel. */
DEFINE_EVENT(region, region_carve,
	TP_PROTO(unsigned int index, unsigned long pfn, unsigned long nr),
	TP_ARGS(index, pfn, nr)
);

/* A range is given back to it, but for frames that are out. */
DEFINE_EVENT(region, region_return,
	TP_PROTO(unsigned int index, unsigned long pfn, unsigned long nr),
	TP_ARGS(index, pfn, nr)
);

DECLARE_EVENT_CLASS(zone_lock,
	TP_PROTO(const struct isle_zone *z),
	TP_ARGS(z),
	TP_STRUCT__entry(
		__field(int, nid)
		__field(int, zone)
	),
	TP_fast_assign(
		__entry->nid = z->nid;
		__entry->zone = z->type;
	),
	TP_printk("nid=%d zone=%s", __entry->nid, isle_show_zone(__entry->zone))
);

/* This CPU has a zone's lock. As mmap_lock:mmap_lock_acquire_returned. */
DEFINE_EVENT(zone_lock, zone_lock_acquired,
	TP_PROTO(const struct isle_zone *z),
	TP_ARGS(z)
);

/* This CPU is about to release it. As mmap_lock:mmap_lock_released. */
DEFINE_EVENT(zone_lock, zone_lock_released,
	TP_PROTO(const struct isle_zone *z),
	TP_ARGS(z)
);

/*
 * A fault was dealt with: at @address, @offset pages into the object, which has
 * frame @pfn there now (-1: the frame of zeroes, or none). @error says why, if
 * the result is SIGBUS. @huge: 2 MB were mapped by one entry. As
 * exceptions:page_fault_user.
 */
TRACE_EVENT(fault,
	TP_PROTO(unsigned long address, unsigned long offset, unsigned long pfn,
		 int kind, bool write, bool shared, vm_fault_t result,
		 int error, bool huge),
	TP_ARGS(address, offset, pfn, kind, write, shared, result, error, huge),
	TP_STRUCT__entry(
		__field(unsigned long, address)
		__field(unsigned long, offset)
		__field(unsigned long, pfn)
		__field(int, kind)
		__field(bool, write)
		__field(bool, shared)
		__field(bool, huge)
		__field(unsigned int, result)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->address = address;
		__entry->offset = offset;
		__entry->pfn = pfn;
		__entry->kind = kind;
		__entry->write = write;
		__entry->shared = shared;
		__entry->result = (__force unsigned int)result;
		__entry->error = error;
		__entry->huge = huge;
	),
	TP_printk("address=0x%lx offset=0x%lx pfn=0x%lx kind=%s write=%d shared=%d result=%s error=%d huge=%d",
		  __entry->address, __entry->offset, __entry->pfn,
		  isle_show_fault(__entry->kind), __entry->write,
		  __entry->shared, isle_show_result(__entry->result),
		  __entry->error, __entry->huge)
);

/*
 * A write met a frame that was mapped for reading. The last holder writes to it
 * (reuse: the two frames are one), others to a copy.
 */
TRACE_EVENT(cow,
	TP_PROTO(unsigned long address, unsigned long offset, unsigned long pfn,
		 unsigned long new_pfn, bool reuse),
	TP_ARGS(address, offset, pfn, new_pfn, reuse),
	TP_STRUCT__entry(
		__field(unsigned long, address)
		__field(unsigned long, offset)
		__field(unsigned long, pfn)
		__field(unsigned long, new_pfn)
		__field(bool, reuse)
	),
	TP_fast_assign(
		__entry->address = address;
		__entry->offset = offset;
		__entry->pfn = pfn;
		__entry->new_pfn = new_pfn;
		__entry->reuse = reuse;
	),
	TP_printk("address=0x%lx offset=0x%lx pfn=0x%lx new_pfn=0x%lx reuse=%d",
		  __entry->address, __entry->offset, __entry->pfn,
		  __entry->new_pfn, __entry->reuse)
);

/*
 * A process was forked with a private mapping of @nr pages, of which parent and
 * child share @shared frames from now on. With an error the child's mapping is
 * poisoned.
 */
TRACE_EVENT(fork,
	TP_PROTO(unsigned long address, unsigned long offset, unsigned long nr,
		 unsigned long shared, int error),
	TP_ARGS(address, offset, nr, shared, error),
	TP_STRUCT__entry(
		__field(unsigned long, address)
		__field(unsigned long, offset)
		__field(unsigned long, nr)
		__field(unsigned long, shared)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->address = address;
		__entry->offset = offset;
		__entry->nr = nr;
		__entry->shared = shared;
		__entry->error = error;
	),
	TP_printk("address=0x%lx offset=0x%lx nr=%lu shared=%lu error=%d",
		  __entry->address, __entry->offset, __entry->nr,
		  __entry->shared, __entry->error)
);

#endif /* _TRACE_ISLE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH trace
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE isle
#include <trace/define_trace.h>
