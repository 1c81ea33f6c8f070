/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests of 2 MB pages share. */
#ifndef _VM_HUGE_H
#define _VM_HUGE_H

#include <sys/resource.h>

#include "vm.h"

#define HUGE	(2 * MB)
#define SLOTS	(HUGE / PAGE)

#define THP	"/sys/kernel/mm/transparent_hugepage/"

/* Whether the kernel can do it at all. */
static bool has_huge;

static inline struct isle_version version_of(int fd)
{
	struct isle_version version;

	if (ioctl(fd, ISLE_IOC_VERSION, &version))
		bail_out("ISLE_IOC_VERSION: %s", strerror(errno));
	return version;
}

/* The word in brackets. */
static inline void get_switch(const char *path, char word[16])
{
	char text[128] = "", *start, *end;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = read(fd, text, sizeof(text) - 1);

	close(fd);
	start = strchr(text, '[');
	end = start ? strchr(start, ']') : NULL;
	if (got <= 0 || !end || end - start > 15)
		bail_out("%s is not a switch", path);
	memset(word, 0, 16);
	memcpy(word, start + 1, end - start - 1);
}

static inline void set_switch(const char *path, const char *word)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (write(fd, word, strlen(word)) != (ssize_t)strlen(word))
		bail_out("cannot write %s to %s: %s", word, path,
			 strerror(errno));
	close(fd);
}

static char system_switch[16];

static inline void put_back(void)
{
	set_switch(THP "enabled", system_switch);
}

/* Let the system's switch allow it until the test ends. */
static inline void begin_huge(int fd)
{
	has_huge = version_of(fd).features & ISLE_FEATURE_HUGE;
	if (!has_huge)
		return;
	get_switch(THP "enabled", system_switch);
	atexit(put_back);
	set_switch(THP "enabled", "always");
}

static inline int open_huge(unsigned int policy)
{
	int fd = open_isle();

	set_huge(fd, policy);
	return fd;
}

/* Room that starts at 2 MB, with 2 MB more behind it. */
static inline char *reserve_huge(size_t length)
{
	char *p = mmap(NULL, length + 2 * HUGE, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		bail_out("mmap: %s", strerror(errno));
	return (char *)(((uintptr_t)p + HUGE - 1) & ~(HUGE - 1));
}

/* Faults that mapped 2 MB so far, and what else shows that they did. */
static inline void check_huge(int fd, unsigned long faults, bool and_so,
			      const char *what)
{
	unsigned long got = opener(fd).faults_huge;

	if (!has_huge) {
		skip("the kernel can't map 2 MB of a device", "%s", what);
		return;
	}
	if (!check(got == faults && and_so, "%s", what))
		note("%lu faults of 2 MB instead of %lu", got, faults);
}

static inline int nothing(void *argument)
{
	(void)argument;
	return 0;
}

#endif /* _VM_HUGE_H */
