// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/sched.h>

#include "page_alloc/instance.h"
#include "stat/gone.h"

enum { MAX_GONE = 16 };

/* Whoever changes the table has the lock; addresses and names do not change. */
static DEFINE_MUTEX(gone_lock);

static struct gone {
	const void *addr;
	const struct module *mod;	/* only compared; may be gone */
	unsigned long pages;		/* taken there, when last counted */
	unsigned long left;		/* of these, by who was there before */
	char name[KSYM_SYMBOL_LEN];
} gone[MAX_GONE];
static unsigned int nr_gone;

static struct isle *watched;

/* Whether a module uses symbols of any other; isle may be among them. */
static bool uses_modules(const struct module *mod)
{
#ifdef CONFIG_MODULE_UNLOAD
	return !list_empty(&mod->target_list);
#else
	return true;
#endif
}

static struct gone *find(const void *addr)
{
	/* Pairs with the release in remember(). */
	unsigned int nr = smp_load_acquire(&nr_gone), i;

	for (i = 0; i < nr; i++)
		if (gone[i].addr == addr)
			return &gone[i];
	return NULL;
}

static struct gone *remember(const void *addr)
{
	struct gone *entry = &gone[nr_gone];

	lockdep_assert_held(&gone_lock);
	if (nr_gone == MAX_GONE)
		return NULL;
	entry->addr = addr;
	snprintf(entry->name, sizeof(entry->name), "%pS", addr);
	smp_store_release(&nr_gone, nr_gone + 1); /* whole by now: find() */
	return entry;
}

/*
 * Count a frame to a module if code of it took it, its init code included.
 * Return: pages, if there is no entry to count them in.
 */
static unsigned long count_frame(const struct module *mod,
				 const struct isle_frame *frame)
{
	const void *owner = READ_ONCE(frame->owner);
	bool within = within_module((unsigned long)owner, mod);
	struct gone *entry;

	if (READ_ONCE(frame->state) != ISLE_FRAME_ALLOCATED)
		return 0;
	entry = within || nr_gone ? find(owner) : NULL;
	if (within && !entry)
		entry = remember(owner);
	if (!entry)
		return within ? 1UL << frame->order : 0;
	if (within)
		entry->mod = mod;
	if (entry->mod == mod)
		entry->pages += 1UL << frame->order;
	return 0;
}

/*
 * A glimpse, for others go on allocating and freeing. Another module may have been
 * where this one is, and left pages that are not its fault.
 */
static unsigned long count_pages_of(const struct module *mod)
{
	unsigned long nr = 0;
	unsigned int i;
	u32 id;

	for (i = 0; i < nr_gone; i++)
		gone[i].pages = 0;
	for (id = 0; id < watched->nr_frames; id++) {
		nr += count_frame(mod, isle_frame(watched, id));
		if (IS_ALIGNED(id, ISLE_TOP_FRAMES))
			cond_resched();
	}
	for (i = 0; i < nr_gone; i++) {
		if (gone[i].pages > gone[i].left)
			nr += gone[i].pages - gone[i].left;
	}
	return nr;
}

/* What it took and did not free is nobody's who comes after it. */
static void leave_pages_of(const struct module *mod)
{
	unsigned int i;

	for (i = 0; i < nr_gone; i++) {
		if (gone[i].mod == mod) {
			gone[i].left = gone[i].pages;
			gone[i].mod = NULL;
		}
	}
}

/* Init code is gone soon after the module is live, so that is looked at then. */
static int module_changes(struct notifier_block *nb, unsigned long state,
			  void *data)
{
	const struct module *mod = data;
	unsigned long nr;

	if ((state != MODULE_STATE_LIVE && state != MODULE_STATE_GOING) ||
	    !uses_modules(mod))
		return NOTIFY_DONE;
	mutex_lock(&gone_lock);
	nr = count_pages_of(mod);
	if (state == MODULE_STATE_GOING)
		leave_pages_of(mod);
	mutex_unlock(&gone_lock);
	if (nr && state == MODULE_STATE_GOING)
		pr_warn("module %s goes away, and %lu pages that it took are still allocated\n",
			mod->name, nr);
	return NOTIFY_OK;
}

static struct notifier_block notifier = {
	.notifier_call = module_changes,
};

void isle_gone_init(struct isle *isle)
{
	watched = isle;
	register_module_notifier(&notifier);
}

void isle_gone_exit(void)
{
	unregister_module_notifier(&notifier);
}

const char *isle_gone_name(const void *addr)
{
	const struct gone *entry = find(addr);

	return entry ? entry->name : NULL;
}
