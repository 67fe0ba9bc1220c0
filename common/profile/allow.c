#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "profile/allow.h"
#include "sys/io.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool
is_word(const char *word, size_t len, const char *text)
{
	return text != NULL && strlen(text) == len &&
	    strncasecmp(word, text, len) == 0;
}

/* Removes a comment, and blanks at both ends. */
static void
trim(const char **line, size_t *len)
{
	size_t i;

	for (i = 0; i < *len; i++)
		if ((*line)[i] == '#' && (i == 0 || is_blank((*line)[i - 1])))
			*len = i;
	while (*len > 0 && is_blank((*line)[*len - 1]))
		--*len;
	for (; *len > 0 && is_blank(**line); --*len)
		++*line;
}

/*
 * The user after the device's UDID or serial number, *user_len bytes,
 * borrowed; "" if there is none, NULL if the line is for another device.
 */
static const char *
read_line(const char *line, size_t len, const char *udid, const char *serial,
    size_t *user_len)
{
	size_t word = 0, i;

	trim(&line, &len);
	while (word < len && !is_blank(line[word]))
		word++;
	if (word == 0 || (!is_word(line, word, udid) &&
	    !is_word(line, word, serial)))
		return NULL;
	for (i = word; i < len && is_blank(line[i]); i++)
		continue;
	*user_len = len - i;
	return line + i;
}

enum status
allow_look(const char *path, const char *udid, const char *serial,
    const char *user, bool *allowed, char **only)
{
	const char *line, *end, *next, *other = NULL, *named;
	auto_buf list = BUF_INIT;
	size_t other_len = 0, len;
	enum status st;

	*allowed = false;
	if ((st = io_slurp_file(path, IO_TEXT_MAX, &list)) != OK)
		return st;
	line = buf_str(&list);
	if (buf_has_prefix(&list, "\xEF\xBB\xBF"))
		line += 3;
	end = buf_str(&list) + list.len;
	for (; line < end; line = next + 1) {
		if ((next = memchr(line, '\n', (size_t)(end - line))) == NULL)
			next = end;
		named = read_line(line, (size_t)(next - line), udid, serial,
		    &len);
		if (named == NULL)
			continue;
		if (len == 0 || is_word(named, len, user)) {
			*allowed = true;
			return OK;
		}
		other = named;
		other_len = len;
	}
	if (other != NULL)
		*only = xstrndup(other, other_len);
	return OK;
}
