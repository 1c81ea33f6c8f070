// SPDX-License-Identifier: GPL-2.0
/*
 * Shared mappings of files whose pages the kernel pins: O_DIRECT to and from
 * them, pipes, process_vm_writev(). What is written through a pin reaches the
 * file, however long it took and whatever became of the mapping meanwhile.
 *
 * Runs as: root nobody
 * CPUs: 2
 * Loads: region=contig:8M dirty_expire_centisecs=0
 */
#include <linux/if_xdp.h>
#include <linux/io_uring.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "held_file.h"

enum { SOME = 40, PIPED = 8 };	/* pages */

static unsigned long dirty(int fd)
{
	return opener(fd).dirty_pages;
}

/* Whether the file has what fill_file() would write there. */
static bool file_has(int file, size_t start, size_t end, unsigned int seed)
{
	static char buffer[SOME * PAGE] __attribute__((aligned(4096)));
	size_t size = end - start;

	return pread(file, buffer, size, start) == (ssize_t)size &&
	       !differs(buffer, start, end, seed);
}

static bool comes_to_have(int file, size_t start, size_t end, unsigned int seed)
{
	unsigned int try;

	for (try = 0; try < MOMENTS; try++) {
		if (file_has(file, start, end, seed))
			return true;
		sleep_ms(MOMENT_MS);
	}
	return false;
}

/* O_DIRECT wakes its caller before it lets go of the pages. */
static bool comes_clean(int fd)
{
	unsigned int try;

	for (try = 0; try < MOMENTS; try++) {
		if (fsync(fd))
			return false;
		if (!dirty(fd))
			return true;
		sleep_ms(MOMENT_MS);
	}
	return false;
}

static void direct_io(const char *name, const char *other_name)
{
	int file = make_file(name, SOME * PAGE, 1), fd = open_bound(file, 0);
	int other = make_file(other_name, SOME * PAGE, 2), direct;
	char *p = map_shared(fd, SOME * PAGE), *private;
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", directory, other_name);
	direct = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (direct < 0) {
		skip("takes no O_DIRECT", "direct I/O");
		goto out;
	}
	check(pread(direct, p, 20 * PAGE, 0) == 20 * PAGE &&
	      !differs(p, 0, 20 * PAGE, 2) &&
	      !differs(p + 20 * PAGE, 20 * PAGE, SOME * PAGE, 1),
	      "O_DIRECT reads into a mapping of a file");
	check(dirty(fd) >= 20 && comes_clean(fd) &&
	      file_has(file, 0, 20 * PAGE, 2) &&
	      file_has(file, 20 * PAGE, SOME * PAGE, 1), "and fsync() writes it");
	check(pread(direct, p, PAGE, PAGE) == PAGE && dirty(fd) == 1 &&
	      !msync(p, PAGE, MS_SYNC) && file_has(file, PAGE, 2 * PAGE, 2) &&
	      !memcmp(p, p + PAGE, PAGE), "what is mapped for reading, too");
	comes_clean(fd);
	discard(fd, p, SOME * PAGE, ISLE_RANGE_ADDRESS);
	check(pwrite(direct, p + 20 * PAGE, 20 * PAGE, 0) == 20 * PAGE &&
	      !dirty(fd), "O_DIRECT writes from it, and it stays clean");
	fsync(direct);
	check(pread(other, p, 20 * PAGE, 0) == 20 * PAGE &&
	      !differs(p, 20 * PAGE, SOME * PAGE, 1),
	      "what the mapping has");
	if (mounted) {
		private = map_private(fd, PAGE);
		*private = 1;
		check(pread(direct, private, PAGE, 0) < 0 && errno == EFAULT,
		      "a private mapping of a file: EFAULT");
		munmap(private, PAGE);
	}
	close(direct);
out:
	munmap(p, SOME * PAGE);
	close(fd);
	close(other);
	close(file);
}

static void by_other_processes(void)
{
	int file = make_file("process", SOME * PAGE, 1), fd = open_bound(file, 0);
	char *p = map_shared(fd, SOME * PAGE), buffer[] = "written by a process";
	struct iovec from = { buffer, sizeof(buffer) };
	struct iovec to = { p + 3 * PAGE, sizeof(buffer) };

	check(process_vm_writev(getpid(), &from, 1, &to, 1, 0) ==
	      sizeof(buffer) && dirty(fd) == 1 && !fsync(fd) && !dirty(fd),
	      "process_vm_writev() makes a page dirty");
	check(pread(file, buffer, sizeof(buffer), 3 * PAGE) == sizeof(buffer) &&
	      !strcmp(buffer, p + 3 * PAGE), "and it is written");
	munmap(p, SOME * PAGE);
	close(fd);
	close(file);
}

/* Pins that last: the kernel refuses those for writing, 6.1 not all of them. */
static void registered(char *p)
{
	struct iovec iov = { p, SOME * PAGE };
	struct io_uring_params params = { 0 };
	int ring = syscall(SYS_io_uring_setup, 1, &params);

	if (ring < 0)
		skip("no io_uring", "registered buffers");
	else
		check(syscall(SYS_io_uring_register, ring,
			      IORING_REGISTER_BUFFERS, &iov, 1) < 0 &&
		      (errno == EFAULT || errno == EOPNOTSUPP),
		      "io_uring registers no mapping of a file");
	close(ring);
}

static void received_into(int fd, char *p)
{
	struct xdp_umem_reg area = {
		.addr = (uintptr_t)p,
		.len = SOME * PAGE,
		.chunk_size = PAGE,
	};
	int network = socket(AF_XDP, SOCK_RAW, 0);
	unsigned int try;

	if (network < 0) {
		skip("no AF_XDP", "memory for packets");
		return;
	}
	if (setsockopt(network, SOL_XDP, XDP_UMEM_REG, &area, sizeof(area))) {
		check(errno == EFAULT, "no memory for packets, either");
		close(network);
		return;
	}
	check(!fsync(fd) && dirty(fd) == SOME, "memory for packets stays dirty");
	close(network);
	for (try = 0; try < MOMENTS && dirty(fd); try++) {
		sleep_ms(MOMENT_MS);
		fsync(fd);
	}
	check(!dirty(fd), "for as long as it is that");
}

static void for_long(void)
{
	int file = make_file("long", SOME * PAGE, 1), fd = open_bound(file, 0);
	char *p = map_shared(fd, SOME * PAGE);

	registered(p);
	fsync(fd);
	received_into(fd, p);
	munmap(p, SOME * PAGE);
	close(fd);
	close(file);
}

/* A pipe has the pages themselves, to be read, until it is read. */
static void piped(void)
{
	int file = make_file("piped", SOME * PAGE, 1), fd = open_bound(file, 0);
	char *p = map_shared(fd, SOME * PAGE);
	struct iovec iov = { p, PIPED * PAGE };
	static char buffer[PIPED * PAGE];
	int pipes[2], other = open_isle();

	if (pipe(pipes))
		bail_out("pipe: %s", strerror(errno));
	(void)*(volatile char *)p;
	check(vmsplice(pipes[1], &iov, 1, 0) == PIPED * PAGE && !dirty(fd),
	      "vmsplice() puts pages of a file into a pipe");
	discard(fd, p, SOME * PAGE, ISLE_RANGE_ADDRESS);
	check(waiting_are(other, PIPED), "discarded, they wait there");
	fill_file(file, 0, SOME * PAGE, 3);
	check(!differs(p, 0, SOME * PAGE, 3), "and are read anew");
	check(read(pipes[0], buffer, sizeof(buffer)) == sizeof(buffer) &&
	      !differs(buffer, 0, sizeof(buffer), 1) && waiting_are(other, 0),
	      "what is in the pipe stays as it was");

	*p ^= 1;
	vmsplice(pipes[1], &iov, 1, 0);
	check(!fsync(fd) && dirty(fd) == 1, "a dirty page in a pipe is written");
	munmap(p, SOME * PAGE);
	close(fd);
	fd = open_bound(file, 0);
	check(dirty(fd) == 1, "and written again, also when all is closed");
	close(fd);
	check(read(pipes[0], buffer, sizeof(buffer)) == sizeof(buffer) &&
	      (buffer[0] ^= 1, !differs(buffer, 0, sizeof(buffer), 3)),
	      "what is in the pipe is whole");
	close(pipes[0]);
	close(pipes[1]);
	close(other);
	close(file);
}

/* The rest is with a read under way; each leaves the file with its words. */
struct case_file {
	int file;
	int fd;
	char *p;
	struct held_io io;
};

static void begin(struct case_file *c, const char *name)
{
	c->file = make_file(name, SOME * PAGE, 1);
	c->fd = open_bound(c->file, 0);
	c->p = map_shared(c->fd, SOME * PAGE);
	held_io_start(&c->io, c->p);
}

static void end(struct case_file *c)
{
	if (c->p)
		munmap(c->p, SOME * PAGE);
	if (c->fd >= 0)
		close(c->fd);
	close(c->file);
}

static bool file_has_held(const struct case_file *c)
{
	return file_has(c->file, 0, HELD_PAGES * PAGE, HELD_SEED);
}

static bool memory_has_held(const struct case_file *c)
{
	return !differs(c->p, 0, HELD_PAGES * PAGE, HELD_SEED);
}

static void written_back(void)
{
	struct case_file c;

	begin(&c, "fs/written");
	check(dirty(c.fd) == HELD_PAGES, "pages that are being read into");
	check(!msync(c.p, SOME * PAGE, MS_SYNC) &&
	      file_has(c.file, 0, SOME * PAGE, 1) && dirty(c.fd) == HELD_PAGES,
	      "are written back as they are, and stay dirty");
	(void)*(volatile char *)c.p;
	check(!fsync(c.fd) && dirty(c.fd) == HELD_PAGES, "mapped again as well");
	check(held_io_end(&c.io) && memory_has_held(&c),
	      "read after they were written back");
	check(!fsync(c.fd) && !dirty(c.fd) && file_has_held(&c),
	      "they are written again");
	end(&c);
}

static void by_age(void)
{
	struct case_file c;
	unsigned int try;

	set_parameter("dirty_expire_centisecs", "20");
	begin(&c, "fs/age");
	fsync(c.fd);
	sleep_ms(500);
	check(dirty(c.fd) == HELD_PAGES, "old, they stay dirty while it lasts");
	check(held_io_end(&c.io), "then");
	for (try = 0; try < MOMENTS && dirty(c.fd); try++)
		sleep_ms(MOMENT_MS);
	check(!dirty(c.fd) &&
	      file_has(c.file, 0, HELD_PAGES * PAGE, HELD_SEED),
	      "they are written by age");
	set_parameter("dirty_expire_centisecs", "0");
	end(&c);
}

static void truncated(void)
{
	int other = open_isle();
	struct case_file c;
	struct stat stat;
	char *p;

	begin(&c, "fs/truncated");
	if (ftruncate(c.file, 0))
		bail_out("ftruncate: %s", strerror(errno));
	check(!dirty(c.fd) && touch(c.p, false) == SIGBUS &&
	      waiting_are(other, HELD_PAGES),
	      "a file that is cut off leaves its pinned pages to wait");
	p = map_private(other, 4 * MB);
	fill(p, 4 * MB / PAGE, 5);
	check(held_io_end(&c.io) && waiting_are(other, 0) &&
	      !wrong(p, 4 * MB / PAGE, 5), "they are nobody else's before");
	check(!fsync(c.fd) && !fstat(c.file, &stat) && !stat.st_size,
	      "and nothing is written");
	munmap(p, 4 * MB);
	close(other);
	end(&c);
}

/* All the memory there is, wanted for something else. */
static void squeezed(void)
{
	int other = open_isle();
	size_t most = stats(other).managed * 8 / 10;
	struct case_file c;
	char *p;

	begin(&c, "fs/squeezed");
	fsync(c.fd);
	discard(c.fd, c.p, SOME * PAGE, ISLE_RANGE_ADDRESS);
	check(opener(c.fd).object_pages == HELD_PAGES,
	      "a discard leaves what is pinned");
	p = map_private(other, most * PAGE);
	fill(p, most, 6);
	check(opener(c.fd).object_pages >= HELD_PAGES && !wrong(p, most, 6),
	      "and so does a want of memory");
	munmap(p, most * PAGE);
	check(held_io_end(&c.io) && memory_has_held(&c) && !fsync(c.fd) &&
	      file_has_held(&c), "nothing is lost");
	close(other);
	end(&c);
}

static void closed(void)
{
	struct case_file c;

	begin(&c, "fs/closed");
	munmap(c.p, SOME * PAGE);
	close(c.fd);
	c.p = NULL;
	c.fd = -1;
	check(file_has(c.file, 0, SOME * PAGE, 1), "unmapped and closed");
	check(held_io_end(&c.io) &&
	      comes_to_have(c.file, 0, HELD_PAGES * PAGE, HELD_SEED),
	      "what is read then still reaches the file");
	end(&c);

	begin(&c, "fs/reopened");
	munmap(c.p, SOME * PAGE);
	close(c.fd);
	sleep_ms(150);
	c.fd = open_bound(c.file, 0);
	c.p = map_shared(c.fd, SOME * PAGE);
	check(!differs(c.p, 0, SOME * PAGE, 1) && dirty(c.fd) == HELD_PAGES,
	      "closed and opened again, the pages are the same");
	check(held_io_end(&c.io) && memory_has_held(&c) && !fsync(c.fd) &&
	      !dirty(c.fd) && file_has_held(&c), "and get what is read");
	end(&c);
}

static void forked(void)
{
	int pipes[2], status;
	struct case_file c;
	char byte;
	pid_t pid;

	begin(&c, "fs/forked");
	if (pipe(pipes))
		bail_out("pipe: %s", strerror(errno));
	pid = must_fork();
	if (!pid) {
		close(pipes[1]);
		if (read(pipes[0], &byte, 1))
			_exit(1);
		if (!memory_has_held(&c))
			_exit(2);
		c.p[20 * PAGE] ^= 1;
		_exit(0);
	}
	close(pipes[0]);
	check(!fsync(c.fd) && dirty(c.fd) == HELD_PAGES, "over a fork");
	check(held_io_end(&c.io), "it is read");
	close(pipes[1]);
	waitpid(pid, &status, 0);
	check(!status && dirty(c.fd) == HELD_PAGES + 1,
	      "a child sees it, and what it writes is the parent's");
	c.p[20 * PAGE] ^= 1;
	check(!fsync(c.fd) && file_has_held(&c) &&
	      file_has(c.file, HELD_PAGES * PAGE, SOME * PAGE, 1),
	      "all of it is written");
	end(&c);
}

int main(void)
{
	int fd = open_isle();
	long before = frames_out(fd);

	make_directory("/tmp/isle-vm_file_pin.XXXXXX");
	mount_ext4();
	direct_io(mounted ? "fs/file" : "file", mounted ? "fs/other" : "other");
	by_other_processes();
	for_long();
	piped();
	if (mounted && held_open()) {
		written_back();
		by_age();
		truncated();
		squeezed();
		closed();
		forked();
		held_close();
	} else {
		skip("has no FUSE, or is not root", "reads that take long");
	}
	check(back_to(fd, before), "every frame is back");
	remove_directory();
	return tap_end();
}
