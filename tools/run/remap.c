// SPDX-License-Identifier: GPL-2.0
/*
 * mremap(): see run.h.
 *
 * The kernel moves and shrinks mappings of the device but lets none grow. What
 * grows gets a second mapping behind it, if there is room; else it is moved in
 * front of one. Either way it consists of one VMA more, which the kernel would
 * move one at a time only; a mapping of many is copied into a new one.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>

#include "run.h"

enum { MAX_VMAS = 64, MANY_VMAS = 8 };

/**
 * struct move - a mapping on its way
 * @from: where it is
 * @old_length: what is moved of it
 * @to: where it goes
 * @length: how long it will be
 * @vmas: what it consists of
 * @nr: how many they are
 */
struct move {
	uintptr_t from;
	size_t old_length;
	uintptr_t to;
	size_t length;
	struct vma vmas[MAX_VMAS];
	int nr;
};

static int last_prot(const struct move *move)
{
	return move->vmas[move->nr - 1].prot;
}

/* Return: 0, -EFAULT for holes or -ENOMEM for too many VMAs. */
static int look(struct move *move)
{
	uintptr_t at = move->from;
	int i;

	move->nr = sys_vmas(move->from, move->from + move->old_length,
			    move->vmas, MAX_VMAS);
	if (move->nr <= 0)
		return -EFAULT;
	if (move->nr > MAX_VMAS)
		return -ENOMEM;
	for (i = 0; i < move->nr; i++) {
		if (move->vmas[i].start != at)
			return -EFAULT;
		at = move->vmas[i].end;
	}
	return at == move->from + move->old_length ? 0 : -EFAULT;
}

static void *place(struct move *move, const struct vma *vma)
{
	return (void *)(move->to + (vma->start - move->from));
}

static bool move_vma(void *from, size_t length, void *to)
{
	return sys_mremap(from, length, length, MREMAP_MAYMOVE | MREMAP_FIXED,
			  to) != MAP_FAILED;
}

/* All VMAs, or none. */
static bool move_vmas(struct move *move)
{
	struct vma *vma;
	int i;

	for (i = 0; i < move->nr; i++) {
		vma = &move->vmas[i];
		if (!move_vma((void *)vma->start, vma->end - vma->start,
			      place(move, vma)))
			break;
	}
	if (i == move->nr)
		return true;
	while (i--) {
		vma = &move->vmas[i];
		move_vma(place(move, vma), vma->end - vma->start,
			 (void *)vma->start);
	}
	return false;
}

static bool is_plain(const struct move *move)
{
	int i;

	for (i = 0; i < move->nr; i++)
		if (move->vmas[i].prot != (PROT_READ | PROT_WRITE))
			return false;
	return true;
}

static bool copy(struct move *move)
{
	if (map_isle((void *)move->to, move->length, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_FIXED) == MAP_FAILED)
		return false;
	memcpy((void *)move->to, (void *)move->from, move->old_length);
	return !sys_munmap((void *)move->from, move->old_length);
}

static bool move_and_grow(struct move *move)
{
	size_t more = move->length - move->old_length;

	if (more && map_isle((void *)(move->to + move->old_length), more,
			     last_prot(move), MAP_PRIVATE | MAP_FIXED) ==
	    MAP_FAILED)
		return false;
	return move_vmas(move);
}

static void *do_move(struct move *move, bool fixed)
{
	void *to = (void *)move->to;
	bool done;

	if (!fixed) {
		to = map_reserve(NULL, move->length, 0);
		if (to == MAP_FAILED)
			return to;
		move->to = (uintptr_t)to;
	}
	done = move->nr > MANY_VMAS && is_plain(move) ? copy(move) :
		move_and_grow(move);
	if (!done) {
		sys_munmap(to, move->length);
		range_clear(move->to, move->to + move->length);
		errno = ENOMEM;
		return MAP_FAILED;
	}
	range_clear(move->from, move->from + move->old_length);
	range_set(move->to, move->to + move->length, RUN_ON_ISLE);
	return to;
}

static bool grow_in_place(struct move *move)
{
	void *end = (void *)(move->from + move->old_length);
	void *p;

	p = map_isle(end, move->length - move->old_length, last_prot(move),
		     MAP_PRIVATE | MAP_FIXED_NOREPLACE);
	return p == end;
}

static void *remap_isle(struct move *move, int flags)
{
	int err;

	if (flags & MREMAP_FIXED && move->length < move->old_length) {
		if (sys_munmap((void *)(move->from + move->length),
			       move->old_length - move->length))
			return MAP_FAILED;
		range_clear(move->from + move->length,
			    move->from + move->old_length);
		move->old_length = move->length;
	}
	err = look(move);
	if (!err && !(flags & MREMAP_FIXED)) {
		if (move->nr <= MANY_VMAS && grow_in_place(move))
			return (void *)move->from;
		if (!(flags & MREMAP_MAYMOVE))
			err = -ENOMEM;
	}
	if (!err)
		return do_move(move, flags & MREMAP_FIXED);
	errno = -err;
	return MAP_FAILED;
}

/* Whether the kernel can't do it, or not with more than one VMA. */
static bool is_ours(const struct move *move, int flags)
{
	if (move->from & (PAGE - 1) || !move->old_length || !move->length ||
	    move->from + move->old_length < move->from ||
	    !range_on_isle(move->from, move->from + move->old_length))
		return false;
	if (flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED))
		return false;
	if (!(flags & MREMAP_FIXED))
		return move->length > move->old_length;
	return flags & MREMAP_MAYMOVE && !(move->to & (PAGE - 1)) &&
	       (move->to + move->length <= move->from ||
		move->from + move->old_length <= move->to);
}

/* The kernel has done it: @p is the answer. */
static void follow(const struct move *move, void *p, int flags)
{
	const struct range *range = range_find(move->from);
	uintptr_t to = (uintptr_t)p;
	enum run_reason kind;

	if (!range || range->start > move->from) {
		range_clear(to, to + move->length);
		return;
	}
	kind = range->kind;
	if (!(flags & MREMAP_DONTUNMAP))
		range_clear(move->from, move->from + move->old_length);
	range_set(to, to + move->length, kind);
}

EXPORT void *mremap(void *address, size_t old_length, size_t length, int flags,
		    ...)
{
	struct move move = {
		.from		= (uintptr_t)address,
		.old_length	= page_align(old_length),
		.length		= page_align(length),
	};
	va_list args;
	sigset_t old;
	void *p;

	va_start(args, flags);
	if (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP))
		move.to = (uintptr_t)va_arg(args, void *);
	va_end(args);
	run_lock(&old);
	count_sample();
	if (is_ours(&move, flags)) {
		p = remap_isle(&move, flags);
	} else {
		p = sys_mremap(address, old_length, length, flags,
			       (void *)move.to);
		if (p != MAP_FAILED)
			follow(&move, p, flags);
	}
	run_unlock(&old);
	return p;
}
