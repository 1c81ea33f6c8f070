/* SPDX-License-Identifier: GPL-2.0 */
/* The loaded instance and the module's parameters, for src/api.c and src/vm. */
#ifndef _ISLE_MAIN_H
#define _ISLE_MAIN_H

#include <linux/types.h>

struct isle;
struct isle_regions;

/* The instance that the module was loaded with; set before the device shows. */
extern struct isle *isle_loaded;

/* What it is made of; does not change while it is loaded. */
extern struct isle_regions isle_loaded_regions;

/* Module parameters (src/params.c). Sizes in the unit that the name says. */
extern char *isle_param_region;		/* region= */
extern unsigned int isle_param_movable;	/* movable=, per cent */
extern unsigned int isle_param_cma;	/* cma=, per cent */
extern unsigned int isle_param_user_max;	/* user_max=, per cent */
extern unsigned long isle_param_min_free_kbytes;
extern bool isle_param_debug;		/* debug=1 */
extern unsigned int isle_param_fault_around_kb;	/* fault_around_kb= */
extern unsigned int isle_param_huge;	/* huge=; ISLE_HUGE_* */
extern unsigned int isle_param_dirty_expire_centisecs;
extern unsigned int isle_param_dirty_ratio;	/* dirty_ratio=, per cent */
extern unsigned int isle_param_dirty_background_ratio;
extern unsigned int isle_param_read_ahead_kb;	/* read_ahead_kb= */
extern unsigned long isle_param_opener_max_mb;	/* opener_max_mb=; 0: none */

/**
 * isle_params_check - whether the parameters that the module got make sense
 *
 * region= is left to isle_regions_parse().
 * Return: 0, or -EINVAL with a word in the log.
 */
int isle_params_check(void);

/**
 * isle_params_live - whether a change of a parameter reaches the instance
 * @isle: the instance that min_free_kbytes= is for from now on; NULL: none
 *
 * Context: process, may sleep.
 */
void isle_params_live(struct isle *isle);

#endif /* _ISLE_MAIN_H */
