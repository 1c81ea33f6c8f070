/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * /dev/isle: the ioctl ABI.
 *
 * Rules that hold for every call:
 *  - fields have fixed width, structs have no holes and the same layout for
 *    32-bit and 64-bit callers;
 *  - "reserved" fields and unknown flag bits must be zero, else EINVAL;
 *  - a bad pointer is EFAULT, an unknown request ENOTTY;
 *  - sizes and offsets are in bytes and multiples of the page size unless a
 *    comment says otherwise, else EINVAL.
 */
#ifndef _UAPI_ISLE_H
#define _UAPI_ISLE_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define ISLE_ABI_VERSION	1

#define ISLE_DEVICE		"/dev/isle"

/* Migratetypes, as in a block's request and in the free lists. */
enum isle_uapi_migratetype {
	ISLE_MT_UNMOVABLE,
	ISLE_MT_MOVABLE,
	ISLE_MT_RECLAIMABLE,
	ISLE_MT_HIGHATOMIC,
	ISLE_MT_CMA,
	ISLE_MT_ISOLATE,		/* only in answers */
	ISLE_NR_MT,
};

#define ISLE_NR_UAPI_ORDERS	11	/* orders 0 to 10 */

/**
 * struct isle_version - ISLE_IOC_VERSION
 * @abi: ISLE_ABI_VERSION of the module
 * @page_size: bytes
 * @max_order: the largest order that ISLE_IOC_ALLOC takes
 * @features: ISLE_FEATURE_*
 * @huge: ISLE_HUGE_* that openers get which ask for none: the module's parameter
 * @huge_allowed: ISLE_HUGE_* that the kernel's transparent_hugepage switches
 *                allow for pages of 2 MB; 0: they are not there
 * @reserved: zero
 */
struct isle_version {
	__u32 abi;
	__u32 page_size;
	__u32 max_order;
	__u32 features;
	__u32 huge;
	__u32 huge_allowed;
	__u64 reserved;
};

#define ISLE_FEATURE_PRIVATE	(1u << 0)	/* MAP_PRIVATE anonymous memory */
#define ISLE_FEATURE_SHARED	(1u << 1)	/* MAP_SHARED memory of the opener */
#define ISLE_FEATURE_FILE	(1u << 2)	/* ISLE_SETUP_FILE */
#define ISLE_FEATURE_HUGE	(1u << 3)	/* 2 MB mappings */
#define ISLE_FEATURE_DEBUG	(1u << 4)	/* loaded with debug=1 */
#define ISLE_FEATURE_ADVISE	(1u << 5)	/* ADVISE, POPULATE, RESIDENCY */
#define ISLE_FEATURE_WATCH	(1u << 6)	/* PAGEBLOCKS and OPENERS */

/*
 * Which private mappings get pages of 2 MB, where ISLE_FEATURE_HUGE is there.
 * The kernel's switches for transparent huge pages narrow it down.
 */
#define ISLE_HUGE_DEFAULT	0	/* as the module's parameter says */
#define ISLE_HUGE_NEVER		1
#define ISLE_HUGE_ADVISE	2	/* those with madvise(MADV_HUGEPAGE) */
#define ISLE_HUGE_ALWAYS	3	/* all but those with MADV_NOHUGEPAGE */

/**
 * struct isle_setup - ISLE_IOC_SETUP: what the opener is, before its first mmap
 * @kind: ISLE_SETUP_ANON or ISLE_SETUP_FILE
 * @flags: ISLE_SETUP_KEEP
 * @fd: the backing file for ISLE_SETUP_FILE, else -1
 * @fault_around: bytes that one fault maps at most, a power of two from the
 *                page size to 2 MB; 0: as the module's parameter says
 * @offset: where in the backing file the object starts; else 0
 * @limit: bytes that the opener may hold; 0: as the module's parameter says.
 *         More than that needs CAP_SYS_RESOURCE.
 * @huge: ISLE_HUGE_*
 * @reserved: zero
 *
 * With ISLE_SETUP_KEEP what is 0 of @fault_around, @limit and @huge stays as an
 * earlier call said.
 *
 * ISLE_SETUP_FILE opens the file once more, so @fd may be closed afterwards. It
 * takes regular files that can be mapped and read by the page, else ENODEV, and
 * that are open for reading, else EACCES. EBADF: @fd is none.
 *
 * EBUSY after a mapping or a block exists, or the opener was bound to a file;
 * EOPNOTSUPP for ISLE_SETUP_FILE without ISLE_FEATURE_FILE.
 */
struct isle_setup {
	__u32 kind;
	__u32 flags;
	__s32 fd;
	__u32 fault_around;
	__u64 offset;
	__u64 limit;
	__u32 huge;
	__u32 reserved[3];
};

#define ISLE_SETUP_ANON		0
#define ISLE_SETUP_FILE		1

#define ISLE_SETUP_KEEP		(1u << 0)

/**
 * struct isle_block - ISLE_IOC_ALLOC, ISLE_IOC_QUERY
 * @handle: out of ALLOC, into QUERY: names the block for this opener
 * @order: in: 2^order pages
 * @migratetype: in: enum isle_uapi_migratetype, ISOLATE excepted
 * @nid: in: node, or -1 for any; out: where the block is
 * @flags: in: ISLE_BLOCK_*
 * @phys: out: physical address; 0 without CAP_SYS_ADMIN
 * @zone: out: index as in struct isle_zone_info
 * @references: out: isle's count
 * @reserved: zero
 *
 * ALLOC: ENOMEM when no block is to be had or the opener is at its limit.
 * QUERY: ENOENT for a handle that the opener does not have; it fills in
 * everything but @handle, whose other fields must be zero on the way in.
 * Blocks that are left are freed when the opener is closed.
 */
struct isle_block {
	__u64 handle;
	__u32 order;
	__u32 migratetype;
	__s32 nid;
	__u32 flags;
	__u64 phys;
	__u32 zone;
	__u32 references;
	__u64 reserved[2];
};

#define ISLE_BLOCK_NOWAIT	(1u << 0)	/* don't wait for memory */
#define ISLE_BLOCK_COMP		(1u << 1)	/* compound */

/**
 * struct isle_free - ISLE_IOC_FREE
 * @handle: from ISLE_IOC_ALLOC; ENOENT if the opener does not have it
 * @flags: zero
 * @reserved: zero
 */
struct isle_free {
	__u64 handle;
	__u64 flags;
	__u64 reserved[2];
};

/**
 * struct isle_range - ISLE_IOC_DISCARD, ISLE_IOC_FAULT_AROUND,
 *                     ISLE_IOC_ADVISE, ISLE_IOC_POPULATE
 * @start: an address in the caller's mapping, or an offset in the object
 * @length: bytes, not 0
 * @flags: ISLE_RANGE_*
 * @value: FAULT_AROUND: bytes, as in struct isle_setup; ADVISE: ISLE_ADVISE_*;
 *         POPULATE: ISLE_POPULATE_*; DISCARD: zero
 * @reserved: zero
 *
 * ENOMEM if part of an address range is not a mapping of this opener.
 *
 * DISCARD gives the frames back; the next touch finds zeroes. Where the opener is
 * bound to a file, it reads the file again, and dirty pages stay. By address it
 * works on the private layer of each mapping in the range (or on the object,
 * where the mapping is shared); by offset on the object itself. Nothing is done
 * where it is ENOMEM.
 *
 * ADVISE gives up nothing that others could miss. WILLNEED starts reading what a
 * file has there, at most what the disk takes at once. DONTNEED does in a private
 * mapping what DISCARD does; where the opener is bound to a file, it drops clean
 * pages that isle has of it, by offset or in a shared mapping, and starts writing
 * dirty ones; shared anonymous memory stays.
 *
 * POPULATE does what touching each page would do: READ for reading, WRITE for
 * writing, which changes nothing. By address only, else EINVAL, as where the
 * mapping can't be read or written. EFAULT: touching a page would be SIGBUS;
 * those before it are there.
 */
struct isle_range {
	__u64 start;
	__u64 length;
	__u32 flags;
	__u32 value;
	__u64 reserved[2];
};

#define ISLE_RANGE_ADDRESS	(1u << 0)	/* start is an address */

#define ISLE_ADVISE_WILLNEED	1
#define ISLE_ADVISE_DONTNEED	2

#define ISLE_POPULATE_READ	1
#define ISLE_POPULATE_WRITE	2

/**
 * struct isle_residency - ISLE_IOC_RESIDENCY: which pages there are
 * @start: an address in the caller's mapping, or an offset in the object
 * @length: bytes, not 0
 * @vector: address of a byte for each page: ISLE_RESIDENT_*, written
 * @flags: ISLE_RANGE_ADDRESS
 * @reserved: zero
 *
 * What was true a moment ago. An unknown bit in an answer may get a meaning.
 * ENOMEM if part of an address range is not a mapping of this opener, EFAULT if
 * @vector can't be written; what was written by then stays.
 */
struct isle_residency {
	__u64 start;
	__u64 length;
	__u64 vector;
	__u64 flags;
	__u64 reserved[2];
};

#define ISLE_RESIDENT		(1u << 0)	/* no need to read or allocate it */
#define ISLE_RESIDENT_OWN	(1u << 1)	/* a private mapping's own */
#define ISLE_RESIDENT_DIRTY	(1u << 2)	/* is to be written to the file */

/**
 * struct isle_opener - ISLE_IOC_OPENER: what this opener holds
 * @limit: bytes it may hold
 * @object_pages: pages of the object; of a file, those that isle has of it,
 *                whoever brought them in
 * @private_pages: pages of its private layers; each counted once for each
 *                 layer that maps it
 * @block_pages: pages in blocks of ISLE_IOC_ALLOC
 * @faults_zero: faults that mapped the zero frame
 * @faults_anon: faults that allocated
 * @faults_cow: faults that copied
 * @faults_reuse: write faults on a frame with one holder
 * @faults_around: pages mapped besides the one that faulted
 * @faults_sigbus: faults that ended in SIGBUS
 * @faults_file: faults that had to bring a page of a file in
 * @filled_pages: pages that were brought in from a file
 * @dirty_pages: pages of the object that its file does not have yet: to be
 *               written, or being written
 * @faults_huge: faults that mapped 2 MB by one entry, whatever else they did
 * @reserved: zero
 */
struct isle_opener {
	__u64 limit;
	__u64 object_pages;
	__u64 private_pages;
	__u64 block_pages;
	__u64 faults_zero;
	__u64 faults_anon;
	__u64 faults_cow;
	__u64 faults_reuse;
	__u64 faults_around;
	__u64 faults_sigbus;
	__u64 faults_file;
	__u64 filled_pages;
	__u64 dirty_pages;
	__u64 faults_huge;
	__u64 reserved[2];
};

/**
 * struct isle_stats - ISLE_IOC_STATS: the whole instance, in pages
 * @managed: frames that the allocator hands out
 * @free: frames on free lists
 * @pcp: frames on per-CPU lists
 * @user: frames that openers hold
 * @quarantine: freed frames that the kernel still pins
 * @present: frames of all regions
 * @metadata: frames that the frame table takes
 * @allocs: blocks allocated
 * @frees: blocks freed
 * @refills: per-CPU lists filled
 * @spills: per-CPU lists emptied
 * @fallbacks: pageblocks claimed by another migratetype
 * @steals: blocks taken from another migratetype's pageblock
 * @failures: allocations that failed
 * @nr_zones: how many ISLE_IOC_ZONE knows
 * @nr_regions: how many ISLE_IOC_REGION knows
 * @openers: open files
 * @faults_zero: as in struct isle_opener, of all openers so far
 * @faults_anon: likewise
 * @faults_cow: likewise
 * @faults_reuse: likewise
 * @faults_around: likewise
 * @faults_sigbus: likewise
 * @faults_file: likewise
 * @filled_pages: likewise
 * @faults_huge: likewise
 * @reserved: zero
 */
struct isle_stats {
	__u64 managed;
	__u64 free;
	__u64 pcp;
	__u64 user;
	__u64 quarantine;
	__u64 present;
	__u64 metadata;
	__u64 allocs;
	__u64 frees;
	__u64 refills;
	__u64 spills;
	__u64 fallbacks;
	__u64 steals;
	__u64 failures;
	__u32 nr_zones;
	__u32 nr_regions;
	__u64 openers;
	__u64 faults_zero;
	__u64 faults_anon;
	__u64 faults_cow;
	__u64 faults_reuse;
	__u64 faults_around;
	__u64 faults_sigbus;
	__u64 faults_file;
	__u64 filled_pages;
	__u64 faults_huge;
	__u64 reserved[5];
};

/**
 * struct isle_zone_info - ISLE_IOC_ZONE
 * @index: in: 0 to nr_zones - 1, else ENOENT
 * @nid: node
 * @name: "DMA32", "Normal" or "Movable"
 * @start: first physical address spanned; 0 without CAP_SYS_ADMIN
 * @spanned: pages
 * @present: pages
 * @managed: pages
 * @free: pages on free lists
 * @free_cma: of these, in CMA pageblocks
 * @free_highatomic: of these, in HIGHATOMIC pageblocks
 * @pcp: pages on per-CPU lists
 * @user: pages that openers hold
 * @user_max: pages that openers may hold
 * @watermark: min, low, high in pages
 * @boost: added to the watermarks, pages
 * @lowmem_reserve: DMA32, NORMAL, MOVABLE, pages
 * @nr_free: blocks on free lists, by order and migratetype
 * @reserved: zero
 */
struct isle_zone_info {
	__u32 index;
	__s32 nid;
	char name[16];
	__u64 start;
	__u64 spanned;
	__u64 present;
	__u64 managed;
	__u64 free;
	__u64 free_cma;
	__u64 free_highatomic;
	__u64 pcp;
	__u64 user;
	__u64 user_max;
	__u64 watermark[3];
	__u64 boost;
	__u64 lowmem_reserve[3];
	__u64 nr_free[ISLE_NR_UAPI_ORDERS][ISLE_NR_MT];
	__u64 reserved[8];
};

/**
 * struct isle_region_info - ISLE_IOC_REGION
 * @index: in: 0 to nr_regions - 1, else ENOENT
 * @nid: node
 * @kind: "contig", "cma", "reserved" or "phys"
 * @args: as given in region=, shortened
 * @start: physical address of its first extent; 0 without CAP_SYS_ADMIN
 * @size: bytes in all extents
 * @nr_extents: how many ranges it consists of
 * @flags: zero
 * @reserved: zero
 */
struct isle_region_info {
	__u32 index;
	__s32 nid;
	char kind[16];
	char args[48];
	__u64 start;
	__u64 size;
	__u32 nr_extents;
	__u32 flags;
	__u64 reserved[4];
};

/**
 * struct isle_limit - ISLE_IOC_LIMIT
 * @limit: bytes that this opener may hold. Raising it beyond what the module
 *         was loaded with needs CAP_SYS_RESOURCE, else EPERM. A limit below
 *         what it holds takes effect on the next allocation.
 * @reserved: zero
 */
struct isle_limit {
	__u64 limit;
	__u64 reserved[3];
};

/**
 * struct isle_pageblock - one pageblock: what one PMD maps
 * @phys: physical address of its first frame; 0 without CAP_SYS_ADMIN
 * @present: frames with memory behind them; 0: there is no such pageblock
 * @managed: of these, frames that the allocator hands out
 * @free: of these, on free lists
 * @pcp: on per-CPU lists
 * @user: that openers hold
 * @migratetype: enum isle_uapi_migratetype
 * @zone: index as in struct isle_zone_info
 * @reserved: zero
 */
struct isle_pageblock {
	__u64 phys;
	__u16 present;
	__u16 managed;
	__u16 free;
	__u16 pcp;
	__u16 user;
	__u8 migratetype;
	__u8 zone;
	__u32 reserved;
};

#define ISLE_NR_PAGEBLOCKS	32	/* in one answer */

/**
 * struct isle_pageblocks - ISLE_IOC_PAGEBLOCKS
 * @first: in: the first pageblock to be told about, 0 to total - 1, else ENOENT
 * @nr: out: how many of @block were filled in
 * @total: out: pageblocks of the instance, those without memory included
 * @frames: out: frames of a pageblock
 * @block: out: pageblocks @first to @first + @nr - 1, in order of their addresses
 * @reserved: zero
 *
 * Two pageblocks that follow on each other need not be neighbours in memory: a
 * region may consist of several ranges.
 */
struct isle_pageblocks {
	__u32 first;
	__u32 nr;
	__u32 total;
	__u32 frames;
	struct isle_pageblock block[ISLE_NR_PAGEBLOCKS];
	__u64 reserved[4];
};

/**
 * struct isle_opener_info - an opener, for others than itself
 * @id: names it; no two since the module was loaded have the same
 * @pid: the process that opened it or, if that was later, was the last to map it or
 *       make a request of it, in the caller's namespace; 0: it has ended, or is in
 *       another namespace
 * @uid: of the user that opened it
 * @comm: the process's name; if it has ended, what that was at the time
 * @object_pages: pages that it holds for its object
 * @private_pages: as in struct isle_opener
 * @block_pages: likewise
 * @faults: faults of all kinds so far, pages mapped besides not counted
 */
struct isle_opener_info {
	__u64 id;
	__u32 pid;
	__u32 uid;
	char comm[16];
	__u64 object_pages;
	__u64 private_pages;
	__u64 block_pages;
	__u64 faults;
};

#define ISLE_NR_OPENERS		8	/* in one answer */

/**
 * struct isle_openers - ISLE_IOC_OPENERS
 * @next: in: the least id to be told about, 0 at first; out: what to ask for
 *        next, 0: there are no more
 * @nr: out: how many of @opener were filled in
 * @flags: zero
 * @opener: out: openers in the order in which they were opened
 * @reserved: zero
 *
 * All openers for CAP_SYS_ADMIN; else those of the caller's own user.
 */
struct isle_openers {
	__u64 next;
	__u32 nr;
	__u32 flags;
	struct isle_opener_info opener[ISLE_NR_OPENERS];
	__u64 reserved[4];
};

#define ISLE_IOC_MAGIC		0xB7

#define ISLE_IOC_VERSION	_IOR(ISLE_IOC_MAGIC, 0, struct isle_version)
#define ISLE_IOC_SETUP		_IOW(ISLE_IOC_MAGIC, 1, struct isle_setup)
#define ISLE_IOC_ALLOC		_IOWR(ISLE_IOC_MAGIC, 2, struct isle_block)
#define ISLE_IOC_FREE		_IOW(ISLE_IOC_MAGIC, 3, struct isle_free)
#define ISLE_IOC_QUERY		_IOWR(ISLE_IOC_MAGIC, 4, struct isle_block)
#define ISLE_IOC_DISCARD	_IOW(ISLE_IOC_MAGIC, 5, struct isle_range)
#define ISLE_IOC_FAULT_AROUND	_IOW(ISLE_IOC_MAGIC, 6, struct isle_range)
#define ISLE_IOC_LIMIT		_IOW(ISLE_IOC_MAGIC, 7, struct isle_limit)
#define ISLE_IOC_OPENER		_IOR(ISLE_IOC_MAGIC, 8, struct isle_opener)
#define ISLE_IOC_STATS		_IOR(ISLE_IOC_MAGIC, 9, struct isle_stats)
#define ISLE_IOC_ZONE		_IOWR(ISLE_IOC_MAGIC, 10, struct isle_zone_info)
#define ISLE_IOC_REGION		_IOWR(ISLE_IOC_MAGIC, 11, struct isle_region_info)
#define ISLE_IOC_ADVISE		_IOW(ISLE_IOC_MAGIC, 12, struct isle_range)
#define ISLE_IOC_POPULATE	_IOW(ISLE_IOC_MAGIC, 13, struct isle_range)
#define ISLE_IOC_RESIDENCY	_IOW(ISLE_IOC_MAGIC, 14, struct isle_residency)
#define ISLE_IOC_PAGEBLOCKS	_IOWR(ISLE_IOC_MAGIC, 15, struct isle_pageblocks)
#define ISLE_IOC_OPENERS	_IOWR(ISLE_IOC_MAGIC, 16, struct isle_openers)

#endif /* _UAPI_ISLE_H */
