// SPDX-License-Identifier: GPL-2.0
/* Caches: see cache.h. Counterparts: mm/filemap.c, mm/truncate.c. */

#include <linux/hashtable.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "cache.h"
#include "page_alloc/alloc.h"
#include "pte.h"

/* By mapping. */
static DEFINE_HASHTABLE(table, 8);
static DEFINE_MUTEX(table_lock);	/* outside everything else of isle's */

static struct fsnotify_group *watch;

static struct isle_cache *cache_find(const struct address_space *mapping)
{
	struct isle_cache *cache;

	lockdep_assert_held(&table_lock);
	hash_for_each_possible(table, cache, node, (unsigned long)mapping) {
		if (cache->mapping == mapping)
			return cache;
	}
	return NULL;
}

/* Its first reference is the mark's; without the mark there is no cache. */
static struct isle_cache *cache_create(struct isle *isle,
				       struct address_space *mapping)
{
	struct isle_cache *cache;
	int err;

	cache = kzalloc(sizeof(*cache), GFP_KERNEL_ACCOUNT);
	if (!cache)
		return ERR_PTR(-ENOMEM);
	err = isle_object_init(&cache->object, isle);
	if (err) {
		kfree(cache);
		return ERR_PTR(err);
	}
	cache->mapping = mapping;
	mutex_init(&cache->lock);
	fsnotify_init_mark(&cache->mark, watch);
	cache->mark.mask = FS_MODIFY;
	err = fsnotify_add_inode_mark(&cache->mark, mapping->host, 0);
	if (err) {
		isle_object_destroy(&cache->object);
		fsnotify_put_mark(&cache->mark);
		return ERR_PTR(err);
	}
	hash_add(table, &cache->node, (unsigned long)mapping);
	return cache;
}

struct isle_cache *isle_cache_get(struct isle *isle,
				  struct address_space *mapping)
{
	struct isle_cache *cache;

	mutex_lock(&table_lock);
	cache = cache_find(mapping);
	if (!cache)
		cache = cache_create(isle, mapping);
	if (!IS_ERR(cache))
		cache->openers++;
	mutex_unlock(&table_lock);
	return cache;
}

void isle_cache_put(struct isle_cache *cache)
{
	bool last;

	mutex_lock(&table_lock);
	last = !--cache->openers;
	if (last)
		hash_del(&cache->node);
	mutex_unlock(&table_lock);
	if (!last)
		return;
	mutex_lock(&cache->lock);
	cache->dead = true;
	mutex_unlock(&cache->lock);
	isle_object_destroy(&cache->object);
	fsnotify_destroy_mark(&cache->mark, watch);
	fsnotify_put_mark(&cache->mark);
}

/* Forget slots of a locked chunk. */
static void drop_slots(struct isle_cache *cache, struct isle_chunk *chunk,
		       unsigned long index, unsigned int first,
		       unsigned int last)
{
	pgoff_t start = (pgoff_t)index << ISLE_CHUNK_ORDER;
	struct isle_store *store = &cache->object.store;
	unsigned int freed;

	if (chunk->used) {
		isle_unmap_object(&cache->object, start + first, start + last);
		freed = isle_chunk_free(store, chunk, first, last);
		atomic_long_sub(freed, &cache->pages);
	}
	if (!chunk->used)
		isle_chunk_remove(store, chunk, index);
}

static void drop_range(struct isle_cache *cache, pgoff_t first, pgoff_t last,
		       bool killable)
{
	unsigned long index = isle_chunk_index(first);
	unsigned long end = isle_chunk_index(last);
	struct isle_chunk *chunk;

	while ((chunk = isle_chunk_lock_next(&cache->object.store, &index,
					     end))) {
		pgoff_t start = (pgoff_t)index << ISLE_CHUNK_ORDER;
		pgoff_t stop = min(last, start + ISLE_CHUNK_SLOTS - 1);

		drop_slots(cache, chunk, index, max(first, start) - start,
			   stop - start);
		isle_chunk_unlock(chunk);
		if (index++ == end ||
		    (killable && fatal_signal_pending(current)))
			break;
		cond_resched();
	}
}

void isle_cache_discard(struct isle_cache *cache, pgoff_t first, pgoff_t last)
{
	drop_range(cache, first, last, true);
}

/* What follows the end of the file in its last page reads as zeroes. */
static void clear_tail(struct isle_cache *cache, loff_t size)
{
	struct isle_store *store = &cache->object.store;
	unsigned long index = isle_chunk_index(size >> PAGE_SHIFT);
	unsigned int slot = isle_chunk_slot(size >> PAGE_SHIFT);
	unsigned int offset = offset_in_page(size);
	struct isle_chunk *chunk;
	u32 id;

	if (!offset)
		return;
	chunk = isle_chunk_lock_next(store, &index, index);
	if (!chunk)
		return;
	id = chunk->slot[slot];
	if (id != ISLE_NO_FRAME)
		memset(isle_frame_address(store->isle, id) + offset, 0,
		       PAGE_SIZE - offset);
	isle_chunk_unlock(chunk);
}

loff_t isle_cache_size(struct isle_cache *cache)
{
	s64 size = i_size_read(cache->mapping->host);
	s64 seen = atomic64_read(&cache->seen);

	if (likely(size <= seen))
		return size;
	while (size > seen &&
	       !atomic64_try_cmpxchg(&cache->seen, &seen, size))
		;
	smp_mb(); /* pairs with file_changed() */
	return i_size_read(cache->mapping->host);
}

/*
 * Private copies are unmapped as well: who touches them then is told that there
 * is no such page. A fault looks at the size with the chunk locked, so that it
 * either sees the new one, or is done before the chunk is locked here.
 */
void isle_cache_truncate(struct isle_cache *cache)
{
	loff_t size = i_size_read(cache->mapping->host);
	pgoff_t first = isle_pages_of(size);

	isle_unmap_object(&cache->object, first, ULONG_MAX - 1);
	drop_range(cache, first, ULONG_MAX, false);
	clear_tail(cache, size);
}

/*
 * The file was written to or its size changed, by the current task, which may
 * hold the inode's lock. Pairs with isle_cache_size(): either the new size is
 * seen there, or what it returned is seen here.
 */
static int file_changed(struct fsnotify_mark *mark, u32 mask,
			struct inode *inode, struct inode *dir,
			const struct qstr *name, u32 cookie)
{
	struct isle_cache *cache = container_of(mark, struct isle_cache, mark);
	s64 seen, size;

	seen = atomic64_read(&cache->seen);
	smp_mb();
	size = i_size_read(inode);
	if (likely(size >= seen))
		return 0;
	mutex_lock(&cache->lock);
	if (!cache->dead)
		isle_cache_truncate(cache);
	mutex_unlock(&cache->lock);
	atomic64_cmpxchg(&cache->seen, seen, size);
	return 0;
}

static void mark_free(struct fsnotify_mark *mark)
{
	kfree(container_of(mark, struct isle_cache, mark));
}

static const struct fsnotify_ops watch_ops = {
	.handle_inode_event	= file_changed,
	.free_mark		= mark_free,
};

int isle_cache_init(void)
{
	watch = fsnotify_alloc_group(&watch_ops, 0);
	return PTR_ERR_OR_ZERO(watch);
}

void isle_cache_exit(void)
{
	fsnotify_wait_marks_destroyed();
	fsnotify_put_group(watch);
}
