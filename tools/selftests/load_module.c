// SPDX-License-Identifier: GPL-2.0
/*
 * Loads a module and says how that ended: "OK" or the name of the errno, which
 * insmod hides behind words of its own.
 *
 * usage: load_module FILE [PARAMETER...]
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char params[4096] = "";
	size_t len = 0;
	int fd, i;

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
	if (syscall(SYS_finit_module, fd, params, 0)) {
		puts(strerrorname_np(errno));
		return 1;
	}
	puts("OK");
	return 0;
}
