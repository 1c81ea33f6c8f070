// SPDX-License-Identifier: GPL-2.0
/*
 * Private mappings: what reads and writes find, how much a fault maps, and what
 * such memory can't do.
 *
 * Runs as: root nobody
 * CPUs: 2
 */
#include <sys/uio.h>

#include "vm.h"

static void zero_then_own(int fd)
{
	struct isle_opener before = opener(fd), after;
	size_t pages = 64;
	char *p = map_private(fd, pages * PAGE);

	check(!nonzero(p, pages * PAGE), "an untouched mapping reads as zeroes");
	after = opener(fd);
	check(after.private_pages == before.private_pages &&
	      after.faults_zero > before.faults_zero &&
	      after.faults_anon == before.faults_anon,
	      "reading takes no frames but the shared one");
	*word(p, 7) = 1234;
	after = opener(fd);
	check(after.private_pages == before.private_pages + 1 &&
	      after.faults_anon == before.faults_anon + 1,
	      "a write after a read takes one frame");
	*word(p, 7) = 0;
	check(!nonzero(p, pages * PAGE), "the rest is zeroes still");
	munmap(p, pages * PAGE);

	p = map_private(fd, pages * PAGE);
	memset(p + 20 * PAGE + 100, 0xff, 8);
	check(p[20 * PAGE + 99] == 0 && p[20 * PAGE + 108] == 0 &&
	      nonzero(p, pages * PAGE) == 2,
	      "a first write finds zeroes around it");
	munmap(p, pages * PAGE);
	check(opener(fd).private_pages == before.private_pages,
	      "munmap() gives the frames back at once");
}

/* Frames that one write takes in a fresh mapping. */
static unsigned long frames_a_write(int fd, size_t length, size_t at)
{
	unsigned long before = opener(fd).private_pages, taken;
	char *p = mmap(NULL, length + 2 * MB, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *aligned = (char *)(((uintptr_t)p + 2 * MB - 1) & -(2 * MB));

	map_at(aligned, fd, length, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);
	aligned[at] = 1;
	taken = opener(fd).private_pages - before;
	munmap(p, length + 2 * MB);
	return taken;
}

static void fault_around(void)
{
	struct isle_range range = { .length = PAGE };
	unsigned long bytes;
	int fd = open_isle();
	char *p;

	check(frames_a_write(fd, 4 * MB, 5 * PAGE) == 16,
	      "a write brings its 64 KB");
	check(frames_a_write(fd, 3 * PAGE, PAGE) == 3,
	      "as far as the mapping goes");
	close(fd);

	for (bytes = PAGE; bytes <= 2 * MB; bytes *= 8) {
		fd = open_isle();
		set_up(fd, bytes, 0);
		check(frames_a_write(fd, 4 * MB, MB) == bytes / PAGE,
		      "with %lu KB in ISLE_IOC_SETUP a write brings that much",
		      bytes / 1024);
		close(fd);
	}

	fd = open_by_page();
	p = map_private(fd, MB);
	range.start = (uintptr_t)p;
	range.flags = ISLE_RANGE_ADDRESS;
	range.value = 32 * 1024;
	check(!ioctl(fd, ISLE_IOC_FAULT_AROUND, &range),
	      "ISLE_IOC_FAULT_AROUND takes a mapping");
	p[MB / 2] = 1;
	check(opener(fd).private_pages == 8, "and changes it for that one");
	check(frames_a_write(fd, 4 * MB, 0) == 1, "and for no other");
	munmap(p, MB);
	close(fd);
}

static void large(int fd)
{
	size_t pages = times(24) * MB / PAGE, i;
	char *p = map_private(fd, pages * PAGE);

	fill(p, pages, 1);
	check(!wrong(p, pages, 1), "many megabytes keep what was written");
	for (i = 0; i < pages; i += 3)
		*word(p, i) = 0;
	for (i = 0; i < pages; i += 3)
		*word(p, i) = pattern(i, 1);
	check(!wrong(p, pages, 1), "also when written over");
	munmap(p, pages * PAGE);

	p = map_private(fd, pages * PAGE);
	for (i = 0; i < pages; i++)
		*word(p, i * 7919 % pages) = pattern(i * 7919 % pages, 2);
	check(!wrong(p, pages, 2), "also when touched in no order");
	munmap(p, pages * PAGE);
}

enum { THREADS = 4, STRIPE_PAGES = 2048 };

struct stripe {
	char *base;
	unsigned int nr;
	size_t bad;
};

/* Pages nr, nr + THREADS, ...: every chunk and every fault's pages contended. */
static void *work_on_stripe(void *argument)
{
	struct stripe *s = argument;
	size_t i;

	for (i = s->nr; i < STRIPE_PAGES; i += THREADS) {
		s->bad += *word(s->base, i) != 0;
		*word(s->base, i) = pattern(i, s->nr);
	}
	for (i = s->nr; i < STRIPE_PAGES; i += THREADS)
		s->bad += *word(s->base, i) != pattern(i, s->nr);
	return NULL;
}

static void threads(int fd)
{
	struct stripe stripes[THREADS];
	pthread_t thread[THREADS];
	size_t bad = 0;
	unsigned int i, round;

	for (round = 0; round < times(8); round++) {
		char *p = map_private(fd, STRIPE_PAGES * PAGE);

		for (i = 0; i < THREADS; i++) {
			stripes[i] = (struct stripe){ .base = p, .nr = i };
			pthread_create(&thread[i], NULL, work_on_stripe,
				       &stripes[i]);
		}
		for (i = 0; i < THREADS; i++) {
			pthread_join(thread[i], NULL);
			bad += stripes[i].bad;
		}
		munmap(p, STRIPE_PAGES * PAGE);
	}
	check(!bad, "threads that fault side by side keep their values");
}

static void apart(int fd)
{
	char *a = map_private(fd, 16 * PAGE), *b = map_private(fd, 16 * PAGE);

	fill(a, 16, 1);
	check(!nonzero(b, 16 * PAGE),
	      "two mappings of one offset have nothing in common");
	fill(b, 16, 2);
	check(!wrong(a, 16, 1) && !wrong(b, 16, 2), "nor once both are written");
	munmap(a, 16 * PAGE);
	munmap(b, 16 * PAGE);

	a = map_at(NULL, fd, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE,
		   (off_t)1 << 50);
	fill(a, 4, 3);
	check(!wrong(a, 4, 3), "an offset of a petabyte is as good as any");
	munmap(a, 4 * PAGE);
}

static void discarding(int fd)
{
	unsigned long before = opener(fd).private_pages;
	size_t pages = 1024;
	char *p = map_private(fd, pages * PAGE);

	fill(p, pages, 1);
	check(!discard(fd, p + 100 * PAGE, 600 * PAGE, ISLE_RANGE_ADDRESS),
	      "ISLE_IOC_DISCARD takes a range of a mapping");
	check(opener(fd).private_pages == before + pages - 600,
	      "its frames are back at once");
	check(!nonzero(p + 100 * PAGE, 600 * PAGE) && !wrong(p, 100, 1) &&
	      *word(p, 700) == pattern(700, 1),
	      "zeroes in the range, and nowhere else");
	*word(p, 300) = 5;
	check(*word(p, 300) == 5, "it can be written again");
	munmap(p + 512 * PAGE, PAGE);
	check(discard(fd, p, pages * PAGE, ISLE_RANGE_ADDRESS) &&
	      errno == ENOMEM && *word(p, 0) == pattern(0, 1),
	      "a hole in the range: ENOMEM, nothing done");
	munmap(p, pages * PAGE);
	check(discard(fd, p, PAGE, ISLE_RANGE_ADDRESS) && errno == ENOMEM,
	      "no mapping at all: ENOMEM");
}

/* What the documentation says that private memory can't do. */
static void refused(int fd)
{
	char buffer[64], *p = map_private(fd, 4 * PAGE);
	struct iovec local = { buffer, 8 }, remote = { p, 8 };
	unsigned int i;
	static const struct {
		const char *name;
		int advice;
		int error;
	} advices[] = {
		{ "MADV_DONTNEED", MADV_DONTNEED, EINVAL },
		{ "MADV_FREE", MADV_FREE, EINVAL },
		{ "MADV_WIPEONFORK", MADV_WIPEONFORK, EINVAL },
	};

	fill(p, 4, 1);
	check(read(fd, buffer, 8) < 0 && errno == EINVAL, "read() is EINVAL");
	check(write(fd, buffer, 8) < 0 && errno == EINVAL, "write() is EINVAL");
	check(ftruncate(fd, PAGE) && errno == EINVAL, "ftruncate() is EINVAL");
	for (i = 0; i < ARRAY_SIZE(advices); i++)
		check(madvise(p, PAGE, advices[i].advice) &&
		      errno == advices[i].error, "%s is %s", advices[i].name,
		      strerrorname_np(advices[i].error));
	check(!mlock(p, PAGE), "mlock() says yes and does nothing");
	munlock(p, PAGE);
	check(process_vm_readv(getpid(), &local, 1, &remote, 1, 0) < 0 &&
	      errno == EFAULT, "process_vm_readv() is EFAULT");
	check(!wrong(p, 4, 1), "none of it changed anything");
	munmap(p, 4 * PAGE);
}

int main(void)
{
	int fd = open_by_page();
	long before = frames_out(fd);

	zero_then_own(fd);
	fault_around();
	large(fd);
	threads(fd);
	apart(fd);
	discarding(fd);
	refused(fd);
	check(back_to(fd, before), "every frame is back");
	close(fd);

	fd = open_isle();
	large(fd);
	threads(fd);
	check(back_to(fd, before), "every frame is back, with fault-around");
	return tap_end();
}
