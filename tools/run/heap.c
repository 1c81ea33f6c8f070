// SPDX-License-Identifier: GPL-2.0
/*
 * malloc() and its kin: jemalloc, linked in under names of its own (je_*), which
 * maps memory with this library's mmap(). See run.h.
 *
 * What --exclude keeps off isle comes from an arena of jemalloc's whose memory
 * is the kernel's; free() finds out by itself.
 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include <jemalloc/jemalloc.h>

#include "je.h"
#include "run.h"

/* Not the program break, which is the kernel's memory. */
const char *malloc_conf = "dss:disabled";

static unsigned int kernel_arenas[RUN_NR_REASONS];
static _Atomic bool have_arena[RUN_NR_REASONS];

bool heap_is_caller(const void *caller)
{
	return (const char *)caller >= __ehdr_start &&
	       (const char *)caller < __etext;
}

static void *map_for(size_t size, size_t alignment, enum run_reason reason)
{
	uintptr_t start, at;
	sigset_t old;
	void *p;

	p = sys_mmap(NULL, size + alignment, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	start = (uintptr_t)p;
	at = (start + alignment - 1) & ~(alignment - 1);
	if (at > start)
		sys_munmap(p, at - start);
	if (start + alignment > at)
		sys_munmap((void *)(at + size), start + alignment - at);
	run_lock(&old);
	range_set(at, at + size, reason);
	count_request(reason, size);
	run_unlock(&old);
	return (void *)at;
}

static void *hook_alloc(enum run_reason reason, void *address, size_t size,
			size_t alignment, bool *zero, bool *commit)
{
	if (address)
		return NULL;
	*zero = true;
	*commit = true;
	return map_for(size, alignment, reason);
}

static void *alloc_by_size(extent_hooks_t *hooks, void *address, size_t size,
			   size_t alignment, bool *zero, bool *commit,
			   unsigned int arena)
{
	(void)hooks;
	(void)arena;
	return hook_alloc(RUN_BY_SIZE, address, size, alignment, zero, commit);
}

static void *alloc_by_library(extent_hooks_t *hooks, void *address, size_t size,
			      size_t alignment, bool *zero, bool *commit,
			      unsigned int arena)
{
	(void)hooks;
	(void)arena;
	return hook_alloc(RUN_BY_LIBRARY, address, size, alignment, zero,
			  commit);
}

static bool hook_purge(extent_hooks_t *hooks, void *address, size_t size,
		       size_t offset, size_t length, unsigned int arena)
{
	(void)hooks;
	(void)size;
	(void)arena;
	return sys_madvise((char *)address + offset, length, MADV_DONTNEED);
}

static bool hook_split(extent_hooks_t *hooks, void *address, size_t size,
		       size_t a, size_t b, bool committed, unsigned int arena)
{
	(void)hooks;
	(void)address;
	(void)size;
	(void)a;
	(void)b;
	(void)committed;
	(void)arena;
	return false;
}

static bool hook_merge(extent_hooks_t *hooks, void *a, size_t size_a, void *b,
		       size_t size_b, bool committed, unsigned int arena)
{
	(void)hooks;
	(void)a;
	(void)size_a;
	(void)b;
	(void)size_b;
	(void)committed;
	(void)arena;
	return false;
}

static extent_hooks_t by_size = {
	.alloc		= alloc_by_size,
	.purge_forced	= hook_purge,
	.split		= hook_split,
	.merge		= hook_merge,
};

static extent_hooks_t by_library = {
	.alloc		= alloc_by_library,
	.purge_forced	= hook_purge,
	.split		= hook_split,
	.merge		= hook_merge,
};

static void make_arena(enum run_reason reason, extent_hooks_t *hooks)
{
	size_t size = sizeof(kernel_arenas[reason]);

	have_arena[reason] = !mallctl("arenas.create", &kernel_arenas[reason],
				      &size, &hooks, sizeof(hooks));
}

/* Until here everything is on isle; nothing of the program has run. */
static __attribute__((__constructor__)) void make_arenas(void)
{
	run_init();
	if (exclude_has(RUN_BY_SIZE))
		make_arena(RUN_BY_SIZE, &by_size);
	if (exclude_has(RUN_BY_LIBRARY))
		make_arena(RUN_BY_LIBRARY, &by_library);
}

/* Flags of mallocx() for a request that is to be the kernel's; 0: it is not. */
static int kernel_flags(size_t size, const void *caller)
{
	enum run_reason reason = exclude_reason(size, caller);

	if (reason == RUN_ON_ISLE || !have_arena[reason])
		return 0;
	return MALLOCX_ARENA(kernel_arenas[reason]) | MALLOCX_TCACHE_NONE;
}

static void *allocate(size_t size, int flags)
{
	void *p = mallocx(size ? size : 1, flags);

	if (!p)
		errno = ENOMEM;
	return p;
}

#define CALLER	__builtin_return_address(0)

EXPORT void *malloc(size_t size)
{
	int flags = unlikely(excluding) ? kernel_flags(size, CALLER) : 0;

	return flags ? allocate(size, flags) : je_malloc(size);
}

EXPORT void *calloc(size_t nr, size_t size)
{
	size_t bytes;
	int flags;

	if (likely(!excluding) || __builtin_mul_overflow(nr, size, &bytes))
		return je_calloc(nr, size);
	flags = kernel_flags(bytes, CALLER);
	return flags ? allocate(bytes, flags | MALLOCX_ZERO) :
		       je_calloc(nr, size);
}

EXPORT void *realloc(void *p, size_t size)
{
	int flags = unlikely(excluding) ? kernel_flags(size, CALLER) : 0;
	void *moved;

	if (!flags || !size)
		return je_realloc(p, size);
	if (!p)
		return allocate(size, flags);
	moved = rallocx(p, size, flags);
	if (!moved)
		errno = ENOMEM;
	return moved;
}

EXPORT void free(void *p)
{
	je_free(p);
}

static bool is_power_of_2(size_t n)
{
	return n && !(n & (n - 1));
}

EXPORT int posix_memalign(void **p, size_t alignment, size_t size)
{
	int flags = unlikely(excluding) ? kernel_flags(size, CALLER) : 0;
	void *q;

	if (!flags || !is_power_of_2(alignment) || alignment < sizeof(void *))
		return je_posix_memalign(p, alignment, size);
	q = mallocx(size ? size : 1, flags | MALLOCX_ALIGN(alignment));
	if (q)
		*p = q;
	return q ? 0 : ENOMEM;
}

static void *aligned(size_t alignment, size_t size, const void *caller,
		     void *(*otherwise)(size_t, size_t))
{
	int flags = unlikely(excluding) ? kernel_flags(size, caller) : 0;

	if (!flags || !is_power_of_2(alignment))
		return otherwise(alignment, size);
	return allocate(size, flags | MALLOCX_ALIGN(alignment));
}

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
	return aligned(alignment, size, CALLER, je_aligned_alloc);
}

EXPORT void *memalign(size_t alignment, size_t size)
{
	return aligned(alignment, size, CALLER, je_memalign);
}

EXPORT void *valloc(size_t size)
{
	return aligned(PAGE, size, CALLER, je_memalign);
}

EXPORT void *pvalloc(size_t size);

EXPORT void *pvalloc(size_t size)
{
	return aligned(PAGE, page_align(size), CALLER, je_memalign);
}

EXPORT size_t malloc_usable_size(void *p)
{
	return je_malloc_usable_size(p);
}
