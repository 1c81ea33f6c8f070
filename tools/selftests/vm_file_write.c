// SPDX-License-Identifier: GPL-2.0
/*
 * Shared mappings of files that are written to: dirty pages and how they get
 * into the file: by msync(), fsync(), close, kill and by age; what others
 * see; that no write is lost; errors; truncation under way.
 *
 * Runs as: root nobody
 * CPUs: 2
 * Loads: dirty_expire_centisecs=0
 */
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "vm_file.h"

enum { SOME = 40 };	/* pages */

static char *map_write(int fd, size_t length)
{
	return map_at(NULL, fd, length, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
}

/* How many bytes of a range of the file differ from what memory has. */
static size_t file_differs(int file, const char *memory, size_t start,
			   size_t end)
{
	static char buffer[PAGE];
	size_t bad = 0, at, n;

	for (at = start; at < end; at += n) {
		n = end - at < PAGE ? end - at : PAGE;
		if (pread(file, buffer, n, at) != (ssize_t)n)
			return end - start;
		bad += memcmp(buffer, memory + at - start, n) != 0;
	}
	return bad;
}

static unsigned long dirty(int fd)
{
	return opener(fd).dirty_pages;
}

static void written_back(const char *name)
{
	int file = make_file(name, SOME * PAGE - 100, 1), fd = open_bound(file, 0);
	char *p = map_write(fd, SOME * PAGE);
	struct stat stat;

	check(!differs(p, 0, SOME * PAGE - 100, 1) && !dirty(fd),
	      "what is only read is not dirty");
	p[3 * PAGE] = 'a';
	p[4 * PAGE + 1] = 'b';
	p[(SOME - 1) * PAGE + 10] = 'c';
	check(dirty(fd) == 3 && file_differs(file, p, 0, SOME * PAGE - 100) == 3,
	      "what is written to is dirty");
	check(!msync(p + 3 * PAGE, PAGE, MS_SYNC) && dirty(fd) == 2 &&
	      !file_differs(file, p, 0, 4 * PAGE),
	      "msync() writes a page");
	check(!fsync(fd) && !dirty(fd) &&
	      !file_differs(file, p, 0, SOME * PAGE - 100),
	      "fsync() all of them");
	p[3 * PAGE] = 'd';
	check(dirty(fd) == 1 && !fsync(fd) &&
	      !file_differs(file, p, 0, SOME * PAGE - 100),
	      "a page that is written to again is written back again");
	p[SOME * PAGE - 50] = 'e';
	check(!fsync(fd) && !fstat(file, &stat) &&
	      stat.st_size == SOME * PAGE - 100, "the file gets no longer");
	p[5 * PAGE] = 'f';
	check(!discard(fd, p, SOME * PAGE, ISLE_RANGE_ADDRESS) &&
	      opener(fd).object_pages == 1 && p[5 * PAGE] == 'f',
	      "a discard leaves what is dirty");
	check(!mprotect(p, SOME * PAGE, PROT_READ) && !fsync(fd) &&
	      !mprotect(p, SOME * PAGE, PROT_READ | PROT_WRITE) && !dirty(fd),
	      "written back while it is for reading only");
	p[5 * PAGE] = 'g';
	check(dirty(fd) == 1, "it gets dirty all the same");
	munmap(p + 5 * PAGE, PAGE);
	check(dirty(fd) == 1, "unmapped, it stays so");
	close(fd);
	check(file_differs(file, "g", 5 * PAGE, 5 * PAGE + 1),
	      "closed but mapped as well");
	munmap(p, 5 * PAGE);
	munmap(p + 6 * PAGE, (SOME - 6) * PAGE);
	check(!file_differs(file, "g", 5 * PAGE, 5 * PAGE + 1),
	      "the last unmapping writes it");
	close(file);
}

static int write_and_die(void *argument)
{
	int fd = open_bound(*(int *)argument, 0);
	char *p = map_write(fd, SOME * PAGE);

	fill(p, SOME, 5);
	kill(getpid(), SIGKILL);
	return 0;
}

static void killed(const char *name)
{
	int file = make_file(name, SOME * PAGE, 1);
	static char buffer[SOME * PAGE];

	check(child(write_and_die, &file) == 1000 + SIGKILL &&
	      pread(file, buffer, sizeof(buffer), 0) == sizeof(buffer) &&
	      !wrong(buffer, SOME, 5), "what a killed process wrote is in the file");
	close(file);
}

static int child_writes(void *argument)
{
	fill(argument, SOME, 7);
	return 0;
}

static void coherent(const char *name)
{
	int file = make_file(name, SOME * PAGE, 1), mem;
	int a = open_bound(file, 0), b = open_bound(file, 0);
	char *p = map_write(a, SOME * PAGE), *q = map_write(b, SOME * PAGE);
	char *private = map_private(b, SOME * PAGE);
	size_t i, bad = 0;

	check(!differs(q, 0, SOME * PAGE, 1) &&
	      !differs(private, 0, SOME * PAGE, 1), "two openers of a file");
	private[8] = 1;
	fill(p, SOME, 6);
	check(!wrong(q, SOME, 6), "what one writes the other reads");
	for (i = 1; i < SOME; i++)
		bad += *word(private, i) != pattern(i, 6);
	check(private[8] == 1 && !bad,
	      "and private mappings where they have no copy");
	check(!child(child_writes, p) && !wrong(q, SOME, 7),
	      "a child writes the same memory");
	mem = open("/proc/self/mem", O_RDWR);
	fsync(a);
	check(pwrite(mem, "xyz", 3, (off_t)(uintptr_t)(p + 9 * PAGE)) == 3 &&
	      !memcmp(q + 9 * PAGE, "xyz", 3) && dirty(a) == 1,
	      "and so does /proc/PID/mem");
	close(mem);
	munmap(p, SOME * PAGE);
	close(a);
	check(!dirty(b) && !file_differs(file, q, 0, SOME * PAGE),
	      "who closes writes back");
	munmap(q, SOME * PAGE);
	munmap(private, SOME * PAGE);
	close(b);
	close(file);
}

struct counting {
	char *memory;
	bool stop;
	uint64_t rounds;
};

static void *count(void *argument)
{
	struct counting *counting = argument;
	size_t i;

	while (!__atomic_load_n(&counting->stop, __ATOMIC_RELAXED)) {
		counting->rounds++;
		for (i = 0; i < SOME; i++)
			*(volatile uint64_t *)word(counting->memory, i) =
				counting->rounds;
	}
	return NULL;
}

/* Each write is before a write-back, which has it, or dirties the page again. */
static void nothing_lost(const char *name)
{
	int file = make_file(name, SOME * PAGE, 1), fd = open_bound(file, 0);
	struct counting counting = { .memory = map_write(fd, SOME * PAGE) };
	unsigned int i, bad = 0;
	pthread_t thread;

	pthread_create(&thread, NULL, count, &counting);
	for (i = 0; i < times(40); i++) {
		bad += !!msync(counting.memory, SOME * PAGE, MS_SYNC);
		sleep_ms(2);
	}
	__atomic_store_n(&counting.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	check(!bad && !fsync(fd) && !dirty(fd) &&
	      !file_differs(file, counting.memory, 0, SOME * PAGE),
	      "nothing that is written while it is written back is lost");
	munmap(counting.memory, SOME * PAGE);
	close(fd);
	close(file);
}

static void by_age(void)
{
	int file = make_file("age", SOME * PAGE, 1), fd = open_bound(file, 0);
	char *p = map_write(fd, SOME * PAGE);
	unsigned long began, left;
	unsigned int try;

	if (!set_parameter("dirty_expire_centisecs", "30")) {
		skip("may not set parameters", "written back by age");
		goto out;
	}
	began = now_ms();
	fill(p, SOME, 2);
	left = dirty(fd);
	check(left == SOME || now_ms() - began >= 290, "not at once");
	for (try = 0; try < MOMENTS && dirty(fd); try++)
		sleep_ms(MOMENT_MS);
	check(!dirty(fd) && !file_differs(file, p, 0, SOME * PAGE),
	      "but when they are old enough dirty pages are written back");
	set_parameter("dirty_expire_centisecs", "0");
out:
	munmap(p, SOME * PAGE);
	close(fd);
	close(file);
}

static void truncated(const char *name)
{
	int file = make_file(name, SOME * PAGE, 1), fd = open_bound(file, 0);
	char *p = map_write(fd, SOME * PAGE);
	struct stat stat;

	fill(p, SOME, 3);
	if (ftruncate(file, 10 * PAGE + 8))
		bail_out("ftruncate: %s", strerror(errno));
	check(dirty(fd) == 11, "what is cut off is not dirty any more");
	check(touch(p + 11 * PAGE, true) == SIGBUS, "nor there");
	check(!fsync(fd) && !fstat(file, &stat) &&
	      stat.st_size == 10 * PAGE + 8, "and does not come back");
	munmap(p, SOME * PAGE);
	close(fd);
	close(file);
}

/* Blocks for holes, where there are none. */
static void no_space(void)
{
	int file, ballast, a, b;
	char *p;

	if (!mounted) {
		skip("has no file system to fill", "errors");
		return;
	}
	file = open_file("fs/hole", O_RDWR | O_CREAT);
	if (ftruncate(file, 4 * MB))
		bail_out("ftruncate: %s", strerror(errno));
	ballast = open_file("fs/ballast", O_RDWR | O_CREAT);
	while (!posix_fallocate(ballast, lseek(ballast, 0, SEEK_END), PAGE * 64))
		;
	while (!posix_fallocate(ballast, lseek(ballast, 0, SEEK_END), PAGE))
		;
	a = open_bound(file, 0);
	b = open_bound(file, 0);
	p = map_write(a, 4 * MB);
	fill(p, 1024, 1);
	check(fsync(a) && errno == ENOSPC, "no space: fsync() says so");
	check(!fsync(a), "once");
	check(fsync(b) && errno == ENOSPC && !fsync(b), "to each opener");
	munmap(p, 4 * MB);
	close(a);
	close(b);
	close(file);
	close(ballast);
	shell("rm %s/fs/ballast");
}

/* As one whom the file system keeps nothing back for. */
static int fill_as_nobody(void *argument)
{
	int fd = *(int *)argument, file, ballast;
	char *p;

	if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
		return 2;
	file = open_file("fs/nobodys", O_RDWR | O_CREAT);
	ballast = open_file("fs/ballast", O_RDWR | O_CREAT);
	while (!posix_fallocate(ballast, lseek(ballast, 0, SEEK_END), PAGE))
		;
	if (ftruncate(file, MB) || try_bind(fd, file, 0, 0))
		return 3;
	p = map_write(fd, MB);
	fill(p, MB / PAGE, 1);
	return fsync(fd) && errno == ENOSPC ? 0 : 4;
}

static void no_more_space_than_others(void)
{
	int fd;

	if (!mounted) {
		skip("has no file system to fill", "what is kept back for root");
		return;
	}
	fd = open_isle();
	shell("cd %s && chmod 777 . fs");
	check(!child(fill_as_nobody, &fd),
	      "what is kept back for root is not had through isle");
	close(fd);
	shell("cd %s/fs && rm ballast nobodys");
}

static void *sync_file(void *fd)
{
	return fsync(*(int *)fd) ? fd : NULL;
}

static bool mapped(const void *page)
{
	int map = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry;

	if (pread(map, &entry, sizeof(entry),
		  (uintptr_t)page / PAGE * sizeof(entry)) != sizeof(entry))
		bail_out("/proc/self/pagemap: %s", strerror(errno));
	close(map);
	return entry >> 63;
}

/* What is on its way to the file can't be read there yet. */
static void dropped_while_written(void)
{
	int file, fd, folder;
	pthread_t thread;
	void *failed;
	char *p;

	if (!mounted) {
		skip("has no file system to freeze", "pages that are being written");
		return;
	}
	file = make_file("fs/slow", SOME * PAGE, 1);
	fd = open_bound(file, 0);
	p = map_write(fd, SOME * PAGE);
	folder = open_file("fs", O_RDONLY | O_DIRECTORY);
	fill(p, SOME, 8);
	if (ioctl(folder, FIFREEZE, 0))
		bail_out("FIFREEZE: %s", strerror(errno));
	pthread_create(&thread, NULL, sync_file, &fd);
	while (mapped(p))
		usleep(1000);
	check(dirty(fd) == SOME, "what is being written back is still dirty");
	check(!discard(fd, p, SOME * PAGE, ISLE_RANGE_ADDRESS) &&
	      !wrong(p, SOME, 8), "it is not dropped");
	p[8] = 9;
	ioctl(folder, FITHAW, 0);
	pthread_join(thread, &failed);
	check(!failed && dirty(fd) == 1 && !fsync(fd) && !dirty(fd) && p[8] == 9 &&
	      !file_differs(file, p, 0, SOME * PAGE),
	      "nor what is written to it meanwhile lost");
	check(!discard(fd, p, SOME * PAGE, ISLE_RANGE_ADDRESS) &&
	      p[8] == 9 && !wrong(p, SOME, 8), "and it is the file's then");
	munmap(p, SOME * PAGE);
	close(folder);
	close(fd);
	close(file);
}

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE	0x0010
#endif

static void sealed(void)
{
	int file = syscall(SYS_memfd_create, "isle", 2 /* MFD_ALLOW_SEALING */), fd;
	char *p;

	if (file < 0)
		bail_out("memfd_create: %s", strerror(errno));
	fill_file(file, 0, 2 * PAGE, 1);
	fd = open_bound(file, 0);
	p = map_write(fd, 2 * PAGE);
	p[5] = 5;
	check(fcntl(file, F_ADD_SEALS, F_SEAL_WRITE) && errno == EBUSY,
	      "a memfd that is mapped can't be sealed");
	check(!fcntl(file, F_ADD_SEALS, F_SEAL_FUTURE_WRITE) && !fsync(fd) &&
	      !file_differs(file, p, 0, 2 * PAGE),
	      "nor is it for who has it mapped already");
	p[PAGE + 6] = 6;
	check(!fsync(fd) && !file_differs(file, p, 0, 2 * PAGE) &&
	      pwrite(file, "", 1, 0) < 0, "who goes on writing");
	munmap(p, 2 * PAGE);
	close(fd);
	check(!fcntl(file, F_ADD_SEALS, F_SEAL_WRITE), "later it can");
	fd = open_bound(file, 0);
	check(mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED &&
	      errno == EACCES, "and is not mapped for writing then");
	p = map_read(fd, PAGE, MAP_SHARED);
	check(p[5] == 5 && !differs(p + 6, 6, PAGE, 1), "but for reading");
	munmap(p, PAGE);
	close(fd);
	close(file);
}

/* Everything at once, and what a page has is always one of what was written. */
enum { HAMMERS = 3, HAMMERED = 600 };

struct hammer {
	int file;
	int direct;
	int fd;
	char *memory;
	unsigned int seed;
	unsigned int rounds;
	pthread_t thread;
};

static sigjmp_buf *jump_back(void)
{
	static __thread sigjmp_buf buffer;

	return &buffer;
}

static void bus(int signal)
{
	siglongjmp(*jump_back(), signal);
}

static void one_blow(struct hammer *hammer)
{
	size_t page = rand_r(&hammer->seed) % HAMMERED;
	struct isle_range range;

	switch (rand_r(&hammer->seed) % 64) {
	case 0:
		msync(hammer->memory, HAMMERED * PAGE, MS_SYNC);
		break;
	case 1:
		if (ftruncate(hammer->file, page * PAGE + 77) ||
		    ftruncate(hammer->file, HAMMERED * PAGE))
			bail_out("ftruncate: %s", strerror(errno));
		break;
	case 2:
		range = (struct isle_range){ .start = page * PAGE,
					     .length = 16 * PAGE };
		ioctl(hammer->fd, ISLE_IOC_DISCARD, &range);
		break;
	case 3:
		posix_fadvise(hammer->file, 0, 0, POSIX_FADV_DONTNEED);
		break;
	case 4:
		range = (struct isle_range){ .start = page * PAGE,
					     .length = 16 * PAGE,
					     .value = 1 + page % 2 };
		ioctl(hammer->fd, ISLE_IOC_ADVISE, &range);
		break;
	case 5:
		range = (struct isle_range){ .start = (uintptr_t)
						word(hammer->memory, page),
					     .length = 16 * PAGE,
					     .flags = ISLE_RANGE_ADDRESS,
					     .value = 1 + page % 2 };
		ioctl(hammer->fd, ISLE_IOC_POPULATE, &range);
		break;
	case 6:
		/* The file may end there just now, or the page be one of cma. */
		if (pread(hammer->direct, word(hammer->memory, page), PAGE,
			  page * PAGE) < 0 && errno != EFAULT &&
		    errno != EEXIST && errno != EBADF)
			bail_out("O_DIRECT: %s", strerror(errno));
		break;
	default:
		if (rand_r(&hammer->seed) % 2)
			*word(hammer->memory, page) = pattern(page, 9);
		else
			(void)*(volatile uint64_t *)word(hammer->memory, page);
	}
}

static void *hammer_on(void *argument)
{
	struct hammer *hammer = argument;
	volatile unsigned int i = 0;

	while (i < hammer->rounds) {
		if (sigsetjmp(*jump_back(), 1)) {
			i++;
			continue;
		}
		for (; i < hammer->rounds; i++)
			one_blow(hammer);
	}
	return NULL;
}

/* What the hammers write, or -1 where there is no O_DIRECT. */
static int hammer_direct(const char *name)
{
	static uint64_t page[PAGE / 8];
	char path[128];
	int file, i;

	snprintf(path, sizeof(path), "%s-direct", name);
	file = open_file(path, O_RDWR | O_CREAT);
	for (i = 0; i < HAMMERED; i++) {
		page[0] = pattern(i, 9);
		if (pwrite(file, page, PAGE, i * PAGE) != PAGE)
			bail_out("pwrite: %s", strerror(errno));
	}
	close(file);
	snprintf(path, sizeof(path), "%s/%s-direct", directory, name);
	return open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
}

static void hammered(const char *name)
{
	int file = make_file(name, 0, 1), direct = hammer_direct(name), fd;
	struct sigaction catch = { .sa_handler = bus }, old;
	struct hammer hammers[HAMMERS];
	uint64_t bad = 0, value;
	unsigned int i;
	char *p;

	if (ftruncate(file, HAMMERED * PAGE))
		bail_out("ftruncate: %s", strerror(errno));
	fd = open_bound(file, 0);
	p = map_write(fd, HAMMERED * PAGE);
	sigaction(SIGBUS, &catch, &old);
	for (i = 0; i < HAMMERS; i++) {
		hammers[i] = (struct hammer){ file, direct, fd, p, i + 1,
					      times(8000), 0 };
		pthread_create(&hammers[i].thread, NULL, hammer_on,
			       &hammers[i]);
	}
	for (i = 0; i < HAMMERS; i++)
		pthread_join(hammers[i].thread, NULL);
	sigaction(SIGBUS, &old, NULL);
	for (i = 0; i < HAMMERED; i++) {
		value = *word(p, i);
		bad += value && value != pattern(i, 9);
	}
	check(!bad, "pages hold what was written or nothing");
	check(!fsync(fd) && !file_differs(file, p, 0, HAMMERED * PAGE),
	      "and so does the file");
	munmap(p, HAMMERED * PAGE);
	close(fd);
	close(direct);
	close(file);
}

int main(void)
{
	int fd = open_isle();
	long before = frames_out(fd);

	make_directory("/tmp/isle-vm_file_write.XXXXXX");
	mount_ext4();
	written_back("written");
	killed("killed");
	coherent("coherent");
	nothing_lost("lost");
	by_age();
	truncated("truncated");
	sealed();
	hammered("hammered");
	if (mounted) {
		note("the same on ext4");
		written_back("fs/written");
		killed("fs/killed");
		coherent("fs/coherent");
		nothing_lost("fs/lost");
		truncated("fs/truncated");
		hammered("fs/hammered");
	}
	dropped_while_written();
	no_space();
	no_more_space_than_others();
	remove_directory();
	check(back_to(fd, before), "every frame is back");
	return tap_end();
}
