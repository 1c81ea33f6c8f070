// SPDX-License-Identifier: GPL-2.0
/*
 * When there is no more: the limit of an opener, the share of all processes,
 * memory itself. Who touches gets SIGBUS, who asks gets ENOMEM, nobody else
 * notices, and it is over when somebody lets go.
 *
 * Runs as: root nobody
 * CPUs: 2
 */
#include "vm.h"

static int set_limit(int fd, unsigned long bytes)
{
	struct isle_limit limit = { .limit = bytes };

	return ioctl(fd, ISLE_IOC_LIMIT, &limit) ? errno : 0;
}

static int alloc_block(int fd, unsigned int order, uint64_t *handle)
{
	struct isle_block block = { .order = order, .nid = -1 };

	if (ioctl(fd, ISLE_IOC_ALLOC, &block))
		return errno;
	*handle = block.handle;
	return 0;
}

static void free_block(int fd, uint64_t handle)
{
	struct isle_free free = { .handle = handle };

	if (ioctl(fd, ISLE_IOC_FREE, &free))
		bail_out("ISLE_IOC_FREE: %s", strerror(errno));
}

/* Pages that can be written one after the other before a SIGBUS. */
static size_t writable(char *p, size_t pages)
{
	size_t i;

	for (i = 0; i < pages; i++) {
		int got = touch(p + i * PAGE, true);

		if (got == SIGBUS)
			break;
		if (got)
			bail_out("signal %d instead of SIGBUS", got);
	}
	return i;
}

static void limited(unsigned int around)
{
	int fd = open_isle();
	struct isle_opener info;
	uint64_t handle;
	char *p, *q;

	set_up(fd, around, 100 * PAGE);
	p = map_private(fd, 400 * PAGE);
	check(writable(p, 400) == 100, "a limit of 100 pages is 100 pages");
	info = opener(fd);
	check(info.limit == 100 * PAGE && info.private_pages == 100,
	      "that the opener holds");
	check(info.faults_sigbus >= 1, "the SIGBUS was counted");
	check(alloc_block(fd, 0, &handle) == ENOMEM, "no block either");
	q = map_shared(fd, 4 * PAGE);
	check(touch(q, true) == SIGBUS && touch(q, false) == SIGBUS,
	      "nor a page of the object");
	check(!touch(p + 399 * PAGE, false), "reading takes no page");

	munmap(p, 10 * PAGE);
	check(!touch(q, true) && !alloc_block(fd, 2, &handle),
	      "ten pages unmapped: some can be had again");
	check(alloc_block(fd, 3, &handle) == ENOMEM,
	      "but no block of eight, all or nothing");
	check(!set_limit(fd, 50 * PAGE) &&
	      touch(p + 300 * PAGE, true) == SIGBUS &&
	      !touch(p + 50 * PAGE, true),
	      "a lower limit takes nothing away, and gives nothing");
	check(set_limit(fd, 50 * PAGE + 1) == EINVAL,
	      "a limit is a number of pages");
	check(!set_limit(fd, 0) && writable(p + 10 * PAGE, 390) == 390,
	      "without a limit it goes on");
	munmap(p, 400 * PAGE);
	munmap(q, 4 * PAGE);
	close(fd);
}

static int within_limit(void *p)
{
	fill(p, 90, 2);
	return wrong(p, 90, 2);
}

static void fork_at_limit(void)
{
	int fd = open_isle();
	char *p;

	set_up(fd, PAGE, 100 * PAGE);
	p = map_private(fd, 200 * PAGE);
	fill(p, 90, 1);
	check(!child(within_limit, p) && !wrong(p, 90, 1),
	      "a fork's copies replace what they are copies of");
	check(writable(p + 90 * PAGE, 110) == 10, "and leave the limit as it is");
	munmap(p, 200 * PAGE);
	close(fd);
}

/* All that processes may have. */
static int eat(void *argument)
{
	int fd = *(int *)argument;
	size_t pages = stats(fd).managed + 1000;
	char *p = map_private(fd, pages * PAGE);
	size_t got = writable(p, pages);
	struct isle_stats now = stats(fd);
	uint64_t handle;

	if (got < now.managed / 2 || got >= pages)
		return 1;
	if (touch(p + got * PAGE, true) != SIGBUS)
		return 2;
	if (alloc_block(fd, 4, &handle) != ENOMEM)
		return 3;
	munmap(p, pages / 2 * PAGE);
	return touch(p + got * PAGE, true) ? 4 : 0;
}

static int eat_and_die(void *argument)
{
	int fd = *(int *)argument;
	size_t i, pages = stats(fd).managed + 1000;
	char *p = map_private(fd, pages * PAGE);

	for (i = 0; i < pages; i++)
		p[i * PAGE] = 1;
	return 0;
}

static void out_of_memory(int fd)
{
	long before = frames_out(fd);
	unsigned int i, bad = 0;
	char *ordinary, *p;
	uint64_t handle;

	check(!child(eat, &fd), "out of memory: SIGBUS, ENOMEM, and on it goes");
	check(back_to(fd, before), "afterwards it is all back");
	for (i = 0; i < times(3); i++)
		bad += child(eat_and_die, &fd) != 1000 + SIGBUS;
	check(!bad && back_to(fd, before),
	      "a process that does not expect it dies of SIGBUS");
	p = map_private(fd, 1000 * PAGE);
	fill(p, 1000, 1);
	check(!wrong(p, 1000, 1) && !alloc_block(fd, 4, &handle),
	      "the next has all it wants");
	free_block(fd, handle);
	munmap(p, 1000 * PAGE);

	ordinary = mmap(NULL, 8 * MB, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(ordinary, 1, 8 * MB);
	check(ordinary[8 * MB - 1] == 1, "the machine's own memory is fine");
	munmap(ordinary, 8 * MB);
}

/* Several processes that want everything at once. */
static void crowd(int fd)
{
	long before = frames_out(fd);
	unsigned int i, bad = 0;
	pid_t pids[4];

	for (i = 0; i < ARRAY_SIZE(pids); i++) {
		pids[i] = must_fork();
		if (!pids[i])
			_exit(eat_and_die(&fd));
	}
	for (i = 0; i < ARRAY_SIZE(pids); i++) {
		int status;

		waitpid(pids[i], &status, 0);
		bad += WIFEXITED(status) ? WEXITSTATUS(status) != 0 :
					   WTERMSIG(status) != SIGBUS;
	}
	check(!bad && back_to(fd, before),
	      "four processes that want everything at once");
}

int main(void)
{
	int fd = open_isle();
	long before = frames_out(fd);

	expect_log("^isle: vm_limit\\[[0-9]+\\]: SIGBUS at [0-9a-f]+: out of memory \\(-");
	expect_log("^isle: vm_limit\\[[0-9]+\\]: SIGBUS at [0-9a-f]+: opener is at its limit \\(-");
	limited(PAGE);
	limited(0);
	fork_at_limit();
	out_of_memory(fd);
	crowd(fd);
	check(back_to(fd, before), "every frame is back");
	return tap_end();
}
