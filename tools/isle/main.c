// SPDX-License-Identifier: GPL-2.0
/* isle: looks at, and tries, the page allocator behind /dev/isle. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const struct command *const commands[] = {
	&info_command,
	&buddy_command,
	&stat_command,
	&top_command,
	&map_command,
	&alloc_command,
	&free_command,
	&hash_command,
	&run_command,
	&leaks_command,
	&trace_command,
	&demo_command,
};

static const struct command *running;

static void list_commands(FILE *to)
{
	size_t i;

	fprintf(to, "usage: isle COMMAND [OPTION...]\n\n"
		"Looks at, and tries, the page allocator behind %s.\n\n",
		ISLE_DEVICE);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(to, "  %-8s %s\n", commands[i]->name,
			commands[i]->brief);
	fputs("\nisle COMMAND --help says more; so does man isle.\n", to);
}

static void print_name(void)
{
	/* Whatever was printed so far comes first when both are piped. */
	fflush(stdout);
	fputs("isle", stderr);
	if (running)
		fprintf(stderr, " %s", running->name);
	fputs(": ", stderr);
}

static void print_errno(int error)
{
	const char *name = strerrorname_np(error);

	fprintf(stderr, ": %s (%s)\n", strerror(error), name ? name : "?");
}

void cli_warn(const char *format, ...)
{
	va_list args;

	print_name();
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

void cli_die(const char *format, ...)
{
	va_list args;

	print_name();
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(CLI_FAILED);
}

void cli_warn_errno(int error, const char *format, ...)
{
	va_list args;

	print_name();
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	print_errno(error);
}

void cli_die_errno(int error, const char *format, ...)
{
	va_list args;

	print_name();
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	print_errno(error);
	exit(CLI_FAILED);
}

void cli_option(int option)
{
	bool help = option == 'h';

	fprintf(help ? stdout : stderr, "usage: isle %s %s", running->name,
		running->usage);
	exit(help ? 0 : CLI_USAGE);
}

void cli_no_arguments(int argc, char **argv)
{
	if (!argc)
		return;
	cli_warn("takes no argument '%s'", argv[0]);
	cli_option('?');
}

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

/* A full disk or a closed pipe is an error, not silence. */
static int finish(int status)
{
	if (fflush(stdout) || ferror(stdout)) {
		if (errno != EPIPE)
			cli_warn_errno(errno, "cannot write");
		return status ? status : CLI_FAILED;
	}
	return status;
}

int main(int argc, char **argv)
{
	static char name[32];

	if (argc < 2) {
		list_commands(stderr);
		return CLI_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		list_commands(stdout);
		return finish(0);
	}
	if (!strcmp(argv[1], "--version")) {
		printf("isle, ABI %d\n", ISLE_ABI_VERSION);
		return finish(0);
	}

	running = find_command(argv[1]);
	if (!running) {
		cli_warn("no command '%s'; isle --help lists them", argv[1]);
		return CLI_USAGE;
	}
	/* getopt_long() begins its messages with argv[0]. */
	snprintf(name, sizeof(name), "isle %s", running->name);
	argv[1] = name;
	return finish(running->run(argc - 1, argv + 1));
}
