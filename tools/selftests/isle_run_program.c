// SPDX-License-Identifier: GPL-2.0
/*
 * A program for isle_run.sh to run on isle: it does to its memory what programs
 * do, and says what went wrong. Its argument is the name of one of the tests at
 * the end.
 */
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE	4096UL
#define MB	(1024 * 1024UL)
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static int failed;

static void expect(bool holds, const char *what)
{
	if (holds)
		return;
	printf("not so: %s (%s)\n", what, strerrorname_np(errno));
	fflush(stdout);
	failed = 1;
}

/* What is repeated so often, a twentieth at least on slow kernels. */
static size_t times(size_t number)
{
	const char *divisor = getenv("ISLE_SHORT");
	size_t less = divisor ? strtoul(divisor, NULL, 10) : 1;

	return number / (less < 1 ? 1 : less > 20 ? 20 : less);
}

static char *map(size_t length, int prot)
{
	char *p = mmap(NULL, length, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	expect(p != MAP_FAILED, "memory is mapped");
	return p;
}

/* Each page begins with its own number. */
static void fill(char *p, size_t pages)
{
	size_t i;

	for (i = 0; i < pages; i++)
		*(size_t *)(p + i * PAGE) = i + 1;
}

static bool filled(const char *p, size_t pages)
{
	size_t i;

	for (i = 0; i < pages; i++)
		if (*(size_t *)(p + i * PAGE) != i + 1)
			return false;
	return true;
}

static bool zeroes(const char *p, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (p[i])
			return false;
	return true;
}

static sigjmp_buf fault_jump;

static void caught(int number)
{
	siglongjmp(fault_jump, number);
}

static int touch(volatile char *p)
{
	int number;

	signal(SIGSEGV, caught);
	signal(SIGBUS, caught);
	number = sigsetjmp(fault_jump, 1);
	if (!number)
		*p = 1;
	return number;
}

/* Small steps and large, again and again, in both directions. */
static void grow(void)
{
	size_t pages = 1, step, round, rounds = times(500);
	char *p = map(PAGE, PROT_READ | PROT_WRITE), *q;

	fill(p, 1);
	for (round = 0; round < rounds; round++) {
		step = round % (rounds / 4) == rounds / 4 - 1 ? 1024 : 1;
		q = mremap(p, pages * PAGE, (pages + step) * PAGE,
			   MREMAP_MAYMOVE);
		expect(q != MAP_FAILED, "mremap() grows");
		expect(filled(q, pages), "what grew keeps its values");
		expect(zeroes(q + pages * PAGE, step * PAGE),
		       "the rest is zeroes");
		p = q;
		pages += step;
		fill(p, pages);
	}
	p = mremap(p, pages * PAGE, 100 * PAGE, 0);
	expect(p != MAP_FAILED && filled(p, 100), "mremap() shrinks");
	expect(touch(p + 100 * PAGE) == SIGSEGV, "what it cut off is gone");
	q = map(100 * PAGE, PROT_NONE);
	q = mremap(p, 100 * PAGE, 100 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q);
	expect(q != MAP_FAILED && filled(q, 100), "mremap() moves");
	munmap(q, 100 * PAGE);
}

static void discard(void)
{
	char *p = map(8 * MB, PROT_READ | PROT_WRITE);

	fill(p, 8 * MB / PAGE);
	expect(!madvise(p + MB, 3 * MB, MADV_DONTNEED), "MADV_DONTNEED");
	expect(zeroes(p + MB, 3 * MB), "what was given back is zeroes");
	expect(filled(p, MB / PAGE) && *(size_t *)(p + 4 * MB) == MB / PAGE * 4 + 1,
	       "the rest is as it was");
	expect(!madvise(p, 8 * MB, MADV_FREE), "MADV_FREE");
	munmap(p + 2 * MB, MB);
	fill(p, MB / PAGE);
	expect(madvise(p, 8 * MB, MADV_DONTNEED) == -1 && errno == ENOMEM &&
	       zeroes(p, 2 * MB), "over a hole: ENOMEM, and done all the same");
	expect(madvise(p + 1, PAGE, MADV_DONTNEED) == -1 && errno == EINVAL,
	       "not aligned: EINVAL");
	munmap(p, 8 * MB);
}

/* What allocators and virtual machines do. */
static void reserve(void)
{
	size_t length = 64UL << 30;
	char *p = map(length, PROT_NONE), *q;
	size_t i;

	expect(touch(p) == SIGSEGV, "a reservation can't be touched");
	for (i = 0; i < 8; i++) {
		q = p + i * (length / 8);
		expect(!mprotect(q, MB, PROT_READ | PROT_WRITE), "mprotect()");
		fill(q, MB / PAGE);
	}
	q = mmap(p + MB, MB, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	expect(q == p + MB && zeroes(q, MB), "MAP_FIXED in it");
	fill(q, MB / PAGE);
	expect(filled(p, MB / PAGE), "what is beside it is as it was");
	q = mmap(p, MB, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	expect(q == p && zeroes(q, MB), "MAP_FIXED over it");
	expect(mmap(p, MB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS |
		    MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED &&
	       errno == EEXIST, "MAP_FIXED_NOREPLACE over it: EEXIST");
	munmap(p, length);
	expect(touch(p) == SIGSEGV, "what was unmapped is gone");
}

/* Thousands of small mappings, with holes. */
static void small(void)
{
	static char *p[10000];
	size_t nr = times(ARRAY_SIZE(p)), i, bad = 0;

	for (i = 0; i < nr; i++) {
		p[i] = map(PAGE, PROT_READ | PROT_WRITE);
		*(size_t *)p[i] = i;
	}
	for (i = 0; i < nr; i += 3)
		munmap(p[i], PAGE);
	for (i = 0; i < nr; i++)
		bad += i % 3 && *(size_t *)p[i] != i;
	expect(!bad, "many mappings keep their values");
	for (i = 0; i < nr; i++)
		if (i % 3)
			munmap(p[i], PAGE);
}

static atomic_bool stop;

/*
 * A fork makes two of all that is written to meanwhile, and the smallest region
 * that tests get is of 48 MB: so few blocks, of which few are large.
 */
static void *churn(void *data)
{
	unsigned int seed = (uintptr_t)data;
	char *p[24] = { NULL };
	size_t i, length;

	while (!stop) {
		i = rand_r(&seed) % ARRAY_SIZE(p);
		if (p[i] && p[i][0] != (char)i)
			failed = 1;
		length = 1 + rand_r(&seed) % (rand_r(&seed) % 64 ? 4000 : MB / 4);
		if (rand_r(&seed) % 2) {
			free(p[i]);
			p[i] = malloc(length);
		} else {
			p[i] = realloc(p[i], length);
		}
		p[i][0] = i;
	}
	for (i = 0; i < ARRAY_SIZE(p); i++)
		free(p[i]);
	return NULL;
}

static bool child_is_well(void)
{
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		stop = true;
		free(churn((void *)1));
		free(malloc(3 * MB));
		discard();
		_exit(failed);
	}
	return waitpid(pid, &status, 0) == pid && !status;
}

static void threads(void)
{
	size_t i, forks = times(40);
	pthread_t thread[6];

	for (i = 0; i < ARRAY_SIZE(thread); i++)
		pthread_create(&thread[i], NULL, churn, (void *)i);
	for (i = 0; i < forks; i++) {
		expect(child_is_well(), "a child of a busy process is well");
		usleep(10000);
	}
	stop = true;
	for (i = 0; i < ARRAY_SIZE(thread); i++)
		pthread_join(thread[i], NULL);
}

/* Each generation adds a page and looks at those before. */
static int generation(char *p, size_t number)
{
	int status;
	pid_t pid;

	*(size_t *)(p + number * PAGE) = number + 1;
	if (number < 5) {
		pid = fork();
		if (!pid)
			_exit(generation(p, number + 1));
		if (waitpid(pid, &status, 0) != pid || status)
			return 1;
	}
	return !filled(p, number + 1) ||
	       !zeroes(p + (number + 1) * PAGE, (15 - number) * PAGE);
}

static void forks(void)
{
	char *p = map(16 * PAGE, PROT_READ | PROT_WRITE);

	expect(!generation(p, 0), "each generation sees its own values");
	munmap(p, 16 * PAGE);
}

/* Close everything as daemons do, and then behind the library's back. */
static void descriptors(void)
{
	char *p = map(4 * MB, PROT_READ | PROT_WRITE), *q;
	int fd;

	fill(p, 4 * MB / PAGE);
	for (fd = 3; fd < 1024; fd++)
		close(fd);
	close_range(3, ~0U, 0);
	closefrom(3);
	for (fd = 900; fd < 1024; fd++)
		dup2(2, fd);
	closefrom(3);
	expect(!madvise(p, MB, MADV_DONTNEED) && zeroes(p, MB),
	       "giving back works when all was closed");
	expect(*(size_t *)(p + MB) == MB / PAGE + 1, "the rest is as it was");
	syscall(SYS_close_range, 3, ~0U, 0);
	mprotect(p + MB, PAGE, PROT_READ);
	expect(!madvise(p + MB, 2 * MB, MADV_DONTNEED) && zeroes(p + MB, 2 * MB),
	       "and when the device itself was");
	expect(touch(p + MB) == SIGSEGV, "what was read-only is read-only");
	expect(*(size_t *)(p + 3 * MB) == 3 * MB / PAGE + 1,
	       "the rest is as it was");
	q = map(2 * MB, PROT_READ | PROT_WRITE);
	fill(q, 2 * MB / PAGE);
	expect(filled(q, 2 * MB / PAGE), "new memory is to be had");
	munmap(q, 2 * MB);
	munmap(p, 4 * MB);
}

static void alignment(void)
{
	size_t align;
	void *p = NULL;

	for (align = sizeof(void *); align <= 4 * MB; align *= 2) {
		expect(!posix_memalign(&p, align, 100) &&
		       !((uintptr_t)p & (align - 1)), "posix_memalign()");
		memset(p, 1, 100);
		free(p);
	}
	p = calloc(1000, 1000);
	expect(p && zeroes(p, 1000000), "calloc() gives zeroes");
	p = realloc(p, 2000000);
	expect(p && zeroes(p, 1000000), "realloc() keeps what was there");
	free(p);
	expect(posix_memalign(&p, 3, 1) == EINVAL, "an alignment of 3: EINVAL");
	expect(!malloc(SIZE_MAX / 2) && errno == ENOMEM, "too much: ENOMEM");
}

static ssize_t read_self(void *to, void *from)
{
	struct iovec local = { to, 100 }, remote = { from, 100 };

	return process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
}

/* What isle-run(1) says that there is no way to do, by malloc()ed memory. */
static void impossible(void)
{
	char *p = calloc(1, 64 * 1024), to[100];

	expect(read_self(to, p) == -1 && errno == EFAULT,
	       "process_vm_readv(): EFAULT");
	expect(syscall(SYS_futex, p, FUTEX_WAKE, 1, NULL, NULL, 0) == -1 &&
	       errno == EFAULT, "a futex for other processes: EFAULT");
	expect(!syscall(SYS_futex, p, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL,
			NULL, 0), "a private one works");
	free(p);
	p = map(16 * PAGE, PROT_READ | PROT_WRITE);
	expect(madvise(p, PAGE, MADV_WIPEONFORK) == -1 && errno == EINVAL,
	       "MADV_WIPEONFORK: EINVAL");
	expect(madvise(p, PAGE, MADV_DODUMP) == -1 && errno == EINVAL,
	       "MADV_DODUMP: EINVAL");
	expect(mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP,
		      NULL) == MAP_FAILED && errno == EINVAL,
	       "MREMAP_DONTUNMAP: EINVAL");
	expect(!mlock(p, PAGE), "mlock() says that it went well");
	munmap(p, 16 * PAGE);
}

/* The same where --exclude gave it the kernel's memory. */
static void possible(void)
{
	char *p = calloc(1, 64 * 1024), *q = p, to[100];

	expect(read_self(to, p) == 100, "process_vm_readv() of malloc()");
	q = realloc(p, 128 * 1024);
	expect(read_self(to, q) == 100, "of realloc()");
	free(q);
	expect(!posix_memalign((void **)&p, PAGE, 64 * 1024) &&
	       read_self(to, p) == 100, "of posix_memalign()");
	free(p);
	p = map(64 * 1024, PROT_READ | PROT_WRITE);
	expect(read_self(to, p) == 100, "of mmap()");
	expect(!madvise(p, PAGE, MADV_WIPEONFORK), "MADV_WIPEONFORK");
	munmap(p, 64 * 1024);
}

static const struct {
	const char *name;
	void (*run)(void);
} tests[] = {
	{ "grow", grow },
	{ "discard", discard },
	{ "reserve", reserve },
	{ "small", small },
	{ "threads", threads },
	{ "forks", forks },
	{ "descriptors", descriptors },
	{ "alignment", alignment },
	{ "impossible", impossible },
	{ "possible", possible },
};

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; argc == 2 && i < ARRAY_SIZE(tests); i++) {
		if (strcmp(tests[i].name, argv[1]))
			continue;
		tests[i].run();
		return failed;
	}
	fprintf(stderr, "usage: isle_run_program TEST\n");
	return 2;
}
