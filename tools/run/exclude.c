// SPDX-License-Identifier: GPL-2.0
/*
 * --exclude: what is not to be on isle. See run.h.
 *
 * Rules are separated by commas. One that begins with a digit is a size in
 * bytes; any other the name of a library, or of the program, in which * stands
 * for anything. _dl_find_object() says which library an address is in; it takes
 * no lock, so it can be asked from within malloc().
 */
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

enum { MAX_LIBRARIES = 32, CACHE = 64 };

bool excluding;

static size_t largest = SIZE_MAX;
static char names[1024];
static const char *libraries[MAX_LIBRARIES];
static unsigned int nr_libraries;

/**
 * struct verdict - what was found out about a library
 * @value: the address of its link map, and the lowest bit for an excluded one
 */
struct verdict {
	_Atomic uintptr_t value;
};

static struct verdict cache[CACHE];

static bool matches(const char *pattern, const char *name)
{
	for (; *pattern != '*'; pattern++, name++) {
		if (*pattern != *name)
			return false;
		if (!*name)
			return true;
	}
	do {
		if (matches(pattern + 1, name))
			return true;
	} while (*name++);
	return false;
}

static void exclude_size(size_t size)
{
	if (size < largest)
		largest = size;
}

void exclude_read(const char *rules)
{
	size_t length = strlen(rules);
	char *rule, *next = names;

	if (length >= sizeof(names))
		return;
	memcpy(names, rules, length + 1);
	while ((rule = strsep(&next, ","))) {
		if (*rule >= '0' && *rule <= '9')
			exclude_size(strtoul(rule, NULL, 10));
		else if (*rule && nr_libraries < MAX_LIBRARIES)
			libraries[nr_libraries++] = rule;
	}
	excluding = largest != SIZE_MAX || nr_libraries;
}

bool exclude_has(enum run_reason reason)
{
	return reason == RUN_BY_SIZE ? largest != SIZE_MAX : nr_libraries > 0;
}

static bool is_excluded(const struct link_map *map)
{
	const char *path = map->l_name, *name;
	unsigned int i;

	if (!*path)
		path = program_invocation_short_name;
	name = strrchr(path, '/');
	name = name ? name + 1 : path;
	for (i = 0; i < nr_libraries; i++)
		if (matches(libraries[i], name))
			return true;
	return false;
}

static bool library_excluded(const void *address)
{
	struct dl_find_object found;
	uintptr_t key, value;
	struct verdict *known;

	if (_dl_find_object((void *)address, &found))
		return false;
	key = (uintptr_t)found.dlfo_link_map;
	known = &cache[key / 64 % CACHE];
	value = known->value;
	if ((value & ~1UL) != key) {
		value = key | is_excluded(found.dlfo_link_map);
		known->value = value;
	}
	return value & 1;
}

enum run_reason exclude_reason(size_t length, const void *caller)
{
	if (length >= largest)
		return RUN_BY_SIZE;
	if (nr_libraries && library_excluded(caller))
		return RUN_BY_LIBRARY;
	return RUN_ON_ISLE;
}
