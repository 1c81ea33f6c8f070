/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Holders: blocks live as long as the opener they were allocated on, so
 * "isle alloc" leaves a process behind that keeps it open.
 *
 *   isle alloc ── fork ──> holder: device fd, handles, a socket
 *   isle free  ── connects, gets the device fd and the handles, frees blocks
 *                 with ISLE_IOC_FREE, hangs up
 *                          holder: exits when its opener has no block left
 *
 * The socket is named by the holder's pid in a folder that belongs to the user:
 * /run/isle for root, else $XDG_RUNTIME_DIR/isle or /tmp/isle-UID.
 */
#ifndef _ISLE_HOLDER_H
#define _ISLE_HOLDER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct holder - a connection to one
 * @pid: the holder
 * @fd: the device, as the holder has it open
 * @socket: to hang up
 * @nr: how many handles it began with
 * @handles: their values; those freed since are no longer known to the device
 */
struct holder {
	pid_t pid;
	int fd;
	int socket;
	size_t nr;
	__u64 *handles;
};

/* Leaves a holder of @fd behind and returns its pid. */
pid_t holder_start(int fd, const __u64 *handles, size_t nr);

/* Connects to a holder; 0, or -1 if there is none with that pid. */
int holder_connect(struct holder *holder, pid_t pid);
/* Waits until a holder that has no blocks left has closed the device. */
void holder_hang_up(struct holder *holder);

/* Calls @visit with each of the user's holders. */
void holder_each(void (*visit)(struct holder *holder, void *data), void *data);

#endif /* _ISLE_HOLDER_H */
