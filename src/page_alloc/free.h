/* SPDX-License-Identifier: GPL-2.0 */
/* Freeing, below references: what free.c offers to quarantine.c. */
#ifndef _ISLE_FREE_H
#define _ISLE_FREE_H

#include "instance.h"

/**
 * isle_release_block - give a block with no reference left to the lists
 * @isle: the instance
 * @id: its first frame
 *
 * Context: any but NMI.
 */
void isle_release_block(struct isle *isle, u32 id);

#endif /* _ISLE_FREE_H */
