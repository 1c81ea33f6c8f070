/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A model of what an instance should be: the blocks that are out, who may have
 * them, and nothing about how they got there.
 *
 * Each operation is done to the instance and to the model. What the allocator
 * gives must be free in the model, of the right size, aligned, and in a zone
 * that the request may use; and it must give something if there is plenty.
 * From time to time all that the model has is compared with the instance, whose
 * invariants are checked as well. Half of the time interrupts are off, as some
 * callers have them.
 */
#ifndef _ISLE_MODEL_H
#define _ISLE_MODEL_H

#include <kunit/test.h>
#include <linux/prandom.h>

#include "page_alloc/instance.h"

/**
 * struct model_block - a block that is out
 * @id: its first frame
 * @order: its order
 * @refs: references to it
 * @user: charged to the user share
 * @comp: compound: can't be split
 */
struct model_block {
	u32 id;
	u8 order;
	u8 refs;
	bool user;
	bool comp;
};

/**
 * struct model - what should be
 * @test: the test
 * @isle: the instance that is tested
 * @rnd: what comes next
 * @block: the blocks that are out, in no order
 * @nr: their number
 * @waiting: blocks in quarantine
 * @nr_waiting: their number
 * @pages: frames in @block
 * @taken: by frame: in @block or @waiting
 * @isolated: by pageblock
 * @nr_isolated: pageblocks
 * @whole: by pageblock: it lies in one zone and has no hole
 * @growing: more is allocated than freed, for now
 * @masked: interrupts are off, for now
 * @op: operations done
 * @failures: requests that got nothing
 * @broken: the test has failed; don't go on
 */
struct model {
	struct kunit *test;
	struct isle *isle;
	struct rnd_state rnd;
	struct model_block *block;
	unsigned int nr;
	struct model_block waiting[32];
	unsigned int nr_waiting;
	unsigned long pages;
	bool *taken;
	bool *isolated;
	unsigned int nr_isolated;
	bool *whole;
	bool growing;
	bool masked;
	unsigned int op;
	unsigned int failures;
	bool broken;
};

/**
 * model_broken - say what is wrong, once, and where in the run
 * @m: the model
 * @fmt: as for printf()
 */
__printf(2, 3) void model_broken(struct model *m, const char *fmt, ...);

#define model_require(m, condition, fmt, ...)				\
	do {								\
		if (unlikely(!(condition)))				\
			model_broken(m, "not (" #condition "): " fmt,	\
				     ##__VA_ARGS__);			\
	} while (0)

/**
 * model_create - make a model of an instance
 * @test: the test, which owns it
 * @isle: the instance, of which nothing is allocated
 */
struct model *model_create(struct kunit *test, struct isle *isle);

/**
 * model_step - do one random operation
 * @m: the model
 *
 * May leave interrupts off, until another function is called.
 */
void model_step(struct model *m);

/**
 * model_compare - compare the instance with the model, and check invariants
 * @m: the model
 */
void model_compare(struct model *m);

/**
 * model_free_all - free all blocks, undo all isolation, let all pins go
 * @m: the model
 */
void model_free_all(struct model *m);

#endif /* _ISLE_MODEL_H */
