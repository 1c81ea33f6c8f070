/* SPDX-License-Identifier: GPL-2.0 */
/* The test of isle's kernel API: its parts, and how they tell what they saw. */
#ifndef _ISLE_API_TEST_H
#define _ISLE_API_TEST_H

#include <linux/compiler.h>
#include <linux/types.h>

struct page;

/* One result, a line of TAP; returns @holds. Process context. */
__printf(2, 3) bool check(bool holds, const char *format, ...);

/* A result that can't be had here, and why. */
void skip(const char *what, const char *why);

/* A line about what went on. */
__printf(1, 2) void note(const char *format, ...);

/* Messages that the kernel's log will have: an extended regular expression. */
void expect_log(const char *regex);

/* A page of the kernel's own allocator, for those who can't name it. */
struct page *kernel_page(void);

void test_calls(void);
void test_irq(void);
void test_misuse(void);
void test_replaced(void);

#endif /* _ISLE_API_TEST_H */
