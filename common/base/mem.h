/*
 * mem: memory that frees itself at the end of its block.
 *
 *	#define auto_BIO AUTO(auto_free_BIO) BIO	in the header of the
 *	DEFINE_AUTO(BIO, BIO, BIO_free_all)		library's door
 *	auto_BIO *in = BIO_new(...);	freed on every way out
 *	*out = STEAL(in);		the caller owns it now
 *
 * Out of memory ends the process with FAULT inside the x*() functions; no
 * caller checks them.
 */
#ifndef MCFG_BASE_MEM_H
#define MCFG_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/diag.h"

#define AUTO(freer) __attribute__((__cleanup__(freer)))

/*
 * DEFINE_AUTO(name, type, f) defines auto_free_name(), which calls f(type *)
 * for what a variable of the block points to, but not for NULL.
 */
#define DEFINE_AUTO(name, type, freefn)					\
	static inline void auto_free_##name(type **p)			\
	{								\
		if (*p != NULL)						\
			freefn(*p);					\
	}								\
	struct mcfg_semicolon

/* For strings of xmalloc() and kin: auto_char *name = xstrdup(...); */
#define auto_char AUTO(auto_free_char) char
DEFINE_AUTO(char, char, free);

/* STEAL gives the pointer away and leaves NULL behind. */
#define STEAL(p)							\
	__extension__({ __typeof__(p) stolen_ = (p); (p) = NULL; stolen_; })

/* MOVE gives a structure away and leaves zeros behind. */
#define MOVE(s)								\
	__extension__({ __typeof__(s) moved_ = (s);			\
	    (s) = (__typeof__(s)){ 0 }; moved_; })

#define ARRAY_LEN(a) (sizeof (a) / sizeof (a)[0])

void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t size);
void *xreallocarray(void *p, size_t n, size_t size);

/*
 * GROW adds one to an array v of n that only GROW makes larger, and gives the
 * address of the new element, which is not initialised:
 *
 *	*GROW(l->v, l->n) = (struct thing){ ... };
 *
 * The room doubles; what it is follows from n.
 */
#define GROW(v, n)							\
	((v) = mem_room_for_one((v), (n), sizeof *(v)), &(v)[(n)++])
void *mem_room_for_one(void *p, size_t n, size_t size);

char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* mem_free_all() frees n strings, and then the array that holds them. */
void mem_free_all(char **v, size_t n);

/* Ends the process with FAULT and "out of memory". */
void mem_exhausted(void) NORETURN;

/*
 * From mem_undo() until mem_undo(NULL, NULL), mem_exhausted() calls undo(arg),
 * once and last, and drops what it prints.  undo may use memory: one allocation
 * that failed does not mean that the next one will.
 */
typedef enum status mem_undoer(void *arg);
void mem_undo(mem_undoer *undo, void *arg);

/*
 * A growing list of strings.  strings_add() borrows s; the list itself is
 * freed by strings_free(), or by auto_strings.
 */
struct strings {
	const char **v;
	size_t n;
};
#define auto_strings AUTO(strings_free) struct strings

void strings_add(struct strings *l, const char *s);
void strings_free(struct strings *l);

#endif
