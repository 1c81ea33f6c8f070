// SPDX-License-Identifier: GPL-2.0
/* isle top: what is read from the device, twice for a rate. */
#include <stdlib.h>
#include <unistd.h>

#include "top.h"

static void *enough(void *memory)
{
	if (!memory)
		cli_die("out of memory");
	return memory;
}

static void read_zones(int fd, struct top_sample *sample)
{
	unsigned int i, nr = sample->stats.nr_zones;

	sample->zone = enough(calloc(nr ?: 1, sizeof(*sample->zone)));
	for (i = 0; i < nr; i++)
		device_zone(fd, i, &sample->zone[i]);
}

/* A process calls itself what it likes; this is for terminals and JSON. */
static void make_printable(char *text, size_t size)
{
	for (text[--size] = '\0'; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

static void add_openers(struct top *top, const struct isle_openers *some)
{
	struct top_sample *sample = &top->now;
	unsigned int i;

	sample->opener = enough(reallocarray(sample->opener,
					     sample->nr_openers + some->nr,
					     sizeof(*sample->opener)));
	for (i = 0; i < some->nr; i++) {
		struct isle_opener_info opener = some->opener[i];

		make_printable(opener.comm, sizeof(opener.comm));
		if (opener.pid != (__u32)getpid())
			sample->opener[sample->nr_openers++] = opener;
	}
}

static void read_openers(struct top *top)
{
	struct isle_openers some = { };

	do {
		device_openers(top->fd, some.next, &some);
		if (some.nr)
			add_openers(top, &some);
	} while (some.next);
}

void top_take_sample(struct top *top)
{
	free(top->before.zone);
	free(top->before.opener);
	top->before = top->now;
	top->now = (struct top_sample){ };
	clock_gettime(CLOCK_MONOTONIC, &top->now.at);
	device_stats(top->fd, &top->now.stats);
	read_zones(top->fd, &top->now);
	read_openers(top);
}

double top_seconds(const struct top *top)
{
	const struct timespec *a = &top->before.at, *b = &top->now.at;

	if (!a->tv_sec && !a->tv_nsec)
		return 0;
	return (b->tv_sec - a->tv_sec) + (b->tv_nsec - a->tv_nsec) / 1e9;
}

double top_rate(const struct top *top, __u64 now, __u64 before)
{
	double seconds = top_seconds(top);

	return seconds > 0 && now > before ? (now - before) / seconds : 0;
}

static int by_id(const void *a, const void *b)
{
	const struct isle_opener_info *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

double top_fault_rate(const struct top *top,
		      const struct isle_opener_info *opener)
{
	const struct isle_opener_info *before = NULL;

	if (top->before.nr_openers)
		before = bsearch(opener, top->before.opener,
				 top->before.nr_openers, sizeof(*opener), by_id);
	return top_rate(top, opener->faults, before ? before->faults : 0);
}

__u64 top_held(const struct isle_opener_info *opener)
{
	return opener->object_pages + opener->private_pages +
	       opener->block_pages;
}
