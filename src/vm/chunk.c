// SPDX-License-Identifier: GPL-2.0
/* Stores and chunks: see chunk.h. */

#include <linux/err.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "chunk.h"
#include "expose.h"
#include "page_alloc/alloc.h"

enum { MANY = 64 };	/* frames that would overflow a per-CPU list */

static struct kmem_cache *chunk_cache;
static struct lock_class_key chunk_key[ISLE_NR_STORE_KINDS];

void isle_store_init(struct isle_store *store, struct isle *isle,
		     enum isle_store_kind kind)
{
	xa_init_flags(&store->chunks, XA_FLAGS_ACCOUNT);
	store->isle = isle;
	store->kind = kind;
}

static struct isle_chunk *chunk_alloc(const struct isle_store *store)
{
	struct isle_chunk *chunk;

	chunk = kmem_cache_alloc(chunk_cache, GFP_KERNEL);
	if (!chunk)
		return NULL;
	mutex_init(&chunk->lock);
	lockdep_set_class(&chunk->lock, &chunk_key[store->kind]);
	refcount_set(&chunk->ref, 1);
	chunk->used = 0;
	chunk->dead = false;
	chunk->zero = false;
	memset32(chunk->slot, ISLE_NO_FRAME, ISLE_CHUNK_SLOTS);
	return chunk;
}

static void chunk_free_rcu(struct rcu_head *rcu)
{
	kmem_cache_free(chunk_cache, container_of(rcu, struct isle_chunk, rcu));
}

static void chunk_put(struct isle_chunk *chunk)
{
	if (refcount_dec_and_test(&chunk->ref))
		call_rcu(&chunk->rcu, chunk_free_rcu);
}

static struct isle_chunk *chunk_get(struct isle_store *store,
				    unsigned long index)
{
	struct isle_chunk *chunk;

	rcu_read_lock();
	chunk = xa_load(&store->chunks, index);
	if (chunk && !refcount_inc_not_zero(&chunk->ref))
		chunk = NULL;
	rcu_read_unlock();
	return chunk;
}

/* Return: -EAGAIN for a chunk that left its store meanwhile. */
static int lock_chunk(struct isle_chunk *chunk, unsigned int subclass)
{
	int err;

	err = mutex_lock_killable_nested(&chunk->lock, subclass);
	if (err) {
		chunk_put(chunk);
		return err;
	}
	if (likely(!chunk->dead))
		return 0;
	isle_chunk_unlock(chunk);
	return -EAGAIN;
}

struct isle_chunk *isle_chunk_lock(struct isle_store *store, pgoff_t pgoff,
				   unsigned int subclass)
{
	struct isle_chunk *chunk;
	int err;

	do {
		chunk = chunk_get(store, isle_chunk_index(pgoff));
		if (!chunk)
			return NULL;
		err = lock_chunk(chunk, subclass);
	} while (err == -EAGAIN);
	return err ? ERR_PTR(err) : chunk;
}

static int chunk_create(struct isle_store *store, unsigned long index)
{
	struct isle_chunk *chunk;
	int err;

	chunk = chunk_alloc(store);
	if (!chunk)
		return -ENOMEM;
	err = xa_insert(&store->chunks, index, chunk, GFP_KERNEL);
	if (err)
		kmem_cache_free(chunk_cache, chunk);
	return err == -EBUSY ? 0 : err;
}

struct isle_chunk *isle_chunk_lock_create(struct isle_store *store,
					  pgoff_t pgoff, unsigned int subclass)
{
	struct isle_chunk *chunk;
	int err;

	for (;;) {
		chunk = isle_chunk_lock(store, pgoff, subclass);
		if (likely(chunk))
			return chunk;
		err = chunk_create(store, isle_chunk_index(pgoff));
		if (err)
			return ERR_PTR(err);
	}
}

struct isle_chunk *isle_chunk_lock_next(struct isle_store *store,
					unsigned long *index,
					unsigned long last)
{
	struct isle_chunk *chunk;

	for (;;) {
		if (!xa_find(&store->chunks, index, last, XA_PRESENT))
			return NULL;
		chunk = chunk_get(store, *index);
		if (!chunk)
			continue;
		mutex_lock(&chunk->lock);
		if (likely(!chunk->dead))
			return chunk;
		isle_chunk_unlock(chunk);
	}
}

void isle_chunk_unlock(struct isle_chunk *chunk)
{
	mutex_unlock(&chunk->lock);
	chunk_put(chunk);
}

static void free_run(struct isle_store *store, const u32 *ids, unsigned int nr)
{
	if (store->kind == ISLE_STORE_OBJECT)
		isle_unexpose(store->isle, ids, nr);
	if (nr < MANY)
		isle_free_frames_bulk(store->isle, ids, nr);
	else
		isle_free_frames_runs(store->isle, ids, nr);
}

/* The slot after the last of those from @slot on that have a frame. */
static unsigned int end_of_run(const struct isle_chunk *chunk,
			       unsigned int slot, unsigned int last)
{
	if (chunk->used == ISLE_CHUNK_SLOTS)
		return last + 1;
	while (slot <= last && chunk->slot[slot] != ISLE_NO_FRAME)
		slot++;
	return slot;
}

unsigned int isle_chunk_free(struct isle_store *store,
			     struct isle_chunk *chunk, unsigned int first,
			     unsigned int last)
{
	unsigned int before = chunk->used, slot, end;

	for (slot = first; chunk->used && slot <= last; slot = end) {
		end = end_of_run(chunk, slot, last);
		if (end == slot) {
			end++;
			continue;
		}
		free_run(store, chunk->slot + slot, end - slot);
		memset32(chunk->slot + slot, ISLE_NO_FRAME, end - slot);
		chunk->used -= end - slot;
	}
	return before - chunk->used;
}

void isle_chunk_remove(struct isle_store *store, struct isle_chunk *chunk,
		       unsigned long index)
{
	lockdep_assert_held(&chunk->lock);
	xa_erase(&store->chunks, index);
	chunk->dead = true;
	chunk_put(chunk);
}

unsigned long isle_store_destroy(struct isle_store *store)
{
	struct isle_chunk *chunk;
	unsigned long index, nr = 0;

	xa_for_each(&store->chunks, index, chunk) {
		nr += isle_chunk_free(store, chunk, 0, ISLE_CHUNK_SLOTS - 1);
		chunk_put(chunk);
		cond_resched();
	}
	xa_destroy(&store->chunks);
	return nr;
}

int isle_chunk_init(void)
{
	chunk_cache = KMEM_CACHE(isle_chunk, SLAB_ACCOUNT);
	return chunk_cache ? 0 : -ENOMEM;
}

void isle_chunk_exit(void)
{
	rcu_barrier();
	kmem_cache_destroy(chunk_cache);
}
