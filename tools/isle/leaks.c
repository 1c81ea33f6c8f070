// SPDX-License-Identifier: GPL-2.0
/* isle leaks: allocated blocks, grouped by the stack that allocated them. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

#define LEAKS	"/sys/kernel/debug/isle/leaks"

/*
 * The file has, for each stack,
 *	N pages in M blocks allocated by
 *	 function+0x12/0x34
 *	 ...
 * and an empty line.
 */
struct reader {
	bool as_json;
	bool in_stack;
	__u64 stacks;
	__u64 pages;
};

static FILE *open_leaks(void)
{
	struct isle_version version;
	FILE *file = fopen(LEAKS, "re");
	int error = errno;

	if (file)
		return file;
	device_version(device_open(), &version);
	if (!(version.features & ISLE_FEATURE_DEBUG))
		cli_die("isle notes who allocates only if it is loaded with debug=1");
	if (error == ENOENT)
		cli_die("there is no " LEAKS "; is debugfs mounted?");
	cli_die_errno(error, "cannot open " LEAKS);
}

static void begin_stack(struct reader *reader, __u64 pages, __u64 blocks)
{
	char text[SIZE_TEXT];

	reader->stacks++;
	reader->pages += pages;
	reader->in_stack = true;
	if (reader->as_json) {
		json_open(NULL, '{');
		json_number("pages", pages);
		json_number("blocks", blocks);
		json_open("stack", '[');
	} else {
		printf("%llu pages (%s) in %llu blocks, allocated by\n",
		       pages, pages_text(text, pages), blocks);
	}
}

static void end_stack(struct reader *reader)
{
	if (!reader->in_stack)
		return;
	reader->in_stack = false;
	if (reader->as_json) {
		json_close(']');
		json_close('}');
	} else {
		putchar('\n');
	}
}

static void read_line(struct reader *reader, char *line)
{
	__u64 pages, blocks;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%llu pages in %llu blocks", &pages,
		   &blocks) == 2) {
		end_stack(reader);
		begin_stack(reader, pages, blocks);
		return;
	}
	line += strspn(line, " \t");
	if (!*line || !reader->in_stack)
		return;
	if (reader->as_json)
		json_text(NULL, line);
	else
		printf("    %s\n", line);
}

static void read_leaks(FILE *file, struct reader *reader)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, file) > 0)
		read_line(reader, line);
	if (ferror(file))
		cli_die_errno(errno, "cannot read " LEAKS);
	end_stack(reader);
	free(line);
}

static int leaks_run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	struct reader reader = { };
	char text[SIZE_TEXT];
	FILE *file;
	int option;

	while ((option = getopt_long(argc, argv, "jh", options, NULL)) != -1) {
		if (option == 'j')
			reader.as_json = true;
		else
			cli_option(option);
	}
	cli_no_arguments(argc - optind, argv + optind);

	file = open_leaks();
	if (reader.as_json) {
		json_open(NULL, '{');
		json_open("stacks", '[');
	}
	read_leaks(file, &reader);
	fclose(file);
	if (reader.as_json) {
		json_close(']');
		json_number("pages", reader.pages);
		json_close('}');
		json_end();
	} else {
		printf("%llu pages (%s) are allocated, from %llu places\n",
		       reader.pages, pages_text(text, reader.pages),
		       reader.stacks);
	}
	return 0;
}

const struct command leaks_command = {
	.name = "leaks",
	.brief = "who holds memory, by stack (needs debug=1)",
	.usage =
	"[--json]\n\n"
	"Shows all allocated blocks, grouped by the kernel stack that allocated\n"
	"them, the largest holder first. What is still there when nobody should\n"
	"hold anything is a leak. The module must be loaded with debug=1; reading\n"
	"debugfs takes root.\n\n"
	"  -j, --json   as JSON\n"
	"  -h, --help   this\n",
	.run = leaks_run,
};
