#include "text/parser.h"

#include <string.h>

#include "text/local.h"

void
spec_parser_open(yaml_parser_t *p, const struct buf *in)
{
	/*
	 * If the encoding is given, libyaml takes a byte order mark for text.
	 */
	size_t skip = buf_has_prefix(in, "\xEF\xBB\xBF") ? 3 : 0;

	if (!yaml_parser_initialize(p))
		mem_exhausted();
	/* Otherwise a byte order mark could select another encoding. */
	yaml_parser_set_encoding(p, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(p,
	    (const unsigned char *)buf_str(in) + skip, in->len - skip);
}

/* The place of a byte, for errors found before parsing. */
static struct spec_place
place_of(const struct buf *in, size_t offset, struct problem *why)
{
	struct spec_place at = { why, 1, 1 };
	size_t i;

	for (i = 0; i < offset && i < in->len; i++) {
		if (in->data[i] == '\n') {
			at.line++;
			at.column = 1;
		} else if ((in->data[i] & 0xC0) != 0x80) {
			at.column++;
		}
	}
	return at;
}

static bool
is_tab_at(const struct buf *in, size_t line, size_t column)
{
	size_t i = 0;

	while (line > 0 && i < in->len)
		line -= in->data[i++] == '\n';
	return i + column < in->len && in->data[i + column] == '\t';
}

/* How to fix an error of libyaml, by the beginning of its message. */
static const struct mending {
	const char *problem, *how;
} mendings[] = {
	{ "mapping values are not allowed",
	    "quote text that has ': ' in it, or indent the key as those "
	    "beside it" },
	{ "mapping keys are not allowed", "quote text that begins with '?'" },
	{ "block sequence entries are not allowed",
	    "begin the list in the next line, or quote text that begins "
	    "with '-'" },
	{ "found character that cannot start any token",
	    "quote text that begins with it" },
	{ "did not find expected alphabetic or numeric character",
	    "quote text that begins with '*' or '&'" },
	{ "did not find expected ',' or",
	    "close the bracket, or quote text that has '{', '}', '[', ']' or "
	    "',' in it" },
	{ "did not find expected node content",
	    "quote text that begins with it" },
	{ "could not find expected ':'",
	    "write ': ' behind the key, or indent what belongs to the line "
	    "above" },
	{ "did not find expected key",
	    "give the keys of one mapping the same indentation" },
	{ "did not find expected '-' indicator",
	    "give the items of one list the same indentation" },
	{ "found unexpected end of stream", "close the quote" },
	{ "found unknown escape character",
	    "write \\\\ for a backslash, or use single quotes" },
	{ "found incompatible YAML document", "leave the directive out" },
};

static const char *
how_to_mend(const char *problem)
{
	const struct mending *m;
	size_t i;

	for (i = 0; i < ARRAY_LEN(mendings); i++) {
		m = &mendings[i];
		if (strncmp(problem, m->problem, strlen(m->problem)) == 0)
			return m->how;
	}
	return NULL;
}

enum status
spec_parser_fail(const yaml_parser_t *p, const struct buf *in,
    struct problem *why, const struct spec_step *step)
{
	struct spec_place at = { why, p->problem_mark.line + 1,
	    p->problem_mark.column + 1 };
	const char *problem = p->problem != NULL ? p->problem : "not YAML";
	const char *how = how_to_mend(problem);
	auto_buf reason = BUF_INIT;

	if (p->error == YAML_MEMORY_ERROR)
		mem_exhausted();
	if (p->error == YAML_READER_ERROR) {
		at = place_of(in, p->problem_offset, why);
		return spec_fail_at(&at, NULL, "not UTF-8 text: %s", problem);
	}
	if (is_tab_at(in, p->problem_mark.line, p->problem_mark.column))
		return spec_fail_at(&at, step, "a tab where YAML wants "
		    "spaces");
	buf_puts(&reason, problem);
	if (p->context != NULL)
		buf_printf(&reason, " (%s that began in line %zu)",
		    p->context, p->context_mark.line + 1);
	if (how != NULL)
		buf_printf(&reason, ": %s", how);
	return spec_fail_at(&at, step, "%s", buf_str(&reason));
}

/*
 * None of our tags needs one.  A directive begins a line; the line breaks of
 * YAML 1.1 end in one of these bytes, as does a byte order mark.
 */
enum status
spec_parser_refuse_directives(const struct buf *in, struct problem *why)
{
	static const char directive[] = "%TAG";
	const unsigned char *p = (const unsigned char *)buf_str(in);
	const unsigned char *end = p + in->len, *start = p;
	struct spec_place at;

	for (; p < end && (p = memchr(p, '%', (size_t)(end - p))) != NULL;
	    p++) {
		if (strncmp((const char *)p, directive,
		    sizeof directive - 1) != 0 ||
		    (p > start && strchr("\n\r\x85\xA8\xA9\xBF",
		    p[-1]) == NULL))
			continue;
		at = place_of(in, (size_t)(p - start), why);
		return spec_fail_at(&at, NULL, "directives for tags are not "
		    "taken");
	}
	return OK;
}
