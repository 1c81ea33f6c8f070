// SPDX-License-Identifier: GPL-2.0
/* The kernel's own page allocator. */

#include <linux/gfp.h>

#define PEER			bench_kernel
#define PEER_NAME		"kernel"
#define peer_alloc(gfp, order)	alloc_pages(gfp, order)
#define peer_free(page, order)	__free_pages(page, order)

#include "peer.h"
