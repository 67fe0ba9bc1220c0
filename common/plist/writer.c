/* Writes property lists as XML, and adds them to JSON. */
#include "plist/node.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/encoding.h"

enum {
	DATA_WIDTH = 76,	/* columns of a line of base64, tabs are 8 */
	DATA_WIDTH_MIN = 16,
};

static const char header[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
    "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
    "<plist version=\"1.0\">\n";

bool
tree_scalar_text(const struct tree *t, struct buf *out)
{
	char date[CLOCK_TEXT];
	const unsigned char *p;
	size_t len;

	switch (tree_kind(t)) {
	case TREE_STRING:
		buf_puts(out, tree_string_of(t));
		return true;
	case TREE_DATA:
		p = tree_data_of(t, &len);
		encode_base64(out, p, len);
		return true;
	case TREE_INT:
		if (tree_is_large(t))
			buf_printf(out, "%" PRIu64, tree_uint_of(t));
		else
			buf_printf(out, "%" PRId64, tree_int_of(t));
		return true;
	case TREE_REAL:
		buf_add_real(out, tree_real_of(t));
		return true;
	case TREE_BOOL:
		buf_puts(out, tree_bool_of(t) ? "true" : "false");
		return true;
	case TREE_DATE:
		buf_puts(out, clock_format(tree_date_of(t), date));
		return true;
	case TREE_UID:
		buf_printf(out, "%" PRIu64, tree_uid_of(t));
		return true;
	case TREE_DICT:
	case TREE_ARRAY:
		break;
	}
	return false;
}

/* ---- XML ---- */

struct writer {
	struct buf *out;
	size_t depth;
};

static void
indent(struct writer *w)
{
	memset(buf_reserve(w->out, w->depth), '\t', w->depth);
	buf_end(w->out, w->depth);
}

/* A reader would turn a bare CR into LF, so it is written as a reference. */
static void
add_escaped(struct buf *out, const char *s)
{
	size_t n;

	for (;;) {
		n = strcspn(s, "&<>\r");
		buf_add(out, s, n);
		s += n;
		switch (*s++) {
		case '&':
			buf_puts(out, "&amp;");
			break;
		case '<':
			buf_puts(out, "&lt;");
			break;
		case '>':
			buf_puts(out, "&gt;");
			break;
		case '\r':
			buf_puts(out, "&#13;");
			break;
		default:
			return;
		}
	}
}

static void
add_tag(struct buf *out, const char *open, const char *tag, const char *close)
{
	buf_puts(out, open);
	buf_puts(out, tag);
	buf_puts(out, close);
}

static void
add_element(struct writer *w, const char *tag, const char *text)
{
	add_tag(w->out, "<", tag, ">");
	add_escaped(w->out, text);
	add_tag(w->out, "</", tag, ">\n");
}

static void
add_data(struct writer *w, const struct tree *t)
{
	size_t len, used = w->depth * 8, width = DATA_WIDTH_MIN;
	const unsigned char *p = tree_data_of(t, &len);
	char tabs[TREE_DEPTH_MAX + 1];
	size_t n = w->depth < TREE_DEPTH_MAX ? w->depth : TREE_DEPTH_MAX;

	if (used + DATA_WIDTH_MIN < DATA_WIDTH)
		width = DATA_WIDTH - used;
	memset(tabs, '\t', n);
	tabs[n] = '\0';
	buf_puts(w->out, "<data>\n");
	encode_base64_lines(w->out, p, len, width, tabs);
	indent(w);
	buf_puts(w->out, "</data>\n");
}

static void write_node(struct writer *w, const struct tree *t);

static enum status
write_member(const char *key, struct tree *node, void *arg)
{
	struct writer *w = arg;

	if (key != NULL) {
		indent(w);
		add_element(w, "key", key);
	}
	write_node(w, node);
	return OK;
}

static void
write_container(struct writer *w, const struct tree *t, const char *tag)
{
	if (tree_count(t) == 0) {
		add_tag(w->out, "<", tag, "/>\n");
		return;
	}
	add_tag(w->out, "<", tag, ">\n");
	w->depth++;
	(void)tree_each(t, write_member, w);
	w->depth--;
	indent(w);
	add_tag(w->out, "</", tag, ">\n");
}

static void
write_uid(struct writer *w, const struct tree *t)
{
	buf_puts(w->out, "<dict>\n");
	w->depth++;
	indent(w);
	add_element(w, "key", "CF$UID");
	indent(w);
	buf_printf(w->out, "<integer>%" PRIu64 "</integer>\n", tree_uid_of(t));
	w->depth--;
	indent(w);
	buf_puts(w->out, "</dict>\n");
}

static void
write_node(struct writer *w, const struct tree *t)
{
	auto_buf text = BUF_INIT;

	indent(w);
	switch (tree_kind(t)) {
	case TREE_DICT:
		write_container(w, t, "dict");
		break;
	case TREE_ARRAY:
		write_container(w, t, "array");
		break;
	case TREE_STRING:
		add_element(w, "string", tree_string_of(t));
		break;
	case TREE_DATA:
		add_data(w, t);
		break;
	case TREE_BOOL:
		buf_puts(w->out, tree_bool_of(t) ? "<true/>\n" : "<false/>\n");
		break;
	case TREE_UID:
		write_uid(w, t);
		break;
	case TREE_INT:
	case TREE_REAL:
	case TREE_DATE:
		tree_scalar_text(t, &text);
		add_element(w, tree_kind_name(tree_kind(t)), buf_str(&text));
		break;
	}
}

void
tree_to_xml(const struct tree *t, struct buf *out)
{
	struct writer w = { out, 0 };

	buf_puts(out, header);
	write_node(&w, t);
	buf_puts(out, "</plist>\n");
}

/* ---- JSON ---- */

static enum status
report_member(const char *key, struct tree *node, void *arg)
{
	tree_add_to_report(node, arg, key);
	return OK;
}

struct report *
tree_to_report(const struct tree *t)
{
	struct report *r;

	switch (tree_kind(t)) {
	case TREE_DICT:
		r = report_object();
		break;
	case TREE_ARRAY:
		r = report_array();
		break;
	case TREE_UID:
		r = report_object();
		report_int(r, "CF$UID", (int64_t)tree_uid_of(t));
		return r;
	default:
		return NULL;
	}
	(void)tree_each(t, report_member, r);
	return r;
}

void
tree_add_to_report(const struct tree *t, struct report *r, const char *key)
{
	auto_buf text = BUF_INIT;

	switch (tree_kind(t)) {
	case TREE_DICT:
	case TREE_ARRAY:
	case TREE_UID:
		report_add(r, key, tree_to_report(t));
		break;
	case TREE_INT:
		if (tree_is_large(t))
			report_uint(r, key, tree_uint_of(t));
		else
			report_int(r, key, tree_int_of(t));
		break;
	case TREE_REAL:
		report_real(r, key, tree_real_of(t));
		break;
	case TREE_BOOL:
		report_bool(r, key, tree_bool_of(t));
		break;
	case TREE_STRING:
	case TREE_DATA:
	case TREE_DATE:
		tree_scalar_text(t, &text);
		report_strn(r, key, buf_str(&text), text.len);
		break;
	}
}
