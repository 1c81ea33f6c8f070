// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/sched.h>

#include "page_alloc/instance.h"
#include "stat/gone.h"

enum { MAX_GONE = 16 };

/* Written by the notifier, one call at a time; entries do not change. */
static struct gone {
	const void *addr;
	const struct module *mod;	/* only compared; may be gone */
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

static const struct gone *find(const void *addr)
{
	/* Pairs with the release in remember(). */
	unsigned int nr = smp_load_acquire(&nr_gone), i;

	for (i = 0; i < nr; i++)
		if (gone[i].addr == addr)
			return &gone[i];
	return NULL;
}

static void remember(const void *addr, const struct module *mod)
{
	struct gone *entry = &gone[nr_gone];

	if (find(addr) || nr_gone == MAX_GONE)
		return;
	entry->addr = addr;
	entry->mod = mod;
	snprintf(entry->name, sizeof(entry->name), "%pS", addr);
	smp_store_release(&nr_gone, nr_gone + 1); /* whole by now: find() */
}

/* Whether code of a module took a frame, its init code included. */
static bool took(const struct module *mod, const struct isle_frame *frame)
{
	const void *owner = READ_ONCE(frame->owner);
	const struct gone *entry;

	if (READ_ONCE(frame->state) != ISLE_FRAME_ALLOCATED)
		return false;
	if (within_module((unsigned long)owner, mod)) {
		remember(owner, mod);
		return true;
	}
	entry = nr_gone ? find(owner) : NULL;
	return entry && entry->mod == mod;
}

/* A glimpse, for others go on allocating and freeing. */
static unsigned long count_pages_of(const struct module *mod)
{
	const struct isle_frame *frame;
	unsigned long nr = 0;
	u32 id;

	for (id = 0; id < watched->nr_frames; id++) {
		frame = isle_frame(watched, id);
		if (took(mod, frame))
			nr += 1UL << frame->order;
		if (IS_ALIGNED(id, ISLE_TOP_FRAMES))
			cond_resched();
	}
	return nr;
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
	nr = count_pages_of(mod);
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
