// SPDX-License-Identifier: GPL-2.0
/*
 * Shared mappings: one memory for all who map the opener, that the kernel can
 * pin: direct I/O to and from a file, registered buffers of io_uring, pipes,
 * futexes of several processes. And what becomes of frames that stay pinned.
 *
 * Runs as: root nobody
 * CPUs: 2
 */
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "vm.h"

enum { PAGES = 600 };

/* Whether there is any memory that the kernel would pin. */
static bool can_pin(int fd)
{
	struct isle_region_info info = { .index = 0 };

	for (; !ioctl(fd, ISLE_IOC_REGION, &info);
	     info = (struct isle_region_info){ .index = info.index + 1 }) {
		if (strcmp(info.kind, "cma"))
			return true;
	}
	return false;
}

static int other_side(void *argument)
{
	char *p = map_shared(*(int *)argument, PAGES * PAGE);

	if (wrong(p, PAGES, 1))
		return 1;
	fill(p, PAGES, 2);
	return 0;
}

static void one_memory(int fd)
{
	char *a = map_shared(fd, PAGES * PAGE), *b = map_shared(fd, PAGES * PAGE);
	char *c = map_at(NULL, fd, PAGE, PROT_READ, MAP_SHARED, 10 * PAGE);

	check(!nonzero(a, PAGES * PAGE), "a new object reads as zeroes");
	fill(a, PAGES, 1);
	check(!wrong(b, PAGES, 1), "what one mapping writes another reads");
	check(*word(c, 0) == pattern(10, 1), "at any offset");
	check(!child(other_side, &fd) && !wrong(a, PAGES, 2),
	      "in another process as well");
	check(opener(fd).object_pages == PAGES, "and it is there once");
	munmap(a, PAGES * PAGE);
	munmap(b, PAGES * PAGE);
	munmap(c, PAGE);
	a = map_shared(fd, PAGES * PAGE);
	check(!wrong(a, PAGES, 2), "it outlives its mappings");
	if (can_pin(fd))
		check(!madvise(a, 100 * PAGE, MADV_DONTNEED) &&
		      !wrong(a, PAGES, 2),
		      "MADV_DONTNEED forgets the mapping, not the memory");
	check(!msync(a, PAGES * PAGE, MS_SYNC), "msync() has nothing to do");
	check(!discard(fd, (void *)(100 * PAGE), 200 * PAGE, 0) &&
	      !nonzero(a + 100 * PAGE, 200 * PAGE) &&
	      *word(a, 99) == pattern(99, 2) &&
	      *word(a, 300) == pattern(300, 2),
	      "a discarded range reads as zeroes");
	check(!discard(fd, a, PAGES * PAGE, ISLE_RANGE_ADDRESS) &&
	      !nonzero(a, PAGES * PAGE), "discarded by address, too");
	munmap(a, PAGES * PAGE);
	discard(fd, NULL, PAGES * PAGE, 0);
	check(opener(fd).object_pages == 0, "and its frames come back");
}

/*
 * A private mapping is a layer over the object. By page: what a write brings
 * along is the layer's own from then on.
 */
static void private_over_shared(void)
{
	int fd = open_by_page();
	char *private = map_private(fd, 64 * PAGE);
	char *shared = map_shared(fd, 64 * PAGE);

	check(!nonzero(private, 64 * PAGE), "a private reader sees zeroes");
	*word(private, 3) = 33;
	fill(shared, 64, 1);
	check(*word(private, 3) == 33, "keeps what it wrote");
	*word(private, 3) = pattern(3, 1);
	check(!wrong(private, 64, 1), "and sees what the object gets later");
	fill(private, 64, 2);
	check(!wrong(shared, 64, 1) && !wrong(private, 64, 2),
	      "its writes are its own");
	check(!discard(fd, private, 64 * PAGE, ISLE_RANGE_ADDRESS) &&
	      !wrong(private, 64, 1), "discarding them shows the object again");
	munmap(private, 64 * PAGE);
	munmap(shared, 64 * PAGE);

	private = map_private(fd, 64 * PAGE);
	check(!wrong(private, 64, 1), "a new private mapping sees the object");
	discard(fd, NULL, 64 * PAGE, 0);
	check(!nonzero(private, 64 * PAGE), "and zeroes once it is discarded");
	munmap(private, 64 * PAGE);
	close(fd);
}

/* A reader that faults while another process writes must see it in the end. */
struct late {
	char *private;
	char *shared;
	pthread_barrier_t start;
};

static void *read_late(void *argument)
{
	struct late *late = argument;
	size_t i;

	pthread_barrier_wait(&late->start);
	for (i = 0; i < PAGES; i++)
		(void)*(volatile uint64_t *)word(late->private, i);
	return NULL;
}

static void appearing(int fd)
{
	unsigned int round, bad = 0;
	struct late late;
	pthread_t thread;

	pthread_barrier_init(&late.start, NULL, 2);
	for (round = 0; round < times(20); round++) {
		late.private = map_private(fd, PAGES * PAGE);
		late.shared = map_shared(fd, PAGES * PAGE);
		pthread_create(&thread, NULL, read_late, &late);
		pthread_barrier_wait(&late.start);
		fill(late.shared, PAGES, round);
		pthread_join(thread, NULL);
		bad += wrong(late.private, PAGES, round);
		munmap(late.private, PAGES * PAGE);
		munmap(late.shared, PAGES * PAGE);
		discard(fd, NULL, PAGES * PAGE, 0);
	}
	check(!bad, "pages that appear under a private reader are seen");
}

static void read_only(void)
{
	int fd = open(ISLE_DEVICE, O_RDONLY);
	char *p;

	check(mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED &&
	      errno == EACCES, "a read-only file gives no writable mapping");
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	check(p != MAP_FAILED && !nonzero(p, PAGE), "but a readable one");
	check(mprotect(p, PAGE, PROT_READ | PROT_WRITE) && errno == EACCES,
	      "that stays so");
	check(discard(fd, p, PAGE, ISLE_RANGE_ADDRESS) && errno == EACCES &&
	      discard(fd, NULL, PAGE, 0) && errno == EBADF,
	      "and can't be discarded");
	munmap(p, PAGE);
	p = map_at(NULL, fd, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);
	*p = 1;
	check(*p == 1, "a private one may be written");
	munmap(p, PAGE);
	close(fd);
}

static int wait_on_futex(void *argument)
{
	uint32_t *futex = argument;

	*(volatile uint32_t *)(futex + 1) = 1;
	return syscall(SYS_futex, futex, FUTEX_WAIT, 0, NULL, NULL, 0) &&
	       errno != EAGAIN;
}

static void futexes(int fd)
{
	uint32_t *futex = map_shared(fd, PAGE), *other = map_shared(fd, PAGE);
	unsigned int try;
	long woken = 0;
	int status;
	pid_t pid;

	pid = must_fork();
	if (!pid)
		_exit(wait_on_futex(other));
	for (try = 0; try < MOMENTS && !woken; try++) {
		if (*(volatile uint32_t *)(futex + 1))
			woken = syscall(SYS_futex, futex, FUTEX_WAKE, 1,
					NULL, NULL, 0);
		sleep_ms(MOMENT_MS);
	}
	if (!woken)
		kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	check(woken == 1 && !status, "processes meet on a futex in it");
	munmap(futex, PAGE);
	munmap(other, PAGE);
	discard(fd, NULL, PAGE, 0);
}

/* A file that takes O_DIRECT: on ext4, or wherever it goes without root. */
static char *directory;
static bool mounted;

static const char mount_ext4[] =
	"cd %s && mkdir fs || exit\n"
	NEW_EXT4("image")
	"modprobe -q -a loop ext4\n"
	"mount -o loop image fs\n";

static int run(const char *command)
{
	char line[512];

	snprintf(line, sizeof(line), command, directory);
	return system(line);
}

static int direct_file(void)
{
	char path[128];

	directory = mkdtemp(strdup("/tmp/isle-vm_shared.XXXXXX"));
	if (!directory)
		bail_out("mkdtemp: %s", strerror(errno));
	if (!geteuid()) {
		mounted = !run(mount_ext4);
		check(mounted, "an ext4 for direct I/O");
	}
	snprintf(path, sizeof(path), "%s%s/file", directory,
		 mounted ? "/fs" : "");
	return open(path, O_RDWR | O_CREAT | O_DIRECT, 0600);
}

static void no_direct_file(int file)
{
	close(file);
	if (mounted)
		run("umount %s/fs");
	run("rm -r %s");
}

static void no_pins(int fd, int file)
{
	char *shared = map_shared(fd, PAGE);

	*shared = 1;
	/* tmpfs takes O_DIRECT and copies all the same. */
	check(!mounted || (pwrite(file, shared, PAGE, 0) < 0 &&
			   errno == EFAULT), "memory of cma: can't be pinned");
	munmap(shared, PAGE);
	discard(fd, NULL, PAGE, 0);
}

static void direct_io(int fd, int file)
{
	char *shared = map_shared(fd, 64 * PAGE), *copy = map_shared(fd, 64 * PAGE);
	char *private;

	fill(shared, 64, 1);
	check(pwrite(file, shared, 64 * PAGE, 0) == 64 * PAGE,
	      "O_DIRECT writes from shared memory");
	memset(shared, 0, 64 * PAGE);
	check(pread(file, shared, 64 * PAGE, 0) == 64 * PAGE,
	      "O_DIRECT reads into it");
	check(!wrong(copy, 64, 1), "and all who map it see that");
	discard(fd, NULL, 64 * PAGE, 0);
	check(pread(file, shared, 64 * PAGE, 0) == 64 * PAGE &&
	      !wrong(shared, 64, 1), "also where nothing was before");
	munmap(shared, 64 * PAGE);
	munmap(copy, 64 * PAGE);
	discard(fd, NULL, 64 * PAGE, 0);

	if (!mounted)
		return;
	private = map_private(fd, PAGE);
	*private = 1;
	check(pwrite(file, private, PAGE, 0) < 0 && errno == EFAULT,
	      "private memory: EFAULT");
	munmap(private, PAGE);
}

/* Just enough of io_uring: one entry, one request at a time. */
struct ring {
	int fd;
	struct io_uring_params params;
	char *rings;
	struct io_uring_sqe *sqes;
};

static bool ring_open(struct ring *ring)
{
	struct io_uring_params *p = &ring->params;

	memset(ring, 0, sizeof(*ring));
	ring->fd = syscall(SYS_io_uring_setup, 1, p);
	if (ring->fd < 0)
		return false;
	ring->rings = map_at(NULL, ring->fd,
			     p->cq_off.cqes + p->cq_entries *
			     sizeof(struct io_uring_cqe),
			     PROT_READ | PROT_WRITE, MAP_SHARED,
			     IORING_OFF_SQ_RING);
	ring->sqes = map_at(NULL, ring->fd, PAGE, PROT_READ | PROT_WRITE,
			    MAP_SHARED, IORING_OFF_SQES);
	return true;
}

static int ring_register(struct ring *ring, void *base, size_t length)
{
	struct iovec iov = { base, length };

	return syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_BUFFERS,
		       &iov, 1) ? -errno : 0;
}

static const char no_files[] = "this kernel's io_uring registers no mapped file";

static int ring_do(struct ring *ring, int opcode, int file, void *base,
		   size_t length)
{
	struct io_uring_params *p = &ring->params;
	unsigned int *tail = (unsigned int *)(ring->rings + p->sq_off.tail);
	unsigned int *array = (unsigned int *)(ring->rings + p->sq_off.array);
	unsigned int *head = (unsigned int *)(ring->rings + p->cq_off.head);
	struct io_uring_cqe *cqes;
	int result;

	memset(ring->sqes, 0, sizeof(*ring->sqes));
	ring->sqes->opcode = opcode;
	ring->sqes->fd = file;
	ring->sqes->addr = (uintptr_t)base;
	ring->sqes->len = length;
	array[0] = 0;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS,
		    NULL, 0) != 1)
		return -errno;
	cqes = (struct io_uring_cqe *)(ring->rings + p->cq_off.cqes);
	result = cqes[*head % p->cq_entries].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return result;
}

static void registered_buffers(int fd, int file)
{
	char *shared = map_shared(fd, 64 * PAGE), *private;
	struct ring ring;
	int err;

	if (!ring_open(&ring)) {
		skip("no io_uring", "registered buffers");
		return;
	}
	fill(shared, 64, 1);
	err = ring_register(&ring, shared, 64 * PAGE);
	if (err == -EOPNOTSUPP) {
		skip(no_files, "registered buffers");
		goto out;
	}
	check(!err, "io_uring registers shared memory");
	check(ring_do(&ring, IORING_OP_WRITE_FIXED, file, shared, 64 * PAGE) ==
	      64 * PAGE, "writes it to a file");
	memset(shared, 0, 64 * PAGE);
	check(ring_do(&ring, IORING_OP_READ_FIXED, file, shared, 64 * PAGE) ==
	      64 * PAGE && !wrong(shared, 64, 1), "and reads it back");
	syscall(SYS_io_uring_register, ring.fd, IORING_UNREGISTER_BUFFERS, NULL,
		0);
	private = map_private(fd, PAGE);
	*private = 1;
	check(ring_register(&ring, private, PAGE) == -EFAULT,
	      "private memory: EFAULT");
	munmap(private, PAGE);
out:
	munmap(shared, 64 * PAGE);
	close(ring.fd);
	discard(fd, NULL, 64 * PAGE, 0);
}

static bool content_is(int file, uint64_t seed)
{
	static char buffer[64 * PAGE] __attribute__((aligned(4096)));

	return pread(file, buffer, sizeof(buffer), 0) == sizeof(buffer) &&
	       !wrong(buffer, 64, seed);
}

/*
 * A registered buffer is a pin that outlives the mapping, the discard and the
 * opener. The frames must not become anybody else's before it goes.
 */
static void pinned(int file)
{
	int fd = open_isle(), other = open_isle();
	char *pinned_at = map_shared(fd, 64 * PAGE), *shared;
	struct ring ring;
	long out;
	int err;

	if (!ring_open(&ring)) {
		skip("no io_uring", "pinned frames");
		goto out;
	}
	check(waiting_are(other, 0), "nothing waits before");
	fill(pinned_at, 64, 7);
	out = frames_out(other) - 64;
	err = ring_register(&ring, pinned_at, 64 * PAGE);
	if (err == -EOPNOTSUPP) {
		skip(no_files, "pinned frames");
		close(ring.fd);
		goto out;
	}
	check(!err, "64 pages pinned");
	munmap(pinned_at, 64 * PAGE);
	close(fd);
	check(waiting_are(other, 64), "unmapped and closed, they wait");

	/* Whatever is taken now must not be one of them. */
	shared = map_shared(other, 8 * MB);
	memset(shared, 0xff, 8 * MB);
	munmap(shared, 8 * MB);
	discard(other, NULL, 8 * MB, 0);
	sleep_ms(300);
	check(waiting_are(other, 64), "and go on waiting");
	check(ring_do(&ring, IORING_OP_WRITE_FIXED, file, pinned_at,
		      64 * PAGE) == 64 * PAGE && content_is(file, 7),
	      "with what was in them");
	syscall(SYS_io_uring_register, ring.fd, IORING_UNREGISTER_BUFFERS, NULL,
		0);
	close(ring.fd);
	check(waiting_are(other, 0), "unpinned, they come back");
	check(back_to(other, out), "all of them");
	close(other);
	return;
out:
	munmap(pinned_at, 64 * PAGE);
	close(fd);
	close(other);
}

/*
 * A pipe holds the pages themselves, for as long as nobody reads it, and by a
 * reference of the ordinary sort.
 */
static void piped(void)
{
	int fd = open_isle(), other = open_isle(), pipes[2];
	char *shared = map_shared(fd, 8 * PAGE), *private;
	static char buffer[8 * PAGE];
	struct iovec iov = { shared, sizeof(buffer) };
	long out;

	if (pipe(pipes))
		bail_out("pipe: %s", strerror(errno));
	fill(shared, 8, 9);
	out = frames_out(other) - 8;
	check(vmsplice(pipes[1], &iov, 1, 0) == sizeof(buffer),
	      "vmsplice() puts shared memory into a pipe");
	munmap(shared, sizeof(buffer));
	close(fd);
	check(waiting_are(other, 8), "unmapped and closed, it waits there");
	check(read(pipes[0], buffer, sizeof(buffer)) == sizeof(buffer) &&
	      !wrong(buffer, 8, 9), "until somebody reads it");
	check(waiting_are(other, 0) && back_to(other, out),
	      "then it comes back");
	private = map_private(other, PAGE);
	*private = 1;
	iov = (struct iovec){ private, PAGE };
	check(vmsplice(pipes[1], &iov, 1, 0) < 0 && errno == EFAULT,
	      "private memory: EFAULT");
	munmap(private, PAGE);
	close(pipes[0]);
	close(pipes[1]);
	close(other);
}

int main(void)
{
	int fd = open_isle(), file;
	long before = frames_out(fd);

	one_memory(fd);
	private_over_shared();
	appearing(fd);
	read_only();
	if (can_pin(fd)) {
		futexes(fd);
		piped();
	}
	file = direct_file();
	if (file < 0) {
		skip("no file takes O_DIRECT", "direct I/O, io_uring");
	} else if (!can_pin(fd)) {
		no_pins(fd, file);
	} else {
		direct_io(fd, file);
		registered_buffers(fd, file);
		pinned(file);
	}
	no_direct_file(file);
	check(back_to(fd, before), "every frame is back");
	return tap_end();
}
