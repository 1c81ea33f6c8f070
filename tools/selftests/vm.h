/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests of mappings share. */
#ifndef _VM_H
#define _VM_H

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "tap.h"

#define PAGE		4096UL
#define MB		(1024 * 1024UL)

static inline void *map_at(void *at, int fd, size_t length, int prot, int flags,
			   off_t offset)
{
	void *p = mmap(at, length, prot, flags | (at ? MAP_FIXED : 0), fd,
		       offset);

	if (p == MAP_FAILED)
		bail_out("mmap of %zu bytes: %s", length, strerror(errno));
	return p;
}

static inline void *map_private(int fd, size_t length)
{
	return map_at(NULL, fd, length, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);
}

static inline void *map_shared(int fd, size_t length)
{
	return map_at(NULL, fd, length, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
}

static inline struct isle_opener opener(int fd)
{
	struct isle_opener info;

	if (ioctl(fd, ISLE_IOC_OPENER, &info))
		bail_out("ISLE_IOC_OPENER: %s", strerror(errno));
	return info;
}

static inline void set_up(int fd, unsigned int around, unsigned long limit)
{
	struct isle_setup setup = {
		.fd = -1,
		.fault_around = around,
		.limit = limit,
	};

	if (ioctl(fd, ISLE_IOC_SETUP, &setup))
		bail_out("ISLE_IOC_SETUP: %s", strerror(errno));
}

/* Which mappings of the opener get pages of 2 MB: ISLE_HUGE_*. */
static inline void set_huge(int fd, unsigned int huge)
{
	struct isle_setup setup = {
		.fd = -1,
		.flags = ISLE_SETUP_KEEP,
		.huge = huge,
	};

	if (ioctl(fd, ISLE_IOC_SETUP, &setup))
		bail_out("ISLE_IOC_SETUP: %s", strerror(errno));
}

/* An opener whose faults map one page each. */
static inline int open_by_page(void)
{
	int fd = open_isle();

	set_up(fd, PAGE, 0);
	set_huge(fd, ISLE_HUGE_NEVER);
	return fd;
}

static inline int discard(int fd, const void *start, size_t length,
			  unsigned int flags)
{
	struct isle_range range = {
		.start = (uintptr_t)start,
		.length = length,
		.flags = flags,
	};

	return ioctl(fd, ISLE_IOC_DISCARD, &range);
}

/* A word for each page, its own and not zero. */
static inline uint64_t pattern(size_t page, uint64_t seed)
{
	uint64_t x = (page + 1) * 0x9e3779b97f4a7c15 ^ seed * 0xbf58476d1ce4e5b9;

	x ^= x >> 31;
	return x | 1;
}

static inline uint64_t *word(void *base, size_t page)
{
	return (uint64_t *)((char *)base + page * PAGE);
}

static inline void fill(void *base, size_t pages, uint64_t seed)
{
	size_t i;

	for (i = 0; i < pages; i++)
		*word(base, i) = pattern(i, seed);
}

/* How many pages do not have what fill() wrote. */
static inline size_t wrong(void *base, size_t pages, uint64_t seed)
{
	size_t i, bad = 0;

	for (i = 0; i < pages; i++)
		bad += *(volatile uint64_t *)word(base, i) != pattern(i, seed);
	return bad;
}

/* How many words are not zero. */
static inline size_t nonzero(const void *base, size_t length)
{
	const volatile uint64_t *p = base;
	size_t i, bad = 0;

	for (i = 0; i < length / sizeof(*p); i++)
		bad += p[i] != 0;
	return bad;
}

/* The signal that touching an address ends in, or 0. */
static sigjmp_buf touch_return;

static inline void touch_caught(int signal)
{
	siglongjmp(touch_return, signal);
}

static inline int touch(volatile void *address, bool write)
{
	struct sigaction catch = { .sa_handler = touch_caught };
	struct sigaction bus, segv;
	volatile uint64_t *p = address;
	int got;

	sigaction(SIGBUS, &catch, &bus);
	sigaction(SIGSEGV, &catch, &segv);
	got = sigsetjmp(touch_return, 1);
	if (!got) {
		if (write)
			*p = 0x746f756368;
		else
			(void)*p;
	}
	sigaction(SIGBUS, &bus, NULL);
	sigaction(SIGSEGV, &segv, NULL);
	return got;
}

/* As fork(). */
static inline pid_t must_fork(void)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		bail_out("fork: %s", strerror(errno));
	return pid;
}

/* Run @fn in a child: its return value, or 1000 and the signal that ended it. */
static inline int child(int (*fn)(void *), void *argument)
{
	pid_t pid = must_fork();
	int status;

	if (!pid)
		_exit(fn(argument));
	if (waitpid(pid, &status, 0) != pid)
		bail_out("waitpid: %s", strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   1000 + WTERMSIG(status);
}

static inline void sleep_ms(unsigned int ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&time, NULL);
}

static inline unsigned long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What comes a moment later may take long in a busy guest. */
enum { MOMENTS = 1200, MOMENT_MS = 50 };

/* Whether no more frames are out than before, or soon won't be. */
static inline bool back_to(int fd, long before)
{
	unsigned int try;

	for (try = 0; try < MOMENTS; try++) {
		if (frames_out(fd) == before)
			return true;
		sleep_ms(MOMENT_MS);
	}
	note("%ld frames are out, before it were %ld", frames_out(fd), before);
	return false;
}

/* Whether so many frames, freed but pinned, wait; others may for a moment. */
static inline bool waiting_are(int fd, unsigned long nr)
{
	unsigned int try;

	for (try = 0; try < MOMENTS; try++) {
		if (stats(fd).quarantine == nr)
			return true;
		sleep_ms(MOMENT_MS);
	}
	note("%lu frames wait, not %lu", (unsigned long)stats(fd).quarantine, nr);
	return false;
}

/*
 * In a line for the shell: an ext4 of 48 MB in a file. A guest makes one, and
 * copies it from then on.
 */
#define NEW_EXT4(file) \
	"PATH=$PATH:/sbin:/usr/sbin\n" \
	"[ -e /run/isle.ext4 ] || { truncate -s 48M /run/isle.ext4 &&\n" \
	"mkfs.ext4 -q /run/isle.ext4; } || exit\n" \
	"cp --sparse=always /run/isle.ext4 " file " || exit\n"

#endif /* _VM_H */
