/* Changes as lines of text, and as JSON. */
#include "mcfg-diff.h"

#include <stdlib.h>
#include <string.h>

#include "json/report.h"
#include "plist/secrets.h"

/* As one printable line, never truncated. */
static void
add_escaped(const char *text, size_t len, struct buf *out)
{
	size_t room = len * 6 + 16;
	auto_char *line = xmalloc(room);

	buf_puts(out, diag_escape(text, len, line, room));
}

static void
add_quoted(const char *text, struct buf *out)
{
	auto_buf quoted = BUF_INIT;

	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			buf_putc(&quoted, '\\');
		buf_putc(&quoted, *text);
	}
	buf_putc(out, '"');
	add_escaped(buf_str(&quoted), quoted.len, out);
	buf_putc(out, '"');
}

static void
add_data(const struct tree *t, struct buf *out)
{
	char hash[SECRET_HASH_TEXT];
	const unsigned char *p;
	size_t len;

	p = tree_data_of(t, &len);
	secret_sha256(p, len, hash);
	buf_printf(out, "<%zu bytes, sha256 %s>", len, hash);
}

static const char mask[] = "(secret)";

/*
 * Writes the text of t to out with the passwords in its URLs masked; returns
 * false if there are none to mask.
 */
static bool
is_masked(const struct comparing *c, const struct tree *t, struct buf *out)
{
	return !c->a->show_secrets && tree_kind(t) == TREE_STRING &&
	    tree_mask_address(tree_string_of(t), mask, out);
}

static void
add_value(const struct comparing *c, const struct tree *t, const char *key,
    struct buf *out)
{
	auto_buf masked = BUF_INIT;
	size_t n = tree_count(t);

	if (tree_is_secret(key, t) && !c->a->show_secrets)
		buf_puts(out, mask);
	else if (is_masked(c, t, &masked))
		add_quoted(buf_str(&masked), out);
	else if (tree_kind(t) == TREE_DICT)
		buf_printf(out, "{%zu key%s}", n, n == 1 ? "" : "s");
	else if (tree_kind(t) == TREE_ARRAY)
		buf_printf(out, "[%zu item%s]", n, n == 1 ? "" : "s");
	else if (tree_kind(t) == TREE_STRING)
		add_quoted(tree_string_of(t), out);
	else if (tree_kind(t) == TREE_DATA)
		add_data(t, out);
	else
		(void)tree_scalar_text(t, out);
}

/*
 * The old and the new value.  If they would print alike (1 as integer and as
 * string), their kinds are shown, too.
 */
static void
add_both(const struct comparing *c, const struct change *v, struct buf *out)
{
	auto_buf old = BUF_INIT, new = BUF_INIT;

	add_value(c, v->old, v->key, &old);
	add_value(c, v->new, v->key, &new);
	if (buf_equal(&old, &new) && tree_kind(v->old) != tree_kind(v->new))
		buf_printf(out, "%s %s -> %s %s",
		    tree_kind_name(tree_kind(v->old)), buf_str(&old),
		    tree_kind_name(tree_kind(v->new)), buf_str(&new));
	else
		buf_printf(out, "%s -> %s", buf_str(&old), buf_str(&new));
}

/* Changes at the profile's top level first; indexes in numeric order. */
static int
compare_changes(const void *va, const void *vb)
{
	const struct change *x = va, *y = vb;
	const char *a = x->name, *b = y->name;
	unsigned long n, m;
	char *end_a, *end_b;

	if ((strncmp(a, "profile", 7) == 0) != (strncmp(b, "profile", 7) == 0))
		return strncmp(a, "profile", 7) == 0 ? -1 : 1;
	while (*a != '\0' && *a == *b) {
		b++;
		if (*a++ != '[')
			continue;
		n = strtoul(a, &end_a, 10);
		m = strtoul(b, &end_b, 10);
		if (end_a == a || end_b == b)
			continue;
		if (n != m)
			return n < m ? -1 : 1;
		a = end_a;
		b = end_b;
	}
	if (*a != *b)
		return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

/*
 * The path by position; with --text by name, which stays the same if a payload
 * is inserted.
 */
static void
add_place(const struct comparing *c, const struct change *v, struct buf *out)
{
	auto_buf text = BUF_INIT;

	if (c->a->text)
		buf_puts(&text, v->name);
	else
		finding_path_text(v->path, &text);
	if (!c->a->text && v->type != NULL)
		buf_printf(&text, " (%s)", v->type);
	add_escaped(buf_str(&text), text.len, out);
}

void
show_text(struct comparing *c, struct buf *out)
{
	size_t i;

	if (c->a->text && c->n > 0)
		qsort(c->changes, c->n,
		    sizeof *c->changes, compare_changes);
	for (i = 0; i < c->n; i++) {
		const struct change *v = &c->changes[i];

		add_place(c, v, out);
		buf_puts(out, ": ");
		if (v->old != NULL && v->new != NULL) {
			add_both(c, v, out);
		} else {
			if (!c->a->text)
				buf_puts(out, v->new != NULL ? "added " :
				    "removed ");
			add_value(c, v->new != NULL ? v->new : v->old,
			    v->key, out);
		}
		buf_putc(out, '\n');
	}
}

static void report_value(const struct comparing *, struct report *,
    const char *, const struct tree *, const char *);

struct reporting {
	const struct comparing *c;
	struct report *in;
	const char *nearest;	/* the key of the enclosing array */
};

static enum status
report_member(const char *key, struct tree *t, void *arg)
{
	const struct reporting *r = arg;

	report_value(r->c, r->in, key, t, key != NULL ? key : r->nearest);
	return OK;
}

/*
 * Adds t as key; nearest is the key that decides whether the value is a
 * secret.
 */
static void
report_value(const struct comparing *c, struct report *r, const char *key,
    const struct tree *t, const char *nearest)
{
	struct reporting inner = { c, NULL, nearest };
	auto_buf masked = BUF_INIT;

	if (tree_is_secret(nearest, t) && !c->a->show_secrets) {
		report_null(r, key);
	} else if (is_masked(c, t, &masked)) {
		report_strn(r, key, buf_str(&masked), masked.len);
	} else if (!is_container(t)) {
		tree_add_to_report(t, r, key);
	} else {
		inner.in = tree_kind(t) == TREE_DICT ? report_object() :
		    report_array();
		(void)tree_each(t, report_member, &inner);
		report_add(r, key, inner.in);
	}
}

/* True if the value or a part of it is secret. */
static bool
is_secret(const struct change *v)
{
	return (v->old != NULL && tree_holds_secret(v->key, v->old)) ||
	    (v->new != NULL && tree_holds_secret(v->key, v->new));
}

void
show_json(const struct comparing *c, struct buf *out)
{
	auto_report *top = report_object();
	struct report *list = report_array();
	size_t i;

	for (i = 0; i < c->n; i++) {
		const struct change *v = &c->changes[i];
		struct report *r = report_add_object(list, NULL);
		auto_buf pointer = BUF_INIT;

		finding_path_pointer(v->path, &pointer);
		report_str(r, "path", v->name);
		report_str(r, "pointer", buf_str(&pointer));
		report_str(r, "change", v->old == NULL ? "added" :
		    v->new == NULL ? "removed" : "changed");
		report_bool(r, "secret", is_secret(v));
		if (v->old != NULL)
			report_value(c, r, "old", v->old, v->key);
		if (v->new != NULL)
			report_value(c, r, "new", v->new, v->key);
	}
	report_bool(top, "equal", c->n == 0);
	report_add(top, "changes", list);
	report_render(top, out);
}
