/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests of file mappings share: files, and openers bound to them. */
#ifndef _VM_FILE_H
#define _VM_FILE_H

#include "vm.h"

/* Where the files are: a tmpfs, and an ext4 in a file of it. */
static char *directory;
static bool mounted;

static inline int shell(const char *command)
{
	char line[512];

	snprintf(line, sizeof(line), command, directory);
	return system(line);
}

static inline void make_directory(const char *template)
{
	directory = mkdtemp(strdup(template));
	if (!directory)
		bail_out("mkdtemp: %s", strerror(errno));
}

/* Where a disk's own ways matter. */
static inline void mount_ext4(void)
{
	if (geteuid())
		return;
	mounted = !shell("cd %s && mkdir fs || exit\n"
			 NEW_EXT4("image")
			 "modprobe -q -a loop ext4\n"
			 "mount -o loop image fs\n");
	check(mounted, "an ext4");
}

static inline void remove_directory(void)
{
	if (mounted)
		shell("umount %s/fs");
	shell("rm -r %s");
}

static inline int open_file(const char *name, int flags)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, flags | O_CLOEXEC, 0600);
	if (fd < 0)
		bail_out("%s: %s", path, strerror(errno));
	return fd;
}

/* What fill_file() puts at an offset: each word and page has its own. */
static inline uint64_t content_word(size_t at, unsigned int seed)
{
	return (at / 8 + 1 + seed) * 0x9e3779b97f4a7c15;
}

static inline unsigned char content(size_t at, unsigned int seed)
{
	return content_word(at, seed) >> at % 8 * 8;
}

/* @start is a multiple of 8. */
static inline void fill_file(int file, size_t start, size_t end,
			     unsigned int seed)
{
	static uint64_t buffer[64 * PAGE / 8];
	size_t at, n, i;

	for (at = start; at < end; at += n) {
		n = end - at < sizeof(buffer) ? end - at : sizeof(buffer);
		for (i = 0; i < n; i += 8)
			buffer[i / 8] = content_word(at + i, seed);
		if (pwrite(file, buffer, n, at) != (ssize_t)n)
			bail_out("pwrite: %s", strerror(errno));
	}
}

/* A new file of so many bytes, out of the kernel's page cache where it can. */
static inline int make_file(const char *name, size_t size, unsigned int seed)
{
	int file = open_file(name, O_RDWR | O_CREAT | O_TRUNC);

	fill_file(file, 0, size, seed);
	fsync(file);
	posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
	return file;
}

/* How many words and odd bytes of memory differ from what fill_file() wrote. */
static inline size_t differs(const void *memory, size_t start, size_t end,
			     unsigned int seed)
{
	const volatile unsigned char *p = memory;
	size_t at = start, bad = 0;

	while (at < end) {
		if (at % 8 == 0 && end - at >= 8) {
			bad += *(volatile uint64_t *)(p + at - start) !=
			       content_word(at, seed);
			at += 8;
		} else {
			bad += p[at - start] != content(at, seed);
			at++;
		}
	}
	return bad;
}

static inline int try_bind(int fd, int file, unsigned int around,
			   unsigned long offset)
{
	struct isle_setup setup = {
		.kind = ISLE_SETUP_FILE,
		.fd = file,
		.fault_around = around,
		.offset = offset,
	};

	return ioctl(fd, ISLE_IOC_SETUP, &setup) ? errno : 0;
}

/* An opener that is a file. */
static inline int open_bound(int file, unsigned int around)
{
	int fd = open_isle(), err = try_bind(fd, file, around, 0);

	if (err)
		bail_out("ISLE_SETUP_FILE: %s", strerror(err));
	return fd;
}

static inline void *map_read(int fd, size_t length, int flags)
{
	return map_at(NULL, fd, length, PROT_READ, flags, 0);
}

/* Of the module; only root may. */
static inline bool set_parameter(const char *name, const char *value)
{
	char path[128];
	bool done;
	int fd;

	snprintf(path, sizeof(path), "/sys/module/isle/parameters/%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	done = write(fd, value, strlen(value)) == (ssize_t)strlen(value);
	close(fd);
	return done;
}

#endif /* _VM_FILE_H */
