// SPDX-License-Identifier: GPL-2.0
/*
 * What a debugger sees and does: ptrace() and /proc/PID/mem on private and
 * shared mappings.
 *
 * Runs as: root nobody
 */
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#include "vm.h"

enum { PAGES = 40 };

struct tracee {
	pid_t pid;
	int mem;
	char *private;
	char *read_only;	/* written, then protected */
	char *no_access;	/* likewise */
	char *shared;
};

/* The child stops itself, and then checks what the debugger has written. */
static int traced(void *argument)
{
	struct tracee *t = argument;
	char *p = t->private;

	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	if (*word(p, 1) != 101 || *word(p, 20) != 120 || *word(p, 30) != 130)
		return 1;
	if (nonzero(p + 21 * PAGE, PAGE))
		return 2;
	*word(p, 1) = 0;
	*word(p, 20) = 0;
	if (*word(t->read_only, 0) != 200 ||
	    touch(t->read_only, true) != SIGSEGV)
		return 3;
	if (touch(t->no_access, false) != SIGSEGV)
		return 4;
	mprotect(t->no_access, PAGE, PROT_READ);
	if (*word(t->no_access, 0) != 300)
		return 5;
	if (*word(t->shared, 0) != 400)
		return 6;
	return 0;
}

static void set_up_mappings(struct tracee *t, int fd)
{
	t->private = map_private(fd, PAGES * PAGE);
	t->read_only = map_private(fd, PAGE);
	t->no_access = map_private(fd, PAGE);
	t->shared = map_shared(fd, PAGE);
	fill(t->private, 10, 1);	/* pages 10 to 19 stay untouched */
	nonzero(t->private + 20 * PAGE, 5 * PAGE);
	fill(t->read_only, 1, 2);
	fill(t->no_access, 1, 3);
	fill(t->shared, 1, 4);
	mprotect(t->read_only, PAGE, PROT_READ);
	mprotect(t->no_access, PAGE, PROT_NONE);
}

static void tear_down_mappings(struct tracee *t, int fd)
{
	munmap(t->private, PAGES * PAGE);
	munmap(t->read_only, PAGE);
	munmap(t->no_access, PAGE);
	munmap(t->shared, PAGE);
	discard(fd, NULL, PAGE, 0);
}

static bool start(struct tracee *t)
{
	char path[32];
	int status;

	t->pid = must_fork();
	if (!t->pid)
		_exit(traced(t));
	waitpid(t->pid, &status, 0);
	snprintf(path, sizeof(path), "/proc/%d/mem", t->pid);
	t->mem = open(path, O_RDWR);
	return WIFSTOPPED(status) && t->mem >= 0;
}

static bool peek(struct tracee *t, void *at, uint64_t value)
{
	errno = 0;
	return (uint64_t)ptrace(PTRACE_PEEKDATA, t->pid, at, NULL) == value &&
	       !errno;
}

static bool poke(struct tracee *t, void *at, uint64_t value)
{
	return !ptrace(PTRACE_POKEDATA, t->pid, at, value);
}

static void look(struct tracee *t)
{
	static char buffer[PAGES * PAGE + 100];
	size_t length = PAGES * PAGE, i, bad = 0;
	char *p = t->private;

	check(peek(t, word(p, 0), pattern(0, 1)) && peek(t, word(p, 15), 0) &&
	      peek(t, word(p, 22), 0), "ptrace reads what is and is not there");
	check(peek(t, t->read_only, pattern(0, 2)) &&
	      peek(t, t->no_access, pattern(0, 3)),
	      "through protections as well");
	check(peek(t, t->shared, pattern(0, 4)), "and shared memory");

	check(pread(t->mem, buffer, length, (uintptr_t)p) == (ssize_t)length,
	      "/proc/PID/mem reads a mapping in one go");
	for (i = 0; i < PAGES; i++)
		bad += *word(buffer, i) != (i < 10 ? pattern(i, 1) : 0);
	check(!bad, "and reads it right");
	check(pread(t->mem, buffer, 100, (uintptr_t)p + PAGE - 3) == 100 &&
	      !memcmp(buffer + 3, &(uint64_t){ pattern(1, 1) }, 8),
	      "over a page boundary as well");
}

static void change(struct tracee *t)
{
	char *p = t->private;
	uint64_t value = 130;

	check(poke(t, word(p, 1), 101) && poke(t, word(p, 20), 120),
	      "ptrace writes over a frame and over the zero frame");
	check(pwrite(t->mem, &value, 8, (uintptr_t)word(p, 30)) == 8,
	      "/proc/PID/mem writes where nothing was");
	check(poke(t, t->read_only, 200) && poke(t, t->no_access, 300),
	      "protected private memory takes a breakpoint");
	check(poke(t, t->shared, 400), "shared memory takes a value");
	check(peek(t, word(p, 1), 101) && peek(t, word(p, 20), 120) &&
	      peek(t, word(p, 30), 130) && peek(t, t->read_only, 200) &&
	      peek(t, t->no_access, 300) && peek(t, t->shared, 400),
	      "and all of it can be read back");
}

static void debugger(int fd)
{
	struct tracee t;
	int status;

	set_up_mappings(&t, fd);
	if (!check(start(&t), "a traced child stops"))
		return;
	look(&t);
	change(&t);
	check(*word(t.private, 1) == pattern(1, 1) &&
	      !nonzero(t.private + 20 * PAGE, 20 * PAGE) &&
	      *word(t.read_only, 0) == pattern(0, 2),
	      "the child's parent does not see what was written to the child");
	check(*word(t.shared, 0) == 400, "but for what they share");
	ptrace(PTRACE_DETACH, t.pid, NULL, NULL);
	waitpid(t.pid, &status, 0);
	check(!status, "the child sees all of it");
	close(t.mem);
	tear_down_mappings(&t, fd);
}

/* A process's own /proc/self/mem, at the edges. */
static void edges(int fd)
{
	char buffer[64] = "", *p = map_private(fd, 2 * PAGE), *shared;
	int mem = open("/proc/self/mem", O_RDWR);

	munmap(p + PAGE, PAGE);
	p[PAGE - 1] = 7;
	check(pread(mem, buffer, 64, (uintptr_t)p + PAGE - 10) == 10 &&
	      buffer[9] == 7, "a read ends where the mapping does");
	check(pwrite(mem, buffer, 64, (uintptr_t)p + PAGE - 10) == 10,
	      "so does a write");
	munmap(p, PAGE);

	shared = map_at(NULL, fd, PAGE, PROT_READ, MAP_SHARED, 0);
	check(pwrite(mem, buffer, 8, (uintptr_t)shared) < 0,
	      "read-only shared memory is not written");
	munmap(shared, PAGE);
	discard(fd, NULL, PAGE, 0);
	close(mem);
}

int main(void)
{
	int fd = open_isle();
	long before = frames_out(fd);

	debugger(fd);
	edges(fd);
	check(back_to(fd, before), "every frame is back");
	return tap_end();
}
