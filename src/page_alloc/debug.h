/* SPDX-License-Identifier: GPL-2.0 */
/*
 * debug=1: poison, owner stacks and red checks.
 *
 * Off, each hook costs one static branch. The branches are switched once, when
 * the first instance with debugging is made; after that the instance's own
 * flag decides.
 */
#ifndef _ISLE_DEBUG_H
#define _ISLE_DEBUG_H

#include <linux/jump_label.h>

#include "instance.h"

struct seq_file;

DECLARE_STATIC_KEY_FALSE(isle_debug_key);

static inline bool isle_debug(const struct isle *isle)
{
	return static_branch_unlikely(&isle_debug_key) && isle->debug;
}

int isle_debug_init(struct isle *isle);
void isle_debug_exit(struct isle *isle);

void __isle_debug_alloc(struct isle *isle, u32 id, unsigned int order);
void __isle_debug_free(struct isle *isle, u32 id, unsigned int order);
void __isle_debug_split(struct isle *isle, u32 id, unsigned int order);
void __isle_debug_check_links(struct isle_zone *zone, u32 id,
			      unsigned int order, enum isle_migratetype mt);

/* Check the poison of a block that is being allocated; note who takes it. */
static inline void isle_debug_alloc(struct isle *isle, u32 id,
				    unsigned int order)
{
	if (isle_debug(isle))
		__isle_debug_alloc(isle, id, order);
}

/* Poison a block that is being freed; note who frees it. */
static inline void isle_debug_free(struct isle *isle, u32 id,
				   unsigned int order)
{
	if (isle_debug(isle))
		__isle_debug_free(isle, id, order);
}

/* A block became single frames: each has its stacks. */
static inline void isle_debug_split(struct isle *isle, u32 id,
				    unsigned int order)
{
	if (isle_debug(isle))
		__isle_debug_split(isle, id, order);
}

/* Red check: a block about to leave its list is what its neighbours say. */
static inline void isle_debug_check_links(struct isle_zone *zone, u32 id,
					  unsigned int order,
					  enum isle_migratetype mt)
{
	if (isle_debug(zone->isle))
		__isle_debug_check_links(zone, id, order, mt);
}

/**
 * isle_debug_print_owner - print who allocated and who freed a frame last
 * @isle: the instance
 * @id: the first frame of a block
 *
 * Without debug=1 there is only what struct isle_frame knows: the address
 * that the kernel API was called from.
 */
void isle_debug_print_owner(struct isle *isle, u32 id);

/**
 * isle_debug_print_stacks - print a frame's allocation and free stacks
 * @isle: the instance
 * @id: a frame
 *
 * Prints nothing without debug=1. Context: any but NMI.
 */
void isle_debug_print_stacks(struct isle *isle, u32 id);

/**
 * isle_debug_leaks - list allocated blocks, grouped by the stack that took them
 * @isle: the instance, with debugging
 * @seq: where to print; the largest holder first
 *
 * Context: process, may sleep. Return: 0 or -ENOMEM.
 */
int isle_debug_leaks(struct isle *isle, struct seq_file *seq);

#endif /* _ISLE_DEBUG_H */
