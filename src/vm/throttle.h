/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Faults that wait for write-back, with no lock held where the core lets them: it
 * needs the file's own lock. Counterparts: balance_dirty_pages(), reclaim_throttle().
 */
#ifndef _ISLE_THROTTLE_H
#define _ISLE_THROTTLE_H

#include <linux/mm.h>

/**
 * isle_throttle - let who writes to a file wait while too much is dirty
 * @vmf: a write fault in a shared mapping of a file
 *
 * Once for each fault: who is let go on may make a page more dirty than should
 * be. Not in a system call: read(2) may hold the lock of the file that it reads,
 * which may be this one. Return: 0, or what the handler is to return; the core faults again.
 */
vm_fault_t isle_throttle(struct vm_fault *vmf);

/**
 * isle_wait_clean - wait for pages of files to become clean
 * @vmf: a fault that found no memory
 * @tries: how often it has waited here
 * @result: out: what the handler is to return, if anything
 *
 * Until a page is written, or a second has gone by; the first time with no lock held:
 * the core faults again. Others may take what became clean, or what is written to may
 * be slow, so it may wait some times more, with the mmap or VMA lock held then; but
 * not for ever, as it may be in a system call.
 * Return: whether to try again.
 */
bool isle_wait_clean(struct vm_fault *vmf, unsigned int *tries,
		     vm_fault_t *result);

#endif /* _ISLE_THROTTLE_H */
