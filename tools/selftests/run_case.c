// SPDX-License-Identifier: GPL-2.0
/*
 * Runs one selftest on a freshly loaded isle and prints its TAP: what
 * tools/selftests/run does for each test, in one process, for on an emulated CPU
 * with every checker on each further one takes half a second.
 *
 * usage: run_case NUMBER NAME USER SECONDS MODULE PARAMETERS COMMAND...
 *
 * Loads MODULE with PARAMETERS, runs COMMAND as USER for at most SECONDS, unloads,
 * and looks at what is left. The status is 0 if all was well.
 */
#include <ctype.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <regex.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "tap.h"

/* The records of the kernel's log that are kept for the reader of a failure. */
enum { LOG_LINES = 120, LINE = 4096 };

/* What the kernel says when something is wrong with it, whatever the level. */
static const char * const complaints[] = {
	"WARNING:", "BUG:", "Oops", "KASAN", "UBSAN", "KCSAN",
	"general protection fault,", "unable to handle",
	"blocked for more than", "possible circular locking",
	"possible recursive locking", "inconsistent lock state",
	"suspicious RCU", "scheduling while atomic",
	"sleeping function called", "Bad page", "bad page", "corruption",
	"refcount_t:", "detected stall", "soft lockup", "hard LOCKUP",
	"unreferenced object", "new suspected memory leaks", "ODEBUG",
};

static const char * const always_allowed[] = {
	"loading out-of-tree module taints kernel",
	"module verification failed: signature",
	"^isle[a-z_]*: [0-9]+ callbacks suppressed",
};

static struct {
	regex_t *expr;
	unsigned int nr;
} allowed;

static unsigned int results, failures;

static void result(bool holds, const char *name)
{
	failures += !holds;
	printf("    %sok %u - %s\n", holds ? "" : "not ", ++results, name);
}

static void allow(const char *expression)
{
	allowed.expr = realloc(allowed.expr,
			       (allowed.nr + 1) * sizeof(*allowed.expr));
	if (!allowed.expr ||
	    regcomp(&allowed.expr[allowed.nr], expression,
		    REG_EXTENDED | REG_NOSUB))
		bail_out("no regular expression: %s", expression);
	allowed.nr++;
}

/* A test announces what it makes isle say: "# kernel log: EXPRESSION". */
static void read_announcement(const char *line)
{
	static const char word[] = "kernel log: ";
	const char *at;

	line += strspn(line, " ");
	if (*line != '#')
		return;
	at = strstr(line, word);
	if (at && (at == line + 2 || !strncmp(at - 2, ": ", 2)))
		allow(at + sizeof(word) - 1);
}

static bool is_allowed(const char *text)
{
	unsigned int i;

	for (i = 0; i < allowed.nr; i++) {
		if (!regexec(&allowed.expr[i], text, 0, NULL, 0))
			return true;
	}
	return false;
}

/* "isle: ", "isle_kunit: " */
static bool is_ours(const char *text)
{
	if (strncmp(text, "isle", 4))
		return false;
	text += 4 + strspn(text + 4, "abcdefghijklmnopqrstuvwxyz_");
	return *text == ':';
}

static bool is_unexpected(unsigned int level, const char *text)
{
	unsigned int i;

	if (is_allowed(text))
		return false;
	for (i = 0; i < ARRAY_SIZE(complaints); i++) {
		if (strstr(text, complaints[i]))
			return true;
	}
	return level <= 3 || (level == 4 && is_ours(text));
}

/* /dev/kmsg from now on; each read() of it is a record. */
static int open_log(const char *name)
{
	int fd = open("/dev/kmsg", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	char mark[128];
	int length;

	length = snprintf(mark, sizeof(mark), "selftest: %s\n", name);
	if (fd < 0 || write(fd, mark, length) != length ||
	    lseek(fd, 0, SEEK_END) < 0)
		bail_out("/dev/kmsg: %s", strerror(errno));
	return fd;
}

/* The next record's text and level; false at the end. */
static bool next_record(int fd, char *buffer, size_t size, char **text,
			unsigned int *level)
{
	ssize_t length;
	char *end;

	do {
		length = read(fd, buffer, size - 1);
	} while (length < 0 && errno == EINTR);
	if (length < 0 && errno == EPIPE) {
		*level = 0;
		snprintf(buffer, size,
			 "the log has lost its beginning; it needs log_buf_len=");
		*text = buffer;
		return true;
	}
	if (length <= 0)
		return false;
	buffer[length] = 0;
	*level = strtoul(buffer, NULL, 10) & 7;
	*text = strchr(buffer, ';');
	*text = *text ? *text + 1 : buffer;
	end = strchr(*text, '\n');
	if (end)
		*end = 0;
	return true;
}

static void print_log(char *lines[], unsigned int nr)
{
	unsigned int i = nr > LOG_LINES ? nr - LOG_LINES : 0;

	printf("    # ---- the log since the test began:\n");
	for (; i < nr; i++)
		printf("    # %s\n", lines[i % LOG_LINES]);
}

static bool log_is_clean(int fd)
{
	static char *lines[LOG_LINES];
	unsigned int nr = 0, level, bad = 0;
	char buffer[2 * LINE], *text;

	while (next_record(fd, buffer, sizeof(buffer), &text, &level)) {
		free(lines[nr % LOG_LINES]);
		lines[nr++ % LOG_LINES] = strdup(text);
		if (!is_unexpected(level, text))
			continue;
		if (bad++ < 20)
			printf("    # %s\n", text);
	}
	if (bad)
		print_log(lines, nr);
	return !bad;
}

/* Those that somebody still has pinned are not back. */
static long all_frames_out(void)
{
	int fd = open_isle();
	long out = frames_out(fd) + stats(fd).quarantine;

	close(fd);
	return out;
}

/* What waits for a grace period or a work item takes a moment, in a busy guest more. */
enum { MOMENTS = 600 };

static void wait_a_moment(void)
{
	struct timespec moment = { .tv_nsec = 100000000 };

	nanosleep(&moment, NULL);
}

static bool frames_are_back(long before)
{
	unsigned int try;

	for (try = 0; try < MOMENTS; try++) {
		if (all_frames_out() == before)
			return true;
		wait_a_moment();
	}
	printf("    # %ld frames are out, %ld were before\n", all_frames_out(),
	       before);
	return false;
}

static bool unload(void)
{
	unsigned int try;

	for (try = 0; syscall(SYS_delete_module, "isle", O_NONBLOCK); try++) {
		if (errno != EWOULDBLOCK || try == MOMENTS) {
			printf("    # %s\n", strerror(errno));
			return false;
		}
		wait_a_moment();
	}
	return true;
}

static bool load(const char *module, const char *parameters)
{
	int fd = open(module, O_RDONLY | O_CLOEXEC);
	bool loaded;

	loaded = fd >= 0 && !syscall(SYS_finit_module, fd, parameters, 0);
	if (!loaded)
		printf("    # %s %s: %s\n", module, parameters, strerror(errno));
	close(fd);
	return loaded;
}

static void become(const char *user)
{
	struct passwd *entry = getpwnam(user);

	if (!entry || setgroups(0, NULL) || setgid(entry->pw_gid) ||
	    setuid(entry->pw_uid)) {
		fprintf(stderr, "cannot become %s: %s\n", user, strerror(errno));
		_exit(1);
	}
}

/* The test, in a process group of its own, with both outputs to @fd. */
static pid_t start(const char *user, char *command[], int fd)
{
	pid_t pid = fork();

	if (pid < 0)
		bail_out("fork: %s", strerror(errno));
	if (pid)
		return pid;
	setpgid(0, 0);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	if (strcmp(user, "root"))
		become(user);
	execv(command[0], command);
	fprintf(stderr, "%s: %s\n", command[0], strerror(errno));
	_exit(127);
}

/* Seconds since the machine started. */
static long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

/* The test has said how many results there are to be. */
static bool planned;

static void show_line(char *line)
{
	read_announcement(line);
	planned |= !strncmp(line, "1..", 3) && isdigit((unsigned char)line[3]);
	printf("        %s\n", line);
}

/* Prints whole lines of what is in @buffer, keeps the rest: how much that is. */
static size_t show_lines(char *buffer, size_t filled)
{
	char *line = buffer, *end;

	while ((end = memchr(line, '\n', buffer + filled - line))) {
		*end = 0;
		show_line(line);
		line = end + 1;
	}
	filled -= line - buffer;
	memmove(buffer, line, filled);
	if (filled == LINE) {
		show_line(buffer);
		filled = 0;
	}
	return filled;
}

/* Shows what comes until all who write are gone or the time is over. */
static void follow(int fd, pid_t pid, long limit)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	char buffer[LINE + 1] = "";
	long end = now() + limit;
	int signal = SIGTERM;
	size_t filled = 0;
	ssize_t got;

	for (;;) {
		if (now() >= end) {
			printf("    # killed after %ld s\n", limit);
			kill(-pid, signal);
			signal = SIGKILL;
			end += 10;
		}
		if (poll(&poll_fd, 1, 1000) <= 0)
			continue;
		got = read(fd, buffer + filled, LINE - filled);
		if (got <= 0)
			break;
		filled += got;
		buffer[filled] = 0;
		filled = show_lines(buffer, filled);
	}
	if (filled)
		show_line(buffer);
}

static bool run(const char *user, long limit, char *command[])
{
	int pipes[2], status;
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC))
		bail_out("pipe: %s", strerror(errno));
	pid = start(user, command, pipes[1]);
	close(pipes[1]);
	follow(pipes[0], pid, limit);
	close(pipes[0]);
	if (waitpid(pid, &status, 0) != pid)
		bail_out("waitpid: %s", strerror(errno));
	if (WIFSIGNALED(status))
		printf("    # ended by signal %d\n", WTERMSIG(status));
	else if (WEXITSTATUS(status))
		printf("    # ended with status %d\n", WEXITSTATUS(status));
	if (!planned)
		printf("    # did not say how many results there are\n");
	return !status && planned;
}

/* What others than root repeat they repeat less: what differs is the rights. */
static void open_to(const char *user)
{
	char divisor[16];

	if (!strcmp(user, "root"))
		return;
	if (chmod(ISLE_DEVICE, 0666))
		bail_out("chmod %s: %s", ISLE_DEVICE, strerror(errno));
	snprintf(divisor, sizeof(divisor), "%u", times_less() * 4);
	setenv("ISLE_SHORT", divisor, 1);
}

int main(int argc, char *argv[])
{
	long began = now(), before;
	unsigned int i;
	int log;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 8)
		bail_out("usage: run_case NUMBER NAME USER SECONDS MODULE PARAMETERS COMMAND...");
	for (i = 0; i < ARRAY_SIZE(always_allowed); i++)
		allow(always_allowed[i]);
	printf("    # Subtest: %s\n", argv[2]);
	log = open_log(argv[2]);
	if (load(argv[5], argv[6])) {
		before = all_frames_out();
		open_to(argv[3]);
		result(run(argv[3], strtol(argv[4], NULL, 10), argv + 7),
		       "the test ended well");
		result(frames_are_back(before), "every frame is back");
		result(unload(), "the module unloads");
	} else {
		result(false, "the module loads");
	}
	result(log_is_clean(log), "the log has nothing unexpected");
	printf("    # took %ld s\n    1..%u\n", now() - began, results);
	printf("%sok %s - %s\n", failures ? "not " : "", argv[1], argv[2]);
	return failures ? 1 : 0;
}
