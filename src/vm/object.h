/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The object: what an opener is, as a memfd is. Pages by offset, without an
 * end, and an address space that every mapping of the opener is in, shared or
 * private, so that i_mmap finds whoever maps an offset.
 */
#ifndef _ISLE_OBJECT_H
#define _ISLE_OBJECT_H

#include <linux/fs.h>
#include <linux/spinlock.h>

#include "chunk.h"

/**
 * struct isle_object - the object
 * @store: its own pages, which MAP_SHARED maps
 * @inode: what its address space belongs to
 * @nr_layers: private layers over it
 * @fork_lock: protects the links between layers of a fork's parent and child
 */
struct isle_object {
	struct isle_store store;
	struct inode *inode;
	atomic_t nr_layers;
	spinlock_t fork_lock;	/* innermost */
};

static inline struct address_space *
isle_object_mapping(const struct isle_object *object)
{
	return object->inode->i_mapping;
}

/**
 * isle_object_init - an empty object
 * @object: the object
 * @isle: where its pages come from
 *
 * Return: 0 or -ENOMEM.
 */
int isle_object_init(struct isle_object *object, struct isle *isle);

/**
 * isle_object_destroy - free an object that nobody maps any more
 * @object: the object
 *
 * Return: how many pages it had.
 */
unsigned long isle_object_destroy(struct isle_object *object);

/**
 * isle_object_discard - free a range of an object's pages
 * @object: the object
 * @first: the first page offset
 * @last: the last page offset
 *
 * Unmaps them everywhere first.
 * Return: how many there were. Ends early for a task that is being killed.
 */
unsigned long isle_object_discard(struct isle_object *object, pgoff_t first,
				  pgoff_t last);

int isle_object_fs_init(void);
void isle_object_fs_exit(void);

#endif /* _ISLE_OBJECT_H */
