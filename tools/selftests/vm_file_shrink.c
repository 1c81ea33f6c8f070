// SPDX-License-Identifier: GPL-2.0
/*
 * More of files than there is memory: clean pages are taken back, for files, for
 * anonymous memory and for blocks; dirty ones are written back in time, and who
 * makes too many waits.
 *
 * Runs as: root
 * CPUs: 2
 * Loads: region=contig:8M
 */
#include "vm_file.h"

static size_t managed;		/* pages */

static unsigned long dirty(int fd)
{
	return opener(fd).dirty_pages;
}

/* From the first page to the last, then some here and there. */
static size_t read_all(char *p, size_t pages, unsigned int seed)
{
	size_t i, bad = 0, page;

	for (i = 0; i < pages; i++)
		bad += differs(p + i * PAGE, i * PAGE, i * PAGE + 16, seed);
	for (i = 0; i < times(500); i++) {
		page = i * 7919 % pages;
		bad += differs(p + page * PAGE, page * PAGE, page * PAGE + 16,
			       seed);
	}
	return bad;
}

static void read_more(int file, size_t pages)
{
	int fd = open_bound(file, 0);
	char *p = map_read(fd, pages * PAGE, MAP_SHARED);

	check(!read_all(p, pages, 1), "a file twice as large as memory is read");
	check(opener(fd).object_pages > managed / 2 &&
	      opener(fd).object_pages <= managed && !opener(fd).faults_sigbus,
	      "memory has as much of it as there is room for");
	munmap(p, pages * PAGE);
	p = map_private(fd, pages * PAGE);
	p[100]++;
	p[5 * PAGE + 100]++;
	check(!read_all(p, pages, 1), "through a private mapping as well");
	check(differs(p, 0, PAGE, 1) == 1 &&
	      differs(p + 5 * PAGE, 5 * PAGE, 6 * PAGE, 1) == 1,
	      "which keeps what it has of its own");
	munmap(p, pages * PAGE);
	close(fd);
}

/* Dirty pages of other words than the file's own. */
static void write_more(int file, size_t pages)
{
	int fd = open_bound(file, PAGE), kernels;
	size_t i, most = 0, bad = 0;
	uint64_t value;
	char *p;

	p = map_shared(fd, pages * PAGE);
	for (i = 0; i < pages; i++) {
		*word(p, i) = pattern(i, 2);
		if (i % 16 == 0 && dirty(fd) > most)
			most = dirty(fd);
	}
	note("at most %zu of %zu pages were dirty", most, managed);
	check(most <= managed / 5 + 1,
	      "a file twice as large is written, a fifth of memory dirty at most");
	check(!wrong(p, pages, 2), "all of it is there");
	kernels = open_file("large", O_RDONLY);
	check(!fsync(fd) && !dirty(fd), "fsync() leaves nothing dirty");
	for (i = 0; i < pages; i++) {
		bad += pread(kernels, &value, 8, i * PAGE) != 8 ||
		       value != pattern(i, 2);
		*word(p, i) = content_word(i * PAGE, 1);
	}
	check(!bad, "the file has it");
	close(kernels);
	munmap(p, pages * PAGE);
	close(fd);
}

static void make_room(int file, size_t pages)
{
	int fd = open_bound(file, 0), other = open_isle();
	struct isle_block block = { .nid = -1 };
	size_t most = managed * 8 / 10;
	char *p = map_read(fd, pages * PAGE, MAP_SHARED), *q;

	read_all(p, pages, 1);
	q = map_private(other, most * PAGE);
	fill(q, most, 3);
	check(!wrong(q, most, 3) && opener(other).private_pages == most &&
	      opener(fd).object_pages < managed / 3,
	      "pages of a file make room for anonymous memory");
	check(!read_all(p, pages, 1), "it is read all the same");
	check(!ioctl(other, ISLE_IOC_ALLOC, &block), "and for a block");
	munmap(q, most * PAGE);
	check(!read_all(p, pages, 1), "which makes room when it goes");
	munmap(p, pages * PAGE);
	close(other);
	close(fd);
}

/* With nothing clean, a fault waits until something is. */
static void wait_for_room(int file)
{
	size_t some = managed / 2, most = managed * 7 / 10;
	int fd = open_bound(file, PAGE), other = open_isle();
	char *p = map_shared(fd, some * PAGE), *q;

	if (!set_parameter("dirty_ratio", "100") ||
	    !set_parameter("dirty_background_ratio", "100") ||
	    !set_parameter("dirty_expire_centisecs", "0")) {
		skip("may not set parameters", "dirty pages");
		goto out;
	}
	expect_log("isle: dirty_ratio=101: not a percentage");
	check(!set_parameter("dirty_ratio", "101") &&
	      !set_parameter("dirty_background_ratio", "-1") &&
	      !set_parameter("dirty_ratio", "x"), "what is no percentage");
	fill(p, some, 4);
	check(dirty(fd) == some, "half of memory is dirty");
	q = map_private(other, most * PAGE);
	fill(q, most, 5);
	check(!wrong(q, most, 5), "dirty pages make room, too");
	munmap(q, most * PAGE);
	check(!wrong(p, some, 4), "and are there again");
	set_parameter("dirty_ratio", "0");
	p[0]++;
	p[PAGE]++;
	check(dirty(fd) <= 1, "with a ratio of 0 each page waits for the last");
	fsync(fd);
	fill_file(file, 0, some * PAGE, 1);
	set_parameter("dirty_ratio", "20");
	set_parameter("dirty_background_ratio", "10");
	set_parameter("dirty_expire_centisecs", "3000");
out:
	munmap(p, some * PAGE);
	close(other);
	close(fd);
}

static void in_the_background(int file)
{
	size_t some = managed * 15 / 100, i;
	int fd = open_bound(file, PAGE);
	char *p = map_shared(fd, some * PAGE);
	unsigned int try;

	for (i = 0; i < some; i++)
		p[i * PAGE + 9]++;
	for (try = 0; try < MOMENTS && dirty(fd) > managed / 10; try++)
		sleep_ms(MOMENT_MS);
	check(dirty(fd) <= managed / 10,
	      "more than a tenth is written back without being asked for");
	munmap(p, some * PAGE);
	close(fd);
	fill_file(file, 0, some * PAGE, 1);
}

/* Everybody wants more than there is: readers, a writer, anonymous memory. */
struct crowd {
	int file;
	size_t pages;
	unsigned int seed;
	size_t bad;
	pthread_t thread;
};

static void *crowd_read(void *argument)
{
	struct crowd *crowd = argument;
	int fd = open_bound(crowd->file, 0);
	char *p = map_read(fd, crowd->pages * PAGE, crowd->seed % 2 ?
			   MAP_SHARED : MAP_PRIVATE);
	size_t page;
	unsigned int i;

	for (i = 0; i < times(8000); i++) {
		page = crowd->pages / 2 + rand_r(&crowd->seed) %
		       (crowd->pages / 2);
		crowd->bad += differs(p + page * PAGE, page * PAGE,
				      page * PAGE + 8, 1);
	}
	munmap(p, crowd->pages * PAGE);
	close(fd);
	return NULL;
}

static void *crowd_write(void *argument)
{
	struct crowd *crowd = argument;
	int fd = open_bound(crowd->file, 0);
	char *p = map_shared(fd, crowd->pages / 2 * PAGE);
	unsigned int i;
	size_t page;

	for (i = 0; i < times(8000); i++) {
		page = rand_r(&crowd->seed) % (crowd->pages / 2);
		*word(p, page) = pattern(page, 6);
		page = rand_r(&crowd->seed) % (crowd->pages / 2);
		crowd->bad += *(volatile uint64_t *)word(p, page) !=
			      pattern(page, 6) &&
			      *(volatile uint64_t *)word(p, page) !=
			      content_word(page * PAGE, 1);
	}
	munmap(p, crowd->pages / 2 * PAGE);
	close(fd);
	return NULL;
}

static void *crowd_anonymous(void *argument)
{
	struct crowd *crowd = argument;
	size_t most = managed / 2;
	int fd = open_isle();
	unsigned int i;

	for (i = 0; i < times(12); i++) {
		char *p = map_private(fd, most * PAGE);

		fill(p, most, i);
		crowd->bad += wrong(p, most, i);
		munmap(p, most * PAGE);
	}
	close(fd);
	return NULL;
}

static void crowded(int file, size_t pages)
{
	static void *(*const start[])(void *) = {
		crowd_read, crowd_read, crowd_write, crowd_anonymous,
	};
	struct crowd crowds[ARRAY_SIZE(start)];
	size_t i, bad = 0;

	for (i = 0; i < ARRAY_SIZE(start); i++) {
		crowds[i] = (struct crowd){ file, pages, i + 1, 0, 0 };
		if (pthread_create(&crowds[i].thread, NULL, start[i],
				   &crowds[i]))
			bail_out("pthread_create");
	}
	for (i = 0; i < ARRAY_SIZE(start); i++) {
		pthread_join(crowds[i].thread, NULL);
		bad += crowds[i].bad;
	}
	check(!bad, "all at once, and all of it right");
}

int main(void)
{
	int fd = open_isle(), file;
	long before = frames_out(fd);
	size_t pages;

	managed = stats(fd).managed;
	pages = 2 * managed;
	make_directory("/tmp/isle-vm_file_shrink.XXXXXX");
	file = make_file("large", pages * PAGE, 1);
	read_more(file, pages);
	write_more(file, pages);
	make_room(file, pages);
	wait_for_room(file);
	in_the_background(file);
	crowded(file, pages);
	close(file);
	remove_directory();
	check(back_to(fd, before), "every frame is back");
	return tap_end();
}
