/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Write-back: which of isle's pages of a file were written to through a shared
 * mapping, and writing them to the file.
 *
 * A page that is not dirty has no writable entry: the first write to it faults
 * and makes it dirty. Before a page is written to the file its entries go, so
 * that a write from then on makes it dirty again. Counterparts:
 * mm/page-writeback.c, folio_mkclean() of mm/rmap.c.
 *
 * Who has a page pinned, O_DIRECT for one, writes to it without a fault, and
 * nobody says when. But the pin itself came through an entry that could be
 * written, so while that page was dirty; and that it is there can be seen, once
 * no entry is, by the count of struct page. So a page that is pinned while it is
 * written back stays to be written, until it was written without a pin.
 *
 * Of all memory only so much may be dirty: from dirty_background_ratio= on what
 * is dirty is written without being asked for, from dirty_ratio= on who makes
 * more of it waits (throttle.h).
 */
#ifndef _ISLE_WRITEBACK_H
#define _ISLE_WRITEBACK_H

#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct file;
struct isle_cache;
struct isle_chunk;

/**
 * struct isle_writeback - the part of a cache that is about writing
 * @file: the file, open for writing, or NULL while no opener may write.
 *        Protected, as @writers, by the lock of the table of caches.
 * @writers: how many openers may
 * @dirty: pages that were written to, and not to the file yet
 * @pinned: pages that are written back and may be written to, being pinned
 * @lock: held while pages are written: who waits for it knows them written
 * @work: writes when the oldest dirty page is old enough
 */
struct isle_writeback {
	struct file *file;
	unsigned int writers;
	atomic_long_t dirty;
	atomic_long_t pinned;
	struct mutex lock;	/* outside i_rwsem and chunks' */
	struct delayed_work work;
};

/**
 * isle_writeback_start - nothing is dirty yet
 * @cache: a new cache
 */
void isle_writeback_start(struct isle_cache *cache);

/**
 * isle_page_dirty - whether a page is to be written, or is being written
 * @cache: the cache
 * @chunk: one of its chunks, locked
 * @slot: a slot with a frame
 */
bool isle_page_dirty(const struct isle_cache *cache,
		     const struct isle_chunk *chunk, unsigned int slot);

/**
 * isle_page_set_dirty - a page is about to be written to
 * @cache: the cache
 * @chunk: one of its chunks, locked
 * @slot: a slot with a frame
 *
 * Sees to it that it reaches the file in time.
 */
void isle_page_set_dirty(struct isle_cache *cache, struct isle_chunk *chunk,
			 unsigned int slot);

/**
 * isle_page_clear_dirty - a page need not be written
 * @cache: the cache
 * @chunk: one of its chunks, locked
 * @slot: a slot with a frame, which is about to be dropped
 */
void isle_page_clear_dirty(struct isle_cache *cache, struct isle_chunk *chunk,
			   unsigned int slot);

/**
 * isle_writeback - write the dirty pages of a range to the file
 * @cache: the cache; the caller keeps it
 * @first: the first page offset
 * @last: the last page offset
 *
 * And wait until they are in the kernel's page cache of the file, also those
 * that somebody else is writing already; of pages that are pinned, what they have
 * now. What goes wrong becomes an error of
 * the object's mapping; the page is clean then all the same. Works for a
 * task that is being killed. Context: process, no lock held.
 */
void isle_writeback(struct isle_cache *cache, pgoff_t first, pgoff_t last);

/**
 * isle_writeback_kick - write all of a file's dirty pages soon
 * @cache: the cache
 *
 * Waits for nothing.
 */
void isle_writeback_kick(struct isle_cache *cache);

/**
 * isle_writeback_due - write what is dirty, and not pinned after an earlier time
 * @cache: the cache; the caller keeps it
 *
 * Context: a work item, no lock held.
 */
void isle_writeback_due(struct isle_cache *cache);

/**
 * isle_writeback_queue - queue work where pages are written
 * @work: the work; done with when the module goes
 * @delay: jiffies
 */
void isle_writeback_queue(struct delayed_work *work, unsigned long delay);

/**
 * isle_writeback_pages - pages of a file that are to be written, or being written
 * @writeback: of its cache
 */
static inline unsigned long
isle_writeback_pages(const struct isle_writeback *writeback)
{
	return atomic_long_read(&writeback->dirty) +
	       atomic_long_read(&writeback->pinned);
}

/**
 * isle_writeback_pending - pages of all files that are to be written, or being
 *                          written: what is dropped of those is not free yet
 */
unsigned long isle_writeback_pending(void);

/**
 * isle_writeback_behind - whether who dirties pages of a file has to wait
 * @cache: the cache
 *
 * Which it has itself to thank for: other files' pages are other writers'.
 */
bool isle_writeback_behind(const struct isle_cache *cache);

/**
 * isle_writeback_wait - wait until that is over
 * @cache: the cache; the caller keeps it
 *
 * Context: process, no lock held. Returns early for a task that is being killed.
 */
void isle_writeback_wait(struct isle_cache *cache);

/**
 * isle_writeback_wait_any - wait until a page is written that was not
 *
 * Somebody has been asked to see to it. For a second at most.
 * Context: process, no chunk locked. Returns early for a task that is being killed.
 */
void isle_writeback_wait_any(void);

/**
 * isle_pages_cleaned - tell who waits that pages are no longer dirty
 */
void isle_pages_cleaned(void);

int isle_writeback_init(void);
void isle_writeback_exit(void);

#endif /* _ISLE_WRITEBACK_H */
