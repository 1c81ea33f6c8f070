/* SPDX-License-Identifier: GPL-2.0 */
/* Private faults that map 2 MB by one entry, where kernel and policy allow it. */
#ifndef _ISLE_HUGE_H
#define _ISLE_HUGE_H

#include <linux/mm.h>

struct isle_fault;
struct isle_layer;

/**
 * isle_huge_may - whether a fault is to try it
 * @vma: a private VMA
 * @address: in it
 *
 * By the opener's policy and the VMA's advice, and if the VMA has all of the
 * 2 MB around @address, at offsets aligned as they are.
 */
bool isle_huge_may(struct vm_area_struct *vma, unsigned long address);

/**
 * isle_huge - map 2 MB
 * @fault: the fault, begun as for reading
 * @vmf: it, as the core sees it
 *
 * Return: 0, or an errno if small entries are to be used.
 */
int isle_huge(struct isle_fault *fault, struct vm_fault *vmf);

/**
 * isle_huge_forget - a layer that nothing maps any more has seen 2 MB of zeroes
 * @layer: the layer
 */
void isle_huge_forget(struct isle_layer *layer);

/* Somebody wants pages of 2 MB: say in the log if the system does not. */
void isle_huge_say(void);

#endif /* _ISLE_HUGE_H */
