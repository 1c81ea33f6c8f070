// SPDX-License-Identifier: GPL-2.0
/*
 * What a page costs to touch, read, fork, copy and unmap: isle's memory and the
 * kernel's, in turns.
 *
 * usage: fault [MEGABYTES]
 *
 * Prints, as isle_bench does, a line a peer and phase: "fault", the peer, what
 * kind of memory, CPUs, the phase, and a sample of nanoseconds a page for each
 * round; the first round warms up and is not reported. Under QEMU's -icount
 * shift=0 a nanosecond is a guest instruction.
 *
 * Kinds: private memory that a fault fills by 4 KB, by 64 KB (isle's
 * fault_around_kb, the kernel's mTHP) and by 2 MB (isle's huge=, THP), and shared
 * memory (a mapping of isle, and of tmpfs) by 4 KB.
 */

#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 5, PAGE = 4096, HUGE = 2 << 20 };
enum { ISLE, KERNEL, PEERS };
enum { TOUCH, READ, FORK, COPY, REUSE, UNMAP, PHASES };

static const char *const peer_name[PEERS] = { "isle", "kernel" };
static const char *const phase_name[PHASES] = {
	"touch", "read", "fork", "copy", "reuse", "unmap"
};

enum { KINDS = 4, PAGE_SIZES = 2 };

static const struct kind {
	const char *name;
	int around_kb;		/* fault_around_kb= of isle */
	int thp_kb;		/* of the kernel; 0: none */
	int shared;
	const char *huge;	/* huge= of isle */
} kinds[KINDS] = {
	{ "4K", 4, 0, 0, "never" },
	{ "64K", 64, 64, 0, "never" },
	{ "2M", 64, 2048, 0, "always" },
	{ "shared", 4, 0, 1, "never" },
};

static unsigned long samples[KINDS][PEERS][PHASES][ROUNDS];
static unsigned long *childs_time;
static size_t size;

static unsigned long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000UL + ts.tv_nsec;
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		err(1, "%s", path);
	close(fd);
}

/* One page size is always on for private memory, or none. */
static void set_thp(int kb)
{
	static const int sizes[PAGE_SIZES] = { 64, 2048 };
	char path[96];
	int i;

	for (i = 0; i < PAGE_SIZES; i++) {
		snprintf(path, sizeof(path),
			 "/sys/kernel/mm/transparent_hugepage/hugepages-%dkB/enabled",
			 sizes[i]);
		write_file(path, sizes[i] == kb ? "always" : "never");
	}
}

static void set_fault_around(int kb)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", kb);
	write_file("/sys/module/isle/parameters/fault_around_kb", text);
}

static void set_huge(const char *huge)
{
	write_file("/sys/module/isle/parameters/huge", huge);
}

static int open_memory(int peer, const struct kind *kind)
{
	int fd = -1;

	if (peer == ISLE)
		fd = open("/dev/isle", O_RDWR);
	else if (kind->shared)
		fd = memfd_create("bench", 0);
	if (fd < 0 && (peer == ISLE || kind->shared))
		err(1, "no memory of %s", peer_name[peer]);
	if (peer == KERNEL && kind->shared && ftruncate(fd, size))
		err(1, "ftruncate");
	return fd;
}

static char *map(int fd, const struct kind *kind)
{
	int flags = kind->shared ? MAP_SHARED : MAP_PRIVATE;
	uintptr_t start;
	char *p;

	/* Room first, so that the mapping can be aligned to 2 MB. */
	p = mmap(NULL, size + HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		 0);
	if (p == MAP_FAILED)
		err(1, "mmap");
	start = ((uintptr_t)p + HUGE - 1) & ~((uintptr_t)HUGE - 1);
	munmap(p, size + HUGE);
	if (fd < 0)
		flags |= MAP_ANONYMOUS;
	p = mmap((void *)start, size, PROT_READ | PROT_WRITE,
		 flags | MAP_FIXED_NOREPLACE, fd, 0);
	if (p == MAP_FAILED)
		err(1, "mmap of %zu bytes", size);
	return p;
}

static unsigned long write_all(volatile char *p)
{
	unsigned long start = now();
	size_t i;

	for (i = 0; i < size; i += PAGE)
		p[i] = 1;
	return now() - start;
}

static unsigned long read_all(volatile char *p)
{
	unsigned long start = now();
	size_t i;

	for (i = 0; i < size; i += PAGE)
		(void)p[i];
	return now() - start;
}

static unsigned long unmap(char *p)
{
	unsigned long start = now();

	if (munmap(p, size))
		err(1, "munmap");
	return now() - start;
}

/*
 * The child waits until fork() has been timed, writes to what it shares with the
 * parent, and says how long that took.
 */
static void fork_and_copy(char *p, unsigned long *ns)
{
	unsigned long start;
	char go = 0;
	int gate[2];
	pid_t pid;

	if (pipe(gate))
		err(1, "pipe");
	start = now();
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		if (read(gate[0], &go, 1) != 1)
			_exit(1);
		*childs_time = write_all(p);
		_exit(0);
	}
	ns[FORK] = now() - start;
	if (write(gate[1], &go, 1) != 1)
		err(1, "write");
	close(gate[0]);
	close(gate[1]);
	if (waitpid(pid, NULL, 0) != pid)
		err(1, "waitpid");
	ns[COPY] = *childs_time;
	ns[REUSE] = write_all(p);
}

static void run_round(int peer, const struct kind *kind,
		      unsigned long ns[PHASES])
{
	int fd = open_memory(peer, kind);
	char *p = map(fd, kind);

	ns[READ] = read_all(p);
	munmap(p, size);
	if (fd >= 0)
		close(fd);
	fd = open_memory(peer, kind);
	p = map(fd, kind);
	ns[TOUCH] = write_all(p);
	if (!kind->shared)
		fork_and_copy(p, ns);
	ns[UNMAP] = unmap(p);
	if (fd >= 0)
		close(fd);
}

static void run_kind(int nr)
{
	const struct kind *kind = &kinds[nr];
	int round, turn, phase, peer;

	set_thp(kind->thp_kb);
	set_fault_around(kind->around_kb);
	set_huge(kind->huge);
	for (round = -1; round < ROUNDS; round++) {
		for (turn = 0; turn < PEERS; turn++) {
			unsigned long ns[PHASES] = {};

			peer = (round ^ turn) & 1;
			run_round(peer, kind, ns);
			for (phase = 0; round >= 0 && phase < PHASES; phase++)
				samples[nr][peer][phase][round] = ns[phase];
		}
	}
}

static void print(int nr, int peer, int phase)
{
	unsigned long pages = size / PAGE;
	int round;

	if (!samples[nr][peer][phase][0])
		return;
	printf("fault %s %s 1 %s", peer_name[peer], kinds[nr].name,
	       phase_name[phase]);
	for (round = 0; round < ROUNDS; round++)
		printf(" %.2f", (double)samples[nr][peer][phase][round] / pages);
	printf("\n");
}

int main(int argc, char **argv)
{
	int nr, peer, phase;

	size = (argc > 1 ? strtoul(argv[1], NULL, 0) : 64) << 20;
	childs_time = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (childs_time == MAP_FAILED)
		err(1, "mmap");
	for (nr = 0; nr < KINDS; nr++)
		run_kind(nr);
	for (nr = 0; nr < KINDS; nr++) {
		for (peer = 0; peer < PEERS; peer++) {
			for (phase = 0; phase < PHASES; phase++)
				print(nr, peer, phase);
		}
	}
	return 0;
}
