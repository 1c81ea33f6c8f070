// SPDX-License-Identifier: GPL-2.0
/* Objects: see object.h. Counterpart: mm/shmem.c. */

#include <linux/mount.h>
#include <linux/pseudo_fs.h>
#include <linux/sched/signal.h>

#include "object.h"
#include "pte.h"

#define ISLE_FS_MAGIC	0x69736c65	/* "isle" */

static struct vfsmount *mount;

static int init_fs_context(struct fs_context *fc)
{
	return init_pseudo(fc, ISLE_FS_MAGIC) ? 0 : -ENOMEM;
}

/*
 * Nobody mounts it: it is where inodes come from. Without an owner, or the
 * mount that the module holds would keep the module from being unloaded.
 */
static struct file_system_type isle_fs = {
	.name			= "isle",
	.init_fs_context	= init_fs_context,
	.kill_sb		= kill_anon_super,
};

int isle_object_init(struct isle_object *object, struct isle *isle)
{
	struct inode *inode = alloc_anon_inode(mount->mnt_sb);

	if (IS_ERR(inode))
		return PTR_ERR(inode);
	object->inode = inode;
	isle_store_init(&object->store, isle, ISLE_STORE_OBJECT);
	atomic_set(&object->nr_layers, 0);
	spin_lock_init(&object->fork_lock);
	return 0;
}

unsigned long isle_object_destroy(struct isle_object *object)
{
	unsigned long nr = isle_store_destroy(&object->store);

	WARN_ON_ONCE(atomic_read(&object->nr_layers));
	iput(object->inode);
	return nr;
}

unsigned long isle_object_discard(struct isle_object *object, pgoff_t first,
				  pgoff_t last)
{
	unsigned long index = isle_chunk_index(first);
	struct isle_store *store = &object->store;
	struct isle_chunk *chunk;
	unsigned long freed = 0;

	while ((chunk = isle_chunk_lock_next(store, &index,
					     isle_chunk_index(last)))) {
		pgoff_t start = index << ISLE_CHUNK_ORDER;
		pgoff_t from = max(first, start);
		pgoff_t to = min(last, start + ISLE_CHUNK_SLOTS - 1);

		if (chunk->used) {
			isle_unmap_object(object, from, to);
			freed += isle_chunk_free(store, chunk, from - start,
						 to - start);
		}
		if (!chunk->used)
			isle_chunk_remove(store, chunk, index);
		isle_chunk_unlock(chunk);
		if (index++ == isle_chunk_index(last) ||
		    fatal_signal_pending(current))
			break;
		cond_resched();
	}
	return freed;
}

int isle_object_fs_init(void)
{
	mount = kern_mount(&isle_fs);
	return PTR_ERR_OR_ZERO(mount);
}

void isle_object_fs_exit(void)
{
	kern_unmount(mount);
}
