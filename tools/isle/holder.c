// SPDX-License-Identifier: GPL-2.0
/* The process that "isle alloc" leaves behind, and talking to it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli.h"
#include "holder.h"

#define MAX_HANDLES	0x100000

/* Of the socket that this holder listens on. */
static char socket_path[sizeof(((struct sockaddr_un *)0)->sun_path)];

/* The folder of the sockets. Nobody else may be able to put one there. */
static void socket_folder(char *path, size_t size)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	struct stat st;

	if (!geteuid())
		snprintf(path, size, "/run/isle");
	else if (runtime && *runtime == '/')
		snprintf(path, size, "%s/isle", runtime);
	else
		snprintf(path, size, "/tmp/isle-%u", geteuid());

	if (mkdir(path, 0700) && errno != EEXIST)
		cli_die_errno(errno, "cannot make %s", path);
	if (lstat(path, &st))
		cli_die_errno(errno, "cannot look at %s", path);
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
	    st.st_mode & 0022)
		cli_die("%s is not a folder that only this user can write to",
			path);
}

static void socket_address(struct sockaddr_un *address, pid_t pid)
{
	char folder[80];

	socket_folder(folder, sizeof(folder));
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(address->sun_path, sizeof(address->sun_path), "%s/%d", folder,
		 pid);
}

static int write_all(int fd, const void *data, size_t size)
{
	const char *at = data;
	ssize_t n;

	while (size) {
		n = send(fd, at, size, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		at += n;
		size -= n;
	}
	return 0;
}

static int read_all(int fd, void *data, size_t size)
{
	char *at = data;
	ssize_t n;

	while (size) {
		n = read(fd, at, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		at += n;
		size -= n;
	}
	return 0;
}

union fd_message {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

/* The device, and with it the number of handles that follow. */
static int send_device(int socket, int fd, __u64 nr)
{
	union fd_message control = { };
	struct iovec io = { .iov_base = &nr, .iov_len = sizeof(nr) };
	struct msghdr message = {
		.msg_iov = &io, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	if (sendmsg(socket, &message, MSG_NOSIGNAL) != sizeof(nr))
		return -1;
	return 0;
}

static int receive_device(int socket, int *fd, __u64 *nr)
{
	union fd_message control = { };
	struct iovec io = { .iov_base = nr, .iov_len = sizeof(*nr) };
	struct msghdr message = {
		.msg_iov = &io, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *c;

	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_WAITALL) !=
	    sizeof(*nr))
		return -1;
	c = CMSG_FIRSTHDR(&message);
	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(fd, CMSG_DATA(c), sizeof(*fd));
	return 0;
}

static bool same_user(int socket)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return !getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) &&
	       (peer.uid == geteuid() || !peer.uid);
}

/* One client at a time: its frees are over when it has shut its side. */
static void serve(int client, int fd, const __u64 *handles, __u64 nr)
{
	char byte;

	if (same_user(client) && !send_device(client, fd, nr) &&
	    !write_all(client, handles, nr * sizeof(*handles)))
		read_all(client, &byte, 1);
}

static void end(int signal)
{
	(void)signal;
	unlink(socket_path);
	_exit(0);
}

static void end_on_signals(void)
{
	struct sigaction action = { .sa_handler = end };
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &action, NULL);
}

/* Nothing of the terminal or pipe that "isle alloc" was started from. */
static void leave_terminal(void)
{
	int null = open("/dev/null", O_RDWR);

	setsid();
	if (chdir("/"))
		_exit(CLI_FAILED);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	if (null > STDERR_FILENO)
		close(null);
}

static bool holds_blocks(int fd)
{
	struct isle_opener opener;

	return !ioctl(fd, ISLE_IOC_OPENER, &opener) && opener.block_pages;
}

/* The last client hears of it only when the device is closed. */
static void hold(int listener, int fd, const __u64 *handles, size_t nr)
{
	int client;

	while (holds_blocks(fd)) {
		client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (client < 0)
			continue;
		serve(client, fd, handles, nr);
		if (!holds_blocks(fd))
			break;
		close(client);
	}
	close(fd);
	end(0);
}

static int listen_as_self(void)
{
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;

	if (listener < 0)
		cli_die_errno(errno, "socket");
	socket_address(&address, getpid());
	memcpy(socket_path, address.sun_path, sizeof(socket_path));
	unlink(socket_path);
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(listener, 8))
		cli_die_errno(errno, "cannot listen on %s", socket_path);
	return listener;
}

pid_t holder_start(int fd, const __u64 *handles, size_t nr)
{
	int ready[2], gone[2], listener;
	char byte = 0;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) || pipe2(gone, O_CLOEXEC))
		cli_die_errno(errno, "pipe");
	pid = fork();
	if (pid < 0)
		cli_die_errno(errno, "cannot fork a holder");
	if (!pid) {
		prctl(PR_SET_NAME, "isle-holder");
		end_on_signals();
		listener = listen_as_self();
		leave_terminal();
		if (write(ready[1], &byte, 1) != 1)
			_exit(CLI_FAILED);
		close(ready[0]);
		close(ready[1]);
		/* Who asks last is who has the device: not a parent that ends. */
		close(gone[1]);
		read_all(gone[0], &byte, 1);
		close(gone[0]);
		hold(listener, fd, handles, nr);
	}

	close(gone[0]);
	close(ready[1]);
	if (read_all(ready[0], &byte, 1))
		cli_die("the process that was to hold the blocks ended");
	close(ready[0]);
	return pid;
}

static int receive_handles(struct holder *holder)
{
	__u64 nr;

	if (receive_device(holder->socket, &holder->fd, &nr))
		return -1;
	if (nr > MAX_HANDLES)
		goto close_device;
	holder->nr = nr;
	holder->handles = calloc(nr + 1, sizeof(*holder->handles));
	if (!holder->handles)
		cli_die("out of memory");
	if (!read_all(holder->socket, holder->handles,
		      nr * sizeof(*holder->handles)))
		return 0;
	free(holder->handles);
close_device:
	close(holder->fd);
	return -1;
}

int holder_connect(struct holder *holder, pid_t pid)
{
	struct sockaddr_un address;

	socket_address(&address, pid);
	holder->pid = pid;
	holder->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (holder->socket < 0)
		cli_die_errno(errno, "socket");
	if (connect(holder->socket, (struct sockaddr *)&address,
		    sizeof(address))) {
		/* What a holder that was killed has left. */
		if (errno == ECONNREFUSED)
			unlink(address.sun_path);
		goto close_socket;
	}
	if (!receive_handles(holder))
		return 0;

close_socket:
	close(holder->socket);
	return -1;
}

void holder_hang_up(struct holder *holder)
{
	char byte;

	free(holder->handles);
	close(holder->fd);
	shutdown(holder->socket, SHUT_WR);
	read_all(holder->socket, &byte, 1);
	close(holder->socket);
}

void holder_each(void (*visit)(struct holder *holder, void *data), void *data)
{
	struct holder holder;
	struct dirent *entry;
	char folder[80];
	char *end;
	DIR *dir;
	long pid;

	socket_folder(folder, sizeof(folder));
	dir = opendir(folder);
	if (!dir)
		cli_die_errno(errno, "cannot read %s", folder);
	while ((entry = readdir(dir))) {
		pid = strtol(entry->d_name, &end, 10);
		if (pid <= 0 || *end || holder_connect(&holder, pid))
			continue;
		visit(&holder, data);
		holder_hang_up(&holder);
	}
	closedir(dir);
}
