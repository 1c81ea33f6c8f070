// SPDX-License-Identifier: GPL-2.0
/* System calls by number, and the process's own VMAs: see run.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "run.h"

void *sys_mmap(void *address, size_t length, int prot, int flags, int fd,
	       off_t offset)
{
	return (void *)syscall(SYS_mmap, address, length, prot, flags, fd,
			       offset);
}

int sys_munmap(void *address, size_t length)
{
	return syscall(SYS_munmap, address, length);
}

void *sys_mremap(void *address, size_t old_length, size_t length, int flags,
		 void *to)
{
	return (void *)syscall(SYS_mremap, address, old_length, length, flags,
			       to);
}

int sys_madvise(void *address, size_t length, int advice)
{
	return syscall(SYS_madvise, address, length, advice);
}

/**
 * struct lines - a file, line by line, without stdio, which allocates
 * @fd: the file
 * @have: bytes in @text
 * @text: what was read and not yet looked at
 */
struct lines {
	int fd;
	size_t have;
	char text[4096];
};

/* Return: the length of the line at the start of @text, 0 at the end. */
static size_t next_line(struct lines *lines, size_t last)
{
	char *newline;
	ssize_t got;

	lines->have -= last;
	memmove(lines->text, lines->text + last, lines->have);
	while (!(newline = memchr(lines->text, '\n', lines->have))) {
		if (lines->have == sizeof(lines->text))
			return lines->have;	/* no line is so long */
		got = syscall(SYS_read, lines->fd, lines->text + lines->have,
			      sizeof(lines->text) - lines->have);
		if (got <= 0)
			return 0;
		lines->have += got;
	}
	return newline - lines->text + 1;
}

static uintptr_t hex(const char **text)
{
	uintptr_t value = 0;

	for (;; (*text)++) {
		char c = **text;

		if (c >= '0' && c <= '9')
			value = value << 4 | (c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value << 4 | (c - 'a' + 10);
		else
			return value;
	}
}

/* "7f0012340000-7f0012350000 rw-p ..." */
static struct vma parse(const char *text)
{
	struct vma vma;

	vma.start = hex(&text);
	text++;
	vma.end = hex(&text);
	text++;
	vma.prot = (text[0] == 'r' ? PROT_READ : 0) |
		   (text[1] == 'w' ? PROT_WRITE : 0) |
		   (text[2] == 'x' ? PROT_EXEC : 0);
	return vma;
}

/* The kernel may be asked for lines while this library's lock is held. */
int sys_vmas(uintptr_t start, uintptr_t end, struct vma *vmas, int max)
{
	struct lines lines = { .have = 0 };
	size_t length = 0;
	int nr = 0;

	lines.fd = syscall(SYS_openat, AT_FDCWD, "/proc/self/maps",
			   O_RDONLY | O_CLOEXEC);
	if (lines.fd < 0)
		return -1;
	while ((length = next_line(&lines, length))) {
		struct vma vma = parse(lines.text);

		if (vma.end <= start)
			continue;
		if (vma.start >= end)
			break;
		if (nr < max) {
			vmas[nr] = vma;
			if (vma.start < start)
				vmas[nr].start = start;
			if (vma.end > end)
				vmas[nr].end = end;
		}
		nr++;
	}
	syscall(SYS_close, lines.fd);
	return nr;
}
