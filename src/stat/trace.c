// SPDX-License-Identifier: GPL-2.0
/* Where the tracepoints of include/trace/isle.h live. */

#include <linux/mm_types.h>

#include "page_alloc/instance.h"
#include "vm/faultstat.h"

#define CREATE_TRACE_POINTS
#include <trace/isle.h>

/* What the header has numbers for. */
static_assert(ISLE_UNMOVABLE == 0 && ISLE_MOVABLE == 1 &&
	      ISLE_RECLAIMABLE == 2 && ISLE_HIGHATOMIC == 3 &&
	      ISLE_CMA == 4 && ISLE_ISOLATE == 5);
static_assert(ISLE_ZONE_DMA32 == 0 && ISLE_ZONE_NORMAL == 1 &&
	      ISLE_ZONE_MOVABLE == 2);
static_assert(ISLE_WMARK_MIN == 0 && ISLE_WMARK_LOW == 1 &&
	      ISLE_WMARK_HIGH == 2);
static_assert(ISLE_FAULT_ZERO == 0 && ISLE_FAULT_ANON == 1 &&
	      ISLE_FAULT_COW == 2 && ISLE_FAULT_REUSE == 3 &&
	      ISLE_NR_FAULT_EVENTS == 9);
static_assert((__force unsigned int)VM_FAULT_SIGBUS == 0x2 &&
	      (__force unsigned int)VM_FAULT_NOPAGE == 0x100);
