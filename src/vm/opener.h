/* SPDX-License-Identifier: GPL-2.0 */
/* The opener: what one open("/dev/isle") is, may hold and has done. */
#ifndef _ISLE_OPENER_H
#define _ISLE_OPENER_H

#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/uidgid.h>
#include <linux/xarray.h>

#include "faultstat.h"
#include "object.h"

struct file;
struct isle;
struct isle_backing;
struct pid;

/**
 * struct isle_vm_opener - an open file of the device
 * @object: what mmap() maps: @own or that of a file; does not change once
 *          @used is set
 * @own: the object of an opener without a file
 * @backing: the file that it is bound to, or NULL; set once
 * @isle: where its memory comes from
 * @lock: protects @used, and as long as it is not set @object, @backing,
 *        @around, @limit and @huge
 * @used: it has had a mapping or a block; SETUP comes too late
 * @around: pages that one fault maps at most, for new mappings
 * @huge: which private mappings get pages of 2 MB: ISLE_HUGE_*, not DEFAULT
 * @limit: pages it may hold
 * @held: pages it holds: object, private layers, blocks
 * @held_blocks: of these, in blocks
 * @held_object: of these, in the object; of a file those that it brought in
 * @blocks: handle -> block
 * @stat: what its faults did
 * @id: in the list of all openers
 * @uid: the user that opened it
 * @pid: the process that opened it, or mapped it or made a request later
 * @comm: that process's name then
 */
struct isle_vm_opener {
	struct isle_object *object;
	struct isle_object own;
	struct isle_backing *backing;
	struct isle *isle;
	struct mutex lock;	/* inside mmap lock */
	bool used;
	unsigned int around;
	unsigned int huge;
	unsigned long limit;
	atomic_long_t held;
	atomic_long_t held_blocks;
	atomic_long_t held_object;
	struct xarray blocks;
	struct isle_faultstat __percpu *stat;
	unsigned long id;
	kuid_t uid;
	struct pid *pid;
	char comm[TASK_COMM_LEN];
};

#define ISLE_LIMIT_NONE		((unsigned long)LONG_MAX)

/**
 * isle_opener_create - what open(2) does
 * @isle: where its memory comes from
 *
 * Return: the opener or an ERR_PTR.
 */
struct isle_vm_opener *isle_opener_create(struct isle *isle);

/**
 * isle_opener_destroy - what the last close does, when no mapping is left
 * @opener: the opener
 */
void isle_opener_destroy(struct isle_vm_opener *opener);

/**
 * isle_openers - how many there are
 */
unsigned long isle_openers(void);

/**
 * isle_opener_use - from now on SETUP comes too late
 * @opener: the opener
 */
void isle_opener_use(struct isle_vm_opener *opener);

/* The file that it is bound to, for whoever has no mapping of it. */
static inline struct isle_backing *
isle_opener_backing(const struct isle_vm_opener *opener)
{
	/* pairs with isle_opener_bind() */
	return smp_load_acquire(&opener->backing);
}

/**
 * isle_opener_bind - let an opener be a file
 * @opener: the opener, locked, not in use and not bound
 * @file: its own file
 * @backing: what it is bound to; the opener's from then on
 */
void isle_opener_bind(struct isle_vm_opener *opener, struct file *file,
		      struct isle_backing *backing);

/**
 * isle_opener_object_pages - pages of its object, whoever brought them in
 * @opener: the opener
 */
unsigned long isle_opener_object_pages(const struct isle_vm_opener *opener);

/**
 * isle_opener_private_pages - pages of its private layers
 * @opener: the opener
 */
unsigned long isle_opener_private_pages(const struct isle_vm_opener *opener);

/**
 * isle_opener_dirty - pages of its object that the file does not have yet
 * @opener: the opener
 */
unsigned long isle_opener_dirty(const struct isle_vm_opener *opener);

/**
 * isle_opener_default_limit - what the module was loaded with, in pages
 */
unsigned long isle_opener_default_limit(void);

/**
 * isle_opener_default_around - pages that one fault maps at most
 */
unsigned int isle_opener_default_around(void);

/**
 * isle_opener_charge - count pages that the opener is about to hold
 * @opener: the opener
 * @nr: pages
 *
 * Return: for how many of them there was room.
 */
unsigned int isle_opener_charge(struct isle_vm_opener *opener, unsigned int nr);

/**
 * isle_opener_room - pages that the opener may hold besides
 * @opener: the opener
 */
unsigned long isle_opener_room(const struct isle_vm_opener *opener);

/* What a fork shares is counted without being asked for. */
static inline void isle_opener_charge_fork(struct isle_vm_opener *opener,
					   unsigned long nr)
{
	atomic_long_add(nr, &opener->held);
}

static inline void isle_opener_uncharge(struct isle_vm_opener *opener,
					unsigned long nr)
{
	if (nr)
		atomic_long_sub(nr, &opener->held);
}

static inline void isle_opener_count(struct isle_vm_opener *opener,
				     enum isle_fault_event event,
				     unsigned int nr)
{
	isle_faultstat_add(opener->stat, event, nr);
}

#endif /* _ISLE_OPENER_H */
