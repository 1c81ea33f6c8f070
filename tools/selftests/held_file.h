/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A file whose reads take as long as a test wants: on a FUSE that is served by a
 * child of the test's, which keeps the answer back. What is read with O_DIRECT goes
 * straight into the caller's pages, which are pinned meanwhile. A process that ends
 * in such a read needs somebody else to end it: so not a thread, and it dies with
 * the test.
 */
#ifndef _HELD_FILE_H
#define _HELD_FILE_H

#include <linux/fuse.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "vm_file.h"

#define HELD_PAGES	16UL	/* read at once */
#define HELD_SEED	77

static struct held_file {
	char path[128];
	int device;
	int file;
	pid_t server;
	struct held_state {
		bool asked;
		bool let_go;
	} *state;	/* of both processes */
} held;

static inline void held_set(bool *what, bool value)
{
	__atomic_store_n(what, value, __ATOMIC_SEQ_CST);
}

static inline void held_wait(const bool *what)
{
	while (!__atomic_load_n(what, __ATOMIC_SEQ_CST))
		sleep_ms(2);
}

static inline void held_reply(uint64_t unique, int error, const void *data, size_t size)
{
	struct fuse_out_header header = {
		.len = sizeof(header) + size,
		.error = error,
		.unique = unique,
	};
	struct iovec iov[] = {
		{ &header, sizeof(header) },
		{ (void *)data, size },
	};

	/* Who asked may be gone. */
	if (writev(held.device, iov, size ? 2 : 1) < 0 && errno != ENOENT)
		_exit(1);
}

static inline void held_read(const struct fuse_in_header *in)
{
	const struct fuse_read_in *read = (const void *)(in + 1);
	static uint64_t data[HELD_PAGES * PAGE / 8];
	size_t i, size = read->size < sizeof(data) ? read->size : sizeof(data);

	for (i = 0; i < size / 8; i++)
		data[i] = content_word(read->offset + i * 8, HELD_SEED);
	held_set(&held.state->asked, true);
	held_wait(&held.state->let_go);
	held_reply(in->unique, 0, data, size);
}

static inline struct fuse_attr held_attr(uint64_t node)
{
	return (struct fuse_attr) {
		.ino = node,
		.size = HELD_PAGES * PAGE,
		.mode = node == FUSE_ROOT_ID ? S_IFDIR | 0755 : S_IFREG | 0644,
		.nlink = 1,
	};
}

static inline void held_answer(const struct fuse_in_header *in)
{
	struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION,
		.minor = 31,
		.max_write = HELD_PAGES * PAGE,
	};
	struct fuse_entry_out entry = { .nodeid = 2, .attr = held_attr(2) };
	struct fuse_attr_out attr = { .attr = held_attr(in->nodeid) };
	struct fuse_open_out open = { .open_flags = FOPEN_DIRECT_IO };

	switch (in->opcode) {
	case FUSE_INIT:
		held_reply(in->unique, 0, &init, sizeof(init));
		break;
	case FUSE_LOOKUP:
		held_reply(in->unique, 0, &entry, sizeof(entry));
		break;
	case FUSE_GETATTR:
		held_reply(in->unique, 0, &attr, sizeof(attr));
		break;
	case FUSE_OPEN:
		held_reply(in->unique, 0, &open, sizeof(open));
		break;
	case FUSE_READ:
		held_read(in);
		break;
	case FUSE_RELEASE:
		held_reply(in->unique, 0, NULL, 0);
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break;
	default:
		held_reply(in->unique, -EOPNOTSUPP, NULL, 0);
	}
}

static inline void held_serve(void)
{
	static char buffer[HELD_PAGES * PAGE + 2 * PAGE] __attribute__((aligned(8)));

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(held.device, buffer, sizeof(buffer)) > 0)
		held_answer((const struct fuse_in_header *)buffer);
	_exit(0);
}

/* Whether there is one now; only root may. */
static inline bool held_open(void)
{
	char options[96];

	if (geteuid())
		return false;
	/* Where it is not built in. */
	shell("PATH=$PATH:/sbin:/usr/sbin modprobe -q fuse");
	held.device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (held.device < 0)
		return false;
	snprintf(held.path, sizeof(held.path), "%s/held", directory);
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=0,group_id=0", held.device);
	if (mkdir(held.path, 0700) ||
	    mount("held", held.path, "fuse", 0, options))
		bail_out("%s: %s", held.path, strerror(errno));
	held.state = map_at(NULL, -1, PAGE, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, 0);
	fflush(stdout);
	held.server = fork();
	if (!held.server)
		held_serve();
	close(held.device);
	held.file = open_file("held/file", O_RDONLY | O_DIRECT);
	return true;
}

static inline void held_close(void)
{
	close(held.file);
	if (umount(held.path))
		bail_out("%s: %s", held.path, strerror(errno));
	waitpid(held.server, NULL, 0);
}

/* A read of HELD_PAGES into memory, under way. */
struct held_io {
	char *to;
	ssize_t got;
	pthread_t thread;
};

static inline void *held_io_do(void *argument)
{
	struct held_io *io = argument;

	io->got = pread(held.file, io->to, HELD_PAGES * PAGE, 0);
	return NULL;
}

/* Returns when the memory is pinned. */
static inline void held_io_start(struct held_io *io, char *to)
{
	io->to = to;
	held_set(&held.state->asked, false);
	held_set(&held.state->let_go, false);
	pthread_create(&io->thread, NULL, held_io_do, io);
	held_wait(&held.state->asked);
}

/* Lets the memory be written to, and waits for it. */
static inline bool held_io_end(struct held_io *io)
{
	held_set(&held.state->let_go, true);
	pthread_join(io->thread, NULL);
	return io->got == HELD_PAGES * PAGE;
}

#endif /* _HELD_FILE_H */
