/* SPDX-License-Identifier: GPL-2.0 */
/* All openers, for those who want to know who holds isle's memory. */
#ifndef _ISLE_OPENERS_H
#define _ISLE_OPENERS_H

struct isle_openers;
struct isle_vm_opener;

/**
 * isle_openers_add - note who opens the device, and let others see it
 * @opener: the opener, complete
 *
 * Return: 0 or -ENOMEM.
 */
int isle_openers_add(struct isle_vm_opener *opener);

/**
 * isle_openers_note - this process is the one that uses an opener now
 * @opener: the opener; it may be another's from before a fork, or sent by one
 */
void isle_openers_note(struct isle_vm_opener *opener);

/**
 * isle_openers_remove - undo isle_openers_add()
 * @opener: the opener; nobody looks at it any more when this returns
 */
void isle_openers_remove(struct isle_vm_opener *opener);

/**
 * isle_openers_list - tell about some openers
 * @answer: next says from which on; the rest is overwritten
 *
 * Those that the caller may know of. Ends early for a task that is being killed.
 * Context: process, may sleep.
 */
void isle_openers_list(struct isle_openers *answer);

#endif /* _ISLE_OPENERS_H */
