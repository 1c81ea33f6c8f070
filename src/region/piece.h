/* SPDX-License-Identifier: GPL-2.0 */
/* Pieces: the kernel's memory in 4 MB units, by how hard it is to take them. */
#ifndef _ISLE_PIECE_H
#define _ISLE_PIECE_H

#include <linux/mmzone.h>

#include "region.h"

#define ISLE_NO_PIECE		ULONG_MAX

enum {
	ISLE_PIECE_NEVER = U16_MAX,	/* has what can't be moved, or is taken */
};

/**
 * struct isle_piece - 4 MB of the kernel's memory
 * @used: pages that would have to move elsewhere, or ISLE_PIECE_NEVER
 * @failed: the last round of the search that failed to take it
 */
struct isle_piece {
	u16 used;
	u16 failed;
};

/**
 * struct isle_pieces - the pieces that lie wholly in one zone of the kernel's
 * @zone: the zone
 * @first_pfn: where the first piece starts
 * @nr: how many
 * @piece: them
 */
struct isle_pieces {
	struct zone *zone;
	unsigned long first_pfn;
	unsigned long nr;
	struct isle_piece *piece;
};

/**
 * isle_pieces_scan - look at all of a zone
 * @pieces: to be filled in
 * @zone: the zone
 *
 * Without locks: what it finds is a hint, and alloc_contig_range() decides.
 * But a CMA pageblock is never part of a candidate, and that is certain, since
 * the boot decides what those are.
 *
 * Context: process, may sleep. Return: 0; -ENOMEM; -EINTR for a fatal signal;
 * -ENXIO if the CMA pageblocks can't be told from others.
 */
int isle_pieces_scan(struct isle_pieces *pieces, struct zone *zone);

/**
 * isle_pieces_free - free what isle_pieces_scan() allocated
 * @pieces: scanned, or zeroed
 */
void isle_pieces_free(struct isle_pieces *pieces);

/**
 * isle_pieces_best - find the adjacent pieces that are easiest to take
 * @pieces: scanned
 * @nr: how many
 * @round: pieces that failed in this round of the search are passed over; those
 *         that failed earlier are taken for full
 * @used: pages that would have to move, where something is found
 *
 * Return: the index of the first, or ISLE_NO_PIECE.
 */
unsigned long isle_pieces_best(const struct isle_pieces *pieces,
			       unsigned long nr, u16 round,
			       unsigned long *used);

#endif /* _ISLE_PIECE_H */
