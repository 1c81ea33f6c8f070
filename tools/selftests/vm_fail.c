// SPDX-License-Identifier: GPL-2.0
/*
 * Every allocation that mmap(), faults, fork and discards make fails once, and
 * every read of a file: then the call fails or somebody gets SIGBUS. Nobody ever
 * sees a wrong value, and nothing is lost.
 *
 * Needs CONFIG_FAULT_INJECTION with FAILSLAB and FAIL_PAGE_ALLOC for what comes
 * from the kernel, FAIL_FUNCTION for isle's own frames and for reads.
 *
 * Runs as: root
 * Time: 900
 */
#include "vm_file.h"

/* A few pages, on both sides of where one 2 MB chunk ends. */
enum { FIRST = 480, PAGES = 60, MOST = 400 };

#define DEBUGFS	"/sys/kernel/debug/"

static bool set(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);
	bool good = fd >= 0 && write(fd, value, strlen(value)) > 0;

	close(fd);
	return good;
}

static bool can_fail(void)
{
	return set(DEBUGFS "failslab/ignore-gfp-wait", "N") &&
	       set(DEBUGFS "failslab/verbose", "0") &&
	       set(DEBUGFS "fail_page_alloc/ignore-gfp-wait", "N") &&
	       set(DEBUGFS "fail_page_alloc/ignore-gfp-highmem", "N") &&
	       set(DEBUGFS "fail_page_alloc/min-order", "0") &&
	       set(DEBUGFS "fail_page_alloc/verbose", "0") &&
	       set("/proc/self/fail-nth", "0");
}

/* What fails of isle's own functions, and what they return then. */
static const char *const functions[][2] = {
	{ "isle_alloc_user", "0" },
	{ "isle_backing_read", "0xfffffffffffffffb" },	/* -EIO */
};

static void let_functions_be(void)
{
	set(DEBUGFS "fail_function/inject", "\n");
}

static bool functions_can_fail(void)
{
	char path[80];
	unsigned int i;

	if (!set(DEBUGFS "fail_function/verbose", "0"))
		return false;
	atexit(let_functions_be);
	for (i = 0; i < ARRAY_SIZE(functions); i++) {
		if (!set(DEBUGFS "fail_function/inject", functions[i][0]))
			return false;
		snprintf(path, sizeof(path), DEBUGFS "fail_function/%s/retval",
			 functions[i][0]);
		if (!set(path, functions[i][1]))
			return false;
	}
	return true;
}

/*
 * The kernel, too, writes to a process, and kills it if there is no page to write
 * to: a restartable sequence's CPU, whenever it was preempted, so there is none; a
 * signal's frame, so the stack below belongs to no other process any more.
 */
static void without_rseq(void)
{
	static const char name[] = "GLIBC_TUNABLES";
	char *const arguments[] = { program_invocation_name, NULL };

	if (getenv(name))
		return;
	setenv(name, "glibc.pthread.rseq=0", 1);
	execv(program_invocation_name, arguments);
	bail_out("exec: %s", strerror(errno));
}

static void own_stack(void)
{
	volatile char below[4 * PAGE];
	size_t i;

	for (i = 0; i < sizeof(below); i += PAGE)
		below[i] = 0;
}

/* The @nth allocation or read of this task from now on fails. */
static int nth_file;

static void fail_nth(unsigned int nth)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", nth);

	own_stack();
	if (pwrite(nth_file, text, length, 0) != length)
		bail_out("fail-nth: %s", strerror(errno));
}

/* Whether the failure that was asked for has not happened. */
static bool too_late(void)
{
	char text[16] = "";
	ssize_t length = pread(nth_file, text, sizeof(text) - 1, 0);

	fail_nth(0);
	return length > 0 && atoi(text) > 0;
}

/*
 * Read, or write, a word of each page. Returns 0 if all is well, 1 if there was
 * a SIGBUS somewhere, 2 if there was a wrong value.
 */
static int look(char *p, size_t pages, bool write)
{
	struct sigaction catch = { .sa_handler = touch_caught };
	volatile size_t i = 0, refused = 0, bad = 0;

	sigaction(SIGBUS, &catch, NULL);
	if (sigsetjmp(touch_return, 1)) {
		refused++;
		i++;
	}
	for (; i < pages; i++) {
		if (write)
			*(volatile uint64_t *)word(p, i) = 1;
		else
			bad += *(volatile uint64_t *)word(p, i) !=
			       pattern(i, 1);
	}
	return bad ? 2 : refused > 0;
}

/*
 * What a fork has to share: a mapping, and more of one page each. How many
 * allocations a fork makes varies a little, and with it which of them fails; of
 * as many as these make, some do.
 */
enum { SMALL = 8 };

struct shared {
	char *large;
	char *small[SMALL];
};

static void map_all(struct shared *s, int fd)
{
	unsigned int i;

	s->large = map_at(NULL, fd, PAGES * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE, FIRST * PAGE);
	fill(s->large, PAGES, 1);
	for (i = 0; i < SMALL; i++) {
		s->small[i] = map_private(fd, PAGE);
		fill(s->small[i], 1, 1);
	}
}

static void unmap_all(struct shared *s)
{
	unsigned int i;

	munmap(s->large, PAGES * PAGE);
	for (i = 0; i < SMALL; i++)
		munmap(s->small[i], PAGE);
}

static int look_and_write(struct shared *s)
{
	int ret = look(s->large, PAGES, false) | look(s->large, PAGES, true);
	unsigned int i;

	for (i = 0; i < SMALL; i++)
		ret |= look(s->small[i], 1, false) | look(s->small[i], 1, true);
	return ret;
}

struct outcome {
	unsigned int failures;	/* injected */
	unsigned int refused;	/* the call said no */
	unsigned int sigbus;
	unsigned int wrong;
};

static void report(const char *what, const struct outcome *o)
{
	note("%s: %u failures, %u refused, %u SIGBUS", what, o->failures,
	     o->refused, o->sigbus);
	check(o->failures && !o->wrong, "%s: never a wrong value", what);
}

static void forks(int fd, bool in_pieces)
{
	struct outcome o = { 0 };
	unsigned int nth;

	for (nth = 1; nth < MOST; nth++) {
		struct shared s;
		int status;
		pid_t pid;
		char *p;

		map_all(&s, fd);
		p = s.large;
		if (in_pieces) {
			mprotect(p + 20 * PAGE, 35 * PAGE, PROT_READ);
			mprotect(p + 20 * PAGE, 35 * PAGE,
				 PROT_READ | PROT_WRITE);
		}
		fflush(stdout);
		fail_nth(nth);
		pid = fork();
		if (!pid)
			_exit(look_and_write(&s));
		if (too_late())
			nth = MOST;
		else
			o.failures++;
		if (pid < 0) {
			o.refused++;
		} else {
			waitpid(pid, &status, 0);
			o.sigbus += WIFEXITED(status) &&
				    WEXITSTATUS(status) == 1;
			o.wrong += !WIFEXITED(status) || WEXITSTATUS(status) > 1;
		}
		o.wrong += wrong(p, PAGES, 1) != 0;
		unmap_all(&s);
	}
	report(in_pieces ? "fork of a mapping in pieces" : "fork", &o);
	check(o.sigbus, "a child without its memory gets SIGBUS");
}

typedef void (*step_fn)(char *p, unsigned int nth, struct outcome *o);

/* What is beside a page that was written to. */
typedef bool (*beside_fn)(char *p, size_t page);

static bool zeroes(char *p, size_t page)
{
	return *word(p, page) == 0;
}

static bool of_file(char *p, size_t page)
{
	return !differs(word(p, page), (FIRST + page) * PAGE,
			(FIRST + page + 1) * PAGE, 1);
}

/* Write and read every 10th page: chunks and page tables are made. */
static void touch_all(char *p, unsigned int nth, struct outcome *o,
		      beside_fn right)
{
	size_t i;

	fail_nth(nth);
	for (i = 0; i < PAGES; i += 10) {
		int write = touch(word(p, i), true);
		int read = touch(word(p, i + 5), false);

		if (write || read) {
			o->sigbus++;
			continue;
		}
		o->wrong += *word(p, i) != 0x746f756368 || !right(p, i + 5);
	}
}

static void touches(char *p, unsigned int nth, struct outcome *o)
{
	touch_all(p, nth, o, zeroes);
}

static void touches_file(char *p, unsigned int nth, struct outcome *o)
{
	touch_all(p, nth, o, of_file);
}

static void moves(char *p, unsigned int nth, struct outcome *o)
{
	char *to = mmap(NULL, PAGES * PAGE, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *at = p;

	fill(p, PAGES, 1);
	fail_nth(nth);
	if (mremap(p + 10 * PAGE, 40 * PAGE, 40 * PAGE,
		   MREMAP_MAYMOVE | MREMAP_FIXED, to) == MAP_FAILED)
		o->refused++;
	else
		at = to - 10 * PAGE;
	o->wrong += *word(at, 10) != pattern(10, 1) ||
		    *word(at, 49) != pattern(49, 1) ||
		    *word(p, 9) != pattern(9, 1);
	munmap(to, PAGES * PAGE);
}

static void unmaps(char *p, unsigned int nth, struct outcome *o)
{
	fill(p, PAGES, 1);
	fail_nth(nth);
	if (munmap(p + 10 * PAGE, 40 * PAGE))
		o->refused++;
	o->wrong += *word(p, 9) != pattern(9, 1) ||
		    *word(p, 50) != pattern(50, 1);
}

static int populated;		/* the opener */

static void populates(char *p, unsigned int nth, struct outcome *o)
{
	struct isle_range range = {
		.start = (uintptr_t)p,
		.length = PAGES * PAGE,
		.flags = ISLE_RANGE_ADDRESS,
		.value = ISLE_POPULATE_WRITE,
	};

	fail_nth(nth);
	if (ioctl(populated, ISLE_IOC_POPULATE, &range)) {
		o->refused++;
		o->wrong += errno != EFAULT && errno != ENOMEM;
	}
}

/* A debugger's writes, into what is there and what is not. */
static void pokes(char *p, unsigned int nth, struct outcome *o)
{
	int mem = open("/proc/self/mem", O_RDWR);
	uint64_t value = 7;
	size_t i;

	fail_nth(nth);
	for (i = 0; i < PAGES; i += 6) {
		bool done = pwrite(mem, &value, 8, (uintptr_t)word(p, i)) == 8;

		o->refused += !done;
		if (!touch(word(p, i), false))
			o->wrong += *word(p, i) != (done ? 7 : 0);
	}
	close(mem);
}

/* A child that has what the parent had, however long it takes to look. */
static int looks_at_end(char *p, int fd)
{
	char c;

	return read(fd, &c, 1) || wrong(p, PAGES, 1);
}

/*
 * With a child that shares every frame: write to some, unmap and discard others.
 * What can't be discarded stays, here and there.
 */
static void changes(char *p, unsigned int nth, struct outcome *o, int fd)
{
	size_t i;

	fail_nth(nth);
	for (i = 0; i < 30; i += 6) {
		if (touch(word(p, i), true))
			o->sigbus++;
		else
			o->wrong += *word(p, i) != 0x746f756368;
	}
	if (discard(fd, p + 31 * PAGE, 6 * PAGE, ISLE_RANGE_ADDRESS)) {
		o->refused++;
		o->wrong += *word(p, 36) != pattern(36, 1);
	} else {
		o->wrong += nonzero(p + 31 * PAGE, 6 * PAGE) != 0;
	}
	if (munmap(p + 40 * PAGE, 5 * PAGE))
		o->refused++;
	o->wrong += *word(p, 39) != pattern(39, 1) ||
		    *word(p, 45) != pattern(45, 1) ||
		    *word(p, 1) != pattern(1, 1);
}

static void copies(int fd)
{
	struct outcome o = { 0 };
	unsigned int nth;

	for (nth = 1; nth < MOST; nth++) {
		char *p = map_at(NULL, fd, PAGES * PAGE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE, FIRST * PAGE);
		int fds[2], status;
		pid_t pid;

		fill(p, PAGES, 1);
		if (pipe(fds))
			bail_out("pipe: %s", strerror(errno));
		fflush(stdout);
		pid = fork();
		if (!pid) {
			close(fds[1]);
			_exit(looks_at_end(p, fds[0]));
		}
		changes(p, nth, &o, fd);
		if (too_late())
			nth = MOST;
		else
			o.failures++;
		close(fds[0]);
		close(fds[1]);
		waitpid(pid, &status, 0);
		o.wrong += status != 0;
		munmap(p, PAGES * PAGE);
		o.wrong += opener(fd).private_pages != 0;
	}
	report("copying and discarding what a fork shares", &o);
	check(o.sigbus && o.refused, "a write is SIGBUS, a discard refused");
}

static void steps(int fd, const char *name, int flags, step_fn step)
{
	struct outcome o = { 0 };
	unsigned int nth;

	for (nth = 1; nth < MOST; nth++) {
		char *p = map_at(NULL, fd, PAGES * PAGE, PROT_READ | PROT_WRITE,
				 flags, FIRST * PAGE);

		step(p, nth, &o);
		if (too_late())
			nth = MOST;
		else
			o.failures++;
		munmap(p, PAGES * PAGE);
		fsync(fd);
		discard(fd, (void *)(FIRST * PAGE), PAGES * PAGE, 0);
	}
	report(name, &o);
}

static void maps(int fd, const char *name, int flags)
{
	struct outcome o = { 0 };
	unsigned int nth;

	for (nth = 1; nth < MOST; nth++) {
		char *p;

		fail_nth(nth);
		p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, flags, fd,
			 FIRST * PAGE);
		if (too_late())
			nth = MOST;
		else
			o.failures++;
		if (p != MAP_FAILED)
			munmap(p, PAGES * PAGE);
		else
			o.refused++;
	}
	report(name, &o);
	check(o.refused, "%s: refused without memory", name);
}

static void opens(int fd)
{
	struct outcome o = { 0 };
	unsigned int nth;

	for (nth = 1; nth < MOST; nth++) {
		struct isle_block block = { .order = 1, .nid = -1 };
		int other;

		fail_nth(nth);
		other = open(ISLE_DEVICE, O_RDWR);
		if (other < 0)
			o.refused++;
		else if (ioctl(other, ISLE_IOC_ALLOC, &block))
			o.refused++;
		if (too_late())
			nth = MOST;
		else
			o.failures++;
		close(other);
	}
	report("open and ISLE_IOC_ALLOC", &o);
	check(stats(fd).openers == 1, "no opener is left");
}

static void binds(int file)
{
	struct outcome o = { 0 };
	unsigned int nth;

	for (nth = 1; nth < MOST; nth++) {
		int fd = open_isle();

		fail_nth(nth);
		o.refused += try_bind(fd, file, 0, 0) != 0;
		if (too_late())
			nth = MOST;
		else
			o.failures++;
		close(fd);
	}
	report("ISLE_SETUP_FILE", &o);
	check(o.refused, "ISLE_SETUP_FILE: refused without memory");
}

static void file_steps(int file, const char *name, int flags)
{
	int fd = open_bound(file, 0);

	steps(fd, name, flags, touches_file);
	close(fd);
}

static void files(void)
{
	int file;

	make_directory("/tmp/isle-vm_fail.XXXXXX");
	file = make_file("file", (FIRST + PAGES) * PAGE, 1);
	binds(file);
	file_steps(file, "faults in a private mapping of a file", MAP_PRIVATE);
	file_steps(file, "faults in a shared mapping of a file", MAP_SHARED);
	close(file);
	remove_directory();
}

int main(void)
{
	long before;
	int fd;

	without_rseq();
	fd = open_isle();
	before = frames_out(fd);
	nth_file = open("/proc/self/fail-nth", O_RDWR);
	if (nth_file < 0 || !can_fail()) {
		skip("no fault injection in this kernel", "allocations fail");
		return tap_end();
	}
	check(functions_can_fail(), "isle's own frames and reads can fail, too");
	expect_log("^isle: vm_fail\\[[0-9]+\\]: SIGBUS at .*: (out of|fork found no) mem");
	expect_log("^isle: vm_fail\\[[0-9]+\\]: SIGBUS at .*: its file can't be read");
	/* The table that the kernel prints when it has no page. */
	expect_log("^ *[a-z_]+:[0-9]+( |$)");
	opens(fd);
	maps(fd, "mmap of private memory", MAP_PRIVATE);
	maps(fd, "mmap of shared memory", MAP_SHARED);
	steps(fd, "faults in a private mapping", MAP_PRIVATE, touches);
	steps(fd, "faults in a shared mapping", MAP_SHARED, touches);
	populated = fd;
	steps(fd, "populating a private mapping", MAP_PRIVATE, populates);
	steps(fd, "mremap of a part", MAP_PRIVATE, moves);
	steps(fd, "munmap of a part", MAP_PRIVATE, unmaps);
	steps(fd, "/proc/PID/mem of a private mapping", MAP_PRIVATE, pokes);
	steps(fd, "/proc/PID/mem of a shared mapping", MAP_SHARED, pokes);
	copies(fd);
	forks(fd, false);
	forks(fd, true);
	files();
	check(back_to(fd, before), "every frame is back");
	return tap_end();
}
