// SPDX-License-Identifier: GPL-2.0
/*
 * Uses isle as any other module would: includes isle/isle.h and links to what
 * it exports. The results are in debugfs: isle_api_test/results.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/gfp.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/vmalloc.h>

#include "api.h"

enum { RESULTS_SIZE = 64 << 10 };

static struct dentry *folder;
static char *results;
static size_t length;
static unsigned int tests, failed;

static __printf(1, 0) void put_line(const char *format, va_list args)
{
	length += vscnprintf(results + length, RESULTS_SIZE - length, format,
			     args);
	length += scnprintf(results + length, RESULTS_SIZE - length, "\n");
}

static __printf(1, 2) void put(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_line(format, args);
	va_end(args);
}

bool check(bool holds, const char *format, ...)
{
	struct va_format description = { .fmt = format };
	va_list args;

	va_start(args, format);
	description.va = &args;
	put("%sok %u - %pV", holds ? "" : "not ", ++tests, &description);
	va_end(args);
	failed += !holds;
	return holds;
}

void skip(const char *what, const char *why)
{
	put("ok %u - %s # SKIP %s", ++tests, what, why);
}

void note(const char *format, ...)
{
	struct va_format text = { .fmt = format };
	va_list args;

	va_start(args, format);
	text.va = &args;
	put("# %pV", &text);
	va_end(args);
}

void expect_log(const char *regex)
{
	put("# kernel log: %s", regex);
}

struct page *kernel_page(void)
{
	return alloc_page(GFP_KERNEL);
}

static int results_show(struct seq_file *seq, void *unused)
{
	seq_write(seq, results, length);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(results);

static int __init isle_api_test_init(void)
{
	results = vzalloc(RESULTS_SIZE);
	if (!results)
		return -ENOMEM;

	test_calls();
	test_replaced();
	test_irq();
	test_misuse();
	put("1..%u", tests);

	folder = debugfs_create_dir(KBUILD_MODNAME, NULL);
	debugfs_create_file("results", 0444, folder, NULL, &results_fops);
	pr_info("%u of %u failed\n", failed, tests);
	return 0;
}
module_init(isle_api_test_init);

static void __exit isle_api_test_exit(void)
{
	debugfs_remove_recursive(folder);
	vfree(results);
}
module_exit(isle_api_test_exit);

MODULE_DESCRIPTION("Test of isle's kernel API, from outside");
MODULE_LICENSE("GPL");
