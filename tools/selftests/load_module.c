// SPDX-License-Identifier: GPL-2.0
/*
 * Loads a module and says how that ended: "OK" or the name of the errno, which
 * insmod hides behind words of its own; then what the kernel's log got meanwhile.
 *
 * usage: load_module FILE [PARAMETER...]
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The text of a record stands between the first ';' and the end of its line. */
static void print_log(int log)
{
	char record[8192], *text;
	ssize_t length;

	while ((length = read(log, record, sizeof(record) - 1)) > 0 ||
	       (length < 0 && errno == EPIPE)) {
		if (length < 0)
			continue;	/* older ones are lost, newer follow */
		record[length] = '\0';
		text = strchr(record, ';');
		if (text)
			puts(strtok(text + 1, "\n"));
	}
}

int main(int argc, char **argv)
{
	char params[4096] = "";
	size_t len = 0;
	int fd, log, err, i;

	if (argc < 2) {
		fprintf(stderr, "usage: load_module FILE [PARAMETER...]\n");
		return 2;
	}
	for (i = 2; i < argc && len < sizeof(params); i++)
		len += snprintf(params + len, sizeof(params) - len, "%s ",
				argv[i]);
	if (len >= sizeof(params)) {
		fprintf(stderr, "load_module: the parameters are too long\n");
		return 2;
	}
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		perror(argv[1]);
		return 2;
	}
	log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (log < 0 || lseek(log, 0, SEEK_END) < 0) {
		perror("/dev/kmsg");
		return 2;
	}
	err = syscall(SYS_finit_module, fd, params, 0) ? errno : 0;
	puts(err ? strerrorname_np(err) : "OK");
	print_log(log);
	return err ? 1 : 0;
}
