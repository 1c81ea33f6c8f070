/* SPDX-License-Identifier: GPL-2.0 */
/* What an ioctl does to a range of a mapping or of the object. */
#ifndef _ISLE_DISCARD_H
#define _ISLE_DISCARD_H

#include <uapi/isle.h>

struct file;
struct vm_area_struct;

/**
 * isle_discard - ISLE_IOC_DISCARD
 * @file: the opener's file
 * @range: as in the UAPI
 *
 * Return: 0 or an errno.
 */
int isle_discard(struct file *file, const struct isle_range *range);

/**
 * isle_check_seal - whether private memory of a mapping may be discarded
 * @vma: the mapping
 * @start: the first byte
 * @end: the byte after the last
 * @range: what userspace asked for
 *
 * As for MADV_DONTNEED: what a sealed mapping may not write it may not discard.
 * Return: 0 or -EPERM.
 */
int isle_check_seal(struct vm_area_struct *vma, unsigned long start,
		    unsigned long end, const struct isle_range *range);

/**
 * isle_set_around - ISLE_IOC_FAULT_AROUND
 * @file: the opener's file
 * @range: as in the UAPI
 *
 * Return: 0 or an errno.
 */
int isle_set_around(struct file *file, const struct isle_range *range);

/**
 * isle_parse_around - what one fault maps at most, as userspace says it
 * @bytes: a power of two from the page size to 2 MB; 0: the default
 *
 * Return: pages, or -EINVAL.
 */
int isle_parse_around(u32 bytes);

#endif /* _ISLE_DISCARD_H */
