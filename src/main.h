/* SPDX-License-Identifier: GPL-2.0 */
/* The loaded instance and the module's parameters, for src/api.c and src/vm. */
#ifndef _ISLE_MAIN_H
#define _ISLE_MAIN_H

#include <linux/types.h>

struct isle;

/* The instance that the module was loaded with; set before the device shows. */
extern struct isle *isle_loaded;

/* Module parameters (src/params.c). Sizes in the unit that the name says. */
extern char *isle_param_region;		/* region= */
extern unsigned int isle_param_movable;	/* movable=, per cent */
extern unsigned int isle_param_cma;	/* cma=, per cent */
extern unsigned int isle_param_user_max;	/* user_max=, per cent */
extern unsigned long isle_param_min_free_kbytes;
extern bool isle_param_debug;		/* debug=1 */
extern unsigned int isle_param_fault_around_kb;	/* fault_around_kb= */
extern unsigned long isle_param_opener_max_mb;	/* opener_max_mb=; 0: none */

#endif /* _ISLE_MAIN_H */
