/* SPDX-License-Identifier: GPL-2.0 */
/* Pages: lines of styled text, for a terminal (screen.h) or to be printed. */
#ifndef _ISLE_PAGE_H
#define _ISLE_PAGE_H

#include "cli.h"

enum style {
	STYLE_PLAIN,
	STYLE_STRONG,
	STYLE_HEADING,			/* of a column; the whole line */
	STYLE_GOOD,
	STYLE_WARN,
	STYLE_BAD,
	STYLE_OTHER,
	STYLE_MIGRATETYPE,		/* + enum isle_uapi_migratetype */
	NR_STYLES = STYLE_MIGRATETYPE + ISLE_NR_MT,
};

/* A run of text in one style, without control characters. */
struct span {
	enum style style;
	char *text;
};

struct line {
	struct span *span;
	size_t nr;
};

/**
 * struct page - what is shown at one moment
 * @line: its lines
 * @nr: how many
 * @fixed: of these, how many stay where they are while the others scroll
 */
struct page {
	struct line *line;
	size_t nr;
	size_t fixed;
	bool in_line;
};

void page_clear(struct page *page);

/* Goes on with the line. */
void __printf(3, 4) page_text(struct page *page, enum style style,
			      const char *format, ...);
void page_end_line(struct page *page);
/* The lines so far do not scroll. */
void page_fix(struct page *page);

void page_print(const struct page *page, bool in_colour);

/* Whether standard output takes colours, and the user wants them. */
bool page_wants_colour(void);

/* The terminal's columns, or those of a page for a pipe. */
unsigned int page_width(void);

/* Whether characters beyond ASCII can be printed; needs setlocale(). */
bool page_has_utf8(void);

#endif /* _ISLE_PAGE_H */
