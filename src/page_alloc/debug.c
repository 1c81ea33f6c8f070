// SPDX-License-Identifier: GPL-2.0
/*
 * debug=1: see debug.h. Counterparts: mm/page_poison.c, mm/page_owner.c,
 * lib/list_debug.c.
 */

#include <linux/mm.h>
#include <linux/poison.h>
#include <linux/printk.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/stackdepot.h>
#include <linux/stacktrace.h>
#include <linux/string.h>
#include <linux/xarray.h>

#include "compat.h"
#include "debug.h"
#include "watch.h"

DEFINE_STATIC_KEY_FALSE(isle_debug_key);

enum { STACK_DEPTH = 16, STACK_TEXT = 2048 };

/**
 * struct isle_debug - what an instance with debugging has besides
 * @alloc_stack: by frame, who allocated it last
 * @free_stack: by frame, who freed it last
 * @poisoned: by frame, whether it ever was; fresh memory is not
 *
 * Vmalloc memory, for it is as large as a quarter of the frame table.
 */
struct isle_debug {
	depot_stack_handle_t *alloc_stack;
	depot_stack_handle_t *free_stack;
	bool *poisoned;
};

int isle_debug_init(struct isle *isle)
{
	size_t size = array_size(isle->nr_frames, sizeof(depot_stack_handle_t));
	struct isle_debug *debug;
	int ret;

	ret = isle_stackdepot_init();
	if (ret)
		return ret;
	debug = kzalloc(sizeof(*debug), GFP_KERNEL);
	if (!debug)
		return -ENOMEM;
	isle->debug = debug;
	isle_watch_begin();
	debug->alloc_stack = kvzalloc(size, GFP_KERNEL);
	debug->free_stack = kvzalloc(size, GFP_KERNEL);
	debug->poisoned = kvzalloc(isle->nr_frames, GFP_KERNEL);
	if (!debug->alloc_stack || !debug->free_stack || !debug->poisoned) {
		isle_debug_exit(isle);
		return -ENOMEM;
	}
	static_branch_enable(&isle_debug_key);
	return 0;
}

void isle_debug_exit(struct isle *isle)
{
	if (!isle->debug)
		return;
	kvfree(isle->debug->alloc_stack);
	kvfree(isle->debug->free_stack);
	kvfree(isle->debug->poisoned);
	kfree(isle->debug);
	isle->debug = NULL;
	isle_watch_end();
}

/* Like page_owner: a stack that can't be kept is 0, "unknown". */
static noinline depot_stack_handle_t save_stack(void)
{
	unsigned long entries[STACK_DEPTH];
	unsigned int nr;

	nr = stack_trace_save(entries, ARRAY_SIZE(entries), 3);
	return isle_stackdepot_save(entries, nr);
}

static void check_poison(struct isle *isle, u32 id)
{
	unsigned char *start = isle_frame_address(isle, id);
	unsigned char *bad;

	if (!start || !isle->debug->poisoned[id])
		return;
	bad = memchr_inv(start, PAGE_POISON, PAGE_SIZE);
	if (!bad)
		return;
	pr_err("isle: pfn %#lx: written to while free, at byte %td\n",
	       isle_id_to_pfn(isle, id), bad - start);
	print_hex_dump(KERN_ERR, "isle: ", DUMP_PREFIX_OFFSET, 16, 1, bad,
		       min_t(size_t, 64, start + PAGE_SIZE - bad), true);
	isle_debug_print_stacks(isle, id);
}

void __isle_debug_alloc(struct isle *isle, u32 id, unsigned int order)
{
	u32 i;

	for (i = id; i < id + BIT(order); i++)
		check_poison(isle, i);
	isle->debug->alloc_stack[id] = save_stack();
}

void __isle_debug_free(struct isle *isle, u32 id, unsigned int order)
{
	depot_stack_handle_t stack = save_stack();
	void *address = isle_frame_address(isle, id);
	u32 i;

	if (address)
		memset(address, PAGE_POISON, PAGE_SIZE << order);
	for (i = id; i < id + BIT(order); i++) {
		isle->debug->free_stack[i] = stack;
		isle->debug->poisoned[i] = true;
	}
}

void __isle_debug_split(struct isle *isle, u32 id, unsigned int order)
{
	depot_stack_handle_t stack = isle->debug->alloc_stack[id];
	u32 i;

	for (i = id; i < id + BIT(order); i++)
		isle->debug->alloc_stack[i] = stack;
}

void __isle_debug_check_links(struct isle_zone *zone, u32 id,
			      unsigned int order, enum isle_migratetype mt)
{
	const struct isle_free_list *list = &zone->free_area[order].list[mt];
	const struct isle_frame *frames = zone->isle->frames;
	const struct isle_frame *frame = frames + id;
	u32 before, after;

	before = frame->prev == ISLE_NO_FRAME ? list->first :
						frames[frame->prev].next;
	after = frame->next == ISLE_NO_FRAME ? list->last :
					       frames[frame->next].prev;
	if (likely(before == id && after == id && list->nr &&
		   frame->order == order && frame->state == ISLE_FRAME_FREE))
		return;
	if (!__ratelimit(&zone->isle->report))
		return;
	pr_err("isle: free list of order %u type %u is corrupt at pfn %#lx: prev's next %#x, next's prev %#x, state %u, order %u\n",
	       order, mt, isle_id_to_pfn(zone->isle, id), before, after,
	       frame->state, frame->order);
	dump_stack();
}
EXPORT_SYMBOL_FOR_KUNIT(__isle_debug_check_links);

static void print_stack(const char *what, depot_stack_handle_t stack)
{
	if (!stack) {
		pr_err("isle: %s: unknown\n", what);
		return;
	}
	pr_err("isle: %s:\n", what);
	isle_stackdepot_print(stack);
}

void isle_debug_print_stacks(struct isle *isle, u32 id)
{
	if (!isle->debug)
		return;
	print_stack("last allocated by", isle->debug->alloc_stack[id]);
	print_stack("last freed by", isle->debug->free_stack[id]);
}
EXPORT_SYMBOL_FOR_KUNIT(isle_debug_print_stacks);

void isle_debug_print_owner(struct isle *isle, u32 id)
{
	const struct isle_frame *frame = isle_frame(isle, id);

	pr_err("isle: pfn %#lx: order %u, %d reference(s), taken by %pS\n",
	       isle_id_to_pfn(isle, id), frame->order,
	       atomic_read(&frame->ref), frame->owner);
	if (isle->debug)
		print_stack("allocated by", isle->debug->alloc_stack[id]);
}
EXPORT_SYMBOL_FOR_KUNIT(isle_debug_print_owner);

/* Blocks allocated from one place. */
struct holder {
	depot_stack_handle_t stack;
	unsigned long blocks;
	unsigned long pages;
};

static int count_holders(struct isle *isle, struct xarray *holders,
			 unsigned int *nr)
{
	u32 id;

	for (id = 0; id < isle->nr_frames; id++) {
		const struct isle_frame *frame = isle_frame(isle, id);
		struct holder *holder;
		u32 stack;
		int ret;

		cond_resched();
		if (READ_ONCE(frame->state) != ISLE_FRAME_ALLOCATED)
			continue;
		stack = isle->debug->alloc_stack[id];
		holder = xa_load(holders, stack);
		if (!holder) {
			holder = kzalloc(sizeof(*holder), GFP_KERNEL);
			if (!holder)
				return -ENOMEM;
			holder->stack = stack;
			ret = xa_err(xa_store(holders, stack, holder,
					      GFP_KERNEL));
			if (ret) {
				kfree(holder);
				return ret;
			}
			(*nr)++;
		}
		holder->blocks++;
		holder->pages += BIT(frame->order);
	}
	return 0;
}

static int by_pages(const void *a, const void *b)
{
	const struct holder *x = *(const struct holder *const *)a;
	const struct holder *y = *(const struct holder *const *)b;

	return x->pages < y->pages ? 1 : x->pages > y->pages ? -1 : 0;
}

static int print_holders(struct seq_file *seq, struct xarray *holders,
			 unsigned int nr)
{
	struct holder **sorted, *holder;
	char *text;
	unsigned long index;
	unsigned int i = 0;

	sorted = kvmalloc_array(max(nr, 1U), sizeof(*sorted), GFP_KERNEL);
	text = kmalloc(STACK_TEXT, GFP_KERNEL);
	if (!sorted || !text) {
		kfree(text);
		kvfree(sorted);
		return -ENOMEM;
	}
	xa_for_each(holders, index, holder)
		sorted[i++] = holder;
	sort(sorted, nr, sizeof(*sorted), by_pages, NULL);
	for (i = 0; i < nr; i++) {
		seq_printf(seq, "%lu pages in %lu blocks allocated by\n",
			   sorted[i]->pages, sorted[i]->blocks);
		if (sorted[i]->stack &&
		    isle_stackdepot_snprint(sorted[i]->stack, text, STACK_TEXT))
			seq_puts(seq, text);
		else
			seq_puts(seq, " (unknown)\n");
		seq_putc(seq, '\n');
	}
	kfree(text);
	kvfree(sorted);
	return 0;
}

int isle_debug_leaks(struct isle *isle, struct seq_file *seq)
{
	struct xarray holders;
	struct holder *holder;
	unsigned int nr = 0;
	unsigned long index;
	int ret;

	xa_init(&holders);
	ret = count_holders(isle, &holders, &nr);
	if (!ret)
		ret = print_holders(seq, &holders, nr);
	xa_for_each(&holders, index, holder)
		kfree(holder);
	xa_destroy(&holders);
	return ret;
}
EXPORT_SYMBOL_FOR_KUNIT(isle_debug_leaks);
