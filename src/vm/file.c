// SPDX-License-Identifier: GPL-2.0
/*
 * Files: see file.h. Counterparts: filemap_fault(), filemap_map_pages(),
 * do_read_fault(), do_shared_fault() and do_page_mkwrite().
 *
 * Reading has two steps. First the page comes into the file's own page cache,
 * with nothing of isle's locked; racing faults meet there on the folio's lock.
 * Then the chunk is locked, and whoever finds the slot empty copies.
 */

#include <linux/highmem.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>

#include "backing.h"
#include "compat.h"
#include "expose.h"
#include "fault.h"
#include "file.h"
#include "shrink.h"

/* Copy a page of a file of @size bytes; zeroes follow its end. */
static int copy_from_folio(void *to, struct folio *folio, pgoff_t pgoff,
			   loff_t size)
{
	struct page *page = folio_file_page(folio, pgoff);
	loff_t left = size - ((loff_t)pgoff << PAGE_SHIFT);

	if (PageHWPoison(page))
		return -EIO;
	memcpy_from_page(to, page, 0, PAGE_SIZE);
	if (left < PAGE_SIZE)
		memset(to + left, 0, PAGE_SIZE - left);
	return 0;
}

/* A frame with what the folio has, for an empty slot; it is charged already. */
static int fill_slot(struct isle_vm_opener *opener, struct isle_chunk *chunk,
		     struct folio *folio, pgoff_t pgoff, loff_t size)
{
	struct isle *isle = opener->isle;
	struct isle_frame *frame;
	int err;
	u32 id;

	if (!isle_alloc_user(isle, ISLE_GFP_USER, 0, 1, &id))
		return -ENOMEM;
	err = copy_from_folio(isle_frame_address(isle, id), folio, pgoff, size);
	if (err) {
		isle_free_frames(isle, id, 0);
		return err;
	}
	frame = isle_frame(isle, id);
	frame->owner = opener;
	frame->private = 0;
	chunk->slot[isle_chunk_slot(pgoff)] = id;
	chunk->used++;
	atomic_long_inc(&opener->backing->cache->pages);
	atomic_long_inc(&opener->held_object);
	isle_opener_count(opener, ISLE_FAULT_FILLED, 1);
	return 0;
}

static int fill_page(struct isle_vm_opener *opener, struct isle_chunk *chunk,
		     pgoff_t pgoff, loff_t size)
{
	struct isle_cache *cache = opener->backing->cache;
	struct folio *folio;
	int err = -ENODATA;

	if (chunk->slot[isle_chunk_slot(pgoff)] != ISLE_NO_FRAME)
		return 0;
	folio = isle_filemap_get_folio(cache->mapping, pgoff);
	if (!folio)
		return -ENODATA;
	if (folio_test_uptodate(folio)) {
		err = -EDQUOT;
		if (isle_opener_charge(opener, 1)) {
			err = fill_slot(opener, chunk, folio, pgoff, size);
			if (err)
				isle_opener_uncharge(opener, 1);
		}
	}
	folio_put(folio);
	return err;
}

/* Copy what the file's page cache has of a window, as far as one chunk goes. */
static int fill_window(struct isle_vm_opener *opener, pgoff_t pgoff,
		       unsigned int nr)
{
	struct isle_cache *cache = opener->backing->cache;
	pgoff_t end = ALIGN(pgoff + 1, ISLE_CHUNK_SLOTS), next;
	struct isle_chunk *chunk;
	int err = 0;
	loff_t size;

	chunk = isle_chunk_lock_create(&cache->object.store, pgoff, 0);
	if (IS_ERR(chunk))
		return PTR_ERR(chunk);
	size = isle_cache_size(cache);
	/* A guess leaves room for what is asked for. */
	nr = clamp_t(unsigned long, isle_opener_room(opener) / 2, 1, nr);
	end = min3(end, pgoff + nr, isle_pages_of(size));
	for (next = pgoff; next < end && !err; next++)
		err = fill_page(opener, chunk, next, size);
	isle_chunk_unlock(chunk);
	if (pgoff >= end)
		return -ENXIO;
	/* What was asked for is there; the rest was a guess. */
	return next - 1 > pgoff ? 0 : err;
}

int isle_file_read(struct isle_vm_opener *opener, pgoff_t pgoff,
		   unsigned long vm_flags)
{
	struct isle_backing *backing = opener->backing;
	struct isle_cache *cache = backing->cache;
	unsigned int nr, tries = 0;
	struct folio *folio;
	int err;

	if (fatal_signal_pending(current))
		return -EINTR;
	if (pgoff >= isle_pages_of(i_size_read(cache->mapping->host)))
		return -ENXIO;
	nr = isle_readahead(backing, pgoff, vm_flags);
	folio = isle_backing_read(backing, pgoff);
	if (IS_ERR(folio)) {
		err = PTR_ERR(folio);
		if (err == -EINTR || err == -ENOMEM || err == -ENXIO)
			return err;
		mapping_set_error(isle_object_mapping(&cache->object), err);
		return -EIO;
	}
	do {
		err = fill_window(opener, pgoff, nr);
	} while (isle_shrink_retry(opener->isle, err, &tries));
	folio_put(folio);
	/* Taken out of the file's page cache meanwhile: see what is there. */
	return err == -ENODATA ? 0 : err;
}

static bool has_frame(const struct isle_fault *fault)
{
	return fault->chunk->slot[fault->slot] != ISLE_NO_FRAME;
}

/*
 * A page is exposed when it is first mapped so that it can be pinned: what only
 * private mappings have needs no look at struct page.
 */
static noinline int expose(const struct isle_fault *fault, unsigned int slot)
{
	const u32 *id = &fault->chunk->slot[slot];

	isle_expose(fault->isle, isle_object_mapping(&fault->cache->object),
		    fault->pgoff - fault->slot + slot, id, 1);
	return isle_is_exposed(fault->isle, *id) ? ISLE_PAGE_EXPOSED :
						   ISLE_PAGE_SPECIAL;
}

static __always_inline int page_kind(const struct isle_fault *fault,
				     unsigned int slot)
{
	u32 id = fault->chunk->slot[slot];

	if (id == ISLE_NO_FRAME)
		return ISLE_PAGE_NONE;
	if (!(fault->vma->vm_flags & VM_MIXEDMAP))
		return ISLE_PAGE_SPECIAL;
	if (likely(isle_is_exposed(fault->isle, id)))
		return ISLE_PAGE_EXPOSED;
	return expose(fault, slot);
}

int isle_file_map(struct isle_fault *fault)
{
	if (!has_frame(fault))
		return -ENODATA;
	return isle_map_runs(fault, page_kind, isle_map_object_run);
}

int isle_file_mkwrite(struct isle_fault *fault)
{
	if (!has_frame(fault))
		return -ENODATA;
	isle_page_set_dirty(fault->cache, fault->chunk, fault->slot);
	return isle_raise_entry(fault->vma,
				isle_slot_address(fault, fault->slot),
				fault->isle, fault->chunk->slot[fault->slot]);
}

int isle_file_write(struct isle_fault *fault)
{
	return isle_file_map(fault) ?: isle_file_mkwrite(fault);
}
