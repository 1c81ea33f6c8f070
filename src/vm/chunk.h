/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stores and chunks: page offset -> frame.
 *
 *   store: xarray    0 ──> chunk    slot 0   1   2  ...  511
 *                    1 ──> -             id  id  -       id
 *                    2 ──> chunk
 *
 * An object and every layer has a store. A chunk covers 2 MB of it, what one
 * page table covers where addresses and offsets are aligned to each other, and
 * has one lock, held from look-up through the insertion of page table entries:
 * faults in different chunks never meet on a lock.
 *
 * fork() puts the parent's chunks into the child's store as they are: one step
 * for 2 MB. A chunk that several layers share does not change, but for whose it
 * is: who wants to write gets a copy of the ids first. (After On-demand-fork,
 * Zhao et al., EuroSys '21, which does so with page tables.) The frames count
 * chunks, not layers.
 *
 * A huge chunk is filled with one block of 2 MB. To look at it nobody needs to
 * know: the slots have the ids of its frames. It is split into frames before
 * anybody drops, or gets a reference to, some of them; so only its chunk ever
 * has one to the block.
 */
#ifndef _ISLE_CHUNK_H
#define _ISLE_CHUNK_H

#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/xarray.h>

#include "page_alloc/instance.h"

#define ISLE_CHUNK_ORDER	ISLE_PAGEBLOCK_ORDER
#define ISLE_CHUNK_SLOTS	ISLE_PAGEBLOCK_FRAMES

/* Whose store it is; a layer's chunk is locked before an object's. */
enum isle_store_kind {
	ISLE_STORE_LAYER,
	ISLE_STORE_OBJECT,
	ISLE_NR_STORE_KINDS,
};

/**
 * struct isle_chunk - 2 MB of a store
 * @lock: protects all but @ref and @rcu, and which frames page tables map at
 *        these offsets
 * @ref: the stores' references and one of each that looks at the chunk
 * @sharers: stores that it is in
 * @used: slots with a frame
 * @dirty: of these, pages of a file that are to be written
 * @zero: empty slots may be mapped, to a frame of zeroes
 * @referenced: of a file: a fault came here since shrink.c looked last
 * @huge: the slots are one block of order ISLE_CHUNK_ORDER
 * @rcu: for look-ups
 * @slot: a frame id each, or ISLE_NO_FRAME
 */
struct isle_chunk {
	struct mutex lock;	/* inside mmap lock, outside i_mmap */
	refcount_t ref;
	unsigned int sharers;
	u16 used;
	u16 dirty;
	bool zero;
	bool referenced;
	bool huge;
	struct rcu_head rcu;
	u32 slot[ISLE_CHUNK_SLOTS];
};

/**
 * struct isle_store - frames by page offset
 * @chunks: by page offset >> ISLE_CHUNK_ORDER
 * @left: how often a chunk left it, or another took its place
 * @isle: whose frames
 * @kind: enum isle_store_kind
 */
struct isle_store {
	struct xarray chunks;
	atomic_t left;
	struct isle *isle;
	enum isle_store_kind kind;
};

static inline unsigned long isle_chunk_index(pgoff_t pgoff)
{
	return pgoff >> ISLE_CHUNK_ORDER;
}

static inline unsigned int isle_chunk_slot(pgoff_t pgoff)
{
	return pgoff & (ISLE_CHUNK_SLOTS - 1);
}

/**
 * isle_store_init - an empty store
 * @store: the store
 * @isle: where its frames come from
 * @kind: whose it is
 */
void isle_store_init(struct isle_store *store, struct isle *isle,
		     enum isle_store_kind kind);

/**
 * isle_store_destroy - free everything in a store that nobody maps any more
 * @store: the store
 *
 * Return: how many slots had a frame.
 */
unsigned long isle_store_destroy(struct isle_store *store);

/* Whether there is no chunk at all: then no look-up is needed. */
static inline bool isle_store_is_empty(const struct isle_store *store)
{
	return xa_empty(&store->chunks);
}

/**
 * isle_store_has_chunk - whether there is a chunk, without a look inside
 * @store: the store
 * @pgoff: an offset in it
 */
static inline bool isle_store_has_chunk(struct isle_store *store,
					pgoff_t pgoff)
{
	return !isle_store_is_empty(store) &&
	       xa_load(&store->chunks, isle_chunk_index(pgoff));
}

/**
 * isle_chunk_lock - find a chunk and lock it
 * @store: the store
 * @pgoff: an offset in it
 * @subclass: for lockdep: SINGLE_DEPTH_NESTING for the second of a kind
 *
 * Return: the chunk, NULL if there is none, or ERR_PTR(-EINTR) for a task
 * that is being killed.
 */
struct isle_chunk *isle_chunk_lock(struct isle_store *store, pgoff_t pgoff,
				   unsigned int subclass);

/**
 * isle_chunk_lock_create - find or make a chunk and lock it
 * @store: the store
 * @pgoff: an offset in it
 * @subclass: as in isle_chunk_lock()
 *
 * Return: the chunk, or an ERR_PTR: -EINTR, -ENOMEM.
 */
struct isle_chunk *isle_chunk_lock_create(struct isle_store *store,
					  pgoff_t pgoff, unsigned int subclass);

/**
 * isle_chunk_lock_next - find the first chunk from an offset on and lock it
 * @store: the store
 * @index: where to start; out: where the chunk is
 * @last: the last index to look at
 *
 * Whether or not the task is being killed.
 * Return: the chunk, or NULL if there is none up to @last.
 */
struct isle_chunk *isle_chunk_lock_next(struct isle_store *store,
					unsigned long *index,
					unsigned long last);

/**
 * isle_chunk_trylock_next - lock the first chunk that nobody has locked
 * @store: the store
 * @index: where to start; out: where the chunk is
 *
 * Return: the chunk, or NULL if there is none from there on.
 */
struct isle_chunk *isle_chunk_trylock_next(struct isle_store *store,
					   unsigned long *index);

/* Whether other layers have it too, so that it has to stay as it is. */
static inline bool isle_chunk_is_shared(const struct isle_chunk *chunk)
{
	lockdep_assert_held(&chunk->lock);
	return chunk->sharers > 1;
}

/**
 * isle_chunk_is_empty - whether no slot in a range has a frame
 * @chunk: the chunk, locked
 * @first: the first slot of the range
 * @nr: how many
 */
bool isle_chunk_is_empty(const struct isle_chunk *chunk, unsigned int first,
			 unsigned int nr);

/**
 * isle_chunk_share - put a chunk into another store as well
 * @store: the store, with no chunk there
 * @chunk: a layer's chunk, locked
 * @index: its place
 *
 * No page table has an entry that could write to one of its frames.
 * Return: 0 or -ENOMEM.
 */
int isle_chunk_share(struct isle_store *store, struct isle_chunk *chunk,
		     unsigned long index);

/**
 * isle_chunk_own - give a store a chunk of its own, so that it may change
 * @store: the store
 * @chunk: its chunk, locked; out: one that nobody shares, locked
 * @index: its place
 *
 * The others keep the old one; each frame has one more reference. Does nothing
 * if nobody shares it. Return: 0, or -ENOMEM with nothing changed.
 */
int isle_chunk_own(struct isle_store *store, struct isle_chunk **chunk,
		   unsigned long index);

/**
 * isle_chunk_fill - make a chunk huge
 * @chunk: a layer's chunk, locked, not shared, all slots empty
 * @id: a block of order ISLE_CHUNK_ORDER; its reference is the chunk's then
 */
void isle_chunk_fill(struct isle_chunk *chunk, u32 id);

/**
 * isle_chunk_split - make a chunk of frames of a huge one
 * @store: the store
 * @chunk: its chunk, locked, shared or not
 */
void isle_chunk_split(struct isle_store *store, struct isle_chunk *chunk);

/**
 * isle_chunk_unlock - undo one of the above
 * @chunk: the chunk
 */
void isle_chunk_unlock(struct isle_chunk *chunk);

/**
 * isle_chunk_free - drop the frames in some slots
 * @store: the store
 * @chunk: one of its chunks, locked, not shared
 * @first: the first slot
 * @last: the last slot
 *
 * Nothing maps them any more.
 * Return: how many there were.
 */
unsigned int isle_chunk_free(struct isle_store *store,
			     struct isle_chunk *chunk, unsigned int first,
			     unsigned int last);

/**
 * isle_chunk_remove - take a chunk out of a store
 * @store: the store
 * @chunk: the chunk, locked, still to be unlocked
 * @index: its place
 *
 * Drops its frames if this was the last store that had it. Nothing that leads
 * to the store maps them any more. Return: how many there were.
 */
unsigned int isle_chunk_remove(struct isle_store *store,
			       struct isle_chunk *chunk, unsigned long index);

int isle_chunk_init(void);
void isle_chunk_exit(void);

#endif /* _ISLE_CHUNK_H */
