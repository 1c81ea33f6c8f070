/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Allocation and freeing of frames: what src/api.c and src/vm call.
 *
 * Blocks are named by the id of their first frame.
 */
#ifndef _ISLE_ALLOC_H
#define _ISLE_ALLOC_H

#include "instance.h"

/**
 * isle_alloc_frames - allocate a block
 * @isle: the instance
 * @gfp: as for alloc_pages()
 * @order: at most ISLE_TOP_ORDER
 * @nid: preferred node; NUMA_NO_NODE: the caller's
 *
 * Context: any but NMI; may sleep if @gfp has __GFP_DIRECT_RECLAIM.
 * Return: the id of its first frame, with one reference, or ISLE_NO_FRAME.
 */
u32 isle_alloc_frames(struct isle *isle, gfp_t gfp, unsigned int order,
		      int nid);

/**
 * isle_alloc_frames_bulk - allocate many single frames
 * @isle: the instance
 * @gfp: as for alloc_pages()
 * @nid: preferred node; NUMA_NO_NODE: the caller's
 * @nr: how many
 * @ids: where to put their ids
 *
 * Context: as isle_alloc_frames().
 * Return: how many were allocated, 0 to @nr.
 */
unsigned int isle_alloc_frames_bulk(struct isle *isle, gfp_t gfp, int nid,
				    unsigned int nr, u32 *ids);

/**
 * isle_alloc_user - allocate frames on behalf of a process
 * @isle: the instance
 * @gfp: as for alloc_pages(); __GFP_ZERO is honoured
 * @order: of each block
 * @nr: how many blocks
 * @ids: where to put their ids
 *
 * As isle_alloc_frames_bulk(), and charges each zone's user share: fails where
 * processes would hold more than user_max= of every zone that would do. The
 * charge goes with the frame, whoever frees it, and into quarantine.
 *
 * Context: as isle_alloc_frames().
 * Return: how many were allocated, 0 to @nr.
 */
unsigned int isle_alloc_user(struct isle *isle, gfp_t gfp, unsigned int order,
			     unsigned int nr, u32 *ids);

/**
 * isle_alloc_typed - allocate a block from pageblocks of one migratetype
 * @isle: the instance
 * @gfp: as for alloc_pages(); its migratetype bits are not looked at
 * @order: at most ISLE_TOP_ORDER
 * @nid: preferred node; NUMA_NO_NODE: the caller's
 * @mt: UNMOVABLE, MOVABLE, RECLAIMABLE, HIGHATOMIC or CMA
 * @user: charge the user share
 *
 * Return: the id or ISLE_NO_FRAME.
 */
u32 isle_alloc_typed(struct isle *isle, gfp_t gfp, unsigned int order, int nid,
		     enum isle_migratetype mt, bool user);

/**
 * isle_free_frames - drop a reference to a block; free it with the last
 * @isle: the instance
 * @id: its first frame
 * @order: the order it was allocated with
 *
 * A block that is not allocated or has another order is reported and left
 * alone. Context: any but NMI.
 */
void isle_free_frames(struct isle *isle, u32 id, unsigned int order);

/**
 * isle_free_frames_bulk - drop a reference to many single frames
 * @isle: the instance
 * @ids: their ids
 * @nr: how many
 *
 * Context: any but NMI.
 */
void isle_free_frames_bulk(struct isle *isle, const u32 *ids, unsigned int nr);

/**
 * isle_free_frames_runs - drop a reference to very many single frames
 * @isle: the instance
 * @ids: their ids, best in the order in which they were allocated
 * @nr: how many
 *
 * As isle_free_frames_bulk(), for more than per-CPU lists have a use for: what
 * stands in a row is merged and goes straight to the free lists.
 *
 * Context: any but NMI.
 */
void isle_free_frames_runs(struct isle *isle, const u32 *ids, unsigned int nr);

/**
 * isle_get_frame - take a reference to an allocated block
 * @isle: the instance
 * @id: its first frame, or any if the block is compound
 */
void isle_get_frame(struct isle *isle, u32 id);

/**
 * isle_tryget_frame - take a reference unless the block is free
 * @isle: the instance
 * @id: its first frame, or any if the block is compound
 *
 * Return: whether a reference was taken; not to a tail of a block that is not
 * compound.
 */
bool isle_tryget_frame(struct isle *isle, u32 id);

/**
 * isle_put_frame - drop a reference to a block, whatever its order
 * @isle: the instance
 * @id: any frame of the block
 */
void isle_put_frame(struct isle *isle, u32 id);

/**
 * isle_block_head - the first frame of the block that a frame is in
 * @isle: the instance
 * @id: any frame
 *
 * Return: the id of the block's first frame, free or not; @id itself for a
 * hole.
 */
u32 isle_block_head(const struct isle *isle, u32 id);

/**
 * isle_split_block - make single frames of a block that is not compound
 * @isle: the instance
 * @id: its first frame
 * @order: its order
 *
 * Each has one reference then; those that others had are to the first frame.
 */
void isle_split_block(struct isle *isle, u32 id, unsigned int order);

/**
 * isle_expose_frame - say that get_user_pages() may pin a frame from now on
 * @isle: the instance
 * @id: an allocated frame
 *
 * When freed it waits in quarantine for as long as ops->pinned() says so.
 * Call before the frame is mapped.
 */
void isle_expose_frame(struct isle *isle, u32 id);

/**
 * isle_nr_free - frames that are free, per-CPU lists included
 * @isle: the instance
 *
 * Exact only while nobody allocates. Return: frames.
 */
unsigned long isle_nr_free(const struct isle *isle);

/**
 * isle_nr_managed - frames that the instance hands out
 * @isle: the instance
 *
 * Return: frames.
 */
unsigned long isle_nr_managed(const struct isle *isle);

#endif /* _ISLE_ALLOC_H */
