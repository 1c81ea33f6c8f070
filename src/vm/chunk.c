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
	atomic_set(&store->left, 0);
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
	chunk->sharers = 1;
	chunk->used = 0;
	chunk->dirty = 0;
	chunk->zero = false;
	chunk->referenced = false;
	chunk->huge = false;
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

/* Find a chunk. @left: what still_there() is to be given. */
static __always_inline struct isle_chunk *
chunk_get(struct isle_store *store, unsigned long index, int *left)
{
	XA_STATE(xas, &store->chunks, index);
	struct isle_chunk *chunk;

	*left = atomic_read(&store->left);
	smp_rmb(); /* pairs with chunk_left() */
	rcu_read_lock();
	/* As xa_load(), which would lock once more. */
	do {
		chunk = xas_load(&xas);
	} while (xas_retry(&xas, chunk));
	if (chunk && !refcount_inc_not_zero(&chunk->ref))
		chunk = NULL;
	rcu_read_unlock();
	return chunk;
}

/*
 * Only who holds its lock takes a chunk out of a store, and counts that with the
 * lock held. So when none left the store since before it was found, it is there.
 */
static bool still_there(struct isle_store *store, struct isle_chunk *chunk,
			unsigned long index, int left)
{
	return likely(atomic_read(&store->left) == left) ||
	       xa_load(&store->chunks, index) == chunk;
}

/* It is out of the store. */
static void chunk_left(struct isle_store *store)
{
	smp_mb__before_atomic(); /* who sees the count does not find the chunk */
	atomic_inc(&store->left);
}

/* Return: -EAGAIN for a chunk that left the store meanwhile. */
static __always_inline int
lock_chunk(struct isle_store *store, struct isle_chunk *chunk,
	   unsigned long index, int left, unsigned int subclass)
{
	int err;

	err = mutex_lock_killable_nested(&chunk->lock, subclass);
	if (err) {
		chunk_put(chunk);
		return err;
	}
	if (still_there(store, chunk, index, left))
		return 0;
	isle_chunk_unlock(chunk);
	return -EAGAIN;
}

static __always_inline struct isle_chunk *
find_and_lock(struct isle_store *store, pgoff_t pgoff, unsigned int subclass)
{
	struct isle_chunk *chunk;
	int err, left;

	do {
		chunk = chunk_get(store, isle_chunk_index(pgoff), &left);
		if (!chunk)
			return NULL;
		err = lock_chunk(store, chunk, isle_chunk_index(pgoff), left,
				 subclass);
	} while (err == -EAGAIN);
	return err ? ERR_PTR(err) : chunk;
}

struct isle_chunk *isle_chunk_lock(struct isle_store *store, pgoff_t pgoff,
				   unsigned int subclass)
{
	return find_and_lock(store, pgoff, subclass);
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
		chunk = find_and_lock(store, pgoff, subclass);
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
	int left;

	for (;;) {
		if (!xa_find(&store->chunks, index, last, XA_PRESENT))
			return NULL;
		chunk = chunk_get(store, *index, &left);
		if (!chunk)
			continue;
		mutex_lock(&chunk->lock);
		if (still_there(store, chunk, *index, left))
			return chunk;
		isle_chunk_unlock(chunk);
	}
}

struct isle_chunk *isle_chunk_trylock_next(struct isle_store *store,
					   unsigned long *index)
{
	struct isle_chunk *chunk;
	int left;

	for (;; ++*index) {
		if (!xa_find(&store->chunks, index, ULONG_MAX, XA_PRESENT))
			return NULL;
		chunk = chunk_get(store, *index, &left);
		if (!chunk)
			continue;
		if (!mutex_trylock(&chunk->lock)) {
			chunk_put(chunk);
			continue;
		}
		if (still_there(store, chunk, *index, left))
			return chunk;
		isle_chunk_unlock(chunk);
	}
}

void isle_chunk_unlock(struct isle_chunk *chunk)
{
	mutex_unlock(&chunk->lock);
	chunk_put(chunk);
}

bool isle_chunk_is_empty(const struct isle_chunk *chunk, unsigned int first,
			 unsigned int nr)
{
	static_assert(ISLE_NO_FRAME == U32_MAX);
	if (!chunk->used)
		return true;
	return !memchr_inv(chunk->slot + first, U8_MAX,
			   nr * sizeof(*chunk->slot));
}

int isle_chunk_share(struct isle_store *store, struct isle_chunk *chunk,
		     unsigned long index)
{
	int err;

	lockdep_assert_held(&chunk->lock);
	refcount_inc(&chunk->ref);
	err = xa_insert(&store->chunks, index, chunk, GFP_KERNEL);
	if (err) {
		chunk_put(chunk);
		return err;
	}
	chunk->sharers++;
	return 0;
}

void isle_chunk_fill(struct isle_chunk *chunk, u32 id)
{
	unsigned int slot;

	WARN_ON_ONCE(chunk->used || isle_chunk_is_shared(chunk));
	for (slot = 0; slot < ISLE_CHUNK_SLOTS; slot++)
		chunk->slot[slot] = id + slot;
	chunk->used = ISLE_CHUNK_SLOTS;
	chunk->huge = true;
}

void isle_chunk_split(struct isle_store *store, struct isle_chunk *chunk)
{
	lockdep_assert_held(&chunk->lock);
	if (!chunk->huge)
		return;
	isle_split_block(store->isle, chunk->slot[0], ISLE_CHUNK_ORDER);
	chunk->huge = false;
}

static void copy_chunk(struct isle_store *store, struct isle_chunk *to,
		       struct isle_chunk *from)
{
	unsigned int slot;

	isle_chunk_split(store, from);
	memcpy(to->slot, from->slot, sizeof(to->slot));
	to->used = from->used;
	to->zero = from->zero;
	for (slot = 0; slot < ISLE_CHUNK_SLOTS; slot++) {
		if (to->slot[slot] != ISLE_NO_FRAME)
			isle_get_frame(store->isle, to->slot[slot]);
	}
}

int isle_chunk_own(struct isle_store *store, struct isle_chunk **chunk,
		   unsigned long index)
{
	struct isle_chunk *old = *chunk, *own;

	if (!isle_chunk_is_shared(old))
		return 0;
	own = chunk_alloc(store);
	if (!own)
		return -ENOMEM;
	copy_chunk(store, own, old);
	/* Nobody has seen it, so nobody has the lock. */
	mutex_trylock(&own->lock);
	refcount_inc(&own->ref);
	/* In place of an entry that is there: takes no memory. */
	xa_store(&store->chunks, index, own, 0);
	chunk_left(store);
	old->sharers--;
	chunk_put(old);
	isle_chunk_unlock(old);
	*chunk = own;
	return 0;
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

static void free_block(struct isle_store *store, struct isle_chunk *chunk)
{
	isle_free_frames(store->isle, chunk->slot[0], ISLE_CHUNK_ORDER);
	memset32(chunk->slot, ISLE_NO_FRAME, ISLE_CHUNK_SLOTS);
	chunk->used = 0;
	chunk->huge = false;
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

	WARN_ON_ONCE(isle_chunk_is_shared(chunk));
	if (chunk->huge && last - first == ISLE_CHUNK_SLOTS - 1) {
		free_block(store, chunk);
		return before;
	}
	isle_chunk_split(store, chunk);
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

unsigned int isle_chunk_remove(struct isle_store *store,
			       struct isle_chunk *chunk, unsigned long index)
{
	unsigned int nr = chunk->used;

	if (!isle_chunk_is_shared(chunk))
		isle_chunk_free(store, chunk, 0, ISLE_CHUNK_SLOTS - 1);
	xa_erase(&store->chunks, index);
	chunk_left(store);
	chunk->sharers--;
	chunk_put(chunk);
	return nr;
}

unsigned long isle_store_destroy(struct isle_store *store)
{
	struct isle_chunk *chunk;
	unsigned long index = 0, nr = 0;

	while ((chunk = isle_chunk_lock_next(store, &index, ULONG_MAX))) {
		nr += isle_chunk_remove(store, chunk, index);
		isle_chunk_unlock(chunk);
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
