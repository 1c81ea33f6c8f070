// SPDX-License-Identifier: GPL-2.0
/*
 * Faults of both sizes race in one 2 MB range: four threads, each with its own
 * pages among those of the others, write, read, discard, advise and fork.
 *
 * usage: vm_huge_race [SECONDS]
 *
 * Runs as: root
 * CPUs: 2
 */
#include "vm_huge.h"

enum { THREADS = 4, OPERATIONS = 24, ROUNDS = 30, MOST_ROUNDS = 100 };

static struct race {
	int fd;
	char *base;
	pthread_barrier_t start;
	unsigned int wrong;
} race;

struct racer {
	unsigned int nr;
	uint64_t state;
	uint64_t value[SLOTS / THREADS];
};

static uint32_t next(struct racer *r, uint32_t below)
{
	r->state = r->state * 6364136223846793005 + 1442695040888963407;
	return (r->state >> 33) % below;
}

static uint64_t *own_word(const struct racer *r, unsigned int i)
{
	return word(race.base, i * THREADS + r->nr);
}

static unsigned int look(struct racer *r)
{
	unsigned int i, bad = 0;

	for (i = 0; i < ARRAY_SIZE(r->value); i++)
		bad += *(volatile uint64_t *)own_word(r, i) != r->value[i];
	return bad;
}

static void put(struct racer *r, unsigned int i)
{
	r->value[i] = pattern(i, r->state);
	*(volatile uint64_t *)own_word(r, i) = r->value[i];
}

/* A child has what its thread had, and changes it for itself. */
static int in_child(void *argument)
{
	struct racer *r = argument;
	unsigned int i;

	if (look(r))
		return 1;
	for (i = 0; i < 8; i++)
		put(r, next(r, ARRAY_SIZE(r->value)));
	return look(r) != 0;
}

static unsigned int operation(struct racer *r)
{
	unsigned int i = next(r, ARRAY_SIZE(r->value));

	switch (next(r, 32)) {
	case 0:
		return r->nr ? 0 : child(in_child, r);
	case 1:
		madvise(race.base, HUGE, MADV_NOHUGEPAGE);
		return 0;
	case 2:
		madvise(race.base, HUGE, MADV_HUGEPAGE);
		return 0;
	case 3 ... 5:
		r->value[i] = 0;
		return discard(race.fd, own_word(r, i), PAGE,
			       ISLE_RANGE_ADDRESS);
	case 6:
		return look(r);
	case 7 ... 15:
		return *(volatile uint64_t *)own_word(r, i) != r->value[i];
	default:
		put(r, i);
		return 0;
	}
}

static void *run(void *argument)
{
	struct racer *r = argument;
	unsigned int i, bad = 0;

	pthread_barrier_wait(&race.start);
	for (i = 0; i < OPERATIONS; i++)
		bad += operation(r) != 0;
	bad += look(r);
	if (bad)
		__atomic_fetch_add(&race.wrong, bad, __ATOMIC_RELAXED);
	return NULL;
}

static void round_of(uint64_t seed)
{
	static struct racer racers[THREADS];
	pthread_t threads[THREADS];
	unsigned int i;

	race.base = map_private(race.fd, HUGE);
	madvise(race.base, HUGE, MADV_HUGEPAGE);
	for (i = 0; i < THREADS; i++) {
		memset(&racers[i], 0, sizeof(racers[i]));
		racers[i].nr = i;
		racers[i].state = seed * THREADS + i;
		pthread_create(&threads[i], NULL, run, &racers[i]);
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	munmap(race.base, HUGE);
}

/* Who is the first to touch the range may have been told not to take 2 MB. */
static bool too_small(unsigned int rounds)
{
	return has_huge && !opener(race.fd).faults_huge && rounds < MOST_ROUNDS;
}

int main(int argc, char **argv)
{
	unsigned int seconds = argc > 1 ? strtoul(argv[1], NULL, 0) : 0;
	unsigned int rounds = seconds ? ~0u : times(ROUNDS), i;
	uint64_t seed = (uint64_t)time(NULL) << 20 | getpid();
	time_t end = time(NULL) + seconds;
	int fd = open_isle();
	long before = frames_out(fd);
	struct isle_opener info;

	begin_huge(fd);
	note("seed %#lx", seed);
	race.fd = open_isle();
	set_up(race.fd, PAGE, 0);
	set_huge(race.fd, ISLE_HUGE_ADVISE);
	pthread_barrier_init(&race.start, NULL, THREADS);
	for (i = 0; (i < rounds || too_small(i)) && !race.wrong; i++) {
		if (seconds && time(NULL) >= end)
			break;
		round_of(seed + i);
	}
	info = opener(race.fd);
	note("%u rounds: %llu faults mapped 2 MB, %llu allocated, %llu copied",
	     i, info.faults_huge, info.faults_anon, info.faults_cow);
	check(!race.wrong, "every page holds what its thread wrote");
	check(!has_huge || info.faults_huge, "some faults mapped 2 MB");
	check(!info.private_pages, "the opener holds nothing");
	close(race.fd);
	check(back_to(fd, before), "every frame is back");
	return tap_end();
}
