/* SPDX-License-Identifier: GPL-2.0 */
/* Ranges that ioctls name: of addresses, or of offsets in the object. */
#ifndef _ISLE_RANGE_H
#define _ISLE_RANGE_H

#include <linux/mm.h>

#include <uapi/isle.h>

struct file;

/* Part of an address range, in one VMA. */
typedef int (*isle_vma_fn)(struct vm_area_struct *vma, unsigned long start,
			   unsigned long end, const struct isle_range *range);

/* The page offset of an address, in what the VMA's object is. */
static inline pgoff_t isle_vma_pgoff(const struct vm_area_struct *vma,
				     unsigned long address)
{
	return vma->vm_pgoff + ((address - vma->vm_start) >> PAGE_SHIFT);
}

/**
 * isle_range_check - whether a range is whole pages, some, and ends somewhere
 * @start: the first byte
 * @length: bytes
 *
 * Return: 0 or -EINVAL.
 */
int isle_range_check(u64 start, u64 length);

/**
 * isle_range_check_arg - the same for an ioctl's argument, with its flags
 * @range: the argument
 *
 * Return: 0 or -EINVAL.
 */
int isle_range_check_arg(const struct isle_range *range);

/**
 * isle_range_offsets - the page offsets of a range of offsets
 * @file: the opener's file
 * @start: the first byte, of the opener's object
 * @length: bytes
 * @first: out: the first page offset; in the file, if it is bound to one
 * @last: out: the last page offset
 */
void isle_range_offsets(struct file *file, u64 start, u64 length,
			pgoff_t *first, pgoff_t *last);

/**
 * isle_range_vma - the VMA at an address of the caller's
 * @file: the opener's file
 * @address: the address
 *
 * Called with the mmap lock held. Return: the VMA if it maps @file, else NULL.
 */
struct vm_area_struct *isle_range_vma(struct file *file,
				      unsigned long address);

/**
 * isle_range_for_each - call a function for each VMA in a range of addresses
 * @file: the opener's file
 * @range: the range
 * @check: called for all of them first, may be NULL
 * @fn: called with the mmap lock held for reading
 *
 * For none if @file is not mapped throughout.
 * Return: 0, -ENOMEM for a hole, -EINTR, or what the functions return.
 */
int isle_range_for_each(struct file *file, const struct isle_range *range,
			isle_vma_fn check, isle_vma_fn fn);

#endif /* _ISLE_RANGE_H */
