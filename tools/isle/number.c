// SPDX-License-Identifier: GPL-2.0
/* Numbers, sizes and migratetypes, as people type and read them. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli.h"

static const char *const migratetypes[ISLE_NR_MT] = {
	[ISLE_MT_UNMOVABLE]	= "Unmovable",
	[ISLE_MT_MOVABLE]	= "Movable",
	[ISLE_MT_RECLAIMABLE]	= "Reclaimable",
	[ISLE_MT_HIGHATOMIC]	= "HighAtomic",
	[ISLE_MT_CMA]		= "CMA",
	[ISLE_MT_ISOLATE]	= "Isolate",
};

/* Decimal, or hexadecimal with 0x: a zero in front does not make it octal. */
static int base_of(const char *text)
{
	return text[0] == '0' && tolower((unsigned char)text[1]) == 'x' ? 16 : 10;
}

unsigned long cli_number(const char *what, const char *text,
			 unsigned long min, unsigned long max)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, base_of(text));
	if (errno || !isdigit((unsigned char)*text) || *end)
		cli_die("%s: '%s' is not a number", what, text);
	if (value < min || value > max)
		cli_die("%s: %s is not in %lu to %lu", what, text, min, max);
	return value;
}

/* Bytes, or with a suffix K, M or G: powers of 1024. */
__u64 cli_size(const char *what, const char *text)
{
	static const char units[] = "KMG";
	unsigned int shift = 0;
	const char *unit;
	__u64 value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, base_of(text));
	if (errno || !isdigit((unsigned char)*text))
		cli_die("%s: '%s' is not a size", what, text);
	unit = *end ? strchr(units, toupper((unsigned char)*end)) : NULL;
	if (unit) {
		shift = 10 * (unit - units + 1);
		end++;
	}
	if (*end)
		cli_die("%s: '%s' is not a size (K, M and G may follow)", what,
			text);
	if (value > UINT64_MAX >> shift)
		cli_die("%s: %s is too large", what, text);
	return value << shift;
}

const char *size_text(char text[SIZE_TEXT], __u64 bytes)
{
	static const char units[] = "BKMGT";
	unsigned int unit = 0;
	double value = bytes;

	while (value >= 1024 && units[unit + 1]) {
		value /= 1024;
		unit++;
	}
	if (!unit || value == (__u64)value)
		snprintf(text, SIZE_TEXT, "%.0f%c", value, units[unit]);
	else
		snprintf(text, SIZE_TEXT, "%.1f%c", value, units[unit]);
	return text;
}

const char *pages_text(char text[SIZE_TEXT], __u64 pages)
{
	return size_text(text, pages * device_page_size());
}

/* In at most so many columns, 4 or more: beyond that in thousands, millions... */
const char *count_text(char text[SIZE_TEXT], __u64 count, int columns)
{
	static const char units[] = "kMGTPE";
	const char *unit = units;

	if (snprintf(text, SIZE_TEXT, "%llu", count) <= columns)
		return text;
	for (count /= 1000; snprintf(text, SIZE_TEXT, "%llu%c", count, *unit) >
	     columns && unit[1]; count /= 1000)
		unit++;
	return text;
}

const char *migratetype_name(unsigned int migratetype)
{
	return migratetype < ISLE_NR_MT ? migratetypes[migratetype] : "?";
}

unsigned int cli_migratetype(const char *text)
{
	unsigned int i;

	for (i = 0; i < ISLE_MT_ISOLATE; i++)
		if (!strcasecmp(text, migratetypes[i]))
			return i;
	cli_die("no migratetype '%s'; there are Unmovable, Movable, Reclaimable, HighAtomic, CMA",
		text);
}
