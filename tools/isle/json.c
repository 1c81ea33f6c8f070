// SPDX-License-Identifier: GPL-2.0
/* A writer of JSON: one value a line, indented by depth. */
#include <stdio.h>

#include "cli.h"

static struct {
	unsigned int depth;
	bool followed;			/* something stands at this depth */
} json;

static void print_text(const char *text)
{
	const unsigned char *c;

	putchar('"');
	for (c = (const unsigned char *)text; *c; c++) {
		if (*c == '"' || *c == '\\')
			printf("\\%c", *c);
		else if (*c < ' ')
			printf("\\u%04x", *c);
		else
			putchar(*c);
	}
	putchar('"');
}

static void next_line(void)
{
	if (json.depth)
		printf("\n%*s", 2 * json.depth, "");
}

static void begin(const char *key)
{
	if (json.followed)
		putchar(',');
	next_line();
	if (key) {
		print_text(key);
		fputs(": ", stdout);
	}
	json.followed = true;
}

void json_open(const char *key, char bracket)
{
	begin(key);
	putchar(bracket);
	json.depth++;
	json.followed = false;
}

void json_close(char bracket)
{
	json.depth--;
	if (json.followed) {
		if (!json.depth)
			putchar('\n');
		next_line();
	}
	putchar(bracket);
	json.followed = true;
}

void json_text(const char *key, const char *value)
{
	begin(key);
	print_text(value);
}

void json_number(const char *key, __u64 value)
{
	begin(key);
	printf("%llu", value);
}

void json_signed(const char *key, __s64 value)
{
	begin(key);
	printf("%lld", value);
}

void json_bool(const char *key, bool value)
{
	begin(key);
	fputs(value ? "true" : "false", stdout);
}

/* Ends a document; another may follow. */
void json_end(void)
{
	json.followed = false;
	putchar('\n');
	fflush(stdout);
}
