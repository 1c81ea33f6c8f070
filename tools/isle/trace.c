// SPDX-License-Identifier: GPL-2.0
/* isle trace: runs one of scripts/bpftrace, or lists them. */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"

#ifndef BPFTRACE_DIR
#define BPFTRACE_DIR	"/usr/local/share/isle/bpftrace"
#endif

#define QUESTION_MAX	256

/*
 * Where the scripts are: in the source, if that is where this program was built,
 * else where they were installed.
 */
static const char *scripts(void)
{
	static char path[PATH_MAX + sizeof("/../../scripts/bpftrace")];
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX);

	if (length > 0) {
		path[length] = '\0';
		*strrchr(path, '/') = '\0';
		strcat(path, "/../../scripts/bpftrace");
		if (!access(path, R_OK | X_OK))
			return path;
	}
	return BPFTRACE_DIR;
}

/* The file of a script; a name leads nowhere else. */
static char *script_path(const char *name)
{
	char *path;

	if (strchr(name, '/') ||
	    asprintf(&path, "%s/%s.bt", scripts(), name) < 0)
		return NULL;
	if (access(path, R_OK)) {
		free(path);
		return NULL;
	}
	return path;
}

/* A script says in its head " * NAME - QUESTION". */
static bool read_question(const char *name, char question[QUESTION_MAX])
{
	char *path = script_path(name), line[QUESTION_MAX];
	bool found = false;
	char *at;
	FILE *file;

	file = path ? fopen(path, "re") : NULL;
	free(path);
	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		at = strstr(line, " - ");
		if (strncmp(line, " * ", 3) || !at ||
		    strncmp(line + 3, name, strlen(name)))
			continue;
		snprintf(question, QUESTION_MAX, "%s", at + 3);
		found = true;
	}
	fclose(file);
	return found;
}

static int is_script(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && dot > entry->d_name && !strcmp(dot, ".bt");
}

static void list(bool as_json)
{
	static const char *const headings[] = { "Name", "Question" };
	struct table *table = table_new(headings, ARRAY_SIZE(headings));
	char question[QUESTION_MAX];
	struct dirent **entries;
	int i, nr;

	nr = scandir(scripts(), &entries, is_script, alphasort);
	if (nr < 0)
		cli_die_errno(errno, "cannot read %s", scripts());
	if (as_json) {
		json_open(NULL, '{');
		json_open("scripts", '[');
	}
	for (i = 0; i < nr; i++) {
		char *name = entries[i]->d_name;

		*strrchr(name, '.') = '\0';
		if (read_question(name, question)) {
			if (as_json) {
				json_open(NULL, '{');
				json_text("name", name);
				json_text("question", question);
				json_close('}');
			} else {
				table_cell(table, "%s", name);
				table_cell(table, "%s", question);
			}
		}
		free(entries[i]);
	}
	free(entries);
	if (as_json) {
		json_close(']');
		json_close('}');
		json_end();
	} else {
		table_print(table);
	}
}

static pid_t tracer;

/*
 * bpftrace misses an interrupt that comes while it prints, so there is another
 * later; not soon, for one that comes while it prints what it counted kills it.
 */
static void end_tracer(int sig)
{
	(void)sig;
	kill(tracer, SIGINT);
	alarm(20);
}

/* bpftrace prints what it counted when it is interrupted. */
static int run_script(char *path, unsigned long seconds)
{
	struct sigaction action = { .sa_handler = end_tracer };
	int status;

	fflush(stdout);
	tracer = fork();
	if (tracer < 0)
		cli_die_errno(errno, "fork");
	if (!tracer) {
		execlp("bpftrace", "bpftrace", path, NULL);
		if (errno == ENOENT)
			cli_warn("there is no bpftrace here; on Debian: apt install bpftrace");
		else
			cli_warn_errno(errno, "cannot run bpftrace");
		_exit(127);
	}

	/* A terminal interrupts both; only bpftrace is to end. */
	signal(SIGINT, SIG_IGN);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	alarm(seconds);
	while (waitpid(tracer, &status, 0) < 0)
		if (errno != EINTR)
			cli_die_errno(errno, "waitpid");
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
	       WEXITSTATUS(status);
}

static int trace_run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "time", required_argument, NULL, 't' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	unsigned long seconds = 0;
	bool as_json = false;
	char *path;
	int option;

	while ((option = getopt_long(argc, argv, "t:jh", options,
				     NULL)) != -1) {
		switch (option) {
		case 't':
			seconds = cli_number("--time", optarg, 1, 86400 * 365);
			break;
		case 'j':
			as_json = true;
			break;
		default:
			cli_option(option);
		}
	}
	if (optind == argc) {
		list(as_json);
		return 0;
	}
	path = script_path(argv[optind]);
	if (!path)
		cli_die("no script '%s'; isle trace lists them", argv[optind]);
	cli_no_arguments(argc - optind - 1, argv + optind + 1);
	return run_script(path, seconds);
}

const struct command trace_command = {
	.name = "trace",
	.brief = "answers a question about the running allocator (needs bpftrace)",
	.usage =
	"[--json]\n"
	"       isle trace [--time SECONDS] NAME\n\n"
	"Without a NAME: lists the scripts and the questions that they answer. With\n"
	"one: runs it until it is interrupted; most print at the end what they\n"
	"counted. Takes root and bpftrace. The head of scripts/bpftrace/NAME.bt says\n"
	"what its output means.\n\n"
	"  -t, --time SECONDS   end after so long, counted from the start of\n"
	"                       bpftrace, which needs a moment itself\n"
	"  -j, --json           the list as JSON\n"
	"  -h, --help           this\n",
	.run = trace_run,
};
