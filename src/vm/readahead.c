// SPDX-License-Identifier: GPL-2.0
/* Read-ahead: see readahead.h. */

#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sizes.h>

#include "backing.h"
#include "compat.h"
#include "main.h"
#include "readahead.h"

enum { FIRST_WINDOW = 4 };	/* pages, at the start of a file */

static unsigned int max_window(void)
{
	return max(READ_ONCE(isle_param_read_ahead_kb) /
		   (unsigned int)(PAGE_SIZE / SZ_1K), 1U);
}

/* As get_next_ra_size(). */
static unsigned int grow(unsigned int size, unsigned int most)
{
	return min(size < most / 16 ? 4 * size : 2 * size, most);
}

static unsigned int next_size(const struct isle_readahead *last, pgoff_t pgoff,
			      unsigned long vm_flags, unsigned int most)
{
	unsigned int size = READ_ONCE(last->size);
	pgoff_t ahead = pgoff - READ_ONCE(last->start);

	if (vm_flags & VM_RAND_READ)
		return 1;
	if (vm_flags & VM_SEQ_READ)
		return most;
	if (!pgoff)
		return min_t(unsigned int, FIRST_WINDOW, most);
	if (ahead > size)
		return 1;
	/* Inside the window: not all of it had been read yet. */
	return ahead == size ? grow(size, most) : min(size, most);
}

static void submit(struct isle_backing *backing, pgoff_t pgoff,
		   unsigned int nr)
{
	struct file *file = backing->file;

	page_cache_sync_readahead(file->f_mapping, &file->f_ra, file, pgoff,
				  nr);
}

unsigned int isle_readahead(struct isle_backing *backing, pgoff_t pgoff,
			    unsigned long vm_flags)
{
	struct isle_readahead *last = &backing->readahead;
	unsigned int most = max_window(), size;

	size = next_size(last, pgoff, vm_flags, most);
	WRITE_ONCE(last->start, pgoff);
	WRITE_ONCE(last->size, size);
	if (isle_is_shmem(backing->cache->mapping))
		return size;
	if (size > 1)
		submit(backing, pgoff, size + grow(size, most));
	return size;
}
