// SPDX-License-Identifier: GPL-2.0
/*
 * region= of the command line:
 *
 *   list  = entry { "," entry }
 *   entry = ( "auto" | KIND ":" ARGS ) [ "@" node ]
 *
 * A name with a comma or an at sign in it can't be given.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/numa.h>
#include <linux/overflow.h>
#include <linux/string.h>

#include "region.h"

/* What 32-bit frame ids can name. */
#define ISLE_REGION_MAX_BYTES	((u64)U32_MAX << PAGE_SHIFT)

int isle_parse_size(const char *s, u64 *bytes)
{
	unsigned int shift = 0;
	char number[24];
	bool hex;
	u64 value;
	int len;
	int ret;

	len = strscpy(number, s, sizeof(number));
	if (len < 1 || !isdigit(number[0]))
		return -EINVAL;
	switch (tolower(number[len - 1])) {
	case 't':
		shift += 10;
		fallthrough;
	case 'g':
		shift += 10;
		fallthrough;
	case 'm':
		shift += 10;
		fallthrough;
	case 'k':
		shift += 10;
		number[len - 1] = '\0';
	}
	/* Not octal after a zero. */
	hex = number[0] == '0' && tolower(number[1]) == 'x';
	ret = kstrtou64(number, hex ? 16 : 10, &value);
	if (ret)
		return ret;
	if (value > U64_MAX >> shift)
		return -ERANGE;
	*bytes = value << shift;
	return 0;
}
EXPORT_SYMBOL_FOR_KUNIT(isle_parse_size);

static int parse_multiple(struct isle_region *region, u64 multiple)
{
	int ret = isle_parse_size(region->args, &region->size);

	if (!ret && region->size > ISLE_REGION_MAX_BYTES)
		ret = -ERANGE;
	if (ret == -ERANGE) {
		isle_region_err(region, "the size is too large\n");
		return ret;
	}
	if (ret) {
		isle_region_err(region, "'%s' is not a size\n", region->args);
		return ret;
	}
	if (!region->size || region->size % multiple) {
		isle_region_err(region, "the size is not a multiple of %llu MB\n",
				multiple / SZ_1M);
		return -EINVAL;
	}
	return 0;
}

static int parse_auto(struct isle_region *region)
{
	if (region->args[0]) {
		isle_region_err(region, "auto takes no arguments\n");
		return -EINVAL;
	}
	strscpy(region->args, "auto", sizeof(region->args));
	return 0;
}

static int parse_contig(struct isle_region *region)
{
	return parse_multiple(region, ISLE_EXTENT_BYTES);
}

static int parse_cma(struct isle_region *region)
{
	return parse_multiple(region, ISLE_CMA_BYTES);
}

static int parse_reserved(struct isle_region *region)
{
	if (region->args[0])
		return 0;
	isle_region_err(region, "the name is missing\n");
	return -EINVAL;
}

static int parse_phys(struct isle_region *region)
{
	u64 start, size, end;
	char *plus;
	int ret = -EINVAL;

	plus = strchr(region->args, '+');
	if (plus) {
		*plus = '\0';
		ret = isle_parse_size(region->args, &start) ?:
		      isle_parse_size(plus + 1, &size);
		*plus = '+';
	}
	if (ret) {
		isle_region_err(region, "'%s' is not ADDR+SIZE\n",
				region->args);
		return ret;
	}
	if (!IS_ALIGNED(start | size, (u64)ISLE_PHYS_BYTES) ||
	    size < ISLE_EXTENT_BYTES) {
		isle_region_err(region, "address and size are not multiples of %d MB, or the size is below %d MB\n",
				ISLE_PHYS_BYTES / SZ_1M,
				ISLE_EXTENT_BYTES / SZ_1M);
		return -EINVAL;
	}
	if (size > ISLE_REGION_MAX_BYTES ||
	    check_add_overflow(start, size - 1, &end) ||
	    end >> PAGE_SHIFT > ULONG_MAX) {
		isle_region_err(region, "the range is too large\n");
		return -ERANGE;
	}
	region->start = start;
	region->size = size;
	return 0;
}

static const struct isle_kind {
	const char *name;
	int (*parse)(struct isle_region *region);
	const struct isle_region_ops *ops;	/* NULL: not in this kernel */
	const char *needs;
} kinds[] = {
	{ "auto", parse_auto, ISLE_HAS_CONTIG ? &isle_region_contig : NULL,
	  "a kernel with CONFIG_CONTIG_ALLOC" },
	{ "contig", parse_contig, ISLE_HAS_CONTIG ? &isle_region_contig : NULL,
	  "a kernel with CONFIG_CONTIG_ALLOC" },
	{ "cma", parse_cma, ISLE_HAS_CMA ? &isle_region_cma : NULL,
	  "a kernel with CONFIG_DMA_CMA" },
	{ "reserved", parse_reserved,
	  ISLE_HAS_RESERVE_MEM ? &isle_region_reserved : NULL,
	  "Linux 6.12 or newer, for reserve_mem=" },
	{ "phys", parse_phys, ISLE_HAS_ZONE_DEVICE ? &isle_region_phys : NULL,
	  "a kernel with CONFIG_ZONE_DEVICE" },
};

static const struct isle_kind *find_kind(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

static int parse_node(struct isle_region *region, const char *node)
{
	int ret = kstrtoint(node, 10, &region->nid);

	if (ret || region->nid < 0) {
		isle_region_err(region, "'%s' is not a node\n", node);
		return -EINVAL;
	}
	return 0;
}

static int parse_entry(struct isle_region *region)
{
	const struct isle_kind *kind;
	char *name, *args, *node;
	int ret;

	strscpy(region->args, region->spec, sizeof(region->args));
	args = region->args;
	node = strrchr(args, '@');
	if (node)
		*node++ = '\0';
	name = strsep(&args, ":");

	kind = find_kind(name);
	if (!kind) {
		isle_region_err(region, "unknown kind '%s'; there are auto, contig, cma, reserved and phys\n",
				name);
		return -EINVAL;
	}
	region->ops = kind->ops;
	region->nid = NUMA_NO_NODE;
	if (node) {
		ret = parse_node(region, node);
		if (ret)
			return ret;
	}
	args = args ?: "";
	memmove(region->args, args, strlen(args) + 1);
	ret = kind->parse(region);
	if (ret)
		return ret;
	if (!kind->ops) {
		isle_region_err(region, "needs %s\n", kind->needs);
		return -EOPNOTSUPP;
	}
	return 0;
}

static int next_entry(struct isle_regions *set, const char **list)
{
	struct isle_region *region = &set->region[set->nr];
	size_t len = strcspn(*list, ",");
	int ret;

	if (set->nr == ISLE_MAX_REGIONS) {
		pr_err("region=: more than %d regions\n", ISLE_MAX_REGIONS);
		return -E2BIG;
	}
	if (len >= sizeof(region->spec)) {
		pr_err("region=: '%.*s' is too long\n", (int)len, *list);
		return -EINVAL;
	}
	memcpy(region->spec, *list, len);
	region->set = set;
	region->index = set->nr;
	ret = parse_entry(region);
	if (ret)
		return ret;
	set->nr++;
	*list += len;
	return 0;
}

int isle_regions_parse(struct isle_regions *set, const char *list)
{
	int ret;

	memset(set, 0, sizeof(*set));
	for (;;) {
		ret = next_entry(set, &list);
		if (ret)
			return ret;
		if (!*list)
			return 0;
		list++;
	}
}
EXPORT_SYMBOL_FOR_KUNIT(isle_regions_parse);
