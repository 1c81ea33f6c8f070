// SPDX-License-Identifier: GPL-2.0
/*
 * Mappings of files: what an opener may be bound to and what may be mapped of
 * it, the contents beside the file's own, ends of files, private copies,
 * truncation.
 *
 * Runs as: root nobody
 */
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "vm_file.h"

enum { ODD = 2 * 1024 * 1024 + 51234 };	/* bytes */

static void refuse(const char *what, int file, unsigned long offset, int err)
{
	int fd = open_isle(), got = try_bind(fd, file, 0, offset);

	if (!check(got == err, "%s: %s", what, strerror(err)))
		note("%s", strerror(got));
	close(fd);
}

static void refuse_path(const char *path, int flags, int err)
{
	int file = open(path, flags);

	refuse(path, file, 0, err);
	close(file);
}

static void binding(void)
{
	int file = make_file("bind", 3 * PAGE, 1), pipes[2], fd, write_only;
	struct isle_setup setup = { .kind = ISLE_SETUP_FILE, .flags = 2 };
	char *p;

	refuse("no file", -1, 0, EBADF);
	refuse("a closed file", 1000, 0, EBADF);
	refuse_path(".", O_RDONLY, ENODEV);
	refuse_path(".", O_PATH, EBADF);
	refuse_path("/dev/zero", O_RDWR, ENODEV);
	refuse_path(ISLE_DEVICE, O_RDWR, ENODEV);
	refuse_path("/proc/self/maps", O_RDONLY, ENODEV);
	refuse_path("/sys/kernel/mm/transparent_hugepage/enabled", O_RDONLY,
		    ENODEV);
	if (pipe(pipes))
		bail_out("pipe: %s", strerror(errno));
	refuse("a pipe", pipes[0], 0, ENODEV);
	close(pipes[0]);
	close(pipes[1]);
	write_only = open_file("bind", O_WRONLY);
	refuse("a file for writing only", write_only, 0, EACCES);
	close(write_only);
	refuse("half a page", file, PAGE / 2, EINVAL);
	refuse("an offset that no file has", file, 1UL << 63, EOVERFLOW);
	fd = open_isle();
	setup.fd = file;
	check(ioctl(fd, ISLE_IOC_SETUP, &setup) && errno == EINVAL,
	      "a flag: EINVAL");
	check(!try_bind(fd, file, 0, 0), "a regular file will do");
	check(try_bind(fd, file, 0, 0) == EBUSY, "but not twice");
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd,
		 -(off_t)PAGE);
	check(p == MAP_FAILED && errno == EOVERFLOW,
	      "and no mapping of what no file has");
	close(fd);
	fd = open_isle();
	p = map_private(fd, PAGE);
	check(try_bind(fd, file, 0, 0) == EBUSY, "nor after a mapping");
	munmap(p, PAGE);
	close(fd);
	close(file);
}

static void rights(void)
{
	int file = make_file("rights", PAGE, 1), only = open_file("rights", O_RDONLY);
	int fd = open_bound(only, 0);
	char *p;

	check(mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED &&
	      errno == EACCES, "what may be read only isn't mapped for writing");
	p = map_read(fd, PAGE, MAP_SHARED);
	check(mprotect(p, PAGE, PROT_READ | PROT_WRITE) && errno == EACCES,
	      "nor made so");
	munmap(p, PAGE);
	p = map_private(fd, PAGE);
	*p = 1;
	check(*p == 1 && !differs(p + 1, 1, PAGE, 1), "but privately");
	munmap(p, PAGE);
	close(fd);
	close(only);
	close(file);
}

#ifdef __x86_64__
static const unsigned char forty_two[] = { 0xb8, 42, 0, 0, 0, 0xc3 };

static void code(void)
{
	int file = make_file("code", PAGE, 1), fd;
	int (*function)(void);

	if (pwrite(file, forty_two, sizeof(forty_two), 0) < 0)
		bail_out("pwrite: %s", strerror(errno));
	fd = open_bound(file, 0);
	function = map_at(NULL, fd, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE,
			  0);
	check(function() == 42, "code in a file runs");
	munmap(function, PAGE);
	close(fd);
	close(file);
}
#else
static void code(void) { }
#endif

static void noexec(void)
{
	char *p;
	int file, fd;

	if (geteuid()) {
		skip("mounts nothing", "noexec");
		return;
	}
	shell("mkdir %s/noexec");
	if (shell("mount -t tmpfs -o noexec none %s/noexec"))
		bail_out("mount");
	file = make_file("noexec/file", PAGE, 1);
	fd = open_bound(file, 0);
	p = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	check(p == MAP_FAILED && errno == EPERM,
	      "no code from where nothing may be executed");
	p = map_read(fd, PAGE, MAP_PRIVATE);
	check(mprotect(p, PAGE, PROT_READ | PROT_EXEC) && errno == EACCES,
	      "nor later");
	munmap(p, PAGE);
	close(file);
	check(shell("umount %s/noexec 2>/dev/null"), "its mount is in use");
	close(fd);
	check(!shell("umount %s/noexec"), "until it is closed");
}

static void ends(const char *name, int flags)
{
	int file = make_file(name, ODD, 3), fd = open_bound(file, 0);
	size_t pages = (ODD + PAGE - 1) / PAGE, whole = pages * PAGE;
	char *p = map_read(fd, whole + 2 * PAGE, flags);

	check(!differs(p, 0, ODD, 3), "what is in the file");
	check(!nonzero(p + (ODD + 7) / 8 * 8, whole - (ODD + 7) / 8 * 8),
	      "zeroes after its end");
	check(touch(p + whole, false) == SIGBUS &&
	      touch(p + whole + PAGE, false) == SIGBUS, "and no page beyond");
	check(opener(fd).object_pages == pages, "each page once");
	munmap(p, whole + 2 * PAGE);
	close(fd);
	close(file);
}

static void sparse(const char *name)
{
	int file = make_file(name, PAGE, 1), fd;
	char *p;

	if (ftruncate(file, 5 * MB))
		bail_out("ftruncate: %s", strerror(errno));
	fill_file(file, 3 * MB, 3 * MB + PAGE, 1);
	fd = open_bound(file, 0);
	p = map_read(fd, 5 * MB, MAP_SHARED);
	check(!differs(p, 0, PAGE, 1) && !nonzero(p + PAGE, 3 * MB - PAGE) &&
	      !differs(p + 3 * MB, 3 * MB, 3 * MB + PAGE, 1) &&
	      !nonzero(p + 3 * MB + PAGE, 2 * MB - PAGE),
	      "a file with holes");
	munmap(p, 5 * MB);
	close(fd);
	close(file);
}

static void offsets(const char *name)
{
	int file = make_file(name, 64 * PAGE, 9), fd = open_isle();
	char *p;

	check(!try_bind(fd, file, 0, 8 * PAGE), "bound from an offset on");
	p = map_at(NULL, fd, 60 * PAGE, PROT_READ, MAP_SHARED, 4 * PAGE);
	check(!differs(p, 12 * PAGE, 64 * PAGE, 9) &&
	      touch(p + 52 * PAGE, false) == SIGBUS,
	      "offsets of mappings count from there");
	check(!discard(fd, NULL, 4 * PAGE, 0) &&
	      opener(fd).object_pages == 52, "and those of a discard");
	check(!discard(fd, (void *)(4 * PAGE), 8 * PAGE, 0) &&
	      opener(fd).object_pages == 44 &&
	      !differs(p, 12 * PAGE, 64 * PAGE, 9), "in the middle as well");
	munmap(p, 60 * PAGE);
	close(fd);
	close(file);
}

static void empty(void)
{
	int file = make_file("empty", 0, 1), fd = open_bound(file, 0);
	char *p = map_private(fd, PAGE);

	check(touch(p, false) == SIGBUS && touch(p, true) == SIGBUS,
	      "an empty file has no page");
	fill_file(file, 0, 10, 1);
	check(!differs(p, 0, 10, 1), "until it is written to");
	munmap(p, PAGE);
	close(fd);
	close(file);
}

static int child_writes(void *argument)
{
	char *p = argument;

	if (differs(p + PAGE, PAGE, 20 * PAGE, 13) || *p != 77)
		return 1;
	memset(p, 99, 10 * PAGE);
	return differs(p + 10 * PAGE, 10 * PAGE, 20 * PAGE, 13) != 0;
}

static void private_copies(const char *name)
{
	int file = make_file(name, 20 * PAGE, 13), fd = open_bound(file, 0);
	char *p = map_private(fd, 20 * PAGE), *q = map_read(fd, 20 * PAGE, MAP_SHARED);
	static char buffer[20 * PAGE];

	*p = 77;
	check(*p == 77 && !differs(p + 1, 1, 20 * PAGE, 13),
	      "a write to what was not read yet is a copy");
	p[5 * PAGE] = 78;
	check(p[5 * PAGE] == 78 &&
	      !differs(p + 5 * PAGE + 1, 5 * PAGE + 1, 20 * PAGE, 13),
	      "a write to what was read as well");
	check(!differs(q, 0, 20 * PAGE, 13), "that nobody else sees");
	check(pread(file, buffer, sizeof(buffer), 0) == sizeof(buffer) &&
	      !differs(buffer, 0, sizeof(buffer), 13), "nor the file");
	p[5 * PAGE] = content(5 * PAGE, 13);
	check(!child(child_writes, p), "a child has it and writes its own");
	check(*p == 77 && !differs(p + 1, 1, 20 * PAGE, 13),
	      "which its parent does not see");
	check(!discard(fd, p, 20 * PAGE, ISLE_RANGE_ADDRESS) &&
	      !differs(p, 0, 20 * PAGE, 13), "a discard shows the file again");
	*p = 77;
	munmap(p + 4 * PAGE, 4 * PAGE);
	close(fd);
	check(*p == 77 && !differs(p + 8 * PAGE, 8 * PAGE, 20 * PAGE, 13),
	      "a part of it outlives the opener");
	munmap(p, 20 * PAGE);
	munmap(q, 20 * PAGE);
	close(file);
}

static void written_to(void)
{
	int file = make_file("written", 4 * PAGE, 1), fd = open_bound(file, 0);
	char *p = map_read(fd, 4 * PAGE, MAP_SHARED);

	check(!differs(p, 0, 4 * PAGE, 1), "a file");
	fill_file(file, 0, 4 * PAGE, 2);
	check(!differs(p, 0, 4 * PAGE, 1),
	      "write() to it does not change what isle has");
	check(!discard(fd, p, 4 * PAGE, ISLE_RANGE_ADDRESS) &&
	      !differs(p, 0, 4 * PAGE, 2), "until it is discarded");
	munmap(p, 4 * PAGE);
	close(fd);
	close(file);
}

static void truncated(const char *name, int flags)
{
	int file = make_file(name, 600 * PAGE, 17), fd = open_bound(file, 0);
	char *p = map_at(NULL, fd, 600 * PAGE, PROT_READ | (flags == MAP_PRIVATE ?
			 PROT_WRITE : 0), flags, 0);
	size_t end = 2 * PAGE + 100;

	check(!differs(p, 0, 600 * PAGE, 17), "a file to be truncated");
	if (flags == MAP_PRIVATE)
		p[500 * PAGE] = 1;
	if (ftruncate(file, end))
		bail_out("ftruncate: %s", strerror(errno));
	check(touch(p + 3 * PAGE, false) == SIGBUS &&
	      touch(p + 500 * PAGE, false) == SIGBUS &&
	      touch(p + 599 * PAGE, false) == SIGBUS,
	      "pages beyond the new end are no more");
	check(!differs(p, 0, end, 17) && !nonzero(p + end + 4, PAGE - 104),
	      "the last one ends in zeroes");
	check(opener(fd).object_pages == 3, "their frames are free");
	if (ftruncate(file, 8 * PAGE))
		bail_out("ftruncate: %s", strerror(errno));
	check(!nonzero(p + 3 * PAGE, 5 * PAGE),
	      "made longer, it has zeroes there");
	munmap(p, 600 * PAGE);
	close(fd);
	close(file);
}

static void debugger(void)
{
	int file = make_file("debugger", 2 * PAGE + 10, 19), mem;
	int fd = open_bound(file, 0);
	char *p = map_private(fd, 4 * PAGE), buffer[100];

	mem = open("/proc/self/mem", O_RDWR);
	check(pread(mem, buffer, 100, (off_t)(uintptr_t)(p + PAGE - 50)) == 100 &&
	      !differs(buffer, PAGE - 50, PAGE + 50, 19),
	      "/proc/PID/mem reads what nobody touched");
	check(pwrite(mem, "abc", 3, (off_t)(uintptr_t)(p + 2 * PAGE)) == 3 &&
	      !memcmp(p + 2 * PAGE, "abc", 3) &&
	      !differs(p + 2 * PAGE + 3, 2 * PAGE + 3, 2 * PAGE + 10, 19),
	      "writes a copy");
	check(pread(mem, buffer, 100, (off_t)(uintptr_t)(p + 3 * PAGE)) < 0,
	      "and nothing beyond the end");
	close(mem);
	munmap(p, 4 * PAGE);
	close(fd);
	close(file);
}

/* It may write what mprotect() could allow: a breakpoint, in code. */
static void breakpoint(void)
{
	int file, only, fd, mem = open("/proc/self/mem", O_RDWR);
	char *p, *q;

	file = make_file("breakpoint", PAGE, 19);
	only = open_file("breakpoint", O_RDONLY);
	fd = open_bound(only, 0);
	p = map_read(fd, PAGE, MAP_PRIVATE);
	q = map_read(fd, PAGE, MAP_SHARED);
	check(pwrite(mem, "\xcc", 1, (off_t)(uintptr_t)(p + 5)) == 1 &&
	      p[5] == (char)0xcc && !differs(p + 6, 6, PAGE, 19) &&
	      !differs(q, 0, PAGE, 19),
	      "a debugger writes into a private mapping for reading, a copy");
	check(pwrite(mem, "\xcc", 1, (off_t)(uintptr_t)(q + 5)) < 0 &&
	      !differs(q, 0, PAGE, 19), "and into no shared one");
	munmap(p, PAGE);
	munmap(q, PAGE);
	close(fd);
	close(only);
	close(file);
	close(mem);
}

/* Moved as a whole and in part: the same pages, to truncation as well. */
static void moved(void)
{
	int file = make_file("moved", 20 * PAGE, 29), fd = open_bound(file, 0);
	char *p = map_private(fd, 20 * PAGE), *to, *part;

	to = mmap(NULL, 40 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		  0);
	part = to + 30 * PAGE;
	p[3 * PAGE] = 7;
	p[9 * PAGE] = 7;
	check(mremap(p, 20 * PAGE, 20 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		     to) == to && to[3 * PAGE] == 7 && to[9 * PAGE] == 7 &&
	      !differs(to + 10 * PAGE, 10 * PAGE, 20 * PAGE, 29),
	      "a mapping that moves keeps its copies");
	check(mremap(to + 2 * PAGE, 4 * PAGE, 4 * PAGE,
		     MREMAP_MAYMOVE | MREMAP_FIXED, part) == part &&
	      part[PAGE] == 7 && to[9 * PAGE] == 7 &&
	      touch(to + 2 * PAGE, false) == SIGSEGV &&
	      !differs(part + 2 * PAGE, 4 * PAGE, 6 * PAGE, 29),
	      "so does a part");
	if (ftruncate(file, 4 * PAGE))
		bail_out("ftruncate: %s", strerror(errno));
	check(part[PAGE] == 7 && touch(part + 2 * PAGE, false) == SIGBUS &&
	      touch(to + 9 * PAGE, false) == SIGBUS &&
	      !differs(to, 0, 2 * PAGE, 29), "and truncation finds both");
	munmap(to, 40 * PAGE);
	check(!opener(fd).private_pages, "unmapped, nothing of them is left");
	close(fd);
	close(file);
}

static void limited(void)
{
	int file = make_file("limited", 40 * PAGE, 21), fd = open_isle();
	struct isle_setup setup = {
		.kind = ISLE_SETUP_FILE,
		.fd = file,
		.limit = 16 * PAGE,
	};
	char *p, *q;
	int other;

	if (ioctl(fd, ISLE_IOC_SETUP, &setup))
		bail_out("ISLE_IOC_SETUP: %s", strerror(errno));
	p = map_private(fd, 40 * PAGE);
	expect_log("isle: vm_file\\[.*SIGBUS at .*: opener is at its limit");
	check(!differs(p, 0, 16 * PAGE, 21) &&
	      touch(p + 16 * PAGE, false) == SIGBUS &&
	      touch(p, true) == SIGBUS, "pages of a file count");
	discard(fd, NULL, 40 * PAGE, 0);
	check(!differs(p + 16 * PAGE, 16 * PAGE, 20 * PAGE, 21) &&
	      !discard(fd, NULL, 40 * PAGE, 0) && !touch(p + 16 * PAGE, true),
	      "and no more when discarded");
	discard(fd, NULL, 40 * PAGE, 0);
	other = open_bound(file, 0);
	q = map_read(other, 40 * PAGE, MAP_SHARED);
	check(!differs(q, 0, 40 * PAGE, 21) && !touch(p + PAGE, true) &&
	      !touch(p + 2 * PAGE, true), "those that others bring in don't");
	munmap(q, 40 * PAGE);
	close(other);
	check(!touch(p + 30 * PAGE, true) && opener(fd).object_pages == 40 &&
	      opener(fd).private_pages == 4, "nor when the others have gone");
	munmap(p, 40 * PAGE);
	close(fd);
	close(file);
}

static void unload(void)
{
	int file = make_file("unload", PAGE, 1), fd = open_bound(file, 0);
	char *p = map_read(fd, PAGE, MAP_SHARED);

	close(fd);
	if (geteuid())
		skip("unloads nothing", "rmmod");
	else
		check(syscall(SYS_delete_module, "isle", O_NONBLOCK) &&
		      errno == EAGAIN, "a module whose mappings are in use stays");
	munmap(p, PAGE);
	close(file);
}

int main(void)
{
	int fd = open_isle();
	long before = frames_out(fd);

	make_directory("/tmp/isle-vm_file.XXXXXX");
	mount_ext4();
	binding();
	rights();
	code();
	noexec();
	ends("private", MAP_PRIVATE);
	ends("shared", MAP_SHARED);
	sparse("sparse");
	offsets("offsets");
	empty();
	private_copies("copies");
	written_to();
	truncated("truncate", MAP_PRIVATE);
	truncated("truncate", MAP_SHARED);
	debugger();
	breakpoint();
	moved();
	limited();
	if (mounted) {
		note("the same on ext4");
		ends("fs/private", MAP_PRIVATE);
		ends("fs/shared", MAP_SHARED);
		sparse("fs/sparse");
		offsets("fs/offsets");
		private_copies("fs/copies");
		truncated("fs/truncate", MAP_SHARED);
	}
	check(back_to(fd, before), "every frame is back");
	close(fd);
	unload();
	remove_directory();
	return tap_end();
}
