/*
 * mem: memory that is freed at the end of its block.
 *
 *	#define auto_BIO AUTO(auto_free_BIO) BIO	in the header that wraps
 *	DEFINE_AUTO(BIO, BIO, BIO_free_all)		the library
 *	auto_BIO *in = BIO_new(...);	freed on every return
 *	*out = STEAL(in);		the caller owns it now
 *
 * When the x*() functions run out of memory, they end the process with FAULT,
 * so callers need no check.
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
 * for the pointer in a variable unless it is NULL.
 */
#define DEFINE_AUTO(name, type, freefn)					\
	static inline void auto_free_##name(type **p)			\
	{								\
		if (*p != NULL)						\
			freefn(*p);					\
	}								\
	struct mcfg_semicolon

/* For strings from xmalloc() and similar: auto_char *name = xstrdup(...); */
#define auto_char AUTO(auto_free_char) char
DEFINE_AUTO(char, char, free);

/* STEAL moves the pointer out of a variable, which becomes NULL. */
#define STEAL(p)							\
	__extension__({ __typeof__(p) stolen_ = (p); (p) = NULL; stolen_; })

/* MOVE moves a structure out of a variable, which is filled with zeros. */
#define MOVE(s)								\
	__extension__({ __typeof__(s) moved_ = (s);			\
	    (s) = (__typeof__(s)){ 0 }; moved_; })

#define ARRAY_LEN(a) (sizeof (a) / sizeof (a)[0])

void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t size);
void *xreallocarray(void *p, size_t n, size_t size);

/*
 * GROW adds an element to an array v of n elements and evaluates to the new
 * element, which is not initialised.  Only GROW may enlarge the array:
 *
 *	*GROW(l->v, l->n) = (struct thing){ ... };
 *
 * The capacity doubles; it is derived from n.
 */
#define GROW(v, n)							\
	((v) = mem_room_for_one((v), (n), sizeof *(v)), &(v)[(n)++])
void *mem_room_for_one(void *p, size_t n, size_t size);

char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* mem_free_all() frees n strings, and then the array. */
void mem_free_all(char **v, size_t n);

/* Ends the process with FAULT and "out of memory". */
void mem_exhausted(void) NORETURN;

/*
 * mem_undo() registers undo: if memory runs out before mem_undo(NULL, NULL),
 * mem_exhausted() calls undo(arg) once, as the last thing, and drops what it
 * prints.  undo may allocate memory: after one allocation failed, the next one
 * may succeed.
 */
typedef enum status mem_undoer(void *arg);
void mem_undo(mem_undoer *undo, void *arg);

/*
 * A growing list of strings.  strings_add() borrows s; strings_free() or
 * auto_strings frees the list.
 */
struct strings {
	const char **v;
	size_t n;
};
#define auto_strings AUTO(strings_free) struct strings

void strings_add(struct strings *l, const char *s);
void strings_free(struct strings *l);

#endif
