/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests of wrong calls share. */
#ifndef _IOCTL_BAD_H
#define _IOCTL_BAD_H

#include "tap.h"

#define PAGE	4096UL

/* The errno of a request, 0 if it went well. */
static inline int try(int fd, unsigned int number, void *argument)
{
	return ioctl(fd, number, argument) ? errno : 0;
}

/* Counts what did not answer @wanted; says the first few. */
static inline void expect(int got, int wanted, unsigned int *wrong,
			  const char *name, const char *what,
			  unsigned long value)
{
	if (got == wanted)
		return;
	if ((*wrong)++ < 4)
		note("%s, %s %#lx: %s instead of %s", name, what, value,
		     got ? strerrorname_np(got) : "success",
		     strerrorname_np(wanted));
}

#endif /* _IOCTL_BAD_H */
