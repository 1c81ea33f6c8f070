// SPDX-License-Identifier: GPL-2.0
/*
 * fork: the child sees what the parent had, and neither sees what the other
 * writes later.
 *
 * Runs as: root nobody
 * CPUs: 2
 */
#include "vm.h"

enum { PAGES = 1100 };		/* more than two chunks */

struct family {
	char *base;
	size_t pages;
	uint64_t seed;
	unsigned int depth;
};

/* Sees the parent's values, writes its own, keeps both apart. */
static int child_writes(void *argument)
{
	struct family *f = argument;
	size_t i;

	if (wrong(f->base, f->pages, f->seed))
		return 1;
	for (i = 0; i < f->pages; i += 2)
		*word(f->base, i) = pattern(i, f->seed + 1);
	for (i = 0; i < f->pages; i++) {
		if (*word(f->base, i) != pattern(i, f->seed + !(i % 2)))
			return 2;
	}
	return 0;
}

static int generations(void *argument)
{
	struct family f = *(struct family *)argument;

	if (wrong(f.base, f.pages, f.seed))
		return 1;
	if (!f.depth)
		return 0;
	f.depth--;
	f.seed++;
	fill(f.base, f.pages, f.seed);
	if (child(generations, &f) || child(child_writes, &f))
		return 2;
	return wrong(f.base, f.pages, f.seed) ? 3 : 0;
}

static void apart(int fd)
{
	struct family f = { .pages = PAGES, .seed = 1, .depth = 4 };

	f.base = map_private(fd, PAGES * PAGE);
	fill(f.base, PAGES, 1);
	check(!child(child_writes, &f),
	      "a child sees the parent's values and its own writes");
	check(!wrong(f.base, PAGES, 1), "the parent sees none of them");
	check(!child(generations, &f), "so it goes for five generations");
	check(!wrong(f.base, PAGES, 1), "and the first has kept its own");
	munmap(f.base, PAGES * PAGE);
}

/* The child waits until the parent has written. */
struct later {
	struct family family;
	int wait[2];
};

static int looks_later(void *argument)
{
	struct later *later = argument;
	char c;

	close(later->wait[1]);
	return read(later->wait[0], &c, 1) ||
	       wrong(later->family.base, later->family.pages, 1);
}

/* @protected: as it is protected while it forks, and no longer when it writes. */
static void parent_writes(int fd, bool protected)
{
	struct later later = { .family = { .pages = PAGES } };
	char *p = map_private(fd, PAGES * PAGE);
	int status;
	pid_t pid;

	later.family.base = p;
	fill(p, PAGES, 1);
	if (pipe(later.wait))
		bail_out("pipe: %s", strerror(errno));
	if (protected)
		mprotect(p, PAGES * PAGE, PROT_READ);
	pid = must_fork();
	if (!pid)
		_exit(looks_later(&later));
	mprotect(p, PAGES * PAGE, PROT_READ | PROT_WRITE);
	fill(p, PAGES, 2);
	close(later.wait[0]);
	close(later.wait[1]);
	waitpid(pid, &status, 0);
	check(WIFEXITED(status) && !WEXITSTATUS(status),
	      "a child does not see what the parent writes later%s",
	      protected ? ", to what it had protected" : "");
	check(!wrong(p, PAGES, 2), "the parent does");
	munmap(p, PAGES * PAGE);
}

static int nothing(void *argument)
{
	(void)argument;
	return 0;
}

static void reuse(int fd)
{
	struct isle_opener before, after;
	char *p = map_private(fd, 64 * PAGE);

	fill(p, 64, 1);
	child(nothing, NULL);
	before = opener(fd);
	fill(p, 64, 2);
	after = opener(fd);
	check(after.faults_cow == before.faults_cow,
	      "the last holder of a frame does not copy it");
	check(after.private_pages == before.private_pages,
	      "and needs no frame for it");
	munmap(p, 64 * PAGE);
}

static int sees_zeroes(void *argument)
{
	struct family *f = argument;

	return nonzero(f->base, f->pages * PAGE) != 0;
}

static void never_written(int fd)
{
	struct family f = { .pages = 64 };
	char *p = map_private(fd, 128 * PAGE), *q = map_private(fd, PAGE);

	f.base = p;
	nonzero(p, 64 * PAGE);
	check(!child(sees_zeroes, &f) && !nonzero(p, 128 * PAGE),
	      "what was only read is zeroes after a fork");
	fill(p, 128, 1);
	f.pages = 128;
	f.seed = 1;
	check(!child(child_writes, &f) && !wrong(p, 128, 1) &&
	      !nonzero(q, PAGE), "and can be written on both sides");
	munmap(p, 128 * PAGE);
	munmap(q, PAGE);
}

/* As it is, split by mprotect(), with holes, moved: all at once. */
static void in_pieces(int fd)
{
	char *p = map_private(fd, PAGES * PAGE), *to;
	struct family f = { .pages = PAGES, .seed = 1 };
	size_t i;

	f.base = p;
	fill(p, PAGES, 1);
	for (i = 0; i < PAGES; i += 50)
		mprotect(p + i * PAGE, PAGE, PROT_READ);
	for (i = 0; i < PAGES; i += 50)
		mprotect(p + i * PAGE, PAGE, PROT_READ | PROT_WRITE);
	check(!child(child_writes, &f) && !wrong(p, PAGES, 1),
	      "a mapping in pieces");

	munmap(p + 600 * PAGE, 50 * PAGE);
	f.pages = 600;
	check(!child(child_writes, &f) && !wrong(p, 600, 1),
	      "a mapping with a hole");
	f.base = p + 650 * PAGE;
	f.pages = 1;
	check(*word(p, 650) == pattern(650, 1), "beyond the hole as well");

	to = mmap(NULL, 600 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		  0);
	munmap(p, PAGES * PAGE);
	p = map_private(fd, 600 * PAGE);
	fill(p, 600, 4);
	f = (struct family){ .base = to, .pages = 600, .seed = 4, .depth = 2 };
	check(mremap(p, 600 * PAGE, 600 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		     to) == to && !child(generations, &f) &&
	      !wrong(to, 600, 4), "a mapping that was moved");
	munmap(to, 600 * PAGE);
}

/* Takes parts out of what it shares with the parent, 2 MB at a time. */
static int takes_apart(void *argument)
{
	struct family *f = argument;
	int fd = f->depth;
	unsigned long before = opener(fd).private_pages;

	munmap(f->base + 100 * PAGE, 300 * PAGE);
	if (opener(fd).private_pages != before - 300)
		return 1;
	if (discard(fd, f->base + 500 * PAGE, 200 * PAGE, ISLE_RANGE_ADDRESS) ||
	    opener(fd).private_pages != before - 500)
		return 2;
	if (wrong(f->base, 100, f->seed) ||
	    nonzero(f->base + 500 * PAGE, 200 * PAGE) ||
	    *word(f->base, 400) != pattern(400, f->seed) ||
	    *word(f->base, 700) != pattern(700, f->seed))
		return 3;
	fill(f->base + 500 * PAGE, 200, f->seed + 1);
	return wrong(f->base + 500 * PAGE, 200, f->seed + 1) ? 4 : 0;
}

static void taken_apart(int fd)
{
	struct family f = { .pages = PAGES, .seed = 1, .depth = fd };
	unsigned long before;
	char *p = map_private(fd, PAGES * PAGE);

	f.base = p;
	fill(p, PAGES, 1);
	before = opener(fd).private_pages;
	check(!child(takes_apart, &f), "a child unmaps and discards parts");
	check(!wrong(p, PAGES, 1) && opener(fd).private_pages == before,
	      "the parent still has them");
	discard(fd, p + 100 * PAGE, 500 * PAGE, ISLE_RANGE_ADDRESS);
	check(opener(fd).private_pages == before - 500 &&
	      !nonzero(p + 100 * PAGE, 500 * PAGE) && !wrong(p, 100, 1),
	      "and can discard them itself");
	munmap(p, PAGES * PAGE);
	check(opener(fd).private_pages == before - PAGES,
	      "nothing is counted twice");
}

static void keep_on_fork(int fd)
{
	struct family f = { .pages = PAGES, .seed = 1, .depth = 2 };

	f.base = map_private(fd, PAGES * PAGE);
	fill(f.base, PAGES, 1);
	check(!madvise(f.base, PAGES * PAGE, MADV_KEEPONFORK),
	      "MADV_KEEPONFORK is taken");
	check(!child(generations, &f) && !wrong(f.base, PAGES, 1),
	      "and changes nothing");
	munmap(f.base, PAGES * PAGE);
}

static int write_shared(void *argument)
{
	fill(argument, 64, 2);
	return 0;
}

static void shared(int fd)
{
	char *p = map_shared(fd, 64 * PAGE);

	fill(p, 64, 1);
	check(!child(write_shared, p) && !wrong(p, 64, 2),
	      "a shared mapping stays shared");
	munmap(p, 64 * PAGE);
	discard(fd, NULL, 64 * PAGE, 0);
}

/*
 * Writers count up in two words of a page, first word first. In a child both
 * stand still, and the second is at most one behind the first.
 */
struct counters {
	char *base;
	volatile bool stop;
};

enum { WRITERS = 3, COUNTER_PAGES = 600 };

static void *count(void *argument)
{
	struct counters *counters = argument;
	static unsigned int next;
	size_t i, nr = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED) % WRITERS;

	while (!counters->stop) {
		for (i = nr; i < COUNTER_PAGES; i += WRITERS) {
			volatile uint64_t *p = word(counters->base, i);

			p[0]++;
			__asm__ volatile("" : : : "memory");
			p[1]++;
		}
	}
	return NULL;
}

static int look_twice(void *argument)
{
	struct counters *counters = argument;
	uint64_t first[COUNTER_PAGES];
	size_t i;

	for (i = 0; i < COUNTER_PAGES; i++) {
		uint64_t *p = word(counters->base, i);

		first[i] = p[0];
		if (p[0] - p[1] > 1)
			return 1;
	}
	sleep_ms(2);
	for (i = 0; i < COUNTER_PAGES; i++) {
		if (*word(counters->base, i) != first[i])
			return 2;
		*word(counters->base, i) = 0;
	}
	return 0;
}

static void while_others_write(int fd)
{
	struct counters counters = {
		.base = map_private(fd, COUNTER_PAGES * PAGE),
	};
	pthread_t thread[WRITERS];
	unsigned int i, bad = 0;

	for (i = 0; i < WRITERS; i++)
		pthread_create(&thread[i], NULL, count, &counters);
	for (i = 0; i < times(30); i++)
		bad += child(look_twice, &counters) != 0;
	counters.stop = true;
	for (i = 0; i < WRITERS; i++)
		pthread_join(thread[i], NULL);
	check(!bad, "children of a process whose other threads write");
	bad = 0;
	for (i = 0; i < COUNTER_PAGES; i++)
		bad += word(counters.base, i)[0] != word(counters.base, i)[1];
	check(!bad, "whose counts are all there");
	munmap(counters.base, COUNTER_PAGES * PAGE);
}

/* Children that live side by side, killed in no order. */
static void many(int fd)
{
	char *p = map_private(fd, 300 * PAGE);
	struct family f = { .base = p, .pages = 300, .seed = 1 };
	unsigned int i, bad = 0;
	pid_t pids[12];

	fill(p, 300, 1);
	for (i = 0; i < ARRAY_SIZE(pids); i++) {
		pids[i] = must_fork();
		if (!pids[i]) {
			int ret = child_writes(&f);

			if (ret || i % 3)
				_exit(ret);
			for (;;)
				pause();
		}
	}
	sleep_ms(20);
	for (i = 0; i < ARRAY_SIZE(pids); i++) {
		int status;

		if (i % 3 == 0)
			kill(pids[i], SIGKILL);
		waitpid(pids[i], &status, 0);
		bad += status != (i % 3 ? 0 : SIGKILL);
	}
	check(!bad && !wrong(p, 300, 1), "a dozen children at once");
	munmap(p, 300 * PAGE);
}

int main(void)
{
	int fd = open_isle(), by_page = open_by_page();
	long before = frames_out(fd);

	apart(fd);
	apart(by_page);
	parent_writes(fd, false);
	parent_writes(fd, true);
	reuse(fd);
	never_written(fd);
	in_pieces(fd);
	taken_apart(fd);
	keep_on_fork(fd);
	shared(fd);
	while_others_write(fd);
	while_others_write(by_page);
	many(fd);
	check(back_to(fd, before), "every frame is back");
	return tap_end();
}
