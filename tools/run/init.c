// SPDX-License-Identifier: GPL-2.0
/* The beginning, the lock, and fork: see run.h. */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "run.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static sigset_t before_fork;

bool run_huge;

void run_lock(sigset_t *old)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, old);
	pthread_mutex_lock(&lock);
}

void run_unlock(const sigset_t *old)
{
	pthread_mutex_unlock(&lock);
	pthread_sigmask(SIG_SETMASK, old, NULL);
}

static void prepare(void)
{
	sigset_t old;

	run_lock(&old);
	before_fork = old;
	count_sample();
}

static void parent(void)
{
	sigset_t old = before_fork;

	run_unlock(&old);
}

static void child(void)
{
	sigset_t old = before_fork;

	count_fork();
	run_unlock(&old);
}

/* jemalloc's first mapping leads here, before it registers handlers itself. */
static void init(void)
{
	const char *value;

	value = getenv(RUN_EXCLUDE_ENV);
	if (value)
		exclude_read(value);
	run_huge = getenv(RUN_HUGE_ENV);
	value = getenv(RUN_STATS_ENV);
	if (value)
		count_attach(value);
	pthread_atfork(prepare, parent, child);
}

void run_init(void)
{
	pthread_once(&once, init);
}

static __attribute__((__constructor__)) void begin(void)
{
	run_init();
}

static __attribute__((__destructor__)) void end(void)
{
	sigset_t old;

	run_lock(&old);
	count_sample();
	run_unlock(&old);
}
