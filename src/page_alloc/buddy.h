/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The buddy system: a zone's free blocks.
 *
 * A free block of order n starts at a multiple of 2^n. Its buddy is the other
 * half of the order n + 1 block around it:
 *
 *      order 2   [ 0                               ]   [ 4 ...
 *      order 1   [ 0             ] [ 2             ]
 *      order 0   [ 0   ] [ 1   ]   [ 2   ] [ 3   ]     buddy(id) = id ^ 2^n
 *
 * Free blocks of one order and migratetype are on one list. A block smaller
 * than a pageblock is on the list of its pageblock's type; one that spans two
 * pageblocks has made them of one type.
 *
 * (Knuth, The Art of Computer Programming, vol. 1, 2.5; Knowlton 1965. The
 * migratetypes: Gorman and Healy, "Supporting superpage allocation without
 * additional hardware support", ISMM 2008.)
 *
 * Every call needs zone->lock.
 */
#ifndef _ISLE_BUDDY_H
#define _ISLE_BUDDY_H

#include "instance.h"

void isle_buddy_init(struct isle_zone *zone);

/**
 * isle_buddy_free - put a block on the free lists, merged with its buddies
 * @zone: the block's zone
 * @id: its first frame
 * @order: its order
 *
 * The type of the block's pageblock says on which list.
 */
void isle_buddy_free(struct isle_zone *zone, u32 id, unsigned int order);

/**
 * isle_buddy_free_run - free blocks that stand in a row
 * @zone: the blocks' zone
 * @start: the first frame of the lowest
 * @nr: frames in all
 * @order: order of the blocks
 *
 * Frees [@start, @start + @nr) as the fewest aligned blocks instead of merging
 * them pair by pair. All must be of one zone.
 */
void isle_buddy_free_run(struct isle_zone *zone, u32 start, u32 nr,
			 unsigned int order);

/**
 * isle_buddy_take - take a block from the smallest order that has one
 * @zone: the zone
 * @order: of the block
 * @mt: the list to take from
 *
 * Return: its first frame, in state PCP and with @order set, or ISLE_NO_FRAME.
 */
u32 isle_buddy_take(struct isle_zone *zone, unsigned int order,
		    enum isle_migratetype mt);

/**
 * isle_buddy_take_run - take blocks that stand in a row, as many as one has
 * @zone: the zone
 * @order: of each block
 * @mt: the list to take from
 * @nr: how many at most
 * @ids: where to put their first frames, the lowest last
 *
 * Cuts all of them from one free block: one list operation for each order that
 * is left over instead of two for each block.
 *
 * Return: how many; 0 if the lists have nothing.
 */
unsigned int isle_buddy_take_run(struct isle_zone *zone, unsigned int order,
				 enum isle_migratetype mt, unsigned int nr,
				 u32 *ids);

/**
 * isle_buddy_cut - take blocks that stand in a row from a certain free block
 * @zone: the zone
 * @id: its first frame
 * @order: of each block, that of the free one at most
 * @nr: how many at most
 * @ids: where to put their first frames, the lowest last
 *
 * The rest goes back to the lists. Return: how many.
 */
unsigned int isle_buddy_cut(struct isle_zone *zone, u32 id, unsigned int order,
			    unsigned int nr, u32 *ids);

/**
 * isle_buddy_take_block - take a certain free block, cut to an order
 * @zone: the zone
 * @id: its first frame
 * @order: what to cut it to
 *
 * The rest goes to the lists of its pageblock's type. Return: @id.
 */
u32 isle_buddy_take_block(struct isle_zone *zone, u32 id, unsigned int order);

/**
 * isle_buddy_split - cut a free block in two halves on the free lists
 * @zone: the zone
 * @id: its first frame, of an order of 1 at least
 */
void isle_buddy_split(struct isle_zone *zone, u32 id);

/**
 * isle_buddy_move - put a free block on another type's list
 * @zone: the zone
 * @id: its first frame
 * @from: the list that it is on
 * @to: the list that it goes to
 */
void isle_buddy_move(struct isle_zone *zone, u32 id,
		     enum isle_migratetype from, enum isle_migratetype to);

#endif /* _ISLE_BUDDY_H */
