// SPDX-License-Identifier: GPL-2.0
/*
 * --stats: what of the heap was on isle. See run.h.
 *
 * Pages on isle are what the opener holds in private layers. Pages in the kernel
 * are never more than what was mapped there, nor than the process has: the
 * smaller of both is taken, so that isle's share never looks too large.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libisle.h"
#include "run.h"

static struct run_stats *stats;
static struct run_image *image;
static uint64_t kernel_mapped;	/* bytes, by this process, but for stacks */
static uint64_t kernel_pages;	/* what this process added to the image's */
static uintptr_t first_break;

static struct run_image *take_image(void)
{
	uint32_t pid = getpid(), none;
	unsigned int i;

	for (i = 0; i < RUN_NR_IMAGES; i++) {
		none = 0;
		if (atomic_compare_exchange_strong(&stats->image[i].pid, &none,
						   pid))
			return &stats->image[i];
	}
	stats->lost++;
	return NULL;
}

void count_attach(const char *path)
{
	void *p;
	int fd;

	fd = syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	p = sys_mmap(NULL, sizeof(*stats), PROT_READ | PROT_WRITE, MAP_SHARED,
		     fd, 0);
	syscall(SYS_close, fd);
	if (p == MAP_FAILED)
		return;
	stats = p;
	first_break = syscall(SYS_brk, 0);
	image = take_image();
	if (image)
		prctl(PR_GET_NAME, image->name);
}

void count_request(enum run_reason kind, size_t bytes)
{
	if (!image)
		return;
	if (kind == RUN_ON_ISLE) {
		image->mappings++;
		return;
	}
	image->kernel_calls[kind]++;
	image->kernel_bytes[kind] += bytes;
}

static void raise_to(_Atomic uint64_t *most, uint64_t value)
{
	uint64_t old = *most;

	while (old < value &&
	       !atomic_compare_exchange_weak(most, &old, value))
		;
}

void count_mapped(enum run_reason kind, ssize_t bytes)
{
	if (!image)
		return;
	if (kind == RUN_ON_ISLE) {
		image->mapped += bytes;
		raise_to(&image->peak_mapped, image->mapped);
	} else if (kind != RUN_STACK) {
		kernel_mapped += bytes;
	}
}

void count_reopened(void)
{
	if (image)
		image->reopened++;
}

/* Pages that are neither a file's nor shared, of the whole process. */
static uint64_t own_pages(void)
{
	uint64_t value[3] = { 0 };
	unsigned int field = 0;
	char text[128];
	ssize_t got, i;
	int fd;

	fd = syscall(SYS_openat, AT_FDCWD, "/proc/self/statm",
		     O_RDONLY | O_CLOEXEC);
	got = syscall(SYS_read, fd, text, sizeof(text));
	syscall(SYS_close, fd);
	for (i = 0; i < got && field < 3; i++) {
		if (text[i] >= '0' && text[i] <= '9')
			value[field] = value[field] * 10 + text[i] - '0';
		else
			field++;
	}
	return value[1] - value[2];
}

static void look_at_kernel(void)
{
	uint64_t bytes, pages = 0;

	bytes = kernel_mapped + (syscall(SYS_brk, 0) - first_break);
	if (bytes) {
		pages = own_pages();
		if (pages > bytes / PAGE)
			pages = bytes / PAGE;
	}
	image->kernel_pages += pages - kernel_pages;
	kernel_pages = pages;
}

static void look_at_isle(struct isle_opener *opener)
{
	int fd = device_fd();

	if (fd < 0 || isle_get_opener(fd, opener)) {
		memset(opener, 0, sizeof(*opener));
		return;
	}
	image->faults[0] = opener->faults_zero;
	image->faults[1] = opener->faults_anon;
	image->faults[2] = opener->faults_cow;
	image->faults[3] = opener->faults_reuse;
	image->faults[4] = opener->faults_huge;
}

void count_sample(void)
{
	struct isle_opener opener;
	uint64_t now, peak;
	int err = errno;

	if (!image)
		return;
	look_at_kernel();
	look_at_isle(&opener);
	now = run_peak(opener.private_pages + image->kernel_pages,
		       opener.private_pages);
	peak = image->peak;
	while (run_peak_all(peak) < run_peak_all(now) &&
	       !atomic_compare_exchange_weak(&image->peak, &peak, now))
		;
	errno = err;
}

/* The child has what the parent has, and is counted besides. */
void count_fork(void)
{
	if (!image)
		return;
	kernel_pages = 0;
	count_sample();
}

static void sample_locked(void)
{
	sigset_t old;

	run_lock(&old);
	count_sample();
	if (image) {
		image->kernel_pages -= kernel_pages;
		kernel_pages = 0;
	}
	run_unlock(&old);
}

EXPORT void _exit(int status)
{
	if (image)
		sample_locked();
	for (;;)
		syscall(SYS_exit_group, status);
}

EXPORT void _Exit(int status) __attribute__((__alias__("_exit")));
