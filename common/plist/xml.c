/* Reads property lists in XML. */
#include "plist/local.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <expat.h>

#include "base/corruption.h"
#include "base/words.h"

/*
 * Reads XML with a strict grammar: what other readers ignore (stray text, an
 * unknown element, a second root) is where two readers of one signed profile
 * would differ.
 */

/*
 * expat rereads a tag or comment from its beginning with each chunk, so there
 * is a limit to their length; it also keeps a million attributes out of
 * expat's tables.
 */
enum {
	CHUNK = 64 << 10,
	TOKEN_MAX = 1 << 20,
};

#define auto_XML AUTO(auto_free_XML) struct XML_ParserStruct
DEFINE_AUTO(XML, struct XML_ParserStruct, XML_ParserFree);

/* The elements, by their contents. */
enum element {
	E_PLIST,
	E_DICT,
	E_ARRAY,
	E_KEY,
	E_TRUE,		/* the rest are scalars */
	E_FALSE,
	E_STRING,
	E_DATA,
	E_DATE,
	E_INTEGER,
	E_REAL,
	E_NONE,
};

static const char *const elements[] = {
	[E_PLIST] = "plist", [E_DICT] = "dict", [E_ARRAY] = "array",
	[E_KEY] = "key", [E_TRUE] = "true", [E_FALSE] = "false",
	[E_STRING] = "string", [E_DATA] = "data", [E_DATE] = "date",
	[E_INTEGER] = "integer", [E_REAL] = "real",
};

struct position {
	unsigned long line, column;
};

/* An open dict or array, which already belongs to its parent. */
struct level {
	struct tree *node;
	char *key;		/* of the next value */
	struct position key_at;
};

struct reader {
	XML_Parser parser;
	struct position skipped;	/* lines, and columns of the first one */
	struct problem *why;
	struct tree_marks *marks;
	enum status st;
	struct tree *root;
	struct level levels[TREE_DEPTH_MAX];
	size_t depth, nodes, key_bytes;
	bool in_plist, had_plist, is_padded;
	enum element open;	/* open scalar or key, or E_NONE */
	struct position at;	/* of the last start tag */
	struct buf text;
	struct buf comments;	/* since the last value */
};

/* The older names are deprecated since 2.9.0, which has new ones. */
#if XML_MAJOR_VERSION > 2 || (XML_MAJOR_VERSION == 2 && XML_MINOR_VERSION >= 9)
#define XML_LINE	XML_GetCurrentLineNumber64
#define XML_COLUMN	XML_GetCurrentColumnNumber64
#define XML_BYTE	XML_GetCurrentByteIndex64
#else
#define XML_LINE	XML_GetCurrentLineNumber
#define XML_COLUMN	XML_GetCurrentColumnNumber
#define XML_BYTE	XML_GetCurrentByteIndex
#endif

static struct position
here(const struct reader *r)
{
	struct position at = { (unsigned long)XML_LINE(r->parser),
	    (unsigned long)XML_COLUMN(r->parser) + 1 };

	if (at.line == 1)
		at.column += r->skipped.column;
	at.line += r->skipped.line;
	return at;
}

/* Only the first error is reported; expat still calls a handler or two. */
static PRINTF_LIKE(3, 4) void
complain(struct reader *r, const struct position *at, const char *fmt, ...)
{
	char reason[256];
	va_list ap;

	if (r->st != OK)
		return;
	va_start(ap, fmt);
	vsnprintf(reason, sizeof reason, fmt, ap);
	va_end(ap);
	r->st = problem_at(r->why, MALFORMED, at->line, at->column, "%s",
	    reason);
	XML_StopParser(r->parser, XML_FALSE);
}

static struct level *
innermost(struct reader *r)
{
	return r->depth > 0 ? &r->levels[r->depth - 1] : NULL;
}

/*
 * A duplicate key is noticed because the dict does not grow: a lookup before
 * would double the time for keys that are made to collide.
 */
static void
place_in_dict(struct reader *r, struct level *l, struct tree *node)
{
	size_t before = tree_count(l->node);
	auto_char *key = STEAL(l->key), *text = NULL;
	struct tree_fault fault = { TREE_FAULT_DOUBLED, l->node,
	    l->key_at.line, l->key_at.column, NULL };

	tree_set(l->node, key, node);
	if (tree_count(l->node) != before)
		return;
	fault.text = text = xasprintf("duplicate key '%.200s'", key);
	if (!tree_marks_add_fault(r->marks, &fault))
		complain(r, &l->key_at, "%s", text);
}

/* A key that has no value before the dict ends or the next key. */
static void
miss_value(struct reader *r, struct level *l)
{
	auto_char *text = xasprintf("key '%.200s' has no value", l->key);
	struct tree_fault fault = { TREE_FAULT_VALUE, NULL, l->key_at.line,
	    l->key_at.column, text };
	struct tree *node;

	if (tree_marks_forgives(r->marks)) {
		fault.node = node = tree_string(TREE_UNREAD);
		tree_marks_add(r->marks, node, fault.line, fault.column);
		place_in_dict(r, l, node);
		if (tree_marks_add_fault(r->marks, &fault))
			return;
	}
	complain(r, &l->key_at, "%s", text);
}

static void
place_comments(struct reader *r, const struct tree *node, bool is_inside)
{
	if (r->comments.len == 0)
		return;
	tree_marks_add_comment(r->marks, node, is_inside,
	    buf_str(&r->comments));
	buf_cut(&r->comments, 0);
}

static void
on_comment(void *arg, const char *text)
{
	struct reader *r = arg;

	buf_printf(&r->comments, "%s%c", text, TREE_COMMENT_END);
}

/* Adds a finished scalar or a new container to its parent. */
static void
place(struct reader *r, struct tree *node)
{
	struct level *l = innermost(r);

	if (r->marks != NULL)
		tree_marks_add(r->marks, node, r->at.line, r->at.column);
	place_comments(r, node, false);
	if (r->marks != NULL && r->is_padded)
		tree_marks_add_padded(r->marks, node);
	if (l == NULL) {
		r->root = node;
	} else if (l->key != NULL) {
		place_in_dict(r, l, node);
	} else {
		tree_append(l->node, node);
	}
}

/* True if a value is allowed here; complains if not. */
static bool
takes_value(struct reader *r)
{
	struct level *l = innermost(r);

	if (l == NULL && r->root != NULL)
		complain(r, &r->at, "a second value after the first");
	else if (l != NULL && l->key == NULL && tree_kind(l->node) == TREE_DICT)
		complain(r, &r->at, "a value without a key in a dict");
	else if (++r->nodes > TREE_NODES_MAX)
		complain(r, &r->at, "more than %d values", TREE_NODES_MAX);
	return r->st == OK;
}

static void
start_plist(struct reader *r)
{
	if (r->in_plist || r->had_plist || r->depth > 0 || r->root != NULL)
		complain(r, &r->at, "a plist element inside the plist");
	r->in_plist = r->had_plist = true;
}

static void
start_container(struct reader *r, enum element e)
{
	struct tree *node;

	if (!takes_value(r))
		return;
	if (r->depth == TREE_DEPTH_MAX) {
		complain(r, &r->at, "nested deeper than %d", TREE_DEPTH_MAX);
		return;
	}
	r->is_padded = false;
	node = e == E_DICT ? tree_dict() : tree_array();
	place(r, node);
	r->levels[r->depth++] = (struct level){ .node = node };
}

static void
start_key(struct reader *r)
{
	struct level *l = innermost(r);

	if (l == NULL || tree_kind(l->node) != TREE_DICT)
		complain(r, &r->at, "a key outside a dict");
	else if (l->key != NULL)
		miss_value(r, l);
	if (l != NULL && tree_count(l->node) >= TREE_KEYS_MAX)
		complain(r, &r->at, "more than %d keys in a dict",
		    TREE_KEYS_MAX);
}

static enum element
element_of(const char *tag)
{
	size_t i = words_place(elements, ARRAY_LEN(elements), tag);

	return i < ARRAY_LEN(elements) ? (enum element)i : E_NONE;
}

static void
check_attributes(struct reader *r, enum element e, const char **attrs)
{
	for (; attrs[0] != NULL; attrs += 2)
		if (e != E_PLIST || strcmp(attrs[0], "version") != 0)
			complain(r, &r->at, "attribute '%s'", attrs[0]);
}

static void
on_start(void *arg, const char *tag, const char **attrs)
{
	struct reader *r = arg;
	enum element e = element_of(tag);

	if (r->st != OK)
		return;
	r->at = here(r);
	if (e == E_NONE)
		complain(r, &r->at, "unknown property list element '%s'",
		    tag);
	check_attributes(r, e, attrs);
	if (r->open != E_NONE)
		complain(r, &r->at, "element '%s' inside '%s'", tag,
		    elements[r->open]);
	if (r->st != OK)
		return;
	switch (e) {
	case E_PLIST:
		start_plist(r);
		return;
	case E_DICT:
	case E_ARRAY:
		start_container(r, e);
		return;
	case E_KEY:
		start_key(r);
		break;
	default:
		(void)takes_value(r);
		break;
	}
	r->open = e;
	buf_cut(&r->text, 0);
}

static bool
is_blank(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (strchr(" \t\r\n", s[i]) == NULL)
			return false;
	return true;
}

static bool
has_text(enum element e)
{
	return e == E_KEY || e == E_STRING || e == E_DATA || e == E_DATE ||
	    e == E_INTEGER || e == E_REAL;
}

static void
on_text(void *arg, const char *s, int len)
{
	struct reader *r = arg;
	struct position at;

	if (r->st != OK)
		return;
	if (has_text(r->open)) {
		buf_add(&r->text, s, (size_t)len);
	} else if (!is_blank(s, (size_t)len)) {
		at = here(r);
		complain(r, &at, "text outside of a value");
	}
}

/* Returns NULL, or why the text of an element is not a valid value. */
static const char *
scalar_of(struct reader *r, enum element e, struct tree **out)
{
	static const enum tree_kind kinds[] = {
		[E_INTEGER] = TREE_INT, [E_REAL] = TREE_REAL,
		[E_DATE] = TREE_DATE, [E_DATA] = TREE_DATA,
	};

	r->is_padded = false;
	if (e == E_TRUE || e == E_FALSE)
		*out = tree_bool(e == E_TRUE);
	else if (e == E_STRING)
		*out = tree_string(buf_str(&r->text));
	else
		return plist_xml_scalar(kinds[e], &r->text, out, &r->is_padded);
	return NULL;
}

/*
 * A value that cannot be read is an error; if that is forgiven, a text stands
 * for it.
 */
static void
place_value(struct reader *r, enum element e)
{
	struct tree *node = NULL;
	auto_char *text = NULL;
	struct tree_fault fault = { .kind = TREE_FAULT_VALUE,
	    .line = r->at.line, .column = r->at.column };
	const char *why;

	if ((why = scalar_of(r, e, &node)) == NULL) {
		place(r, node);
		return;
	}
	fault.text = text = xasprintf("%s%s", e == E_DATA ? "data: " : "",
	    why);
	if (!tree_marks_forgives(r->marks)) {
		complain(r, &r->at, "%s", fault.text);
		return;
	}
	r->is_padded = false;
	fault.node = node = tree_string(TREE_UNREAD);
	place(r, node);
	if (!tree_marks_add_fault(r->marks, &fault))
		complain(r, &r->at, "%s", fault.text);
}

static void
end_key(struct reader *r)
{
	struct level *l = innermost(r);

	if ((r->key_bytes += r->text.len) > TREE_KEY_BYTES_MAX) {
		complain(r, &r->at, "more than %d MiB of keys",
		    TREE_KEY_BYTES_MAX >> 20);
		return;
	}
	l->key = xstrdup(buf_str(&r->text));
	l->key_at = r->at;
}

static void
end_container(struct reader *r)
{
	struct level *l = innermost(r);

	if (l->key != NULL)
		miss_value(r, l);
	if (r->st == OK)
		r->depth--;
	place_comments(r, l->node, true);
}

static void
on_end(void *arg, const char *tag)
{
	struct reader *r = arg;
	enum element e = r->open;
	struct position at;

	if (r->st != OK)
		return;
	r->open = E_NONE;
	if (e == E_KEY) {
		end_key(r);
	} else if (e != E_NONE) {
		place_value(r, e);
	} else if (element_of(tag) != E_PLIST) {
		end_container(r);
	} else {
		r->in_plist = false;
		at = here(r);
		if (r->root == NULL)
			complain(r, &at, "a plist without a value");
	}
}

static void
on_declaration(void *arg, const char *version, const char *encoding,
    int standalone)
{
	struct reader *r = arg;
	struct position at = here(r);

	(void)encoding;
	(void)standalone;
	if (version != NULL && strcmp(version, "1.0") != 0)
		complain(r, &at, "XML %s, not 1.0", version);
}

static void
on_doctype(void *arg, const char *doctype, const char *system_id,
    const char *public_id, int has_internal_subset)
{
	struct reader *r = arg;
	struct position at = here(r);

	(void)doctype;
	(void)system_id;
	(void)public_id;
	if (has_internal_subset)
		complain(r, &at, "a DOCTYPE with an internal subset");
}

/* With a DOCTYPE, expat silently drops a reference to an unknown entity. */
static void
on_skipped(void *arg, const char *entity, int is_parameter)
{
	struct reader *r = arg;
	struct position at = here(r);

	(void)is_parameter;
	complain(r, &at, "entity '%s' is not declared", entity);
}

/* Parses all but what was skipped; false if expat reports an error. */
static bool
feed(struct reader *r, const struct buf *in, size_t skipped)
{
	struct position at;
	size_t done = skipped, n;
	int64_t token;

	do {
		n = in->len - done < CHUNK ? in->len - done : CHUNK;
		if (XML_Parse(r->parser, buf_str(in) + done, (int)n,
		    done + n == in->len) != XML_STATUS_OK)
			return false;
		done += n;
		token = XML_BYTE(r->parser);
		if (token >= 0 && (size_t)token + TOKEN_MAX < done - skipped) {
			at = here(r);
			complain(r, &at, "a tag or comment larger than %d MiB",
			    TOKEN_MAX >> 20);
		}
	} while (done < in->len && r->st == OK);
	return true;
}

/* The length of the white space before the declaration, if that is forgiven. */
static size_t
skip_blank(struct reader *r, const struct buf *in)
{
	const char *s = buf_str(in);
	const size_t n = strspn(s, " \t\r\n");
	const struct tree_fault fault = { TREE_FAULT_STRAY, NULL, 1, 1,
	    "white space before '<?xml'" };
	size_t i;

	if (n == 0 || strncmp(s + n, "<?xml", 5) != 0 ||
	    !tree_marks_add_fault(r->marks, &fault))
		return 0;
	for (i = 0; i < n; i++)
		if (s[i] == '\n')
			r->skipped = (struct position){ r->skipped.line + 1,
			    0 };
		else
			r->skipped.column++;
	return n;
}

/* True after a whole plist, if that is forgiven. */
static bool
is_stray(struct reader *r, const struct position *at)
{
	const struct tree_fault fault = { TREE_FAULT_STRAY, NULL, at->line,
	    at->column, "bytes behind '</plist>'" };

	return r->root != NULL && r->had_plist && !r->in_plist &&
	    r->depth == 0 && tree_marks_add_fault(r->marks, &fault);
}

static void
parse(struct reader *r, const struct buf *in)
{
	const size_t skipped = skip_blank(r, in);
	auto_buf why = BUF_INIT;
	struct position at;
	int64_t byte;

	XML_SetUserData(r->parser, r);
	XML_SetElementHandler(r->parser, on_start, on_end);
	XML_SetCharacterDataHandler(r->parser, on_text);
	if (tree_marks_keeps_comments(r->marks))
		XML_SetCommentHandler(r->parser, on_comment);
	XML_SetXmlDeclHandler(r->parser, on_declaration);
	XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
	XML_SetSkippedEntityHandler(r->parser, on_skipped);
	if (feed(r, in, skipped) || r->st != OK)
		return;
	at = here(r);
	if (is_stray(r, &at))
		return;
	byte = XML_BYTE(r->parser);
	buf_puts(&why, plist_xml_error((int)XML_GetErrorCode(r->parser), in,
	    byte >= 0 ? (size_t)byte + skipped : in->len));
	corruption_add(in, &why);
	r->st = problem_at(r->why, MALFORMED, at.line, at.column, "%s",
	    buf_str(&why));
}

enum status
tree_from_xml(const struct buf *in, struct tree_marks *marks,
    struct problem *why, struct tree **out)
{
	static const XML_Memory_Handling_Suite memory = { xmalloc, xrealloc,
	    free };
	auto_XML *parser = NULL;
	struct reader r = { .why = why, .marks = marks, .open = E_NONE };

	if (in->len > TREE_BYTES_MAX)
		return problem_set(why, MALFORMED, "larger than %d MiB",
		    TREE_BYTES_MAX >> 20);
	if ((parser = XML_ParserCreate_MM(NULL, &memory, NULL)) == NULL)
		mem_exhausted();
	r.parser = parser;
	r.text.secret = in->secret;
	parse(&r, in);

	while (r.depth > 0)
		free(r.levels[--r.depth].key);
	if (r.st == OK)
		place_comments(&r, r.root, true);
	buf_free(&r.text);
	buf_free(&r.comments);
	if (r.st == OK)
		*out = r.root;
	else if (r.root != NULL)
		tree_free(r.root);
	return r.st;
}
