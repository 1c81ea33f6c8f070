/* SPDX-License-Identifier: GPL-2.0 */
/* What a program says about its use of a range. */
#ifndef _ISLE_ADVISE_H
#define _ISLE_ADVISE_H

#include <uapi/isle.h>

struct file;

/**
 * isle_advise - ISLE_IOC_ADVISE
 * @file: the opener's file
 * @range: as in the UAPI
 *
 * Return: 0 or an errno.
 */
int isle_advise(struct file *file, const struct isle_range *range);

#endif /* _ISLE_ADVISE_H */
