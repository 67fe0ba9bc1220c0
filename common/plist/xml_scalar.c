/* Converts the text of integers, reals, dates and data in XML. */
#include "plist/local.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/encoding.h"

static const char blanks[] = " \t\r\n";

/* Removes white space at both ends. */
static const char *
trimmed(struct buf *b)
{
	while (b->len > 0 && b->data[b->len - 1] != '\0' &&
	    strchr(blanks, b->data[b->len - 1]) != NULL)
		buf_cut(b, b->len - 1);
	return buf_str(b) + strspn(buf_str(b), blanks);
}

/*
 * A decimal number with an optional sign, or hexadecimal after 0x without one.
 */
static const char *
integer(const char *s, struct tree **out)
{
	const char *digits = s;
	bool is_hex = digits[0] == '0' && (digits[1] | 32) == 'x';
	unsigned long long large;
	long long v;

	if (is_hex)
		digits += 2;
	else if (*digits == '-' || *digits == '+')
		digits++;
	if (*digits == '\0' || digits[strspn(digits, is_hex ?
	    "0123456789abcdefABCDEF" : "0123456789")] != '\0')
		return "not an integer";
	errno = 0;
	if (*s == '-') {
		v = strtoll(s, NULL, 10);
		if (errno == ERANGE)
			return "an integer below -2^63";
		*out = tree_int(v);
		return NULL;
	}
	large = strtoull(s, NULL, is_hex ? 16 : 10);
	if (errno == ERANGE)
		return "an integer beyond 64 bits";
	*out = tree_uint(large);
	return NULL;
}

static const char *
real(const char *s, struct tree **out)
{
	char *end;
	double v = strtod(s, &end);

	/* strtod() also accepts hexadecimal, names and NaN. */
	if (s == end || *end != '\0' || s[strspn(s, "0123456789.eE+-")] != '\0')
		return "not a finite decimal number";
	if (!isfinite(v))
		return "a real beyond the range of doubles";
	*out = tree_real(v);
	return NULL;
}

static const char *
date(const char *s, struct tree **out)
{
	static const char shape[] = "0000-00-00T00:00:00Z";
	int64_t when;
	size_t i;

	for (i = 0; s[i] != '\0' && shape[i] != '\0'; i++)
		if (shape[i] == '0' ? s[i] < '0' || s[i] > '9' :
		    s[i] != shape[i])
			break;
	if (s[i] != '\0' || shape[i] != '\0')
		return "a date that is not YYYY-MM-DDTHH:MM:SSZ";
	if (clock_parse(s, i, &when) != NULL ||
	    (*out = tree_date(when)) == NULL)
		return "not a date: a time that does not exist";
	return NULL;
}

static const char *
data(const struct buf *text, struct tree **out, bool *padded)
{
	auto_buf bytes = BUF_INIT;
	const char *why;

	bytes.secret = text->secret;
	why = decode_padded_base64(buf_str(text), text->len, &bytes, padded);
	if (why == NULL)
		*out = tree_data(bytes.data, bytes.len);
	return why;
}

const char *
plist_xml_scalar(enum tree_kind kind, struct buf *text, struct tree **out,
    bool *padded)
{
	switch (kind) {
	case TREE_INT:
		return integer(trimmed(text), out);
	case TREE_REAL:
		return real(trimmed(text), out);
	case TREE_DATE:
		return date(trimmed(text), out);
	default:
		return data(text, out, padded);
	}
}
