// SPDX-License-Identifier: GPL-2.0
/* What the device tells about itself: see libisle.h. */
#include <string.h>
#include <sys/ioctl.h>

#include "libisle.h"

int isle_get_version(int fd, struct isle_version *version)
{
	memset(version, 0, sizeof(*version));
	return ioctl(fd, ISLE_IOC_VERSION, version);
}

int isle_get_opener(int fd, struct isle_opener *opener)
{
	memset(opener, 0, sizeof(*opener));
	return ioctl(fd, ISLE_IOC_OPENER, opener);
}

int isle_get_stats(int fd, struct isle_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	return ioctl(fd, ISLE_IOC_STATS, stats);
}

int isle_get_zone(int fd, unsigned int index, struct isle_zone_info *zone)
{
	memset(zone, 0, sizeof(*zone));
	zone->index = index;
	return ioctl(fd, ISLE_IOC_ZONE, zone);
}

int isle_get_region(int fd, unsigned int index,
		    struct isle_region_info *region)
{
	memset(region, 0, sizeof(*region));
	region->index = index;
	return ioctl(fd, ISLE_IOC_REGION, region);
}
