// SPDX-License-Identifier: GPL-2.0
/* Write-back: see writeback.h. */

#include <linux/cred.h>
#include <linux/file.h>
#include <linux/jiffies.h>
#include <linux/pagemap.h>
#include <linux/shmem_fs.h>
#include <linux/wait.h>

#include "cache.h"
#include "compat.h"
#include "expose.h"
#include "main.h"
#include "page_alloc/alloc.h"
#include "pte.h"
#include "writeback.h"

enum { BATCH = 32 };	/* pages that are unmapped at once */

/* In isle_frame::private. */
enum state {
	CLEAN,
	DIRTY,
	PINNED,		/* written back, but who has it pinned may write to it */
	WRITING,	/* clean soon: until then the file has something older */
	NR_STATES,
};

/* All writing is done here: a task that is being killed can't. */
static struct workqueue_struct *writers;

static atomic_long_t nr_pages[NR_STATES];
static atomic_long_t nr_writing;	/* WRITING or PINNED, or dropped by now */
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
	return slot_frame(cache, chunk, slot)->private != CLEAN;
}

/*
 * Also those that are being written: their memory can't be had yet. Those that are
 * pinned hold nobody up, as nobody knows for how long.
 */
static unsigned long nr_dirty(void)
{
	return atomic_long_read(&nr_pages[DIRTY]);
}

unsigned long isle_writeback_pending(void)
{
	return nr_dirty() + atomic_long_read(&nr_pages[PINNED]) +
	       atomic_long_read(&nr_writing);
}

void isle_writeback_kick(struct isle_cache *cache)
{
	mod_delayed_work(writers, &cache->writeback.work, 0);
}

static bool more_dirty_than(const struct isle_cache *cache,
			    unsigned int percent)
{
	return nr_dirty() * 100 >
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
	unsigned long before = isle_writeback_pending();

	wait_event_killable_timeout(cleaned, !before ||
				    isle_writeback_pending() < before, HZ);
}

void isle_pages_cleaned(void)
{
	if (wq_has_sleeper(&cleaned))
		wake_up_all(&cleaned);
}

static void plan_by_age(struct isle_cache *cache)
{
	unsigned int age = READ_ONCE(isle_param_dirty_expire_centisecs);

	if (age)
		queue_delayed_work(writers, &cache->writeback.work,
				   msecs_to_jiffies(10 * min(age, 360000U)));
}

/* When a page has become dirty: now, if there are many, or when it is old. */
static void plan_writing(struct isle_cache *cache)
{
	unsigned int percent = min(READ_ONCE(isle_param_dirty_background_ratio),
				   READ_ONCE(isle_param_dirty_ratio));

	if (more_dirty_than(cache, percent))
		isle_writeback_kick(cache);
	else
		plan_by_age(cache);
}

/* What counts as dirty does so until the file has it. */
static enum state counted_as(enum state state)
{
	return state == WRITING ? DIRTY : state;
}

static void count_page(struct isle_cache *cache, enum state state, int n)
{
	if (state == CLEAN)
		return;
	atomic_long_add(n, &nr_pages[state]);
	atomic_long_add(n, state == DIRTY ? &cache->writeback.dirty :
					    &cache->writeback.pinned);
}

/* Return: what it was. */
static enum state set_state(struct isle_cache *cache, struct isle_chunk *chunk,
			    unsigned int slot, enum state state)
{
	struct isle_frame *frame = slot_frame(cache, chunk, slot);
	enum state was = frame->private;

	lockdep_assert_held(&chunk->lock);
	frame->private = state;
	if (counted_as(was) == counted_as(state))
		return was;
	chunk->dirty += (state != CLEAN) - (was != CLEAN);
	count_page(cache, counted_as(state), 1);
	count_page(cache, counted_as(was), -1);
	return was;
}

void isle_page_set_dirty(struct isle_cache *cache, struct isle_chunk *chunk,
			 unsigned int slot)
{
	if (set_state(cache, chunk, slot, DIRTY) != DIRTY)
		plan_writing(cache);
}

void isle_page_clear_dirty(struct isle_cache *cache, struct isle_chunk *chunk,
			   unsigned int slot)
{
	set_state(cache, chunk, slot, CLEAN);
}

/* A run of pages that are being written, each with a reference. */
struct run {
	pgoff_t first;
	unsigned int nr;
	u32 ids[BATCH];
};

/*
 * Whether to write a page: who asks for it (@all) wants what is there now, of
 * pages that are pinned as well; else these wait until they aren't any more.
 */
static bool is_due(const struct isle_cache *cache,
		   const struct isle_chunk *chunk, unsigned int slot, bool all)
{
	u32 id = chunk->slot[slot];

	if (id == ISLE_NO_FRAME)
		return false;
	switch (slot_frame(cache, chunk, slot)->private) {
	case CLEAN:
	case WRITING:
		return false;
	case PINNED:
		return all || !isle_looks_pinned(cache->object.store.isle, id);
	default:
		return true;
	}
}

/* Find the first slots to be written from @slot to @last, and how many in a row. */
static unsigned int find_due(const struct isle_cache *cache,
			     const struct isle_chunk *chunk,
			     unsigned int *slot, unsigned int last, bool all)
{
	unsigned int nr = 0, i;

	if (!chunk->dirty)
		return 0;
	for (i = *slot; i <= last && nr < BATCH; i++) {
		if (is_due(cache, chunk, i, all)) {
			if (!nr++)
				*slot = i;
		} else if (nr) {
			break;
		}
	}
	return nr;
}

/*
 * Unmapped, with the chunk locked, nobody can write to them unseen but who has
 * them pinned, and nobody can pin them. So a page without a pin is clean once the
 * file has what it has now, and one with a pin is to be written again. Until then
 * none of them is dropped: who read it from the file would get what was there.
 */
static bool take_run(struct isle_cache *cache, struct isle_chunk *chunk,
		     unsigned long index, unsigned int slot,
		     unsigned int last, bool all, struct run *run)
{
	struct isle *isle = cache->object.store.isle;
	unsigned int i;

	run->nr = find_due(cache, chunk, &slot, last, all);
	if (!run->nr)
		return false;
	run->first = ((pgoff_t)index << ISLE_CHUNK_ORDER) + slot;
	isle_unmap_object(&cache->object, run->first,
			  run->first + run->nr - 1);
	atomic_long_add(run->nr, &nr_writing);
	for (i = 0; i < run->nr; i++) {
		u32 id = chunk->slot[slot + i];

		set_state(cache, chunk, slot + i,
			  isle_is_pinned(isle, id) ? PINNED : WRITING);
		run->ids[i] = id;
		isle_get_frame(isle, id);
	}
	/* What was written before a pin went is read after that was seen. */
	smp_rmb();
	return true;
}

/* write() is denied, but not through mappings that there were before. */
static bool is_future_sealed(const struct address_space *mapping)
{
	return isle_is_shmem(mapping) &&
	       READ_ONCE(SHMEM_I(mapping->host)->seals) & F_SEAL_FUTURE_WRITE;
}

/* What a mapping of the kernel's would write to. */
static int write_folio(struct address_space *mapping, pgoff_t pgoff,
		       const char *from, size_t size)
{
	struct folio *folio = isle_shmem_read_folio(mapping, pgoff);

	if (IS_ERR(folio))
		return PTR_ERR(folio);
	folio_lock(folio);
	if (folio->mapping == mapping) {
		memcpy_to_page(folio_file_page(folio, pgoff), 0, from, size);
		folio_mark_dirty(folio);
	}
	folio_unlock(folio);
	folio_put(folio);
	return 0;
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

	if (size && is_future_sealed(cache->mapping))
		return write_folio(cache->mapping, pgoff, from, size);
	for (; size; size -= done, from += done) {
		done = kernel_write(file, from, size, &position);
		if (done <= 0)
			return done ?: -EIO;
	}
	return 0;
}

/* What was not written to meanwhile, nor truncated, is clean. */
static void clean_run(struct isle_cache *cache, const struct run *run)
{
	unsigned long index = isle_chunk_index(run->first);
	unsigned int slot = isle_chunk_slot(run->first), i;
	struct isle_chunk *chunk;

	chunk = isle_chunk_lock_next(&cache->object.store, &index, index);
	if (!chunk)
		return;
	for (i = 0; i < run->nr; i++) {
		if (chunk->slot[slot + i] == run->ids[i] &&
		    slot_frame(cache, chunk, slot + i)->private == WRITING)
			set_state(cache, chunk, slot + i, CLEAN);
	}
	isle_chunk_unlock(chunk);
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
	clean_run(cache, run);
	isle_free_frames_bulk(cache->object.store.isle, run->ids, run->nr);
	atomic_long_sub(run->nr, &nr_writing);
	isle_pages_cleaned();
}

static void write_chunk(struct isle_cache *cache, struct file *file,
			unsigned long index, pgoff_t first, pgoff_t last,
			bool all)
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
		found = take_run(cache, chunk, index, slot, end, all, &run);
		isle_chunk_unlock(chunk);
		if (!found)
			return;
		write_run(cache, file, &run);
		slot = run.first + run.nr - start;
		cond_resched();
	} while (slot <= end);
}

/*
 * As whoever opened the file: the kernel itself would be held to no quota, and
 * take what a file system keeps for root.
 */
static void write_range(struct isle_cache *cache, pgoff_t first, pgoff_t last,
			bool all)
{
	struct file *file = isle_cache_get_writer(cache);
	const struct cred *kernels;
	unsigned long index;
	void *chunk;

	if (!file)
		return;
	kernels = override_creds(file->f_cred);
	mutex_lock(&cache->writeback.lock);
	for (index = isle_chunk_index(first);
	     (chunk = xa_find(&cache->object.store.chunks, &index,
			      isle_chunk_index(last), XA_PRESENT)); index++) {
		write_chunk(cache, file, index, first, last, all);
		if (index == isle_chunk_index(last))
			break;
	}
	mutex_unlock(&cache->writeback.lock);
	revert_creds(kernels);
	if (atomic_long_read(&cache->writeback.pinned))
		plan_by_age(cache);
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

	write_range(request->cache, request->first, request->last, true);
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

void isle_writeback_due(struct isle_cache *cache)
{
	write_range(cache, 0, ULONG_MAX, false);
}

void isle_writeback_queue(struct delayed_work *work, unsigned long delay)
{
	queue_delayed_work(writers, work, delay);
}

static void write_old(struct work_struct *work)
{
	struct isle_cache *cache = container_of(to_delayed_work(work),
						struct isle_cache,
						writeback.work);

	isle_writeback_due(cache);
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
