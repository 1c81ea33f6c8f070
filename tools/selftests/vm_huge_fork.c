// SPDX-License-Identifier: GPL-2.0
/*
 * fork with pages of 2 MB: shared whole, taken apart by whoever changes a part,
 * and whole again for who is left.
 *
 * Runs as: root
 */
#include "vm_huge.h"

struct family {
	char *base;
	size_t pages;
	uint64_t seed;
	unsigned int depth;
};

static int only_reads(void *argument)
{
	struct family *f = argument;

	return wrong(f->base, f->pages, f->seed) != 0;
}

/* Sees what was there, writes every third page, then hands it on. */
static int writes_too(void *argument)
{
	struct family f = *(struct family *)argument;
	size_t i, bad = wrong(f.base, f.pages, f.seed);

	for (i = 0; i < f.pages; i += 3)
		*word(f.base, i) = pattern(i, f.seed + 1);
	for (i = 0; i < f.pages; i++)
		bad += *word(f.base, i) != pattern(i, f.seed + !(i % 3));
	if (!f.depth)
		return bad != 0;
	fill(f.base, f.pages, ++f.seed);
	f.depth--;
	return bad || child(writes_too, &f) || child(only_reads, &f) ||
	       wrong(f.base, f.pages, f.seed);
}

static int writes_all(void *argument)
{
	struct family *f = argument;

	fill(f->base, f->pages, f->seed + 1);
	return wrong(f->base, f->pages, f->seed + 1) != 0;
}

static void families(void)
{
	int fd = open_huge(ISLE_HUGE_ALWAYS);
	long before = frames_out(fd);
	char *p = map_private(fd, 2 * HUGE);
	struct family f = { p, 2 * SLOTS, 1, 3 };
	unsigned long huge;

	fill(p, f.pages, 1);
	huge = opener(fd).faults_huge;
	check(!child(only_reads, &f), "a child sees the parent's values");
	check_huge(fd, huge + 2, true, "by entries of 2 MB");
	fill(p, f.pages, 2);
	check_huge(fd, huge + 4, !opener(fd).faults_cow,
		   "of which the last holder does not copy any");
	f.seed = 2;
	check(!child(writes_too, &f) && !wrong(p, f.pages, 2),
	      "generations that write don't see each other");
	check(opener(fd).private_pages == f.pages &&
	      back_to(fd, before + f.pages), "and leave nothing behind");
	child(writes_all, &f);
	huge = opener(fd).faults_huge;
	fill(p, f.pages, 3);
	check_huge(fd, huge + 2, !wrong(p, f.pages, 3),
		   "what stayed in a row is mapped by 2 MB again");

	/* Shared with a child by parts; both go on from there. */
	mprotect(p + 100 * PAGE, PAGE, PROT_READ);
	f.seed = 3;
	check(!child(only_reads, &f), "in pieces, a child sees it all");
	mprotect(p + 100 * PAGE, PAGE, PROT_READ | PROT_WRITE);
	check(!child(writes_too, &f) && !wrong(p, f.pages, 3) &&
	      opener(fd).private_pages == f.pages, "and writes for itself");
	munmap(p, 2 * HUGE);
	check(back_to(fd, before), "every frame is back after forks");
	close(fd);
}

struct held {
	char *base;
	int ready[2];
	int go[2];
};

static int waits(void *argument)
{
	struct held *h = argument;
	size_t bad = wrong(h->base, SLOTS, 1);
	char c = 0;

	close(h->go[1]);
	if (write(h->ready[1], &c, 1) != 1 || read(h->go[0], &c, 1))
		return 2;
	return bad || wrong(h->base, SLOTS, 1);
}

/* The parent writes, unmaps and discards what a child maps by 2 MB. */
static void apart(void)
{
	int fd = open_huge(ISLE_HUGE_ALWAYS), status;
	struct held h = { .base = map_private(fd, HUGE) };
	char c;
	pid_t pid;

	fill(h.base, SLOTS, 1);
	if (pipe(h.ready) || pipe(h.go))
		bail_out("pipe: %s", strerror(errno));
	pid = must_fork();
	if (!pid)
		_exit(waits(&h));
	close(h.go[0]);
	if (read(h.ready[0], &c, 1) != 1)
		bail_out("the child ended early");
	*word(h.base, 3) = 33;
	check(*word(h.base, 3) == 33 && *word(h.base, 4) == pattern(4, 1) &&
	      opener(fd).faults_cow == 1, "a write copies one small page");
	discard(fd, h.base + 8 * PAGE, 8 * PAGE, ISLE_RANGE_ADDRESS);
	munmap(h.base + 20 * PAGE, 8 * PAGE);
	check(!nonzero(h.base + 8 * PAGE, 8 * PAGE) &&
	      *word(h.base, 40) == pattern(40, 1) &&
	      opener(fd).private_pages == 2 * SLOTS - 16,
	      "the parent drops parts");
	discard(fd, h.base + 28 * PAGE, HUGE - 28 * PAGE, ISLE_RANGE_ADDRESS);
	close(h.go[1]);
	close(h.ready[0]);
	close(h.ready[1]);
	waitpid(pid, &status, 0);
	check(WIFEXITED(status) && !WEXITSTATUS(status),
	      "the child sees none of it");
	munmap(h.base, HUGE);
	close(fd);
}

/* What is whole but shared, too, goes by one step for 2 MB. */
static int drops_all(void *argument)
{
	struct held *h = argument;
	int fd = h->go[0];

	if (wrong(h->base, SLOTS, 1) ||
	    discard(fd, h->base, HUGE, ISLE_RANGE_ADDRESS) ||
	    nonzero(h->base, HUGE))
		return 1;
	fill(h->base, SLOTS, 2);
	return wrong(h->base, SLOTS, 2) != 0;
}

static void drop_shared(void)
{
	int fd = open_huge(ISLE_HUGE_ALWAYS);
	struct held h = { .base = map_private(fd, HUGE), .go = { fd } };

	fill(h.base, SLOTS, 1);
	check(!child(drops_all, &h) && !wrong(h.base, SLOTS, 1),
	      "a child discards what it shares and starts anew");
	check(opener(fd).private_pages == SLOTS, "the parent has its own");
	munmap(h.base, HUGE);
	close(fd);
}

int main(void)
{
	int fd = open_isle();
	long before = frames_out(fd);

	begin_huge(fd);
	families();
	apart();
	drop_shared();
	check(back_to(fd, before), "every frame is back");
	return tap_end();
}
