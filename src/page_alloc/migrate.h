/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Migratetypes: which pageblock an allocation is served from.
 *
 * Pages that can be moved or reclaimed are kept in other 2 MB pageblocks than
 * those that can not, so that some pageblocks can always be emptied. When the
 * lists of a type are empty, others are asked, in the kernel's order and with
 * its thresholds:
 *
 *      UNMOVABLE    -> RECLAIMABLE -> MOVABLE
 *      RECLAIMABLE  -> UNMOVABLE   -> MOVABLE
 *      MOVABLE      -> CMA, RECLAIMABLE -> UNMOVABLE
 *
 * first by claiming a whole pageblock (the largest free block there is; the
 * pageblock changes its type if half of it is free or alike), then by taking
 * the smallest block that will do and leaving its pageblock what it was.
 */
#ifndef _ISLE_MIGRATE_H
#define _ISLE_MIGRATE_H

#include "instance.h"

/**
 * isle_rmqueue - take a block of a migratetype, or of one that it falls back to
 * @zone: the zone, locked
 * @order: of the block
 * @mt: UNMOVABLE, MOVABLE or RECLAIMABLE; others don't fall back
 * @alloc_flags: ISLE_ALLOC_CMA, ISLE_ALLOC_NOFRAGMENT
 *
 * Return: its first frame in state PCP, or ISLE_NO_FRAME.
 */
u32 isle_rmqueue(struct isle_zone *zone, unsigned int order,
		 enum isle_migratetype mt, unsigned int alloc_flags);

/**
 * isle_rmqueue_bulk - take many blocks
 * @zone: the zone, locked
 * @order: of each
 * @mt: as isle_rmqueue()
 * @alloc_flags: as isle_rmqueue()
 * @nr: how many
 * @runs: from how many free blocks at most, 1 or more: what it takes to find them
 *        is what the zone is locked for
 * @ids: where to put their first frames; those from one block in falling order
 *
 * Return: how many, 0 to @nr.
 */
unsigned int isle_rmqueue_bulk(struct isle_zone *zone, unsigned int order,
			       enum isle_migratetype mt,
			       unsigned int alloc_flags, unsigned int nr,
			       unsigned int runs, u32 *ids);

/**
 * isle_set_pageblock_type - change a pageblock's type and move its free blocks
 * @zone: the zone, locked
 * @id: any frame of the pageblock
 * @mt: the new type
 *
 * A free block that reaches beyond the pageblock is split first; a pageblock
 * that is free as a whole merges with its buddy if their types allow it.
 */
void isle_set_pageblock_type(struct isle_zone *zone, u32 id,
			     enum isle_migratetype mt);

/**
 * isle_reserve_highatomic - make an allocated block's pageblock HIGHATOMIC
 * @zone: the zone; takes its lock
 * @id: a block that an atomic caller just got with an order above 0
 *
 * At most 1 per cent of the zone, or one pageblock where that is less than one.
 * Zones of less than four pageblocks have no reserve.
 */
void isle_reserve_highatomic(struct isle_zone *zone, u32 id);

/**
 * isle_unreserve_highatomic - give one HIGHATOMIC pageblock back
 * @zone: the zone; takes its lock
 *
 * For when memory is nearly exhausted. Return: whether there was one with free
 * memory in it.
 */
bool isle_unreserve_highatomic(struct isle_zone *zone);

/**
 * isle_isolate_pageblock - keep a pageblock's free memory from being allocated
 * @isle: the instance
 * @id: any frame of the pageblock
 *
 * Frames allocated from it stay with their holders; when freed they join the
 * isolated ones.
 *
 * Context: process, may sleep: drains the per-CPU lists.
 * Return: 0, -EBUSY if it is isolated already, -EINVAL if it is not wholly
 * in one zone.
 */
int isle_isolate_pageblock(struct isle *isle, u32 id);

/**
 * isle_unisolate_pageblock - undo isle_isolate_pageblock()
 * @isle: the instance
 * @id: any frame of the pageblock
 * @mt: the type that it gets
 *
 * Return: 0, or -EINVAL if it is not isolated.
 */
int isle_unisolate_pageblock(struct isle *isle, u32 id,
			     enum isle_migratetype mt);

/**
 * isle_migratetype_name - the kernel's name of a migratetype
 * @mt: enum isle_migratetype
 */
const char *isle_migratetype_name(enum isle_migratetype mt);

#endif /* _ISLE_MIGRATE_H */
