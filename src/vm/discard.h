/* SPDX-License-Identifier: GPL-2.0 */
/* What an ioctl does to a range of a mapping or of the object. */
#ifndef _ISLE_DISCARD_H
#define _ISLE_DISCARD_H

#include <uapi/isle.h>

struct file;

/**
 * isle_discard - ISLE_IOC_DISCARD
 * @file: the opener's file
 * @range: as in the UAPI
 *
 * Return: 0 or an errno.
 */
int isle_discard(struct file *file, const struct isle_range *range);

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
