/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The frame: what isle knows of one page frame.
 *
 * All frames of an instance stand in one array. Links between frames are
 * 32-bit frame ids, indices into that array, so a frame fits half a cache
 * line. Ids keep the alignment of pfns: the low ISLE_MAX_ORDER bits are equal.
 *
 * A block of 2^order frames is described by its first frame alone:
 *
 *     id     8      9     10     11     12     13     14     15
 *          HEAD   TAIL   TAIL   TAIL   HEAD   TAIL   HEAD   HEAD
 *         order 2                     order 1       ord. 0 ord. 0
 *
 * HEAD stands for any of the states FREE, PCP, ALLOCATED and QUARANTINE. Every
 * other frame of a block is TAIL, always: splitting a block writes the new
 * heads, merging two writes one tail. So the state tells a free of a wrong
 * page or order from a right one, and the block that a tail belongs to is
 * found by clearing low bits of its id, at most ISLE_MAX_ORDER times.
 */
#ifndef _ISLE_FRAME_H
#define _ISLE_FRAME_H

#include <linux/atomic.h>
#include <linux/build_bug.h>
#include <linux/types.h>

#define ISLE_NO_FRAME	U32_MAX

enum isle_frame_state {
	ISLE_FRAME_HOLE,	/* no memory behind it, or never handed out */
	ISLE_FRAME_TAIL,	/* inside a block: see its head */
	ISLE_FRAME_FREE,	/* on a free list of its zone */
	ISLE_FRAME_PCP,		/* on a per-CPU list */
	ISLE_FRAME_ALLOCATED,
	ISLE_FRAME_QUARANTINE,	/* freed, but still pinned by the kernel */
};

enum isle_frame_flags {
	ISLE_FRAME_EXPOSED	= 1 << 0, /* get_user_pages() may have pinned it */
	ISLE_FRAME_USER		= 1 << 1, /* charged to its zone's user share */
	ISLE_FRAME_COMP		= 1 << 2, /* allocated with __GFP_COMP */
	ISLE_FRAME_MOVABLE	= 1 << 3, /* allocated with __GFP_MOVABLE */

	/* work to do when the last reference goes */
	ISLE_FRAME_RELEASE	= ISLE_FRAME_EXPOSED | ISLE_FRAME_USER,
};

/**
 * struct isle_frame - one page frame
 * @next: next frame of the list that the block is on
 * @prev: the one before
 * @ref: references to an allocated block; 0 otherwise
 * @state: enum isle_frame_state
 * @order: of the block, valid in its head
 * @zone: index into the instance's zones
 * @flags: enum isle_frame_flags, valid in the head of an allocated block
 * @kind: these four as one, by which blocks are found to be alike
 * @owner: who has the block: the reverse map of the fault paths
 * @offset: where in @owner, in pages
 * @private: for @owner's use
 *
 * Lists (@next, @prev) belong to the zone's lock while the block is FREE, to
 * the quarantine's lock while it waits there, and to the holder while it is
 * ALLOCATED.
 */
struct isle_frame {
	u32 next;
	u32 prev;
	atomic_t ref;
	union {
		struct {
			u8 state;
			u8 order;
			u8 zone;
			u8 flags;
		};
		u32 kind;
	};
	void *owner;
	u32 offset;
	u32 private;
};

static_assert(sizeof(struct isle_frame) <= 32);

#endif /* _ISLE_FRAME_H */
