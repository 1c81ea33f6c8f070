/* SPDX-License-Identifier: GPL-2.0 */
/* Backing files: what an opener is bound to by ISLE_SETUP_FILE. */
#ifndef _ISLE_BACKING_H
#define _ISLE_BACKING_H

#include <linux/fs.h>

#include "cache.h"
#include "readahead.h"

struct isle;

/**
 * struct isle_backing - a file that an opener is bound to
 * @file: the file, opened once more: nobody else's flags and position
 * @cache: isle's pages of it, of all openers that are bound to it
 * @first: the page offset in the file that is offset 0 of the opener
 * @writable: shared mappings may be written
 * @readahead: how this opener reads it
 */
struct isle_backing {
	struct file *file;
	struct isle_cache *cache;
	pgoff_t first;
	bool writable;
	struct isle_readahead readahead;
};

/**
 * isle_backing_create - bind to a file
 * @isle: where its pages come from
 * @opener: the opener's own file
 * @fd: a file descriptor of the current task
 * @offset: where in the file the object starts, in bytes
 *
 * Opens the file again, with the current task's credentials, so that security
 * modules are asked.
 * Return: the backing or an ERR_PTR: -EBADF; -EACCES: not open for reading;
 * -ENODEV: not a file that can be mapped through the page cache; -EINVAL,
 * -EOVERFLOW: @offset; or what opening it says.
 */
struct isle_backing *isle_backing_create(struct isle *isle,
					 const struct file *opener, int fd,
					 u64 offset);

/**
 * isle_backing_destroy - undo isle_backing_create()
 * @backing: the backing; nothing maps it any more
 */
void isle_backing_destroy(struct isle_backing *backing);

/**
 * isle_backing_mmap - whether a VMA may map the file
 * @backing: the backing
 * @vma: a VMA that ->mmap() is setting up
 *
 * Makes the VMA's page offset that of the file, and takes from it what
 * mprotect() must not allow. Counterpart: do_mmap().
 * Return: 0, -EPERM for code on a mount that is noexec, -EACCES for writing to
 * what may only be read, -EOVERFLOW.
 */
int isle_backing_mmap(const struct isle_backing *backing,
		      struct vm_area_struct *vma);

/**
 * isle_backing_read - have a page of the file in its own page cache
 * @backing: the backing
 * @pgoff: page offset in the file, within its size
 *
 * Waits for it, killably, with no lock of isle's held.
 * Return: the folio with a reference, or an ERR_PTR: -EINTR, or what reading
 * says.
 */
struct folio *isle_backing_read(const struct isle_backing *backing,
				pgoff_t pgoff);

#endif /* _ISLE_BACKING_H */
