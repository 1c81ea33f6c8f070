// SPDX-License-Identifier: GPL-2.0
/*
 * isle run: a program with its heap on isle.
 *
 * The work is done in the program, by a library that is preloaded; see
 * tools/run/run.h. With --stats this command stays, and reads the counters that
 * the program's processes leave in memory which they share with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../run/stats.h"
#include "cli.h"

#define LIBRARY	"libisle-run.so"

static const char *const reasons[RUN_NR_REASONS] = {
	[RUN_BY_SIZE]		= "excluded by size",
	[RUN_BY_LIBRARY]	= "excluded by library",
	[RUN_STACK]		= "stacks",
	[RUN_HUGETLB]		= "huge pages asked for",
	[RUN_EXEC]		= "executable, but /dev is noexec",
	[RUN_REFUSED]		= "isle refused",
};

struct run_request {
	char exclude[1024];
	const char *output;
	bool stats;
	bool huge;
	bool as_json;
};

static bool try_library(char path[PATH_MAX], const char *folder)
{
	return snprintf(path, PATH_MAX, "%s/" LIBRARY, folder) < PATH_MAX &&
	       !access(path, R_OK);
}

static bool beside_this_program(char path[PATH_MAX])
{
	char self[PATH_MAX];
	ssize_t length;

	length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (length <= 0)
		return false;
	self[length] = '\0';
	return try_library(path, dirname(self));
}

/* Where it was built, or where it is installed. */
static void find_library(char path[PATH_MAX])
{
	if (!beside_this_program(path) &&
	    !try_library(path, RUN_LIBRARY_FOLDER))
		cli_die("there is no " LIBRARY " beside this program, nor in "
			RUN_LIBRARY_FOLDER);
	if (strpbrk(path, ": "))
		cli_die("a path with a colon or a space in it can't be preloaded: %s",
			path);
}

/* Programs that are preloaded already keep what they have. */
static void preload(void)
{
	const char *others = getenv("LD_PRELOAD");
	char path[PATH_MAX], *value;

	find_library(path);
	if (asprintf(&value, "%s%s%s", path, others ? ":" : "",
		     others ? others : "") < 0 ||
	    setenv("LD_PRELOAD", value, 1))
		cli_die_errno(ENOMEM, "LD_PRELOAD");
	free(value);
}

/* Sizes in bytes from here on: the library reads no suffixes. */
static void add_rule(struct run_request *request, const char *rule)
{
	size_t have = strlen(request->exclude);
	char number[32];

	if (*rule >= '0' && *rule <= '9') {
		snprintf(number, sizeof(number), "%llu",
			 cli_size("--exclude", rule));
		rule = number;
	}
	if (!*rule || strchr(rule, ','))
		cli_die("--exclude: '%s' is neither a size nor a library",
			rule);
	if ((size_t)snprintf(request->exclude + have,
			     sizeof(request->exclude) - have, "%s%s",
			     have ? "," : "", rule) >=
	    sizeof(request->exclude) - have)
		cli_die("--exclude: too many rules");
}

static void __noreturn become(char **argv)
{
	int err;

	execvp(argv[0], argv);
	err = errno;
	cli_warn_errno(err, "cannot run %s", argv[0]);
	exit(err == ENOENT ? 127 : 126);
}

static struct run_stats *share_stats(void)
{
	struct run_stats *stats;
	char path[64];
	int fd;

	fd = memfd_create("isle-run", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, sizeof(*stats)))
		cli_die_errno(errno, "memfd_create");
	stats = mmap(NULL, sizeof(*stats), PROT_READ | PROT_WRITE, MAP_SHARED,
		     fd, 0);
	if (stats == MAP_FAILED)
		cli_die_errno(errno, "mmap");
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", getpid(), fd);
	setenv(RUN_STATS_ENV, path, 1);
	return stats;
}

static volatile pid_t program;

static void forward(int number)
{
	if (program > 0)
		kill(program, number);
}

/* As a shell does: the terminal's signals are for the program. */
static int run_and_wait(char **argv)
{
	int status;
	pid_t pid;

	pid = fork();
	if (pid < 0)
		cli_die_errno(errno, "fork");
	if (!pid)
		become(argv);
	program = pid;
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGTERM, forward);
	signal(SIGHUP, forward);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			cli_die_errno(errno, "waitpid");
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}

static __u64 pages_to_bytes(__u64 pages)
{
	return pages * device_page_size();
}

static double share(const struct run_image *image)
{
	unsigned int all = run_peak_all(image->peak);

	return all ? 100.0 * run_peak_isle(image->peak) / all : 0;
}

static void image_row(struct table *table, const struct run_image *image)
{
	char text[SIZE_TEXT];

	table_cell(table, "%s", image->name);
	table_cell(table, "%u", image->pid);
	table_cell(table, "%s",
		   pages_text(text, run_peak_all(image->peak)));
	table_cell(table, "%s",
		   pages_text(text, run_peak_isle(image->peak)));
	table_cell(table, "%.1f%%", share(image));
	table_cell(table, "%s", size_text(text, image->peak_mapped));
	table_cell(table, "%llu", (unsigned long long)image->mappings);
	table_cell(table, "%llu", (unsigned long long)image->faults[1]);
	table_cell(table, "%llu", (unsigned long long)image->faults[2]);
	table_cell(table, "%llu", (unsigned long long)image->faults[4]);
}

static void kernel_row(struct table *table, const struct run_image *image,
		       enum run_reason reason)
{
	char text[SIZE_TEXT];

	if (!image->kernel_calls[reason])
		return;
	table_cell(table, "%s", image->name);
	table_cell(table, "%u", image->pid);
	table_cell(table, "%s", reasons[reason]);
	table_cell(table, "%llu",
		   (unsigned long long)image->kernel_calls[reason]);
	table_cell(table, "%s", size_text(text, image->kernel_bytes[reason]));
}

static unsigned int count_images(const struct run_stats *stats)
{
	unsigned int nr = 0;

	while (nr < RUN_NR_IMAGES && stats->image[nr].pid)
		nr++;
	return nr;
}

static void print_stats(const struct run_stats *stats)
{
	static const char *const images[] = {
		"Program", ">PID", ">Peak", ">On isle", ">Share", ">Mapped",
		">Mappings", ">Faults", ">Copied", ">Huge",
	};
	static const char *const kernel[] = {
		"Program", ">PID", "In the kernel's memory", ">Times", ">Bytes",
	};
	unsigned int nr = count_images(stats), i, reason, went = 0;
	struct table *table;

	table = table_new(images, ARRAY_SIZE(images));
	for (i = 0; i < nr; i++)
		image_row(table, &stats->image[i]);
	table_print(table);
	table = table_new(kernel, ARRAY_SIZE(kernel));
	for (i = 0; i < nr; i++) {
		for (reason = 0; reason < RUN_NR_REASONS; reason++) {
			went += stats->image[i].kernel_calls[reason] != 0;
			kernel_row(table, &stats->image[i], reason);
		}
	}
	if (went) {
		putchar('\n');
		table_print(table);
	}
	if (stats->lost)
		printf("\n%u more programs were not counted.\n", stats->lost);
}

static void image_json(const struct run_image *image)
{
	unsigned int reason;

	json_open(NULL, '{');
	json_text("program", image->name);
	json_number("pid", image->pid);
	json_number("peak_bytes", pages_to_bytes(run_peak_all(image->peak)));
	json_number("isle_bytes", pages_to_bytes(run_peak_isle(image->peak)));
	json_number("mapped_bytes", image->peak_mapped);
	json_number("mappings", image->mappings);
	json_number("reopened", image->reopened);
	json_number("faults_zero", image->faults[0]);
	json_number("faults_anon", image->faults[1]);
	json_number("faults_cow", image->faults[2]);
	json_number("faults_reuse", image->faults[3]);
	json_number("faults_huge", image->faults[4]);
	json_open("kernel", '[');
	for (reason = 0; reason < RUN_NR_REASONS; reason++) {
		if (!image->kernel_calls[reason])
			continue;
		json_open(NULL, '{');
		json_text("reason", reasons[reason]);
		json_number("calls", image->kernel_calls[reason]);
		json_number("bytes", image->kernel_bytes[reason]);
		json_close('}');
	}
	json_close(']');
	json_close('}');
}

static void print_json(const struct run_stats *stats)
{
	unsigned int nr = count_images(stats), i;

	json_open(NULL, '{');
	json_open("programs", '[');
	for (i = 0; i < nr; i++)
		image_json(&stats->image[i]);
	json_close(']');
	json_number("not_counted", stats->lost);
	json_close('}');
	json_end();
}

/* To the error output, or a file: the program's output stays its own. */
static void show(const struct run_stats *stats,
		 const struct run_request *request)
{
	if (request->output) {
		if (!freopen(request->output, "we", stdout))
			cli_die_errno(errno, "%s", request->output);
	} else if (dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
		cli_die_errno(errno, "dup2");
	}
	if (!count_images(stats))
		cli_warn("the program did not load " LIBRARY
			 ": it is linked statically, or runs with other rights");
	if (request->as_json)
		print_json(stats);
	else
		print_stats(stats);
}

static void parse(int argc, char **argv, struct run_request *request)
{
	static const struct option options[] = {
		{ "stats", optional_argument, NULL, 's' },
		{ "exclude", required_argument, NULL, 'x' },
		{ "huge", no_argument, NULL, 'H' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	int option;

	while ((option = getopt_long(argc, argv, "+sx:Hjh", options,
				     NULL)) != -1) {
		switch (option) {
		case 's':
			request->stats = true;
			request->output = optarg;
			break;
		case 'x':
			add_rule(request, optarg);
			break;
		case 'H':
			request->huge = true;
			break;
		case 'j':
			request->as_json = true;
			break;
		default:
			cli_option(option);
		}
	}
}

/* The program runs all the same. */
static void say_if_not_huge(int fd)
{
	struct isle_version version;

	device_version(fd, &version);
	if (!(version.features & ISLE_FEATURE_HUGE))
		cli_warn("this kernel maps no device by pages of 2 MB");
	else if (version.huge_allowed <= ISLE_HUGE_NEVER)
		cli_warn("the kernel's transparent_hugepage switch says never: no pages of 2 MB");
}

static int run_run(int argc, char **argv)
{
	struct run_request request = { .stats = false };
	struct run_stats *stats;
	int status, fd;

	parse(argc, argv, &request);
	argv += optind;
	if (!*argv) {
		cli_warn("which program?");
		cli_option('?');
	}
	if (request.as_json && !request.stats) {
		cli_warn("--json is for --stats");
		cli_option('?');
	}
	fd = device_open();	/* else say why not */
	if (request.huge)
		say_if_not_huge(fd);
	close(fd);
	preload();
	unsetenv(RUN_STATS_ENV);
	if (*request.exclude)
		setenv(RUN_EXCLUDE_ENV, request.exclude, 1);
	else
		unsetenv(RUN_EXCLUDE_ENV);
	if (request.huge)
		setenv(RUN_HUGE_ENV, "1", 1);
	else
		unsetenv(RUN_HUGE_ENV);
	if (!request.stats)
		become(argv);
	stats = share_stats();
	status = run_and_wait(argv);
	show(stats, &request);
	return status;
}

const struct command run_command = {
	.name = "run",
	.brief = "run a program with its heap on isle",
	.usage =
	"[--stats[=FILE] [--json]] [--exclude RULE]... [--huge] PROGRAM [ARGUMENT...]\n\n"
	"Runs a dynamically linked program, and what it starts, with malloc() and\n"
	"private anonymous mappings on isle. isle-run(1) says what such memory can't\n"
	"do. The exit status is the program's.\n\n"
	"  -s, --stats[=FILE]   when it has ended, show the peak of each program's\n"
	"                       heap and what of it was on isle; to FILE or stderr\n"
	"  -j, --json           that as JSON\n"
	"  -x, --exclude SIZE   blocks and mappings of SIZE and more get the kernel's\n"
	"                       memory\n"
	"  -x, --exclude NAME   and those that the library of that name asks for, or\n"
	"                       the program itself; * stands for anything\n"
	"  -H, --huge           pages of 2 MB where there is room for one\n"
	"  -h, --help           this\n",
	.run = run_run,
};
