// SPDX-License-Identifier: GPL-2.0
/* Instances for tests: see instance_fixture.h. */

#include <linux/bitmap.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "instance_fixture.h"

struct fixture {
	struct isle *isle;
	struct isle_ops ops;
	struct isle_frame *frames;
	unsigned char *memory;
	unsigned long *pinned;
};

static struct fixture *fixture_of(const struct isle *isle)
{
	return container_of(isle->ops, struct fixture, ops);
}

static void *no_address(const struct isle *isle, u32 id)
{
	return NULL;
}

static bool never_pinned(const struct isle *isle, u32 id)
{
	return false;
}

const struct isle_ops fixture_no_memory = {
	.address = no_address,
	.pinned = never_pinned,
};

static void *fixture_address(const struct isle *isle, u32 id)
{
	struct fixture *fixture = fixture_of(isle);

	if (!fixture->memory)
		return NULL;
	return fixture->memory +
	       (size_t)(id - isle->extents[0].first_id) * PAGE_SIZE;
}

static bool fixture_pinned(const struct isle *isle, u32 id)
{
	return test_bit(id, fixture_of(isle)->pinned);
}

void fixture_pin(struct isle *isle, u32 id, bool pinned)
{
	assign_bit(id, fixture_of(isle)->pinned, pinned);
}

static void destroy(void *data)
{
	struct fixture *fixture = data;

	if (!IS_ERR_OR_NULL(fixture->isle))
		isle_destroy(fixture->isle);
	kvfree(fixture->memory);
	kvfree(fixture->pinned);
	kvfree(fixture->frames);
	kfree(fixture);
}

/*
 * What an instance needs besides its config, owned by the test. Frames that
 * no config could have get an array all the same: isle_create() has to say no.
 */
static struct fixture *new_fixture(struct kunit *test,
				   struct isle_config *config)
{
	struct fixture *fixture = kzalloc(sizeof(*fixture), GFP_KERNEL);
	size_t nr;

	KUNIT_ASSERT_NOT_NULL(test, fixture);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, destroy, fixture));
	nr = isle_frames_needed(config->extents, config->nr_extents) ?: 1;
	fixture->ops.address = fixture_address;
	fixture->ops.pinned = fixture_pinned;
	fixture->frames = kvcalloc(nr, sizeof(*fixture->frames), GFP_KERNEL);
	fixture->pinned = kvcalloc(BITS_TO_LONGS(nr), sizeof(long), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fixture->frames);
	KUNIT_ASSERT_NOT_NULL(test, fixture->pinned);
	config->name = test->name;
	config->frames = fixture->frames;
	config->ops = &fixture->ops;
	return fixture;
}

static struct isle *create(struct kunit *test, struct fixture *fixture,
			   const struct isle_config *config)
{
	int cpu = raw_smp_processor_id();

	KUNIT_ASSERT_EQ(test, 0,
			set_cpus_allowed_ptr(current, cpumask_of(cpu)));
	fixture->isle = isle_create(config);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fixture->isle);
	return fixture->isle;
}

struct isle *fixture_create(struct kunit *test,
			    const struct isle_config *config)
{
	struct isle_config full = *config;
	struct fixture *fixture = new_fixture(test, &full);

	return create(test, fixture, &full);
}

struct isle *fixture_create_with_memory(struct kunit *test,
					const struct isle_config *config)
{
	struct isle_config full = *config;
	struct fixture *fixture = new_fixture(test, &full);

	KUNIT_ASSERT_EQ(test, 1, config->nr_extents);
	fixture->memory = kvcalloc(config->extents[0].nr, PAGE_SIZE,
				   GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fixture->memory);
	return create(test, fixture, &full);
}

struct isle *fixture_normal(struct kunit *test, u32 nr)
{
	struct isle_extent extent = { .base_pfn = FIXTURE_4GB, .nr = nr };
	struct isle_config config = {
		.extents = &extent,
		.nr_extents = 1,
		.min_free_kbytes = FIXTURE_NO_RESERVE,
		.user_percent = 100,
	};

	return fixture_create(test, &config);
}

struct isle *fixture_nodes(struct kunit *test,
			   const struct isle_extent *extents, unsigned int nr)
{
	struct isle_config config = {
		.extents = extents,
		.nr_extents = nr,
		.min_free_kbytes = FIXTURE_NO_RESERVE,
	};

	if (nr_node_ids < 2)
		kunit_skip(test, "a second node (numa=fake=2)");
	return fixture_create(test, &config);
}

int fixture_try_create(struct kunit *test, const struct isle_config *config)
{
	struct isle_config full = *config;
	struct fixture *fixture = new_fixture(test, &full);

	fixture->isle = isle_create(&full);
	return PTR_ERR_OR_ZERO(fixture->isle);
}

struct isle_pcp_list *fixture_pcp(struct isle_zone *zone, unsigned int order,
				  enum isle_migratetype mt)
{
	return &raw_cpu_ptr(zone->pcp)->list[mt][order];
}
