/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Faults that wait for write-back, with no lock held: it needs the file's own
 * lock. Counterparts: balance_dirty_pages(), reclaim_throttle().
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
 *
 * For a moment, as it may be in a system call.
 * Return: 0 if there are none, or it has waited already; or what the handler is
 * to return.
 */
vm_fault_t isle_wait_clean(struct vm_fault *vmf);

#endif /* _ISLE_THROTTLE_H */
