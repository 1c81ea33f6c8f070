// SPDX-License-Identifier: GPL-2.0
/* Pages: see page.h. */
#include <langinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "page.h"

/* SGR parameters. */
static const char *const codes[NR_STYLES] = {
	[STYLE_STRONG]	= "1",
	[STYLE_HEADING]	= "7",
	[STYLE_GOOD]	= "32",
	[STYLE_WARN]	= "33",
	[STYLE_BAD]	= "1;31",
	[STYLE_OTHER]	= "36",
	[STYLE_MIGRATETYPE + ISLE_MT_UNMOVABLE]	  = "31",
	[STYLE_MIGRATETYPE + ISLE_MT_MOVABLE]	  = "32",
	[STYLE_MIGRATETYPE + ISLE_MT_RECLAIMABLE] = "33",
	[STYLE_MIGRATETYPE + ISLE_MT_HIGHATOMIC]  = "35",
	[STYLE_MIGRATETYPE + ISLE_MT_CMA]	  = "36",
	[STYLE_MIGRATETYPE + ISLE_MT_ISOLATE]	  = "34",
};

static void *enough(void *memory)
{
	if (!memory)
		cli_die("out of memory");
	return memory;
}

void page_clear(struct page *page)
{
	size_t i, j;

	for (i = 0; i < page->nr; i++) {
		for (j = 0; j < page->line[i].nr; j++)
			free(page->line[i].span[j].text);
		free(page->line[i].span);
	}
	free(page->line);
	*page = (struct page){ };
}

static struct line *this_line(struct page *page)
{
	if (!page->in_line) {
		page->line = enough(reallocarray(page->line, page->nr + 1,
						 sizeof(*page->line)));
		page->line[page->nr++] = (struct line){ };
		page->in_line = true;
	}
	return &page->line[page->nr - 1];
}

/* Names of processes may hold anything; a terminal is to obey nobody. */
static void make_harmless(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

void page_text(struct page *page, enum style style, const char *format, ...)
{
	struct line *line = this_line(page);
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		cli_die("out of memory");
	va_end(args);
	make_harmless(text);

	line->span = enough(reallocarray(line->span, line->nr + 1,
					 sizeof(*line->span)));
	line->span[line->nr++] = (struct span){ style, text };
}

void page_end_line(struct page *page)
{
	this_line(page);
	page->in_line = false;
}

void page_fix(struct page *page)
{
	page->fixed = page->nr;
}

static void print_span(const struct span *span, bool in_colour)
{
	if (in_colour && codes[span->style])
		printf("\033[%sm%s\033[0m", codes[span->style], span->text);
	else
		fputs(span->text, stdout);
}

void page_print(const struct page *page, bool in_colour)
{
	size_t i, j;

	for (i = 0; i < page->nr; i++) {
		for (j = 0; j < page->line[i].nr; j++)
			print_span(&page->line[i].span[j], in_colour);
		putchar('\n');
	}
	fflush(stdout);
}

bool page_wants_colour(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no && *no) && term &&
	       strcmp(term, "dumb") && strncmp(term, "vt", 2);
}

unsigned int page_width(void)
{
	struct winsize size;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	return 80;
}

bool page_has_utf8(void)
{
	return !strcmp(nl_langinfo(CODESET), "UTF-8");
}
