// SPDX-License-Identifier: GPL-2.0
/* Openers: see opener.h. */

#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "backing.h"
#include "block.h"
#include "chunk.h"
#include "main.h"
#include "opener.h"
#include "openers.h"

static atomic_long_t nr_openers;

unsigned long isle_opener_default_limit(void)
{
	unsigned long mb = READ_ONCE(isle_param_opener_max_mb);

	if (!mb || mb > ISLE_LIMIT_NONE >> (20 - PAGE_SHIFT))
		return ISLE_LIMIT_NONE;
	return mb << (20 - PAGE_SHIFT);
}

unsigned int isle_opener_default_around(void)
{
	unsigned int kb = READ_ONCE(isle_param_fault_around_kb);

	kb = clamp_t(unsigned int, kb, PAGE_SIZE / SZ_1K, SZ_2M / SZ_1K);
	return rounddown_pow_of_two(kb / (PAGE_SIZE / SZ_1K));
}

struct isle_vm_opener *isle_opener_create(struct isle *isle)
{
	struct isle_vm_opener *opener;
	int err;

	opener = kzalloc(sizeof(*opener), GFP_KERNEL_ACCOUNT);
	if (!opener)
		return ERR_PTR(-ENOMEM);
	opener->stat = alloc_percpu_gfp(struct isle_faultstat,
					GFP_KERNEL_ACCOUNT);
	if (!opener->stat) {
		err = -ENOMEM;
		goto err_free;
	}
	err = isle_object_init(&opener->own, isle);
	if (err)
		goto err_stat;
	opener->object = &opener->own;
	opener->isle = isle;
	opener->around = isle_opener_default_around();
	opener->huge = READ_ONCE(isle_param_huge);
	opener->limit = isle_opener_default_limit();
	mutex_init(&opener->lock);
	isle_blocks_init(opener);
	err = isle_openers_add(opener);
	if (err)
		goto err_object;
	atomic_long_inc(&nr_openers);
	return opener;

err_object:
	isle_object_destroy(&opener->own);
err_stat:
	free_percpu(opener->stat);
err_free:
	kfree(opener);
	return ERR_PTR(err);
}

void isle_opener_destroy(struct isle_vm_opener *opener)
{
	isle_openers_remove(opener);
	isle_blocks_destroy(opener);
	if (opener->backing) {
		isle_cache_disown(opener->backing->cache, opener);
		isle_backing_destroy(opener->backing);
	}
	isle_opener_uncharge(opener, isle_object_destroy(&opener->own));
	WARN_ON_ONCE(atomic_long_read(&opener->held));
	free_percpu(opener->stat);
	kfree(opener);
	atomic_long_dec(&nr_openers);
}

unsigned long isle_openers(void)
{
	return atomic_long_read(&nr_openers);
}

void isle_opener_use(struct isle_vm_opener *opener)
{
	if (READ_ONCE(opener->used))
		return;
	mutex_lock(&opener->lock);
	WRITE_ONCE(opener->used, true);
	mutex_unlock(&opener->lock);
}

unsigned long isle_opener_object_pages(const struct isle_vm_opener *opener)
{
	const struct isle_backing *backing = isle_opener_backing(opener);

	return backing ? isle_cache_pages(backing->cache) :
			 atomic_long_read(&opener->held_object);
}

/* Three counters that others change: never less than nothing. */
unsigned long isle_opener_private_pages(const struct isle_vm_opener *opener)
{
	long pages = atomic_long_read(&opener->held) -
		     atomic_long_read(&opener->held_object) -
		     atomic_long_read(&opener->held_blocks);

	return max(pages, 0L);
}

unsigned long isle_opener_dirty(const struct isle_vm_opener *opener)
{
	const struct isle_backing *backing = isle_opener_backing(opener);

	return backing ? isle_writeback_pages(&backing->cache->writeback) : 0;
}

void isle_opener_bind(struct isle_vm_opener *opener, struct file *file,
		      struct isle_backing *backing)
{
	struct isle_object *object = &backing->cache->object;

	lockdep_assert_held(&opener->lock);
	opener->object = object;
	file->f_mapping = isle_object_mapping(object);
	file->f_wb_err = filemap_sample_wb_err(file->f_mapping);
	/* pairs with isle_opener_backing() */
	smp_store_release(&opener->backing, backing);
}

unsigned int isle_opener_charge(struct isle_vm_opener *opener, unsigned int nr)
{
	long over;

	over = atomic_long_add_return(nr, &opener->held) -
	       (long)READ_ONCE(opener->limit);
	if (likely(over <= 0))
		return nr;
	over = min_t(long, over, nr);
	atomic_long_sub(over, &opener->held);
	return nr - over;
}

unsigned long isle_opener_room(const struct isle_vm_opener *opener)
{
	long room = READ_ONCE(opener->limit) - atomic_long_read(&opener->held);

	return max(room, 0L);
}
