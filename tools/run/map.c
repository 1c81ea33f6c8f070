// SPDX-License-Identifier: GPL-2.0
/*
 * mmap() and munmap(): see run.h.
 *
 * Mappings of the device never merge, so small ones are cut from a large one:
 * the pool. They go back with munmap(), as any other; what was cut is not used
 * twice, address space being plenty. Large ones begin at a multiple of 2 MB, and
 * each maps the object at its own address: then what one page table covers is
 * one chunk of the device's, and no two mappings meet at an offset.
 */
#include <errno.h>
#include <sys/mman.h>

#include "run.h"

#define POOL		(32 * MB)
#define POOL_LARGEST	(1 * MB)
#define ALIGN		(2 * MB)

enum { KIND = 0x0f };		/* MAP_SHARED, MAP_PRIVATE and their like */

static uintptr_t pool_start, pool_end;	/* what is left of it */

static void *reserve_aligned(size_t length)
{
	uintptr_t start, at;
	void *p;

	p = sys_mmap(NULL, length + ALIGN, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return p;
	start = (uintptr_t)p;
	at = (start + ALIGN - 1) & ~(ALIGN - 1);
	if (at > start)
		sys_munmap(p, at - start);
	if (start + ALIGN > at)
		sys_munmap((void *)(at + length), start + ALIGN - at);
	return (void *)at;
}

void *map_reserve(void *hint, size_t length, int flags)
{
	void *p;

	if (!hint && !flags && length >= ALIGN) {
		p = reserve_aligned(length);
		if (p != MAP_FAILED)
			return p;
	}
	return sys_mmap(hint, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
			MAP_NORESERVE | flags, -1, 0);
}

/*
 * Map the device, at an address that was reserved or that the program gave. With
 * --huge the system's switch may ask for advice.
 */
static void *overlay(void *at, size_t length, int prot, int flags)
{
	int fd = device_fd(), err = errno;
	void *p;

	if (fd < 0)
		return MAP_FAILED;
	flags &= ~(MAP_ANONYMOUS | MAP_32BIT);
	p = sys_mmap(at, length, prot, flags | MAP_NORESERVE, fd,
		     (uintptr_t)at);
	if (run_huge && p != MAP_FAILED && length >= ALIGN &&
	    sys_madvise(p, length, MADV_HUGEPAGE))
		errno = err;
	return p;
}

static void *map_somewhere(void *hint, size_t length, int prot, int flags)
{
	void *at, *p;
	int err;

	at = map_reserve(hint, length, flags & MAP_32BIT);
	if (at == MAP_FAILED)
		return at;
	p = overlay(at, length, prot, flags | MAP_FIXED);
	if (p == MAP_FAILED) {
		err = errno;
		sys_munmap(at, length);
		errno = err;
	}
	return p;
}

void *map_isle(void *address, size_t length, int prot, int flags)
{
	void *p;

	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE))
		p = overlay(address, length, prot, flags);
	else
		p = map_somewhere(address, length, prot, flags);
	if (p != MAP_FAILED)
		range_set((uintptr_t)p, (uintptr_t)p + length, RUN_ON_ISLE);
	return p;
}

static bool fill_pool(void)
{
	void *p;

	p = map_somewhere(NULL, POOL, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	if (p == MAP_FAILED)
		return false;
	if (pool_end > pool_start)
		sys_munmap((void *)pool_start, pool_end - pool_start);
	pool_start = (uintptr_t)p;
	pool_end = pool_start + POOL;
	return true;
}

/* From the top down, as the kernel gives addresses out. */
static void *map_from_pool(size_t length)
{
	if (pool_end - pool_start < length && !fill_pool())
		return MAP_FAILED;
	pool_end -= length;
	range_set(pool_end, pool_end + length, RUN_ON_ISLE);
	return (void *)pool_end;
}

static bool suits_pool(const void *address, size_t length, int prot, int flags)
{
	return !address && length <= POOL_LARGEST &&
	       prot == (PROT_READ | PROT_WRITE) &&
	       !(flags & ~(MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
			   MAP_POPULATE));
}

/* Errors that are isle's and that the kernel's own memory would not have. */
static bool try_kernel(void)
{
	return errno != EEXIST && errno != EINVAL && errno != EAGAIN;
}

static void *map_kernel(void *address, size_t length, int prot, int flags,
			enum run_reason reason)
{
	void *p;

	p = sys_mmap(address, length, prot, flags, -1, 0);
	if (p != MAP_FAILED) {
		range_set((uintptr_t)p, (uintptr_t)p + length, reason);
		count_request(reason, length);
	}
	return p;
}

static void *map_private(void *address, size_t length, int prot, int flags,
			 enum run_reason reason)
{
	void *p;

	if (flags & MAP_FIXED)
		count_sample();
	if (reason != RUN_ON_ISLE)
		return map_kernel(address, length, prot, flags, reason);
	if (suits_pool(address, length, prot, flags))
		p = map_from_pool(length);
	else
		p = map_isle(address, length, prot, flags);
	if (p != MAP_FAILED) {
		count_request(RUN_ON_ISLE, length);
		return p;
	}
	if (!try_kernel())
		return p;
	reason = prot & PROT_EXEC && errno == EPERM ? RUN_EXEC : RUN_REFUSED;
	return map_kernel(address, length, prot, flags, reason);
}

/* Whatever the program maps over memory of ours ends its being ours. */
static void *map_other(void *address, size_t length, int prot, int flags,
		       int fd, off_t offset)
{
	sigset_t old;
	void *p;

	if (!(flags & MAP_FIXED))
		return sys_mmap(address, length, prot, flags, fd, offset);
	run_lock(&old);
	count_sample();
	p = sys_mmap(address, length, prot, flags, fd, offset);
	if (p != MAP_FAILED)
		range_clear((uintptr_t)p, (uintptr_t)p + page_align(length));
	run_unlock(&old);
	return p;
}

static enum run_reason choose(size_t length, int flags, const void *caller)
{
	if (flags & (MAP_STACK | MAP_GROWSDOWN))
		return RUN_STACK;
	if (flags & MAP_HUGETLB)
		return RUN_HUGETLB;
	if (!excluding || heap_is_caller(caller))
		return RUN_ON_ISLE;
	return exclude_reason(length, caller);
}

EXPORT void *mmap(void *address, size_t length, int prot, int flags, int fd,
		  off_t offset)
{
	const void *caller = __builtin_return_address(0);
	sigset_t old;
	void *p;

	run_init();
	if ((flags & KIND) != MAP_PRIVATE || !(flags & MAP_ANONYMOUS) ||
	    offset & (PAGE - 1) || !page_align(length))
		return map_other(address, length, prot, flags, fd, offset);
	run_lock(&old);
	p = map_private(address, page_align(length), prot, flags,
			choose(length, flags, caller));
	run_unlock(&old);
	return p;
}

EXPORT void *mmap64(void *address, size_t length, int prot, int flags, int fd,
		    off_t offset) __attribute__((__alias__("mmap")));

EXPORT int munmap(void *address, size_t length)
{
	sigset_t old;
	int ret;

	run_init();
	run_lock(&old);
	count_sample();
	ret = sys_munmap(address, length);
	if (!ret)
		range_clear((uintptr_t)address,
			    (uintptr_t)address + page_align(length));
	run_unlock(&old);
	return ret;
}
