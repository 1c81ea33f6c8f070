// SPDX-License-Identifier: GPL-2.0
/*
 * A load whose every fault and block is known, for trace.sh and bpftrace.sh.
 *
 * usage: trace_load STEP...
 *
 *   zero:N       read N pages that nobody wrote
 *   anon:N       write N pages of private memory
 *   shared:N     write N pages of shared memory
 *   copy:N       fork; the child writes N pages that the parent wrote
 *   reuse:N      fork; the parent reads N pages that it wrote and, when the child
 *                is gone, writes them again
 *   block:O,N    N blocks of order O, then free them
 *   wait:MS      all that was mapped until now stays for so long
 *
 * Each page is a fault of its own, and memory is kept until the program ends,
 * blocks excepted.
 */
#include "vm.h"

static int fd;

/* One byte of each page, so that each is one fault. */
static void touch_pages(char *base, unsigned long pages, bool write)
{
	volatile char *p = base;
	unsigned long i;

	for (i = 0; i < pages; i++, p += PAGE) {
		if (write)
			*p = 1;
		else
			(void)*p;
	}
}

static char *written(unsigned long pages)
{
	char *base = map_private(fd, pages * PAGE);

	touch_pages(base, pages, true);
	return base;
}

struct pages {
	char *base;
	unsigned long nr;
};

static int write_all(void *argument)
{
	struct pages *pages = argument;

	touch_pages(pages->base, pages->nr, true);
	return 0;
}

static void reuse(unsigned long nr)
{
	char *base = written(nr), c;
	int wait[2];
	pid_t pid;

	if (pipe(wait))
		bail_out("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		bail_out("fork: %s", strerror(errno));
	if (!pid) {
		close(wait[1]);
		_exit(read(wait[0], &c, 1) != 0);
	}
	touch_pages(base, nr, false);
	close(wait[1]);
	waitpid(pid, NULL, 0);
	close(wait[0]);
	touch_pages(base, nr, true);
}

static void blocks(unsigned int order, unsigned long nr)
{
	__u64 *handles = calloc(nr, sizeof(*handles));
	unsigned long i;

	for (i = 0; handles && i < nr; i++) {
		struct isle_block block = { .order = order, .nid = -1 };

		if (ioctl(fd, ISLE_IOC_ALLOC, &block))
			bail_out("ISLE_IOC_ALLOC: %s", strerror(errno));
		handles[i] = block.handle;
	}
	while (handles && i--) {
		struct isle_free request = { .handle = handles[i] };

		if (ioctl(fd, ISLE_IOC_FREE, &request))
			bail_out("ISLE_IOC_FREE: %s", strerror(errno));
	}
	free(handles);
}

static void step(const char *text)
{
	struct pages pages = { };
	unsigned long nr;
	unsigned int order;

	if (sscanf(text, "zero:%lu", &nr) == 1) {
		touch_pages(map_private(fd, nr * PAGE), nr, false);
	} else if (sscanf(text, "anon:%lu", &nr) == 1) {
		written(nr);
	} else if (sscanf(text, "shared:%lu", &nr) == 1) {
		touch_pages(map_shared(fd, nr * PAGE), nr, true);
	} else if (sscanf(text, "copy:%lu", &pages.nr) == 1) {
		pages.base = written(pages.nr);
		child(write_all, &pages);
	} else if (sscanf(text, "reuse:%lu", &nr) == 1) {
		reuse(nr);
	} else if (sscanf(text, "block:%u,%lu", &order, &nr) == 2) {
		blocks(order, nr);
	} else if (sscanf(text, "wait:%lu", &nr) == 1) {
		usleep(nr * 1000);
	} else {
		bail_out("no step '%s'", text);
	}
}

int main(int argc, char **argv)
{
	int i;

	fd = open_by_page();
	for (i = 1; i < argc; i++)
		step(argv[i]);
	close(fd);
	return 0;
}
