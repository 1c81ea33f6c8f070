// SPDX-License-Identifier: GPL-2.0
/* isle demo: a guided tour of the loaded module, that checks what it shows. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"

#define TOUR_PAGES	1024UL
#define TOUR_ORDER	5U
#define TOUR_BLOCKS	64

struct tour {
	int fd;
	bool as_json;
	bool pause;
	bool failed;
};

typedef void (*step_fn)(struct tour *tour);

static void say(const struct tour *tour, const char *text)
{
	if (!tour->as_json)
		printf("%s\n", text);
}

static void figure(const struct tour *tour, const char *name, __u64 value)
{
	if (tour->as_json)
		json_number(name, value);
	else
		printf("    %-34s %10llu\n", name, value);
}

static void check(struct tour *tour, const char *claim, bool holds)
{
	if (tour->as_json)
		json_bool(claim, holds);
	else
		printf("  %s %s\n", holds ? "[yes]" : "[NO!]", claim);
	tour->failed |= !holds;
}

/* In the terminal's time only: a step may not wait for a person in a pipe. */
static void wait_for_enter(const struct tour *tour)
{
	int c;

	if (!tour->pause || tour->as_json)
		return;
	fputs("-- Enter --", stdout);
	fflush(stdout);
	do
		c = getchar();
	while (c != '\n' && c != EOF);
}

static unsigned long *map_tour(const struct tour *tour, int flags)
{
	void *memory = mmap(NULL, TOUR_PAGES * device_page_size(),
			    PROT_READ | PROT_WRITE, flags, tour->fd, 0);

	if (memory == MAP_FAILED)
		cli_die_errno(errno, "cannot map %s", ISLE_DEVICE);
	return memory;
}

static void unmap_tour(unsigned long *memory)
{
	munmap(memory, TOUR_PAGES * device_page_size());
}

static unsigned long *word(unsigned long *memory, unsigned long page)
{
	return memory + page * (device_page_size() / sizeof(*memory));
}

/* Each page a value of its own. */
static void write_pages(unsigned long *memory, unsigned long from,
			unsigned long to, unsigned long salt)
{
	for (; from < to; from++)
		*word(memory, from) = from ^ salt;
}

static bool pages_hold(unsigned long *memory, unsigned long from,
		       unsigned long to, unsigned long salt)
{
	for (; from < to; from++)
		if (*word(memory, from) != (from ^ salt))
			return false;
	return true;
}

static bool pages_are_zero(unsigned long *memory, unsigned long from,
			   unsigned long to)
{
	for (; from < to; from++)
		if (*word(memory, from))
			return false;
	return true;
}

static bool child_succeeds(void (*act)(unsigned long *), unsigned long *memory)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		cli_die_errno(errno, "fork");
	if (!pid) {
		act(memory);
		_exit(0);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			cli_die_errno(errno, "waitpid");
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

static void show_loaded(struct tour *tour)
{
	struct isle_stats stats;

	say(tour, "Memory that the kernel no longer sees, and the zones over it.\n");
	if (!tour->as_json)
		info_print(tour->fd);
	device_stats(tour->fd, &stats);
	check(tour, "every frame is managed or holds the frame table",
	      stats.present == stats.managed + stats.metadata);
}

/* Free blocks by order, over all zones and types. */
static void count_blocks(int fd, __u64 blocks[ISLE_NR_UAPI_ORDERS])
{
	struct isle_zone_info zone;
	struct isle_stats stats;
	unsigned int i, order, type;

	memset(blocks, 0, ISLE_NR_UAPI_ORDERS * sizeof(*blocks));
	device_stats(fd, &stats);
	for (i = 0; i < stats.nr_zones; i++) {
		device_zone(fd, i, &zone);
		for (order = 0; order < ISLE_NR_UAPI_ORDERS; order++)
			for (type = 0; type < ISLE_NR_MT; type++)
				blocks[order] += zone.nr_free[order][type];
	}
}

static void show_heading(const struct tour *tour)
{
	unsigned int order;

	if (tour->as_json)
		return;
	printf("    %-10s", "order");
	for (order = 0; order < ISLE_NR_UAPI_ORDERS; order++)
		printf(" %5u", order);
	putchar('\n');
}

static void show_blocks(const struct tour *tour, const char *when,
			const __u64 blocks[ISLE_NR_UAPI_ORDERS])
{
	unsigned int order;

	if (tour->as_json)
		json_open(when, '[');
	else
		printf("    %-10s", when);
	for (order = 0; order < ISLE_NR_UAPI_ORDERS; order++) {
		if (tour->as_json)
			json_number(NULL, blocks[order]);
		else
			printf(" %5llu", blocks[order]);
	}
	if (tour->as_json)
		json_close(']');
	else
		putchar('\n');
}

/*
 * Takes blocks until one had to be split off a larger one: until there are not
 * fewer free blocks of that order than before. Returns how many it took.
 */
static unsigned int take_until_split(int fd, __u64 *handles,
				     __u64 before[ISLE_NR_UAPI_ORDERS],
				     __u64 after[ISLE_NR_UAPI_ORDERS])
{
	struct isle_block block;
	unsigned int n = 0;

	do {
		block = (struct isle_block){ .order = TOUR_ORDER, .nid = -1 };
		count_blocks(fd, before);
		if (ioctl(fd, ISLE_IOC_ALLOC, &block))
			cli_die_errno(errno, "ISLE_IOC_ALLOC");
		handles[n++] = block.handle;
		count_blocks(fd, after);
	} while (after[TOUR_ORDER] < before[TOUR_ORDER] && n < TOUR_BLOCKS);
	return n;
}

static bool free_block(int fd, __u64 handle)
{
	struct isle_free request = { .handle = handle };

	return !ioctl(fd, ISLE_IOC_FREE, &request);
}

static void show_buddies(struct tour *tour)
{
	__u64 before[ISLE_NR_UAPI_ORDERS], after[ISLE_NR_UAPI_ORDERS];
	struct isle_block asked = { };
	__u64 handles[TOUR_BLOCKS];
	bool freed = true;
	unsigned int n;

	say(tour, "A block of order 5 (32 pages) when there is none: a larger one is split, and\n"
	    "its other halves are listed. Freed, it meets its buddies again. Free blocks:\n");
	n = take_until_split(tour->fd, handles, before, after);
	show_heading(tour);
	show_blocks(tour, "before", before);
	show_blocks(tour, "allocated", after);

	asked.handle = handles[n - 1];
	check(tour, "the block can be asked about",
	      !ioctl(tour->fd, ISLE_IOC_QUERY, &asked) &&
	      asked.order == TOUR_ORDER && asked.references == 1);
	check(tour, "it is aligned to its size",
	      !(asked.phys & ((device_page_size() << TOUR_ORDER) - 1)));
	check(tour, "it can be freed", free_block(tour->fd, handles[n - 1]));
	count_blocks(tour->fd, after);
	show_blocks(tour, "freed", after);
	check(tour, "but once", !free_block(tour->fd, handles[--n]));
	while (n)
		freed &= free_block(tour->fd, handles[--n]);
	check(tour, "the blocks that were taken on the way are freed", freed);
}

static void show_writing(struct tour *tour)
{
	unsigned long *memory = map_tour(tour, MAP_PRIVATE);
	struct isle_opener before, after;

	say(tour, "4 MB mapped MAP_PRIVATE and written: a fault gets its page a zeroed frame, and\n"
	    "the pages around it theirs.\n");
	device_opener(tour->fd, &before);
	write_pages(memory, 0, TOUR_PAGES, 0x15);
	device_opener(tour->fd, &after);
	figure(tour, "pages written", TOUR_PAGES);
	figure(tour, "faults that allocated",
	       after.faults_anon - before.faults_anon);
	figure(tour, "pages mapped around them",
	       after.faults_around - before.faults_around);
	check(tour, "each page took a frame",
	      after.private_pages == TOUR_PAGES);
	check(tour, "each page holds what was written",
	      pages_hold(memory, 0, TOUR_PAGES, 0x15));
	unmap_tour(memory);
}

static void show_reading(struct tour *tour)
{
	unsigned long *memory = map_tour(tour, MAP_PRIVATE);
	struct isle_opener opener;

	say(tour, "The same, but read first: all pages share one frame of zeroes, until the first\n"
	    "write to one.\n");
	check(tour, "reading finds zeroes",
	      pages_are_zero(memory, 0, TOUR_PAGES));
	device_opener(tour->fd, &opener);
	figure(tour, "faults that mapped the zero frame", opener.faults_zero);
	check(tour, "reading took no memory", !opener.private_pages);
	write_pages(memory, 7, 8, 0x15);
	device_opener(tour->fd, &opener);
	figure(tour, "frames for it and its neighbours",
	       opener.private_pages);
	check(tour, "writing to one page took frames around it alone",
	      opener.private_pages && opener.private_pages < TOUR_PAGES);
	check(tour, "the page next to it is zero still",
	      pages_are_zero(memory, 8, 9));
	unmap_tour(memory);
}

static void child_of_private(unsigned long *memory)
{
	if (!pages_hold(memory, 0, TOUR_PAGES, 0x26))
		_exit(1);
	write_pages(memory, 0, TOUR_PAGES / 2, 0x37);
	if (!pages_hold(memory, 0, TOUR_PAGES / 2, 0x37))
		_exit(1);
}

static void show_fork(struct tour *tour)
{
	unsigned long *memory = map_tour(tour, MAP_PRIVATE);
	struct isle_opener before, after;

	say(tour, "fork(): the frames are shared until somebody writes; a copy comes from isle.\n");
	write_pages(memory, 0, TOUR_PAGES, 0x26);
	device_opener(tour->fd, &before);
	check(tour, "the child sees the parent's values and writes its own",
	      child_succeeds(child_of_private, memory));
	check(tour, "the parent's are as they were",
	      pages_hold(memory, 0, TOUR_PAGES, 0x26));
	device_opener(tour->fd, &after);
	figure(tour, "faults that copied", after.faults_cow - before.faults_cow);
	check(tour, "pages were copied", after.faults_cow > before.faults_cow);
	unmap_tour(memory);
}

static void child_of_shared(unsigned long *memory)
{
	write_pages(memory, 0, TOUR_PAGES, 0x48);
}

static void show_shared(struct tour *tour)
{
	struct isle_range all = {
		.length = TOUR_PAGES * device_page_size(),
	};
	unsigned long *memory = map_tour(tour, MAP_SHARED);
	struct isle_opener opener;

	say(tour, "MAP_SHARED maps the object that the opener is, as a memfd would: what one\n"
	    "process writes the other reads, and the pages stay when it has gone.\n");
	check(tour, "the child writes",
	      child_succeeds(child_of_shared, memory));
	check(tour, "the parent reads it",
	      pages_hold(memory, 0, TOUR_PAGES, 0x48));
	unmap_tour(memory);
	device_opener(tour->fd, &opener);
	figure(tour, "pages of the object, unmapped", opener.object_pages);
	check(tour, "the object kept its pages",
	      opener.object_pages == TOUR_PAGES);

	check(tour, "ISLE_IOC_DISCARD takes them back",
	      !ioctl(tour->fd, ISLE_IOC_DISCARD, &all));
	device_opener(tour->fd, &opener);
	check(tour, "the object is empty", !opener.object_pages);
}

static void take_step(struct tour *tour, const char *title, step_fn step)
{
	if (tour->as_json) {
		json_open(NULL, '{');
		json_text("step", title);
	} else {
		printf("\n== %s\n\n", title);
	}
	step(tour);
	if (tour->as_json)
		json_close('}');
	else
		wait_for_enter(tour);
}

static __u64 frames_out(int fd)
{
	struct isle_stats stats;

	device_stats(fd, &stats);
	return stats.managed - stats.free - stats.pcp - stats.quarantine;
}

static void take_tour(struct tour *tour)
{
	static const struct {
		const char *title;
		step_fn step;
	} steps[] = {
		{ "What is loaded", show_loaded },
		{ "Buddies", show_buddies },
		{ "Private memory, written", show_writing },
		{ "Private memory, read", show_reading },
		{ "fork", show_fork },
		{ "Shared memory", show_shared },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(steps); i++)
		take_step(tour, steps[i].title, steps[i].step);
}

static int demo_run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "pause", no_argument, NULL, 'p' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	struct tour tour = { };
	__u64 before;
	int option, fd;

	while ((option = getopt_long(argc, argv, "pjh", options, NULL)) != -1) {
		if (option == 'j')
			tour.as_json = true;
		else if (option == 'p')
			tour.pause = true;
		else
			cli_option(option);
	}
	cli_no_arguments(argc - optind, argv + optind);

	fd = device_open();
	tour.fd = device_open();
	before = frames_out(fd);
	if (tour.as_json) {
		json_open(NULL, '{');
		json_open("steps", '[');
	}
	take_tour(&tour);
	close(tour.fd);
	if (tour.as_json)
		json_close(']');
	else
		printf("\n== Afterwards\n\n");
	check(&tour, "every frame of this tour came back",
	      frames_out(fd) <= before);
	if (tour.as_json) {
		json_close('}');
		json_end();
	}
	return tour.failed ? CLI_FAILED : 0;
}

const struct command demo_command = {
	.name = "demo",
	.brief = "a guided tour of the loaded module",
	.usage =
	"[--pause] [--json]\n\n"
	"Shows what the module does, a step at a time, and checks what it claims:\n"
	"zones, splitting and merging of buddies, private memory, fork, shared\n"
	"memory. The status is 1 if a claim does not hold.\n\n"
	"  -p, --pause  wait for Enter after each step\n"
	"  -j, --json   as JSON\n"
	"  -h, --help   this\n",
	.run = demo_run,
};
