/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shrinking caches: taking clean pages of files back when memory is out. They can
 * be read again; nothing else of a process's can.
 *
 * A clock: a hand goes round all chunks of all caches. A chunk that a fault came
 * to since it was there last is passed over once; else its clean pages are
 * unmapped and freed. Counterpart: mm/vmscan.c, shrink_folio_list().
 */
#ifndef _ISLE_SHRINK_H
#define _ISLE_SHRINK_H

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/types.h>

struct isle;
struct isle_cache;

/**
 * isle_shrink_add - let the hand come to a cache
 * @cache: a new cache
 */
void isle_shrink_add(struct isle_cache *cache);

/**
 * isle_shrink_remove - and no more
 * @cache: a cache that is about to be destroyed
 */
void isle_shrink_remove(struct isle_cache *cache);

/**
 * isle_shrink - take some pages back
 * @isle: the instance
 *
 * Context: process, with no chunk locked and no lock of the instance's held.
 * Return: how many.
 */
unsigned long isle_shrink(struct isle *isle);

/* Others may be quicker to take what was freed. */
#define ISLE_SHRINK_TRIES	16

/**
 * isle_shrink_retry - make room for an allocation that failed
 * @isle: the instance
 * @err: how; only -ENOMEM has anything to do with it
 * @tries: how often the caller has been here
 *
 * Context: as isle_shrink(). Return: whether it is worth trying again.
 */
static inline bool isle_shrink_retry(struct isle *isle, int err,
				     unsigned int *tries)
{
	return unlikely(err == -ENOMEM) && (*tries)++ < ISLE_SHRINK_TRIES &&
	       isle_shrink(isle);
}

/**
 * isle_shrink_kick - have all dirty pages written, so that they become clean
 *
 * Return: whether there are any, or some are being written.
 */
bool isle_shrink_kick(void);

#endif /* _ISLE_SHRINK_H */
