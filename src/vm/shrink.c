// SPDX-License-Identifier: GPL-2.0
/* Shrinking caches: see shrink.h. */

#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/sched.h>

#include "cache.h"
#include "page_alloc/alloc.h"
#include "shrink.h"

enum {
	LEAST	= 256,	/* pages to free at a time, as it costs a failure */
	PART	= 64,	/* and a part of all memory */
};

/* The first is where the hand is. */
static LIST_HEAD(caches);
static unsigned int nr_caches;
static DEFINE_MUTEX(lock);	/* inside mmap lock; chunks' are only tried */

void isle_shrink_add(struct isle_cache *cache)
{
	mutex_lock(&lock);
	list_add_tail(&cache->shrink, &caches);
	nr_caches++;
	mutex_unlock(&lock);
}

void isle_shrink_remove(struct isle_cache *cache)
{
	mutex_lock(&lock);
	list_del(&cache->shrink);
	nr_caches--;
	mutex_unlock(&lock);
}

static unsigned long shrink_chunk(struct isle_cache *cache,
				  struct isle_chunk *chunk, bool spare)
{
	unsigned int before = chunk->used;

	if (chunk->referenced && spare) {
		chunk->referenced = false;
		return 0;
	}
	isle_cache_drop_clean(cache, chunk, cache->hand);
	return before - chunk->used;
}

/* From the hand to the end of the file. */
static unsigned long shrink_cache(struct isle_cache *cache, unsigned long want,
				  bool spare)
{
	struct isle_chunk *chunk;
	unsigned long freed = 0;

	while (freed < want) {
		chunk = isle_chunk_trylock_next(&cache->object.store,
						&cache->hand);
		if (!chunk) {
			cache->hand = 0;
			list_move_tail(&cache->shrink, &caches);
			break;
		}
		freed += shrink_chunk(cache, chunk, spare);
		isle_chunk_unlock(chunk);
		cache->hand++;
		cond_resched();
	}
	return freed;
}

/* So many files on, beginning with the rest of the one where the hand is. */
static unsigned long shrink_caches(unsigned int nr, unsigned long want,
				   bool spare)
{
	unsigned long freed = 0;

	lockdep_assert_held(&lock);
	while (nr-- && freed < want)
		freed += shrink_cache(list_first_entry(&caches,
						       struct isle_cache,
						       shrink), want - freed,
				      spare);
	return freed;
}

/* Round twice; and if everything was used meanwhile, take that. */
static unsigned long shrink(unsigned long want)
{
	unsigned long freed;

	if (!nr_caches)
		return 0;
	freed = shrink_caches(2 * nr_caches + 1, want, true);
	return freed ?: shrink_caches(nr_caches + 1, want, false);
}

unsigned long isle_shrink(struct isle *isle)
{
	unsigned long freed;

	if (mutex_lock_killable(&lock))
		return 0;
	freed = shrink(max_t(unsigned long, LEAST,
			     isle_nr_managed(isle) / PART));
	mutex_unlock(&lock);
	return freed;
}

bool isle_shrink_kick(void)
{
	struct isle_cache *cache;

	if (!isle_writeback_pending() || mutex_lock_killable(&lock))
		return false;
	list_for_each_entry(cache, &caches, shrink) {
		if (isle_writeback_pages(&cache->writeback))
			isle_writeback_kick(cache);
	}
	mutex_unlock(&lock);
	return true;
}
