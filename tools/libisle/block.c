// SPDX-License-Identifier: GPL-2.0
/* Blocks of physically contiguous pages: see libisle.h. */
#include <string.h>
#include <sys/ioctl.h>

#include "libisle.h"

int isle_alloc_block(int fd, unsigned int order, unsigned int migratetype,
		     int nid, unsigned int flags, uint64_t *handle)
{
	struct isle_block block = {
		.order		= order,
		.migratetype	= migratetype,
		.nid		= nid,
		.flags		= flags,
	};

	if (ioctl(fd, ISLE_IOC_ALLOC, &block))
		return -1;
	*handle = block.handle;
	return 0;
}

int isle_free_block(int fd, uint64_t handle)
{
	struct isle_free request = { .handle = handle };

	return ioctl(fd, ISLE_IOC_FREE, &request);
}

int isle_get_block(int fd, uint64_t handle, struct isle_block *block)
{
	memset(block, 0, sizeof(*block));
	block->handle = handle;
	return ioctl(fd, ISLE_IOC_QUERY, block);
}
