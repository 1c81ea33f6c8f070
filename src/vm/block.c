// SPDX-License-Identifier: GPL-2.0
/* Blocks: see block.h. */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/capability.h>
#include <linux/nodemask.h>
#include <linux/ratelimit.h>
#include <linux/sched.h>

#include "block.h"
#include "opener.h"
#include "page_alloc/alloc.h"
#include "shrink.h"

static_assert((int)ISLE_MT_UNMOVABLE == (int)ISLE_UNMOVABLE);
static_assert((int)ISLE_MT_MOVABLE == (int)ISLE_MOVABLE);
static_assert((int)ISLE_MT_RECLAIMABLE == (int)ISLE_RECLAIMABLE);
static_assert((int)ISLE_MT_HIGHATOMIC == (int)ISLE_HIGHATOMIC);
static_assert((int)ISLE_MT_CMA == (int)ISLE_CMA);

#define BLOCK_FLAGS	(ISLE_BLOCK_NOWAIT | ISLE_BLOCK_COMP)

/* A block in the xarray, without memory of its own: order and frame id. */
static void *block_entry(u32 id, unsigned int order)
{
	return xa_mk_value((unsigned long)order << 32 | id);
}

static u32 block_id(const void *entry)
{
	return lower_32_bits(xa_to_value(entry));
}

static unsigned int block_order(const void *entry)
{
	return upper_32_bits(xa_to_value(entry));
}

static void block_release(struct isle_vm_opener *opener, const void *entry)
{
	unsigned int order = block_order(entry);

	isle_free_frames(opener->isle, block_id(entry), order);
	atomic_long_sub(BIT(order), &opener->held_blocks);
	isle_opener_uncharge(opener, BIT(order));
}

void isle_blocks_init(struct isle_vm_opener *opener)
{
	xa_init_flags(&opener->blocks, XA_FLAGS_ALLOC1 | XA_FLAGS_ACCOUNT);
}

void isle_blocks_destroy(struct isle_vm_opener *opener)
{
	unsigned long handle;
	void *entry;

	xa_for_each(&opener->blocks, handle, entry) {
		block_release(opener, entry);
		cond_resched();
	}
	xa_destroy(&opener->blocks);
}

static bool node_is_valid(int nid)
{
	return nid == NUMA_NO_NODE ||
	       (nid >= 0 && nid < MAX_NUMNODES && node_online(nid));
}

static gfp_t block_gfp(const struct isle_block *block)
{
	gfp_t gfp = GFP_KERNEL;

	if (block->flags & ISLE_BLOCK_NOWAIT)
		gfp = GFP_NOWAIT;
	if (block->flags & ISLE_BLOCK_COMP)
		gfp |= __GFP_COMP;
	if (block->migratetype == ISLE_MT_MOVABLE ||
	    block->migratetype == ISLE_MT_CMA)
		gfp |= __GFP_HIGHMEM | __GFP_MOVABLE;
	else if (block->migratetype == ISLE_MT_RECLAIMABLE)
		gfp |= __GFP_RECLAIMABLE;
	return gfp | __GFP_NOWARN;
}

/* Freed pages seldom make a large block. */
static bool may_shrink(const struct isle_block *block)
{
	return block->order <= PAGE_ALLOC_COSTLY_ORDER &&
	       !(block->flags & ISLE_BLOCK_NOWAIT);
}

static u32 take_block(struct isle_vm_opener *opener,
		      const struct isle_block *block)
{
	unsigned int pages = BIT(block->order), got, tries = 0;
	u32 id = ISLE_NO_FRAME;

	got = isle_opener_charge(opener, pages);
	if (got < pages)
		goto out;
	do {
		id = isle_alloc_typed(opener->isle, block_gfp(block),
				      block->order, block->nid,
				      block->migratetype, true);
	} while (id == ISLE_NO_FRAME && may_shrink(block) &&
		 isle_shrink_retry(opener->isle, -ENOMEM, &tries));
out:
	if (id == ISLE_NO_FRAME)
		isle_opener_uncharge(opener, got);
	return id;
}

static void describe(const struct isle_vm_opener *opener, const void *entry,
		     struct isle_block *block)
{
	struct isle *isle = opener->isle;
	u32 id = block_id(entry);
	const struct isle_frame *frame = isle_frame(isle, id);

	block->order = block_order(entry);
	block->migratetype = isle_pageblock_type(isle, id);
	block->nid = isle_frame_zone(isle, frame)->nid;
	block->flags = frame->flags & ISLE_FRAME_COMP ? ISLE_BLOCK_COMP : 0;
	block->phys = capable(CAP_SYS_ADMIN) ?
		      PFN_PHYS(isle_id_to_pfn(isle, id)) : 0;
	block->zone = frame->zone;
	block->references = atomic_read(&frame->ref);
}

int isle_block_alloc(struct isle_vm_opener *opener, struct isle_block *block)
{
	u32 id, handle;
	void *entry;
	int err;

	if (block->order > ISLE_TOP_ORDER || block->flags & ~BLOCK_FLAGS ||
	    block->migratetype >= ISLE_MT_ISOLATE || !node_is_valid(block->nid))
		return -EINVAL;
	isle_opener_use(opener);
	id = take_block(opener, block);
	if (id == ISLE_NO_FRAME) {
		pr_info_ratelimited("%s[%d]: no block of order %u\n",
				    current->comm, task_pid_nr(current),
				    block->order);
		return -ENOMEM;
	}
	entry = block_entry(id, block->order);
	atomic_long_add(BIT(block->order), &opener->held_blocks);
	describe(opener, entry, block);
	err = xa_alloc(&opener->blocks, &handle, entry, xa_limit_32b,
		       GFP_KERNEL);
	if (err) {
		block_release(opener, entry);
		return -ENOMEM;
	}
	block->handle = handle;
	return 0;
}

int isle_block_free(struct isle_vm_opener *opener, u64 handle)
{
	void *entry = xa_erase(&opener->blocks, handle);

	if (!entry)
		return -ENOENT;
	block_release(opener, entry);
	return 0;
}

int isle_block_query(struct isle_vm_opener *opener, struct isle_block *block)
{
	const struct isle_block only_handle = { .handle = block->handle };
	void *entry;

	if (memcmp(block, &only_handle, sizeof(*block)))
		return -EINVAL;
	/* Under the lock, or the block could be freed and be another's. */
	xa_lock(&opener->blocks);
	entry = xa_load(&opener->blocks, block->handle);
	if (entry)
		describe(opener, entry, block);
	xa_unlock(&opener->blocks);
	return entry ? 0 : -ENOENT;
}
