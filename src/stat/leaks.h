/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ISLE_LEAKS_H
#define _ISLE_LEAKS_H

struct isle;

/**
 * isle_leaks_init - show debugfs isle/leaks
 * @isle: the instance
 *
 * Blocks that are allocated, grouped by the stack that took them. The file is
 * there with debug=1 only: without it nobody has noted the stacks.
 */
void isle_leaks_init(struct isle *isle);

/**
 * isle_leaks_exit - take the file away; waits for its readers
 */
void isle_leaks_exit(void);

#endif /* _ISLE_LEAKS_H */
