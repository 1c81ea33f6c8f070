// SPDX-License-Identifier: GPL-2.0
/* isle, through the API that other modules call. */

#include <isle/isle.h>

#define PEER			bench_isle
#define PEER_NAME		"isle"
#define peer_alloc(gfp, order)	isle_alloc_pages(gfp, order)
#define peer_free(page, order)	__isle_free_pages(page, order)

#include "peer.h"
