// SPDX-License-Identifier: GPL-2.0
/*
 * What a page costs to touch, read, fork, copy and unmap: isle's memory and the
 * kernel's, in turns. "unmap" is of what was touched, "drop" of what was forked and
 * written by both sides as well.
 *
 * usage: fault [MEGABYTES [KIND]...]
 *
 * Prints, as isle_bench does, a line a peer and phase: "fault", the peer, what
 * kind of memory, CPUs, the phase, and a sample of nanoseconds a page for each
 * round; the first round warms up and is not reported. Under QEMU's -icount
 * shift=0 a nanosecond is a guest instruction.
 *
 * Kinds: private memory that a fault fills by 4 KB, by 64 KB (isle's
 * fault_around_kb, the kernel's mTHP) and by 2 MB (isle's huge=, THP), shared
 * memory (a mapping of isle, and of tmpfs) by 4 KB, and a file in memory: a mapping
 * of isle bound to a file whose pages isle has, and of the same file on tmpfs, for
 * reading, by 4 KB and by 64 KB (the kernel's fault_around_bytes). "none" is the
 * fork of a process that has none of these. "fork-4K" and "fork-2M" are but the fork
 * of private memory; they are run only if named, for they are meant for gigabytes.
 */

#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <isle.h>

enum { ROUNDS = 5, PAGE = 4096, HUGE = 2 << 20 };
enum { ISLE, KERNEL, PEERS };
enum { TOUCH, READ, FORK, COPY, REUSE, UNMAP, DROP, PHASES };

static const char *const peer_name[PEERS] = { "isle", "kernel" };
static const char *const phase_name[PHASES] = {
	"touch", "read", "fork", "copy", "reuse", "unmap", "drop"
};

enum { KINDS = 10, PAGE_SIZES = 2 };
enum { PRIVATE, SHARED, FILE_SHARED, FILE_PRIVATE, NOTHING, FORKED };

static const struct kind {
	const char *name;
	int around_kb;		/* fault_around_kb= of isle */
	int thp_kb;		/* of the kernel; 0: none */
	int memory;
	const char *huge;	/* huge= of isle */
} kinds[KINDS] = {
	{ "4K", 4, 0, PRIVATE, "never" },
	{ "64K", 64, 64, PRIVATE, "never" },
	{ "2M", 64, 2048, PRIVATE, "always" },
	{ "shared", 4, 0, SHARED, "never" },
	{ "file", 4, 0, FILE_SHARED, "never" },
	{ "file-64K", 64, 0, FILE_SHARED, "never" },
	{ "text", 4, 0, FILE_PRIVATE, "never" },
	{ "none", 4, 0, NOTHING, "never" },
	{ "fork-4K", 4, 0, FORKED, "never" },
	{ "fork-2M", 64, 2048, FORKED, "always" },
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

/* isle's for all it maps, the kernel's for files. */
static void set_fault_around(int kb)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", kb);
	write_file("/sys/module/isle/parameters/fault_around_kb", text);
	snprintf(text, sizeof(text), "%d", kb * 1024);
	write_file("/sys/kernel/debug/fault_around_bytes", text);
}

static void set_huge(const char *huge)
{
	write_file("/sys/module/isle/parameters/huge", huge);
}

static int is_file(const struct kind *kind)
{
	return kind->memory == FILE_SHARED || kind->memory == FILE_PRIVATE;
}

static int open_tmpfs(void)
{
	int fd = memfd_create("bench", 0);

	if (fd < 0 || ftruncate(fd, size))
		err(1, "no file on tmpfs");
	return fd;
}

/* A file of which every page is in memory. */
static int open_file(void)
{
	static char block[1 << 16];
	int fd = open_tmpfs();
	size_t i;

	memset(block, 1, sizeof(block));
	for (i = 0; i < size; i += sizeof(block)) {
		if (pwrite(fd, block, sizeof(block), i) != sizeof(block))
			err(1, "write to a file on tmpfs");
	}
	return fd;
}

/* Bound to the file, and all of it read. */
static int bind_file(int file)
{
	struct isle_setup setup = { .kind = ISLE_SETUP_FILE, .fd = file };
	int fd = open("/dev/isle", O_RDWR);
	volatile char *p;
	size_t i;

	if (fd < 0 || ioctl(fd, ISLE_IOC_SETUP, &setup))
		err(1, "no mapping of a file");
	p = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		err(1, "mmap");
	for (i = 0; i < size; i += PAGE) {
		if (!p[i])
			errx(1, "not what is in the file");
	}
	munmap((void *)p, size);
	close(file);
	return fd;
}

static int open_memory(int peer, const struct kind *kind)
{
	int fd = -1;

	if (is_file(kind))
		return peer == ISLE ? bind_file(open_file()) : open_file();
	if (peer == ISLE)
		fd = open("/dev/isle", O_RDWR);
	else if (kind->memory == SHARED)
		fd = open_tmpfs();
	if (fd < 0 && peer == ISLE)
		err(1, "/dev/isle");
	return fd;
}

static char *map(int fd, const struct kind *kind)
{
	int shared = kind->memory == SHARED || kind->memory == FILE_SHARED;
	int prot = is_file(kind) ? PROT_READ : PROT_READ | PROT_WRITE;
	int flags = shared ? MAP_SHARED : MAP_PRIVATE;
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
	p = mmap((void *)start, size, prot, flags | MAP_FIXED_NOREPLACE, fd, 0);
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
 * The child waits until fork() has been timed, lest its end be timed as well. If
 * there is something to write to, it does that, and says how long it took.
 */
static unsigned long time_fork(char *p)
{
	unsigned long start, ns;
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
		if (p)
			*childs_time = write_all(p);
		_exit(0);
	}
	ns = now() - start;
	if (write(gate[1], &go, 1) != 1)
		err(1, "write");
	close(gate[0]);
	close(gate[1]);
	if (waitpid(pid, NULL, 0) != pid)
		err(1, "waitpid");
	return ns;
}

static void close_memory(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void run_round(int peer, const struct kind *kind,
		      unsigned long ns[PHASES])
{
	int fd;
	char *p;

	if (kind->memory == NOTHING) {
		ns[FORK] = time_fork(NULL);
		return;
	}
	fd = open_memory(peer, kind);
	p = map(fd, kind);
	if (kind->memory == FORKED) {
		write_all(p);
		ns[FORK] = time_fork(NULL);
		unmap(p);
		close_memory(fd);
		return;
	}
	ns[READ] = read_all(p);
	ns[UNMAP] = unmap(p);
	close_memory(fd);
	if (is_file(kind))
		return;
	fd = open_memory(peer, kind);
	p = map(fd, kind);
	ns[TOUCH] = write_all(p);
	ns[UNMAP] = unmap(p);
	close_memory(fd);
	if (kind->memory != PRIVATE)
		return;
	fd = open_memory(peer, kind);
	p = map(fd, kind);
	write_all(p);
	ns[FORK] = time_fork(p);
	ns[COPY] = *childs_time;
	ns[REUSE] = write_all(p);
	ns[DROP] = unmap(p);
	close_memory(fd);
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

/* Is it to be run? argv has the kinds that are, or none. */
static int is_chosen(const struct kind *kind, char **argv)
{
	if (!*argv)
		return kind->memory != FORKED;
	while (*argv && strcmp(*argv, kind->name))
		argv++;
	return !!*argv;
}

int main(int argc, char **argv)
{
	char **chosen = argc > 2 ? argv + 2 : argv + argc;
	int nr, peer, phase;

	size = (argc > 1 ? strtoul(argv[1], NULL, 0) : 64) << 20;
	childs_time = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (childs_time == MAP_FAILED)
		err(1, "mmap");
	for (nr = 0; nr < KINDS; nr++) {
		if (is_chosen(&kinds[nr], chosen))
			run_kind(nr);
	}
	for (nr = 0; nr < KINDS; nr++) {
		for (peer = 0; peer < PEERS; peer++) {
			for (phase = 0; phase < PHASES; phase++)
				print(nr, peer, phase);
		}
	}
	return 0;
}
