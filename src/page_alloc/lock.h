/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A zone's lock, and the tracepoints that show how long it is held. See
 * Documentation/locking.rst for what it protects.
 */
#ifndef _ISLE_LOCK_H
#define _ISLE_LOCK_H

#include <trace/isle.h>

#include "instance.h"

/* Return: the flags for isle_zone_unlock(). */
static inline unsigned long isle_zone_lock(struct isle_zone *zone)
	__acquires(&zone->lock)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&zone->lock, flags);
	trace_zone_lock_acquired(zone);
	return flags;
}

static inline void isle_zone_unlock(struct isle_zone *zone,
				    unsigned long flags)
	__releases(&zone->lock)
{
	trace_zone_lock_released(zone);
	raw_spin_unlock_irqrestore(&zone->lock, flags);
}

#endif /* _ISLE_LOCK_H */
