// SPDX-License-Identifier: GPL-2.0
/*
 * The system's switches for transparent huge pages: see thp.h. Counterparts:
 * enabled_show() and anon_enabled_show() of mm/huge_memory.c.
 *
 * The variables behind them are not exported, so they are asked for as sysfs
 * does it: by the functions that show them.
 */

#include <linux/gfp.h>
#include <linux/kernfs.h>
#include <linux/kobject.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include <uapi/isle.h>

#include "thp.h"

/**
 * struct thp_switch - a file "enabled"
 * @folder: where it is
 * @file: it, or NULL
 */
struct thp_switch {
	struct kernfs_node *folder;
	struct kernfs_node *file;
};

static struct thp_switch all;	/* for all sizes of page */
static struct thp_switch size;	/* for 2 MB; since 6.8 */

static void find(struct thp_switch *s, struct kernfs_node *parent,
		 const char *name)
{
	s->folder = parent ? kernfs_find_and_get(parent, name) : NULL;
	s->file = s->folder ? kernfs_find_and_get(s->folder, "enabled") : NULL;
}

static void forget(struct thp_switch *s)
{
	kernfs_put(s->file);
	kernfs_put(s->folder);
}

void isle_thp_init(void)
{
	struct kernfs_node *mm;

	mm = kernel_kobj ? kernfs_find_and_get(kernel_kobj->sd, "mm") : NULL;
	find(&all, mm, "transparent_hugepage");
	find(&size, all.folder, "hugepages-2048kB");
	kernfs_put(mm);
}

void isle_thp_exit(void)
{
	forget(&size);
	forget(&all);
}

/* The word in brackets, in a page of its own, which sysfs_emit() wants. */
static bool says(const struct thp_switch *s, char *page, const char *word)
{
	struct kobject *kobj = s->folder->priv;

	if (kobj->ktype->sysfs_ops->show(kobj, s->file->priv, page) <= 0)
		return false;
	return strstr(page, word);
}

static unsigned int ask(const struct thp_switch *s, char *page)
{
	if (says(s, page, "[always]"))
		return ISLE_HUGE_ALWAYS;
	if (says(s, page, "[madvise]"))
		return ISLE_HUGE_ADVISE;
	return ISLE_HUGE_NEVER;
}

unsigned int isle_thp_allowed(void)
{
	const struct thp_switch *s = &all;
	unsigned int allowed;
	char *page;

	if (!all.file)
		return 0;
	page = (char *)__get_free_page(GFP_KERNEL);
	if (!page)
		return ISLE_HUGE_NEVER;
	if (size.file && !says(&size, page, "[inherit]"))
		s = &size;
	allowed = ask(s, page);
	free_page((unsigned long)page);
	return allowed;
}
