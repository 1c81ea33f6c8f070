/* SPDX-License-Identifier: GPL-2.0 */
/* Blocks that a process holds by handle, without mapping them. */
#ifndef _ISLE_BLOCK_H
#define _ISLE_BLOCK_H

#include <uapi/isle.h>

struct isle_vm_opener;

void isle_blocks_init(struct isle_vm_opener *opener);

/**
 * isle_blocks_destroy - free what an opener left behind
 * @opener: the opener
 */
void isle_blocks_destroy(struct isle_vm_opener *opener);

/**
 * isle_block_alloc - ISLE_IOC_ALLOC
 * @opener: the opener
 * @block: as in the UAPI
 *
 * Return: 0, -EINVAL, -ENOMEM.
 */
int isle_block_alloc(struct isle_vm_opener *opener, struct isle_block *block);

/**
 * isle_block_free - ISLE_IOC_FREE
 * @opener: the opener
 * @handle: as in the UAPI
 *
 * Return: 0 or -ENOENT.
 */
int isle_block_free(struct isle_vm_opener *opener, u64 handle);

/**
 * isle_block_query - ISLE_IOC_QUERY
 * @opener: the opener
 * @block: as in the UAPI
 *
 * Return: 0, -EINVAL or -ENOENT.
 */
int isle_block_query(struct isle_vm_opener *opener, struct isle_block *block);

#endif /* _ISLE_BLOCK_H */
