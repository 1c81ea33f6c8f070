// SPDX-License-Identifier: GPL-2.0
/* The terminal: see screen.h. The only file that knows curses. */
#include <curses.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "screen.h"

#define ESCAPE	27
#define CTRL_L	12

/* In colour, and what stands for it in black and white. */
static const struct {
	short colour;
	attr_t with_colour;
	attr_t without;
} looks[NR_STYLES] = {
	[STYLE_PLAIN]	= { -1, A_NORMAL, A_NORMAL },
	[STYLE_STRONG]	= { -1, A_BOLD, A_BOLD },
	[STYLE_HEADING]	= { -1, A_REVERSE, A_REVERSE },
	[STYLE_GOOD]	= { COLOR_GREEN, A_NORMAL, A_NORMAL },
	[STYLE_WARN]	= { COLOR_YELLOW, A_NORMAL, A_BOLD },
	[STYLE_BAD]	= { COLOR_RED, A_BOLD, A_REVERSE },
	[STYLE_OTHER]	= { COLOR_CYAN, A_NORMAL, A_BOLD },
	[STYLE_MIGRATETYPE + ISLE_MT_UNMOVABLE]	  = { COLOR_RED },
	[STYLE_MIGRATETYPE + ISLE_MT_MOVABLE]	  = { COLOR_GREEN },
	[STYLE_MIGRATETYPE + ISLE_MT_RECLAIMABLE] = { COLOR_YELLOW },
	[STYLE_MIGRATETYPE + ISLE_MT_HIGHATOMIC]  = { COLOR_MAGENTA },
	[STYLE_MIGRATETYPE + ISLE_MT_CMA]	  = { COLOR_CYAN },
	[STYLE_MIGRATETYPE + ISLE_MT_ISOLATE]	  = { COLOR_BLUE },
};

static const char *const common_help[] = {
	"Up, Down, PgUp, PgDn, Home, End   scroll",
	"+ -  F8 F7                        longer, shorter delay",
	"d                                 set the delay, in seconds",
	"Z                                 pause, and go on",
	"Space                             look again now",
	"h ? F1                            this",
	"q F10                             quit",
	NULL,
};

static struct screen {
	struct view *view;
	struct page page;
	size_t top;			/* first of the lines that scroll */
	bool in_colour;
	bool in_help;
	bool paused;
} screen;

static volatile sig_atomic_t ended;

static void on_signal(int sig)
{
	(void)sig;
	ended = 1;
}

static attr_t look(enum style style)
{
	if (screen.in_colour)
		return looks[style].with_colour | COLOR_PAIR(style + 1);
	return looks[style].without;
}

static size_t body_height(void)
{
	int rows = LINES - 1 - (int)screen.page.fixed;

	return rows > 0 ? rows : 0;
}

/* Bytes of UTF-8 text that fit @columns; they get less by what was used. */
static int fitting(const char *text, int *columns)
{
	int bytes = 0;

	for (; text[bytes]; bytes++) {
		if (((unsigned char)text[bytes] & 0xc0) == 0x80)
			continue;
		if (!*columns)
			break;
		--*columns;
	}
	return bytes;
}

static void draw_line(int row, const struct line *line)
{
	int columns = COLS;
	attr_t last = A_NORMAL;
	size_t i;

	move(row, 0);
	clrtoeol();
	for (i = 0; i < line->nr && columns; i++) {
		last = look(line->span[i].style);
		attrset(last);
		addnstr(line->span[i].text,
			fitting(line->span[i].text, &columns));
	}
	if (line->nr && line->span[0].style == STYLE_HEADING)
		hline(' ' | last, columns);
	attrset(A_NORMAL);
}

static void draw_keys(void)
{
	struct page page = { };

	if (screen.in_help)
		page_text(&page, STYLE_HEADING, "Any key: back");
	else
		page_text(&page, STYLE_HEADING, "F1 Help  %sF7 F8 Every %.1f s%s  F10 Quit",
			  screen.view->keys, screen.view->delay,
			  screen.paused ? " (paused)" : "");
	page_end_line(&page);
	draw_line(LINES - 1, &page.line[0]);
	page_clear(&page);
}

static void write_help(struct page *page)
{
	const char *const *line;

	page_text(page, STYLE_STRONG, "Keys");
	page_end_line(page);
	for (line = common_help; *line; line++) {
		page_text(page, STYLE_PLAIN, "  %s", *line);
		page_end_line(page);
	}
	for (line = screen.view->help; *line; line++) {
		page_text(page, STYLE_PLAIN, "%s", *line);
		page_end_line(page);
	}
}

static void draw(void)
{
	struct page *page = &screen.page;
	size_t rows, i;

	page_clear(page);
	if (screen.in_help)
		write_help(page);
	else
		screen.view->draw(screen.view->data, page, COLS);
	rows = body_height();
	if (screen.top + rows > page->nr - page->fixed)
		screen.top = page->nr - page->fixed > rows ?
			     page->nr - page->fixed - rows : 0;
	erase();
	for (i = 0; i < page->fixed && (int)i < LINES - 1; i++)
		draw_line(i, &page->line[i]);
	for (i = 0; i < rows && page->fixed + screen.top + i < page->nr; i++)
		draw_line(page->fixed + i,
			  &page->line[page->fixed + screen.top + i]);
	draw_keys();
	refresh();
}

static void scroll_by(long lines)
{
	if (lines < 0 && screen.top < (size_t)-lines)
		screen.top = 0;
	else
		screen.top += lines;
}

static double in_bounds(double delay)
{
	return fmin(fmax(delay, SCREEN_MIN_DELAY), SCREEN_MAX_DELAY);
}

static bool parse_delay(const char *text, double *delay)
{
	char *end;

	errno = 0;
	*delay = strtod(text, &end);
	return !errno && end != text && !*end && isfinite(*delay) &&
	       *delay >= SCREEN_MIN_DELAY && *delay <= SCREEN_MAX_DELAY;
}

double screen_delay(const char *what, const char *text)
{
	double delay;

	if (!parse_delay(text, &delay))
		cli_die("%s: '%s' is not in %.1f to %.0f seconds", what, text,
			SCREEN_MIN_DELAY, SCREEN_MAX_DELAY);
	return delay;
}

static void ask_delay(void)
{
	char text[16] = "";
	double delay;

	move(LINES - 1, 0);
	clrtoeol();
	addstr("Delay, in seconds: ");
	echo();
	curs_set(1);
	timeout(-1);
	getnstr(text, sizeof(text) - 1);
	noecho();
	curs_set(0);
	if (parse_delay(text, &delay))
		screen.view->delay = delay;
}

static void do_key(int key)
{
	struct view *view = screen.view;

	if (screen.in_help && key != KEY_RESIZE) {
		screen.in_help = false;
		return;
	}
	switch (key) {
	case 'q':
	case 'Q':
	case KEY_F(10):
		ended = 1;
		break;
	case 'h':
	case '?':
	case KEY_F(1):
		screen.in_help = true;
		screen.top = 0;
		break;
	case KEY_UP:
	case 'k':
		scroll_by(-1);
		break;
	case KEY_DOWN:
	case 'j':
		scroll_by(1);
		break;
	case KEY_PPAGE:
		scroll_by(-(long)body_height());
		break;
	case KEY_NPAGE:
		scroll_by(body_height());
		break;
	case KEY_HOME:
		screen.top = 0;
		break;
	case KEY_END:
		screen.top = screen.page.nr;
		break;
	case '+':
	case KEY_F(8):
		view->delay = in_bounds(view->delay * 2);
		break;
	case '-':
	case KEY_F(7):
		view->delay = in_bounds(view->delay / 2);
		break;
	case 'd':
		ask_delay();
		break;
	case 'Z':
		screen.paused = !screen.paused;
		break;
	case ' ':
		view->sample(view->data);
		break;
	case CTRL_L:
		clearok(curscr, TRUE);
		break;
	default:
		if (view->key)
			view->key(view->data, key);
	}
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static void leave(void)
{
	if (!isendwin())
		endwin();
}

static void enter(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	const char *no = getenv("NO_COLOR");
	int style;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	set_escdelay(25);
	if (!newterm(NULL, stdout, stdin))
		cli_die("curses doesn't know the terminal '%s'; set TERM, or pipe the output",
			getenv("TERM") ?: "");
	atexit(leave);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	curs_set(0);
	screen.in_colour = !(no && *no) && has_colors() &&
			   start_color() == OK && use_default_colors() == OK;
	for (style = 0; screen.in_colour && style < NR_STYLES; style++)
		init_pair(style + 1, looks[style].colour, -1);
}

bool screen_is_there(void)
{
	return isatty(STDOUT_FILENO) && isatty(STDIN_FILENO);
}

int screen_function_key(int number)
{
	return KEY_F(number);
}

void screen_run(struct view *view)
{
	double due;
	int key;

	screen = (struct screen){ .view = view };
	enter();
	due = now() + view->delay;
	while (!ended) {
		draw();
		timeout(fmax(due - now(), 0) * 1000 + 1);
		key = getch();
		if (key != ERR)
			do_key(key);
		else if (!screen_is_there())
			break;		/* hung up, and nobody was killed by it */
		if (now() < due && due - now() <= view->delay)
			continue;
		if (!screen.paused)
			view->sample(view->data);
		due = now() + view->delay;
	}
	leave();
	page_clear(&screen.page);
}
