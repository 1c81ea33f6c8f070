// SPDX-License-Identifier: GPL-2.0
/* debugfs isle/leaks. Counterpart: mm/page_owner.c. */

#include <linux/seq_file.h>

#include "page_alloc/debug.h"
#include "stat/debugfs.h"

int isle_leaks_show(struct seq_file *seq, void *unused)
{
	return isle_debug_leaks(seq->private, seq);
}
