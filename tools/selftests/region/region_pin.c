// SPDX-License-Identifier: GPL-2.0
/* Pins pages as I/O does: references that isle does not know of. */
#include <linux/mm.h>
#include <linux/module.h>

enum { MAX_PFNS = 16 };

static unsigned long pfns[MAX_PFNS];
static unsigned int nr_pfns;
module_param_array(pfns, ulong, &nr_pfns, 0444);
MODULE_PARM_DESC(pfns, "the pages");

static int __init region_pin_init(void)
{
	unsigned int i;

	for (i = 0; i < nr_pfns; i++) {
		if (!pfn_valid(pfns[i]))
			return -EINVAL;
	}
	for (i = 0; i < nr_pfns; i++)
		get_page(pfn_to_page(pfns[i]));
	return 0;
}
module_init(region_pin_init);

static void __exit region_pin_exit(void)
{
	unsigned int i;

	for (i = 0; i < nr_pfns; i++)
		put_page(pfn_to_page(pfns[i]));
}
module_exit(region_pin_exit);

MODULE_DESCRIPTION("Pins pages, for tests");
MODULE_LICENSE("GPL");
