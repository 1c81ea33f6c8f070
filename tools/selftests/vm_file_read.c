// SPDX-License-Identifier: GPL-2.0
/*
 * Reading files for mappings of them: one cache for all who are bound to a file,
 * read-ahead, races, system calls between a file and mappings of itself, readers
 * that are killed, disks that fail.
 *
 * Runs as: root nobody
 * CPUs: 2
 */
#include "vm_file.h"

struct reader {
	int file;
	size_t size;
};

static int read_again(void *argument)
{
	struct reader *reader = argument;
	int fd = open_bound(reader->file, 0);
	char *p = map_read(fd, reader->size, MAP_SHARED);
	bool bad;

	bad = differs(p, 0, reader->size, 5) || opener(fd).filled_pages ||
	      opener(fd).object_pages != reader->size / PAGE;
	munmap(p, reader->size);
	close(fd);
	return bad;
}

static void one_cache(void)
{
	struct reader reader = { .size = 512 * PAGE };
	int a, b;
	char *p;

	reader.file = make_file("cache", reader.size, 5);
	a = open_bound(reader.file, 0);
	b = open_bound(reader.file, 0);
	p = map_read(a, reader.size, MAP_SHARED);
	check(!differs(p, 0, reader.size, 5) &&
	      opener(a).filled_pages == 512 && opener(b).object_pages == 512,
	      "what one opener brings in another has");
	check(!child(read_again, &reader), "another process as well");
	munmap(p, reader.size);
	close(a);
	check(!read_again(&reader), "when the first has gone, too");
	close(b);
	a = open_bound(reader.file, 0);
	check(!opener(a).object_pages, "but not when all have gone");
	close(a);
	close(reader.file);
}

static void read_ahead(const char *name)
{
	int file = make_file(name, 4 * MB, 7), fd = open_bound(file, PAGE);
	size_t i, pages = 4 * MB / PAGE, bad = 0;
	struct isle_opener info;
	char *p;

	p = map_read(fd, 4 * MB, MAP_SHARED);
	for (i = 0; i < pages; i++)
		bad += differs(p + i * PAGE, i * PAGE, i * PAGE + 8, 7);
	info = opener(fd);
	note("%s: %llu faults read %llu pages in order", name, info.faults_file,
	     info.filled_pages);
	check(!bad && info.filled_pages == pages &&
	      info.faults_file < pages / 8, "who reads in order waits seldom");
	discard(fd, NULL, 4 * MB, 0);
	posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
	for (i = 0; i < 100; i++) {
		size_t page = (i * 1237 + 11) % (pages - 1) + 1;

		bad += differs(p + page * PAGE, page * PAGE, page * PAGE + 8,
			       7);
	}
	info.filled_pages = opener(fd).filled_pages - info.filled_pages;
	check(!bad && info.filled_pages == 100,
	      "who reads anywhere gets nothing else");
	discard(fd, NULL, 4 * MB, 0);
	info = opener(fd);
	madvise(p, 4 * MB, MADV_RANDOM);
	for (i = 0; i < 100; i++)
		(void)*(volatile char *)(p + i * PAGE);
	check(opener(fd).filled_pages - info.filled_pages == 100 &&
	      opener(fd).faults_file - info.faults_file >= 100,
	      "nor who said MADV_RANDOM");
	munmap(p, 4 * MB);
	close(fd);
	close(file);
}

struct racers {
	char *memory;
	pthread_barrier_t start;
};

enum { RACERS = 4, RACED = 700 };

static void *race(void *argument)
{
	struct racers *racers = argument;
	size_t bad = 0, i;

	pthread_barrier_wait(&racers->start);
	for (i = 0; i < RACED; i++)
		bad += differs(racers->memory + i * PAGE, i * PAGE,
			       i * PAGE + 16, 11);
	return (void *)bad;
}

static void racing(const char *name, int flags)
{
	pthread_t threads[RACERS];
	struct racers racers;
	size_t bad = 0;
	void *result;
	int file, fd;
	unsigned int i;

	file = make_file(name, RACED * PAGE, 11);
	fd = open_bound(file, PAGE);
	racers.memory = map_read(fd, RACED * PAGE, flags);
	pthread_barrier_init(&racers.start, NULL, RACERS);
	for (i = 0; i < RACERS; i++)
		pthread_create(&threads[i], NULL, race, &racers);
	for (i = 0; i < RACERS; i++) {
		pthread_join(threads[i], &result);
		bad += (size_t)result;
	}
	check(!bad && opener(fd).filled_pages == RACED,
	      "threads that race for pages bring in each once");
	munmap(racers.memory, RACED * PAGE);
	close(fd);
	close(file);
}

/*
 * The file's own lock is held while memory of isle's is read or written, page by
 * page: XFS has one for reading, too. Whoever took it again in a fault, or waited
 * for write-back, would wait for itself.
 */
static void into_itself(const char *name)
{
	int file = make_file(name, 64 * PAGE, 15), fd = open_bound(file, PAGE);
	char *p = map_shared(fd, 64 * PAGE), *q = map_private(fd, 64 * PAGE);

	check(pwrite(file, p, 32 * PAGE, 32 * PAGE) == 32 * PAGE &&
	      !discard(fd, NULL, 64 * PAGE, 0) &&
	      !differs(p + 32 * PAGE, 0, 32 * PAGE, 15),
	      "a file is written from a mapping of itself");
	discard(fd, NULL, 64 * PAGE, 0);
	check(pwrite(file, q + 32 * PAGE, 16 * PAGE, 16 * PAGE) == 16 * PAGE &&
	      !differs(q, 0, 16 * PAGE, 15), "from a private one");
	discard(fd, NULL, 64 * PAGE, 0);
	check(pread(file, q + 40 * PAGE, 8 * PAGE, 2 * PAGE) == 8 * PAGE &&
	      !differs(q + 40 * PAGE, 2 * PAGE, 10 * PAGE, 15),
	      "and read into a private one");
	discard(fd, NULL, 64 * PAGE, 0);
	check(pread(file, p + 50 * PAGE, 10 * PAGE, 0) == 10 * PAGE &&
	      !differs(p + 50 * PAGE, 0, 10 * PAGE, 15) && !fsync(fd) &&
	      pread(file, q, 10 * PAGE, 50 * PAGE) == 10 * PAGE &&
	      !differs(q, 0, 10 * PAGE, 15),
	      "or a shared one, which writes it again");
	munmap(p, 64 * PAGE);
	munmap(q, 64 * PAGE);
	close(fd);
	close(file);
}

/* Pages of a file, opened for reading, in the kernel's own cache. */
static size_t cached(int file, size_t pages)
{
	unsigned char *vector = calloc(pages, 1);
	void *p = mmap(NULL, pages * PAGE, PROT_READ, MAP_SHARED, file, 0);
	size_t i, nr = 0;

	if (p == MAP_FAILED || mincore(p, pages * PAGE, vector))
		bail_out("mincore: %s", strerror(errno));
	for (i = 0; i < pages; i++)
		nr += vector[i] & 1;
	munmap(p, pages * PAGE);
	free(vector);
	return nr;
}

/* Reading is under way when the call that began it returns. */
static bool becomes_cached(int file, size_t pages, size_t nr)
{
	unsigned int try;

	for (try = 0; try < MOMENTS && cached(file, pages) < nr; try++)
		sleep_ms(MOMENT_MS);
	return cached(file, pages) == nr;
}

static int will_need(int fd, const void *start, size_t length,
		     unsigned int flags)
{
	struct isle_range range = {
		.start = (uintptr_t)start,
		.length = length,
		.flags = flags,
		.value = ISLE_ADVISE_WILLNEED,
	};

	return ioctl(fd, ISLE_IOC_ADVISE, &range);
}

static void advised(const char *name)
{
	int file = make_file(name, 64 * PAGE, 27), fd = open_bound(file, PAGE);
	char *p = map_read(fd, 64 * PAGE, MAP_SHARED);

	check(!cached(file, 64) && !will_need(fd, p + 8 * PAGE, 16 * PAGE,
					      ISLE_RANGE_ADDRESS) &&
	      becomes_cached(file, 64, 16) && !opener(fd).object_pages,
	      "WILLNEED begins to read pages");
	check(!will_need(fd, (void *)(32 * PAGE), 16 * PAGE, 0) &&
	      becomes_cached(file, 64, 32), "by offset as well");
	check(!will_need(fd, (void *)(60 * PAGE), 1UL << 40, 0) &&
	      !will_need(fd, (void *)(1UL << 40), PAGE, 0) &&
	      becomes_cached(file, 64, 36), "as far as the file is long");
	check(!differs(p, 0, 64 * PAGE, 27), "what it has is then there");
	munmap(p, 64 * PAGE);
	close(fd);
	close(file);
}

/* A disk that has lost what is behind its first megabyte. */
static void unreadable(void)
{
	int file, fd, again;
	char *p, byte;

	if (!mounted) {
		skip("mounts nothing", "what can't be read");
		return;
	}
	if (shell("cd %s && mkdir badfs || exit\n"
		  NEW_EXT4("bad")
		  "mount -o loop bad badfs"))
		bail_out("no second ext4");
	close(make_file("badfs/file", 8 * MB, 25));
	if (shell("cd %s && umount badfs && mount -o loop,ro,noload bad badfs"))
		bail_out("mount");
	file = open_file("badfs/file", O_RDONLY);
	fd = open_bound(file, PAGE);
	again = open_bound(file, PAGE);
	p = map_read(fd, 8 * MB, MAP_SHARED);
	check(!differs(p, 0, PAGE, 25), "a file on a disk that will fail");
	expect_log("I/O error,? (on )?dev(ice)? loop");
	expect_log("isle: vm_file_read\\[.*SIGBUS at .*: its file can't be read");
	shell("truncate -s 1M %s/bad");
	if (pread(file, &byte, 1, 7 * MB) == 1) {
		skip("this disk reads zeroes there", "what can't be read");
	} else {
		check(touch(p + 6 * MB, false) == SIGBUS,
		      "what can't be read: SIGBUS");
		check(!differs(p, 0, PAGE, 25), "what was read stays");
		check(fsync(fd) && errno == EIO && !fsync(fd),
		      "fsync() says why, once");
		check(fsync(again) && errno == EIO && !fsync(again),
		      "to each opener");
	}
	munmap(p, 8 * MB);
	close(again);
	close(fd);
	close(file);
	shell("umount %s/badfs");
}

/* Readers that are killed anywhere in a fault. */
static void killed(const char *name)
{
	int file = make_file(name, 2 * MB, 23), fd = open_bound(file, PAGE);
	unsigned int i, bad = 0;
	char *p;

	for (i = 0; i < times(20); i++) {
		int status;
		pid_t pid;

		discard(fd, NULL, 2 * MB, 0);
		posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
		pid = must_fork();
		if (!pid) {
			p = map_private(fd, 2 * MB);
			for (;;)
				p[rand() % (2 * MB)]++;
		}
		sleep_ms(i);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
	p = map_read(fd, 2 * MB, MAP_SHARED);
	for (i = 0; i < 2 * MB / PAGE; i++)
		bad += !!differs(p + i * PAGE, i * PAGE, i * PAGE + 64, 23);
	check(!bad, "readers and writers that were killed leave the file as it was");
	munmap(p, 2 * MB);
	close(fd);
	close(file);
}

/* Its locks are not ext4's. Made in the smallest image that it can be had in. */
static void on_xfs(void)
{
	if (!mounted) {
		skip("mounts nothing", "an XFS");
		return;
	}
	if (shell("PATH=$PATH:/sbin:/usr/sbin\n"
		  "command -v mkfs.xfs >/dev/null && cd %s && mkdir xfs || exit\n"
		  "truncate -s 32M disk\n"
		  "mkfs.xfs -q --unsupported disk 2>/dev/null || {\n"
		  "truncate -s 320M disk && mkfs.xfs -q -f disk || exit\n"
		  "}\n"
		  "modprobe -q xfs\n"
		  "mount -o loop disk xfs")) {
		skip("there is no XFS here", "an XFS");
		return;
	}
	note("the same on XFS");
	racing("xfs/race", MAP_SHARED);
	into_itself("xfs/itself");
	set_parameter("dirty_ratio", "0");
	into_itself("xfs/itself");
	set_parameter("dirty_ratio", "20");
	check(!shell("umount %s/xfs"), "nobody holds the file system");
}

int main(void)
{
	int fd = open_isle();
	long before = frames_out(fd);

	make_directory("/tmp/isle-vm_file_read.XXXXXX");
	mount_ext4();
	one_cache();
	read_ahead("ahead");
	racing("race", MAP_SHARED);
	into_itself("itself");
	killed("kill");
	if (mounted) {
		note("the same on ext4");
		read_ahead("fs/ahead");
		racing("fs/race", MAP_PRIVATE);
		racing("fs/race", MAP_SHARED);
		into_itself("fs/itself");
		advised("fs/advised");
		killed("fs/kill");
	}
	on_xfs();
	unreadable();
	remove_directory();
	check(back_to(fd, before), "every frame is back");
	return tap_end();
}
