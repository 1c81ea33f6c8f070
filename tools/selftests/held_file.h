/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A file whose reads take as long as a test wants: on a FUSE that is served by a
 * thread of the test's own, which keeps the answer back. What is read with
 * O_DIRECT goes straight into the caller's pages, which are pinned meanwhile.
 */
#ifndef _HELD_FILE_H
#define _HELD_FILE_H

#include <linux/fuse.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "vm_file.h"

#define HELD_PAGES	16UL	/* read at once */
#define HELD_SEED	77

static struct held_file {
	char path[128];
	int device;
	int file;
	pthread_t server;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool asked;
	bool let_go;
} held;

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
		bail_out("/dev/fuse: %s", strerror(errno));
}

static inline void held_read(const struct fuse_in_header *in)
{
	const struct fuse_read_in *read = (const void *)(in + 1);
	static uint64_t data[HELD_PAGES * PAGE / 8];
	size_t i, size = read->size < sizeof(data) ? read->size : sizeof(data);

	for (i = 0; i < size / 8; i++)
		data[i] = content_word(read->offset + i * 8, HELD_SEED);
	pthread_mutex_lock(&held.lock);
	held.asked = true;
	pthread_cond_broadcast(&held.changed);
	while (!held.let_go)
		pthread_cond_wait(&held.changed, &held.lock);
	pthread_mutex_unlock(&held.lock);
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
		held_reply(in->unique, -ENOSYS, NULL, 0);
	}
}

static inline void *held_serve(void *unused)
{
	static char buffer[HELD_PAGES * PAGE + 2 * PAGE] __attribute__((aligned(8)));

	(void)unused;
	while (read(held.device, buffer, sizeof(buffer)) > 0)
		held_answer((const struct fuse_in_header *)buffer);
	return NULL;
}

/* Whether there is one now; only root may. */
static inline bool held_open(void)
{
	char options[96];

	if (geteuid() || system("PATH=$PATH:/sbin:/usr/sbin modprobe -q fuse"))
		return false;
	held.device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (held.device < 0)
		return false;
	snprintf(held.path, sizeof(held.path), "%s/held", directory);
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=0,group_id=0", held.device);
	if (mkdir(held.path, 0700) ||
	    mount("held", held.path, "fuse", 0, options))
		bail_out("%s: %s", held.path, strerror(errno));
	pthread_mutex_init(&held.lock, NULL);
	pthread_cond_init(&held.changed, NULL);
	pthread_create(&held.server, NULL, held_serve, NULL);
	held.file = open_file("held/file", O_RDONLY | O_DIRECT);
	return true;
}

static inline void held_close(void)
{
	close(held.file);
	if (umount(held.path))
		bail_out("%s: %s", held.path, strerror(errno));
	pthread_join(held.server, NULL);
	close(held.device);
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
	held.asked = false;
	held.let_go = false;
	pthread_create(&io->thread, NULL, held_io_do, io);
	pthread_mutex_lock(&held.lock);
	while (!held.asked)
		pthread_cond_wait(&held.changed, &held.lock);
	pthread_mutex_unlock(&held.lock);
}

/* Lets the memory be written to, and waits for it. */
static inline bool held_io_end(struct held_io *io)
{
	pthread_mutex_lock(&held.lock);
	held.let_go = true;
	pthread_cond_broadcast(&held.changed);
	pthread_mutex_unlock(&held.lock);
	pthread_join(io->thread, NULL);
	return io->got == HELD_PAGES * PAGE;
}

#endif /* _HELD_FILE_H */
