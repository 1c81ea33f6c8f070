// SPDX-License-Identifier: GPL-2.0
/* Backing files: see backing.h. */

#include <linux/cred.h>
#include <linux/error-injection.h>
#include <linux/file.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>

#include "backing.h"
#include "compat.h"

/* kernfs has the operations of ramfs, but no pages. */
static bool has_pages(const struct address_space *mapping)
{
	if (mapping->a_ops == &ram_aops)
		return mapping->host->i_sb->s_magic == RAMFS_MAGIC;
	return mapping->a_ops->read_folio || isle_is_shmem(mapping);
}

/*
 * What can be mapped, and read by the page: hugetlbfs, DAX, overlayfs, secret
 * memory, devices, /proc, /sys and the like can't.
 */
static int check_file(const struct file *file)
{
	const struct address_space *mapping = file->f_mapping;

	if (!S_ISREG(file_inode(file)->i_mode) || !isle_can_mmap(file) ||
	    IS_DAX(mapping->host) || !has_pages(mapping))
		return -ENODEV;
	return file->f_mode & FMODE_READ ? 0 : -EACCES;
}

/* A memfd that is sealed is one for reading. */
static bool is_sealed(const struct address_space *mapping)
{
	return isle_is_shmem(mapping) && SHMEM_I(mapping->host)->seals &
	       (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE);
}

static bool may_write(const struct file *opener, const struct file *file)
{
	return opener->f_mode & file->f_mode & FMODE_WRITE &&
	       file->f_mode & FMODE_CAN_WRITE && !is_sealed(file->f_mapping) &&
	       !IS_APPEND(file_inode(file)) && !IS_SWAPFILE(file_inode(file));
}

/* Reading is ours to plan: the file's own read-ahead does what it is told. */
static struct file *reopen(const struct file *file, bool writable)
{
	struct file *again;

	again = dentry_open(&file->f_path, O_LARGEFILE |
			    (writable ? O_RDWR : O_RDONLY), current_cred());
	if (IS_ERR(again))
		return again;
	/* Nobody can be asked to fill a file from a fault. */
	if (again->f_mapping != file->f_mapping ||
	    isle_is_filled_on_access(again)) {
		fput(again);
		return ERR_PTR(-ENODEV);
	}
	spin_lock(&again->f_lock);
	again->f_mode |= FMODE_RANDOM;
	spin_unlock(&again->f_lock);
	return again;
}

static int backing_init(struct isle_backing *backing, struct isle *isle,
			const struct file *opener, const struct file *file)
{
	int err;

	err = check_file(file);
	if (err)
		return err;
	backing->writable = may_write(opener, file);
	backing->file = reopen(file, backing->writable);
	if (IS_ERR(backing->file))
		return PTR_ERR(backing->file);
	backing->cache = isle_cache_get(isle, backing->file,
					backing->writable);
	if (!IS_ERR(backing->cache))
		return 0;
	fput(backing->file);
	return PTR_ERR(backing->cache);
}

struct isle_backing *isle_backing_create(struct isle *isle,
					 const struct file *opener, int fd,
					 u64 offset)
{
	struct isle_backing *backing;
	struct file *file;
	int err = -EBADF;

	if (!PAGE_ALIGNED(offset))
		return ERR_PTR(-EINVAL);
	if (offset > MAX_LFS_FILESIZE)
		return ERR_PTR(-EOVERFLOW);
	backing = kzalloc(sizeof(*backing), GFP_KERNEL_ACCOUNT);
	if (!backing)
		return ERR_PTR(-ENOMEM);
	backing->first = offset >> PAGE_SHIFT;
	file = fget(fd);
	if (file) {
		err = backing_init(backing, isle, opener, file);
		fput(file);
	}
	if (!err)
		return backing;
	kfree(backing);
	return ERR_PTR(err);
}

void isle_backing_destroy(struct isle_backing *backing)
{
	isle_cache_put(backing->cache, backing->writable);
	fput(backing->file);
	kfree(backing);
}

/* path_noexec() is not exported. */
static bool is_noexec(const struct file *file)
{
	return file->f_path.mnt->mnt_flags & MNT_NOEXEC ||
	       file->f_path.mnt->mnt_sb->s_iflags & SB_I_NOEXEC;
}

static int check_offset(const struct isle_backing *backing,
			struct vm_area_struct *vma)
{
	pgoff_t end;

	if (check_add_overflow(vma->vm_pgoff, backing->first, &end) ||
	    check_add_overflow(end, vma_pages(vma), &end) ||
	    end > backing->cache->mapping->host->i_sb->s_maxbytes >> PAGE_SHIFT)
		return -EOVERFLOW;
	return 0;
}

int isle_backing_mmap(const struct isle_backing *backing,
		      struct vm_area_struct *vma)
{
	unsigned long never = 0;

	if (is_noexec(backing->file))
		never |= VM_EXEC;
	if (vma->vm_flags & VM_MAYSHARE && !backing->writable)
		never |= VM_WRITE;
	if (vma->vm_flags & never & VM_EXEC)
		return -EPERM;
	if (vma->vm_flags & never)
		return -EACCES;
	if (check_offset(backing, vma))
		return -EOVERFLOW;
	/* VM_MAYWRITE and VM_MAYEXEC */
	isle_vma_clear_flags(vma, never << 4);
	vma->vm_pgoff += backing->first;
	return 0;
}

/* tmpfs has an error of its own for what lies beyond the end by now. */
static struct folio *read_shmem(struct address_space *mapping, pgoff_t pgoff)
{
	struct folio *folio;

	do {
		folio = isle_shmem_read_folio(mapping, pgoff);
		if (folio != ERR_PTR(-EINVAL))
			return folio;
	} while (pgoff < isle_pages_of(i_size_read(mapping->host)));
	return ERR_PTR(-ENXIO);
}

/*
 * read_cache_folio() would wait for a page that somebody else is reading
 * whether or not the task is being killed.
 */
struct folio *isle_backing_read(const struct isle_backing *backing,
				pgoff_t pgoff)
{
	struct address_space *mapping = backing->cache->mapping;
	struct folio *folio = isle_filemap_get_folio(mapping, pgoff);
	int err;

	if (folio) {
		err = folio_test_uptodate(folio) ? 0 :
		      folio_wait_locked_killable(folio);
		if (!err && folio_test_uptodate(folio))
			return folio;
		folio_put(folio);
		if (err)
			return ERR_PTR(err);
	}
	if (isle_is_shmem(mapping))
		return read_shmem(mapping, pgoff);
	return read_cache_folio(mapping, pgoff, NULL, backing->file);
}
ALLOW_ERROR_INJECTION(isle_backing_read, ERRNO);
