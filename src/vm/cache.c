// SPDX-License-Identifier: GPL-2.0
/* Caches: see cache.h. Counterparts: mm/filemap.c, mm/truncate.c. */

#include <linux/file.h>
#include <linux/hashtable.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "cache.h"
#include "opener.h"
#include "page_alloc/alloc.h"
#include "pte.h"
#include "shrink.h"

/* By mapping. */
static DEFINE_HASHTABLE(table, 8);
static DEFINE_MUTEX(table_lock);	/* outside everything else of isle's */

static struct fsnotify_group *watch;

#define LINGER_INTERVAL	(HZ / 10)

static void linger(struct work_struct *work);

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

/*
 * mmap() counts a writable mapping in the file's f_mapping for as long as it
 * takes, and isle_opener_bind() may change that meanwhile: the count is then
 * raised in one mapping and lowered in another. Nobody acts on it here, but it
 * must not get negative, which means that writing is denied.
 */
static void set_writable(const struct isle_object *object)
{
	atomic_set(&isle_object_mapping(object)->i_mmap_writable, 1 << 30);
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
	set_writable(&cache->object);
	cache->mapping = mapping;
	mutex_init(&cache->lock);
	INIT_DELAYED_WORK(&cache->linger, linger);
	isle_writeback_start(cache);
	fsnotify_init_mark(&cache->mark, watch);
	cache->mark.mask = FS_MODIFY;
	err = fsnotify_add_inode_mark(&cache->mark, mapping->host, 0);
	if (err) {
		isle_object_destroy(&cache->object);
		fsnotify_put_mark(&cache->mark);
		return ERR_PTR(err);
	}
	hash_add(table, &cache->node, (unsigned long)mapping);
	isle_shrink_add(cache);
	return cache;
}

struct isle_cache *isle_cache_get(struct isle *isle, struct file *file,
				  bool write)
{
	struct isle_cache *cache;
	int err;

	/* As any mapping that may be written: it excludes a seal against it. */
	err = write ? mapping_map_writable(file->f_mapping) : 0;
	if (err)
		return ERR_PTR(err);
	mutex_lock(&table_lock);
	cache = cache_find(file->f_mapping);
	if (!cache)
		cache = cache_create(isle, file->f_mapping);
	if (!IS_ERR(cache)) {
		cache->openers++;
		if (write && !cache->writeback.writers++)
			cache->writeback.file = get_file(file);
	}
	mutex_unlock(&table_lock);
	if (write && IS_ERR(cache))
		mapping_unmap_writable(file->f_mapping);
	return cache;
}

struct file *isle_cache_get_writer(struct isle_cache *cache)
{
	struct file *file;

	mutex_lock(&table_lock);
	file = cache->writeback.file;
	if (file)
		get_file(file);
	mutex_unlock(&table_lock);
	return file;
}

/* Nobody writes any more, and everybody who did has written it back. */
static void last_writer(struct isle_cache *cache)
{
	fput(cache->writeback.file);
	cache->writeback.file = NULL;
	WARN_ON_ONCE(isle_writeback_pages(&cache->writeback));
}

static bool put_locked(struct isle_cache *cache, bool write)
{
	lockdep_assert_held(&table_lock);
	if (write)
		mapping_unmap_writable(cache->mapping);
	if (write && !--cache->writeback.writers)
		last_writer(cache);
	if (--cache->openers)
		return false;
	hash_del(&cache->node);
	return true;
}

static void cache_destroy(struct isle_cache *cache)
{
	isle_shrink_remove(cache);
	mutex_lock(&cache->lock);
	cache->dead = true;
	mutex_unlock(&cache->lock);
	cancel_delayed_work_sync(&cache->writeback.work);
	isle_object_destroy(&cache->object);
	fsnotify_destroy_mark(&cache->mark, watch);
	fsnotify_put_mark(&cache->mark);
}

/*
 * The last who may write to a file goes, and some of its pages are pinned: what
 * is written to them yet is to reach the file. Others who may write take over.
 */
static bool must_linger(const struct isle_cache *cache)
{
	lockdep_assert_held(&table_lock);
	return cache->writeback.writers == 1 &&
	       isle_writeback_pages(&cache->writeback);
}

void isle_cache_put(struct isle_cache *cache, bool write)
{
	bool last;

	if (write)
		isle_writeback(cache, 0, ULONG_MAX);
	mutex_lock(&table_lock);
	if (write && must_linger(cache)) {
		/* As if it were still open. The module is: it is being closed. */
		__module_get(THIS_MODULE);
		isle_writeback_queue(&cache->linger, LINGER_INTERVAL);
		mutex_unlock(&table_lock);
		return;
	}
	last = put_locked(cache, write);
	mutex_unlock(&table_lock);
	if (last)
		cache_destroy(cache);
}

/* Nobody waits for the pins to go: who has them may be the one who closed. */
static void linger(struct work_struct *work)
{
	struct isle_cache *cache = container_of(to_delayed_work(work),
						struct isle_cache, linger);
	struct file *file = isle_cache_get_writer(cache);
	bool on, alone, last;

	isle_writeback_due(cache);
	mutex_lock(&table_lock);
	on = must_linger(cache);
	if (on)
		isle_writeback_queue(&cache->linger, LINGER_INTERVAL);
	alone = on && cache->openers == 1;
	last = !on && put_locked(cache, true);
	mutex_unlock(&table_lock);
	if (alone)
		isle_cache_discard(cache, 0, ULONG_MAX);
	if (last)
		cache_destroy(cache);
	fput(file);
	/* The module's exit waits until this returns. */
	if (!on)
		module_put(THIS_MODULE);
}

static bool slot_dirty(const struct isle_cache *cache,
		       const struct isle_chunk *chunk, unsigned int slot)
{
	return chunk->slot[slot] != ISLE_NO_FRAME &&
	       isle_page_dirty(cache, chunk, slot);
}

/* What is beyond the end of the file need not be written. */
static void clean_slots(struct isle_cache *cache, struct isle_chunk *chunk,
			unsigned int first, unsigned int last)
{
	unsigned int slot;

	for (slot = first; chunk->dirty && slot <= last; slot++) {
		if (chunk->slot[slot] != ISLE_NO_FRAME)
			isle_page_clear_dirty(cache, chunk, slot);
	}
}

/* Whoever owns the page of a slot does so no more. */
static void uncharge_slot(struct isle_cache *cache, struct isle_chunk *chunk,
			  unsigned int slot)
{
	u32 id = chunk->slot[slot];
	struct isle_vm_opener *owner;

	if (id == ISLE_NO_FRAME)
		return;
	owner = isle_frame(cache->object.store.isle, id)->owner;
	if (!owner)
		return;
	isle_frame(cache->object.store.isle, id)->owner = NULL;
	atomic_long_dec(&owner->held_object);
	isle_opener_uncharge(owner, 1);
}

void isle_cache_disown(struct isle_cache *cache, struct isle_vm_opener *opener)
{
	struct isle_store *store = &cache->object.store;
	unsigned long index = 0;
	struct isle_chunk *chunk;
	unsigned int slot;
	u32 id;

	while ((chunk = isle_chunk_lock_next(store, &index, ULONG_MAX))) {
		for (slot = 0; slot < ISLE_CHUNK_SLOTS; slot++) {
			id = chunk->slot[slot];
			if (id != ISLE_NO_FRAME &&
			    isle_frame(store->isle, id)->owner == opener)
				uncharge_slot(cache, chunk, slot);
		}
		isle_chunk_unlock(chunk);
		index++;
		cond_resched();
	}
}

/* Free slots between dirty ones. Nothing maps any of them. */
static void free_clean(struct isle_cache *cache, struct isle_chunk *chunk,
		       unsigned int first, unsigned int last)
{
	unsigned int slot, end, freed = 0;

	for (slot = first; slot <= last; slot = end + 1) {
		for (end = slot; end <= last; end++) {
			if (chunk->dirty && slot_dirty(cache, chunk, end))
				break;
			uncharge_slot(cache, chunk, end);
		}
		if (end > slot)
			freed += isle_chunk_free(&cache->object.store, chunk,
						 slot, end - 1);
	}
	atomic_long_sub(freed, &cache->pages);
}

/* Forget slots of a locked chunk; @all of them, or those that are clean. */
static void drop_slots(struct isle_cache *cache, struct isle_chunk *chunk,
		       unsigned long index, unsigned int first,
		       unsigned int last, bool all)
{
	pgoff_t start = (pgoff_t)index << ISLE_CHUNK_ORDER;

	if (chunk->used) {
		isle_unmap_object(&cache->object, start + first, start + last);
		if (all)
			clean_slots(cache, chunk, first, last);
		free_clean(cache, chunk, first, last);
	}
	if (!chunk->used)
		isle_chunk_remove(&cache->object.store, chunk, index);
}

void isle_cache_drop_clean(struct isle_cache *cache, struct isle_chunk *chunk,
			   unsigned long index)
{
	drop_slots(cache, chunk, index, 0, ISLE_CHUNK_SLOTS - 1, false);
}

static void drop_range(struct isle_cache *cache, pgoff_t first, pgoff_t last,
		       bool all)
{
	unsigned long index = isle_chunk_index(first);
	unsigned long end = isle_chunk_index(last);
	struct isle_chunk *chunk;

	while ((chunk = isle_chunk_lock_next(&cache->object.store, &index,
					     end))) {
		pgoff_t start = (pgoff_t)index << ISLE_CHUNK_ORDER;
		pgoff_t stop = min(last, start + ISLE_CHUNK_SLOTS - 1);

		drop_slots(cache, chunk, index, max(first, start) - start,
			   stop - start, all);
		isle_chunk_unlock(chunk);
		if (index++ == end ||
		    (!all && fatal_signal_pending(current)))
			break;
		cond_resched();
	}
}

void isle_cache_discard(struct isle_cache *cache, pgoff_t first, pgoff_t last)
{
	drop_range(cache, first, last, false);
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
	smp_mb(); /* pairs with is_shorter() */
	return i_size_read(cache->mapping->host);
}

/*
 * Private copies are unmapped as well: who touches them then is told that there
 * is no such page. A fault looks at the size with the chunk locked, so that it
 * either sees the new one, or is done before the chunk is locked here; where it
 * has no chunk of the cache's to lock, it looks again when it is done.
 */
void isle_cache_truncate(struct isle_cache *cache)
{
	loff_t size = i_size_read(cache->mapping->host);
	pgoff_t first = isle_pages_of(size);

	isle_unmap_object(&cache->object, first, ULONG_MAX - 1);
	drop_range(cache, first, ULONG_MAX, true);
	isle_pages_cleaned();
	clear_tail(cache, size);
}

/*
 * Whether the file ends before something that was mapped. Pairs with
 * isle_cache_size(): either the new size is seen there, or what it returned is
 * seen here.
 */
static bool is_shorter(struct isle_cache *cache, s64 *seen, s64 *size)
{
	*seen = atomic64_read(&cache->seen);
	smp_mb(); /* pairs with isle_cache_size() */
	*size = i_size_read(cache->mapping->host);
	return *size < *seen;
}

/*
 * The file was written to or its size changed, by the current task, which may
 * hold the inode's lock.
 */
static int file_changed(struct fsnotify_mark *mark, u32 mask,
			struct inode *inode, struct inode *dir,
			const struct qstr *name, u32 cookie)
{
	struct isle_cache *cache = container_of(mark, struct isle_cache, mark);
	s64 seen, size;

	if (likely(!is_shorter(cache, &seen, &size)))
		return 0;
	mutex_lock(&cache->lock);
	/* Who only wrote may have been overtaken by who made the file shorter. */
	if (is_shorter(cache, &seen, &size)) {
		if (!cache->dead)
			isle_cache_truncate(cache);
		atomic64_cmpxchg(&cache->seen, seen, size);
	}
	mutex_unlock(&cache->lock);
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
	int err = isle_writeback_init();

	if (err)
		return err;
	watch = fsnotify_alloc_group(&watch_ops, 0);
	if (IS_ERR(watch))
		isle_writeback_exit();
	return PTR_ERR_OR_ZERO(watch);
}

void isle_cache_exit(void)
{
	fsnotify_wait_marks_destroyed();
	fsnotify_put_group(watch);
	isle_writeback_exit();
}
