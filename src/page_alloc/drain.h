/* SPDX-License-Identifier: GPL-2.0 */
/* Emptying the per-CPU lists of other CPUs. */
#ifndef _ISLE_DRAIN_H
#define _ISLE_DRAIN_H

#include "instance.h"

/**
 * isle_drain_cpu - bring one CPU's per-CPU lists back to the free lists
 * @isle: the instance
 * @cpu: the CPU; one that is offline has nothing on its lists
 *
 * Context: process, may sleep.
 */
void isle_drain_cpu(struct isle *isle, int cpu);

/**
 * isle_drain_all - bring all per-CPU lists back to the free lists
 * @isle: the instance
 *
 * Context: process, may sleep.
 */
void isle_drain_all(struct isle *isle);

/**
 * isle_drain_create - make ready to drain, also the lists of CPUs that die
 * @isle: with its per-CPU lists made
 *
 * Return: 0, -ENOMEM, or what cpuhp_setup_state_multi() says.
 */
int isle_drain_create(struct isle *isle);

/**
 * isle_drain_destroy - undo isle_drain_create(); drains first
 * @isle: the instance; may be half-made
 */
void isle_drain_destroy(struct isle *isle);

#endif /* _ISLE_DRAIN_H */
