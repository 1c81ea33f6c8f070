// SPDX-License-Identifier: GPL-2.0
/* isle's KUnit suites as a module: what it says of itself. */

#include <linux/module.h>

#include "compat.h"

MODULE_DESCRIPTION("KUnit suites of isle");
MODULE_LICENSE("GPL");
ISLE_IMPORT_FOR_KUNIT();
