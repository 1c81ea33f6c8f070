/* SPDX-License-Identifier: GPL-2.0 */
/* Which pages of a range there are. */
#ifndef _ISLE_RESIDENCY_H
#define _ISLE_RESIDENCY_H

#include <uapi/isle.h>

struct file;

/**
 * isle_residency - ISLE_IOC_RESIDENCY
 * @file: the opener's file
 * @ask: as in the UAPI
 *
 * Return: 0 or an errno.
 */
int isle_residency(struct file *file, const struct isle_residency *ask);

#endif /* _ISLE_RESIDENCY_H */
