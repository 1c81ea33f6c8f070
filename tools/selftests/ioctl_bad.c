// SPDX-License-Identifier: GPL-2.0
/*
 * What /dev/isle must refuse: requests with wrong sizes and numbers, unknown
 * flags, reserved fields in use, bad pointers, huge counts, calls in the wrong
 * order, the file closed under a call. And that nothing is lost by it.
 *
 * Runs as: root nobody
 * Loads: opener_max_mb=64
 */
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "layout.h"
#include "tap.h"

#define PAGE	4096UL

enum direction { OUT, IN, BOTH };

static const struct request {
	const char *name;
	unsigned int number;
	enum direction direction;
	size_t size;
	size_t reserved;		/* offset; to the end of the struct */
} requests[] = {
#define REQUEST(name, direction, type) \
	{ #name, ISLE_IOC_##name, direction, sizeof(struct type), \
	  offsetof(struct type, reserved) }
	REQUEST(VERSION, OUT, isle_version),
	REQUEST(SETUP, IN, isle_setup),
	REQUEST(ALLOC, BOTH, isle_block),
	REQUEST(FREE, IN, isle_free),
	REQUEST(QUERY, BOTH, isle_block),
	REQUEST(DISCARD, IN, isle_range),
	REQUEST(FAULT_AROUND, IN, isle_range),
	REQUEST(LIMIT, IN, isle_limit),
	REQUEST(OPENER, OUT, isle_opener),
	REQUEST(STATS, OUT, isle_stats),
	REQUEST(ZONE, BOTH, isle_zone_info),
	REQUEST(REGION, BOTH, isle_region_info),
#undef REQUEST
};

/* Room for any struct, and a page on each side that is not there. */
static unsigned char *room;

static unsigned char *guarded_pages(size_t pages)
{
	unsigned char *area = mmap(NULL, (pages + 2) * PAGE, PROT_NONE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (area == MAP_FAILED ||
	    mprotect(area + PAGE, pages * PAGE, PROT_READ | PROT_WRITE))
		bail_out("mmap: %s", strerror(errno));
	return area + PAGE;
}

/* The errno of a request, 0 if it went well. */
static int try(int fd, unsigned int number, void *argument)
{
	return ioctl(fd, number, argument) ? errno : 0;
}

/* Counts what did not answer @wanted; says the first few. */
static void expect(int got, int wanted, unsigned int *wrong, const char *name,
		   const char *what, unsigned long value)
{
	if (got == wanted)
		return;
	if ((*wrong)++ < 4)
		note("%s, %s %#lx: %s instead of %s", name, what, value,
		     got ? strerrorname_np(got) : "success",
		     strerrorname_np(wanted));
}

/* An argument that the request would accept, as far as one needs no set-up. */
static void valid_argument(const struct request *request, void *argument)
{
	memset(argument, 0, request->size);
	switch (request->number) {
	case ISLE_IOC_SETUP:
		((struct isle_setup *)argument)->fd = -1;
		break;
	case ISLE_IOC_ALLOC:
		((struct isle_block *)argument)->nid = -1;
		break;
	case ISLE_IOC_DISCARD:
		((struct isle_range *)argument)->length = PAGE;
		break;
	case ISLE_IOC_FAULT_AROUND:
		((struct isle_range *)argument)->length = PAGE;
		((struct isle_range *)argument)->value = PAGE;
		break;
	case ISLE_IOC_LIMIT:
		((struct isle_limit *)argument)->limit = 16 * PAGE;
		break;
	}
}

static unsigned int with_size(unsigned int number, unsigned int size)
{
	return (number & ~(_IOC_SIZEMASK << _IOC_SIZESHIFT)) |
	       size << _IOC_SIZESHIFT;
}

static void wrong_sizes(int fd)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		const struct request *r = &requests[i];
		const unsigned int sizes[] = {
			0, 1, 4, r->size - 8, r->size - 1, r->size + 1,
			r->size + 8, 2 * r->size, _IOC_SIZEMASK,
		};
		unsigned int wrong = 0;
		size_t j;

		for (j = 0; j < ARRAY_SIZE(sizes); j++) {
			valid_argument(r, room);
			expect(try(fd, with_size(r->number, sizes[j]), room),
			       ENOTTY, &wrong, r->name, "size", sizes[j]);
		}
		check(!wrong, "%s of another size is no request", r->name);
	}
}

static void wrong_numbers(int fd)
{
	unsigned int wrong = 0;
	unsigned int number, direction;
	size_t i;

	for (number = ARRAY_SIZE(requests); number < 256; number++)
		expect(try(fd, _IOWR(ISLE_IOC_MAGIC, number, struct isle_block),
			   room), ENOTTY, &wrong, "request", "number", number);
	check(!wrong, "numbers that are not taken are no requests");

	wrong = 0;
	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		for (direction = 0; direction <= _IOC_DIRMASK; direction++) {
			if (direction == _IOC_DIR(requests[i].number))
				continue;
			number = (requests[i].number &
				  ~((unsigned int)_IOC_DIRMASK << _IOC_DIRSHIFT)) |
				 direction << _IOC_DIRSHIFT;
			expect(try(fd, number, room), ENOTTY, &wrong,
			       requests[i].name, "direction", direction);
		}
	}
	check(!wrong, "requests in another direction are none");

	wrong = 0;
	for (i = 0; i < ARRAY_SIZE(requests); i++)
		expect(try(fd, requests[i].number ^ 0x100, room), ENOTTY,
		       &wrong, requests[i].name, "magic", 0x100);
	check(!wrong, "requests with another magic are none");
}

static void reserved_fields(int fd)
{
	size_t i, at;

	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		const struct request *r = &requests[i];
		unsigned int wrong = 0;

		if (r->direction == OUT)
			continue;
		for (at = r->reserved; at < r->size; at++) {
			valid_argument(r, room);
			room[at] = 0x80;
			expect(try(fd, r->number, room), EINVAL, &wrong,
			       r->name, "byte", at);
		}
		check(!wrong, "%s refuses each byte of reserved fields",
		      r->name);
	}
}

static void answers_are_whole(int fd)
{
	size_t i, at;

	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		const struct request *r = &requests[i];
		unsigned int dirty = 0;

		if (r->direction != OUT && r->number != ISLE_IOC_ZONE &&
		    r->number != ISLE_IOC_REGION)
			continue;
		valid_argument(r, room);
		if (r->direction == OUT)
			memset(room, 0xff, r->size);
		memset(room + r->size, 0xff, 8);
		if (try(fd, r->number, room))
			dirty++;
		for (at = r->reserved; at < r->size; at++)
			dirty += room[at] != 0;
		for (; at < r->size + 8; at++)
			dirty += room[at] != 0xff;
		check(!dirty, "%s answers with its reserved fields zero and writes no further",
		      r->name);
	}
}

static void input_fields(int fd)
{
	unsigned int wrong = 0, bit;
	struct isle_setup setup;
	struct isle_block block;
	struct isle_range range;
	struct isle_free request;

	for (bit = 0; bit < 32; bit++) {
		if (bit >= 1) {
			setup = (struct isle_setup){ .fd = -1,
						     .flags = 1u << bit };
			expect(try(fd, ISLE_IOC_SETUP, &setup), EINVAL, &wrong,
			       "SETUP", "flag", 1u << bit);
		}
		if (bit >= 2) {
			block = (struct isle_block){ .flags = 1u << bit };
			expect(try(fd, ISLE_IOC_ALLOC, &block), EINVAL, &wrong,
			       "ALLOC", "flag", 1u << bit);
		}
		if (bit >= 1) {
			range = (struct isle_range){ .length = PAGE,
						     .flags = 1u << bit };
			expect(try(fd, ISLE_IOC_DISCARD, &range), EINVAL,
			       &wrong, "DISCARD", "flag", 1u << bit);
			range.value = PAGE;
			expect(try(fd, ISLE_IOC_FAULT_AROUND, &range), EINVAL,
			       &wrong, "FAULT_AROUND", "flag", 1u << bit);
		}
	}
	for (bit = 0; bit < 64; bit++) {
		request = (struct isle_free){ .flags = 1ull << bit };
		expect(try(fd, ISLE_IOC_FREE, &request), EINVAL, &wrong,
		       "FREE", "flag", 1ull << bit);
	}
	check(!wrong, "each unknown flag is refused");
}

/* Addresses that no struct of @size can be read from or written to. */
static unsigned int bad_addresses(size_t size, void **addresses)
{
	unsigned int n = 0;

	addresses[n++] = NULL;
	addresses[n++] = (void *)1;
	addresses[n++] = (void *)0xffff888000000000ul;	/* the linear mapping */
	addresses[n++] = (void *)0xffffffff81000000ul;	/* the kernel's text */
	addresses[n++] = (void *)0x00007ffffffff000ul;	/* past user space */
	addresses[n++] = (void *)0x8000000000000000ul;	/* not canonical */
	addresses[n++] = (void *)ULONG_MAX;
	addresses[n++] = room - PAGE;			/* PROT_NONE */
	addresses[n++] = room + PAGE - size + 1;	/* the last byte */
	addresses[n++] = room + PAGE - size / 2;	/* half of it */
	addresses[n++] = room + PAGE - 1;		/* all but the first */
	return n;
}

static void bad_pointers(int fd)
{
	void *addresses[16];
	unsigned int j, n;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		const struct request *r = &requests[i];
		unsigned int wrong = 0;

		n = bad_addresses(r->size, addresses);
		for (j = 0; j < n; j++) {
			memset(room, 0, PAGE);
			expect(try(fd, r->number, addresses[j]), EFAULT, &wrong,
			       r->name, "address", (unsigned long)addresses[j]);
		}
		check(!wrong, "%s refuses bad pointers", r->name);
	}
}

/* The answer can't be written: the request may not have had an effect. */
static void read_only_answers(int fd)
{
	struct isle_opener before, after;
	unsigned int wrong = 0;
	size_t i;

	if (ioctl(fd, ISLE_IOC_OPENER, &before))
		bail_out("ISLE_IOC_OPENER");
	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		const struct request *r = &requests[i];

		if (r->direction == IN || r->number == ISLE_IOC_QUERY)
			continue;
		valid_argument(r, room);
		mprotect(room, PAGE, PROT_READ);
		expect(try(fd, r->number, room), EFAULT, &wrong, r->name,
		       "read-only", 0);
		mprotect(room, PAGE, PROT_READ | PROT_WRITE);
	}
	if (ioctl(fd, ISLE_IOC_OPENER, &after))
		bail_out("ISLE_IOC_OPENER");
	check(!wrong, "an answer to read-only memory is refused");
	check(before.block_pages == after.block_pages,
	      "and leaves no block behind");
}

static void huge_counts(int fd)
{
	static const unsigned int orders[] = { 11, 12, 31, 32, 63, 64, 255,
					       256, INT_MAX, UINT_MAX };
	static const unsigned int types[] = { ISLE_MT_ISOLATE, ISLE_NR_MT, 255,
					      256, INT_MAX, UINT_MAX };
	static const int nodes[] = { -2, INT_MIN, 1 << 10, 1 << 16, INT_MAX };
	static const unsigned int indices[] = { 64, 255, 256, 65536, INT_MAX,
						UINT_MAX };
	unsigned int wrong = 0;
	struct isle_block block;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		block = (struct isle_block){ .order = orders[i], .nid = -1 };
		expect(try(fd, ISLE_IOC_ALLOC, &block), EINVAL, &wrong,
		       "ALLOC", "order", orders[i]);
	}
	check(!wrong, "orders that are too large are refused");

	wrong = 0;
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		block = (struct isle_block){ .migratetype = types[i],
					     .nid = -1 };
		expect(try(fd, ISLE_IOC_ALLOC, &block), EINVAL, &wrong,
		       "ALLOC", "migratetype", types[i]);
	}
	check(!wrong, "migratetypes that are none are refused");

	wrong = 0;
	for (i = 0; i < ARRAY_SIZE(nodes); i++) {
		block = (struct isle_block){ .nid = nodes[i] };
		expect(try(fd, ISLE_IOC_ALLOC, &block), EINVAL, &wrong,
		       "ALLOC", "node", nodes[i]);
	}
	check(!wrong, "nodes that are none are refused");

	wrong = 0;
	for (i = 0; i < ARRAY_SIZE(indices); i++) {
		struct isle_region_info region = { .index = indices[i] };
		struct isle_zone_info zone = { .index = indices[i] };

		expect(try(fd, ISLE_IOC_ZONE, &zone), ENOENT, &wrong, "ZONE",
		       "index", indices[i]);
		expect(try(fd, ISLE_IOC_REGION, &region), ENOENT, &wrong,
		       "REGION", "index", indices[i]);
	}
	check(!wrong, "zones and regions that are not there are not found");
}

static void bad_ranges(int fd)
{
	static const struct isle_range ranges[] = {
		{ .start = 0, .length = 0 },
		{ .start = 1, .length = PAGE },
		{ .start = PAGE / 2, .length = PAGE },
		{ .start = 0, .length = 1 },
		{ .start = 0, .length = PAGE + 512 },
		{ .start = -PAGE, .length = 2 * PAGE },
		{ .start = PAGE, .length = -PAGE },
		{ .start = -PAGE, .length = -PAGE },
		{ .start = 1ull << 63, .length = 1ull << 63 },
	};
	struct isle_range range;
	unsigned int wrong = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		range = ranges[i];
		expect(try(fd, ISLE_IOC_DISCARD, &range), EINVAL, &wrong,
		       "DISCARD", "range", i);
		range.flags = ISLE_RANGE_ADDRESS;
		expect(try(fd, ISLE_IOC_DISCARD, &range), EINVAL, &wrong,
		       "DISCARD by address", "range", i);
		range.value = PAGE;
		expect(try(fd, ISLE_IOC_FAULT_AROUND, &range), EINVAL, &wrong,
		       "FAULT_AROUND", "range", i);
	}
	check(!wrong, "empty, uneven and endless ranges are refused");

	range = (struct isle_range){ .length = PAGE, .value = 1 };
	check(try(fd, ISLE_IOC_DISCARD, &range) == EINVAL,
	      "DISCARD takes no value");
	range = (struct isle_range){ .start = (unsigned long)room,
				     .length = PAGE,
				     .flags = ISLE_RANGE_ADDRESS };
	check(try(fd, ISLE_IOC_DISCARD, &range) == ENOMEM,
	      "DISCARD of memory that is not isle's finds no mapping");
	range.start = 0xffff888000000000ull;
	check(try(fd, ISLE_IOC_DISCARD, &range) == ENOMEM,
	      "DISCARD of a kernel address finds no mapping");
}

static bool has_files(int fd)
{
	struct isle_version version;

	return !ioctl(fd, ISLE_IOC_VERSION, &version) &&
	       version.features & ISLE_FEATURE_FILE;
}

static void bad_setups(int fd)
{
	static const struct isle_setup setups[] = {
		{ .fd = -1, .fault_around = 1 },
		{ .fd = -1, .fault_around = PAGE / 2 },
		{ .fd = -1, .fault_around = PAGE + 1 },
		{ .fd = -1, .fault_around = 3 * PAGE },
		{ .fd = -1, .fault_around = 4 << 20 },
		{ .fd = -1, .fault_around = 1u << 31 },
		{ .fd = 0 },
		{ .fd = -2 },
		{ .fd = -1, .offset = PAGE },
		{ .fd = -1, .limit = 1 },
		{ .fd = -1, .limit = PAGE + 1 },
		{ .fd = -1, .huge = ISLE_HUGE_ALWAYS + 1 },
		{ .fd = -1, .huge = 1u << 31 },
		{ .fd = -1, .flags = ISLE_SETUP_KEEP, .limit = 1 },
	};
	unsigned int wrong = 0;
	struct isle_setup setup;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(setups); i++) {
		setup = setups[i];
		expect(try(fd, ISLE_IOC_SETUP, &setup), EINVAL, &wrong,
		       "SETUP", "number", i);
	}
	check(!wrong, "SETUP refuses what an anonymous object can't have");

	wrong = 0;
	for (i = 1; i < 32; i++) {
		setup = (struct isle_setup){ .kind = 1u << i, .fd = -1 };
		expect(try(fd, ISLE_IOC_SETUP, &setup), EINVAL, &wrong,
		       "SETUP", "kind", 1u << i);
	}
	check(!wrong, "SETUP has no kinds that are none");

	setup = (struct isle_setup){ .kind = ISLE_SETUP_FILE, .fd = -1 };
	check(try(fd, ISLE_IOC_SETUP, &setup) ==
	      (has_files(fd) ? EBADF : EOPNOTSUPP),
	      "SETUP_FILE without a file is refused");
}

static void limits(void)
{
	struct isle_setup setup = { .fd = -1, .limit = 4 * PAGE };
	struct isle_setup keep = { .fd = -1, .flags = ISLE_SETUP_KEEP };
	struct isle_limit limit = { .limit = 2 * PAGE };
	struct isle_block block = { .order = 1, .nid = -1 };
	struct isle_opener opener;
	int fd = open_isle();

	check(!try(fd, ISLE_IOC_SETUP, &setup), "SETUP takes a limit");
	check(!ioctl(fd, ISLE_IOC_OPENER, &opener) &&
	      opener.limit == 4 * PAGE, "OPENER tells it");
	check(!try(fd, ISLE_IOC_SETUP, &keep) &&
	      !ioctl(fd, ISLE_IOC_OPENER, &opener) &&
	      opener.limit == 4 * PAGE, "SETUP can keep it");
	check(!try(fd, ISLE_IOC_ALLOC, &block), "a block within it is had");
	block = (struct isle_block){ .order = 2, .nid = -1 };
	check(try(fd, ISLE_IOC_ALLOC, &block) == ENOMEM,
	      "a block beyond it is not");
	check(!try(fd, ISLE_IOC_LIMIT, &limit), "LIMIT lowers it");
	block = (struct isle_block){ .nid = -1 };
	check(try(fd, ISLE_IOC_ALLOC, &block) == ENOMEM,
	      "the next block is beyond that");
	limit.limit = 2 * PAGE + 1;
	check(try(fd, ISLE_IOC_LIMIT, &limit) == EINVAL,
	      "LIMIT wants whole pages");

	limit.limit = 64 << 20;
	check(!try(fd, ISLE_IOC_LIMIT, &limit),
	      "LIMIT may be what the module was loaded with");
	limit.limit += PAGE;
	check(try(fd, ISLE_IOC_LIMIT, &limit) == (geteuid() ? EPERM : 0),
	      "and more for CAP_SYS_RESOURCE");
	close(fd);
}

static void unknown_handles(int fd)
{
	static const unsigned long long handles[] = {
		0, 1, 1 << 20, UINT_MAX, 1ull << 32, 1ull << 63, ULLONG_MAX,
	};
	unsigned int wrong = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(handles); i++) {
		struct isle_free request = { .handle = handles[i] };
		struct isle_block block = { .handle = handles[i] };

		expect(try(fd, ISLE_IOC_FREE, &request), ENOENT, &wrong,
		       "FREE", "handle", handles[i]);
		expect(try(fd, ISLE_IOC_QUERY, &block), ENOENT, &wrong,
		       "QUERY", "handle", handles[i]);
	}
	check(!wrong, "handles that are none are not found");
}

static void handles_of_others(int fd)
{
	struct isle_block block = { .nid = -1 }, asked;
	struct isle_free request = { };
	int other = open_isle();

	check(!try(fd, ISLE_IOC_ALLOC, &block), "a block is allocated");
	request.handle = block.handle;
	asked = (struct isle_block){ .handle = block.handle };
	check(try(other, ISLE_IOC_QUERY, &asked) == ENOENT,
	      "another opener can't ask about it");
	check(try(other, ISLE_IOC_FREE, &request) == ENOENT, "nor free it");
	asked = (struct isle_block){ .handle = block.handle, .order = 1 };
	check(try(fd, ISLE_IOC_QUERY, &asked) == EINVAL,
	      "QUERY refuses fields that it answers in");
	check(!try(fd, ISLE_IOC_FREE, &request), "its own can");
	check(try(fd, ISLE_IOC_FREE, &request) == ENOENT, "but once");
	asked = (struct isle_block){ .handle = block.handle };
	check(try(fd, ISLE_IOC_QUERY, &asked) == ENOENT,
	      "and no longer ask about it");
	close(other);
}

static void wrong_order(void)
{
	struct isle_setup setup = { .fd = -1 };
	struct isle_block block = { .nid = -1 };
	struct isle_free request = { };
	int fd = open_isle();
	void *memory;

	memory = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	check(memory != MAP_FAILED, "a mapping before SETUP");
	check(try(fd, ISLE_IOC_SETUP, &setup) == EBUSY,
	      "SETUP after a mapping is too late");
	munmap(memory, PAGE);
	close(fd);

	fd = open_isle();
	check(!try(fd, ISLE_IOC_ALLOC, &block), "a block before SETUP");
	check(try(fd, ISLE_IOC_SETUP, &setup) == EBUSY,
	      "SETUP after a block is too late");
	request.handle = block.handle;
	check(!try(fd, ISLE_IOC_FREE, &request), "the block is freed");
	close(fd);
}

static void other_calls(int fd)
{
	char byte = 0;

	check(read(fd, &byte, 1) < 0 && errno == EINVAL, "read(2) is refused");
	check(write(fd, &byte, 1) < 0 && errno == EINVAL,
	      "write(2) is refused");
	check(ftruncate(fd, PAGE) && errno == EINVAL,
	      "ftruncate(2) is refused");
}

/*
 * A 64-bit process can call as a 32-bit one does: int $0x80. The struct must
 * lie below 4 GB.
 */
static int try_as_32_bit(int fd, unsigned int number, void *argument)
{
	long result = __NR_ioctl;

#ifdef __x86_64__
	result = 54;			/* ioctl there */
	asm volatile("int $0x80"
		     : "+a" (result)
		     : "b" ((long)fd), "c" ((long)number), "d" (argument)
		     : "memory", "r8", "r9", "r10", "r11");
#endif
	return result < 0 ? -result : 0;
}

static void child_as_32_bit(int fd, struct isle_stats *answer)
{
	struct isle_range bad = { .length = 1 };
	struct isle_range *low = (void *)(answer + 1);

	*low = bad;
	if (try_as_32_bit(fd, ISLE_IOC_STATS, answer) || !answer->managed)
		_exit(1);
	if (try_as_32_bit(fd, ISLE_IOC_DISCARD, low) != EINVAL)
		_exit(2);
	if (try_as_32_bit(fd, ISLE_IOC_STATS, NULL) != EFAULT)
		_exit(3);
	_exit(0);
}

static void compat(int fd)
{
	static const char name[] = "a 32-bit caller is answered the same";
	struct isle_stats *answer;
	int status;
	pid_t pid;

	answer = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (answer == MAP_FAILED)
		bail_out("mmap below 4 GB: %s", strerror(errno));
	pid = fork();
	if (!pid)
		child_as_32_bit(fd, answer);
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV)
		skip("this kernel takes no 32-bit calls", name);
	else
		check(!status, name);
	munmap(answer, PAGE);
}

/* Threads that call while the file is closed and opened under them. */
#define CALLERS		3
#define CALLS		3000

static int shared_fd;
static unsigned int surprises;

static void surprise(const char *what, int error)
{
	if (__atomic_fetch_add(&surprises, 1, __ATOMIC_RELAXED) < 4)
		note("%s: %s", what, strerrorname_np(error));
}

/* The fd may be anybody's at any moment: only these answers are right. */
static bool expected_while_closing(int error)
{
	return !error || error == EBADF || error == ENOENT || error == ENOMEM;
}

static void call_once(unsigned int i)
{
	struct isle_block block = { .order = i % 4, .nid = -1 };
	struct isle_range range = { .length = 4 * PAGE };
	struct isle_free request = { };
	struct isle_stats stats;
	char *memory;
	int error;

	error = try(shared_fd, ISLE_IOC_ALLOC, &block);
	if (!expected_while_closing(error))
		surprise("ALLOC", error);
	request.handle = block.handle;
	if (!error && i % 3)
		error = try(shared_fd, ISLE_IOC_FREE, &request);
	if (!expected_while_closing(error))
		surprise("FREE", error);
	error = try(shared_fd, ISLE_IOC_STATS, &stats);
	if (!expected_while_closing(error))
		surprise("STATS", error);

	memory = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
		      i % 2 ? MAP_SHARED : MAP_PRIVATE, shared_fd, 0);
	if (memory == MAP_FAILED) {
		if (!expected_while_closing(errno))
			surprise("mmap", errno);
		return;
	}
	memory[i % 4 * PAGE] = 1;
	error = try(shared_fd, ISLE_IOC_DISCARD, &range);
	if (!expected_while_closing(error))
		surprise("DISCARD", error);
	munmap(memory, 4 * PAGE);
}

static void *call_again_and_again(void *unused)
{
	unsigned int i;

	(void)unused;
	for (i = 0; i < CALLS / CALLERS; i++)
		call_once(i);
	return NULL;
}

static void *close_again_and_again(void *stop)
{
	while (!__atomic_load_n((bool *)stop, __ATOMIC_RELAXED)) {
		int fresh;

		close(shared_fd);
		fresh = open_isle();
		if (fresh == shared_fd)
			continue;
		if (dup3(fresh, shared_fd, O_CLOEXEC) < 0)
			surprise("dup3", errno);
		close(fresh);
	}
	return NULL;
}

static void closed_under_calls(void)
{
	pthread_t callers[CALLERS], closer;
	bool stop = false;
	size_t i;

	shared_fd = open_isle();
	if (pthread_create(&closer, NULL, close_again_and_again, &stop))
		bail_out("pthread_create");
	for (i = 0; i < CALLERS; i++)
		if (pthread_create(&callers[i], NULL, call_again_and_again,
				   NULL))
			bail_out("pthread_create");
	for (i = 0; i < CALLERS; i++)
		pthread_join(callers[i], NULL);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(closer, NULL);
	check(!surprises, "calls on a file that is closed under them end well");
	close(shared_fd);
}

int main(void)
{
	int fd = open_isle();
	long before;

	room = guarded_pages(1);
	before = frames_out(fd);

	wrong_sizes(fd);
	wrong_numbers(fd);
	reserved_fields(fd);
	answers_are_whole(fd);
	input_fields(fd);
	bad_pointers(fd);
	read_only_answers(fd);
	huge_counts(fd);
	bad_ranges(fd);
	bad_setups(fd);
	limits();
	unknown_handles(fd);
	handles_of_others(fd);
	wrong_order();
	other_calls(fd);
	compat(fd);
	closed_under_calls();

	check(frames_out(fd) == before, "every frame came back");
	close(fd);
	return tap_end();
}
