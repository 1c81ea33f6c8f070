/* SPDX-License-Identifier: GPL-2.0 */
/*
 * jemalloc's functions that have the standard's names, by the names that the
 * Makefile gives them.
 */
#ifndef _ISLE_RUN_JE_H
#define _ISLE_RUN_JE_H

#include <stddef.h>

void *je_malloc(size_t size);
void *je_calloc(size_t nr, size_t size);
void *je_realloc(void *p, size_t size);
void je_free(void *p);
int je_posix_memalign(void **p, size_t alignment, size_t size);
void *je_aligned_alloc(size_t alignment, size_t size);
void *je_memalign(size_t alignment, size_t size);
void *je_valloc(size_t size);
size_t je_malloc_usable_size(void *p);

/* The linker's: where this library's code is. */
extern const char __ehdr_start[] __attribute__((__visibility__("hidden")));
extern const char __etext[] __attribute__((__visibility__("hidden")));

#endif /* _ISLE_RUN_JE_H */
