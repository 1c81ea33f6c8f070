/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Quarantine: exposed frames that were freed while the kernel pins them.
 *
 * A page that was mapped where get_user_pages() reaches it may be the target
 * of I/O when its last owner frees it. It is not reused until the kernel's own
 * count is back where it was at carving. Nobody tells isle when that happens,
 * so delayed work looks again every tenth of a second while there are any, and
 * an allocation that finds no memory looks too.
 */
#ifndef _ISLE_QUARANTINE_H
#define _ISLE_QUARANTINE_H

#include "instance.h"

void isle_quarantine_init(struct isle *isle);

/**
 * isle_quarantine_add - keep a block from being reused while it is pinned
 * @isle: the instance
 * @id: a block with no reference left
 *
 * Context: any but NMI.
 */
void isle_quarantine_add(struct isle *isle, u32 id);

/**
 * isle_quarantine_rescan - free the blocks that nobody pins any more
 * @isle: the instance
 *
 * Context: any but NMI.
 */
void isle_quarantine_rescan(struct isle *isle);

/**
 * isle_quarantine_stop - stop looking; what is still pinned stays
 * @isle: the instance
 *
 * Context: process, may sleep.
 */
void isle_quarantine_stop(struct isle *isle);

#endif /* _ISLE_QUARANTINE_H */
