// SPDX-License-Identifier: GPL-2.0
/* isle top: the allocator at work, on the whole terminal or piped. */
#include <getopt.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "screen.h"
#include "top.h"

static void sample(void *data)
{
	top_take_sample(data);
}

static void draw(void *data, struct page *page, unsigned int width)
{
	top_draw(data, page, width);
}

static void sort_by(struct top *top, enum top_sort sort)
{
	top->sort = sort;
	top->reverse = false;
}

static bool do_key(void *data, int key)
{
	struct top *top = data;

	if (key == screen_function_key(6))
		key = '>';
	switch (key) {
	case '>':
	case '.':
	case 's':
		sort_by(top, (top->sort + 1) % NR_SORTS);
		break;
	case '<':
	case ',':
		sort_by(top, (top->sort + NR_SORTS - 1) % NR_SORTS);
		break;
	case 'M':
		sort_by(top, SORT_HELD);
		break;
	case 'P':
		sort_by(top, SORT_RATE);
		break;
	case 'T':
		sort_by(top, SORT_FAULTS);
		break;
	case 'N':
		sort_by(top, SORT_PID);
		break;
	case 'I':
		top->reverse = !top->reverse;
		break;
	case 't':
	case 'F':
		top->by_type = !top->by_type;
		break;
	default:
		return false;
	}
	return true;
}

static const char *const help[] = {
	"  < > s F6                          sort openers by another column",
	"  M P T N                           by memory, faults a second, faults, PID",
	"  I                                 the other way round",
	"  t                                 free blocks by migratetype, too",
	"",
	"Used: | is memory that somebody has, # is on per-CPU lists.",
	"Zones: the bar is free memory; m l h are the marks min, low and high, which",
	"have a sixth of the bar each, and half of it is what is above them.",
	"Openers are those who opened /dev/isle, this program excepted. OBJECT is",
	"shared memory and pages of files, PRIVATE private mappings, BLOCKS blocks.",
	NULL,
};

static void on_screen(struct top *top, double delay)
{
	struct view view = {
		.data = top,
		.sample = sample,
		.draw = draw,
		.key = do_key,
		.keys = "F6 Sort  t Types  ",
		.help = help,
		.delay = delay,
	};

	screen_run(&view);
}

static void pause_for(double seconds)
{
	struct timespec time = { .tv_sec = seconds };

	time.tv_nsec = (seconds - floor(seconds)) * 1e9;
	nanosleep(&time, NULL);
}

static void in_lines(struct top *top, double delay, unsigned long count,
		     bool as_json)
{
	struct page page = { };
	unsigned long i;

	for (i = 0; i < count && !ferror(stdout); i++) {
		pause_for(delay);
		top_take_sample(top);
		if (as_json) {
			top_json(top);
			continue;
		}
		if (i)
			putchar('\n');
		top_draw(top, &page, page_width());
		page_print(&page, page_wants_colour());
		page_clear(&page);
	}
}

static int top_run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "delay", required_argument, NULL, 'd' },
		{ "count", required_argument, NULL, 'n' },
		{ "types", no_argument, NULL, 't' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	bool as_json = false;
	struct top top = { };
	unsigned long count = 0;
	double delay = 1;
	int option;

	while ((option = getopt_long(argc, argv, "d:n:tjh", options,
				     NULL)) != -1) {
		switch (option) {
		case 'd':
			delay = screen_delay("--delay", optarg);
			break;
		case 'n':
			count = cli_number("--count", optarg, 1, UINT32_MAX);
			break;
		case 't':
			top.by_type = true;
			break;
		case 'j':
			as_json = true;
			break;
		default:
			cli_option(option);
		}
	}
	cli_no_arguments(argc - optind, argv + optind);

	setlocale(LC_CTYPE, "");
	top.fd = device_open();
	top_take_sample(&top);
	if (!as_json && !count && screen_is_there())
		on_screen(&top, delay);
	else
		in_lines(&top, delay, count ?: 1, as_json);
	return 0;
}

const struct command top_command = {
	.name = "top",
	.brief = "the allocator at work: rates, zones, faults, openers",
	.usage =
	"[--delay SECONDS] [--count N] [--types] [--json]\n\n"
	"Shows, again and again until q is pressed: allocations and faults a second,\n"
	"zones with their free memory against the watermarks, free blocks by order,\n"
	"and who has the device open and holds how much. h shows the keys. Piped, or\n"
	"with --count, it prints plain text: once, or N times. Root sees all openers,\n"
	"others those of their own user.\n\n"
	"  -d, --delay SECONDS  between two looks, 0.1 to 3600; 1 without this\n"
	"  -n, --count N        print N times instead, without keys\n"
	"  -t, --types          free blocks by migratetype, too\n"
	"  -j, --json           as JSON, once or N times: counts in pages\n"
	"  -h, --help           this\n",
	.run = top_run,
};
