// SPDX-License-Identifier: GPL-2.0
#include <linux/limits.h>
#include <linux/mm.h>

#include "piece.h"

void isle_pieces_free(struct isle_pieces *pieces)
{
	kvfree(pieces->piece);
}

static unsigned long cost(const struct isle_piece *piece)
{
	return piece->failed ? ISLE_EXTENT_FRAMES : piece->used;
}

unsigned long isle_pieces_best(const struct isle_pieces *pieces,
			       unsigned long nr, u16 round,
			       unsigned long *used)
{
	unsigned long best = ISLE_NO_PIECE, best_sum = ULONG_MAX;
	unsigned long run = 0, sum = 0, i;
	const struct isle_piece *piece;

	for (i = 0; i < pieces->nr; i++) {
		piece = &pieces->piece[i];
		if (piece->used == ISLE_PIECE_NEVER || piece->failed == round) {
			run = 0;
			sum = 0;
			continue;
		}
		sum += cost(piece);
		if (++run > nr) {
			sum -= cost(piece - nr);
			run--;
		}
		if (run == nr && sum < best_sum) {
			best = i + 1 - nr;
			best_sum = sum;
		}
	}
	if (best != ISLE_NO_PIECE)
		*used = best_sum;
	return best;
}
EXPORT_SYMBOL_FOR_KUNIT(isle_pieces_best);
