/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Results of a selftest, in the Test Anything Protocol. A selftest is one file
 * that includes this one; tools/selftests/run says what its first comment may
 * ask for.
 *
 *	int main(void)
 *	{
 *		check(1 + 1 == 2, "one and one are %d", 2);
 *		return tap_end();
 *	}
 */
#ifndef _TAP_H
#define _TAP_H

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <isle.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define __noreturn	__attribute__((__noreturn__))
#define __printf(a, b)	__attribute__((__format__(printf, a, b)))

static struct {
	unsigned int tests;
	unsigned int failed;
} tap;

/* A line about what is going on, or went wrong. */
static inline __printf(1, 2) void note(const char *format, ...)
{
	va_list args;

	fputs("# ", stdout);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

/* A result; the name may depend on nothing that changes from run to run. */
static inline __printf(2, 3) bool check(bool holds, const char *format, ...)
{
	va_list args;

	tap.failed += !holds;
	printf("%sok %u - ", holds ? "" : "not ", ++tap.tests);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	return holds;
}

/* A test that can't be made here, and why. */
static inline __printf(2, 3) void skip(const char *why, const char *format, ...)
{
	va_list args;

	printf("ok %u - ", ++tap.tests);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf(" # SKIP %s\n", why);
	fflush(stdout);
}

/* Nothing more can be tested. */
static inline __printf(1, 2) __noreturn void bail_out(const char *format, ...)
{
	va_list args;

	fputs("Bail out! ", stdout);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	exit(1);
}

/*
 * The kernel log will have messages of isle, of level err or warn, that match
 * this extended regular expression: tools/selftests/run lets them pass.
 */
static inline void expect_log(const char *regex)
{
	note("kernel log: %s", regex);
}

/* main()'s last line: how many tests there were. */
static inline int tap_end(void)
{
	printf("1..%u\n", tap.tests);
	return tap.failed ? 1 : 0;
}

/* By how much to repeat less what takes long: the runner says so. */
static inline unsigned int times_less(void)
{
	const char *divisor = getenv("ISLE_SHORT");
	unsigned int n = divisor ? strtoul(divisor, NULL, 0) : 1;

	return n ? n : 1;
}

/* How often to repeat what would be repeated @nr times. */
static inline unsigned int times(unsigned int nr)
{
	return (nr + times_less() - 1) / times_less();
}

static inline int open_isle(void)
{
	int fd = open(ISLE_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		bail_out("cannot open %s: %s", ISLE_DEVICE, strerror(errno));
	return fd;
}

static inline struct isle_stats stats(int fd)
{
	struct isle_stats info;

	if (ioctl(fd, ISLE_IOC_STATS, &info))
		bail_out("ISLE_IOC_STATS: %s", strerror(errno));
	return info;
}

/* Frames that somebody holds, of the whole instance. */
static inline long frames_out(int fd)
{
	struct isle_stats now = stats(fd);

	return now.managed - now.free - now.pcp - now.quarantine;
}

#endif /* _TAP_H */
