/* SPDX-License-Identifier: GPL-2.0 */
/* A page on the whole terminal that is drawn again and again, and its keys. */
#ifndef _ISLE_SCREEN_H
#define _ISLE_SCREEN_H

#include "page.h"

#define SCREEN_MIN_DELAY	0.1
#define SCREEN_MAX_DELAY	3600.0

/**
 * struct view - what is shown
 * @data: for the functions
 * @sample: looks again; called each @delay seconds
 * @draw: writes what was seen, for so many columns
 * @key: does what one of the view's own keys does; false: it is none
 * @keys: what the last line says of the view's own keys
 * @help: the view's own part of the help, line by line, up to a NULL
 * @delay: seconds
 */
struct view {
	void *data;
	void (*sample)(void *data);
	void (*draw)(void *data, struct page *page, unsigned int width);
	bool (*key)(void *data, int key);
	const char *keys;
	const char *const *help;
	double delay;
};

/* Whether there is a terminal on both sides. */
bool screen_is_there(void);

/* Until the user has enough. */
void screen_run(struct view *view);

/* A function key, as @key gets it: curses' own number. */
int screen_function_key(int number);

/* --delay and the like: seconds, ends the program if they are none. */
double screen_delay(const char *what, const char *text);

#endif /* _ISLE_SCREEN_H */
