// SPDX-License-Identifier: GPL-2.0
/* isle alloc, isle free: blocks of an order and a migratetype. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "holder.h"

#define MAX_BLOCKS	0x100000

/* Where blocks are printed to: a table, or JSON. */
struct listing {
	struct table *table;		/* NULL: JSON */
	unsigned int nr;
};

static void listing_begin(struct listing *listing, bool as_json)
{
	static const char *const headings[] = {
		"Handle", ">Order", ">Size", "Type", ">Node", "Zone",
		">References", ">Physical",
	};

	*listing = (struct listing){ };
	if (as_json) {
		json_open(NULL, '{');
		json_open("blocks", '[');
	} else {
		listing->table = table_new(headings, ARRAY_SIZE(headings));
	}
}

static void block_row(struct table *table, const char *handle,
		      const struct isle_block *block, const char *zone)
{
	char text[SIZE_TEXT];

	table_cell(table, "%s", handle);
	table_cell(table, "%u", block->order);
	table_cell(table, "%s", pages_text(text, 1ULL << block->order));
	table_cell(table, "%s", migratetype_name(block->migratetype));
	table_cell(table, "%d", block->nid);
	table_cell(table, "%s", zone);
	table_cell(table, "%u", block->references);
	if (block->phys)
		table_cell(table, "%#llx", block->phys);
	else
		table_cell(table, "-");
}

static void block_json(const char *handle, const struct isle_block *block,
		       const char *zone)
{
	json_open(NULL, '{');
	json_text("handle", handle);
	json_number("order", block->order);
	json_number("bytes", device_page_size() << block->order);
	json_text("migratetype", migratetype_name(block->migratetype));
	json_signed("node", block->nid);
	json_text("zone", zone);
	json_number("references", block->references);
	json_number("physical", block->phys);
	json_close('}');
}

/* Adds a block, unless the device no longer has it. */
static void listing_add(struct listing *listing, int fd, pid_t pid,
			__u64 handle)
{
	struct isle_block block = { .handle = handle };
	struct isle_zone_info zone;
	char text[48];

	if (ioctl(fd, ISLE_IOC_QUERY, &block)) {
		if (errno == ENOENT)
			return;
		cli_die_errno(errno, "ISLE_IOC_QUERY of %llu", handle);
	}
	device_zone(fd, block.zone, &zone);
	if (pid)
		snprintf(text, sizeof(text), "%d:%llu", pid, handle);
	else
		snprintf(text, sizeof(text), "-");
	if (listing->table)
		block_row(listing->table, text, &block, zone.name);
	else
		block_json(text, &block, zone.name);
	listing->nr++;
}

static void listing_end(struct listing *listing)
{
	if (listing->table) {
		table_print(listing->table);
		return;
	}
	json_close(']');
	json_close('}');
	json_end();
}

static void list_holder(struct holder *holder, void *data)
{
	size_t i;

	for (i = 0; i < holder->nr; i++)
		listing_add(data, holder->fd, holder->pid, holder->handles[i]);
}

static void list_all(bool as_json)
{
	struct listing listing;

	listing_begin(&listing, as_json);
	holder_each(list_holder, &listing);
	listing_end(&listing);
}

/* All of them or none: blocks got so far go when the program ends. */
static __u64 *allocate(int fd, const struct isle_block *wanted,
		       unsigned long count)
{
	__u64 *handles = calloc(count, sizeof(*handles));
	struct isle_block block;
	unsigned long i;

	if (!handles)
		cli_die("out of memory");
	for (i = 0; i < count; i++) {
		block = *wanted;
		if (ioctl(fd, ISLE_IOC_ALLOC, &block))
			cli_die_errno(errno, "block %lu of %lu, order %u, %s",
				      i + 1, count, block.order,
				      migratetype_name(block.migratetype));
		handles[i] = block.handle;
	}
	return handles;
}

static void show(int fd, pid_t pid, const __u64 *handles,
		 unsigned long count, bool as_json)
{
	struct listing listing;
	unsigned long i;

	listing_begin(&listing, as_json);
	for (i = 0; i < count; i++)
		listing_add(&listing, fd, pid, handles[i]);
	listing_end(&listing);
	fflush(stdout);
}

static int run_program(char **argv)
{
	int status;
	pid_t pid;

	pid = fork();
	if (pid < 0)
		cli_die_errno(errno, "fork");
	if (!pid) {
		execvp(argv[0], argv);
		cli_warn_errno(errno, "cannot run %s", argv[0]);
		_exit(127);
	}

	/* The terminal's interrupt is for the command to handle. */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			cli_die_errno(errno, "waitpid");
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
	       WEXITSTATUS(status);
}

static void pause_for(unsigned long seconds)
{
	struct timespec left = { .tv_sec = seconds };

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

struct alloc_request {
	struct isle_block block;
	unsigned long count;
	unsigned long hold;
	bool list;
	bool as_json;
};

static void parse_alloc(int argc, char **argv, struct alloc_request *request)
{
	static const struct option options[] = {
		{ "order", required_argument, NULL, 'o' },
		{ "count", required_argument, NULL, 'n' },
		{ "migratetype", required_argument, NULL, 'm' },
		{ "node", required_argument, NULL, 'N' },
		{ "nowait", no_argument, NULL, 'w' },
		{ "compound", no_argument, NULL, 'c' },
		{ "hold", required_argument, NULL, 'H' },
		{ "list", no_argument, NULL, 'l' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	int option;

	while ((option = getopt_long(argc, argv, "+o:n:m:N:H:ljh", options,
				     NULL)) != -1) {
		switch (option) {
		case 'o':
			/* Too large an order is the device's to refuse. */
			request->block.order =
				cli_number("--order", optarg, 0, UINT32_MAX);
			break;
		case 'n':
			request->count =
				cli_number("--count", optarg, 1, MAX_BLOCKS);
			break;
		case 'm':
			request->block.migratetype = cli_migratetype(optarg);
			break;
		case 'N':
			request->block.nid =
				cli_number("--node", optarg, 0, INT32_MAX);
			break;
		case 'w':
			request->block.flags |= ISLE_BLOCK_NOWAIT;
			break;
		case 'c':
			request->block.flags |= ISLE_BLOCK_COMP;
			break;
		case 'H':
			request->hold =
				cli_number("--hold", optarg, 1, 86400 * 365);
			break;
		case 'l':
			request->list = true;
			break;
		case 'j':
			request->as_json = true;
			break;
		default:
			cli_option(option);
		}
	}
}

static int alloc_run(int argc, char **argv)
{
	struct alloc_request request = { .count = 1, .block.nid = -1 };
	__u64 *handles;
	pid_t pid;
	int fd;

	parse_alloc(argc, argv, &request);
	argv += optind;
	if (*argv && strcmp(argv[-1], "--"))
		cli_no_arguments(argc - optind, argv);
	if (!!*argv + !!request.hold + request.list > 1) {
		cli_warn("only one of --hold, --list and a command");
		cli_option('?');
	}
	if (request.list) {
		list_all(request.as_json);
		return 0;
	}

	fd = device_open();
	handles = allocate(fd, &request.block, request.count);
	if (*argv)
		return run_program(argv);
	if (request.hold) {
		show(fd, 0, handles, request.count, request.as_json);
		pause_for(request.hold);
		return 0;
	}
	pid = holder_start(fd, handles, request.count);
	show(fd, pid, handles, request.count, request.as_json);
	return 0;
}

const struct command alloc_command = {
	.name = "alloc",
	.brief = "allocate blocks and keep them",
	.usage =
	"[OPTION...] [--hold SECONDS | -- COMMAND [ARGUMENT...]]\n"
	"       isle alloc --list [--json]\n\n"
	"Allocates blocks of 2^ORDER pages and prints their handles. A block lives\n"
	"as long as the process that has the device open; so\n"
	"  - without --hold or COMMAND a process is left in the background that\n"
	"    holds them until isle free, or until it is killed;\n"
	"  - with --hold they are kept for SECONDS, and\n"
	"  - with COMMAND for as long as it runs; its exit status is isle's.\n"
	"All blocks are allocated or none.\n\n"
	"  -o, --order N            2^N pages each (0)\n"
	"  -n, --count N            that many blocks (1)\n"
	"  -m, --migratetype TYPE   Unmovable (the default), Movable, Reclaimable,\n"
	"                           HighAtomic or CMA\n"
	"  -N, --node N             of that node first\n"
	"      --nowait             fail rather than wait for memory\n"
	"      --compound           compound blocks\n"
	"  -H, --hold SECONDS       keep them for so long\n"
	"  -l, --list               blocks that isle alloc left of this user\n"
	"  -j, --json               as JSON\n"
	"  -h, --help               this\n",
	.run = alloc_run,
};

static void free_block(const struct holder *holder, __u64 handle)
{
	struct isle_free request = { .handle = handle };

	if (!ioctl(holder->fd, ISLE_IOC_FREE, &request))
		return;
	if (errno == ENOENT)
		cli_die("%d:%llu: no such block", holder->pid, handle);
	cli_die_errno(errno, "%d:%llu", holder->pid, handle);
}

static bool still_allocated(const struct holder *holder, __u64 handle)
{
	struct isle_block block = { .handle = handle };

	return !ioctl(holder->fd, ISLE_IOC_QUERY, &block);
}

static void free_all_of(struct holder *holder, void *data)
{
	size_t i;

	(void)data;
	for (i = 0; i < holder->nr; i++)
		if (still_allocated(holder, holder->handles[i]))
			free_block(holder, holder->handles[i]);
}

/* PID:NUMBER is one block, PID all that this process holds. */
static void free_handle(const char *text)
{
	struct holder holder;
	int pid, end = 0;
	__u64 number;

	if (sscanf(text, "%d%n:%llu%n", &pid, &end, &number, &end) < 1 ||
	    text[end] || pid <= 0)
		cli_die("'%s' is not a handle; isle alloc --list shows them",
			text);
	if (holder_connect(&holder, pid))
		cli_die("%s: no such block; isle alloc --list shows them",
			text);
	if (strchr(text, ':'))
		free_block(&holder, number);
	else
		free_all_of(&holder, NULL);
	holder_hang_up(&holder);
}

static int free_run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "all", no_argument, NULL, 'a' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	bool all = false;
	int option;

	while ((option = getopt_long(argc, argv, "ah", options, NULL)) != -1) {
		if (option == 'a')
			all = true;
		else
			cli_option(option);
	}
	argv += optind;
	if (all == !!*argv) {
		cli_warn(all ? "--all or handles, not both" :
			 "which block? (see isle alloc --list)");
		cli_option('?');
	}

	if (all)
		holder_each(free_all_of, NULL);
	for (; *argv; argv++)
		free_handle(*argv);
	return 0;
}

const struct command free_command = {
	.name = "free",
	.brief = "free blocks of isle alloc",
	.usage =
	"HANDLE... | --all\n\n"
	"Frees blocks that isle alloc printed: PID:NUMBER is one block, PID all\n"
	"that the process holds. A process that holds no more blocks ends.\n\n"
	"  -a, --all    all blocks that isle alloc left of this user\n"
	"  -h, --help   this\n",
	.run = free_run,
};
