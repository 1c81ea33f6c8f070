/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Everything that differs between the kernels isle builds for: 6.1, 6.12, 7.2.
 *
 * The only file that looks at LINUX_VERSION_CODE. Each name says what it does;
 * the rest of isle reads as if there were one kernel.
 */
#ifndef _ISLE_COMPAT_H
#define _ISLE_COMPAT_H

#include <linux/export.h>
#include <linux/version.h>

/* Internals that the KUnit module reaches; nothing without KUNIT. */
#if IS_ENABLED(CONFIG_KUNIT)
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define ISLE_EXPORT_FOR_KUNIT(sym) EXPORT_SYMBOL_NS_GPL(sym, "ISLE_KUNIT")
#define ISLE_IMPORT_FOR_KUNIT() MODULE_IMPORT_NS("ISLE_KUNIT")
#else
#define ISLE_EXPORT_FOR_KUNIT(sym) EXPORT_SYMBOL_NS_GPL(sym, ISLE_KUNIT)
#define ISLE_IMPORT_FOR_KUNIT() MODULE_IMPORT_NS(ISLE_KUNIT)
#endif
#else
#define ISLE_EXPORT_FOR_KUNIT(sym)
#endif

/* Since 6.18 a workqueue has to say that its items run where they are queued. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0)
#define ISLE_WQ_PERCPU WQ_PERCPU
#else
#define ISLE_WQ_PERCPU 0
#endif

/* The stack depot, or its absence: stacks are then "unknown". */
#include <linux/stackdepot.h>

#if IS_ENABLED(CONFIG_STACKDEPOT)
#define isle_stackdepot_init() stack_depot_init()
#define isle_stackdepot_save(entries, nr) \
	stack_depot_save(entries, nr, GFP_NOWAIT | __GFP_NOWARN)
#define isle_stackdepot_print(stack) stack_depot_print(stack)
#define isle_stackdepot_snprint(stack, buf, size) \
	stack_depot_snprint(stack, buf, size, 1)
#else
#define isle_stackdepot_init() (0)
#define isle_stackdepot_save(entries, nr) ((void)(entries), (void)(nr), 0)
#define isle_stackdepot_print(stack) ((void)(stack))
#define isle_stackdepot_snprint(stack, buf, size) (0)
#endif

#endif /* _ISLE_COMPAT_H */
