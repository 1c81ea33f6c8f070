/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Caches: what isle holds of a file. One for each file, however many openers
 * are bound to it: its object's store is by page offset in the file, so that
 * all of them see the same frames.
 *
 * A frame is filled once, by a copy from the file's own page cache, and stays
 * until it is discarded, the file gets shorter or the last opener goes. It is
 * charged to the opener that it was filled for, its struct isle_frame::owner,
 * and to nobody when that one goes first.
 */
#ifndef _ISLE_CACHE_H
#define _ISLE_CACHE_H

#include <linux/fs.h>
#include <linux/fsnotify_backend.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>

#include "object.h"
#include "writeback.h"

struct isle_vm_opener;

/**
 * struct isle_cache - isle's pages of a file
 * @object: them, by page offset in the file
 * @mapping: the file's own page cache. Its inode lives as long as @openers
 *           have it open.
 * @node: in the table of caches
 * @shrink: in the list of caches that can be shrunk
 * @hand: where the clock of shrink.c is in it; protected by its lock
 * @openers: how many are bound to it. Protected by the table's lock.
 * @pages: how many it has
 * @seen: no page beyond this size, in bytes, was ever mapped
 * @lock: protects @dead
 * @dead: no longer to be truncated
 * @writeback: its dirty pages
 * @linger: stands in for the last who might write until no page is pinned
 * @mark: tells when the file changes. The cache is freed with it.
 */
struct isle_cache {
	struct isle_object object;
	struct address_space *mapping;
	struct hlist_node node;
	struct list_head shrink;
	unsigned long hand;
	unsigned int openers;
	atomic_long_t pages;
	atomic64_t seen;
	struct mutex lock;	/* inside i_rwsem, outside chunks' */
	bool dead;
	struct isle_writeback writeback;
	struct delayed_work linger;
	struct fsnotify_mark mark;
};

static inline unsigned long isle_cache_pages(const struct isle_cache *cache)
{
	return atomic_long_read(&cache->pages);
}

/* Pages of a file of @size bytes. */
static inline pgoff_t isle_pages_of(loff_t size)
{
	return (size >> PAGE_SHIFT) + !!offset_in_page(size);
}

/**
 * isle_cache_size - the file's size, before something of it is mapped
 * @cache: the cache
 *
 * Called with a chunk of the cache locked, so that a truncation that it does
 * not see unmaps what is mapped then.
 * Return: bytes.
 */
loff_t isle_cache_size(struct isle_cache *cache);

/**
 * isle_cache_get - find or make the cache of a file
 * @isle: where its pages come from
 * @file: the file; the caller keeps it open
 * @write: the caller may write to it
 *
 * Context: process, may sleep.
 * Return: the cache, or an ERR_PTR: -ENOMEM; -EPERM: a memfd that was sealed
 * against writing.
 */
struct isle_cache *isle_cache_get(struct isle *isle, struct file *file,
				  bool write);

/**
 * isle_cache_put - undo isle_cache_get(), while the file is still open
 * @cache: the cache; the last one frees its pages
 * @write: as in isle_cache_get(); what the caller wrote goes to the file first.
 *         Of the last who may write the cache keeps what it has, the file open
 *         too, while the kernel has pages pinned that were written to
 *
 * Context: process, no lock held.
 */
void isle_cache_put(struct isle_cache *cache, bool write);

/**
 * isle_cache_disown - charge an opener for its pages no more
 * @cache: the cache
 * @opener: an opener that brings no more in
 */
void isle_cache_disown(struct isle_cache *cache, struct isle_vm_opener *opener);

/**
 * isle_cache_get_writer - the file that pages are written back to
 * @cache: the cache
 *
 * Return: an open file with a reference, or NULL if nobody may write.
 */
struct file *isle_cache_get_writer(struct isle_cache *cache);

/**
 * isle_cache_discard - forget part of a file, but for dirty pages
 * @cache: the cache
 * @first: the first page offset
 * @last: the last page offset
 *
 * Unmaps it everywhere. The next touch reads it from the file again. Ends early
 * for a task that is being killed.
 */
void isle_cache_discard(struct isle_cache *cache, pgoff_t first, pgoff_t last);

/**
 * isle_cache_drop_clean - forget the clean pages of a chunk
 * @cache: the cache
 * @chunk: one of its chunks, locked, still to be unlocked
 * @index: its place
 *
 * Unmaps them everywhere.
 */
void isle_cache_drop_clean(struct isle_cache *cache, struct isle_chunk *chunk,
			   unsigned long index);

/**
 * isle_cache_truncate - forget what is beyond the end of the file
 * @cache: the cache
 *
 * Unmaps it everywhere, and clears the rest of the last page. Counterpart:
 * truncate_pagecache().
 */
void isle_cache_truncate(struct isle_cache *cache);

int isle_cache_init(void);
void isle_cache_exit(void);

#endif /* _ISLE_CACHE_H */
