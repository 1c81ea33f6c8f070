// SPDX-License-Identifier: GPL-2.0
/* The kernel's log: see klog.h. */

#include <linux/string.h>

#include "klog.h"

void klog_mark(struct klog *log)
{
	kmsg_dump_rewind(&log->from);
	log->from.cur_seq = log->from.next_seq;
}

unsigned int klog_count(const struct klog *log, const char *text)
{
	struct kmsg_dump_iter iter = log->from;
	unsigned int count = 0;
	char line[512];
	size_t len;

	while (kmsg_dump_get_line(&iter, false, line, sizeof(line) - 1, &len)) {
		line[len] = '\0';
		count += !!strstr(line, text);
	}
	return count;
}
