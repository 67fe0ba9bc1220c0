/*
 * words: what several families ask about a short text.
 */
#ifndef MCFG_BASE_WORDS_H
#define MCFG_BASE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

/* words_end_in() is true if text ends in tail, or is tail. */
bool words_end_in(const char *text, const char *tail);

/*
 * words_place() finds a word in a table of n words: its place, or n.  A word
 * that is NULL is in no table, and an entry that is NULL is passed over.
 */
size_t words_place(const char *const *table, size_t n, const char *word);

/* words_lower() makes the letters of ASCII lower-case, in place. */
void words_lower(char *text);

/* words_choose() is true if value is one of choices, as in "rsa|ec". */
bool words_choose(const char *choices, const char *value);

/*
 * words_unescape() appends the text with each %XX (RFC 3986 section 2.1)
 * replaced by its byte; a plus stays a plus.  A broken escape, and that of a
 * NUL, is appended as it is, and the result is then false.
 */
bool words_unescape(const char *text, size_t len, struct buf *out);

#endif
