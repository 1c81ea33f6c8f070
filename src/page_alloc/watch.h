/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether anybody wants to see each page that is allocated or freed: debug=1, or
 * a tracer of page_alloc or page_free.
 *
 * Then the fast paths leave each to isle_prep() and isle_free_slow(), where it
 * can be looked at. There is one branch for all who watch, so that tracing
 * added no instruction to the fast paths. Counterpart: trace_pagefault_key of
 * arch/x86/mm/fault.c, which two tracepoints share in this way.
 */
#ifndef _ISLE_WATCH_H
#define _ISLE_WATCH_H

#include <linux/jump_label.h>

DECLARE_STATIC_KEY_FALSE(isle_watch_key);

static __always_inline bool isle_watched(void)
{
	return static_branch_unlikely(&isle_watch_key);
}

/**
 * isle_watch_begin - somebody wants to see each page
 *
 * Counted. Context: process, may sleep. Return: 0, as tracepoints want it.
 */
int isle_watch_begin(void);

/**
 * isle_watch_end - undo isle_watch_begin()
 */
void isle_watch_end(void);

#endif /* _ISLE_WATCH_H */
