/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libisle: isle's memory for programs, by way of /dev/isle.
 *
 *	int fd = isle_open();
 *	char *p = isle_map_private(fd, 64 << 20);
 *
 *	p[12345] = 1;
 *	isle_discard(fd, p, 64 << 20);
 *	isle_unmap(p, 64 << 20);
 *	close(fd);
 *
 * A file descriptor is an object of its own: pages by offset, for shared
 * mappings, and what private ones copy from. Its duplicates are the same
 * object. A mapping keeps what it maps after close(2).
 *
 * Sizes are in bytes, addresses and offsets multiples of the page size. Unless
 * a function says otherwise it returns 0, or -1 with errno set: EBADF and ENOTTY
 * for a descriptor that is not of /dev/isle, EINVAL for what is out of range or
 * not aligned. All of them may be called from several threads at once.
 *
 * The structs are the device's own: include/uapi/isle.h.
 */
#ifndef _LIBISLE_H
#define _LIBISLE_H

#include <stddef.h>
#include <stdint.h>

#include <isle.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ISLE_PUBLIC	__attribute__((__visibility__("default")))

/**
 * isle_open - open the device
 *
 * Close it with close(2). It is not inherited over exec.
 *
 * Return: a file descriptor, or -1: ENOENT or ENXIO when the module is not
 * loaded, EACCES without access to the device, EPROTO when the module's ABI is
 * not the one that this library was built for.
 */
ISLE_PUBLIC int isle_open(void);

/**
 * isle_open_file - open the device and bind it to a file
 * @file: a descriptor of a regular file that is open for reading; it may be
 *        closed afterwards
 * @offset: where in the file offset 0 of the object is
 *
 * The object is then the file, through isle's own cache of it: what is written
 * through isle_map_file() is in the file after fsync(2), msync(2) or close(2) of
 * the last mapping, and write(2) to the file is seen after isle_discard_object().
 *
 * Return: a file descriptor, or -1: as isle_open(); EBADF: no file; ENODEV: a file
 * that can't be mapped so; EACCES: not open for reading; EINVAL, EOVERFLOW:
 * the offset.
 */
ISLE_PUBLIC int isle_open_file(int file, uint64_t offset);

/**
 * isle_configure - say what a fresh descriptor is to be
 * @fd: the descriptor
 * @limit: bytes that its mappings and blocks may hold together; 0: as the module
 *         was loaded
 * @fault_around: bytes that one fault maps at most, a power of two from the page
 *                size to 2 MB; 0: as the module was loaded
 *
 * Errors: EBUSY after the first mapping or block; EPERM for a limit above the
 * module's own without CAP_SYS_RESOURCE.
 */
ISLE_PUBLIC int isle_configure(int fd, uint64_t limit, uint32_t fault_around);

/**
 * isle_set_limit - change how much a descriptor may hold
 * @fd: the descriptor
 * @limit: bytes; 0: as the module was loaded
 *
 * Errors: EPERM as for isle_configure().
 */
ISLE_PUBLIC int isle_set_limit(int fd, uint64_t limit);

/**
 * isle_set_huge - say which private mappings get pages of 2 MB
 * @fd: the descriptor
 * @policy: ISLE_HUGE_NEVER; ISLE_HUGE_ADVISE: those with ISLE_ADVICE_HUGE;
 *          ISLE_HUGE_ALWAYS: all but those with ISLE_ADVICE_SMALL;
 *          ISLE_HUGE_DEFAULT: as an earlier call said, or the module's parameter
 *
 * Where the kernel can't (before 6.12), or its transparent_hugepage switch says
 * never, there are small pages: isle_get_version() tells.
 *
 * Errors: EBUSY after the first mapping or block.
 */
ISLE_PUBLIC int isle_set_huge(int fd, unsigned int policy);

/**
 * isle_map_private - private memory
 * @fd: the descriptor
 * @length: bytes
 *
 * Zeroes, readable and writable, copied on write over fork(2). It takes
 * memory page by page as it is written to, none before (MAP_NORESERVE). A page
 * that can't be had is SIGBUS. What is 2 MB or larger starts at a multiple of
 * that.
 *
 * Return: the memory, or NULL: ENOMEM.
 */
ISLE_PUBLIC void *isle_map_private(int fd, size_t length);

/**
 * isle_map_shared - a range of the object itself
 * @fd: the descriptor
 * @length: bytes
 * @offset: where in the object
 *
 * The same memory for all who map that offset, in any process that has the
 * descriptor. O_DIRECT and io_uring work on it.
 *
 * Return: the memory, or NULL: ENOMEM.
 */
ISLE_PUBLIC void *isle_map_shared(int fd, size_t length, uint64_t offset);

/**
 * isle_map_file - a range of the file that a descriptor is bound to
 * @fd: the descriptor, of isle_open_file()
 * @length: bytes
 * @offset: where in the object
 * @prot: as for mmap(2)
 * @flags: MAP_SHARED, or MAP_PRIVATE for copies of what is written to
 *
 * Beyond the end of the file, and where it can't be read, is SIGBUS. O_DIRECT
 * works on it where it is shared; registered buffers of io_uring don't.
 *
 * Return: the memory, or NULL: ENOMEM; EACCES: shared writing of what is not
 * open for writing; EPERM: code from a mount that is noexec; EINVAL, EOVERFLOW.
 */
ISLE_PUBLIC void *isle_map_file(int fd, size_t length, uint64_t offset,
				int prot, int flags);

/**
 * isle_unmap - undo one of the above, or a part of it
 * @start: the first page
 * @length: bytes
 */
ISLE_PUBLIC int isle_unmap(void *start, size_t length);

/**
 * isle_discard - give the memory of a mapped range back
 * @fd: the descriptor that it was mapped with
 * @start: the first page
 * @length: bytes, not 0
 *
 * The next touch finds zeroes; in a private mapping of an object that has pages,
 * those; of a file, it is read again, but for what is still to be written.
 *
 * Errors: ENOMEM if part of the range is not a mapping of @fd; nothing was done
 * then.
 */
ISLE_PUBLIC int isle_discard(int fd, void *start, size_t length);

/**
 * isle_discard_object - give a range of the object back, mapped or not
 * @fd: the descriptor
 * @offset: where in the object
 * @length: bytes, not 0
 */
ISLE_PUBLIC int isle_discard_object(int fd, uint64_t offset, uint64_t length);

/**
 * enum isle_advice - for isle_advise()
 * @ISLE_ADVICE_NORMAL: a fault maps as much as the module was loaded with
 * @ISLE_ADVICE_RANDOM: a fault maps its own page only
 * @ISLE_ADVICE_SEQUENTIAL: a fault maps up to 2 MB
 * @ISLE_ADVICE_DONTNEED: what is private is given up, as isle_discard() does it,
 *                        clean pages of a file are, too; shared memory stays
 * @ISLE_ADVICE_WILLNEED: begin to read what a file has there
 * @ISLE_ADVICE_HUGE: pages of 2 MB, if private: see isle_set_huge()
 * @ISLE_ADVICE_SMALL: no pages of 2 MB
 */
enum isle_advice {
	ISLE_ADVICE_NORMAL,
	ISLE_ADVICE_RANDOM,
	ISLE_ADVICE_SEQUENTIAL,
	ISLE_ADVICE_DONTNEED,
	ISLE_ADVICE_WILLNEED,
	ISLE_ADVICE_HUGE,
	ISLE_ADVICE_SMALL,
};

/**
 * isle_advise - say how a mapped range will be used
 * @fd: the descriptor that it was mapped with
 * @start: the first page
 * @length: bytes, not 0
 * @advice: enum isle_advice
 *
 * ISLE_ADVICE_NORMAL, ISLE_ADVICE_RANDOM and ISLE_ADVICE_SEQUENTIAL are for
 * whole mappings: advice on a part is advice on all of it. ISLE_ADVICE_HUGE and
 * ISLE_ADVICE_SMALL are madvise(2) with MADV_HUGEPAGE and MADV_NOHUGEPAGE.
 *
 * Errors: ENOMEM as for isle_discard(); EINVAL for these two where the kernel has
 * no transparent huge pages.
 */
ISLE_PUBLIC int isle_advise(int fd, void *start, size_t length,
			    enum isle_advice advice);

/**
 * isle_populate - have all pages of a mapped range now
 * @fd: the descriptor that it was mapped with
 * @start: the first page
 * @length: bytes, not 0
 * @write: 0: as if each were read, 1: as if each were written to
 *
 * Errors: EFAULT where touching a page would be SIGBUS; EINVAL where the mapping
 * does not allow it; ENOMEM: part of the range is not a mapping of @fd. What comes
 * before is there then.
 */
ISLE_PUBLIC int isle_populate(int fd, void *start, size_t length, int write);

/**
 * isle_get_residency - which pages of a mapped range there are
 * @fd: the descriptor that it was mapped with
 * @start: the first page
 * @length: bytes, not 0
 * @vector: out: a byte for each page: ISLE_RESIDENT, ISLE_RESIDENT_OWN,
 *          ISLE_RESIDENT_DIRTY
 *
 * Errors: ENOMEM: part of the range is not a mapping of @fd; EFAULT: @vector.
 */
ISLE_PUBLIC int isle_get_residency(int fd, const void *start, size_t length,
				   unsigned char *vector);

/**
 * isle_alloc_block - allocate physically contiguous pages
 * @fd: the descriptor, which they are freed with at the latest
 * @order: 2^order pages
 * @migratetype: enum isle_uapi_migratetype, ISLE_MT_ISOLATE excepted
 * @nid: a node, or -1 for any
 * @flags: ISLE_BLOCK_*
 * @handle: out: the block's name
 *
 * Errors: ENOMEM when none is to be had or the descriptor is at its limit.
 */
ISLE_PUBLIC int isle_alloc_block(int fd, unsigned int order,
				 unsigned int migratetype, int nid,
				 unsigned int flags, uint64_t *handle);

/**
 * isle_free_block - undo isle_alloc_block()
 * @fd: the descriptor
 * @handle: the block
 *
 * Errors: ENOENT if the descriptor has no such block.
 */
ISLE_PUBLIC int isle_free_block(int fd, uint64_t handle);

/**
 * isle_get_block - what is known about a block
 * @fd: the descriptor
 * @handle: the block
 * @block: out
 *
 * Errors: ENOENT if the descriptor has no such block.
 */
ISLE_PUBLIC int isle_get_block(int fd, uint64_t handle,
			       struct isle_block *block);

/**
 * isle_get_version - ABI version, page size and features of the module
 * @fd: the descriptor
 * @version: out
 */
ISLE_PUBLIC int isle_get_version(int fd, struct isle_version *version);

/**
 * isle_get_opener - what a descriptor holds, and its faults
 * @fd: the descriptor
 * @opener: out
 */
ISLE_PUBLIC int isle_get_opener(int fd, struct isle_opener *opener);

/**
 * isle_get_stats - the whole module's memory and counters
 * @fd: the descriptor
 * @stats: out
 */
ISLE_PUBLIC int isle_get_stats(int fd, struct isle_stats *stats);

/**
 * isle_get_zone - one zone with its free lists
 * @fd: the descriptor
 * @index: 0 to nr_zones - 1 of struct isle_stats
 * @zone: out
 *
 * Errors: ENOENT: no such index.
 */
ISLE_PUBLIC int isle_get_zone(int fd, unsigned int index,
			      struct isle_zone_info *zone);

/**
 * isle_get_region - where memory came from
 * @fd: the descriptor
 * @index: 0 to nr_regions - 1 of struct isle_stats
 * @region: out
 *
 * Errors: ENOENT: no such index.
 */
ISLE_PUBLIC int isle_get_region(int fd, unsigned int index,
				struct isle_region_info *region);

#ifdef __cplusplus
}
#endif

#endif /* _LIBISLE_H */
