/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel's log was told: for tests of what isle reports. */
#ifndef _ISLE_KLOG_H
#define _ISLE_KLOG_H

#include <linux/kmsg_dump.h>

/**
 * struct klog - a place in the kernel's log
 * @from: where to read on
 */
struct klog {
	struct kmsg_dump_iter from;
};

/**
 * klog_mark - remember where the log ends now
 * @log: the place
 */
void klog_mark(struct klog *log);

/**
 * klog_count - how many lines since the mark contain a text
 * @log: the mark
 * @text: what to look for
 */
unsigned int klog_count(const struct klog *log, const char *text);

#endif /* _ISLE_KLOG_H */
