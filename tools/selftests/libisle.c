// SPDX-License-Identifier: GPL-2.0
/*
 * libisle: each of its functions does what its comment says, and fails as it
 * says.
 *
 * Runs as: root nobody
 */
#include <sys/mman.h>
#include <sys/wait.h>

#include <libisle.h>

#include "tap.h"

#define PAGE	4096UL
#define MB	(1024 * 1024UL)

static bool all_are(const char *p, size_t length, char value)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (p[i] != value)
			return false;
	return true;
}

static unsigned long private_pages(int fd)
{
	struct isle_opener opener;

	if (isle_get_opener(fd, &opener))
		bail_out("isle_get_opener: %s", strerror(errno));
	return opener.private_pages;
}

static bool child_sees(const char *p, char value)
{
	int status;
	pid_t pid;

	pid = fork();
	if (!pid)
		_exit(*p != value);
	return waitpid(pid, &status, 0) == pid && !status;
}

static void private_memory(int fd)
{
	char *p = isle_map_private(fd, 4 * MB);

	check(p && all_are(p, 4 * MB, 0), "private memory begins as zeroes");
	memset(p, 1, 4 * MB);
	check(private_pages(fd) == 4 * MB / PAGE, "it is isle's");
	check(child_sees(p + MB, 1), "a child sees what was written");
	check(!isle_discard(fd, p + MB, MB) && all_are(p + MB, MB, 0) &&
	      all_are(p, MB, 1) && all_are(p + 2 * MB, 2 * MB, 1),
	      "what was discarded is zeroes, the rest is as it was");
	check(isle_discard(fd, p + 1, PAGE) == -1 && errno == EINVAL,
	      "a discard that is not aligned is EINVAL");
	check(!isle_unmap(p + 2 * MB, MB) &&
	      isle_discard(fd, p, 4 * MB) == -1 && errno == ENOMEM &&
	      all_are(p, MB, 1),
	      "a discard over a hole is ENOMEM and does nothing");
	check(!isle_unmap(p, 4 * MB) && !private_pages(fd),
	      "unmapped, all of it is back");
	check(!isle_map_private(fd, 0) && errno == EINVAL,
	      "a mapping of nothing is EINVAL");
}

static void shared_memory(int fd)
{
	char *p = isle_map_shared(fd, MB, 0);
	char *q = isle_map_shared(fd, PAGE, MB / 2);
	char *copy = isle_map_private(fd, MB);

	p[MB / 2] = 7;
	check(*q == 7, "two shared mappings are one memory");
	check(copy[MB / 2] == 7, "a private mapping shows the object");
	copy[MB / 2] = 8;
	check(*q == 7, "and keeps its writes to itself");
	check(!isle_discard_object(fd, MB / 2, PAGE) && !*q && !p[MB / 2],
	      "a discarded part of the object is zeroes");
	isle_unmap(p, MB);
	isle_unmap(q, PAGE);
	isle_unmap(copy, MB);
	isle_discard_object(fd, 0, MB);
}

/* Pages that one write into fresh memory takes. */
static unsigned long touched_by_one(int fd, enum isle_advice advice)
{
	char *p = isle_map_private(fd, 8 * MB);
	unsigned long pages;

	if (isle_advise(fd, p, 8 * MB, advice))
		return 0;
	p[4 * MB] = 1;
	pages = private_pages(fd);
	if (isle_advise(fd, p, 8 * MB, ISLE_ADVICE_DONTNEED) ||
	    private_pages(fd) || p[4 * MB])
		return 0;
	isle_unmap(p, 8 * MB);
	return pages;
}

static void advice(int fd)
{
	unsigned long normal = touched_by_one(fd, ISLE_ADVICE_NORMAL);

	check(touched_by_one(fd, ISLE_ADVICE_RANDOM) == 1,
	      "random access: a fault takes one page");
	check(touched_by_one(fd, ISLE_ADVICE_SEQUENTIAL) > normal && normal,
	      "sequential access: more than without advice");
	check(isle_advise(fd, (void *)PAGE, PAGE, 99) == -1 && errno == EINVAL,
	      "advice that there is not is EINVAL");
}

static void pages_at_once(int fd)
{
	unsigned char vector[16];
	char *p = isle_map_private(fd, 16 * PAGE);

	check(!isle_get_residency(fd, p, 16 * PAGE, vector) &&
	      all_are((char *)vector, 16, 0), "no page is there at first");
	check(!isle_populate(fd, p, 4 * PAGE, 1) && private_pages(fd) >= 4 &&
	      !isle_get_residency(fd, p, 4 * PAGE, vector) &&
	      all_are((char *)vector, 4, ISLE_RESIDENT | ISLE_RESIDENT_OWN),
	      "some are had at once");
	check(!isle_populate(fd, p, 16 * PAGE, 0) && all_are(p, 16 * PAGE, 0),
	      "others for reading");
	isle_unmap(p + 8 * PAGE, 8 * PAGE);
	check(isle_populate(fd, p, 16 * PAGE, 0) == -1 && errno == ENOMEM &&
	      isle_get_residency(fd, p, 16 * PAGE, vector) == -1 &&
	      errno == ENOMEM, "over a hole, both are ENOMEM");
	check(isle_get_residency(fd, p, 8 * PAGE, NULL) == -1 &&
	      errno == EFAULT, "an answer to nowhere is EFAULT");
	isle_unmap(p, 8 * PAGE);
}

static void files(void)
{
	char name[] = "/tmp/isle-libisle.XXXXXX", *p, *q;
	int file = mkstemp(name), fd, only;
	unsigned char vector[4];

	if (file < 0 || ftruncate(file, 4 * PAGE) ||
	    pwrite(file, "isle", 4, PAGE) != 4)
		bail_out("%s: %s", name, strerror(errno));
	fd = isle_open_file(file, PAGE);
	p = isle_map_file(fd, 3 * PAGE, 0, PROT_READ | PROT_WRITE, MAP_SHARED);
	q = isle_map_file(fd, PAGE, 0, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	check(p && q && !strcmp(p, "isle") && !strcmp(q, "isle"),
	      "a file is mapped from an offset on");
	*q = 'I';
	memcpy(p + PAGE, "more", 4);
	check(!isle_get_residency(fd, p, 2 * PAGE, vector) &&
	      vector[0] == ISLE_RESIDENT &&
	      vector[1] == (ISLE_RESIDENT | ISLE_RESIDENT_DIRTY) && *p == 'i',
	      "written to, shared or privately");
	check(!fsync(fd) && pread(file, vector, 4, 2 * PAGE) == 4 &&
	      !memcmp(vector, "more", 4), "and written back");
	check(!isle_advise(fd, p, 3 * PAGE, ISLE_ADVICE_WILLNEED) &&
	      !isle_advise(fd, p, 3 * PAGE, ISLE_ADVICE_DONTNEED) &&
	      !isle_get_residency(fd, p, 3 * PAGE, vector) &&
	      all_are((char *)vector, 3, 0) && *q == 'I',
	      "advice is taken");
	check(!isle_map_file(fd, PAGE, 0, PROT_READ, MAP_SHARED | MAP_PRIVATE) &&
	      errno == EINVAL, "a mapping of two kinds is EINVAL");
	isle_unmap(p, 3 * PAGE);
	isle_unmap(q, PAGE);
	close(fd);
	only = open(name, O_RDONLY);
	fd = isle_open_file(only, 0);
	check(!isle_map_file(fd, PAGE, 0, PROT_WRITE, MAP_SHARED) &&
	      errno == EACCES, "writing to what is for reading is EACCES");
	check(isle_open_file(file, 1) == -1 && errno == EINVAL &&
	      isle_open_file(-1, 0) == -1 && errno == EBADF,
	      "half a page is EINVAL, no file EBADF");
	close(fd);
	close(only);
	close(file);
	unlink(name);
	file = open("/tmp", O_RDONLY);
	check(isle_open_file(file, 0) == -1 && errno == ENODEV,
	      "a directory is ENODEV");
	close(file);
}

static void huge(void)
{
	struct isle_version version;
	int fd = isle_open();
	unsigned long small;
	bool can;

	check(!isle_set_huge(fd, ISLE_HUGE_ADVISE) &&
	      isle_set_huge(fd, ISLE_HUGE_ALWAYS + 1) == -1 && errno == EINVAL,
	      "a policy for 2 MB pages, but no unknown one");
	can = !isle_get_version(fd, &version) &&
	      version.features & ISLE_FEATURE_HUGE &&
	      version.huge_allowed > ISLE_HUGE_NEVER;
	small = touched_by_one(fd, ISLE_ADVICE_SMALL);
	check(small && small == touched_by_one(fd, ISLE_ADVICE_NORMAL),
	      "without advice and against it, small pages");
	if (can)
		check(touched_by_one(fd, ISLE_ADVICE_HUGE) == 2 * MB / PAGE,
		      "on advice, 2 MB");
	else
		skip("not in this kernel, or not allowed", "on advice, 2 MB");
	close(fd);
}

static void blocks(int fd)
{
	struct isle_opener opener;
	struct isle_block block;
	uint64_t handle;

	check(!isle_alloc_block(fd, 3, ISLE_MT_UNMOVABLE, -1, 0, &handle) &&
	      !isle_get_block(fd, handle, &block) && block.order == 3 &&
	      block.references == 1,
	      "a block is what was asked for");
	check(!isle_get_opener(fd, &opener) && opener.block_pages == 8,
	      "and counts as this opener's");
	check(!isle_free_block(fd, handle) &&
	      isle_free_block(fd, handle) == -1 && errno == ENOENT &&
	      isle_get_block(fd, handle, &block) == -1 && errno == ENOENT,
	      "freed, it is gone");
	check(isle_alloc_block(fd, 11, ISLE_MT_UNMOVABLE, -1, 0, &handle) == -1 &&
	      errno == EINVAL, "order 11 is EINVAL");
}

static void limits(void)
{
	int fd = isle_open(), other = isle_open();
	uint64_t handle;

	check(!isle_configure(fd, 8 * PAGE, PAGE) &&
	      isle_alloc_block(fd, 4, ISLE_MT_UNMOVABLE, -1, 0, &handle) == -1 &&
	      errno == ENOMEM &&
	      !isle_alloc_block(fd, 3, ISLE_MT_UNMOVABLE, -1, 0, &handle),
	      "a limit holds");
	check(isle_set_huge(fd, ISLE_HUGE_NEVER) == -1 && errno == EBUSY,
	      "isle_set_huge() after a mapping is too late");
	check(isle_configure(fd, 0, 0) == -1 && errno == EBUSY,
	      "configuring what is in use is EBUSY");
	check(!isle_set_limit(fd, 64 * PAGE) &&
	      !isle_alloc_block(fd, 4, ISLE_MT_UNMOVABLE, -1, 0, &handle),
	      "a limit can be changed");
	check(isle_configure(other, 0, 3 * PAGE) == -1 && errno == EINVAL,
	      "a fault-around that is no power of two is EINVAL");
	close(other);
	close(fd);
}

static void information(int fd)
{
	struct isle_region_info region;
	struct isle_version version;
	struct isle_zone_info zone;
	struct isle_stats stats;
	uint64_t managed = 0;
	unsigned int i;

	check(!isle_get_version(fd, &version) && version.page_size == PAGE &&
	      version.features & ISLE_FEATURE_PRIVATE, "version and features");
	if (isle_get_stats(fd, &stats))
		bail_out("isle_get_stats: %s", strerror(errno));
	for (i = 0; i < stats.nr_zones; i++) {
		if (isle_get_zone(fd, i, &zone))
			break;
		managed += zone.managed;
	}
	check(managed == stats.managed, "the zones make up the whole");
	check(isle_get_zone(fd, stats.nr_zones, &zone) == -1 &&
	      errno == ENOENT, "one zone more is ENOENT");
	check(!isle_get_region(fd, 0, &region) && region.size &&
	      isle_get_region(fd, stats.nr_regions, &region) == -1 &&
	      errno == ENOENT, "likewise the regions");
}

static void wrong_files(void)
{
	struct isle_stats stats;
	int fd = open("/dev/null", O_RDWR);

	check(isle_get_stats(fd, &stats) == -1 && errno == ENOTTY,
	      "another device is ENOTTY");
	close(fd);
	check(isle_get_stats(fd, &stats) == -1 && errno == EBADF,
	      "a closed descriptor is EBADF");
}

int main(void)
{
	int fd = isle_open();

	if (!check(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC,
		   "the device opens and is closed on exec"))
		return tap_end();
	private_memory(fd);
	shared_memory(fd);
	advice(fd);
	pages_at_once(fd);
	files();
	huge();
	blocks(fd);
	limits();
	information(fd);
	wrong_files();
	close(fd);
	return tap_end();
}
