/* SPDX-License-Identifier: GPL-2.0 */
/* What the commands of isle share. */
#ifndef _ISLE_CLI_H
#define _ISLE_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/types.h>

#include <isle.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define __noreturn	__attribute__((__noreturn__))
#define __printf(a, b)	__attribute__((__format__(printf, a, b)))

/* Exit statuses, besides 0. */
enum {
	CLI_FAILED	= 1,
	CLI_USAGE	= 2,
};

/**
 * struct command - one command of isle
 * @name: as typed
 * @brief: what it does, for the list of commands
 * @usage: all of --help, without the command's name in front
 * @run: does it; argv[0] is @name, returns the exit status
 */
struct command {
	const char *name;
	const char *brief;
	const char *usage;
	int (*run)(int argc, char **argv);
};

extern const struct command info_command, buddy_command, stat_command;
extern const struct command alloc_command, free_command, hash_command;
extern const struct command demo_command, leaks_command, trace_command;
extern const struct command run_command, map_command, top_command;

/* main.c: the command that runs, and its errors ("isle NAME: ..."). */
void __printf(1, 2) cli_warn(const char *format, ...);
void __printf(1, 2) __noreturn cli_die(const char *format, ...);
/* The same with the reason and name of an errno value at the end. */
void __printf(2, 3) cli_warn_errno(int error, const char *format, ...);
void __printf(2, 3) __noreturn cli_die_errno(int error, const char *format, ...);
/* What getopt_long() returned and the command does not have: --help or error */
void __noreturn cli_option(int option);
void cli_no_arguments(int argc, char **argv);

/* number.c: arguments in, figures out. */
#define SIZE_TEXT	16

unsigned long cli_number(const char *what, const char *text,
			 unsigned long min, unsigned long max);
__u64 cli_size(const char *what, const char *text);
const char *size_text(char text[SIZE_TEXT], __u64 bytes);
const char *pages_text(char text[SIZE_TEXT], __u64 pages);
const char *count_text(char text[SIZE_TEXT], __u64 count, int columns);
const char *migratetype_name(unsigned int migratetype);
unsigned int cli_migratetype(const char *text);

/* device.c: /dev/isle. All of these end the program on error. */
int device_open(void);
size_t device_page_size(void);
void device_version(int fd, struct isle_version *version);
void device_stats(int fd, struct isle_stats *stats);
void device_opener(int fd, struct isle_opener *opener);
void device_zone(int fd, unsigned int index, struct isle_zone_info *zone);
void device_region(int fd, unsigned int index,
		   struct isle_region_info *region);
void device_pageblocks(int fd, unsigned int first,
		       struct isle_pageblocks *pageblocks);
void device_openers(int fd, __u64 next, struct isle_openers *openers);

/* table.c: columns; a heading that starts with '>' aligns right. */
struct table;

struct table *table_new(const char *const *headings, size_t columns);
void __printf(2, 3) table_cell(struct table *table, const char *format, ...);
void table_print(struct table *table);

/* json.c: values to stdout; in an array @key is NULL. */
void json_open(const char *key, char bracket);
void json_close(char bracket);
void json_text(const char *key, const char *value);
void json_number(const char *key, __u64 value);
void json_signed(const char *key, __s64 value);
void json_bool(const char *key, bool value);
void json_end(void);

/* info.c, buddy.c: also steps of the demo. */
void info_print(int fd);
void buddy_print(int fd);

#endif /* _ISLE_CLI_H */
