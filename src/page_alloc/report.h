/* SPDX-License-Identifier: GPL-2.0 */
/* What the allocator says to the log. Rate-limited, each of them. */
#ifndef _ISLE_REPORT_H
#define _ISLE_REPORT_H

#include "instance.h"

/**
 * isle_report_failure - say that an allocation failed, and the state of memory
 * @isle: the instance
 * @gfp: the request's flags; nothing is said with __GFP_NOWARN
 * @order: its order
 * @user: whether it was on behalf of /dev/isle
 *
 * As warn_alloc() and show_mem(). Context: any but NMI.
 */
void isle_report_failure(struct isle *isle, gfp_t gfp, unsigned int order,
			 bool user);

/**
 * isle_report_bad_free - say that something was freed that can't be
 * @isle: the instance
 * @id: the frame
 * @order: the order that the caller gave
 */
void isle_report_bad_free(struct isle *isle, u32 id, unsigned int order);

/**
 * isle_report_bad_split - say that a block was split that can't be
 * @isle: the instance
 * @id: the frame
 * @order: the order that the caller gave
 */
void isle_report_bad_split(struct isle *isle, u32 id, unsigned int order);

/**
 * isle_report_bad_get - say that a reference to a free frame was asked for
 * @isle: the instance
 * @id: the frame
 */
void isle_report_bad_get(struct isle *isle, u32 id);

/**
 * isle_report_foreign - say that a call was given a page that isle doesn't own
 * @isle: the instance
 * @pfn: the page
 * @call: what was called
 */
void isle_report_foreign(struct isle *isle, unsigned long pfn,
			 const char *call);

/**
 * isle_report_zones - print the zone table
 * @isle: the instance
 */
void isle_report_zones(const struct isle *isle);

#endif /* _ISLE_REPORT_H */
