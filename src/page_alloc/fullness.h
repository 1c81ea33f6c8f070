/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fullness: which pageblocks are nearly full, and which nearly empty.
 *
 * Single frames are taken from the fullest pageblocks there are. So pages that
 * come and go gather in few of them, and the others become free as a whole, one
 * after the other, by nothing but frees:
 *
 *      frames free    8         128        256        384        512
 *      group          |    0     |    1     |    2     |    3     |
 *                       3 - 17       9 - 2                 4       whole: an
 *                       ^ taken from first                         order 9
 *
 * A pageblock with hardly a free frame is in no group: looking for it costs more
 * than it is worth. Nor is one that is not wholly in one zone.
 *
 * Within a pageblock a cursor goes round, so that what others freed behind it has
 * time to become more. (The groups: zsmalloc's. To use what is nearly full:
 * Wrenger, Rommel, Halbuer, Dietrich, Lohmann, "LLFree: Scalable and optionally-
 * persistent page-frame allocation", USENIX ATC 2023.)
 *
 * Every call needs zone->lock.
 */
#ifndef _ISLE_FULLNESS_H
#define _ISLE_FULLNESS_H

#include "instance.h"

enum {
	ISLE_FULLNESS_LEAST	= 8,	/* free frames of a pageblock in a group */
	ISLE_FULLNESS_SCAN	= 128,	/* frames looked at for one request */
	ISLE_FULLNESS_NONE	= 0xff,	/* a pageblock in no group */
	ISLE_FULLNESS_NEVER	= 0xfe,	/* and one that never is */
};

/**
 * isle_fullness_init - all pageblocks full, and in no group
 * @isle: with its zones made, and no frame free
 */
void isle_fullness_init(struct isle *isle);

/**
 * isle_fullness_exclude - a pageblock is not wholly in a zone
 * @isle: the instance
 * @id: any frame of it
 */
void isle_fullness_exclude(struct isle *isle, u32 id);

/**
 * isle_fullness_add - frames became free or were taken
 * @zone: the zone
 * @id: the first of them
 * @nr: how many; negative if they were taken; all of one pageblock, or whole ones
 */
void isle_fullness_add(struct isle_zone *zone, u32 id, int nr);

/**
 * isle_fullness_retype - a pageblock's type changes
 * @zone: the zone
 * @id: any frame of it
 * @from: the type that it had
 * @to: the type that it gets
 */
void isle_fullness_retype(struct isle_zone *zone, u32 id,
			  enum isle_migratetype from, enum isle_migratetype to);

/**
 * isle_fullness_take - take single frames from the fullest pageblock of a type
 * @zone: the zone
 * @mt: the type
 * @nr: how many at most
 * @runs: from how many free blocks at most; less what it took from
 * @ids: where to put them; those in a row in falling order
 *
 * Return: how many; 0 if there is no such pageblock, or nothing where it was
 * looked at.
 */
unsigned int isle_fullness_take(struct isle_zone *zone, enum isle_migratetype mt,
				unsigned int nr, unsigned int *runs, u32 *ids);

#endif /* _ISLE_FULLNESS_H */
