/* SPDX-License-Identifier: GPL-2.0 */
/* Files: bringing their pages in, and faults of shared mappings of them. */
#ifndef _ISLE_FILE_H
#define _ISLE_FILE_H

#include <linux/types.h>

struct isle_fault;
struct isle_vm_opener;

/**
 * isle_file_read - bring a page of a file, and what read-ahead adds, in
 * @opener: an opener that is bound to a file
 * @pgoff: page offset in the file
 * @vm_flags: of the VMA that it is for
 *
 * The caller holds a reference to the opener's file, or a lock on a VMA of it,
 * and no chunk. When it returns the page was there, but may be gone again.
 * Return: 0, or an errno: -ENXIO beyond the end of the file, -EINTR, -EDQUOT,
 * -ENOMEM, or -EIO, and fsync() will tell what it was.
 */
int isle_file_read(struct isle_vm_opener *opener, pgoff_t pgoff,
		   unsigned long vm_flags);

/**
 * isle_file_map - a read fault in a shared mapping of a file
 * @fault: the fault
 *
 * Return: 0, -ENODATA if the page has to be brought in first, -EAGAIN to fault
 * again, -ENOMEM.
 */
int isle_file_map(struct isle_fault *fault);

/**
 * isle_file_write - a write fault in a shared mapping of a file, nothing mapped
 * @fault: the fault
 *
 * Makes the page dirty. Return: as isle_file_map().
 */
int isle_file_write(struct isle_fault *fault);

/**
 * isle_file_mkwrite - a write fault in a shared mapping of a file, on a page
 *                     that is mapped for reading
 * @fault: the fault
 *
 * Makes the page dirty. Return: as isle_file_map().
 */
int isle_file_mkwrite(struct isle_fault *fault);

#endif /* _ISLE_FILE_H */
