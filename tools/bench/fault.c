// SPDX-License-Identifier: GPL-2.0
/*
 * What a page costs to touch, to unmap and to fork: isle's private memory and
 * the kernel's anonymous memory, in turns.
 *
 * usage: fault [MEGABYTES]
 *
 * Prints a line a side and operation, with a sample of nanoseconds a page for
 * each round; the first round warms up and is not reported. Under QEMU's
 * -icount shift=0 a nanosecond is a guest instruction.
 */

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 5, PAGE = 4096 };
enum { ISLE, KERNEL, SIDES };
enum { TOUCH, FORK, UNMAP, PHASES };

static const char *const side_name[SIDES] = { "isle", "kernel" };
static const char *const phase_name[PHASES] = { "touch", "fork", "unmap" };
static unsigned long samples[SIDES][PHASES][ROUNDS];

static unsigned long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000UL + ts.tv_nsec;
}

static void *map(int side, int fd, size_t size)
{
	void *p;

	if (side == ISLE)
		p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd,
			 0);
	else
		p = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		err(1, "mmap of %zu bytes (%s)", size, side_name[side]);
	if (side == KERNEL)
		madvise(p, size, MADV_NOHUGEPAGE);
	return p;
}

static unsigned long time_fork(void)
{
	unsigned long start = now();
	pid_t pid = fork();
	unsigned long ns;

	if (pid < 0)
		err(1, "fork");
	if (!pid)
		_exit(0);
	ns = now() - start;
	if (waitpid(pid, NULL, 0) != pid)
		err(1, "waitpid");
	return ns;
}

static void round_of(int side, int fd, size_t size, unsigned long ns[PHASES])
{
	volatile char *p = map(side, fd, size);
	unsigned long start;
	size_t i;

	start = now();
	for (i = 0; i < size; i += PAGE)
		p[i] = 1;
	ns[TOUCH] = now() - start;
	ns[FORK] = time_fork();
	start = now();
	if (munmap((void *)p, size))
		err(1, "munmap");
	ns[UNMAP] = now() - start;
}

int main(int argc, char **argv)
{
	size_t size = (argc > 1 ? strtoul(argv[1], NULL, 0) : 64) << 20;
	unsigned long ns[PHASES];
	int round, side, phase;
	int fd;

	fd = open("/dev/isle", O_RDWR);
	if (fd < 0)
		err(1, "/dev/isle");
	for (round = -1; round < ROUNDS; round++) {
		for (side = 0; side < SIDES; side++) {
			round_of(side, fd, size, ns);
			for (phase = 0; round >= 0 && phase < PHASES; phase++)
				samples[side][phase][round] =
					ns[phase] / (size / PAGE);
		}
	}
	for (side = 0; side < SIDES; side++) {
		for (phase = 0; phase < PHASES; phase++) {
			printf("fault %s 0 %s", side_name[side],
			       phase_name[phase]);
			for (round = 0; round < ROUNDS; round++)
				printf(" %lu", samples[side][phase][round]);
			printf("\n");
		}
	}
	return 0;
}
