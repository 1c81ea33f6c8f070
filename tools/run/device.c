// SPDX-License-Identifier: GPL-2.0
/*
 * The file descriptor: see run.h.
 *
 * It is closed on exec and has a high number, out of the way of programs that
 * count on low ones. Programs that close everything they did not open leave it
 * alone, because the functions that do so are caught here; whoever closes it by
 * system call makes the next mapping open the device again.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libisle.h"
#include "run.h"

enum { HIGHEST = 1024, MARGIN = 16 };

static _Atomic int device = -1;
static dev_t device_number;

static bool is_device(int fd)
{
	struct stat status;
	int err = errno;
	bool is;

	is = !fstat(fd, &status) && S_ISCHR(status.st_mode) &&
	     status.st_rdev == device_number;
	errno = err;
	return is;
}

/* Move a descriptor up. Return: the one to use. */
static int raise_fd(int fd)
{
	struct rlimit limit;
	int high, wanted;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur < 4 * MARGIN)
		return fd;
	wanted = limit.rlim_cur < HIGHEST ? limit.rlim_cur : HIGHEST;
	high = fcntl(fd, F_DUPFD_CLOEXEC, wanted - MARGIN);
	if (high < 0)
		return fd;
	syscall(SYS_close, fd);
	return high;
}

static int reopen(void)
{
	struct stat status;
	int fd;

	fd = isle_open();
	if (fd < 0)
		return -1;
	if (fstat(fd, &status)) {
		syscall(SYS_close, fd);
		return -1;
	}
	device_number = status.st_rdev;
	if (run_huge)
		isle_set_huge(fd, ISLE_HUGE_ALWAYS);
	if (device >= 0)
		count_reopened();
	device = raise_fd(fd);
	return device;
}

int device_fd(void)
{
	if (device >= 0 && is_device(device))
		return device;
	return reopen();
}

static bool is_ours(int fd)
{
	return fd >= 0 && fd == device && is_device(fd);
}

EXPORT int close(int fd)
{
	if (unlikely(is_ours(fd))) {
		errno = EBADF;
		return -1;
	}
	return syscall(SYS_close, fd);
}

EXPORT int close_range(unsigned int first, unsigned int last, int flags)
{
	unsigned int ours = device;

	if (first > last || ours < first || ours > last || !is_ours(ours))
		return syscall(SYS_close_range, first, last, flags);
	if (first < ours &&
	    syscall(SYS_close_range, first, ours - 1, flags))
		return -1;
	if (ours == last)
		return 0;
	return syscall(SYS_close_range, ours + 1, last, flags);
}

/* As glibc's, on kernels that have close_range(), which all of isle's have. */
EXPORT void closefrom(int first)
{
	close_range(first < 0 ? 0 : first, UINT_MAX, 0);
}

/* The program wants our number: take another. */
static void make_way(int fd)
{
	int other;

	other = fcntl(fd, F_DUPFD_CLOEXEC, fd + 1);
	if (other < 0)
		other = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (other >= 0)
		device = other;
}

/* Nobody maps by the old number meanwhile. */
static int replace(int from, int to, int flags)
{
	sigset_t old;
	int ret;

	if (likely(!is_ours(to)))
		return syscall(SYS_dup3, from, to, flags);
	run_lock(&old);
	if (is_ours(to))
		make_way(to);
	ret = syscall(SYS_dup3, from, to, flags);
	run_unlock(&old);
	return ret;
}

EXPORT int dup2(int from, int to)
{
	if (from == to)
		return syscall(SYS_dup2, from, to);
	return replace(from, to, 0);
}

EXPORT int dup3(int from, int to, int flags)
{
	return replace(from, to, flags);
}
