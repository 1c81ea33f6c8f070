// SPDX-License-Identifier: GPL-2.0
/*
 * What tools/selftests/mm.sh preloads into the kernel's own selftests: their
 * anonymous mappings are isle's. Where isle has calls of its own for what
 * madvise() does, it makes these.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <isle.h>

enum { KIND = 0x0f };		/* MAP_SHARED, MAP_PRIVATE and their like */

static void *sys_mmap(void *address, size_t length, int prot, int flags, int fd,
		      off_t offset)
{
	return (void *)syscall(SYS_mmap, address, length, prot, flags, fd,
			       offset);
}

static int open_isle(void)
{
	return syscall(SYS_openat, AT_FDCWD, ISLE_DEVICE, O_RDWR | O_CLOEXEC);
}

/* For private mappings, and discards in them. */
static int private_fd(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open_isle();
	return fd;
}

/* Whoever maps shared memory gets an object of his own. */
static void *map_shared(void *address, size_t length, int prot, int flags)
{
	int fd = open_isle(), err;
	void *p;

	p = sys_mmap(address, length, prot, flags, fd, 0);
	err = errno;
	close(fd);
	errno = err;
	return p;
}

/* As libc does; the tests map no file this way. */
void *mmap(void *address, size_t length, int prot, int flags, int fd,
	   off_t offset)
{
	bool is_private = (flags & KIND) == MAP_PRIVATE;

	if (!(flags & MAP_ANONYMOUS) || flags & MAP_HUGETLB ||
	    (!is_private && (flags & KIND) != MAP_SHARED))
		return sys_mmap(address, length, prot, flags, fd, offset);
	flags &= ~MAP_ANONYMOUS;
	if (!is_private)
		return map_shared(address, length, prot, flags);
	return sys_mmap(address, length, prot, flags, private_fd(), 0);
}

void *mmap64(void *address, size_t length, int prot, int flags, int fd,
	     off_t offset) __attribute__((__alias__("mmap")));

/* Whether the range is private isle memory, which is then discarded. */
static bool discard(void *address, size_t length)
{
	struct isle_range range = {
		.start = (uintptr_t)address,
		.length = length,
		.flags = ISLE_RANGE_ADDRESS,
	};

	return !ioctl(private_fd(), ISLE_IOC_DISCARD, &range);
}

/* isle maps 64 KB at a time unasked. */
int madvise(void *address, size_t length, int advice)
{
	switch (advice) {
	case MADV_HUGEPAGE:
	case MADV_NOHUGEPAGE:
		return 0;
	case MADV_DONTNEED:
		if (discard(address, length))
			return 0;
		break;
	}
	return syscall(SYS_madvise, address, length, advice);
}
