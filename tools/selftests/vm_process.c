// SPDX-License-Identifier: GPL-2.0
/*
 * How else processes come and go, besides fork() and exit(): vfork, clone, exec,
 * and kill in the middle of a fork. And a debugger that sets breakpoints in code
 * that runs from isle memory.
 *
 * Runs as: root nobody
 * CPUs: 2
 */
#include <sched.h>
#include <sys/ptrace.h>
#include <sys/user.h>

#include "vm.h"

enum { PAGES = 600 };		/* more than one chunk */

/* What a process that shares the address space does, and the other then sees. */
struct guest {
	int fd;
	char *base;
	char *mapped;
	char stack[65536] __attribute__((__aligned__(16)));
};

static int changes(void *argument)
{
	struct guest *g = argument;

	fill(g->base + 100 * PAGE, 100, 2);
	munmap(g->base + 300 * PAGE, 100 * PAGE);
	g->mapped = map_private(g->fd, 10 * PAGE);
	fill(g->mapped, 10, 3);
	return 0;
}

static int run_guest(struct guest *g, int (*fn)(void *), int flags)
{
	int status;
	pid_t pid;

	pid = clone(fn, g->stack + sizeof(g->stack), CLONE_VM | SIGCHLD | flags,
		    g);
	if (pid < 0)
		bail_out("clone: %s", strerror(errno));
	if (waitpid(pid, &status, 0) != pid)
		bail_out("waitpid: %s", strerror(errno));
	return status;
}

static void same_memory(int fd, int flags, const char *name)
{
	unsigned long before = opener(fd).private_pages;
	static struct guest g;
	unsigned long copies;

	g.fd = fd;
	g.base = map_private(fd, PAGES * PAGE);
	fill(g.base, PAGES, 1);
	copies = opener(fd).faults_cow;
	check(!run_guest(&g, changes, flags) && !wrong(g.mapped, 10, 3) &&
	      !wrong(g.base, 100, 1) && !wrong(g.base + 100 * PAGE, 100, 2) &&
	      *word(g.base, 299) == pattern(299, 1) &&
	      *word(g.base, 400) == pattern(400, 1),
	      "%s: what it does to memory is done", name);
	check(opener(fd).private_pages == before + PAGES - 90 &&
	      opener(fd).faults_cow == copies,
	      "%s: when it ends nothing goes, and nothing was copied", name);
	munmap(g.base, PAGES * PAGE);
	munmap(g.mapped, 10 * PAGE);
}

/* exec: the arguments are what this program does then, and its status. */
static int wait_for_end(void *argument)
{
	char c;

	return read(*(int *)argument, &c, 1) != 0;
}

static int exec_self(void *argument)
{
	int *fds = argument;
	char text[16];

	snprintf(text, sizeof(text), "%d", fds[0]);
	execl("/proc/self/exe", "vm_process", "wait", text, NULL);
	return 1;
}

static int writes_and_execs(void *argument)
{
	struct guest *g = argument;

	fill(g->base, PAGES, 2);
	return exec_self(g->mapped);
}

/* The child becomes another program: what it had of isle comes back then. */
static void exec_after(int fd, bool shares, const char *name)
{
	unsigned long before = opener(fd).private_pages, out = 0;
	static struct guest g;
	int fds[2], status;
	unsigned int try;
	pid_t pid;

	if (pipe(fds) || fcntl(fds[1], F_SETFD, FD_CLOEXEC))
		bail_out("pipe: %s", strerror(errno));
	g.base = map_private(fd, PAGES * PAGE);
	g.mapped = (char *)fds;
	fill(g.base, PAGES, 1);
	fflush(stdout);
	pid = shares ? clone(writes_and_execs, g.stack + sizeof(g.stack),
			     CLONE_VM | CLONE_VFORK | SIGCHLD, &g) : must_fork();
	if (!pid)
		_exit(writes_and_execs(&g));
	for (try = 0; try < MOMENTS; try++) {
		out = opener(fd).private_pages - before;
		if (out == PAGES)
			break;
		sleep_ms(MOMENT_MS);
	}
	check(out == PAGES && !waitpid(pid, &status, WNOHANG),
	      "%s: the program that runs then has nothing of it", name);
	close(fds[0]);
	close(fds[1]);
	waitpid(pid, &status, 0);
	check(!status && !wrong(g.base, PAGES, shares ? 2 : 1),
	      "%s: and the other process has its own", name);
	munmap(g.base, PAGES * PAGE);
}

/*
 * Killed somewhere between two forks, or in one: what was given to a child that
 * is not there yet comes back as well.
 */
static __noreturn void forks_for_ever(char *p)
{
	for (;;) {
		pid_t pid = must_fork();

		if (!pid)
			_exit(0);
		*word(p, 1) = pid;
		munmap(p + 20 * PAGE, PAGE);
		mprotect(p + 30 * PAGE, PAGE, PROT_READ);
		waitpid(pid, NULL, 0);
	}
}

static void killed_in_fork(int fd)
{
	long before = frames_out(fd);
	char *p = map_private(fd, PAGES * PAGE);
	unsigned int i, bad = 0;
	int status;

	fill(p, PAGES, 1);
	for (i = 0; i < times(60); i++) {
		pid_t pid = must_fork();

		if (!pid)
			forks_for_ever(p);
		usleep(500 + i * 700);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		bad += !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL;
	}
	check(!bad && !wrong(p, PAGES, 1), "killed while it forks");
	munmap(p, PAGES * PAGE);
	check(back_to(fd, before), "and every frame comes back");
}

/* A function that adds two, in steps of one. */
static const unsigned char code[] = {
	0x48, 0x8d, 0x47, 0x01,		/* lea 1(%rdi), %rax */
	0x48, 0xff, 0xc0,		/* inc %rax */
	0xc3,				/* ret */
};

enum { STOP_AT = 4 };		/* the second instruction */

static char *text;

static int runs_code(void *argument)
{
	long (*function)(long) = (long (*)(long))(void *)text;

	(void)argument;
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	return function(40) != 42 || function(40) != 42;
}

static bool stops_with(pid_t pid, int signal)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFSTOPPED(status) &&
	       WSTOPSIG(status) == signal;
}

static bool steps_back(pid_t pid)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) ||
	    regs.rip != (uintptr_t)text + STOP_AT + 1)
		return false;
	regs.rip--;
	return !ptrace(PTRACE_SETREGS, pid, NULL, &regs);
}

/* Set a breakpoint, meet it, take it away, go on. */
static void debug(pid_t pid)
{
	long word = 0, trap;
	int status;

	memcpy(&word, code, sizeof(word));
	trap = word;
	memset((char *)&trap + STOP_AT, 0xcc, 1);
	check(stops_with(pid, SIGSTOP) &&
	      ptrace(PTRACE_PEEKTEXT, pid, text, NULL) == word,
	      "a debugger reads code on isle");
	check(!ptrace(PTRACE_POKETEXT, pid, text, trap) &&
	      ptrace(PTRACE_PEEKTEXT, pid, text, NULL) == trap,
	      "it sets a breakpoint in text that nobody may write");
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	check(stops_with(pid, SIGTRAP) && steps_back(pid),
	      "which the process meets");
	check(!memcmp(text, code, sizeof(code)),
	      "and the debugger's own copy of the text does not have");
	check(!ptrace(PTRACE_POKETEXT, pid, text, word), "it is taken away");
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	check(waitpid(pid, &status, 0) == pid && !status,
	      "and the process goes on as if nothing had been");
}

static void breakpoints(int fd)
{
	unsigned long pages;
	pid_t pid;

	text = map_private(fd, PAGE);
	memcpy(text, code, sizeof(code));
	if (mprotect(text, PAGE, PROT_READ | PROT_EXEC)) {
		skip("/dev is mounted noexec", "breakpoints");
		munmap(text, PAGE);
		return;
	}
	pages = opener(fd).private_pages;
	pid = must_fork();
	if (!pid)
		_exit(runs_code(NULL));
	debug(pid);
	check(opener(fd).private_pages == pages, "its copy is gone with it");
	munmap(text, PAGE);
}

int main(int argc, char **argv)
{
	long before;
	int fd;

	if (argc > 2) {
		fd = atoi(argv[2]);
		return wait_for_end(&fd);
	}
	fd = open_isle();
	before = frames_out(fd);
	same_memory(fd, CLONE_VFORK, "vfork");
	same_memory(fd, 0, "clone(CLONE_VM)");
	exec_after(fd, false, "fork and exec");
	exec_after(fd, true, "vfork and exec");
	killed_in_fork(fd);
	breakpoints(fd);
	check(back_to(fd, before), "every frame is back");
	return tap_end();
}
