/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the system lets transparent huge pages be used for: the switches in
 * /sys/kernel/mm/transparent_hugepage.
 */
#ifndef _ISLE_THP_H
#define _ISLE_THP_H

/**
 * isle_thp_allowed - what the switches say about pages of 2 MB now
 *
 * Context: process, may sleep.
 * Return: ISLE_HUGE_NEVER, ISLE_HUGE_ADVISE or ISLE_HUGE_ALWAYS; 0 if there are
 * no switches.
 */
unsigned int isle_thp_allowed(void);

void isle_thp_init(void);
void isle_thp_exit(void);

#endif /* _ISLE_THP_H */
