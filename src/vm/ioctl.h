/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ISLE_IOCTL_H
#define _ISLE_IOCTL_H

struct file;

long isle_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

#endif /* _ISLE_IOCTL_H */
