/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Faults. fault.c finds out what a fault is about and hands it to
 *
 *   entry    access  mapping   what the offset has           path
 *   none     read    private   nothing, a frame, a page of   read.c
 *                              the object
 *   none     write   private   nothing                       anon.c
 *   none     write   private   a frame that forks share, a   cow.c
 *                              page of the object
 *   present  write   private   nothing: the zero frame       anon.c
 *   present  write   private   a frame of its own            wp.c
 *   present  write   private   anything else                 cow.c
 *   none,    any     private   nothing or what can be        huge.c
 *   2 MB                       mapped by one entry of 2 MB
 *   none     any     shared    nothing, a page               shared.c
 *   none     any     file      a page of the file            file.c
 *   present  write   file      a page of the file            file.c
 *
 * "file" is a shared mapping of an opener that is bound to a file. A page of
 * the file that isle does not have yet is brought in first, by file.c, and the
 * fault begins anew; the same goes for private mappings of such an opener, to
 * which it is a page of the object.
 */
#ifndef _ISLE_FAULT_H
#define _ISLE_FAULT_H

#include <linux/mm.h>

#include <trace/isle.h>

#include "layer.h"
#include "opener.h"
#include "page_alloc/alloc.h"
#include "pte.h"

/* A process's memory: killable, and SIGBUS says it better than a report. */
#define ISLE_GFP_USER	(GFP_HIGHUSER_MOVABLE | __GFP_NOWARN)

/**
 * struct isle_fault - a fault, with its chunk locked
 * @vma: the VMA
 * @cache: the file's pages, if the opener is bound to a file
 * @layer: private: its layer
 * @opener: its file
 * @isle: the instance
 * @chunk: the chunk of the layer or, where there is none, of the object
 * @under: private: the object's chunk, locked, or NULL if there is none
 * @pgoff: the page offset
 * @base: the address that slot 0 would have
 * @slot: the slot of @pgoff
 * @first: the first slot that this fault may map
 * @last: the last one; all of them in the VMA and in one page table
 * @did: what it did, for tracing; ISLE_NR_FAULT_EVENTS: mapped what was there
 */
struct isle_fault {
	struct vm_area_struct *vma;
	struct isle_cache *cache;
	struct isle_layer *layer;
	struct isle_vm_opener *opener;
	struct isle *isle;
	struct isle_chunk *chunk;
	struct isle_chunk *under;
	pgoff_t pgoff;
	unsigned long base;
	unsigned int slot;
	unsigned int first;
	unsigned int last;
	enum isle_fault_event did;
};

/* What a slot has, from the point of view of a private mapping. */
enum isle_slot {
	ISLE_SLOT_EMPTY,
	ISLE_SLOT_OWN,		/* a frame that no other layer has */
	ISLE_SLOT_SHARED,	/* a frame that another layer has too */
	ISLE_SLOT_OBJECT,	/* a page of the object */
};

static inline bool isle_frame_is_shared(const struct isle *isle, u32 id)
{
	return atomic_read(&isle_frame(isle, id)->ref) > 1;
}

/* Return: enum isle_slot, as isle_map_runs() takes it. */
static inline int isle_slot_kind(const struct isle_fault *fault,
				 unsigned int slot)
{
	u32 id = fault->chunk->slot[slot];

	if (id != ISLE_NO_FRAME)
		return isle_chunk_is_shared(fault->chunk) ||
		       isle_frame_is_shared(fault->isle, id) ?
		       ISLE_SLOT_SHARED : ISLE_SLOT_OWN;
	if (fault->under && fault->under->slot[slot] != ISLE_NO_FRAME)
		return ISLE_SLOT_OBJECT;
	return ISLE_SLOT_EMPTY;
}

/* Count what was mapped besides the page that was asked for. Return: 0 or the errno. */
static inline int isle_fault_mapped(struct isle_fault *fault, int mapped)
{
	if (mapped > 1)
		isle_opener_count(fault->opener, ISLE_FAULT_AROUND, mapped - 1);
	return min(mapped, 0);
}

/* Note what a fault did, for counters and tracing. */
static inline void isle_fault_did(struct isle_fault *fault,
				  enum isle_fault_event event)
{
	fault->did = event;
	isle_opener_count(fault->opener, event, 1);
}

static inline unsigned long isle_slot_address(const struct isle_fault *fault,
					      unsigned int slot)
{
	return fault->base + slot * PAGE_SIZE;
}

/**
 * isle_fault_begin - find and lock what an address maps
 * @fault: to be filled in
 * @vma: one of isle's VMAs, its mmap or VMA lock held
 * @address: in it
 * @write: for a write: in a private mapping the chunk becomes the layer's own
 *
 * Return: 0, or an errno with nothing locked: -ECHILD for a poisoned layer,
 * -ENXIO beyond the end of a file, -ENOMEM, -EINTR for a task that is being
 * killed.
 */
int isle_fault_begin(struct isle_fault *fault, struct vm_area_struct *vma,
		     unsigned long address, bool write);

/**
 * isle_fault_end - unlock
 * @fault: the fault
 */
void isle_fault_end(struct isle_fault *fault);

/**
 * isle_fault_visible - the frame that an address shows
 * @fault: the fault
 *
 * Return: the layer's, else the object's; ISLE_NO_FRAME for zeroes.
 */
static inline u32 isle_fault_visible(const struct isle_fault *fault)
{
	u32 id = fault->chunk->slot[fault->slot];

	if (id == ISLE_NO_FRAME && fault->under)
		id = fault->under->slot[fault->slot];
	return id;
}

/**
 * isle_populate - give the fault's slot and empty ones beside it new frames
 * @fault: the fault; its slot is empty
 * @nr: out: how many slots were filled
 *
 * Zeroed frames, in one go, as many in a row as the fault may map and memory
 * and limit allow. In a layer they hide what the object gets there later, as if
 * they had been written.
 * Return: the first slot, or -ENOMEM or -EDQUOT when not one is to be had.
 */
int isle_populate(struct isle_fault *fault, unsigned int *nr);

/**
 * isle_map_runs - map what there is around a fault, run by run
 * @fault: the fault
 * @kind: what a slot has; slots in a row of one kind are a run
 * @map: maps a run: of that kind, from a slot on, so many; returns how many
 *       entries it filled, or an errno
 *
 * Inlined, so that both are direct calls. Return: 0, or the errno.
 */
static __always_inline int
isle_map_runs(struct isle_fault *fault,
	      int (*kind)(const struct isle_fault *fault, unsigned int slot),
	      int (*map)(struct isle_fault *fault, int kind, unsigned int slot,
			 unsigned int nr))
{
	unsigned int slot = fault->first, next;
	int mapped = 0;

	if (slot == fault->last)
		return min(map(fault, kind(fault, slot), slot, 1), 0);
	for (; slot <= fault->last; slot = next) {
		int what = kind(fault, slot), ret;

		next = slot + 1;
		while (next <= fault->last && kind(fault, next) == what)
			next++;
		ret = map(fault, what, slot, next - slot);
		if (ret < 0)
			return ret;
		mapped += ret;
	}
	return isle_fault_mapped(fault, mapped);
}

/* Map frames that no other layer has. Return: as isle_map_frames(). */
static inline int isle_map_own(struct isle_fault *fault, unsigned int slot,
			       unsigned int nr)
{
	return isle_map_frames(fault->vma, isle_slot_address(fault, slot),
			       fault->isle, fault->chunk->slot + slot, nr,
			       fault->vma->vm_flags & VM_WRITE);
}

/**
 * isle_map_around - map what the layer and the object have around a fault
 * @fault: the fault
 * @zero: and the zero frame where they have nothing
 *
 * Return: 0 or -ENOMEM.
 */
int isle_map_around(struct isle_fault *fault, bool zero);

/**
 * isle_object_appeared - whether the object got its first page here just now
 * @fault: the fault, after frames of zeroes were mapped from its first slot to
 *         its last
 *
 * Return: if so, and they are unmapped then.
 */
bool isle_object_appeared(struct isle_fault *fault);

/**
 * isle_read - a read fault in a private mapping
 * @fault: the fault
 *
 * Return: 0, -EAGAIN to begin again, -ENODATA to do so after isle_file_read(),
 * or what failed.
 */
int isle_read(struct isle_fault *fault);

/**
 * isle_anon_write - a write fault in a private mapping, nothing mapped but
 *                   maybe the zero frame
 * @fault: the fault
 *
 * Return: 0, -ENODATA as isle_read(), or what failed.
 */
int isle_anon_write(struct isle_fault *fault);

/**
 * isle_cow - give the fault's slot a frame that nobody shares
 * @fault: the fault; its slot is anything but ISLE_SLOT_OWN
 *
 * With what is visible there now: the copy of a frame or zeroes. Unmaps it. The
 * fault maps no other slot then: those beside it are shared too, most likely, and
 * an entry that is there would have to go first when they are written next.
 * Return: 0, -ENOMEM or -EDQUOT.
 */
int isle_cow(struct isle_fault *fault);

/* A write had @from copied to @to, or as one holder is left, uses it in place. */
static inline void isle_trace_cow(const struct isle_fault *fault, u32 from,
				  u32 to)
{
	if (!trace_cow_enabled())
		return;
	trace_cow(isle_slot_address(fault, fault->slot), fault->pgoff,
		  isle_id_to_pfn(fault->isle, from),
		  isle_id_to_pfn(fault->isle, to), from == to);
}

/**
 * isle_wp - a write fault in a private mapping on what is mapped for reading
 * @fault: the fault
 *
 * Return: 0, -ENODATA as isle_read(), or what failed.
 */
int isle_wp(struct isle_fault *fault);

/**
 * isle_shared_populate - give the fault's slot in the object a page
 * @fault: the fault; its slot is empty
 *
 * Return: 0, -ENOMEM or -EDQUOT.
 */
int isle_shared_populate(struct isle_fault *fault);

/* What the entry of an object's page is. */
enum isle_page {
	ISLE_PAGE_NONE,
	ISLE_PAGE_SPECIAL,	/* can't be pinned */
	ISLE_PAGE_EXPOSED,
};

/**
 * isle_map_object_run - map pages of an object, for isle_map_runs()
 * @fault: the fault
 * @kind: enum isle_page
 * @slot: the first slot
 * @nr: how many
 *
 * A file's for reading only, until isle_file_mkwrite(). (Entries of pages that
 * can be pinned are as the VMA's vm_page_prot says; the core sees to that.)
 * Return: how many entries were filled, or an errno.
 */
static inline int isle_map_object_run(struct isle_fault *fault, int kind,
				      unsigned int slot, unsigned int nr)
{
	unsigned long address = isle_slot_address(fault, slot);
	const u32 *ids = fault->chunk->slot + slot;

	switch (kind) {
	case ISLE_PAGE_EXPOSED:
		return isle_map_pages(fault->vma, address, fault->isle, ids,
				      nr);
	case ISLE_PAGE_SPECIAL:
		return isle_map_frames(fault->vma, address, fault->isle, ids,
				       nr, !fault->cache &&
				       fault->vma->vm_flags & VM_WRITE);
	default:
		return 0;
	}
}

/**
 * isle_shared - any fault in a shared mapping
 * @fault: the fault
 *
 * Return: 0, -EAGAIN to fault again, or what failed.
 */
int isle_shared(struct isle_fault *fault);

/**
 * isle_access - ->access: ptrace and /proc/PID/mem where there is no page
 * @vma: the VMA
 * @address: where to start
 * @buffer: kernel memory
 * @length: bytes
 * @write: to the VMA or from it
 *
 * Return: bytes, or an errno.
 */
int isle_access(struct vm_area_struct *vma, unsigned long address,
		void *buffer, int length, int write);

int isle_read_init(struct isle *isle);
void isle_read_exit(struct isle *isle);

#endif /* _ISLE_FAULT_H */
