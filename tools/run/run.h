/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libisle-run.so: what `isle run` preloads.
 *
 *   the program --- malloc() --> heap.c: jemalloc --.
 *        '--------- mmap() ---------------------> map.c --> /dev/isle
 *                                                   '-----> the kernel, counted
 *
 * jemalloc is linked in and maps its memory with mmap() as the program does: it
 * meets the same functions. They keep a list of what they mapped (range.c), so
 * that munmap(), mremap() and madvise() know whose memory it is.
 *
 * Everything here may run inside malloc(), before any constructor, in the child
 * of a fork and in signal handlers. So nothing here allocates memory, and one
 * lock protects all of it, with signals blocked.
 */
#ifndef _ISLE_RUN_H
#define _ISLE_RUN_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "stats.h"

#define EXPORT		__attribute__((__visibility__("default")))
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)

#define PAGE		4096UL
#define MB		(1024 * 1024UL)

static inline uintptr_t page_align(uintptr_t bytes)
{
	return (bytes + PAGE - 1) & ~(PAGE - 1);
}

/* init.c */

/**
 * run_init - read the options, open the device; once
 */
void run_init(void);

extern bool run_huge;		/* --huge */

/**
 * run_lock - take the lock, signals blocked
 * @old: out: what run_unlock() restores
 *
 * Innermost: jemalloc's own locks are held when it maps memory. That is why the
 * handlers of fork that hold it are registered before jemalloc's.
 */
void run_lock(sigset_t *old);
void run_unlock(const sigset_t *old);

/* sys.c: system calls by number, as the functions are this library's own. */
void *sys_mmap(void *address, size_t length, int prot, int flags, int fd,
	       off_t offset);
int sys_munmap(void *address, size_t length);
void *sys_mremap(void *address, size_t old_length, size_t length, int flags,
		 void *to);
int sys_madvise(void *address, size_t length, int advice);

/**
 * struct vma - a line of /proc/self/maps
 * @start: first address
 * @end: address after the last
 * @prot: PROT_*
 */
struct vma {
	uintptr_t start;
	uintptr_t end;
	int prot;
};

/**
 * sys_vmas - the VMAs in a range
 * @start: first address
 * @end: address after the last
 * @vmas: out, clipped to the range
 * @max: room in @vmas
 *
 * Return: how many there are, which may be more than @max, or -1 with errno.
 */
int sys_vmas(uintptr_t start, uintptr_t end, struct vma *vmas, int max);

/* device.c: the file descriptor. The lock is held. */

/**
 * device_fd - the device
 *
 * Opens it again if the program closed it.
 *
 * Return: a descriptor, or -1.
 */
int device_fd(void);

/* range.c: who mapped what. The lock is held. */

/**
 * struct range - addresses of one kind
 * @start: first address
 * @end: address after the last
 * @kind: RUN_ON_ISLE, or why it is the kernel's
 */
struct range {
	uintptr_t start;
	uintptr_t end;
	enum run_reason kind;
};

/**
 * range_set - addresses are of a kind now
 * @start: first address
 * @end: address after the last
 * @kind: the kind
 */
void range_set(uintptr_t start, uintptr_t end, enum run_reason kind);

/**
 * range_clear - addresses are nothing of ours any more
 * @start: first address
 * @end: address after the last
 */
void range_clear(uintptr_t start, uintptr_t end);

/**
 * range_find - the first range that ends after an address
 * @address: the address
 *
 * Return: the range, good until one of the above, or NULL.
 */
const struct range *range_find(uintptr_t address);

/* Whether all of the addresses are isle's. */
bool range_on_isle(uintptr_t start, uintptr_t end);

/* map.c. The lock is held. */

/**
 * map_isle - map isle memory
 * @address: where; NULL: anywhere
 * @length: bytes, a multiple of the page size
 * @prot: PROT_*
 * @flags: of mmap(), to go with it
 *
 * Return: the memory, or MAP_FAILED with errno.
 */
void *map_isle(void *address, size_t length, int prot, int flags);

/**
 * map_reserve - find room
 * @hint: of mmap()
 * @length: bytes
 * @flags: of mmap() that say where
 *
 * Return: inaccessible memory of the kernel's, or MAP_FAILED with errno.
 */
void *map_reserve(void *hint, size_t length, int flags);

/* exclude.c */
extern bool excluding;		/* there are rules at all */

void exclude_read(const char *rules);

/* Whether there are rules of that kind: RUN_BY_SIZE or RUN_BY_LIBRARY. */
bool exclude_has(enum run_reason reason);

/**
 * exclude_reason - what the rules say about a request
 * @length: bytes
 * @caller: return address
 *
 * Return: RUN_ON_ISLE, RUN_BY_SIZE or RUN_BY_LIBRARY.
 */
enum run_reason exclude_reason(size_t length, const void *caller);

/* heap.c */
bool heap_is_caller(const void *caller);

/* count.c: --stats. The lock is held. */

/* Map the page of counters and take an image in it. */
void count_attach(const char *path);

/* In the child of a fork. */
void count_fork(void);

/* A request was met: by isle or, for that reason, by the kernel. */
void count_request(enum run_reason kind, size_t bytes);

/* Memory came or went. */
void count_mapped(enum run_reason kind, ssize_t bytes);

/* The device was opened again. */
void count_reopened(void);

/**
 * count_sample - look at how large the heap is
 *
 * Pages only come by faults, and only go by calls that end here first: what is
 * seen before each of them contains the peak.
 */
void count_sample(void);

#endif /* _ISLE_RUN_H */
