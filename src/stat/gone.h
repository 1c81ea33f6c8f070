/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Modules that go away while pages that they took are still allocated. At
 * isle's own unload their code is no longer there to give an address its name.
 */
#ifndef _ISLE_GONE_H
#define _ISLE_GONE_H

struct isle;

/**
 * isle_gone_init - watch modules go
 * @isle: the instance whose pages they take
 *
 * From now on each that leaves pages behind is reported when it goes.
 */
void isle_gone_init(struct isle *isle);

/**
 * isle_gone_exit - stop watching
 *
 * What was noted stays until isle is unloaded.
 */
void isle_gone_exit(void);

/**
 * isle_gone_name - what code an address was
 * @addr: from struct isle_frame's owner
 *
 * Return: as %pS would have printed it while the module was there; NULL if no
 * module that went away had it, or too many have gone.
 */
const char *isle_gone_name(const void *addr);

#endif /* _ISLE_GONE_H */
