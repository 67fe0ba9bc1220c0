/* "mcfg-lint: ignore RULE..." in a comment, for the element that follows it. */
#include <stdlib.h>
#include <string.h>

#include "suppression.h"

enum { COMMENTS_MAX = 200 };	/* in a file: each costs a look at the whole
				 * element that follows it */

struct place {
	unsigned long line, column;	/* from 1; columns in characters */
};

/* The extent of an element: its first place, and the place after its end. */
struct comment {
	const char *file;
	struct place from, to;
	bool rules[FINDING_RULES];
};

void
comments_free(struct comments *c)
{
	free(c->v);
	*c = (struct comments){ NULL, 0 };
}

/*
 * Reads "ignore RULE..." from the len bytes after "mcfg-lint:".  Returns false
 * if a word is not the name of a rule that may be ignored, or if there is no
 * name.
 */
static bool
read_rules(const char *p, size_t len, bool rules[FINDING_RULES])
{
	static const char word[] = "ignore";
	const char *end = p + len;
	enum finding_rule rule;
	bool has_rule = false;
	size_t n;

	for (; p < end && strchr(" \t", *p) != NULL; p++)
		;
	if ((size_t)(end - p) < sizeof word ||
	    strncmp(p, word, sizeof word - 1) != 0)
		return false;
	p += sizeof word - 1;
	while (p < end) {
		n = strcspn(p, ", \t\r\n");
		if (n > (size_t)(end - p))
			n = (size_t)(end - p);
		if (n == 0) {
			p++;
			continue;
		}
		if (!finding_find_rule(p, n, &rule) ||
		    rule == RULE_NOT_A_PLIST || rule == RULE_NOT_A_PROFILE ||
		    !may_be_suppressed(rule))
			return false;
		rules[rule] = has_rule = true;
		p += n;
	}
	return has_rule;
}

/* Keeps the line and column while it moves through text. */
struct cursor {
	const char *p;
	struct place at;
};

static void
move_to(struct cursor *c, const char *to)
{
	for (; c->p < to; c->p++)
		if (*c->p == '\n')
			c->at = (struct place){ c->at.line + 1, 1 };
		else if (((unsigned char)*c->p & 0xc0) != 0x80)
			c->at.column++;
}

static void
add_comment(struct comments *c, const char *file,
    const struct cursor *start, const char *from, const char *to,
    const bool rules[FINDING_RULES])
{
	struct cursor at = *start;
	struct comment *one = GROW(c->v, c->n);

	one->file = file;
	memcpy(one->rules, rules, sizeof one->rules);
	move_to(&at, from);
	one->from = at.at;
	move_to(&at, to);
	one->to = at.at;
}

/* ---- XML, which the parser has accepted before ---- */

/* The end of the tag, comment or similar that p, a '<', begins. */
static const char *
markup_end(const char *p)
{
	const char *end;
	char quote = '\0';

	if (strncmp(p, "<!--", 4) == 0)
		end = strstr(p + 4, "-->");
	else if (strncmp(p, "<![CDATA[", 9) == 0)
		end = strstr(p + 9, "]]>");
	else if (strncmp(p, "<?", 2) == 0)
		return (end = strstr(p, "?>")) != NULL ? end + 2 :
		    p + strlen(p);
	else {
		for (; *p != '\0'; p++)
			if (quote != '\0')
				quote = *p == quote ? '\0' : quote;
			else if (*p == '"' || *p == '\'')
				quote = *p;
			else if (*p == '>')
				return p + 1;
		return p;
	}
	return end != NULL ? end + 3 : p + strlen(p);
}

/*
 * The next tag at or after p, skipping comments and the like; NULL at the end.
 */
static const char *
next_tag(const char *p)
{
	while ((p = strchr(p, '<')) != NULL && (p[1] == '!' || p[1] == '?'))
		p = markup_end(p);
	return p;
}

/* The place after the element whose start tag is at p. */
static const char *
element_end(const char *p)
{
	size_t depth = 0;
	const char *end = p;

	for (; (p = next_tag(end)) != NULL; ) {
		end = markup_end(p);
		if (p[1] == '/')
			depth--;
		else if (end[-2] != '/')
			depth++;
		if (depth == 0)
			return end;
	}
	return end + strlen(end);
}

/*
 * Finds the next element (after a key, its value).  Returns false at the end.
 */
static bool
next_element(const char *p, const char **from, const char **to)
{
	if ((p = next_tag(p)) == NULL || p[1] == '/')
		return false;
	*from = p;
	*to = element_end(p);
	if (strncmp(p, "<key", 4) == 0 && (p = next_tag(*to)) != NULL &&
	    p[1] != '/')
		*to = element_end(p);
	return true;
}

static const char directive[] = "mcfg-lint:";

/*
 * Reads the comment at p.  Returns false if it is addressed to mcfg-lint but
 * cannot be understood.
 */
static bool
read_xml_comment(struct comments *c, const char *file,
    const struct cursor *at)
{
	const char *end = markup_end(at->p), *p = at->p + 4, *from, *to;
	bool rules[FINDING_RULES] = { false };

	p += strspn(p, " \t\r\n");
	if (strncmp(p, directive, sizeof directive - 1) != 0)
		return true;
	p += sizeof directive - 1;
	if (end - p < 3 ||
	    !read_rules(p, (size_t)(end - p) - 3, rules))
		return false;
	if (next_element(end, &from, &to))
		add_comment(c, file, at, from, to, rules);
	return true;
}

static void
warn_once(bool *warned, const char *file, unsigned long line)
{
	if (!*warned)
		warning("%s:%lu: the comment does not name rules that can be "
		    "ignored: 'mcfg-lint: ignore RULE...'", file, line);
	*warned = true;
}

static void
read_xml(const char *text, const char *file, struct comments *c)
{
	struct cursor at = { text, { 1, 1 } };
	const char *p = text;
	const size_t limit = c->n + COMMENTS_MAX;
	bool warned = false;

	while (c->n < limit && (p = strchr(p, '<')) != NULL) {
		if (strncmp(p, "<!--", 4) == 0) {
			move_to(&at, p);
			if (!read_xml_comment(c, file, &at))
				warn_once(&warned, file, at.at.line);
		}
		p = markup_end(p);
	}
}

/* ---- YAML: a comment that is alone on its line ---- */

static const char *
next_line(const char *p)
{
	p += strcspn(p, "\n");
	return p + (*p == '\n');
}

static bool
is_blank(const char *line)
{
	line += strspn(line, " \t\r");
	return *line == '\n' || *line == '\0' || *line == '#';
}

/*
 * The lines of the next element: its first line and all lines that are
 * indented deeper.  A list may be indented as deep as its key.
 */
static void
next_block(const char *p, const char **from, const char **to)
{
	size_t depth, n;
	bool is_item;

	while (*p != '\0' && is_blank(p))
		p = next_line(p);
	*from = p;
	depth = strspn(p, " ");
	is_item = p[depth] == '-';
	for (p = next_line(p); *p != '\0'; p = next_line(p)) {
		n = strspn(p, " ");
		if (!is_blank(p) && (n < depth || (n == depth &&
		    (is_item || p[n] != '-'))))
			break;
	}
	*to = p;
}

static void
read_yaml(const char *text, const char *file, struct comments *c)
{
	struct cursor at = { text, { 1, 1 } };
	const char *line, *p, *from, *to;
	const size_t limit = c->n + COMMENTS_MAX;
	bool warned = false;

	for (line = text; *line != '\0' && c->n < limit;
	    line = next_line(line)) {
		bool rules[FINDING_RULES] = { false };

		p = line + strspn(line, " \t");
		if (*p++ != '#')
			continue;
		p += strspn(p, " \t");
		if (strncmp(p, directive, sizeof directive - 1) != 0)
			continue;
		p += sizeof directive - 1;
		move_to(&at, line);
		if (!read_rules(p, strcspn(p, "\r\n"), rules)) {
			warn_once(&warned, file, at.at.line);
			continue;
		}
		next_block(next_line(line), &from, &to);
		if (*from != '\0')
			add_comment(c, file, &at, from, to, rules);
	}
}

void
comments_read(const struct buf *in, const char *file,
    struct comments *c)
{
	const char *text = buf_str(in), *p = text;

	if (strlen(text) != in->len || strstr(text, directive) == NULL)
		return;
	if (strncmp(p, "\xEF\xBB\xBF", 3) == 0)
		p += 3;
	p += strspn(p, " \t\r\n");
	if (*p == '<')
		read_xml(text, file, c);
	else
		read_yaml(text, file, c);
}

static bool
is_before(unsigned long line, unsigned long column, const struct place *p)
{
	return line < p->line || (line == p->line && column < p->column);
}

bool
comments_ignore(const struct comments *c,
    const struct finding *f)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (c->v[i].rules[f->rule] && c->v[i].file == f->file &&
		    !is_before(f->line, f->column, &c->v[i].from) &&
		    is_before(f->line, f->column, &c->v[i].to))
			return true;
	return false;
}
