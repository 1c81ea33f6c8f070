/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Read-ahead: how much of a file to bring in when a page of it is missing.
 *
 * A window that grows as long as each miss is in it or right after it, and
 * shrinks to the page itself when one is elsewhere. Counterpart: struct
 * file_ra_state, mm/readahead.c.
 */
#ifndef _ISLE_READAHEAD_H
#define _ISLE_READAHEAD_H

#include <linux/types.h>

struct isle_backing;

/**
 * struct isle_readahead - the last window; a wrong guess costs time, no more
 * @start: its first page
 * @size: pages
 */
struct isle_readahead {
	pgoff_t start;
	unsigned int size;
};

/**
 * isle_readahead - plan the reading of a missing page and start it
 * @backing: the file
 * @pgoff: the page
 * @vm_flags: of the VMA: VM_RAND_READ, VM_SEQ_READ say how it will be used
 *
 * Submits what is not in the file's page cache, and on a sequential miss the
 * window after that as well, for later. Waits for none of it.
 * Return: pages from @pgoff on that are wanted now, at least 1.
 */
unsigned int isle_readahead(struct isle_backing *backing, pgoff_t pgoff,
			    unsigned long vm_flags);

#endif /* _ISLE_READAHEAD_H */
