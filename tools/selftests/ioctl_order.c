// SPDX-License-Identifier: GPL-2.0
/*
 * Calls on /dev/isle that would be right at another time, of another opener or
 * another size: beyond a limit, after SETUP came too late, on blocks of others,
 * from 32-bit callers, on a file that is closed under them.
 *
 * Runs as: root nobody
 * CPUs: 2
 * Loads: opener_max_mb=64
 */
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "ioctl_bad.h"

static void limits(void)
{
	struct isle_setup setup = { .fd = -1, .limit = 4 * PAGE };
	struct isle_setup keep = { .fd = -1, .flags = ISLE_SETUP_KEEP };
	struct isle_limit limit = { .limit = 2 * PAGE };
	struct isle_block block = { .order = 1, .nid = -1 };
	struct isle_opener opener;
	int fd = open_isle();

	check(!try(fd, ISLE_IOC_SETUP, &setup), "SETUP takes a limit");
	check(!ioctl(fd, ISLE_IOC_OPENER, &opener) &&
	      opener.limit == 4 * PAGE, "OPENER tells it");
	check(!try(fd, ISLE_IOC_SETUP, &keep) &&
	      !ioctl(fd, ISLE_IOC_OPENER, &opener) &&
	      opener.limit == 4 * PAGE, "SETUP can keep it");
	check(!try(fd, ISLE_IOC_ALLOC, &block), "a block within it is had");
	block = (struct isle_block){ .order = 2, .nid = -1 };
	check(try(fd, ISLE_IOC_ALLOC, &block) == ENOMEM,
	      "a block beyond it is not");
	check(!try(fd, ISLE_IOC_LIMIT, &limit), "LIMIT lowers it");
	block = (struct isle_block){ .nid = -1 };
	check(try(fd, ISLE_IOC_ALLOC, &block) == ENOMEM,
	      "the next block is beyond that");
	limit.limit = 2 * PAGE + 1;
	check(try(fd, ISLE_IOC_LIMIT, &limit) == EINVAL,
	      "LIMIT wants whole pages");

	limit.limit = 64 << 20;
	check(!try(fd, ISLE_IOC_LIMIT, &limit),
	      "LIMIT may be what the module was loaded with");
	limit.limit += PAGE;
	check(try(fd, ISLE_IOC_LIMIT, &limit) == (geteuid() ? EPERM : 0),
	      "and more for CAP_SYS_RESOURCE");
	close(fd);
}

static void unknown_handles(int fd)
{
	static const unsigned long long handles[] = {
		0, 1, 1 << 20, UINT_MAX, 1ull << 32, 1ull << 63, ULLONG_MAX,
	};
	unsigned int wrong = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(handles); i++) {
		struct isle_free request = { .handle = handles[i] };
		struct isle_block block = { .handle = handles[i] };

		expect(try(fd, ISLE_IOC_FREE, &request), ENOENT, &wrong,
		       "FREE", "handle", handles[i]);
		expect(try(fd, ISLE_IOC_QUERY, &block), ENOENT, &wrong,
		       "QUERY", "handle", handles[i]);
	}
	check(!wrong, "handles that are none are not found");
}

static void handles_of_others(int fd)
{
	struct isle_block block = { .nid = -1 }, asked;
	struct isle_free request = { };
	int other = open_isle();

	check(!try(fd, ISLE_IOC_ALLOC, &block), "a block is allocated");
	request.handle = block.handle;
	asked = (struct isle_block){ .handle = block.handle };
	check(try(other, ISLE_IOC_QUERY, &asked) == ENOENT,
	      "another opener can't ask about it");
	check(try(other, ISLE_IOC_FREE, &request) == ENOENT, "nor free it");
	asked = (struct isle_block){ .handle = block.handle, .order = 1 };
	check(try(fd, ISLE_IOC_QUERY, &asked) == EINVAL,
	      "QUERY refuses fields that it answers in");
	check(!try(fd, ISLE_IOC_FREE, &request), "its own can");
	check(try(fd, ISLE_IOC_FREE, &request) == ENOENT, "but once");
	asked = (struct isle_block){ .handle = block.handle };
	check(try(fd, ISLE_IOC_QUERY, &asked) == ENOENT,
	      "and no longer ask about it");
	close(other);
}

static void wrong_order(void)
{
	struct isle_setup setup = { .fd = -1 };
	struct isle_block block = { .nid = -1 };
	struct isle_free request = { };
	int fd = open_isle();
	void *memory;

	memory = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	check(memory != MAP_FAILED, "a mapping before SETUP");
	check(try(fd, ISLE_IOC_SETUP, &setup) == EBUSY,
	      "SETUP after a mapping is too late");
	munmap(memory, PAGE);
	close(fd);

	fd = open_isle();
	check(!try(fd, ISLE_IOC_ALLOC, &block), "a block before SETUP");
	check(try(fd, ISLE_IOC_SETUP, &setup) == EBUSY,
	      "SETUP after a block is too late");
	request.handle = block.handle;
	check(!try(fd, ISLE_IOC_FREE, &request), "the block is freed");
	close(fd);
}

static void other_calls(int fd)
{
	char byte = 0;

	check(read(fd, &byte, 1) < 0 && errno == EINVAL, "read(2) is refused");
	check(write(fd, &byte, 1) < 0 && errno == EINVAL,
	      "write(2) is refused");
	check(ftruncate(fd, PAGE) && errno == EINVAL,
	      "ftruncate(2) is refused");
}

/*
 * A 64-bit process can call as a 32-bit one does: int $0x80. The struct must
 * lie below 4 GB.
 */
static int try_as_32_bit(int fd, unsigned int number, void *argument)
{
	long result = __NR_ioctl;

#ifdef __x86_64__
	result = 54;			/* ioctl there */
	asm volatile("int $0x80"
		     : "+a" (result)
		     : "b" ((long)fd), "c" ((long)number), "d" (argument)
		     : "memory", "r8", "r9", "r10", "r11");
#endif
	return result < 0 ? -result : 0;
}

static void child_as_32_bit(int fd, struct isle_stats *answer)
{
	struct isle_range bad = { .length = 1 };
	struct isle_range *low = (void *)(answer + 1);

	*low = bad;
	if (try_as_32_bit(fd, ISLE_IOC_STATS, answer) || !answer->managed)
		_exit(1);
	if (try_as_32_bit(fd, ISLE_IOC_DISCARD, low) != EINVAL)
		_exit(2);
	if (try_as_32_bit(fd, ISLE_IOC_STATS, NULL) != EFAULT)
		_exit(3);
	_exit(0);
}

static void compat(int fd)
{
	static const char name[] = "a 32-bit caller is answered the same";
	struct isle_stats *answer;
	int status;
	pid_t pid;

	answer = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (answer == MAP_FAILED)
		bail_out("mmap below 4 GB: %s", strerror(errno));
	pid = fork();
	if (!pid)
		child_as_32_bit(fd, answer);
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV)
		skip("this kernel takes no 32-bit calls", name);
	else
		check(!status, name);
	munmap(answer, PAGE);
}

/* Threads that call while the file is closed and opened under them. */
#define CALLERS		3
#define CALLS		3000

static int shared_fd;
static unsigned int surprises;

static void surprise(const char *what, int error)
{
	if (__atomic_fetch_add(&surprises, 1, __ATOMIC_RELAXED) < 4)
		note("%s: %s", what, strerrorname_np(error));
}

/* The fd may be anybody's at any moment: only these answers are right. */
static bool expected_while_closing(int error)
{
	return !error || error == EBADF || error == ENOENT || error == ENOMEM;
}

static void call_once(unsigned int i)
{
	struct isle_block block = { .order = i % 4, .nid = -1 };
	struct isle_range range = { .length = 4 * PAGE };
	struct isle_free request = { };
	struct isle_stats stats;
	char *memory;
	int error;

	error = try(shared_fd, ISLE_IOC_ALLOC, &block);
	if (!expected_while_closing(error))
		surprise("ALLOC", error);
	request.handle = block.handle;
	if (!error && i % 3)
		error = try(shared_fd, ISLE_IOC_FREE, &request);
	if (!expected_while_closing(error))
		surprise("FREE", error);
	error = try(shared_fd, ISLE_IOC_STATS, &stats);
	if (!expected_while_closing(error))
		surprise("STATS", error);

	memory = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
		      i % 2 ? MAP_SHARED : MAP_PRIVATE, shared_fd, 0);
	if (memory == MAP_FAILED) {
		if (!expected_while_closing(errno))
			surprise("mmap", errno);
		return;
	}
	memory[i % 4 * PAGE] = 1;
	error = try(shared_fd, ISLE_IOC_DISCARD, &range);
	if (!expected_while_closing(error))
		surprise("DISCARD", error);
	range.start = (unsigned long)memory;
	range.flags = ISLE_RANGE_ADDRESS;
	range.value = 1 + i % 2;
	error = try(shared_fd, i % 4 < 2 ? ISLE_IOC_POPULATE : ISLE_IOC_ADVISE,
		    &range);
	if (!expected_while_closing(error))
		surprise("POPULATE or ADVISE", error);
	munmap(memory, 4 * PAGE);
}

static void *call_again_and_again(void *unused)
{
	unsigned int i;

	(void)unused;
	for (i = 0; i < CALLS / CALLERS; i++)
		call_once(i);
	return NULL;
}

static void *close_again_and_again(void *stop)
{
	while (!__atomic_load_n((bool *)stop, __ATOMIC_RELAXED)) {
		int fresh;

		close(shared_fd);
		fresh = open_isle();
		if (fresh == shared_fd)
			continue;
		if (dup3(fresh, shared_fd, O_CLOEXEC) < 0)
			surprise("dup3", errno);
		close(fresh);
	}
	return NULL;
}

static void closed_under_calls(void)
{
	pthread_t callers[CALLERS], closer;
	bool stop = false;
	size_t i;

	shared_fd = open_isle();
	if (pthread_create(&closer, NULL, close_again_and_again, &stop))
		bail_out("pthread_create");
	for (i = 0; i < CALLERS; i++)
		if (pthread_create(&callers[i], NULL, call_again_and_again,
				   NULL))
			bail_out("pthread_create");
	for (i = 0; i < CALLERS; i++)
		pthread_join(callers[i], NULL);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(closer, NULL);
	check(!surprises, "calls on a file that is closed under them end well");
	close(shared_fd);
}

int main(void)
{
	int fd = open_isle();
	long before = frames_out(fd);

	limits();
	unknown_handles(fd);
	handles_of_others(fd);
	wrong_order();
	other_calls(fd);
	compat(fd);
	closed_under_calls();

	check(frames_out(fd) == before, "every frame came back");
	close(fd);
	return tap_end();
}
