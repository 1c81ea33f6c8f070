// SPDX-License-Identifier: GPL-2.0
/*
 * Stress: eight threads, and the children of four of them beside, map, touch,
 * write, protect, unmap, move, discard and fork, for a while. Every page holds
 * what it must, all the time, and all frames come back.
 *
 *	vm_stress [SECONDS [SEED]]
 *
 * The same mappings are everybody's, but each thread has blocks of its own in
 * them, with blocks of the other threads on both sides: in one chunk, in one
 * page table and in one fault all of them meet. What its own pages hold a thread
 * knows exactly; of any other page, that it is no other page.
 *
 * A thread's child has the same blocks, in copies of its own, and goes on with
 * them. The children of other threads are made meanwhile.
 *
 * Runs as: root nobody
 * CPUs: 2
 */
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "vm.h"

enum {
	THREADS		= 8,
	CHILDREN	= 4,		/* threads with a child all the time */
	BLOCK		= 12,		/* pages; no power of two */
	BLOCKS		= 16,		/* a thread's */
	OWN		= BLOCKS * BLOCK,
	PAGES		= THREADS * OWN,	/* three chunks */
	OVER_BLOCKS	= 4,
	OVER_OWN	= OVER_BLOCKS * BLOCK,
	OVER_PAGES	= THREADS * OVER_OWN,
	OVER_FIRST	= 320,		/* so that they lie in two chunks */
	DEPTH		= 2,
	SECONDS		= 8,
};

/* Words of a page that are looked at. The last says which page it is. */
enum { HEAD = 0, MIDDLE = 256, WHICH = 511 };

/* What happens, and is counted. */
enum event {
	MAP, UNMAP, PROTECT, MOVE, DISCARD, WRITE, POKE, LOOK, FORK, KILL,
	CLONE, OVER,
	NR_EVENTS,
};

static const char *const event_name[NR_EVENTS] = {
	"mmap", "munmap", "mprotect", "mremap", "discard", "write",
	"/proc/PID/mem", "look", "fork", "kill", "clone", "shared",
};

/* Shared by all processes. */
static struct report {
	volatile bool stop;
	unsigned int errors;
	char first_error[200];
	unsigned long did[NR_EVENTS];
} *report;

/* A page of the private mapping that was made at the object's beginning. */
struct page {
	uint64_t value;		/* 0: never written */
	int prot;
	bool mapped;
	bool moved;		/* to away */
	bool first;		/* a VMA may begin here */
};

/* A page of a second object, mapped shared and, over that, private. */
struct over {
	uint64_t shared;
	uint64_t private;
};

/* A thread, or one of its children. */
struct worker {
	unsigned int nr;
	unsigned int depth;	/* of forks; in a child nobody else knows of it */
	int mem;		/* /proc/self/mem */
	pid_t child;
	uint64_t state;
	struct page pages[OWN];
	struct over over[OVER_OWN];
};

static struct worker workers[THREADS];
static int private_fd, over_fd;
static char *base, *away, *shared, *over;

static __printf(1, 2) void failed(const char *format, ...)
{
	va_list args;

	report->stop = true;
	if (__atomic_fetch_add(&report->errors, 1, __ATOMIC_RELAXED))
		return;
	va_start(args, format);
	vsnprintf(report->first_error, sizeof(report->first_error), format,
		  args);
	va_end(args);
}

static void did(enum event event)
{
	__atomic_fetch_add(&report->did[event], 1, __ATOMIC_RELAXED);
}

static uint32_t next(struct worker *w, uint32_t below)
{
	w->state = w->state * 6364136223846793005 + 1442695040888963407;
	return (w->state >> 33) % below;
}

/* Where a page that a worker counts as its @i-th is among all. */
static size_t place(const struct worker *w, size_t i)
{
	return (i / BLOCK * THREADS + w->nr) * BLOCK + i % BLOCK;
}

static char *home(const struct worker *w, size_t i)
{
	return base + place(w, i) * PAGE;
}

static char *spare(const struct worker *w, size_t i)
{
	return away + place(w, i) * PAGE;
}

static char *address(const struct worker *w, size_t i)
{
	return w->pages[i].moved ? spare(w, i) : home(w, i);
}

static uint64_t which(size_t page)
{
	return pattern(page, 0);
}

static void put(void *at, size_t page, uint64_t value)
{
	volatile uint64_t *p = at;

	p[WHICH] = which(page);
	p[HEAD] = value;
	p[MIDDLE] = value;
}

static void look(const char *what, void *at, size_t page, uint64_t value)
{
	volatile uint64_t *p = at;
	uint64_t id = value ? which(page) : 0;

	if (p[HEAD] != value || p[MIDDLE] != value || p[WHICH] != id)
		failed("%s: page %zu holds %lx, %lx, %lx instead of %lx, %lx, %lx",
		       what, page, p[HEAD], p[MIDDLE], p[WHICH], value, value,
		       id);
}

/* Pages of one block. */
static size_t some(struct worker *w, size_t *nr)
{
	size_t at = next(w, BLOCK);

	*nr = 1 + next(w, BLOCK - at);
	return next(w, BLOCKS) * BLOCK + at;
}

static void reserve(char *at, size_t nr)
{
	if (mmap(at, nr * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
		 MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED)
		failed("mmap: %s", strerror(errno));
}

/* VMAs are split where an operation on them begins and ends. */
static void split(struct worker *w, size_t first, size_t nr)
{
	w->pages[first].first = true;
	if ((first + nr) % BLOCK)
		w->pages[first + nr].first = true;
}

static void forget_moved(struct worker *w, size_t first, size_t nr)
{
	size_t i;

	for (i = first; i < first + nr; i++) {
		if (w->pages[i].moved)
			reserve(spare(w, i), 1);
	}
}

static void do_map(struct worker *w, size_t first, size_t nr)
{
	size_t i;

	if (mmap(home(w, first), nr * PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_FIXED, private_fd,
		 place(w, first) * PAGE) == MAP_FAILED) {
		failed("mmap of isle: %s", strerror(errno));
		return;
	}
	forget_moved(w, first, nr);
	for (i = first; i < first + nr; i++)
		w->pages[i] = (struct page){
			.mapped = true,
			.prot = PROT_READ | PROT_WRITE,
		};
	split(w, first, nr);
}

static void do_unmap(struct worker *w, size_t first, size_t nr)
{
	size_t i;

	if (next(w, 2) && munmap(home(w, first), nr * PAGE))
		failed("munmap: %s", strerror(errno));
	reserve(home(w, first), nr);
	forget_moved(w, first, nr);
	for (i = first; i < first + nr; i++)
		w->pages[i] = (struct page){ 0 };
	split(w, first, nr);
}

static void do_protect(struct worker *w, size_t first, size_t nr)
{
	static const int prots[] = {
		PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE,
		PROT_READ | PROT_WRITE,
	};
	int prot = prots[next(w, ARRAY_SIZE(prots))];
	size_t i;

	for (i = first; i < first + nr; i++) {
		if (!w->pages[i].mapped)
			continue;
		if (mprotect(address(w, i), PAGE, prot))
			failed("mprotect: %s", strerror(errno));
		w->pages[i].prot = prot;
		split(w, i, 1);
	}
}

/* Back and forth; of one VMA. */
static void do_move(struct worker *w, size_t first, size_t nr)
{
	bool moved = w->pages[first].moved;
	char *from = address(w, first), *to;
	size_t i, end = first + 1;

	if (!w->pages[first].mapped)
		return;
	while (end < first + nr && w->pages[end].mapped &&
	       w->pages[end].moved == moved && !w->pages[end].first)
		end++;
	to = moved ? home(w, first) : spare(w, first);
	if (mremap(from, (end - first) * PAGE, (end - first) * PAGE,
		   MREMAP_MAYMOVE | MREMAP_FIXED, to) != to) {
		failed("mremap: %s", strerror(errno));
		return;
	}
	reserve(from, end - first);
	for (i = first; i < end; i++)
		w->pages[i].moved = !moved;
	split(w, first, end - first);
}

static void do_discard(struct worker *w, size_t first, size_t nr)
{
	size_t i, end = first;

	while (end < first + nr && w->pages[end].mapped &&
	       w->pages[end].moved == w->pages[first].moved)
		end++;
	if (end == first)
		return;
	if (discard(private_fd, address(w, first), (end - first) * PAGE,
		    ISLE_RANGE_ADDRESS))
		failed("discard: %s", strerror(errno));
	for (i = first; i < end; i++)
		w->pages[i].value = 0;
}

static uint64_t new_value(struct worker *w)
{
	return pattern(next(w, UINT32_MAX), w->state);
}

static void do_write(struct worker *w, size_t first, size_t nr)
{
	size_t i;

	for (i = first; i < first + nr; i++) {
		if (!(w->pages[i].prot & PROT_WRITE))
			continue;
		w->pages[i].value = new_value(w);
		put(address(w, i), place(w, i), w->pages[i].value);
	}
}

/* As a debugger writes: whatever the protection. */
static void do_poke(struct worker *w, size_t first)
{
	struct page *page = &w->pages[first];
	off_t at = (uintptr_t)address(w, first);
	uint64_t id = which(place(w, first));

	if (!page->mapped)
		return;
	page->value = new_value(w);
	if (pwrite(w->mem, &id, 8, at + WHICH * 8) != 8 ||
	    pwrite(w->mem, &page->value, 8, at + HEAD * 8) != 8 ||
	    pwrite(w->mem, &page->value, 8, at + MIDDLE * 8) != 8)
		failed("/proc/PID/mem: %s", strerror(errno));
}

static void do_look(struct worker *w, size_t first, size_t nr)
{
	size_t i;

	for (i = first; i < first + nr; i++) {
		if (w->pages[i].prot & PROT_READ)
			look("private", address(w, i), place(w, i),
			     w->pages[i].value);
	}
}

/* At anybody's page. It may go away meanwhile, or be unmapped. */
static void look_elsewhere(struct worker *w)
{
	size_t page = next(w, PAGES);
	uint64_t id = 0;

	if (pread(w->mem, &id, 8, (uintptr_t)base + page * PAGE +
		  WHICH * 8) == 8 && id && id != which(page))
		failed("page %zu says it is %lx instead of %lx", page, id,
		       which(page));
}

/*
 * The shared mapping is written by the threads alone. What a child has not
 * written in the private one changes under it.
 */
static void look_over(struct worker *w, size_t i)
{
	size_t page = place(w, i);
	const struct over *o = &w->over[i];

	if (!w->depth)
		look("shared", shared + page * PAGE, page, o->shared);
	if (!w->depth || o->private)
		look("private over shared", over + page * PAGE, page,
		     o->private ?: o->shared);
}

static void over_write(struct worker *w, size_t i, bool private)
{
	char *at = (private ? over : shared) + place(w, i) * PAGE;
	uint64_t value = new_value(w);

	put(at, place(w, i), value);
	if (private)
		w->over[i].private = value;
	else
		w->over[i].shared = value;
}

static void over_discard(struct worker *w, size_t i, bool private)
{
	size_t page = place(w, i);
	int err;

	if (private)
		err = discard(over_fd, over + page * PAGE, PAGE,
			      ISLE_RANGE_ADDRESS);
	else
		err = discard(over_fd, (void *)((OVER_FIRST + page) * PAGE),
			      PAGE, 0);
	if (err)
		failed("discard of an object: %s", strerror(errno));
	if (private)
		w->over[i].private = 0;
	else
		w->over[i].shared = 0;
}

static void do_over(struct worker *w)
{
	bool private = w->depth || next(w, 2);
	size_t i = next(w, OVER_OWN);

	switch (next(w, 4)) {
	case 0:
		over_discard(w, i, private);
		break;
	case 1:
		over_write(w, i, private);
		break;
	default:
		look_over(w, i);
	}
}

static void look_at_all(struct worker *w)
{
	size_t i;

	do_look(w, 0, OWN);
	for (i = 0; i < OVER_OWN; i++)
		look_over(w, i);
}

static void operations(struct worker *w, unsigned int nr);

/* Who is killed takes its children along: nobody else knows of them. */
static void as_child(struct worker *w, pid_t parent, unsigned int nr)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	w->depth++;
	w->child = 0;
	close(w->mem);
	w->mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	look_at_all(w);
	operations(w, nr);
	look_at_all(w);
	_exit(0);
}

/* A child that does @nr operations. */
static pid_t start(struct worker *w, unsigned int nr)
{
	pid_t self = getpid(), pid = fork();

	if (pid < 0)
		failed("fork: %s", strerror(errno));
	if (!pid)
		as_child(w, self, nr);
	next(w, 2);	/* the two go on differently */
	return pid;
}

static void reap(pid_t pid, int signal)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		failed("waitpid: %s", strerror(errno));
	else if (signal ? WIFSIGNALED(status) && WTERMSIG(status) != signal :
			  status)
		failed("a child ended with status %#x", status);
}

static void do_fork(struct worker *w)
{
	pid_t pid;

	if (w->depth >= DEPTH)
		return;
	pid = start(w, next(w, 20));
	if (pid > 0)
		reap(pid, 0);
}

/* In the middle of whatever it does. */
static void do_kill(struct worker *w)
{
	pid_t pid;

	if (w->depth >= DEPTH)
		return;
	pid = start(w, UINT32_MAX);
	if (pid <= 0)
		return;
	sleep_ms(next(w, 30));
	kill(pid, SIGKILL);
	reap(pid, SIGKILL);
}

static int in_clone(void *argument)
{
	struct worker *w = argument;

	do_write(w, 0, BLOCK);
	do_map(w, BLOCK, 3);
	do_write(w, BLOCK, 2);
	return 0;
}

/* A process in the same address space, as vfork() makes. */
static void do_clone(struct worker *w)
{
	char stack[16384] __attribute__((__aligned__(16)));
	pid_t pid;

	pid = clone(in_clone, stack + sizeof(stack),
		    CLONE_VM | CLONE_VFORK | SIGCHLD, w);
	if (pid < 0)
		failed("clone: %s", strerror(errno));
	else
		reap(pid, 0);
}

/* A child that lives beside its thread, and its successors. */
static void keep_child(struct worker *w)
{
	if (w->depth || w->nr >= CHILDREN)
		return;
	if (w->child > 0) {
		int status;

		if (waitpid(w->child, &status, WNOHANG) != w->child)
			return;
		if (status)
			failed("a child ended with status %#x", status);
	}
	w->child = start(w, 50 + next(w, 200));
}

static enum event choose(struct worker *w)
{
	switch (next(w, 64)) {
	case 0 ... 3:
		return MAP;
	case 4 ... 6:
		return UNMAP;
	case 7 ... 11:
		return PROTECT;
	case 12 ... 16:
		return MOVE;
	case 17 ... 20:
		return DISCARD;
	case 21 ... 35:
		return WRITE;
	case 36 ... 38:
		return POKE;
	case 39 ... 50:
		return OVER;
	case 51:
		return FORK;
	case 52:
		return KILL;
	case 53:
		return CLONE;
	default:
		return LOOK;
	}
}

static void operation(struct worker *w, enum event event)
{
	size_t nr, first = some(w, &nr);

	switch (event) {
	case MAP:
		return do_map(w, first, nr);
	case UNMAP:
		return do_unmap(w, first, nr);
	case PROTECT:
		return do_protect(w, first, nr);
	case MOVE:
		return do_move(w, first, nr);
	case DISCARD:
		return do_discard(w, first, nr);
	case WRITE:
		return do_write(w, first, nr);
	case POKE:
		return do_poke(w, first);
	case OVER:
		return do_over(w);
	case FORK:
		return do_fork(w);
	case KILL:
		return do_kill(w);
	case CLONE:
		return do_clone(w);
	default:
		look_elsewhere(w);
		return do_look(w, first, nr);
	}
}

static void operations(struct worker *w, unsigned int nr)
{
	while (nr-- && !report->stop) {
		enum event event = choose(w);

		operation(w, event);
		did(event);
		keep_child(w);
	}
}

static void *work(void *argument)
{
	struct worker *w = argument;

	operations(w, UINT32_MAX);
	if (w->child > 0)
		reap(w->child, 0);
	look_at_all(w);
	return NULL;
}

static void set_up_worker(struct worker *w, unsigned int nr, uint64_t seed)
{
	size_t i;

	w->nr = nr;
	w->mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	w->state = seed + nr * 0x9e3779b97f4a7c15;
	for (i = 0; i < OWN; i++)
		w->pages[i] = (struct page){
			.mapped = true,
			.prot = PROT_READ | PROT_WRITE,
		};
}

static void set_up_mappings(void)
{
	private_fd = open_isle();
	over_fd = open_by_page();
	base = mmap(NULL, 2 * PAGES * PAGE, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	away = base + PAGES * PAGE;
	map_at(base, private_fd, PAGES * PAGE, PROT_READ | PROT_WRITE,
	       MAP_PRIVATE, 0);
	shared = map_at(NULL, over_fd, OVER_PAGES * PAGE,
			PROT_READ | PROT_WRITE, MAP_SHARED, OVER_FIRST * PAGE);
	over = map_at(NULL, over_fd, OVER_PAGES * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE, OVER_FIRST * PAGE);
}

static void tear_down_mappings(void)
{
	munmap(base, 2 * PAGES * PAGE);
	munmap(shared, OVER_PAGES * PAGE);
	munmap(over, OVER_PAGES * PAGE);
	check(!opener(private_fd).private_pages &&
	      !opener(over_fd).private_pages, "no private page is left");
	check(!discard(over_fd, (void *)(OVER_FIRST * PAGE), OVER_PAGES * PAGE,
		       0) && !opener(over_fd).object_pages, "and none shared");
	close(private_fd);
	close(over_fd);
}

/* The children of who was killed; they may be at it still. */
static void reap_orphans(void)
{
	int status;

	while (waitpid(-1, &status, 0) > 0) {
		if (status && !(WIFSIGNALED(status) &&
				WTERMSIG(status) == SIGKILL))
			failed("an orphan ended with status %#x", status);
	}
}

static void run(unsigned int seconds, uint64_t seed)
{
	pthread_t threads[THREADS];
	time_t end = time(NULL) + seconds;
	unsigned int i;

	for (i = 0; i < THREADS; i++)
		set_up_worker(&workers[i], i, seed);
	for (i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, work, &workers[i]);
	while (time(NULL) < end && !report->stop)
		sleep_ms(100);
	report->stop = true;
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	reap_orphans();
	for (i = 0; i < NR_EVENTS; i++)
		note("%lu times %s", report->did[i], event_name[i]);
	if (report->errors)
		note("%s", report->first_error);
	check(!report->errors, "every page holds what it must");
}

int main(int argc, char **argv)
{
	unsigned int seconds = argc > 1 ? strtoul(argv[1], NULL, 0) :
					  times(SECONDS - 2) + 2;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) :
				   (uint64_t)time(NULL) << 20 | getpid();
	int fd = open_isle();
	long before = frames_out(fd);

	note("%u seconds, seed %#lx", seconds, seed);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	set_up_mappings();
	run(seconds, seed);
	tear_down_mappings();
	check(back_to(fd, before), "every frame is back");
	return tap_end();
}
