// SPDX-License-Identifier: GPL-2.0
/* Write-back: see writeback.h. */

#include <linux/file.h>
#include <linux/jiffies.h>
#include <linux/pagemap.h>
#include <linux/wait.h>

#include "cache.h"
#include "main.h"
#include "page_alloc/alloc.h"
#include "pte.h"
#include "writeback.h"

enum {
	PAGE_DIRTY = 1,		/* in isle_frame::private */
	BATCH = 32,		/* pages that are unmapped at once */
};

/* All writing is done here: a task that is being killed can't. */
static struct workqueue_struct *writers;

static atomic_long_t nr_dirty;
static DECLARE_WAIT_QUEUE_HEAD(cleaned);

static struct isle_frame *slot_frame(const struct isle_cache *cache,
				     const struct isle_chunk *chunk,
				     unsigned int slot)
{
	return isle_frame(cache->object.store.isle, chunk->slot[slot]);
}

bool isle_page_dirty(const struct isle_cache *cache,
		     const struct isle_chunk *chunk, unsigned int slot)
{
	return slot_frame(cache, chunk, slot)->private & PAGE_DIRTY;
}

unsigned long isle_dirty_total(void)
{
	return atomic_long_read(&nr_dirty);
}

void isle_writeback_kick(struct isle_cache *cache)
{
	mod_delayed_work(writers, &cache->writeback.work, 0);
}

static bool more_dirty_than(const struct isle_cache *cache,
			    unsigned int percent)
{
	return isle_dirty_total() * 100 >
	       isle_nr_managed(cache->object.store.isle) * percent;
}

bool isle_writeback_behind(const struct isle_cache *cache)
{
	return more_dirty_than(cache, READ_ONCE(isle_param_dirty_ratio)) &&
	       atomic_long_read(&cache->writeback.dirty);
}

void isle_writeback_wait(struct isle_cache *cache)
{
	isle_writeback_kick(cache);
	wait_event_killable(cleaned, !isle_writeback_behind(cache));
}

void isle_writeback_wait_any(void)
{
	unsigned long before = isle_dirty_total();

	wait_event_killable_timeout(cleaned, !isle_dirty_total() ||
				    isle_dirty_total() < before, HZ);
}

void isle_pages_cleaned(void)
{
	if (wq_has_sleeper(&cleaned))
		wake_up_all(&cleaned);
}

/* When a page has become dirty: now, if there are many, or when it is old. */
static void plan_writing(struct isle_cache *cache)
{
	unsigned int age = READ_ONCE(isle_param_dirty_expire_centisecs);
	unsigned int percent = min(READ_ONCE(isle_param_dirty_background_ratio),
				   READ_ONCE(isle_param_dirty_ratio));

	if (more_dirty_than(cache, percent))
		isle_writeback_kick(cache);
	else if (age)
		queue_delayed_work(writers, &cache->writeback.work,
				   msecs_to_jiffies(10 * min(age, 360000U)));
}

void isle_page_set_dirty(struct isle_cache *cache, struct isle_chunk *chunk,
			 unsigned int slot)
{
	lockdep_assert_held(&chunk->lock);
	if (isle_page_dirty(cache, chunk, slot))
		return;
	slot_frame(cache, chunk, slot)->private |= PAGE_DIRTY;
	chunk->dirty++;
	atomic_long_inc(&cache->writeback.dirty);
	atomic_long_inc(&nr_dirty);
	plan_writing(cache);
}

bool isle_page_clear_dirty(struct isle_cache *cache, struct isle_chunk *chunk,
			   unsigned int slot)
{
	lockdep_assert_held(&chunk->lock);
	if (!isle_page_dirty(cache, chunk, slot))
		return false;
	slot_frame(cache, chunk, slot)->private &= ~PAGE_DIRTY;
	chunk->dirty--;
	atomic_long_dec(&cache->writeback.dirty);
	atomic_long_dec(&nr_dirty);
	return true;
}

/* A run of pages that are being written, each with a reference. */
struct run {
	pgoff_t first;
	unsigned int nr;
	u32 ids[BATCH];
};

/* Find the first dirty slots from @slot to @last, and how many in a row. */
static unsigned int find_dirty(const struct isle_cache *cache,
			       const struct isle_chunk *chunk,
			       unsigned int *slot, unsigned int last)
{
	unsigned int nr = 0, i;

	if (!chunk->dirty)
		return 0;
	for (i = *slot; i <= last && nr < BATCH; i++) {
		if (chunk->slot[i] != ISLE_NO_FRAME &&
		    isle_page_dirty(cache, chunk, i)) {
			if (!nr++)
				*slot = i;
		} else if (nr) {
			break;
		}
	}
	return nr;
}

/* Unmapped, with the chunk locked, nothing can write to them unseen. */
static bool take_run(struct isle_cache *cache, struct isle_chunk *chunk,
		     unsigned long index, unsigned int slot,
		     unsigned int last, struct run *run)
{
	unsigned int i;

	run->nr = find_dirty(cache, chunk, &slot, last);
	if (!run->nr)
		return false;
	run->first = ((pgoff_t)index << ISLE_CHUNK_ORDER) + slot;
	isle_unmap_object(&cache->object, run->first,
			  run->first + run->nr - 1);
	for (i = 0; i < run->nr; i++) {
		isle_page_clear_dirty(cache, chunk, slot + i);
		run->ids[i] = chunk->slot[slot + i];
		isle_get_frame(cache->object.store.isle, run->ids[i]);
	}
	return true;
}

/* Never beyond the end: a write that made the file longer is not asked for. */
static int write_page(struct isle_cache *cache, struct file *file,
		      pgoff_t pgoff, u32 id)
{
	const char *from = isle_frame_address(cache->object.store.isle, id);
	loff_t position = (loff_t)pgoff << PAGE_SHIFT;
	loff_t left = i_size_read(cache->mapping->host) - position;
	size_t size = clamp_t(loff_t, left, 0, PAGE_SIZE);
	ssize_t done;

	for (; size; size -= done, from += done) {
		done = kernel_write(file, from, size, &position);
		if (done <= 0)
			return done ?: -EIO;
	}
	return 0;
}

static void write_run(struct isle_cache *cache, struct file *file,
		      const struct run *run)
{
	unsigned int i;
	int err;

	for (i = 0; i < run->nr; i++) {
		err = write_page(cache, file, run->first + i, run->ids[i]);
		if (err)
			mapping_set_error(isle_object_mapping(&cache->object),
					  err);
	}
	isle_free_frames_bulk(cache->object.store.isle, run->ids, run->nr);
	isle_pages_cleaned();
}

static void write_chunk(struct isle_cache *cache, struct file *file,
			unsigned long index, pgoff_t first, pgoff_t last)
{
	pgoff_t start = (pgoff_t)index << ISLE_CHUNK_ORDER;
	unsigned int slot = max(first, start) - start;
	unsigned int end = min(last, start + ISLE_CHUNK_SLOTS - 1) - start;
	struct isle_chunk *chunk;
	struct run run;
	bool found;

	do {
		unsigned long same = index;

		chunk = isle_chunk_lock_next(&cache->object.store, &same,
					     index);
		if (!chunk)
			return;
		found = take_run(cache, chunk, index, slot, end, &run);
		isle_chunk_unlock(chunk);
		if (!found)
			return;
		write_run(cache, file, &run);
		slot = run.first + run.nr - start;
		cond_resched();
	} while (slot <= end);
}

static void write_range(struct isle_cache *cache, pgoff_t first, pgoff_t last)
{
	struct file *file = isle_cache_get_writer(cache);
	unsigned long index;
	void *chunk;

	if (!file)
		return;
	mutex_lock(&cache->writeback.lock);
	for (index = isle_chunk_index(first);
	     (chunk = xa_find(&cache->object.store.chunks, &index,
			      isle_chunk_index(last), XA_PRESENT)); index++) {
		write_chunk(cache, file, index, first, last);
		if (index == isle_chunk_index(last))
			break;
	}
	mutex_unlock(&cache->writeback.lock);
	fput(file);
}

struct request {
	struct work_struct work;
	struct isle_cache *cache;
	pgoff_t first;
	pgoff_t last;
};

static void write_requested(struct work_struct *work)
{
	struct request *request = container_of(work, struct request, work);

	write_range(request->cache, request->first, request->last);
}

void isle_writeback(struct isle_cache *cache, pgoff_t first, pgoff_t last)
{
	struct request request = {
		.cache = cache,
		.first = first,
		.last = last,
	};

	INIT_WORK_ONSTACK(&request.work, write_requested);
	queue_work(writers, &request.work);
	flush_work(&request.work);
	destroy_work_on_stack(&request.work);
}

static void write_old(struct work_struct *work)
{
	struct isle_cache *cache = container_of(to_delayed_work(work),
						struct isle_cache,
						writeback.work);

	write_range(cache, 0, ULONG_MAX);
}

void isle_writeback_start(struct isle_cache *cache)
{
	mutex_init(&cache->writeback.lock);
	INIT_DELAYED_WORK(&cache->writeback.work, write_old);
}

int isle_writeback_init(void)
{
	writers = alloc_workqueue("isle_writeback", WQ_UNBOUND, 0);
	return writers ? 0 : -ENOMEM;
}

void isle_writeback_exit(void)
{
	destroy_workqueue(writers);
}
