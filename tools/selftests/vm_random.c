// SPDX-License-Identifier: GPL-2.0
/*
 * Random operations on a mapping, beside a model of what each page must hold.
 * Children go on with the operations, grandchildren too. Every other round has
 * pages of 2 MB, where kernel and system allow that.
 *
 * Runs as: root nobody
 * Time: 900
 */
#include "vm.h"

enum {
	PAGES		= 1300,
	ROUNDS		= 36,
	OPERATIONS	= 200,
	DEPTH		= 3,
};

/*
 * Pages stand at base + page * PAGE unless they were moved to away + page *
 * PAGE; both areas are reserved, so that nothing else gets in between.
 */
static struct model {
	int fd;
	bool huge;
	char *base;
	char *away;
	uint64_t state;
	struct page {
		uint64_t value;
		bool mapped;
		bool moved;
		bool writable;
	} pages[PAGES];
} m;

static uint32_t next(uint32_t below)
{
	m.state = m.state * 6364136223846793005 + 1442695040888963407;
	return (m.state >> 33) % below;
}

static char *address(size_t page)
{
	return (m.pages[page].moved ? m.away : m.base) + page * PAGE;
}

static size_t random_range(size_t *nr)
{
	size_t first = next(PAGES);

	*nr = 1 + next(next(4) ? 20 : PAGES);
	if (*nr > PAGES - first)
		*nr = PAGES - first;
	return first;
}

/* The page beyond the last that is as @first is and stands behind it. */
static size_t alike(size_t first, size_t end)
{
	size_t i = first;

	while (i < end && m.pages[i].mapped == m.pages[first].mapped &&
	       m.pages[i].moved == m.pages[first].moved)
		i++;
	return i;
}

static void reserve(char *at, size_t nr)
{
	map_at(at, -1, nr * PAGE, PROT_NONE,
	       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, 0);
}

static void do_map(size_t first, size_t nr)
{
	size_t i;

	map_at(m.base + first * PAGE, m.fd, nr * PAGE, PROT_READ | PROT_WRITE,
	       MAP_PRIVATE, first * PAGE);
	if (m.huge)
		madvise(m.base + first * PAGE, nr * PAGE, MADV_HUGEPAGE);
	for (i = first; i < first + nr; i++) {
		if (m.pages[i].moved)
			reserve(m.away + i * PAGE, 1);
		m.pages[i] = (struct page){ .mapped = true, .writable = true };
	}
}

static void do_unmap(size_t first, size_t nr)
{
	size_t i;

	for (i = first; i < first + nr; i++) {
		if (m.pages[i].moved)
			munmap(m.away + i * PAGE, PAGE);
	}
	munmap(m.base + first * PAGE, nr * PAGE);
	reserve(m.base + first * PAGE, nr);
	for (i = first; i < first + nr; i++) {
		if (m.pages[i].moved)
			reserve(m.away + i * PAGE, 1);
		m.pages[i] = (struct page){ 0 };
	}
}

static void do_protect(size_t first, size_t nr)
{
	bool writable = next(2);
	size_t i, end;

	for (i = first; i < first + nr; i = end) {
		end = alike(i, first + nr);
		if (!m.pages[i].mapped)
			continue;
		if (mprotect(address(i), (end - i) * PAGE,
			     PROT_READ | (writable ? PROT_WRITE : 0)))
			bail_out("mprotect: %s", strerror(errno));
	}
	for (i = first; i < first + nr; i++)
		m.pages[i].writable = writable;
}

/* Moves what of one VMA is in the range, there or back. */
static void do_move(size_t first, size_t nr)
{
	size_t end = alike(first, first + nr), i;
	char *from = address(first), *to;

	if (!m.pages[first].mapped)
		return;
	to = (m.pages[first].moved ? m.base : m.away) + first * PAGE;
	if (mremap(from, (end - first) * PAGE, (end - first) * PAGE,
		   MREMAP_MAYMOVE | MREMAP_FIXED, to) == MAP_FAILED) {
		/* More than one VMA: EFAULT, or the first ones have moved. */
		for (i = first; i < end; i++) {
			if (mremap(address(i), PAGE, PAGE,
				   MREMAP_MAYMOVE | MREMAP_FIXED,
				   to + (i - first) * PAGE) != MAP_FAILED)
				continue;
			bail_out("mremap: %s", strerror(errno));
		}
	}
	reserve(from, end - first);
	for (i = first; i < end; i++)
		m.pages[i].moved = !m.pages[i].moved;
}

static void do_discard(size_t first, size_t nr)
{
	size_t i, end;

	for (i = first; i < first + nr; i = end) {
		end = alike(i, first + nr);
		if (!m.pages[i].mapped)
			continue;
		if (discard(m.fd, address(i), (end - i) * PAGE,
			    ISLE_RANGE_ADDRESS))
			bail_out("discard: %s", strerror(errno));
	}
	for (i = first; i < first + nr; i++)
		m.pages[i].value = 0;
}

static void do_write(size_t first, size_t nr)
{
	size_t i;

	for (i = first; i < first + nr; i++) {
		if (!m.pages[i].mapped || !m.pages[i].writable)
			continue;
		m.pages[i].value = pattern(i, m.state);
		*(volatile uint64_t *)address(i) = m.pages[i].value;
	}
}

static size_t do_check(size_t first, size_t nr)
{
	size_t i, bad = 0;

	for (i = first; i < first + nr; i++) {
		if (!m.pages[i].mapped)
			continue;
		if (*(volatile uint64_t *)address(i) == m.pages[i].value)
			continue;
		if (!bad++)
			note("page %zu holds %lx instead of %lx", i,
			     *(uint64_t *)address(i), m.pages[i].value);
	}
	return bad;
}

static void around(void)
{
	struct isle_range range = {
		.start	= (uintptr_t)m.base,
		.length = PAGES * PAGE,
		.value	= PAGE << next(10),
	};

	ioctl(m.fd, ISLE_IOC_FAULT_AROUND, &range);
}

static size_t operations(unsigned int depth, unsigned int nr);

struct descend {
	unsigned int depth;
	unsigned int operations;
	uint64_t seed;
};

static int go_on(void *argument)
{
	struct descend *d = argument;

	m.state = d->seed;
	return operations(d->depth, d->operations) != 0;
}

static size_t do_fork(unsigned int depth, unsigned int left)
{
	struct descend d = {
		.depth		= depth + 1,
		.operations	= left < 40 ? left : 40,
		.seed		= m.state ^ 0x5555,
	};
	int ret = child(go_on, &d);

	if (ret)
		note("a child at depth %u ended with %d", depth, ret);
	return ret != 0;
}

static size_t operations(unsigned int depth, unsigned int nr)
{
	size_t bad = 0, first, n;

	while (nr-- && !bad) {
		first = random_range(&n);
		switch (next(20)) {
		case 0:
			do_map(first, n);
			break;
		case 1:
			do_unmap(first, n);
			break;
		case 2:
		case 3:
			do_protect(first, n);
			break;
		case 4:
			do_move(first, n);
			break;
		case 5:
			do_discard(first, n);
			break;
		case 6:
			around();
			break;
		case 7:
			if (depth < DEPTH)
				bad += do_fork(depth, nr);
			break;
		case 8 ... 13:
			do_write(first, n);
			break;
		default:
			bad += do_check(first, n);
		}
	}
	return bad + do_check(0, PAGES);
}

/* Pages of 2 MB need offsets and addresses that go together: here, or away too. */
static void round_of(uint64_t seed, bool huge)
{
	size_t length = 2 * PAGES * PAGE + 4 * MB;
	char *room;

	m.fd = open_isle();
	m.huge = huge;
	set_huge(m.fd, huge ? ISLE_HUGE_ADVISE : ISLE_HUGE_NEVER);
	m.state = seed;
	memset(m.pages, 0, sizeof(m.pages));
	room = mmap(NULL, length, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	m.base = room;
	if (huge)
		m.base += -(uintptr_t)room % (2 * MB);
	m.away = m.base + PAGES * PAGE;
	if (huge && next(2))
		m.away += -(uintptr_t)m.away % (2 * MB);
	do_map(0, PAGES);
	check(!operations(0, OPERATIONS), "every page holds what it must");
	munmap(room, length);
	check(!opener(m.fd).private_pages, "the opener holds nothing");
	close(m.fd);
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) :
				   (uint64_t)time(NULL) << 20 | getpid();
	int fd = open_isle();
	long before = frames_out(fd);
	unsigned int i;

	note("seed %#lx", seed);
	for (i = 0; i < times(ROUNDS); i++)
		round_of(seed + i * 0x9e3779b97f4a7c15, i % 2);
	check(back_to(fd, before), "every frame is back");
	return tap_end();
}
