/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /dev/isle: processes on isle memory.
 *
 *   opener ── limit, blocks, counters            one an open(2)
 *     ├─ backing ── cache ── object             if it is bound to a file
 *     └─ object ── address_space                 what the opener is
 *          ├─ store: chunks of 2 MB ── frames    its own pages, by offset
 *          └─ layer ── store ── frames           one a MAP_PRIVATE mapping
 *               └─ VMAs, found by i_mmap         more after a split
 *
 * A fault locks the chunk that its offset lies in, finds or makes the frame,
 * sets page table entries and unlocks. Locks, outermost first: mmap or VMA
 * lock, a layer's chunk, an object's chunk, i_mmap, page table.
 */
#ifndef _ISLE_VM_H
#define _ISLE_VM_H

#include <linux/kconfig.h>

struct isle;
struct isle_stats;

#if IS_ENABLED(CONFIG_UML)
static inline int isle_vm_init(struct isle *isle)
{
	return 0;
}

static inline void isle_vm_exit(void) { }
static inline void isle_vm_stats(struct isle_stats *stats) { }
#else
/**
 * isle_vm_init - show the device
 * @isle: where its memory comes from
 *
 * Return: 0 or an errno, with nothing left behind.
 */
int isle_vm_init(struct isle *isle);

/**
 * isle_vm_exit - take the device away
 *
 * There are no openers any more: each holds a reference to the module.
 */
void isle_vm_exit(void);

/**
 * isle_vm_stats - fill in openers and faults
 * @stats: what isle_stat_instance() has filled in
 */
void isle_vm_stats(struct isle_stats *stats);
#endif

#endif /* _ISLE_VM_H */
