// SPDX-License-Identifier: GPL-2.0
/*
 * ptrace and /proc/PID/mem. Counterpart: __access_remote_vm(), which comes here
 * where it can't get a page. Nothing gets mapped.
 */

#include "cache.h"
#include "fault.h"
#include "file.h"
#include "shrink.h"

/* A debugger may do what mprotect() could allow. A write to private text, to
 * set a breakpoint, copies.
 */
static bool may_access(const struct vm_area_struct *vma, bool write)
{
	if (!write)
		return vma->vm_flags & VM_MAYREAD;
	if (vma->vm_ops == &isle_private_vm_ops)
		return vma->vm_flags & VM_MAYWRITE;
	return vma->vm_flags & VM_WRITE;
}

/* Where a file is mapped there is always something. */
static bool must_read(const struct isle_fault *fault)
{
	return fault->cache &&
	       isle_slot_kind(fault, fault->slot) == ISLE_SLOT_EMPTY;
}

/* Make what is at the fault's address writable by us. */
static int prepare_write(struct isle_fault *fault)
{
	if (fault->layer) {
		if (isle_slot_kind(fault, fault->slot) == ISLE_SLOT_OWN)
			return 0;
		return isle_cow(fault);
	}
	if (fault->cache)
		isle_page_set_dirty(fault->cache, fault->chunk, fault->slot);
	else if (fault->chunk->slot[fault->slot] == ISLE_NO_FRAME)
		return isle_shared_populate(fault);
	return 0;
}

static void *memory(const struct isle_fault *fault)
{
	u32 id = isle_fault_visible(fault);

	return id == ISLE_NO_FRAME ? NULL :
				     isle_frame_address(fault->isle, id);
}

/* As isle_fault_begin(), with what is there in a file. */
static int begin(struct isle_fault *fault, struct vm_area_struct *vma,
		 unsigned long address, bool write)
{
	int err;

	for (;;) {
		err = isle_fault_begin(fault, vma, address, write);
		if (err || !must_read(fault))
			return err;
		isle_fault_end(fault);
		err = isle_file_read(fault->opener, fault->pgoff,
				     vma->vm_flags);
		if (err)
			return err;
	}
}

static int access_page(struct vm_area_struct *vma, unsigned long address,
		       void *buffer, int length, bool write)
{
	struct isle_fault fault;
	unsigned int tries = 0;
	char *at;
	int err;

again:
	err = begin(&fault, vma, address, write);
	if (err)
		return err;
	if (write)
		err = prepare_write(&fault);
	if (!err) {
		at = memory(&fault);
		if (write)
			memcpy(at + offset_in_page(address), buffer, length);
		else if (at)
			memcpy(buffer, at + offset_in_page(address), length);
		else
			memset(buffer, 0, length);
	}
	isle_fault_end(&fault);
	if (isle_shrink_retry(fault.isle, err, &tries))
		goto again;
	return err;
}

int isle_access(struct vm_area_struct *vma, unsigned long address,
		void *buffer, int length, int write)
{
	int done = 0, n, err;

	if (!may_access(vma, write))
		return -EACCES;
	length = min_t(unsigned long, length, vma->vm_end - address);
	while (done < length) {
		n = min_t(int, length - done,
			  PAGE_SIZE - offset_in_page(address));
		err = access_page(vma, address, buffer + done, n, write);
		if (err)
			return done ?: err;
		done += n;
		address += n;
	}
	return done;
}
