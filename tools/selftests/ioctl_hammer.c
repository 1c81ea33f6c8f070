// SPDX-License-Identifier: GPL-2.0
/*
 * Random calls on /dev/isle from several threads: ioctls half right and wrong,
 * mappings made, split, moved, protected, advised, forked, touched, openers
 * closed under them. Nobody may ever see another mapping's private data, and in
 * the end every frame must be back.
 *
 * usage: ioctl_hammer [SEED [CALLS [THREADS]]]
 *
 * Runs as: root nobody
 * CPUs: 2
 * Time: 900
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "tap.h"

#define PAGE		4096UL
#define SLOTS		6
#define MAPPINGS	12
#define BLOCKS		24
#define MOST_PAGES	64
#define MOST_THREADS	16

/*
 * What is written to a page says who wrote it: a private mapping's own number,
 * or that it is the object's; and which page of the object it is.
 */
#define PRIVATE_MARK	0xa11ULL
#define SHARED_MARK	0x5a5ULL

struct mapping {
	unsigned char *start;
	size_t pages;
	size_t offset;			/* of its first page in the object */
	unsigned int id;
	int protection;
	bool shared;
};

struct block {
	unsigned int slot;
	unsigned long long handle;
};

struct hammer {
	pthread_t thread;
	unsigned int number;
	unsigned long calls;
	__u64 random;
	unsigned int mapped;		/* how many mappings there ever were */
	unsigned int nr_mappings;
	struct mapping mappings[MAPPINGS];
	unsigned int nr_blocks;
	struct block blocks[BLOCKS];
	int pipe[2];
	unsigned long sigbus;
	unsigned long wrong;
};

static int slots[SLOTS];
static __thread sigjmp_buf sigbus_return;
static __thread volatile sig_atomic_t sigbus_expected;

/* xorshift64*: the same seed, the same calls of each thread. */
static unsigned int draw(struct hammer *h, unsigned int below)
{
	h->random ^= h->random >> 12;
	h->random ^= h->random << 25;
	h->random ^= h->random >> 27;
	return (h->random * 0x2545f4914f6cdd1dULL >> 32) % below;
}

static bool one_in(struct hammer *h, unsigned int n)
{
	return !draw(h, n);
}

static void wrong(struct hammer *h, const char *what, unsigned long value)
{
	if (h->wrong++ < 4)
		note("thread %u: %s (%#lx)", h->number, what, value);
}

static void on_sigbus(int signal)
{
	if (sigbus_expected)
		siglongjmp(sigbus_return, 1);
	(void)signal;
	_exit(99);
}

static __u64 mark(const struct hammer *h, const struct mapping *m,
		  size_t page)
{
	__u64 at = m->offset + page;

	if (m->shared)
		return SHARED_MARK << 52 | at;
	return PRIVATE_MARK << 52 | (__u64)h->number << 44 |
	       (__u64)(m->id & 0xffffff) << 20 | at;
}

static bool may_hold(const struct hammer *h, const struct mapping *m,
		     size_t page, __u64 value)
{
	return !value || value == mark(h, m, page) ||
	       value == (SHARED_MARK << 52 | (m->offset + page));
}

static int slot_fd(unsigned int slot)
{
	return __atomic_load_n(&slots[slot], __ATOMIC_RELAXED);
}

static struct mapping *any_mapping(struct hammer *h)
{
	return h->nr_mappings ? &h->mappings[draw(h, h->nr_mappings)] : NULL;
}

static void forget_mapping(struct hammer *h, struct mapping *m)
{
	*m = h->mappings[--h->nr_mappings];
}

/* Reads a page, and writes it if it may; 1 if it held what it can't. */
static int touch_page(struct hammer *h, const struct mapping *m, size_t page,
		      bool write)
{
	volatile __u64 *word = (__u64 *)(m->start + page * PAGE);
	__u64 value;

	if (sigsetjmp(sigbus_return, 1)) {
		sigbus_expected = 0;
		h->sigbus++;
		return 0;
	}
	sigbus_expected = 1;
	value = *word;
	if (write && m->protection & PROT_WRITE)
		*word = mark(h, m, page);
	sigbus_expected = 0;
	if (may_hold(h, m, page, value))
		return 0;
	wrong(h, "a page holds what nobody wrote there", value);
	return 1;
}

static void op_touch(struct hammer *h)
{
	struct mapping *m = any_mapping(h);
	size_t page, last;
	bool write;

	if (!m || !(m->protection & PROT_READ))
		return;
	page = draw(h, m->pages);
	last = one_in(h, 4) ? m->pages : page + 1;
	write = draw(h, 2);
	for (; page < last; page++)
		touch_page(h, m, page, write);
}

static void op_map(struct hammer *h)
{
	bool shared = draw(h, 2);
	struct mapping m = {
		.pages = 1 + draw(h, MOST_PAGES),
		.offset = draw(h, MOST_PAGES),
		.id = ++h->mapped,
		.protection = one_in(h, 4) ? PROT_READ : PROT_READ | PROT_WRITE,
		.shared = shared,
	};
	int flags = shared ? MAP_SHARED : MAP_PRIVATE;

	if (h->nr_mappings == MAPPINGS)
		return;
	if (one_in(h, 8))
		flags |= MAP_POPULATE;
	m.start = mmap(NULL, m.pages * PAGE, m.protection, flags,
		       slot_fd(draw(h, SLOTS)), m.offset * PAGE);
	if (m.start != MAP_FAILED)
		h->mappings[h->nr_mappings++] = m;
}

/* All of it, or a part, which may leave two. */
static void op_unmap(struct hammer *h)
{
	struct mapping *m = any_mapping(h), rest;
	size_t from, pages;

	if (!m)
		return;
	from = one_in(h, 2) ? 0 : draw(h, m->pages);
	pages = 1 + draw(h, m->pages - from);
	if (munmap(m->start + from * PAGE, pages * PAGE)) {
		wrong(h, "munmap failed", errno);
		return;
	}
	rest = *m;
	rest.start += (from + pages) * PAGE;
	rest.offset += from + pages;
	rest.pages -= from + pages;
	m->pages = from;
	if (!m->pages)
		forget_mapping(h, m);
	if (!rest.pages)
		return;
	if (h->nr_mappings < MAPPINGS)
		h->mappings[h->nr_mappings++] = rest;
	else
		munmap(rest.start, rest.pages * PAGE);
}

static void op_move(struct hammer *h)
{
	struct mapping *m = any_mapping(h);
	void *to;

	if (!m)
		return;
	to = mmap(NULL, m->pages * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
		  -1, 0);
	if (to == MAP_FAILED)
		return;
	/*
	 * Fails where protection or advice made several areas of one. What was
	 * at the new place may be gone then and the place another thread's, so
	 * it is left as it is.
	 */
	if (mremap(m->start, m->pages * PAGE, m->pages * PAGE,
		   MREMAP_MAYMOVE | MREMAP_FIXED, to) == to)
		m->start = to;
}

static void op_grow(struct hammer *h)
{
	struct mapping *m = any_mapping(h);

	if (m && mremap(m->start, m->pages * PAGE, (m->pages + 1) * PAGE,
			MREMAP_MAYMOVE) != MAP_FAILED)
		wrong(h, "mremap made a mapping grow", m->pages);
}

static void op_protect(struct hammer *h)
{
	static const int protections[] = {
		PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE,
		PROT_READ | PROT_WRITE,
	};
	struct mapping *m = any_mapping(h);
	int protection = protections[draw(h, ARRAY_SIZE(protections))];

	if (m && !mprotect(m->start, m->pages * PAGE, protection))
		m->protection = protection;
}

static void op_advise(struct hammer *h)
{
	static const int advices[] = {
		MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED,
		MADV_DONTNEED, MADV_FREE, MADV_REMOVE, MADV_DONTFORK,
		MADV_DOFORK, MADV_MERGEABLE, MADV_HUGEPAGE, MADV_NOHUGEPAGE,
		MADV_DONTDUMP, MADV_WIPEONFORK, MADV_KEEPONFORK, MADV_COLD,
		MADV_PAGEOUT, MADV_POPULATE_READ, MADV_POPULATE_WRITE,
	};
	struct mapping *m = any_mapping(h);
	size_t from;

	if (!m)
		return;
	from = draw(h, m->pages);
	madvise(m->start + from * PAGE, (1 + draw(h, m->pages - from)) * PAGE,
		advices[draw(h, ARRAY_SIZE(advices))]);
}

/* The kernel reads the memory, and says so where it can't. */
static void op_copy(struct hammer *h)
{
	struct mapping *m = any_mapping(h);
	__u64 value;
	size_t page;

	if (!m)
		return;
	page = draw(h, m->pages);
	if (write(h->pipe[1], m->start + page * PAGE, sizeof(value)) !=
	    sizeof(value))
		return;
	if (read(h->pipe[0], &value, sizeof(value)) != sizeof(value))
		wrong(h, "a pipe lost data", 0);
	else if (!may_hold(h, m, page, value))
		wrong(h, "the kernel read what nobody wrote there", value);
}

/* Whole children: some end by themselves, some are killed in the middle. */
static void op_fork(struct hammer *h)
{
	bool killed = one_in(h, 3);
	struct mapping *m;
	unsigned int i;
	int status;
	pid_t pid;

	pid = fork();
	if (pid < 0)
		return;
	if (!pid) {
		for (i = 0; i < 8 || killed; i++) {
			m = any_mapping(h);
			if (!m)
				_exit(0);
			/* MADV_DONTFORK may have kept parts from it. */
			if (msync(m->start, m->pages * PAGE, MS_ASYNC) ||
			    !(m->protection & PROT_READ))
				continue;
			if (touch_page(h, m, draw(h, m->pages), draw(h, 2)))
				_exit(1);
		}
		_exit(0);
	}
	if (killed)
		kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid)
		wrong(h, "waitpid failed", errno);
	else if (!killed && status)
		wrong(h, "a child ended with status", status);
}

static void op_reopen(struct hammer *h)
{
	unsigned int slot = draw(h, SLOTS);
	int fd = open_isle();

	close(__atomic_exchange_n(&slots[slot], fd, __ATOMIC_RELAXED));
}

static void op_alloc(struct hammer *h)
{
	struct isle_block block = {
		.order = one_in(h, 32) ? draw(h, 12) : draw(h, 4),
		.migratetype = draw(h, 6),
		.nid = one_in(h, 2) ? -1 : 0,
		.flags = draw(h, 4),
	};
	struct block kept = { .slot = draw(h, SLOTS) };

	if (h->nr_blocks == BLOCKS)
		return;
	if (ioctl(slot_fd(kept.slot), ISLE_IOC_ALLOC, &block))
		return;
	kept.handle = block.handle;
	h->blocks[h->nr_blocks++] = kept;
}

static void op_free(struct hammer *h)
{
	struct isle_free request = { };
	struct block *block;

	if (!h->nr_blocks)
		return;
	block = &h->blocks[draw(h, h->nr_blocks)];
	request.handle = block->handle;
	/* The opener may be another by now; then it is not found. */
	ioctl(slot_fd(block->slot), ISLE_IOC_FREE, &request);
	*block = h->blocks[--h->nr_blocks];
}

static void op_discard(struct hammer *h)
{
	struct mapping *m = any_mapping(h);
	struct isle_range range = { .length = PAGE };

	if (!m)
		return;
	range.length = (1 + draw(h, m->pages)) * PAGE;
	if (draw(h, 2)) {
		range.start = (unsigned long)m->start;
		range.flags = ISLE_RANGE_ADDRESS;
	}
	ioctl(slot_fd(draw(h, SLOTS)), ISLE_IOC_DISCARD, &range);
}

/* What is given up, read or had beforehand on request. */
static void op_range(struct hammer *h)
{
	struct mapping *m = any_mapping(h);
	struct isle_range range = { .value = 1 + draw(h, 2) };
	size_t from;

	if (!m)
		return;
	from = draw(h, m->pages);
	range.length = (1 + draw(h, m->pages - from)) * PAGE;
	range.start = (m->offset + from) * PAGE;
	if (draw(h, 4)) {
		range.start = (unsigned long)m->start + from * PAGE;
		range.flags = ISLE_RANGE_ADDRESS;
	}
	ioctl(slot_fd(draw(h, SLOTS)), draw(h, 2) ? ISLE_IOC_ADVISE :
						    ISLE_IOC_POPULATE, &range);
}

/* A vector that is as long as it has to be, or ends too early. */
static void op_residency(struct hammer *h)
{
	unsigned char vector[2 * MOST_PAGES];
	struct mapping *m = any_mapping(h);
	struct isle_residency ask = { .vector = (unsigned long)vector };
	size_t i;

	if (!m)
		return;
	memset(vector, 0xff, sizeof(vector));
	ask.start = (unsigned long)m->start;
	ask.length = m->pages * PAGE;
	ask.flags = ISLE_RANGE_ADDRESS;
	if (one_in(h, 8))
		ask.vector = one_in(h, 2) ? 8 : -ask.vector;
	if (ioctl(slot_fd(draw(h, SLOTS)), ISLE_IOC_RESIDENCY, &ask))
		return;
	for (i = 0; i < sizeof(vector); i++) {
		if (i < m->pages ? vector[i] > 7 : vector[i] != 0xff)
			wrong(h, "an answer about pages is none", vector[i]);
	}
}

static void op_fault_around(struct hammer *h)
{
	struct mapping *m = any_mapping(h);
	struct isle_range range = { .flags = ISLE_RANGE_ADDRESS };

	if (!m)
		return;
	range.start = (unsigned long)m->start;
	range.length = m->pages * PAGE;
	range.value = PAGE << draw(h, 10);
	ioctl(slot_fd(draw(h, SLOTS)), ISLE_IOC_FAULT_AROUND, &range);
}

static void op_limit(struct hammer *h)
{
	struct isle_limit limit = {
		.limit = (one_in(h, 8) ? 8 : 16384) * PAGE,
	};

	ioctl(slot_fd(draw(h, SLOTS)), ISLE_IOC_LIMIT, &limit);
}

/* Any request, with words that are zero, or near a bound, or anything. */
static void op_any_ioctl(struct hammer *h)
{
	static const unsigned int requests[] = {
		ISLE_IOC_VERSION, ISLE_IOC_SETUP, ISLE_IOC_FREE,
		ISLE_IOC_QUERY, ISLE_IOC_DISCARD, ISLE_IOC_FAULT_AROUND,
		ISLE_IOC_OPENER, ISLE_IOC_STATS, ISLE_IOC_ZONE,
		ISLE_IOC_REGION, ISLE_IOC_PAGEBLOCKS, ISLE_IOC_OPENERS,
		ISLE_IOC_REGION, ISLE_IOC_ADVISE, ISLE_IOC_POPULATE,
	};
	static const __u32 bounds[] = {
		0, 1, 2, 10, 11, 4095, 4096, 8192, 0x200000, 0x7fffffff,
		0x80000000, 0xffffffff,
	};
	unsigned int request = requests[draw(h, ARRAY_SIZE(requests))];
	__u32 words[1024] = { };
	unsigned int i;

	for (i = draw(h, 6); i; i--)
		words[draw(h, _IOC_SIZE(request) / 4)] = one_in(h, 4) ?
			h->random : bounds[draw(h, ARRAY_SIZE(bounds))];
	if (one_in(h, 16))
		request ^= 1u << draw(h, 32);
	ioctl(slot_fd(draw(h, SLOTS)), request, words);
}

static const struct {
	void (*op)(struct hammer *h);
	unsigned int weight;
} ops[] = {
	{ op_touch, 30 },
	{ op_any_ioctl, 20 },
	{ op_map, 12 },
	{ op_unmap, 10 },
	{ op_alloc, 10 },
	{ op_free, 9 },
	{ op_copy, 6 },
	{ op_protect, 5 },
	{ op_discard, 5 },
	{ op_advise, 4 },
	{ op_fault_around, 3 },
	{ op_range, 4 },
	{ op_residency, 2 },
	{ op_move, 3 },
	{ op_reopen, 2 },
	{ op_limit, 1 },
	{ op_grow, 1 },
	{ op_fork, 1 },
};

static void one_call(struct hammer *h)
{
	unsigned int total = 0, drawn;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ops); i++)
		total += ops[i].weight;
	drawn = draw(h, total);
	for (i = 0; drawn >= ops[i].weight; i++)
		drawn -= ops[i].weight;
	ops[i].op(h);
}

static void *hammer(void *data)
{
	struct hammer *h = data;
	unsigned long i;

	for (i = 0; i < h->calls; i++)
		one_call(h);
	while (h->nr_mappings) {
		struct mapping *m = &h->mappings[0];

		munmap(m->start, m->pages * PAGE);
		forget_mapping(h, m);
	}
	return NULL;
}

static void begin(struct hammer *h, unsigned int number, __u64 seed,
		  unsigned long calls)
{
	*h = (struct hammer){ .number = number, .calls = calls };
	h->random = (seed + number + 1) * 0x9e3779b97f4a7c15ULL;
	if (pipe2(h->pipe, O_CLOEXEC) ||
	    pthread_create(&h->thread, NULL, hammer, h))
		bail_out("cannot start a thread");
}

static __u64 default_seed(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (__u64)now.tv_sec << 20 ^ now.tv_nsec ^ getpid();
}

static bool frames_come_back(int fd, long before)
{
	unsigned int tries;

	for (tries = 0; tries < 50; tries++) {
		if (frames_out(fd) == before)
			return true;
		usleep(100000);
	}
	note("%ld frames are out, %ld were before", frames_out(fd), before);
	return false;
}

int main(int argc, char **argv)
{
	__u64 seed = argc > 1 ? strtoull(argv[1], NULL, 0) : default_seed();
	unsigned long calls = argc > 2 ? strtoul(argv[2], NULL, 0) :
			      times(100000);
	unsigned int threads = argc > 3 ? strtoul(argv[3], NULL, 0) : 4;
	struct sigaction action = { .sa_handler = on_sigbus };
	static struct hammer hammers[MOST_THREADS];
	unsigned long bad = 0, sigbus = 0;
	int fd = open_isle();
	unsigned int i;
	long before;

	if (!threads || threads > MOST_THREADS)
		bail_out("1 to %d threads", MOST_THREADS);
	note("seed %#llx, %lu calls, %u threads", seed,
	     calls, threads);
	expect_log("^isle: ioctl_hammer\\[[0-9]+\\]: SIGBUS at [0-9a-f]+: ");
	sigaction(SIGBUS, &action, NULL);
	before = frames_out(fd);
	for (i = 0; i < SLOTS; i++)
		slots[i] = open_isle();

	for (i = 0; i < threads; i++)
		begin(&hammers[i], i, seed, calls / threads);
	for (i = 0; i < threads; i++) {
		pthread_join(hammers[i].thread, NULL);
		bad += hammers[i].wrong;
		sigbus += hammers[i].sigbus;
	}
	for (i = 0; i < SLOTS; i++)
		close(slots[i]);

	note("%lu touches ended in SIGBUS, at limits that were set", sigbus);
	check(!bad, "nothing came back that was not put there");
	check(frames_come_back(fd, before), "every frame came back");
	close(fd);
	return tap_end();
}
