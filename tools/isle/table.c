// SPDX-License-Identifier: GPL-2.0
/* Tables: cells are added in reading order, columns get as wide as they must. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

struct table {
	const char *const *headings;
	size_t columns;
	size_t cells;
	char **cell;
};

static void *enough(void *memory)
{
	if (!memory)
		cli_die("out of memory");
	return memory;
}

struct table *table_new(const char *const *headings, size_t columns)
{
	struct table *table = enough(calloc(1, sizeof(*table)));

	table->headings = headings;
	table->columns = columns;
	return table;
}

void table_cell(struct table *table, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		cli_die("out of memory");
	va_end(args);

	table->cell = enough(reallocarray(table->cell, table->cells + 1,
					  sizeof(*table->cell)));
	table->cell[table->cells++] = text;
}

static const char *heading(const struct table *table, size_t column)
{
	const char *text = table->headings[column];

	return text + (*text == '>');
}

static size_t width(const struct table *table, size_t column)
{
	size_t widest = strlen(heading(table, column));
	size_t i, length;

	for (i = column; i < table->cells; i += table->columns) {
		length = strlen(table->cell[i]);
		if (length > widest)
			widest = length;
	}
	return widest;
}

static void print_cell(const struct table *table, size_t column, int pad,
		       const char *text)
{
	bool right = *table->headings[column] == '>';
	bool last = column == table->columns - 1;

	if (right)
		printf("%*s", pad, text);
	else if (last)
		printf("%s", text);
	else
		printf("%-*s", pad, text);
	fputs(last ? "\n" : "  ", stdout);
}

/* Prints the table and frees it. */
void table_print(struct table *table)
{
	int *pad = enough(calloc(table->columns, sizeof(*pad)));
	size_t i, column;

	for (i = 0; i < table->columns; i++) {
		pad[i] = width(table, i);
		print_cell(table, i, pad[i], heading(table, i));
	}
	for (i = 0; i < table->cells; i++) {
		column = i % table->columns;
		print_cell(table, column, pad[column], table->cell[i]);
	}
	free(pad);

	for (i = 0; i < table->cells; i++)
		free(table->cell[i]);
	free(table->cell);
	free(table);
}
