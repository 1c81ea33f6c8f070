/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ABI, pinned: sizes, offsets and request numbers of include/uapi/isle.h.
 * Compiled for 64-bit and for 32-bit callers, who must see the same; a struct
 * that changes breaks programs that exist.
 */
#ifndef _LAYOUT_H
#define _LAYOUT_H

#include <stddef.h>

#include <isle.h>

#define SIZE(type, size) \
	_Static_assert(sizeof(struct type) == (size), #type " has this size")
#define AT(type, field, offset) \
	_Static_assert(offsetof(struct type, field) == (offset), \
		       #type "." #field " stands here")
#define NUMBER(request, value) \
	_Static_assert((request) == (value), #request " has this number")

SIZE(isle_version, 32);
AT(isle_version, abi, 0);
AT(isle_version, page_size, 4);
AT(isle_version, max_order, 8);
AT(isle_version, features, 12);
AT(isle_version, huge, 16);
AT(isle_version, huge_allowed, 20);
AT(isle_version, reserved, 24);

SIZE(isle_setup, 48);
AT(isle_setup, kind, 0);
AT(isle_setup, flags, 4);
AT(isle_setup, fd, 8);
AT(isle_setup, fault_around, 12);
AT(isle_setup, offset, 16);
AT(isle_setup, limit, 24);
AT(isle_setup, huge, 32);
AT(isle_setup, reserved, 36);

SIZE(isle_block, 56);
AT(isle_block, handle, 0);
AT(isle_block, order, 8);
AT(isle_block, migratetype, 12);
AT(isle_block, nid, 16);
AT(isle_block, flags, 20);
AT(isle_block, phys, 24);
AT(isle_block, zone, 32);
AT(isle_block, references, 36);
AT(isle_block, reserved, 40);

SIZE(isle_free, 32);
AT(isle_free, handle, 0);
AT(isle_free, flags, 8);
AT(isle_free, reserved, 16);

SIZE(isle_range, 40);
AT(isle_range, start, 0);
AT(isle_range, length, 8);
AT(isle_range, flags, 16);
AT(isle_range, value, 20);
AT(isle_range, reserved, 24);

SIZE(isle_residency, 48);
AT(isle_residency, start, 0);
AT(isle_residency, length, 8);
AT(isle_residency, vector, 16);
AT(isle_residency, flags, 24);
AT(isle_residency, reserved, 32);

SIZE(isle_opener, 128);
AT(isle_opener, limit, 0);
AT(isle_opener, object_pages, 8);
AT(isle_opener, private_pages, 16);
AT(isle_opener, block_pages, 24);
AT(isle_opener, faults_zero, 32);
AT(isle_opener, faults_anon, 40);
AT(isle_opener, faults_cow, 48);
AT(isle_opener, faults_reuse, 56);
AT(isle_opener, faults_around, 64);
AT(isle_opener, faults_sigbus, 72);
AT(isle_opener, faults_file, 80);
AT(isle_opener, filled_pages, 88);
AT(isle_opener, dirty_pages, 96);
AT(isle_opener, faults_huge, 104);
AT(isle_opener, reserved, 112);

SIZE(isle_stats, 240);
AT(isle_stats, managed, 0);
AT(isle_stats, free, 8);
AT(isle_stats, pcp, 16);
AT(isle_stats, user, 24);
AT(isle_stats, quarantine, 32);
AT(isle_stats, present, 40);
AT(isle_stats, metadata, 48);
AT(isle_stats, allocs, 56);
AT(isle_stats, frees, 64);
AT(isle_stats, refills, 72);
AT(isle_stats, spills, 80);
AT(isle_stats, fallbacks, 88);
AT(isle_stats, steals, 96);
AT(isle_stats, failures, 104);
AT(isle_stats, nr_zones, 112);
AT(isle_stats, nr_regions, 116);
AT(isle_stats, openers, 120);
AT(isle_stats, faults_zero, 128);
AT(isle_stats, faults_anon, 136);
AT(isle_stats, faults_cow, 144);
AT(isle_stats, faults_reuse, 152);
AT(isle_stats, faults_around, 160);
AT(isle_stats, faults_sigbus, 168);
AT(isle_stats, faults_file, 176);
AT(isle_stats, filled_pages, 184);
AT(isle_stats, faults_huge, 192);
AT(isle_stats, reserved, 200);

SIZE(isle_zone_info, 752);
AT(isle_zone_info, index, 0);
AT(isle_zone_info, nid, 4);
AT(isle_zone_info, name, 8);
AT(isle_zone_info, start, 24);
AT(isle_zone_info, spanned, 32);
AT(isle_zone_info, present, 40);
AT(isle_zone_info, managed, 48);
AT(isle_zone_info, free, 56);
AT(isle_zone_info, free_cma, 64);
AT(isle_zone_info, free_highatomic, 72);
AT(isle_zone_info, pcp, 80);
AT(isle_zone_info, user, 88);
AT(isle_zone_info, user_max, 96);
AT(isle_zone_info, watermark, 104);
AT(isle_zone_info, boost, 128);
AT(isle_zone_info, lowmem_reserve, 136);
AT(isle_zone_info, nr_free, 160);
AT(isle_zone_info, reserved, 688);

SIZE(isle_region_info, 128);
AT(isle_region_info, index, 0);
AT(isle_region_info, nid, 4);
AT(isle_region_info, kind, 8);
AT(isle_region_info, args, 24);
AT(isle_region_info, start, 72);
AT(isle_region_info, size, 80);
AT(isle_region_info, nr_extents, 88);
AT(isle_region_info, flags, 92);
AT(isle_region_info, reserved, 96);

SIZE(isle_limit, 32);
AT(isle_limit, limit, 0);
AT(isle_limit, reserved, 8);

SIZE(isle_pageblock, 24);
AT(isle_pageblock, phys, 0);
AT(isle_pageblock, present, 8);
AT(isle_pageblock, managed, 10);
AT(isle_pageblock, free, 12);
AT(isle_pageblock, pcp, 14);
AT(isle_pageblock, user, 16);
AT(isle_pageblock, migratetype, 18);
AT(isle_pageblock, zone, 19);
AT(isle_pageblock, reserved, 20);

SIZE(isle_pageblocks, 816);
AT(isle_pageblocks, first, 0);
AT(isle_pageblocks, nr, 4);
AT(isle_pageblocks, total, 8);
AT(isle_pageblocks, frames, 12);
AT(isle_pageblocks, block, 16);
AT(isle_pageblocks, reserved, 784);

SIZE(isle_opener_info, 64);
AT(isle_opener_info, id, 0);
AT(isle_opener_info, pid, 8);
AT(isle_opener_info, uid, 12);
AT(isle_opener_info, comm, 16);
AT(isle_opener_info, object_pages, 32);
AT(isle_opener_info, private_pages, 40);
AT(isle_opener_info, block_pages, 48);
AT(isle_opener_info, faults, 56);

SIZE(isle_openers, 560);
AT(isle_openers, next, 0);
AT(isle_openers, nr, 8);
AT(isle_openers, flags, 12);
AT(isle_openers, opener, 16);
AT(isle_openers, reserved, 528);

NUMBER(ISLE_IOC_VERSION, 0x8020b700);
NUMBER(ISLE_IOC_SETUP, 0x4030b701);
NUMBER(ISLE_IOC_ALLOC, 0xc038b702);
NUMBER(ISLE_IOC_FREE, 0x4020b703);
NUMBER(ISLE_IOC_QUERY, 0xc038b704);
NUMBER(ISLE_IOC_DISCARD, 0x4028b705);
NUMBER(ISLE_IOC_FAULT_AROUND, 0x4028b706);
NUMBER(ISLE_IOC_LIMIT, 0x4020b707);
NUMBER(ISLE_IOC_OPENER, 0x8080b708);
NUMBER(ISLE_IOC_STATS, 0x80f0b709);
NUMBER(ISLE_IOC_ZONE, 0xc2f0b70a);
NUMBER(ISLE_IOC_REGION, 0xc080b70b);
NUMBER(ISLE_IOC_ADVISE, 0x4028b70c);
NUMBER(ISLE_IOC_POPULATE, 0x4028b70d);
NUMBER(ISLE_IOC_RESIDENCY, 0x4030b70e);
NUMBER(ISLE_IOC_PAGEBLOCKS, 0xc330b70f);
NUMBER(ISLE_IOC_OPENERS, 0xc230b710);

#undef SIZE
#undef AT
#undef NUMBER

#endif /* _LAYOUT_H */
