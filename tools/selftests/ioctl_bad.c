// SPDX-License-Identifier: GPL-2.0
/*
 * What /dev/isle must refuse: requests with wrong sizes and numbers, unknown
 * flags, reserved fields in use, bad pointers, huge counts. And that nothing is
 * lost by it. ioctl_order.c has right requests at the wrong time.
 *
 * Runs as: root nobody
 * Loads: opener_max_mb=64
 */
#include <limits.h>
#include <stddef.h>
#include <sys/mman.h>

#include "ioctl_bad.h"
#include "layout.h"

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
	REQUEST(PAGEBLOCKS, BOTH, isle_pageblocks),
	REQUEST(OPENERS, BOTH, isle_openers),
	REQUEST(ADVISE, IN, isle_range),
	REQUEST(POPULATE, IN, isle_range),
	REQUEST(RESIDENCY, IN, isle_residency),
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
	case ISLE_IOC_ADVISE:
	case ISLE_IOC_POPULATE:
		((struct isle_range *)argument)->length = PAGE;
		((struct isle_range *)argument)->value = 1;
		break;
	case ISLE_IOC_RESIDENCY:
		((struct isle_residency *)argument)->length = PAGE;
		((struct isle_residency *)argument)->vector =
			(unsigned long)argument;
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
		    r->number != ISLE_IOC_REGION &&
		    r->number != ISLE_IOC_PAGEBLOCKS &&
		    r->number != ISLE_IOC_OPENERS)
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
	struct isle_openers openers;
	struct isle_residency ask;

	for (bit = 0; bit < 32; bit++) {
		openers = (struct isle_openers){ .flags = 1u << bit };
		expect(try(fd, ISLE_IOC_OPENERS, &openers), EINVAL, &wrong,
		       "OPENERS", "flag", 1u << bit);
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
			range.value = 1;
			expect(try(fd, ISLE_IOC_ADVISE, &range), EINVAL,
			       &wrong, "ADVISE", "flag", 1u << bit);
			range.flags |= ISLE_RANGE_ADDRESS;
			expect(try(fd, ISLE_IOC_POPULATE, &range), EINVAL,
			       &wrong, "POPULATE", "flag", 1u << bit);
		}
	}
	for (bit = 0; bit < 64; bit++) {
		request = (struct isle_free){ .flags = 1ull << bit };
		expect(try(fd, ISLE_IOC_FREE, &request), EINVAL, &wrong,
		       "FREE", "flag", 1ull << bit);
		if (!bit)
			continue;
		ask = (struct isle_residency){ .length = PAGE,
					       .vector = (unsigned long)room,
					       .flags = 1ull << bit };
		expect(try(fd, ISLE_IOC_RESIDENCY, &ask), EINVAL, &wrong,
		       "RESIDENCY", "flag", 1ull << bit);
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
	struct isle_pageblocks pageblocks = { };
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

	if (ioctl(fd, ISLE_IOC_PAGEBLOCKS, &pageblocks))
		bail_out("ISLE_IOC_PAGEBLOCKS: %s", strerror(errno));
	wrong = 0;
	for (i = 0; i < ARRAY_SIZE(indices); i++) {
		struct isle_pageblocks beyond = { .first = indices[i] };

		if (i < 4)
			beyond.first += pageblocks.total - indices[0];
		expect(try(fd, ISLE_IOC_PAGEBLOCKS, &beyond), ENOENT, &wrong,
		       "PAGEBLOCKS", "index", beyond.first);
	}
	check(!wrong, "pageblocks that are not there are not found");
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
	struct isle_residency ask = { .vector = (unsigned long)room };
	struct isle_range range;
	unsigned int wrong = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		range = ranges[i];
		ask.start = range.start;
		ask.length = range.length;
		ask.flags = i % 2;
		expect(try(fd, ISLE_IOC_RESIDENCY, &ask), EINVAL, &wrong,
		       "RESIDENCY", "range", i);
		range.value = ISLE_ADVISE_DONTNEED;
		expect(try(fd, ISLE_IOC_ADVISE, &range), EINVAL, &wrong,
		       "ADVISE", "range", i);
		range.flags = ISLE_RANGE_ADDRESS;
		range.value = ISLE_POPULATE_READ;
		expect(try(fd, ISLE_IOC_POPULATE, &range), EINVAL, &wrong,
		       "POPULATE", "range", i);
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

static void bad_advice(int fd)
{
	static const __u32 values[] = { 0, 3, 4, 255, PAGE, INT_MAX, UINT_MAX };
	char *mine = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE,
			  fd, 0);
	struct isle_range range = { .length = PAGE };
	unsigned int wrong = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(values); i++) {
		range.flags = 0;
		range.value = values[i];
		expect(try(fd, ISLE_IOC_ADVISE, &range), EINVAL, &wrong,
		       "ADVISE", "value", values[i]);
		range.flags = ISLE_RANGE_ADDRESS;
		range.start = (unsigned long)mine;
		expect(try(fd, ISLE_IOC_POPULATE, &range), EINVAL, &wrong,
		       "POPULATE", "value", values[i]);
	}
	check(!wrong, "advice and populating that there is not are refused");
	range = (struct isle_range){ .length = PAGE, .value = 1 };
	check(try(fd, ISLE_IOC_POPULATE, &range) == EINVAL,
	      "POPULATE takes addresses only");
	range.flags = ISLE_RANGE_ADDRESS;
	range.start = (unsigned long)room;
	check(try(fd, ISLE_IOC_POPULATE, &range) == ENOMEM &&
	      try(fd, ISLE_IOC_ADVISE, &range) == ENOMEM,
	      "neither finds a mapping in memory that is not isle's");
	range.start = 0xffff888000000000ull;
	check(try(fd, ISLE_IOC_POPULATE, &range) == ENOMEM &&
	      try(fd, ISLE_IOC_ADVISE, &range) == ENOMEM,
	      "nor at a kernel address");
	munmap(mine, 2 * PAGE);
}

/* Answers longer than any memory, or in none. */
static void bad_vectors(int fd)
{
	static const unsigned long long lengths[] = {
		1ull << 40, 1ull << 62, 1ull << 63, -PAGE,
	};
	char *mine = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE,
			  fd, 0);
	struct isle_residency ask;
	unsigned int wrong = 0, j, n;
	void *addresses[16];
	size_t i;

	n = bad_addresses(64, addresses);
	for (j = 0; j < n; j++) {
		ask = (struct isle_residency){
			.start = (unsigned long)mine,
			.length = 64 * PAGE,
			.vector = (unsigned long)addresses[j],
			.flags = ISLE_RANGE_ADDRESS,
		};
		expect(try(fd, ISLE_IOC_RESIDENCY, &ask), EFAULT, &wrong,
		       "RESIDENCY", "vector", ask.vector);
		ask.start = 0;
		ask.flags = 0;
		expect(try(fd, ISLE_IOC_RESIDENCY, &ask), EFAULT, &wrong,
		       "RESIDENCY by offset", "vector", ask.vector);
	}
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		ask = (struct isle_residency){
			.length = lengths[i],
			.vector = (unsigned long)room,
		};
		expect(try(fd, ISLE_IOC_RESIDENCY, &ask), EFAULT, &wrong,
		       "RESIDENCY", "length", lengths[i]);
	}
	check(!wrong, "an answer about pages that there is no room for is refused");
	ask = (struct isle_residency){
		.start = (unsigned long)room,
		.length = PAGE,
		.vector = (unsigned long)room,
		.flags = ISLE_RANGE_ADDRESS,
	};
	check(try(fd, ISLE_IOC_RESIDENCY, &ask) == ENOMEM,
	      "RESIDENCY of memory that is not isle's finds no mapping");
	munmap(mine, 64 * PAGE);
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
	bad_advice(fd);
	bad_vectors(fd);

	check(frames_out(fd) == before, "every frame came back");
	close(fd);
	return tap_end();
}
