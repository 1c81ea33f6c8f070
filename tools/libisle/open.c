// SPDX-License-Identifier: GPL-2.0
/* Opening the device and saying what a descriptor may do: see libisle.h. */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "libisle.h"

int isle_open(void)
{
	struct isle_version version;
	int fd, err;

	fd = open(ISLE_DEVICE, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (isle_get_version(fd, &version))
		err = errno;
	else
		err = version.abi == ISLE_ABI_VERSION ? 0 : EPROTO;
	if (!err)
		return fd;
	close(fd);
	errno = err;
	return -1;
}

int isle_open_file(int file, uint64_t offset)
{
	struct isle_setup setup = {
		.kind		= ISLE_SETUP_FILE,
		.fd		= file,
		.offset		= offset,
	};
	int fd = isle_open(), err;

	if (fd < 0 || !ioctl(fd, ISLE_IOC_SETUP, &setup))
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

int isle_configure(int fd, uint64_t limit, uint32_t fault_around)
{
	struct isle_setup setup = {
		.kind		= ISLE_SETUP_ANON,
		.fd		= -1,
		.fault_around	= fault_around,
		.limit		= limit,
	};

	return ioctl(fd, ISLE_IOC_SETUP, &setup);
}

int isle_set_limit(int fd, uint64_t limit)
{
	struct isle_limit request = { .limit = limit };

	return ioctl(fd, ISLE_IOC_LIMIT, &request);
}

int isle_set_huge(int fd, unsigned int policy)
{
	struct isle_setup setup = {
		.kind	= ISLE_SETUP_ANON,
		.flags	= ISLE_SETUP_KEEP,
		.fd	= -1,
		.huge	= policy,
	};

	return ioctl(fd, ISLE_IOC_SETUP, &setup);
}
