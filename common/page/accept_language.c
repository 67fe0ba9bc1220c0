#include "page/accept_language.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { WEIGHT_ONE = 1000 };

/* True for a tag: 1 to 8 letters or digits between hyphens. */
static bool
is_tag(const char *tag, size_t len)
{
	size_t i, n = 0;

	if (len == 0 || len > PAGE_TAG_MAX)
		return false;
	for (i = 0; i < len; i++) {
		if (tag[i] == '-' && n == 0)
			return false;
		n = tag[i] == '-' ? 0 : n + 1;
		if (n > 8 || (n > 0 && !isalnum((unsigned char)tag[i])))
			return false;
	}
	return n > 0;
}

bool
page_same_language(const char *a, const char *b, size_t b_len)
{
	return strlen(a) == b_len && strncasecmp(a, b, b_len) == 0;
}

bool
page_language_shorten(char *tag)
{
	char *cut = strrchr(tag, '-');

	if (cut == NULL)
		return false;
	*cut = '\0';
	if (cut - tag >= 2 && cut[-2] == '-')
		cut[-2] = '\0';
	return true;
}

/* Reads "0.8" as thousandths; -1 if it is not a weight. */
static int
weight_of(const char *p, size_t len)
{
	int weight, unit = WEIGHT_ONE / 10;
	size_t i;

	if (len == 0 || len > 5 || (p[0] != '0' && p[0] != '1') ||
	    (len > 1 && p[1] != '.'))
		return -1;
	weight = p[0] == '1' ? WEIGHT_ONE : 0;
	for (i = 2; i < len; i++, unit /= 10) {
		if (p[i] < '0' || p[i] > '9')
			return -1;
		weight += (p[i] - '0') * unit;
	}
	return weight <= WEIGHT_ONE ? weight : -1;
}

static const char *
trim(const char *p, size_t *len)
{
	while (*len > 0 && (*p == ' ' || *p == '\t')) {
		p++;
		(*len)--;
	}
	while (*len > 0 && (p[*len - 1] == ' ' || p[*len - 1] == '\t'))
		(*len)--;
	return p;
}

/*
 * Reads one range, "de-CH;q=0.8".  Returns its weight, or 0 if it is not
 * wanted.
 */
static int
read_range(const char *p, size_t len, const char **tag, size_t *tag_len)
{
	const char *semicolon = memchr(p, ';', len);
	size_t left;

	*tag_len = semicolon != NULL ? (size_t)(semicolon - p) : len;
	*tag = trim(p, tag_len);
	if (!is_tag(*tag, *tag_len))
		return 0;
	if (semicolon == NULL)
		return WEIGHT_ONE;
	left = len - (size_t)(semicolon + 1 - p);
	p = trim(semicolon + 1, &left);
	if (left < 2 || (p[0] != 'q' && p[0] != 'Q') || p[1] != '=')
		return 0;
	return weight_of(p + 2, left - 2);
}

/* Inserts after those of equal weight. */
static void
add(struct page_languages *l, int weight[PAGE_RANGES_MAX], int w,
    const char *tag, size_t len)
{
	size_t i;

	for (i = l->n; i > 0 && weight[i - 1] < w; i--) {
		weight[i] = weight[i - 1];
		memcpy(l->tag[i], l->tag[i - 1], sizeof l->tag[i]);
	}
	weight[i] = w;
	memcpy(l->tag[i], tag, len);
	l->tag[i][len] = '\0';
	l->n++;
}

void
page_languages_parse(const char *accept, struct page_languages *out)
{
	int weight[PAGE_RANGES_MAX] = { 0 }, w;
	const char *p = accept, *tag;
	size_t n, tag_len, seen;

	out->n = 0;
	for (seen = 0; p != NULL && seen < PAGE_RANGES_MAX; seen++) {
		n = strcspn(p, ",");
		if ((w = read_range(p, n, &tag, &tag_len)) > 0)
			add(out, weight, w, tag, tag_len);
		p = p[n] == ',' ? p + n + 1 : NULL;
	}
}

const char *
page_direction(const char *tag)
{
	static const char *const languages[] = { "ar", "arc", "ckb", "dv",
	    "fa", "he", "iw", "ks", "nqo", "ps", "sd", "syr", "ug", "ur",
	    "yi" };
	static const char *const scripts[] = { "Arab", "Hebr", "Thaa",
	    "Syrc", "Nkoo", "Latn", "Cyrl" };
	size_t i, n = strcspn(tag, "-");

	/* A script in the tag takes precedence: "uz-Arab", "ks-Latn". */
	for (i = 0; i < ARRAY_LEN(scripts) && tag[n] == '-'; i++)
		if (page_same_language(scripts[i], tag + n + 1,
		    strcspn(tag + n + 1, "-")))
			return i < 5 ? "rtl" : "ltr";
	for (i = 0; i < ARRAY_LEN(languages); i++)
		if (page_same_language(languages[i], tag, n))
			return "rtl";
	return "ltr";
}
