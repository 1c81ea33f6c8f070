// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs isle/frames: the blocks of a range, one a line. Counterparts:
 * /proc/kpageflags, /proc/kpagecount, page_owner.
 *
 * Who opens the file sees all frames, or after writing "PFN NR" to it those of
 * that range. A position in the file is a frame id.
 */

#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "page_alloc/alloc.h"
#include "page_alloc/migrate.h"
#include "page_alloc/zone.h"
#include "stat/debugfs.h"
#include "stat/gone.h"

enum { REQUEST_MAX = 64 };

/* What one open file shows; protected by the seq_file's lock. */
struct frames_range {
	struct isle *isle;
	u32 first;
	u32 end;
};

static bool is_block(const struct isle *isle, u32 id)
{
	return READ_ONCE(isle_frame(isle, id)->state) > ISLE_FRAME_TAIL;
}

/* The first block from @id on; the position is past the end if there is none. */
static void *find_block(const struct frames_range *range, u32 id, loff_t *pos)
{
	for (; id < range->end; id++) {
		if (is_block(range->isle, id)) {
			*pos = id;
			return isle_frame(range->isle, id);
		}
		if (IS_ALIGNED(id, ISLE_TOP_FRAMES))
			cond_resched();
	}
	*pos = range->end;
	return NULL;
}

/* A range begins with the block that its first frame is in. */
static void *frames_start(struct seq_file *seq, loff_t *pos)
{
	const struct frames_range *range = seq->private;
	u32 id;

	if (*pos < 0 || *pos >= range->end)
		return NULL;
	id = *pos;
	if (id <= range->first)
		id = isle_block_head(range->isle, range->first);
	return find_block(range, id, pos);
}

static void *frames_next(struct seq_file *seq, void *v, loff_t *pos)
{
	const struct isle_frame *frame = v;
	const struct frames_range *range = seq->private;
	u32 id = isle_frame_id(range->isle, frame);
	unsigned int order = READ_ONCE(frame->order);

	/* It may be no block, or a smaller one, by now. */
	if (!is_block(range->isle, id) || order > ISLE_TOP_ORDER)
		order = 0;
	return find_block(range, id + BIT(order), pos);
}

static void frames_stop(struct seq_file *seq, void *v)
{
}

static const char *state_name(u8 state)
{
	switch (state) {
	case ISLE_FRAME_FREE:
		return "free";
	case ISLE_FRAME_PCP:
		return "pcp";
	case ISLE_FRAME_ALLOCATED:
		return "allocated";
	case ISLE_FRAME_QUARANTINE:
		return "quarantine";
	default:
		return "changing";
	}
}

static void show_flags(struct seq_file *seq, u8 flags)
{
	static const char * const names[] = {
		"exposed", "user", "compound", "movable",
	};
	const char *separator = " flags=";
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (!(flags & BIT(i)))
			continue;
		seq_printf(seq, "%s%s", separator, names[i]);
		separator = "|";
	}
}

/* Of a process's frames the owner is no code. */
static void show_taker(struct seq_file *seq, const void *owner)
{
	const char *gone = isle_gone_name(owner);

	if (gone)
		seq_printf(seq, " taken_by=%s", gone);
	else if (owner)
		seq_printf(seq, " taken_by=%pS", owner);
}

static int frames_show(struct seq_file *seq, void *v)
{
	const struct frames_range *range = seq->private;
	const struct isle *isle = range->isle;
	struct isle_frame frame;
	u32 id = isle_frame_id(isle, v);

	memcpy(&frame, v, sizeof(frame));
	seq_printf(seq, "pfn=0x%lx order=%u state=%s type=%s node=%d zone=%s",
		   isle_id_to_pfn(isle, id), frame.order,
		   state_name(frame.state),
		   isle_migratetype_name(isle_pageblock_type(isle, id)),
		   isle->zones[frame.zone]->nid,
		   isle_zone_name(isle->zones[frame.zone]->type));
	if (frame.state == ISLE_FRAME_ALLOCATED ||
	    frame.state == ISLE_FRAME_QUARANTINE) {
		seq_printf(seq, " refs=%d", atomic_read(&frame.ref));
		show_flags(seq, frame.flags);
		if (!(frame.flags & ISLE_FRAME_USER))
			show_taker(seq, frame.owner);
	}
	seq_putc(seq, '\n');
	return 0;
}

static const struct seq_operations frames_seq_ops = {
	.start	= frames_start,
	.next	= frames_next,
	.stop	= frames_stop,
	.show	= frames_show,
};

static int frames_open(struct inode *inode, struct file *file)
{
	struct isle *isle = inode->i_private;
	struct frames_range *range;

	range = __seq_open_private(file, &frames_seq_ops, sizeof(*range));
	if (!range)
		return -ENOMEM;
	range->isle = isle;
	range->end = isle->nr_frames;
	return 0;
}

/* "PFN" or "PFN NR", decimal or 0x. */
static int parse(const struct isle *isle, char *text, u32 *first, u32 *end)
{
	unsigned long pfn, nr = 1;
	u32 last;
	char *word;

	text = strim(text);
	word = strsep(&text, " \t");
	if (kstrtoul(word, 0, &pfn))
		return -EINVAL;
	if (text && kstrtoul(skip_spaces(text), 0, &nr))
		return -EINVAL;
	if (!nr || nr - 1 > ULONG_MAX - pfn)
		return -EINVAL;
	*first = isle_pfn_to_id(isle, pfn);
	last = isle_pfn_to_id(isle, pfn + nr - 1);
	if (*first == ISLE_NO_FRAME || last == ISLE_NO_FRAME)
		return -ENXIO;
	*end = last + 1;
	return 0;
}

static ssize_t frames_write(struct file *file, const char __user *buffer,
			    size_t count, loff_t *pos)
{
	struct seq_file *seq = file->private_data;
	struct frames_range *range = seq->private;
	char text[REQUEST_MAX];
	u32 first, end;
	int ret;

	if (count >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, buffer, count))
		return -EFAULT;
	text[count] = '\0';
	ret = parse(range->isle, text, &first, &end);
	if (ret)
		return ret;
	mutex_lock(&seq->lock);
	range->first = first;
	range->end = end;
	mutex_unlock(&seq->lock);
	/* What is read next is the new range, from its start. */
	*pos = 0;
	return count;
}

const struct file_operations isle_frames_fops = {
	.owner		= THIS_MODULE,
	.open		= frames_open,
	.read		= seq_read,
	.write		= frames_write,
	.llseek		= seq_lseek,
	.release	= seq_release_private,
};
