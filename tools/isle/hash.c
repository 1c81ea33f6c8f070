// SPDX-License-Identifier: GPL-2.0
/* isle hash: SHA-256 of files that are read into isle's memory. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sha2.h>

#include "cli.h"

enum buffer_kind { PRIVATE, SHARED, DIRECT };

struct buffer {
	unsigned char *data;
	size_t size;
	enum buffer_kind kind;
	unsigned char *bounce;		/* NULL until it is needed */
};

struct digest {
	char text[SHA256_DIGEST_STRING_LENGTH];
	__u64 bytes;
};

enum { BOUNCE_SIZE = 128 << 10 };

/* Memory ran out under a write: the kernel can only say so by signal. */
static void on_sigbus(int signal)
{
	static const char text[] =
		"isle hash: SIGBUS: isle has no memory left (see isle stat)\n";

	(void)signal;
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(CLI_FAILED);
	_exit(CLI_FAILED);
}

/*
 * Room for the whole file where that is known and not more than a quarter of
 * what processes may have; longer ones pass through it piece by piece.
 */
static size_t buffer_size(int fd, __u64 wanted)
{
	__u64 most = 0, page = device_page_size();
	struct isle_zone_info zone;
	struct isle_stats stats;
	unsigned int i;

	device_stats(fd, &stats);
	for (i = 0; i < stats.nr_zones; i++) {
		device_zone(fd, i, &zone);
		most += zone.user_max * page / 4;
	}
	most -= most % page;
	wanted = (wanted + page - 1) / page * page;
	if (wanted > most)
		wanted = most;
	return wanted ? wanted : page;
}

static struct buffer map_buffer(int fd, size_t size, enum buffer_kind kind)
{
	int flags = kind == PRIVATE ? MAP_PRIVATE : MAP_SHARED;
	struct buffer buffer = { .size = size, .kind = kind };

	buffer.data = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (buffer.data == MAP_FAILED)
		cli_die_errno(errno, "cannot map %zu bytes of %s", size,
			      ISLE_DEVICE);
	return buffer;
}

/*
 * Some file systems (9p and FUSE without a cache) read straight into the pages
 * of the caller, which private isle memory can't take. Then the file is read
 * to somewhere else and copied.
 */
static ssize_t read_and_copy(int file, struct buffer *buffer, size_t at)
{
	size_t size = buffer->size - at;
	ssize_t n;

	if (!buffer->bounce)
		buffer->bounce = malloc(BOUNCE_SIZE);
	if (!buffer->bounce)
		cli_die("out of memory");
	n = read(file, buffer->bounce, size < BOUNCE_SIZE ? size : BOUNCE_SIZE);
	if (n > 0)
		memcpy(buffer->data + at, buffer->bounce, n);
	return n;
}

static ssize_t read_at(int file, struct buffer *buffer, size_t at)
{
	ssize_t n;

	if (buffer->bounce)
		return read_and_copy(file, buffer, at);
	n = read(file, buffer->data + at, buffer->size - at);
	if (n < 0 && errno == EFAULT && buffer->kind == PRIVATE)
		return read_and_copy(file, buffer, at);
	return n;
}

/* Fills as much of the buffer as the file has; -1 on error. */
static ssize_t fill(int file, struct buffer *buffer)
{
	size_t filled = 0;
	ssize_t n;

	while (filled < buffer->size) {
		n = read_at(file, buffer, filled);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		filled += n;
		/* With O_DIRECT a short read is the end, and the next an error. */
		if (!n || (buffer->kind == DIRECT && n % device_page_size()))
			break;
	}
	return filled;
}

static int hash_stream(int file, struct buffer *buffer,
		       struct digest *digest)
{
	SHA2_CTX context;
	ssize_t n;

	SHA256Init(&context);
	digest->bytes = 0;
	while ((n = fill(file, buffer)) > 0) {
		SHA256Update(&context, buffer->data, n);
		digest->bytes += n;
		if ((size_t)n < buffer->size)
			break;
	}
	if (n < 0)
		return errno;
	SHA256End(&context, digest->text);
	return 0;
}

/* As sha256sum: a backslash in front says that the name has escapes. */
static void print_sum(const char *name, const struct digest *digest)
{
	const char *c;

	printf("%s%s  ", strpbrk(name, "\\\n\r") ? "\\" : "", digest->text);
	for (c = name; *c; c++) {
		if (*c == '\\')
			fputs("\\\\", stdout);
		else if (*c == '\n')
			fputs("\\n", stdout);
		else if (*c == '\r')
			fputs("\\r", stdout);
		else
			putchar(*c);
	}
	putchar('\n');
}

static void print_json(const char *name, const struct digest *digest)
{
	json_open(NULL, '{');
	json_text("file", name);
	json_text("sha256", digest->text);
	json_number("bytes", digest->bytes);
	json_close('}');
}

struct hash_request {
	enum buffer_kind kind;
	__u64 size;			/* of the buffer; 0: as the file's */
	bool as_json;
	bool verbose;
};

static int open_file(const char *name, enum buffer_kind kind)
{
	if (!strcmp(name, "-"))
		return dup(STDIN_FILENO);
	return open(name, O_RDONLY | O_CLOEXEC |
		    (kind == DIRECT ? O_DIRECT : 0));
}

static void say_counters(int fd, const struct buffer *buffer,
			 const struct digest *digest)
{
	struct isle_opener opener;
	char text[2][SIZE_TEXT];

	device_opener(fd, &opener);
	fprintf(stderr, "isle hash: %s through %s of isle memory, ",
		size_text(text[0], digest->bytes),
		pages_text(text[1], opener.object_pages + opener.private_pages));
	fprintf(stderr, "%llu faults that allocated, %llu pages around them\n",
		opener.faults_anon, opener.faults_around);
	if (buffer->bounce)
		fputs("isle hash: copied there: private isle memory takes no direct reads\n",
		      stderr);
}

/* One file, with a device and a buffer of its own. */
static bool hash_file(const char *name, const struct hash_request *request)
{
	struct buffer buffer;
	struct digest digest;
	int file, fd, error;
	struct stat st;

	file = open_file(name, request->kind);
	if (file < 0 || fstat(file, &st)) {
		cli_warn_errno(errno, "cannot open %s", name);
		return false;
	}

	fd = device_open();
	/* One page more than the file, to see its end in the first pass. */
	buffer = map_buffer(fd, buffer_size(fd, request->size ? request->size :
					    S_ISREG(st.st_mode) ?
					    (__u64)st.st_size + 1 :
					    1 << 20), request->kind);
	error = hash_stream(file, &buffer, &digest);
	if (error == EFAULT && request->kind == DIRECT)
		cli_warn("%s: the file can't be read straight into isle memory, or none is left (EFAULT)",
			 name);
	else if (error == EFAULT)
		cli_warn("%s: isle has no memory left (EFAULT; see isle stat)",
			 name);
	else if (error)
		cli_warn_errno(error, "cannot read %s", name);
	else if (request->as_json)
		print_json(name, &digest);
	else
		print_sum(name, &digest);
	if (!error && request->verbose)
		say_counters(fd, &buffer, &digest);

	munmap(buffer.data, buffer.size);
	free(buffer.bounce);
	close(fd);
	close(file);
	return !error;
}

static int hash_run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "shared", no_argument, NULL, 's' },
		{ "direct", no_argument, NULL, 'd' },
		{ "buffer", required_argument, NULL, 'b' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	struct hash_request request = { };
	int option, status = 0;

	while ((option = getopt_long(argc, argv, "sdb:vjh", options,
				     NULL)) != -1) {
		switch (option) {
		case 's':
			request.kind = SHARED;
			break;
		case 'd':
			request.kind = DIRECT;
			break;
		case 'b':
			request.size = cli_size("--buffer", optarg);
			break;
		case 'v':
			request.verbose = true;
			break;
		case 'j':
			request.as_json = true;
			break;
		default:
			cli_option(option);
		}
	}
	if (optind == argc) {
		cli_warn("which file? - is standard input");
		cli_option('?');
	}

	signal(SIGBUS, on_sigbus);
	if (request.as_json) {
		json_open(NULL, '{');
		json_open("files", '[');
	}
	for (argv += optind; *argv; argv++)
		if (!hash_file(*argv, &request))
			status = CLI_FAILED;
	if (request.as_json) {
		json_close(']');
		json_close('}');
		json_end();
	}
	return status;
}

const struct command hash_command = {
	.name = "hash",
	.brief = "SHA-256 of a file, read into isle memory",
	.usage =
	"[OPTION...] FILE...\n\n"
	"Reads each FILE (-: standard input) into memory of /dev/isle and prints its\n"
	"SHA-256 in the format of sha256sum, which can check it. A file that is\n"
	"larger than the buffer passes through it piece by piece.\n\n"
	"  -s, --shared       a MAP_SHARED mapping in place of MAP_PRIVATE\n"
	"  -d, --direct       likewise, and reads with O_DIRECT: the disk writes\n"
	"                     straight into isle's frames\n"
	"  -b, --buffer SIZE  bytes, or with K, M, G behind (the file's size, but at\n"
	"                     most a quarter of what processes may have)\n"
	"  -v, --verbose      says on standard error what it took\n"
	"  -j, --json         as JSON\n"
	"  -h, --help         this\n",
	.run = hash_run,
};
