/* Helpers for short texts: suffixes, tables of words, lines. */
#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/words.h"

bool
words_end_in(const char *text, const char *tail)
{
	size_t n = strlen(text), m = strlen(tail);

	return n >= m && strcmp(text + n - m, tail) == 0;
}

size_t
words_place(const char *const *table, size_t n, const char *word)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (word != NULL && table[i] != NULL &&
		    strcmp(table[i], word) == 0)
			break;
	return i;
}

void
words_lower(char *text)
{
	for (; *text != '\0'; text++)
		*text = (char)tolower((unsigned char)*text);
}

bool
words_choose(const char *choices, const char *value)
{
	const char *p = choices;
	size_t n = strlen(value), k;

	for (; n > 0 && *p != '\0'; p += k + (p[k] == '|')) {
		k = strcspn(p, "|");
		if (k == n && memcmp(p, value, n) == 0)
			return true;
	}
	return false;
}

void
words_join_lines(const char *text, struct buf *out)
{
	bool is_first = true;

	while (*text != '\0') {
		size_t n = strcspn(text, "\n");

		if (n > 0) {
			buf_puts(out, is_first ? "" : "; ");
			buf_add(out, text, n);
			is_first = false;
		}
		text += n + (text[n] == '\n' ? 1 : 0);
	}
}
