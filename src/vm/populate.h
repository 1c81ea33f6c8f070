/* SPDX-License-Identifier: GPL-2.0 */
/* Faults before there is a need. */
#ifndef _ISLE_POPULATE_H
#define _ISLE_POPULATE_H

#include <uapi/isle.h>

struct file;

/**
 * isle_populate_range - ISLE_IOC_POPULATE
 * @file: the opener's file
 * @range: as in the UAPI
 *
 * Return: 0 or an errno.
 */
int isle_populate_range(struct file *file, const struct isle_range *range);

#endif /* _ISLE_POPULATE_H */
