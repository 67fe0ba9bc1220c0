/* words: small functions on short texts. */
#ifndef MCFG_BASE_WORDS_H
#define MCFG_BASE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

/* words_end_in() returns true if text ends in tail, or is equal to it. */
bool words_end_in(const char *text, const char *tail);

/*
 * words_place() returns the index of a word in a table of n words, or n if
 * the table lacks it.  NULL is never found, and NULL entries are skipped.
 */
size_t words_place(const char *const *table, size_t n, const char *word);

/* words_lower() converts ASCII letters to lower case, in place. */
void words_lower(char *text);

/* words_choose() returns true if value is one of choices, as in "rsa|ec". */
bool words_choose(const char *choices, const char *value);

/*
 * words_join_lines() appends the lines of a text that are not empty as one,
 * with "; " between them.
 */
void words_join_lines(const char *text, struct buf *out);

#endif
