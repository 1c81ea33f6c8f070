/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What `isle run` and the library that it preloads share: the names of the
 * environment variables, and a page of counters that the processes of one run
 * write and the command reads.
 *
 * An image is a program from its exec on, with the processes that it forks:
 * they share one opener of the device.
 */
#ifndef _ISLE_RUN_STATS_H
#define _ISLE_RUN_STATS_H

#include <stdatomic.h>
#include <stdint.h>

#define RUN_EXCLUDE_ENV	"ISLE_RUN_EXCLUDE"	/* rules, with commas between */
#define RUN_STATS_ENV	"ISLE_RUN_STATS"	/* a file to map the counters of */
#define RUN_HUGE_ENV	"ISLE_RUN_HUGE"		/* if set: pages of 2 MB */

/* Why private memory came from the kernel and not from isle. */
enum run_reason {
	RUN_BY_SIZE,		/* --exclude SIZE */
	RUN_BY_LIBRARY,		/* --exclude LIBRARY */
	RUN_STACK,		/* MAP_STACK, MAP_GROWSDOWN */
	RUN_HUGETLB,		/* MAP_HUGETLB */
	RUN_EXEC,		/* PROT_EXEC, and the device is mounted noexec */
	RUN_REFUSED,		/* isle could not: no device, too many mappings */
	RUN_NR_REASONS,
	RUN_ON_ISLE = RUN_NR_REASONS,
};

enum { RUN_NR_IMAGES = 512, RUN_NAME = 16 };

/**
 * struct run_image - the counters of one image
 * @pid: its first process; 0 for an image that nobody has taken
 * @name: of the program
 * @peak: at the heap's peak: all pages in the upper half, those on isle in the
 *        lower
 * @peak_mapped: the most that was mapped on isle, bytes
 * @mapped: now, bytes, of all processes of the image
 * @kernel_pages: pages that the image's processes have at most in the kernel's
 *                memory, of what would otherwise be on isle
 * @kernel_calls: how often it went there, by reason
 * @kernel_bytes: how much, by reason
 * @mappings: how many isle mappings were made
 * @reopened: how often the device had to be opened again
 * @faults: of the opener, when it was last asked: zero, anon, cow, reuse, huge
 */
struct run_image {
	_Atomic uint32_t pid;
	char name[RUN_NAME];
	_Atomic uint64_t peak;
	_Atomic uint64_t peak_mapped;
	_Atomic uint64_t mapped;
	_Atomic uint64_t kernel_pages;
	_Atomic uint64_t kernel_calls[RUN_NR_REASONS];
	_Atomic uint64_t kernel_bytes[RUN_NR_REASONS];
	_Atomic uint64_t mappings;
	_Atomic uint64_t reopened;
	_Atomic uint64_t faults[5];
};

/**
 * struct run_stats - the page of counters
 * @lost: images that found no room
 * @image: the images, in the order of their exec
 */
struct run_stats {
	_Atomic uint32_t lost;
	struct run_image image[RUN_NR_IMAGES];
};

static inline uint64_t run_peak(uint32_t all, uint32_t on_isle)
{
	return (uint64_t)all << 32 | on_isle;
}

static inline uint32_t run_peak_all(uint64_t peak)
{
	return peak >> 32;
}

static inline uint32_t run_peak_isle(uint64_t peak)
{
	return (uint32_t)peak;
}

#endif /* _ISLE_RUN_STATS_H */
