// SPDX-License-Identifier: GPL-2.0
/*
 * What becomes of mappings: unmapped in parts, protected, moved, replaced, and
 * left behind by processes that end, one way or another.
 *
 * Runs as: root nobody
 * CPUs: 2
 */
#include <sys/syscall.h>

#include "vm.h"

#ifndef SYS_mseal
#define SYS_mseal	462
#endif

enum { PAGES = 1200 };		/* more than two chunks */

/* Whether pages from @first to before @end have what fill() wrote. */
static bool keep(const char *p, size_t first, size_t end)
{
	for (; first < end; first++) {
		if (*word((char *)p, first) != pattern(first, 1))
			return false;
	}
	return true;
}

static void unmap_parts(int fd)
{
	unsigned long before = opener(fd).private_pages;
	char *p = map_private(fd, PAGES * PAGE);

	fill(p, PAGES, 1);
	munmap(p + 600 * PAGE, 100 * PAGE);
	check(opener(fd).private_pages == before + PAGES - 100,
	      "unmapping the middle gives back the middle");
	munmap(p, 10 * PAGE);
	munmap(p + (PAGES - 10) * PAGE, 10 * PAGE);
	check(opener(fd).private_pages == before + PAGES - 120,
	      "unmapping the ends gives back the ends");
	check(keep(p, 10, 600) && keep(p, 700, PAGES - 10),
	      "what is left keeps its values");
	munmap(p, PAGES * PAGE);
	check(opener(fd).private_pages == before,
	      "unmapping all pieces at once gives back the rest");
}

/* Every other page unmapped, then the rest in an order of its own. */
static void unmap_pages(int fd)
{
	unsigned long before = opener(fd).private_pages;
	char *p = map_private(fd, PAGES * PAGE);
	size_t i, bad = 0;

	fill(p, PAGES, 1);
	for (i = 0; i < PAGES; i += 2)
		munmap(p + i * PAGE, PAGE);
	check(opener(fd).private_pages == before + PAGES / 2,
	      "six hundred holes give back six hundred frames");
	for (i = 1; i < PAGES; i += 2)
		bad += *word(p, i) != pattern(i, 1);
	check(!bad, "the pages between them keep their values");
	for (i = 0; i < PAGES / 2; i++)
		munmap(p + (2 * (i * 7 % (PAGES / 2)) + 1) * PAGE, PAGE);
	check(opener(fd).private_pages == before, "one by one all come back");
}

static void protect(int fd)
{
	char *p = map_private(fd, 64 * PAGE), *q = map_private(fd, PAGE);
	size_t i;

	fill(p, 32, 1);
	check(!nonzero(p + 32 * PAGE, 32 * PAGE) && !nonzero(q, PAGE),
	      "half of it is written, half only read");
	mprotect(p, 64 * PAGE, PROT_READ);
	check(touch(word(p, 3), true) == SIGSEGV &&
	      touch(word(p, 40), true) == SIGSEGV && !wrong(p, 32, 1),
	      "read-only: no writing");
	mprotect(p, 64 * PAGE, PROT_READ | PROT_WRITE);
	check(!wrong(p, 32, 1), "writable again: the values are there");
	for (i = 32; i < 64; i++)
		*word(p, i) = pattern(i, 1);
	check(!wrong(p, 64, 1) && !nonzero(q, PAGE),
	      "writing what was read as zeroes leaves other zeroes alone");
	mprotect(p, 64 * PAGE, PROT_NONE);
	check(touch(word(p, 3), false) == SIGSEGV, "no access: no reading");
	mprotect(p + 16 * PAGE, 16 * PAGE, PROT_READ | PROT_WRITE);
	check(*word(p, 20) == pattern(20, 1), "some of it accessible again");
	*word(p, 20) = 1;
	mprotect(p, 64 * PAGE, PROT_READ | PROT_WRITE);
	*word(p, 20) = pattern(20, 1);
	check(!wrong(p, 64, 1), "all of it accessible again");
	munmap(p, 64 * PAGE);
	munmap(q, PAGE);
}

/* Reserve address space without isle, to be moved into. */
static char *reserve(size_t length)
{
	char *p = mmap(NULL, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);

	if (p == MAP_FAILED)
		bail_out("mmap: %s", strerror(errno));
	return p;
}

static char *move(char *from, size_t pages, char *to)
{
	return mremap(from, pages * PAGE, pages * PAGE,
		      MREMAP_MAYMOVE | MREMAP_FIXED, to);
}

static void remap(int fd)
{
	unsigned long before = opener(fd).private_pages;
	char *p = map_private(fd, PAGES * PAGE), *to = reserve(PAGES * PAGE);
	char *part = reserve(100 * PAGE);

	fill(p, PAGES, 1);
	check(move(p, PAGES, to) == to && !wrong(to, PAGES, 1),
	      "a moved mapping keeps its values");
	check(opener(fd).private_pages == before + PAGES, "and its frames");
	*word(to, 5) = 5;
	check(move(to + 500 * PAGE, 100, part) == part &&
	      *word(part, 0) == pattern(500, 1) &&
	      *word(part, 99) == pattern(599, 1),
	      "so does a part that is moved out of it");
	check(*word(to, 499) == pattern(499, 1) &&
	      *word(to, 600) == pattern(600, 1) && *word(to, 5) == 5,
	      "and what stays behind");
	check(opener(fd).private_pages == before + PAGES,
	      "no frame more, no frame less");
	munmap(part, 50 * PAGE);
	check(opener(fd).private_pages == before + PAGES - 50 &&
	      *word(part, 50) == pattern(550, 1),
	      "half of the moved part unmapped");
	munmap(to, PAGES * PAGE);
	check(opener(fd).private_pages == before + 50 &&
	      *word(part, 99) == pattern(599, 1),
	      "where it came from unmapped: the rest of the part is there");
	munmap(part, 100 * PAGE);
	check(opener(fd).private_pages == before, "all frames are back");
}

static void resize(int fd)
{
	char *p = map_private(fd, 64 * PAGE);

	fill(p, 64, 1);
	check(mremap(p, 64 * PAGE, 128 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED &&
	      errno == EFAULT, "growing is EFAULT");
	check(mremap(p, 0, 64 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED &&
	      errno == EFAULT, "duplicating is EFAULT");
	check(mremap(p, 64 * PAGE, 64 * PAGE,
		     MREMAP_MAYMOVE | MREMAP_DONTUNMAP) == MAP_FAILED &&
	      errno == EINVAL, "leaving the old place mapped is EINVAL");
	check(mremap(p, 64 * PAGE, 16 * PAGE, 0) == p && !wrong(p, 16, 1),
	      "shrinking keeps the beginning");
	check(opener(fd).private_pages == 16, "and gives back the end");
	munmap(p, 64 * PAGE);
}

static void replace(int fd)
{
	unsigned long before = opener(fd).private_pages;
	char *p = map_private(fd, PAGES * PAGE);

	fill(p, PAGES, 1);
	map_at(p + 100 * PAGE, fd, 100 * PAGE, PROT_READ | PROT_WRITE,
	       MAP_PRIVATE, 100 * PAGE);
	check(!nonzero(p + 100 * PAGE, 100 * PAGE) &&
	      *word(p, 99) == pattern(99, 1) &&
	      *word(p, 200) == pattern(200, 1),
	      "MAP_FIXED over a part: zeroes there, values beside it");
	check(opener(fd).private_pages == before + PAGES - 100,
	      "and its frames back");
	fill(p + 100 * PAGE, 100, 2);
	map_at(p, fd, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);
	check(!nonzero(p, PAGES * PAGE) && opener(fd).private_pages == before,
	      "MAP_FIXED over all of it: zeroes, all frames back");
	fill(p, PAGES, 3);
	map_at(p, -1, PAGES * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, 0);
	check(opener(fd).private_pages == before,
	      "ordinary memory over it: all frames back");
	munmap(p, PAGES * PAGE);
}

/* In a child: nothing but its end undoes it. */
static int sealed(void *argument)
{
	struct isle_range dont_need = {
		.length = 2 * PAGE,
		.value = ISLE_ADVISE_DONTNEED,
		.flags = ISLE_RANGE_ADDRESS,
	};
	int fd = *(int *)argument;
	char *p = map_private(fd, 16 * PAGE);

	fill(p, 16, 1);
	mprotect(p + 8 * PAGE, 8 * PAGE, PROT_READ);
	if (syscall(SYS_mseal, p, 16 * PAGE, 0))
		return errno == EINVAL || errno == ENOMEM ? 1 : 100;
	if (!munmap(p, PAGE) || errno != EPERM ||
	    !mprotect(p, PAGE, PROT_READ) || errno != EPERM ||
	    move(p, 1, reserve(PAGE)) != MAP_FAILED || errno != EPERM)
		return 2;
	if (!discard(fd, p + 7 * PAGE, 2 * PAGE, ISLE_RANGE_ADDRESS) ||
	    errno != EPERM || wrong(p, 16, 1))
		return 3;
	dont_need.start = (uintptr_t)p + 7 * PAGE;
	if (!ioctl(fd, ISLE_IOC_ADVISE, &dont_need) || errno != EPERM ||
	    wrong(p, 16, 1))
		return 5;
	if (discard(fd, p, 8 * PAGE, ISLE_RANGE_ADDRESS) ||
	    nonzero(p, 8 * PAGE))
		return 4;
	return 0;
}

static void seal(int fd)
{
	int ret = child(sealed, &fd);

	if (ret == 100)
		skip("no mseal() in this kernel", "sealed memory");
	else
		check(!ret, "sealed memory stays, and what is read-only can't be discarded");
	check(!opener(fd).private_pages, "it ends with its process");
}

static int fill_and_exit(void *fd)
{
	char *p = map_private(*(int *)fd, PAGES * PAGE);

	fill(p, PAGES, 1);
	munmap(p + 100 * PAGE, 3 * PAGE);
	return wrong(p, 100, 1);
}

static __noreturn void fill_for_ever(int fd)
{
	for (;;) {
		char *p = map_private(fd, PAGES * PAGE);

		fill(p, PAGES, 1);
		fill(map_shared(fd, 8 * PAGE), 8, 1);
		munmap(p, 600 * PAGE);
		munmap(p + 600 * PAGE, 600 * PAGE);
	}
}

/* Killed while it maps, faults and unmaps, each time somewhere else. */
static int killed(int fd)
{
	struct timespec time = { 0 };
	unsigned int i;
	int status, bad = 0;

	for (i = 0; i < times(40); i++) {
		pid_t pid = must_fork();

		if (!pid)
			fill_for_ever(fd);
		time.tv_nsec = 1000000 + i * 1300000;
		nanosleep(&time, NULL);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		bad += !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL;
	}
	return bad;
}

static void ends(int fd)
{
	long before = frames_out(fd);
	int second;
	char *p;

	check(!child(fill_and_exit, &fd) && back_to(fd, before),
	      "a process that ends gives everything back");
	check(!killed(fd), "kill -9 in the middle kills");
	discard(fd, NULL, 8 * PAGE, 0);
	check(back_to(fd, before), "and everything is back");

	second = open_isle();
	p = map_private(second, PAGES * PAGE);
	fill(p, PAGES, 1);
	close(second);
	check(!wrong(p, PAGES, 1), "a mapping outlives its file descriptor");
	*word(p, 1) = pattern(1, 1);
	munmap(p, 600 * PAGE);
	check(*word(p, 600) == pattern(600, 1), "unmapped in part as well");
	munmap(p, PAGES * PAGE);
	check(back_to(fd, before), "and gives everything back");
}

/* One thread maps and unmaps what others are faulting in. */
struct race {
	int fd;
	char *base;
	volatile bool stop;
};

static void *toucher(void *argument)
{
	struct race *race = argument;
	uint32_t x = (uintptr_t)pthread_self() >> 12 | 1;

	while (!race->stop) {
		x = x * 1664525 + 1013904223;
		/* The kernel writes, and fails where nothing is mapped. */
		syscall(SYS_clock_gettime, CLOCK_MONOTONIC,
			race->base + (x >> 8) % PAGES * PAGE);
	}
	return NULL;
}

static void races(int fd)
{
	struct race race = { .fd = fd, .base = reserve(PAGES * PAGE) };
	long before = frames_out(fd);
	pthread_t thread[3];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(thread); i++)
		pthread_create(&thread[i], NULL, toucher, &race);
	for (i = 0; i < times(300); i++) {
		size_t at = i * 97 % 700, n = 1 + i * 31 % 500;
		char *p = race.base + at * PAGE;

		map_at(p, fd, n * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE,
		       at * PAGE);
		sched_yield();
		if (i % 3 == 0)
			mprotect(p + n / 2 * PAGE, PAGE, PROT_READ);
		if (i % 4 == 0)
			discard(fd, p, n * PAGE, ISLE_RANGE_ADDRESS);
		munmap(p, (n + 1) / 2 * PAGE);
	}
	race.stop = true;
	for (i = 0; i < ARRAY_SIZE(thread); i++)
		pthread_join(thread[i], NULL);
	munmap(race.base, PAGES * PAGE);
	check(back_to(fd, before),
	      "threads that fault while another unmaps lose no frame");
}

int main(void)
{
	int fd = open_isle();
	long before = frames_out(fd);

	unmap_parts(fd);
	unmap_pages(fd);
	protect(fd);
	remap(fd);
	resize(fd);
	replace(fd);
	seal(fd);
	ends(fd);
	races(fd);
	check(back_to(fd, before), "every frame is back");
	return tap_end();
}
