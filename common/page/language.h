/*
 * language: which languages somebody reads, from an Accept-Language value
 * (RFC 9110 12.5.4), looked up as RFC 4647 3.4 says.
 */
#ifndef MCFG_PAGE_LANGUAGE_H
#define MCFG_PAGE_LANGUAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

#define PAGE_LANGUAGE	"en"	/* if no language fits */

enum {
	PAGE_TAG_MAX = 35,	/* bytes of a language tag (RFC 5646 4.4.1) */
	PAGE_RANGES_MAX = 32,	/* ranges of a header that are looked at */
};

/* What somebody wants to read, the best first. */
struct page_languages {
	char tag[PAGE_RANGES_MAX][PAGE_TAG_MAX + 1];
	size_t n;
};

/*
 * page_languages_parse() never fails: a range that is malformed or has weight
 * 0 is left out, as is everything behind the first 32.  accept may be NULL.
 */
void page_languages_parse(const char *accept, struct page_languages *out);

/*
 * page_language_shorten() takes the last subtag off a tag, and a single
 * letter that is then the last: "zh-Hant-TW" becomes "zh-Hant".  False if
 * nothing is left.
 */
bool page_language_shorten(char *tag);


/* Equal tags, whatever the case of their letters. */
bool page_same_language(const char *a, const char *b, size_t b_len);

/* "rtl" or "ltr", the direction in which a language is written. */
const char *page_direction(const char *tag);

#endif
