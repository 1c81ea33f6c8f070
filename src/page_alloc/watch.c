// SPDX-License-Identifier: GPL-2.0
/* Seeing each page: see watch.h. */

#include "watch.h"

DEFINE_STATIC_KEY_FALSE(isle_watch_key);

int isle_watch_begin(void)
{
	static_branch_inc(&isle_watch_key);
	return 0;
}

void isle_watch_end(void)
{
	static_branch_dec(&isle_watch_key);
}
