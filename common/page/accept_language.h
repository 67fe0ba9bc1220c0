/*
 * language: the languages that a reader prefers, from an Accept-Language value
 * (RFC 9110 12.5.4), looked up by RFC 4647 3.4.
 */
#ifndef MCFG_PAGE_ACCEPT_LANGUAGE_H
#define MCFG_PAGE_ACCEPT_LANGUAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

#define PAGE_LANGUAGE	"en"	/* if no language matches */

enum {
	PAGE_TAG_MAX = 35,	/* bytes of a language tag (RFC 5646 4.4.1) */
	PAGE_RANGES_MAX = 32,	/* ranges in a header that are read */
};

/* Preferred languages, best first. */
struct page_languages {
	char tag[PAGE_RANGES_MAX][PAGE_TAG_MAX + 1];
	size_t n;
};

/*
 * page_languages_parse() never fails: it leaves out malformed ranges, those
 * with weight 0, and all after the first 32.  accept may be NULL.
 */
void page_languages_parse(const char *accept, struct page_languages *out);

/*
 * page_language_shorten() removes the last subtag of a tag, and a single
 * letter that is then last: "zh-Hant-TW" becomes "zh-Hant".  Returns false if
 * nothing remains.
 */
bool page_language_shorten(char *tag);


/* Compares tags without regard to case. */
bool page_same_language(const char *a, const char *b, size_t b_len);

/* Returns "rtl" or "ltr", the direction in which a language is written. */
const char *page_direction(const char *tag);

#endif
