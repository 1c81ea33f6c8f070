// SPDX-License-Identifier: GPL-2.0
/* Fullness: see fullness.h. Counterpart: none; Linux takes the smallest block. */

#include <linux/bitops.h>

#include "buddy.h"
#include "compat.h"
#include "fullness.h"

static struct isle_fullness *fullness_of(const struct isle *isle, u32 id)
{
	return isle->fullness + (id >> ISLE_PAGEBLOCK_ORDER);
}

void isle_fullness_init(struct isle *isle)
{
	u32 i, nr = isle->nr_frames >> ISLE_PAGEBLOCK_ORDER;
	unsigned int n;

	for (i = 0; i < nr; i++)
		isle->fullness[i].group = ISLE_FULLNESS_NONE;
	for (n = 0; n < isle->nr_zones; n++)
		memset(isle->zones[n]->fullest, 0xff,
		       sizeof(isle->zones[n]->fullest));
}

void isle_fullness_exclude(struct isle *isle, u32 id)
{
	fullness_of(isle, id)->group = ISLE_FULLNESS_NEVER;
}

/* Groups hold pageblocks by number; there is no lower one than none. */
static void unlink(struct isle_zone *zone, struct isle_fullness *f,
		   enum isle_migratetype mt)
{
	struct isle_fullness *all = zone->isle->fullness;

	if (f->prev == ISLE_NO_FRAME)
		zone->fullest[mt][f->group] = f->next;
	else
		all[f->prev].next = f->next;
	if (f->next != ISLE_NO_FRAME)
		all[f->next].prev = f->prev;
}

static void link(struct isle_zone *zone, struct isle_fullness *f,
		 enum isle_migratetype mt)
{
	struct isle_fullness *all = zone->isle->fullness;
	u32 *first = &zone->fullest[mt][f->group];

	f->prev = ISLE_NO_FRAME;
	f->next = *first;
	if (*first != ISLE_NO_FRAME)
		all[*first].prev = f - all;
	*first = f - all;
}

static u8 group_of(const struct isle_fullness *f)
{
	if (f->nr_free < ISLE_FULLNESS_LEAST ||
	    f->nr_free == ISLE_PAGEBLOCK_FRAMES)
		return ISLE_FULLNESS_NONE;
	return f->nr_free / (ISLE_PAGEBLOCK_FRAMES / ISLE_FULLNESS_GROUPS);
}

static void add(struct isle_zone *zone, u32 id, int nr)
{
	struct isle_fullness *f = fullness_of(zone->isle, id);
	enum isle_migratetype mt;
	u8 group;

	if (unlikely(f->group == ISLE_FULLNESS_NEVER))
		return;
	f->nr_free += nr;
	group = group_of(f);
	if (likely(group == f->group))
		return;
	mt = isle_pageblock_type(zone->isle, id);
	if (f->group != ISLE_FULLNESS_NONE)
		unlink(zone, f, mt);
	f->group = group;
	if (group != ISLE_FULLNESS_NONE)
		link(zone, f, mt);
}

void isle_fullness_add(struct isle_zone *zone, u32 id, int nr)
{
	const int whole = ISLE_PAGEBLOCK_FRAMES;

	for (; nr > whole; nr -= whole, id += whole)
		add(zone, id, whole);
	for (; nr < -whole; nr += whole, id += whole)
		add(zone, id, -whole);
	add(zone, id, nr);
}

void isle_fullness_retype(struct isle_zone *zone, u32 id,
			  enum isle_migratetype from, enum isle_migratetype to)
{
	struct isle_fullness *f = fullness_of(zone->isle, id);

	if (f->group >= ISLE_FULLNESS_NEVER)
		return;
	unlink(zone, f, from);
	link(zone, f, to);
}

/* The fullest pageblock with frames to take, or NULL. */
static struct isle_fullness *pick(const struct isle_zone *zone,
				  enum isle_migratetype mt)
{
	unsigned int group;

	for (group = 0; group < ISLE_FULLNESS_GROUPS; group++) {
		if (zone->fullest[mt][group] != ISLE_NO_FRAME)
			return zone->isle->fullness + zone->fullest[mt][group];
	}
	return NULL;
}

unsigned int isle_fullness_take(struct isle_zone *zone, enum isle_migratetype mt,
				unsigned int nr, unsigned int *runs, u32 *ids)
{
	const struct isle_frame *frames = zone->isle->frames;
	struct isle_fullness *f = pick(zone, mt);
	unsigned int looked = 0, done = 0;
	u32 start, at;

	if (!f)
		return 0;
	start = (f - zone->isle->fullness) << ISLE_PAGEBLOCK_ORDER;
	at = f->cursor;
	while (done < nr && *runs && looked < ISLE_FULLNESS_SCAN) {
		const struct isle_frame *frame = frames + start + at;
		unsigned int n = 1;

		if (frame->state == ISLE_FRAME_FREE) {
			n = isle_buddy_cut(zone, start + at, 0, nr - done,
					   ids + done);
			done += n;
			(*runs)--;
		} else if (frame->state > ISLE_FRAME_TAIL) {
			n = BIT(READ_ONCE(frame->order));
		}
		at = (at + n) & (ISLE_PAGEBLOCK_FRAMES - 1);
		looked++;
	}
	f->cursor = at;
	return done;
}
EXPORT_SYMBOL_FOR_KUNIT(isle_fullness_take);
