// SPDX-License-Identifier: GPL-2.0
/*
 * Ranges: what of them there is (ISLE_IOC_RESIDENCY), having all of it at once
 * (ISLE_IOC_POPULATE), and what is given back or read on advice
 * (ISLE_IOC_ADVISE), of private, shared and file mappings.
 *
 * Runs as: root nobody
 * Loads: dirty_expire_centisecs=0
 */
#include <sys/resource.h>

#include "vm_file.h"

enum {
	SOME	= 40,		/* pages */
	OWN	= ISLE_RESIDENT | ISLE_RESIDENT_OWN,
	DIRTY	= ISLE_RESIDENT | ISLE_RESIDENT_DIRTY,
};

static int residency(int fd, const void *start, size_t length,
		     uint64_t flags, void *vector)
{
	struct isle_residency ask = {
		.start = (uintptr_t)start,
		.length = length,
		.flags = flags,
		.vector = (uintptr_t)vector,
	};

	return ioctl(fd, ISLE_IOC_RESIDENCY, &ask) ? errno : 0;
}

/* How many of some pages have just these bits, by address or by offset. */
static size_t with_bits(int fd, const void *start, size_t pages,
			uint64_t flags, unsigned char bits)
{
	unsigned char *vector = malloc(pages + 1);
	size_t i, nr = 0;
	int err;

	memset(vector, 0xa5, pages + 1);
	err = residency(fd, start, pages * PAGE, flags, vector);
	if (err)
		bail_out("ISLE_IOC_RESIDENCY: %s", strerror(err));
	if (vector[pages] != 0xa5)
		bail_out("ISLE_IOC_RESIDENCY wrote too far");
	for (i = 0; i < pages; i++)
		nr += vector[i] == bits;
	free(vector);
	return nr;
}

static size_t have(int fd, const void *start, size_t pages, unsigned char bits)
{
	return with_bits(fd, start, pages, ISLE_RANGE_ADDRESS, bits);
}

static int range_call(int fd, unsigned long request, const void *start,
		      size_t length, unsigned int flags, unsigned int value)
{
	struct isle_range range = {
		.start = (uintptr_t)start,
		.length = length,
		.flags = flags,
		.value = value,
	};

	return ioctl(fd, request, &range) ? errno : 0;
}

static int populate(int fd, const void *start, size_t length,
		    unsigned int value)
{
	return range_call(fd, ISLE_IOC_POPULATE, start, length,
			  ISLE_RANGE_ADDRESS, value);
}

static int dont_need(int fd, const void *start, size_t length,
		     unsigned int flags)
{
	return range_call(fd, ISLE_IOC_ADVISE, start, length, flags,
			  ISLE_ADVISE_DONTNEED);
}

/* Touch pages: how many faults that took. */
static long faults_of(void *start, size_t pages, bool write)
{
	struct rusage before, after;
	size_t i;

	getrusage(RUSAGE_THREAD, &after);
	getrusage(RUSAGE_THREAD, &before);
	for (i = 0; i < pages; i++) {
		volatile uint64_t *p = word(start, i);

		if (write)
			*p = *p;
		else
			(void)*p;
	}
	getrusage(RUSAGE_THREAD, &after);
	return after.ru_minflt - before.ru_minflt +
	       after.ru_majflt - before.ru_majflt;
}

static void resident_private(void)
{
	int fd = open_by_page();
	char *p = map_private(fd, 4 * MB);
	size_t pages = 4 * MB / PAGE;

	check(have(fd, p, pages, 0) == pages, "nothing of fresh memory is there");
	p[500 * PAGE] = 1;
	p[600 * PAGE] = 1;
	check(!nonzero(p, PAGE) && have(fd, p, pages, OWN) == 2 &&
	      have(fd, p + 500 * PAGE, 1, OWN) == 1 &&
	      have(fd, p, pages, 0) == pages - 2,
	      "but what was written to, and not what was read");
	check(with_bits(fd, NULL, pages, 0, 0) == pages,
	      "the object has nothing of it");
	munmap(p + 700 * PAGE, PAGE);
	check(residency(fd, p, 4 * MB, ISLE_RANGE_ADDRESS, p) == ENOMEM,
	      "a hole in the range: ENOMEM");
	munmap(p, 4 * MB);
	close(fd);
}

static void resident_shared(void)
{
	int fd = open_by_page();
	char *p = map_at(NULL, fd, 4 * MB, PROT_READ | PROT_WRITE, MAP_SHARED,
			 MB);
	char *q = map_private(fd, 4 * MB);

	p[PAGE] = 1;
	p[3 * MB] = 1;
	q[2 * MB] = 1;
	check(have(fd, p, 1024, ISLE_RESIDENT) == 2 &&
	      with_bits(fd, NULL, 2048, 0, ISLE_RESIDENT) == 2 &&
	      with_bits(fd, (void *)(4 * MB), 1, 0, ISLE_RESIDENT) == 1,
	      "pages of the object, by address and by offset");
	check(have(fd, q, 1024, ISLE_RESIDENT) == 1 &&
	      have(fd, q, 1024, OWN) == 1,
	      "and what a private mapping has over them");
	munmap(p, 4 * MB);
	munmap(q, 4 * MB);
	close(fd);
}

static void resident_file(void)
{
	int file = make_file("resident", SOME * PAGE - 10, 1);
	int fd = open_bound(file, PAGE);
	char *p = map_shared(fd, (SOME + 2) * PAGE), *q = map_private(fd, SOME * PAGE);

	check(!differs(p + 9 * PAGE, 9 * PAGE, 10 * PAGE, 1) &&
	      have(fd, p, SOME + 2, ISLE_RESIDENT) == 1 &&
	      have(fd, p + 9 * PAGE, 1, ISLE_RESIDENT) == 1,
	      "a page of a file that was read");
	p[20 * PAGE] = 1;
	q[25 * PAGE] = 1;
	check(have(fd, p, SOME + 2, DIRTY) == 1 && have(fd, q, SOME, OWN) == 1 &&
	      have(fd, q, SOME, ISLE_RESIDENT) == 1 && have(fd, q, SOME, DIRTY) == 1 &&
	      with_bits(fd, NULL, SOME, 0, ISLE_RESIDENT) == 2,
	      "that was written to, shared or privately");
	check(!fsync(fd) && !have(fd, p, SOME + 2, DIRTY) &&
	      have(fd, p, SOME + 2, ISLE_RESIDENT) == 3, "that was written back");
	munmap(p, (SOME + 2) * PAGE);
	munmap(q, SOME * PAGE);
	close(fd);
	close(file);
}

/* Both kinds of anonymous memory, read and written, over the end of a chunk. */
static void populate_anonymous(int flags, const char *name)
{
	int fd = open_by_page();
	char *p = map_at(NULL, fd, 600 * PAGE, PROT_READ | PROT_WRITE, flags,
			 0);
	size_t held;

	check(!populate(fd, p, 600 * PAGE, ISLE_POPULATE_READ) &&
	      !faults_of(p, 600, false) && !nonzero(p, 600 * PAGE),
	      "%s memory is mapped for reading, all at once", name);
	held = opener(fd).private_pages + opener(fd).object_pages;
	check(held == (flags == MAP_PRIVATE ? 0 : 600),
	      "%s memory takes what reading takes", name);
	p[5 * PAGE] = 5;
	check(!populate(fd, p, 600 * PAGE, ISLE_POPULATE_WRITE) &&
	      opener(fd).private_pages + opener(fd).object_pages == 600 &&
	      !faults_of(p, 600, true) && p[5 * PAGE] == 5,
	      "for writing as well, and nothing is lost");
	munmap(p, 600 * PAGE);
	close(fd);
}

static void populate_file(void)
{
	int file = make_file("populate", SOME * PAGE, 1);
	int fd = open_bound(file, PAGE);
	char *p = map_shared(fd, SOME * PAGE), *q = map_private(fd, SOME * PAGE);

	check(!populate(fd, q, SOME * PAGE, ISLE_POPULATE_READ) &&
	      !faults_of(q, SOME, false) && opener(fd).object_pages == SOME &&
	      !opener(fd).private_pages, "a file is read and mapped");
	check(!populate(fd, q, 3 * PAGE, ISLE_POPULATE_WRITE) &&
	      opener(fd).private_pages == 3, "copied, for private writing");
	check(!populate(fd, p, 7 * PAGE, ISLE_POPULATE_WRITE) &&
	      opener(fd).dirty_pages == 7 && !faults_of(p, 7, true),
	      "made dirty, for shared");
	check(!differs(p, 0, SOME * PAGE, 1) && !differs(q, 0, SOME * PAGE, 1),
	      "what is in it stays");
	munmap(p, SOME * PAGE);
	munmap(q, SOME * PAGE);
	close(fd);
	close(file);
}

static void populate_refused(void)
{
	int file = make_file("refused", 5 * PAGE, 1), fd = open_isle();
	struct isle_setup setup = {
		.kind = ISLE_SETUP_FILE,
		.fd = file,
		.fault_around = PAGE,
		.limit = 10 * PAGE,
	};
	char *p, *q;

	if (ioctl(fd, ISLE_IOC_SETUP, &setup))
		bail_out("ISLE_IOC_SETUP: %s", strerror(errno));
	p = map_read(fd, 8 * PAGE, MAP_SHARED);
	check(populate(fd, p, PAGE, ISLE_POPULATE_WRITE) == EINVAL,
	      "what may not be written: EINVAL");
	check(populate(fd, p, 8 * PAGE, ISLE_POPULATE_READ) == EFAULT &&
	      !faults_of(p, 5, false), "beyond the end of a file: EFAULT, after the rest");
	mprotect(p, PAGE, PROT_NONE);
	check(populate(fd, p, PAGE, ISLE_POPULATE_READ) == EINVAL,
	      "what may not be read: EINVAL");
	munmap(p, 8 * PAGE);
	q = map_private(fd, 5 * PAGE);
	expect_log("isle: vm_populate\\[.*SIGBUS at .*: opener is at its limit");
	check(!populate(fd, q, 5 * PAGE, ISLE_POPULATE_WRITE) &&
	      opener(fd).private_pages == 5, "a limit of ten pages");
	p = map_private(fd, 5 * PAGE);
	check(populate(fd, p, 5 * PAGE, ISLE_POPULATE_WRITE) == EFAULT,
	      "is no more than that: EFAULT");
	dont_need(fd, q, 5 * PAGE, ISLE_RANGE_ADDRESS);
	munmap(q + 2 * PAGE, PAGE);
	check(populate(fd, q, 5 * PAGE, ISLE_POPULATE_READ) == ENOMEM &&
	      !faults_of(q, 2, false), "a hole in the range: ENOMEM");
	munmap(p, 5 * PAGE);
	munmap(q, 5 * PAGE);
	close(fd);
	close(file);
}

#define ENDLESS	(16UL << 30)	/* takes the page tables of what is mapped of it */

static int populate_and_die(void *argument)
{
	int fd = *(int *)argument;
	char *p = map_at(NULL, fd, ENDLESS, PROT_READ, MAP_PRIVATE, 0);

	alarm(1);
	populate(fd, p, ENDLESS, ISLE_POPULATE_READ);
	return 0;
}

static void killed(void)
{
	int fd = open_by_page();

	check(child(populate_and_die, &fd) == 1000 + SIGALRM &&
	      opener(fd).faults_zero && opener(fd).faults_zero < ENDLESS / PAGE,
	      "a signal ends whoever populates");
	close(fd);
}

static void dont_need_anonymous(void)
{
	int fd = open_by_page();
	char *p = map_private(fd, SOME * PAGE), *q = map_shared(fd, SOME * PAGE);

	fill(q, SOME / 2, 1);
	fill(p, SOME, 2);
	check(!dont_need(fd, p, SOME * PAGE, ISLE_RANGE_ADDRESS) &&
	      !opener(fd).private_pages && !wrong(p, SOME / 2, 1) &&
	      !nonzero(p + SOME / 2 * PAGE, SOME / 2 * PAGE),
	      "DONTNEED: private memory shows the object again");
	check(!dont_need(fd, q, SOME * PAGE, ISLE_RANGE_ADDRESS) &&
	      !dont_need(fd, NULL, SOME * PAGE, 0) && !wrong(q, SOME / 2, 1) &&
	      opener(fd).object_pages == SOME / 2, "which itself keeps all");
	munmap(p, PAGE);
	check(dont_need(fd, p, SOME * PAGE, ISLE_RANGE_ADDRESS) == ENOMEM &&
	      range_call(fd, ISLE_IOC_ADVISE, p, SOME * PAGE, ISLE_RANGE_ADDRESS,
			 ISLE_ADVISE_WILLNEED) == ENOMEM,
	      "a hole in the range: ENOMEM");
	check(!range_call(fd, ISLE_IOC_ADVISE, q, SOME * PAGE,
			  ISLE_RANGE_ADDRESS, ISLE_ADVISE_WILLNEED) &&
	      !range_call(fd, ISLE_IOC_ADVISE, NULL, 1UL << 40, 0,
			  ISLE_ADVISE_WILLNEED) &&
	      opener(fd).object_pages == SOME / 2,
	      "WILLNEED means nothing to anonymous memory");
	munmap(p, SOME * PAGE);
	munmap(q, SOME * PAGE);
	close(fd);
}

static void dont_need_file(void)
{
	int file = make_file("dont_need", SOME * PAGE, 1);
	int fd = open_bound(file, PAGE), only, reader;
	char *p = map_shared(fd, SOME * PAGE), *q = map_private(fd, SOME * PAGE);
	unsigned int try;

	populate(fd, p, SOME * PAGE, ISLE_POPULATE_READ);
	q[PAGE] = ~q[PAGE];
	check(!dont_need(fd, q, SOME * PAGE, ISLE_RANGE_ADDRESS) &&
	      !opener(fd).private_pages && !differs(q, 0, SOME * PAGE, 1) &&
	      opener(fd).object_pages == SOME,
	      "DONTNEED: a private mapping shows the file again");
	p[3 * PAGE] = 7;
	check(!dont_need(fd, p, 10 * PAGE, ISLE_RANGE_ADDRESS) &&
	      have(fd, p, SOME, 0) == 9 && p[3 * PAGE] == 7,
	      "clean pages go, dirty ones stay");
	for (try = 0; try < MOMENTS && opener(fd).dirty_pages; try++)
		sleep_ms(MOMENT_MS);
	check(!opener(fd).dirty_pages, "and are written back soon");
	only = open_file("dont_need", O_RDONLY);
	reader = open_bound(only, PAGE);
	check(!dont_need(reader, (void *)(20 * PAGE), 1UL << 40, 0) &&
	      have(fd, p, SOME, ISLE_RESIDENT) == 11,
	      "by offset, also by who may only read");
	check(p[3 * PAGE] == 7 &&
	      !differs(p + 4 * PAGE, 4 * PAGE, SOME * PAGE, 1),
	      "what went is read again");
	munmap(p, SOME * PAGE);
	munmap(q, SOME * PAGE);
	close(reader);
	close(only);
	close(fd);
	close(file);
}

/* As mincore(): what others read is nobody's to know who may not write to it. */
static void resident_foreign(void)
{
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int fd = open_bound(file, PAGE);
	char *p = map_private(fd, 8 * PAGE);
	unsigned char others = geteuid() ? ISLE_RESIDENT : 0;

	p[0] = 1;
	check(have(fd, p, 1, OWN) == 1,
	      "what is one's own of a file of somebody else is known");
	check(have(fd, p + 4 * PAGE, 4, others) == 4 &&
	      with_bits(fd, (void *)(4 * PAGE), 4, 0, others) == 4,
	      "what others have of it is known to who may write to it");
	munmap(p, 8 * PAGE);
	close(fd);
	close(file);
}

int main(void)
{
	int fd = open_isle();
	long before = frames_out(fd);

	make_directory("/tmp/isle-vm_populate.XXXXXX");
	resident_private();
	resident_shared();
	resident_file();
	resident_foreign();
	populate_anonymous(MAP_PRIVATE, "private");
	populate_anonymous(MAP_SHARED, "shared");
	populate_file();
	populate_refused();
	killed();
	dont_need_anonymous();
	dont_need_file();
	remove_directory();
	check(back_to(fd, before), "every frame is back");
	return tap_end();
}
