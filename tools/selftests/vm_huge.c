// SPDX-License-Identifier: GPL-2.0
/*
 * Pages of 2 MB in private mappings: one fault and one entry for 2 MB, and what
 * takes such a page apart. What is checked of values holds on kernels without
 * them too.
 *
 * Runs as: root
 */
#include <sched.h>

#include "vm_huge.h"

static long minor_faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt;
}

static void touch_once(void)
{
	int fd = open_huge(ISLE_HUGE_ALWAYS);
	struct isle_opener info;
	char *p = map_private(fd, 4 * HUGE);
	long faults;

	check(!((uintptr_t)p % HUGE), "a large mapping starts at 2 MB");
	p[HUGE + 12345] = 1;
	info = opener(fd);
	check(info.private_pages == (has_huge ? SLOTS : 16),
	      "one write takes 2 MB");
	check(nonzero(p + HUGE, HUGE) == 1, "the rest of it is zeroes");
	p[HUGE + 12345] = 0;
	faults = minor_faults();
	fill(p, 4 * SLOTS, 1);
	faults = minor_faults() - faults;
	info = opener(fd);
	note("%ld faults", faults);
	check_huge(fd, 4, info.faults_anon == 4 && !info.faults_around &&
		   faults < 20, "a fault for each 2 MB");
	check(!wrong(p, 4 * SLOTS, 1) && info.private_pages == 4 * SLOTS,
	      "each page keeps what was written");
	munmap(p, 4 * HUGE);
	check(!opener(fd).private_pages, "munmap() gives it all back");
	close(fd);
}

static void read_first(void)
{
	int fd = open_huge(ISLE_HUGE_ALWAYS);
	long before = frames_out(fd);
	char *p = map_private(fd, 4 * HUGE), *q = map_private(fd, HUGE);

	check(!nonzero(p, 4 * HUGE) && !opener(fd).private_pages,
	      "an untouched mapping reads as zeroes and holds nothing");
	check_huge(fd, 4, frames_out(fd) == before + (long)SLOTS,
		   "by one block of zeroes for all of it");
	nonzero(q, HUGE);
	*word(p, 700) = 5;
	check(opener(fd).private_pages == (has_huge ? SLOTS : 16) &&
	      *word(p, 700) == 5 && nonzero(p, 4 * HUGE) == 1,
	      "a write after a read");
	check_huge(fd, 6, true, "takes 2 MB as well");
	check(!nonzero(q, HUGE), "other mappings see zeroes still");
	munmap(p, 4 * HUGE);
	munmap(q, HUGE);
	check(back_to(fd, before), "the block of zeroes goes with the last user");
	close(fd);
}

static void unmap_part(void)
{
	int fd = open_huge(ISLE_HUGE_ALWAYS);
	long before = frames_out(fd);
	char *p = map_private(fd, 2 * HUGE);

	fill(p, 2 * SLOTS, 1);
	munmap(p + 100 * PAGE, 100 * PAGE);
	check(opener(fd).private_pages == 2 * SLOTS - 100 &&
	      back_to(fd, before + 2 * SLOTS - 100),
	      "unmapping a part gives its frames back");
	check(!wrong(p, 100, 1) && touch(p + 100 * PAGE, false) == SIGSEGV &&
	      touch(p + 199 * PAGE, true) == SIGSEGV &&
	      *word(p, 200) == pattern(200, 1) &&
	      *word(p, 1023) == pattern(1023, 1), "and leaves the others");
	munmap(p + 300 * PAGE, 400 * PAGE);
	*word(p, 299) = 1;
	check(*word(p, 700) == pattern(700, 1) &&
	      opener(fd).private_pages == 2 * SLOTS - 500,
	      "a part of two, too");
	munmap(p, 2 * HUGE);
	check(back_to(fd, before), "all of it in the end");
	close(fd);
}

static void protect_part(void)
{
	int fd = open_huge(ISLE_HUGE_ALWAYS);
	char *p = map_private(fd, 2 * HUGE);
	unsigned int bad = 0;

	fill(p, 2 * SLOTS, 1);
	mprotect(p + 500 * PAGE, 20 * PAGE, PROT_READ);
	check(!wrong(p, 2 * SLOTS, 1), "mprotect() of a part keeps values");
	bad += touch(p + 499 * PAGE, true) || touch(p + 520 * PAGE, true);
	bad += touch(p + 500 * PAGE, true) != SIGSEGV;
	bad += touch(p + 519 * PAGE, true) != SIGSEGV;
	mprotect(p + 500 * PAGE, 20 * PAGE, PROT_NONE);
	bad += touch(p + 510 * PAGE, false) != SIGSEGV;
	mprotect(p + 500 * PAGE, 20 * PAGE, PROT_READ | PROT_WRITE);
	check(!bad && *word(p, 510) == pattern(510, 1),
	      "and holds for just that part");
	fill(p, 2 * SLOTS, 2);
	check(!wrong(p, 2 * SLOTS, 2) &&
	      opener(fd).private_pages == 2 * SLOTS, "until it is undone");
	munmap(p, 2 * HUGE);

	p = map_private(fd, 2 * HUGE);
	fill(p, 2 * SLOTS, 1);
	mprotect(p, 2 * HUGE, PROT_READ);
	bad = touch(p, true) != SIGSEGV || wrong(p, 2 * SLOTS, 1);
	mprotect(p, 2 * HUGE, PROT_READ | PROT_WRITE);
	fill(p, 2 * SLOTS, 2);
	check(!bad && !wrong(p, 2 * SLOTS, 2), "of all of it, too");
	munmap(p, 2 * HUGE);
	close(fd);
}

static void read_only_first(void)
{
	int fd = open_huge(ISLE_HUGE_ALWAYS);
	char *p = map_private(fd, HUGE);
	unsigned long huge;

	fill(p, SLOTS, 1);
	madvise(p, HUGE, MADV_KEEPONFORK);	/* then a fork unmaps it */
	child(nothing, NULL);
	mprotect(p, HUGE, PROT_READ);
	huge = opener(fd).faults_huge;
	check(!wrong(p, SLOTS, 1), "what may only be read is read");
	mprotect(p, HUGE, PROT_READ | PROT_WRITE);
	fill(p, SLOTS, 2);
	check_huge(fd, huge + 2, opener(fd).faults_reuse == 1,
		   "and becomes writable as a whole");
	check(!wrong(p, SLOTS, 2) && !opener(fd).faults_cow &&
	      opener(fd).private_pages == SLOTS, "without a copy");
	munmap(p, HUGE);
	close(fd);
}

static void discard_part(void)
{
	int fd = open_huge(ISLE_HUGE_ALWAYS);
	long before = frames_out(fd);
	char *p = map_private(fd, 2 * HUGE);

	fill(p, 2 * SLOTS, 1);
	discard(fd, p + 400 * PAGE, 200 * PAGE, ISLE_RANGE_ADDRESS);
	check(!wrong(p, 400, 1) && !nonzero(p + 400 * PAGE, 200 * PAGE) &&
	      *word(p, 600) == pattern(600, 1), "discarding a part");
	check(opener(fd).private_pages == 2 * SLOTS - 200 &&
	      back_to(fd, before + 2 * SLOTS - 200), "gives its frames back");
	munmap(p, 2 * HUGE);

	p = map_private(fd, 2 * HUGE);
	fill(p, 2 * SLOTS, 1);
	discard(fd, p, 2 * HUGE, ISLE_RANGE_ADDRESS);
	check(!opener(fd).private_pages && !nonzero(p, 2 * HUGE),
	      "discarding all of it");
	fill(p, 2 * SLOTS, 2);
	check_huge(fd, 8, !wrong(p, 2 * SLOTS, 2),
		   "what was discarded gets 2 MB again");
	munmap(p, 2 * HUGE);
	check(back_to(fd, before), "every frame is back after discards");
	close(fd);
}

static void move(void)
{
	int fd = open_huge(ISLE_HUGE_ALWAYS);
	char *room = reserve_huge(6 * HUGE), *p = map_private(fd, 2 * HUGE);
	struct isle_opener info;

	fill(p, 2 * SLOTS, 1);
	info = opener(fd);
	p = mremap(p, 2 * HUGE, 2 * HUGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		   room + HUGE);
	check(p == room + HUGE && !wrong(p, 2 * SLOTS, 1),
	      "mremap() to another place keeps values");
	fill(p, 2 * SLOTS, 2);
	check_huge(fd, info.faults_huge, !wrong(p, 2 * SLOTS, 2) &&
		   opener(fd).faults_anon == info.faults_anon,
		   "and entries of 2 MB");
	p = mremap(p, 2 * HUGE, 2 * HUGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		   room + 3 * HUGE + 7 * PAGE);
	check(p != MAP_FAILED && !wrong(p, 2 * SLOTS, 2),
	      "to where they can't be, values");
	fill(p, 2 * SLOTS, 3);
	munmap(p + 20 * PAGE, 30 * PAGE);
	check(!wrong(p, 20, 3) && *word(p, 1000) == pattern(1000, 3) &&
	      opener(fd).private_pages == 2 * SLOTS - 30,
	      "and all can be written and unmapped there");
	munmap(room, 6 * HUGE);
	check(!opener(fd).private_pages, "wherever it is unmapped");
	close(fd);
}

static void mem_file(void)
{
	int fd = open_huge(ISLE_HUGE_ALWAYS);
	char *p = map_private(fd, HUGE);
	int mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	uint64_t value = 77, got = 0;

	fill(p, SLOTS, 1);
	check(pread(mem, &got, 8, (off_t)word(p, 300)) == 8 &&
	      got == pattern(300, 1), "/proc/PID/mem reads");
	check(pwrite(mem, &value, 8, (off_t)word(p, 301)) == 8 &&
	      *word(p, 301) == 77 && opener(fd).private_pages == SLOTS,
	      "and writes in place");
	close(mem);
	munmap(p, HUGE);
	close(fd);
}

/* Pages of the object show through, whenever they come. */
static void over_an_object(void)
{
	int fd = open_huge(ISLE_HUGE_ALWAYS);
	char *shared = map_shared(fd, 2 * HUGE), *p = map_private(fd, 2 * HUGE);

	*word(shared, 5) = 55;
	*word(p, 6) = 66;
	check(*word(p, 5) == 55 && *word(p, 6) == 66 && !*word(shared, 6),
	      "a page of the object shows");
	check(!*word(p, SLOTS + 5), "where it has none, zeroes do");
	*word(shared, SLOTS + 5) = 56;
	check(*word(p, SLOTS + 5) == 56, "until it gets one");
	*word(p, SLOTS + 9) = 1;
	check(*word(p, SLOTS + 5) == 56 && !*word(shared, SLOTS + 9),
	      "which shows beside what is written");
	munmap(p, 2 * HUGE);
	munmap(shared, 2 * HUGE);
	close(fd);
}

static void short_limit(void)
{
	int fd = open_isle();
	char *p;

	set_up(fd, PAGE, HUGE + 100 * PAGE);
	set_huge(fd, ISLE_HUGE_ALWAYS);
	p = map_private(fd, 2 * HUGE);
	fill(p, SLOTS + 100, 1);
	check_huge(fd, 1, true, "near its limit an opener gets small pages");
	check(touch(p + HUGE + 100 * PAGE, true) == SIGBUS &&
	      !wrong(p, SLOTS + 100, 1) &&
	      opener(fd).private_pages == SLOTS + 100,
	      "and all that it may hold");
	munmap(p, 2 * HUGE);
	check(!opener(fd).private_pages, "and gives it back");
	close(fd);
}

enum { MANY = 65536 };

static uint64_t handles[MANY];

static size_t take_blocks(int fd, unsigned int order)
{
	struct isle_block block;
	size_t nr;

	for (nr = 0; nr < MANY; nr++) {
		block = (struct isle_block){
			.order = order,
			.migratetype = ISLE_MT_MOVABLE,
			.nid = -1,
			.flags = ISLE_BLOCK_NOWAIT,
		};
		if (ioctl(fd, ISLE_IOC_ALLOC, &block))
			break;
		handles[nr] = block.handle;
	}
	return nr;
}

/*
 * Every second block of 1 MB is taken, and whatever there is of 2 MB that was out
 * of reach until then. Who doesn't wait reaches the lists of its own CPU alone.
 */
static void fragmented(void)
{
	int fd = open_huge(ISLE_HUGE_ALWAYS), other = open_isle();
	struct isle_block block = { 0 };
	char *p = map_private(fd, HUGE);
	cpu_set_t here;
	size_t nr, i;

	CPU_ZERO(&here);
	CPU_SET(sched_getcpu(), &here);
	sched_setaffinity(0, sizeof(here), &here);
	nr = take_blocks(other, 8);
	for (i = 0; i < nr; i++) {
		struct isle_free request = { .handle = handles[i] };

		memset(&block, 0, sizeof(block));
		block.handle = handles[i];
		if (ioctl(other, ISLE_IOC_QUERY, &block))
			bail_out("ISLE_IOC_QUERY: %s", strerror(errno));
		if (block.phys & MB)
			ioctl(other, ISLE_IOC_FREE, &request);
	}
	note("%zu blocks of 1 MB, %zu of 2 MB", nr, take_blocks(other, 9));
	fill(p, SLOTS, 1);
	check_huge(fd, 0, opener(fd).private_pages == SLOTS,
		   "without a block of 2 MB, small pages do");
	check(!wrong(p, SLOTS, 1), "with the same values");
	munmap(p, HUGE);
	close(fd);
	close(other);
}

/* How many faults of 2 MB a fresh mapping of 4 MB makes. */
static unsigned long huge_faults(int fd, int advice)
{
	unsigned long before = opener(fd).faults_huge;
	char *p = map_private(fd, 2 * HUGE);

	if (advice && madvise(p, 2 * HUGE, advice) && has_huge)
		bail_out("madvise: %s", strerror(errno));
	fill(p, 2 * SLOTS, 1);
	if (wrong(p, 2 * SLOTS, 1))
		bail_out("a page has not what was written");
	munmap(p, 2 * HUGE);
	return opener(fd).faults_huge - before;
}

/* For the three kinds of advice. */
static bool huge_by_advice(int fd, unsigned int none, unsigned int yes,
			   unsigned int no)
{
	return huge_faults(fd, 0) == none &&
	       huge_faults(fd, MADV_HUGEPAGE) == yes &&
	       huge_faults(fd, MADV_NOHUGEPAGE) == no;
}

static void policies(void)
{
	int never = open_huge(ISLE_HUGE_NEVER);
	int advise = open_huge(ISLE_HUGE_ADVISE);
	int always = open_huge(ISLE_HUGE_ALWAYS);
	unsigned int all = has_huge ? 2 : 0;

	check(huge_by_advice(never, 0, 0, 0), "policy never: none");
	check(huge_by_advice(advise, 0, all, 0), "policy advise: on advice");
	check(huge_by_advice(always, all, all, 0),
	      "policy always: but not against advice");
	if (!has_huge) {
		skip("the kernel can't map 2 MB of a device",
		     "the system's switch counts");
		return;
	}
	check(version_of(always).huge_allowed == ISLE_HUGE_ALWAYS,
	      "the system's switch is seen");
	set_switch(THP "enabled", "madvise");
	check(version_of(always).huge_allowed == ISLE_HUGE_ADVISE &&
	      huge_by_advice(advise, 0, 2, 0) &&
	      huge_by_advice(always, 0, 2, 0), "at madvise it asks for advice");
	set_switch(THP "enabled", "never");
	check(version_of(always).huge_allowed == ISLE_HUGE_NEVER &&
	      huge_by_advice(advise, 0, 0, 0) &&
	      huge_by_advice(always, 0, 0, 0), "at never there are none");
	set_switch(THP "enabled", "always");
	close(never);
	close(advise);
	close(always);
}

/* Of the size's own switch, which since 6.8 comes first. */
static void size_switch(void)
{
	static const char path[] = THP "hugepages-2048kB/enabled";
	int fd = open_huge(ISLE_HUGE_ALWAYS);
	char old[16];

	if (!has_huge || access(path, F_OK)) {
		skip("the kernel has none", "the switch for 2 MB counts");
		return;
	}
	get_switch(path, old);
	set_switch(path, "never");
	check(version_of(fd).huge_allowed == ISLE_HUGE_NEVER &&
	      huge_by_advice(fd, 0, 0, 0), "the switch for 2 MB counts");
	set_switch(path, old);
	close(fd);
}

static void parameter(void)
{
	static const char path[] = "/sys/module/isle/parameters/huge";
	static const char *const names[] = { "", "never", "advise", "always" };
	unsigned int old = version_of(open_isle()).huge, i, bad = 0;

	for (i = ISLE_HUGE_NEVER; i <= ISLE_HUGE_ALWAYS; i++) {
		int fd;

		set_switch(path, names[i]);
		fd = open_isle();
		bad += version_of(fd).huge != i;
		bad += !huge_by_advice(fd, has_huge && i == 3 ? 2 : 0,
				       has_huge && i > 1 ? 2 : 0, 0);
		close(fd);
	}
	set_switch(path, names[old]);
	check(!bad, "huge= is for who asks for nothing");
}

int main(void)
{
	int fd = open_isle();
	long before = frames_out(fd);

	expect_log("^isle: vm_huge\\[[0-9]+\\]: SIGBUS at [0-9a-f]+: opener is at its limit \\(-");
	begin_huge(fd);
	touch_once();
	read_first();
	unmap_part();
	protect_part();
	read_only_first();
	discard_part();
	move();
	mem_file();
	over_an_object();
	short_limit();
	fragmented();
	policies();
	size_switch();
	parameter();
	check(back_to(fd, before), "every frame is back");
	return tap_end();
}
