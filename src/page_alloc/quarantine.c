// SPDX-License-Identifier: GPL-2.0
/* Quarantine: see quarantine.h. */

#include "compat.h"
#include "free.h"
#include "quarantine.h"

#define RESCAN_INTERVAL	(HZ / 10)

static void rescan_work(struct work_struct *work)
{
	struct isle *isle = container_of(to_delayed_work(work), struct isle,
					 quarantine.rescan);

	isle_quarantine_rescan(isle);
	if (READ_ONCE(isle->quarantine.nr))
		schedule_delayed_work(&isle->quarantine.rescan,
				      RESCAN_INTERVAL);
}

void isle_quarantine_init(struct isle *isle)
{
	raw_spin_lock_init(&isle->quarantine.lock);
	isle->quarantine.first = ISLE_NO_FRAME;
	INIT_DELAYED_WORK(&isle->quarantine.rescan, rescan_work);
}

static void link(struct isle *isle, u32 id)
{
	isle_frame(isle, id)->next = isle->quarantine.first;
	isle->quarantine.first = id;
}

/* Called with quarantine.lock held; nr is read without it. */
static void count(struct isle *isle, long frames)
{
	WRITE_ONCE(isle->quarantine.nr, isle->quarantine.nr + frames);
}

void isle_quarantine_add(struct isle *isle, u32 id)
{
	struct isle_frame *frame = isle_frame(isle, id);
	unsigned long flags;

	raw_spin_lock_irqsave(&isle->quarantine.lock, flags);
	frame->state = ISLE_FRAME_QUARANTINE;
	link(isle, id);
	count(isle, BIT(frame->order));
	raw_spin_unlock_irqrestore(&isle->quarantine.lock, flags);
	schedule_delayed_work(&isle->quarantine.rescan, RESCAN_INTERVAL);
}

/* Take the whole list, so that the pinned can be put back while walking. */
static u32 take_all(struct isle *isle)
{
	unsigned long flags;
	u32 first;

	raw_spin_lock_irqsave(&isle->quarantine.lock, flags);
	first = isle->quarantine.first;
	isle->quarantine.first = ISLE_NO_FRAME;
	raw_spin_unlock_irqrestore(&isle->quarantine.lock, flags);
	return first;
}

void isle_quarantine_rescan(struct isle *isle)
{
	u32 id, next;

	if (!READ_ONCE(isle->quarantine.nr))
		return;
	for (id = take_all(isle); id != ISLE_NO_FRAME; id = next) {
		struct isle_frame *frame = isle_frame(isle, id);
		bool pinned = isle->ops->pinned(isle, id);
		unsigned long flags;

		next = frame->next;
		raw_spin_lock_irqsave(&isle->quarantine.lock, flags);
		if (pinned)
			link(isle, id);
		else
			count(isle, -(long)BIT(frame->order));
		raw_spin_unlock_irqrestore(&isle->quarantine.lock, flags);
		if (!pinned)
			isle_release_block(isle, id);
	}
}
EXPORT_SYMBOL_FOR_KUNIT(isle_quarantine_rescan);

void isle_quarantine_stop(struct isle *isle)
{
	cancel_delayed_work_sync(&isle->quarantine.rescan);
}
EXPORT_SYMBOL_FOR_KUNIT(isle_quarantine_stop);
