// SPDX-License-Identifier: GPL-2.0
/* /dev/isle: opening it and asking it. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli.h"

static void __noreturn cannot_open(int error)
{
	switch (error) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		cli_die("there is no %s: the module is not loaded.\n"
			"Load it as root, from isle's build folder:\n"
			"    insmod build/KERNEL/isle.ko\n"
			"or, where it is installed: modprobe isle",
			ISLE_DEVICE);
	case EACCES:
	case EPERM:
		cli_die_errno(error, "%s belongs to root. Run this as root, or give access\n"
			      "with chmod or a udev rule (see isle(1))",
			      ISLE_DEVICE);
	default:
		cli_die_errno(error, "cannot open %s", ISLE_DEVICE);
	}
}

int device_open(void)
{
	struct isle_version version;
	int fd;

	fd = open(ISLE_DEVICE, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		cannot_open(errno);

	device_version(fd, &version);
	if (version.abi != ISLE_ABI_VERSION)
		cli_die("the module's ABI is %u, this command's %u: build both from one source",
			version.abi, ISLE_ABI_VERSION);
	return fd;
}

size_t device_page_size(void)
{
	static size_t size;

	if (!size)
		size = sysconf(_SC_PAGESIZE);
	return size;
}

void device_version(int fd, struct isle_version *version)
{
	memset(version, 0, sizeof(*version));
	if (ioctl(fd, ISLE_IOC_VERSION, version))
		cli_die_errno(errno, "%s does not answer ISLE_IOC_VERSION",
			      ISLE_DEVICE);
}

void device_stats(int fd, struct isle_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	if (ioctl(fd, ISLE_IOC_STATS, stats))
		cli_die_errno(errno, "ISLE_IOC_STATS");
}

void device_opener(int fd, struct isle_opener *opener)
{
	memset(opener, 0, sizeof(*opener));
	if (ioctl(fd, ISLE_IOC_OPENER, opener))
		cli_die_errno(errno, "ISLE_IOC_OPENER");
}

void device_zone(int fd, unsigned int index, struct isle_zone_info *zone)
{
	memset(zone, 0, sizeof(*zone));
	zone->index = index;
	if (ioctl(fd, ISLE_IOC_ZONE, zone))
		cli_die_errno(errno, "ISLE_IOC_ZONE %u", index);
}

void device_region(int fd, unsigned int index, struct isle_region_info *region)
{
	memset(region, 0, sizeof(*region));
	region->index = index;
	if (ioctl(fd, ISLE_IOC_REGION, region))
		cli_die_errno(errno, "ISLE_IOC_REGION %u", index);
}

void device_pageblocks(int fd, unsigned int first,
		       struct isle_pageblocks *pageblocks)
{
	memset(pageblocks, 0, sizeof(*pageblocks));
	pageblocks->first = first;
	if (ioctl(fd, ISLE_IOC_PAGEBLOCKS, pageblocks))
		cli_die_errno(errno, "ISLE_IOC_PAGEBLOCKS %u", first);
}

void device_openers(int fd, __u64 next, struct isle_openers *openers)
{
	memset(openers, 0, sizeof(*openers));
	openers->next = next;
	if (ioctl(fd, ISLE_IOC_OPENERS, openers))
		cli_die_errno(errno, "ISLE_IOC_OPENERS");
}
