/* mcfg-diff: two profiles in, what changed between them out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "ident.h"
#include "opts.h"
#include "profile.h"
#include "report.h"
#include "schema.h"
#include "tree.h"

static struct args {
	struct io_input in;
	struct io_output out;
	struct strings files;
	bool uuids, full, text, json, show_secrets;
} args;

static const struct opt options[] = {
	OPT_OUTPUT(args.out),
	OPT_LENGTH(args.in),
	{ 0, "uuids", NULL, "PayloadUUIDs count as content",
	    .flag = &args.uuids },
	{ 0, "full", NULL, "show every value of what was added or removed",
	    .flag = &args.full },
	{ 0, "text", NULL, "write every value of one profile instead, for "
	    "git's textconv", .flag = &args.text },
	{ 0, "json", NULL, "write one JSON object", .flag = &args.json },
	{ 0, "show-secrets", NULL, "show passwords and challenges",
	    .flag = &args.show_secrets },
	{ 0 },
};

static const struct tool tool = {
	.name = "mcfg-diff",
	.summary = "Reads two configuration profiles and writes what changed "
	    "by meaning.",
	.operands = "OLD NEW",
	.example = "mcfg-diff wifi.old.mobileconfig wifi.mobileconfig",
	.options = options,
	.args = &args,
	.inputs = &args.files,
};

enum { ITEMS_PRODUCT_MAX = 1 << 16 };	/* of an array compared with care */

struct change {
	char *path;
	const struct tree *old, *new;	/* NULL: it was added, removed */
	bool secret;
	size_t place;			/* in the order of finding */
};

/* One payload of a profile, with its fellow on the other side. */
struct side {
	const struct tree *payload;
	const char *identifier, *type, *uuid;
	size_t fellow;			/* NONE until it is found */
	size_t index;
};

#define NONE ((size_t)-1)

struct sides {
	struct side *v;
	size_t n;
};

struct uuid_at {
	const char *uuid;
	size_t index;
};

struct uuid_list {
	struct uuid_at *v;
	size_t n;
};

static struct comparing {
	struct buf path;
	bool secret;			/* below a key that holds a secret */
	struct change *changes;
	size_t n;
	struct sides old, new;
	struct uuid_list old_uuids, new_uuids;
	struct strings common;		/* types that do not tell payloads
					 * apart, sorted */
} comparing;

/* ---- reading ---- */

/* git names /dev/null where there is no file: *out stays NULL. */
static enum status
read_profile(const char *path, struct tree **out)
{
	const char *file = io_name(path);
	struct io_input input = { path, args.in.length };
	/* One seed for both: what YAML leaves out is no change. */
	const struct profile_source from = { file, "mcfg-diff", clock_now(),
	    NULL };
	auto_buf in = BUF_INIT;
	bool is_signed;
	enum status st;

	if (strcmp(path, "/dev/null") == 0)
		return OK;
	if ((st = io_slurp(&input, IO_PROFILE_MAX, &in)) != OK)
		return st;
	return profile_read(&in, &from, &is_signed, out);
}

/* ---- which payload is which ---- */

typedef const char *side_key(const struct side *);

static const char *
identifier_of(const struct side *s)
{
	return s->identifier;
}

static const char *
type_of(const struct side *s)
{
	return s->type;
}

static void
list_payloads(const struct tree *profile, struct sides *out)
{
	const struct tree *list = profile == NULL ? NULL :
	    tree_get_kind(profile, "PayloadContent", TREE_ARRAY);
	size_t i, n = list != NULL ? tree_count(list) : 0;

	out->v = xcalloc(n + 1, sizeof *out->v);
	for (i = 0; i < n; i++) {
		struct side *s = &out->v[i];

		s->payload = tree_at(list, i);
		s->identifier = tree_get_string(s->payload,
		    "PayloadIdentifier");
		s->type = tree_get_string(s->payload, "PayloadType");
		s->uuid = tree_get_string(s->payload, "PayloadUUID");
		s->fellow = NONE;
		s->index = i;
	}
	out->n = n;
}

struct keyed {
	const char *key, *more;
	size_t index;
};

static int
compare_keys(const struct keyed *a, const struct keyed *b)
{
	int c = strcmp(a->key, b->key);

	return c != 0 ? c : strcmp(a->more, b->more);
}

static int
compare_keyed(const void *va, const void *vb)
{
	const struct keyed *a = va, *b = vb;
	int c = compare_keys(a, b);

	if (c != 0)
		return c;
	return a->index < b->index ? -1 : a->index > b->index;
}

/* Those without a fellow that have the key, sorted by it. */
static size_t
list_keyed(const struct sides *s, side_key *key, side_key *more,
    struct keyed **out)
{
	struct keyed *v = xcalloc(s->n + 1, sizeof *v);
	size_t i, n = 0;

	for (i = 0; i < s->n; i++) {
		v[n].key = key(&s->v[i]);
		v[n].more = more != NULL ? more(&s->v[i]) : "";
		v[n].index = i;
		if (s->v[i].fellow == NONE && v[n].key != NULL &&
		    v[n].more != NULL)
			n++;
	}
	qsort(v, n, sizeof *v, compare_keyed);
	*out = v;
	return n;
}

static void
match(side_key *key, side_key *more)
{
	struct sides *old = &comparing.old, *new = &comparing.new;
	struct keyed *a, *b;
	size_t n = list_keyed(old, key, more, &a);
	size_t m = list_keyed(new, key, more, &b);
	size_t i = 0, k = 0;
	int c;

	while (i < n && k < m) {
		if ((c = compare_keys(&a[i], &b[k])) == 0) {
			old->v[a[i].index].fellow = b[k].index;
			new->v[b[k].index].fellow = a[i].index;
		}
		i += c <= 0;
		k += c >= 0;
	}
	free(a);
	free(b);
}

static int
compare_uuids(const void *va, const void *vb)
{
	const struct uuid_at *a = va, *b = vb;

	return strcasecmp(a->uuid, b->uuid);
}

static void
list_uuids(const struct sides *s, struct uuid_list *out)
{
	size_t i;

	out->v = xcalloc(s->n + 1, sizeof *out->v);
	for (i = 0; i < s->n; i++)
		if (s->v[i].uuid != NULL)
			out->v[out->n++] = (struct uuid_at){ s->v[i].uuid, i };
	qsort(out->v, out->n, sizeof *out->v, compare_uuids);
}

static size_t
find_uuid(const struct uuid_list *l, const struct tree *t)
{
	const struct uuid_at *found;
	struct uuid_at key = { NULL, 0 };

	if (tree_kind(t) != TREE_STRING || !ident_is_uuid(tree_string_of(t)))
		return NONE;
	key.uuid = tree_string_of(t);
	found = bsearch(&key, l->v, l->n, sizeof *l->v, compare_uuids);
	return found != NULL ? found->index : NONE;
}

/* Both name the same payload, which only has a new UUID. */
static bool
same_payload(const struct tree *a, const struct tree *b)
{
	size_t i = find_uuid(&comparing.old_uuids, a);
	size_t k = find_uuid(&comparing.new_uuids, b);

	return !args.uuids && i != NONE && k != NONE &&
	    comparing.old.v[i].fellow == k;
}

/* ---- comparing ---- */

static void
add_change(const struct tree *old, const struct tree *new)
{
	struct comparing *c = &comparing;
	struct change *v;

	if (c->n == 0 || (c->n & (c->n - 1)) == 0)
		c->changes = xreallocarray(c->changes, c->n == 0 ? 1 : c->n * 2,
		    sizeof *c->changes);
	v = &c->changes[c->n++];
	v->path = xstrdup(buf_str(&c->path));
	v->old = old;
	v->new = new;
	v->secret = c->secret;
	v->place = c->n;
}

static bool
is_container(const struct tree *t)
{
	return tree_kind(t) == TREE_DICT || tree_kind(t) == TREE_ARRAY;
}

/* A key's step into the path; the caller goes back with leave(). */
struct step {
	size_t path;
	bool secret;
};

static struct step
enter(const char *key)
{
	struct step s = { comparing.path.len, comparing.secret };

	buf_printf(&comparing.path, ".%s", key);
	if (schema_is_secret(key))
		comparing.secret = true;
	return s;
}

static struct step
enter_index(size_t i)
{
	struct step s = { comparing.path.len, comparing.secret };

	buf_printf(&comparing.path, "[%zu]", i);
	return s;
}

static void
leave(struct step s)
{
	buf_cut(&comparing.path, s.path);
	comparing.secret = s.secret;
}

struct one_sided {
	bool is_new;
	bool is_payload;
	size_t i;
};

static void one_sided(const struct tree *, bool, bool);

static bool
is_ignored(const char *key, bool is_payload)
{
	return is_payload && !args.uuids && strcmp(key, "PayloadUUID") == 0;
}

static enum status
one_sided_member(const char *key, struct tree *t, void *arg)
{
	struct one_sided *o = arg;
	struct step s;

	if (key != NULL && is_ignored(key, o->is_payload))
		return OK;
	s = key != NULL ? enter(key) : enter_index(o->i++);
	one_sided(t, o->is_new, false);
	leave(s);
	return OK;
}

/* What is only there before or after: one line, or one for each value. */
static void
one_sided(const struct tree *t, bool is_new, bool is_payload)
{
	struct one_sided o = { is_new, is_payload, 0 };

	if ((args.full || args.text) && is_container(t) && tree_count(t) > 0)
		(void)tree_each(t, one_sided_member, &o);
	else
		add_change(is_new ? NULL : t, is_new ? t : NULL);
}

static void compare(const struct tree *, const struct tree *, bool);

struct members {
	const struct tree *other;
	bool is_payload;
};

static enum status
compare_member(const char *key, struct tree *t, void *arg)
{
	const struct members *m = arg;
	const struct tree *other = tree_get(m->other, key);
	struct step s;

	if (is_ignored(key, m->is_payload))
		return OK;
	s = enter(key);
	if (other != NULL)
		compare(t, other, false);
	else
		one_sided(t, false, false);
	leave(s);
	return OK;
}

static enum status
add_member(const char *key, struct tree *t, void *arg)
{
	const struct members *m = arg;
	struct step s;

	if (is_ignored(key, m->is_payload) || tree_get(m->other, key) != NULL)
		return OK;
	s = enter(key);
	one_sided(t, true, false);
	leave(s);
	return OK;
}

static void
compare_dicts(const struct tree *a, const struct tree *b, bool is_payload)
{
	struct members m = { b, is_payload };

	(void)tree_each(a, compare_member, &m);
	m.other = a;
	(void)tree_each(b, add_member, &m);
}

/* n items before became m after: pairs of them changed, the rest came or
 * went.  Removed ones have their old index, all others the new one. */
static void
compare_gap(const struct tree *a, size_t i, size_t n, const struct tree *b,
    size_t k, size_t m)
{
	struct step s;

	for (; n > 0 && m > 0; n--, m--) {
		s = enter_index(k);
		compare(tree_at(a, i++), tree_at(b, k++), false);
		leave(s);
	}
	for (; n > 0; n--) {
		s = enter_index(i);
		one_sided(tree_at(a, i++), false, false);
		leave(s);
	}
	for (; m > 0; m--) {
		s = enter_index(k);
		one_sided(tree_at(b, k++), true, false);
		leave(s);
	}
}

/*
 * The longest common run of items, by the usual table: what[i][k] is its
 * length behind a's i-th and b's k-th.
 */
static void
compare_middle(const struct tree *a, size_t from, size_t n,
    const struct tree *b, size_t m)
{
	uint32_t *what = xcalloc((n + 1) * (m + 1), sizeof *what);
	size_t i, k, gap_i = 0, gap_k = 0;

#define WHAT(i, k) what[(i) * (m + 1) + (k)]
	for (i = n; i-- > 0;)
		for (k = m; k-- > 0;)
			if (tree_equal(tree_at(a, from + i),
			    tree_at(b, from + k)))
				WHAT(i, k) = WHAT(i + 1, k + 1) + 1;
			else
				WHAT(i, k) = WHAT(i + 1, k) > WHAT(i, k + 1) ?
				    WHAT(i + 1, k) : WHAT(i, k + 1);
	for (i = k = 0; i < n && k < m;) {
		if (tree_equal(tree_at(a, from + i), tree_at(b, from + k))) {
			compare_gap(a, from + gap_i, i - gap_i, b,
			    from + gap_k, k - gap_k);
			gap_i = ++i;
			gap_k = ++k;
		} else if (WHAT(i + 1, k) >= WHAT(i, k + 1)) {
			i++;
		} else {
			k++;
		}
	}
#undef WHAT
	compare_gap(a, from + gap_i, n - gap_i, b, from + gap_k, m - gap_k);
	free(what);
}

static void
compare_arrays(const struct tree *a, const struct tree *b)
{
	size_t n = tree_count(a), m = tree_count(b), from = 0;

	while (from < n && from < m &&
	    tree_equal(tree_at(a, from), tree_at(b, from)))
		from++;
	while (n > from && m > from &&
	    tree_equal(tree_at(a, n - 1), tree_at(b, m - 1))) {
		n--;
		m--;
	}
	n -= from;
	m -= from;
	if (n == m || n == 0 || m == 0 || (n + 1) * (m + 1) > ITEMS_PRODUCT_MAX)
		compare_gap(a, from, n, b, from, m);
	else
		compare_middle(a, from, n, b, m);
}

static void
compare(const struct tree *a, const struct tree *b, bool is_payload)
{
	enum tree_kind kind = tree_kind(a);

	if (kind == TREE_DICT && tree_kind(b) == kind)
		compare_dicts(a, b, is_payload);
	else if (kind == TREE_ARRAY && tree_kind(b) == kind)
		compare_arrays(a, b);
	else if (!tree_equal(a, b) && !same_payload(a, b))
		add_change(a, b);
}

/* ---- payloads ---- */

static int
compare_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The types that one of the profiles has more than once, sorted. */
static void
list_common_types(const struct sides *l)
{
	const char **v = xcalloc(l->n + 1, sizeof *v);
	size_t i, n = 0;

	for (i = 0; i < l->n; i++)
		if (l->v[i].type != NULL)
			v[n++] = l->v[i].type;
	qsort(v, n, sizeof *v, compare_text);
	for (i = 1; i < n; i++)
		if (strcmp(v[i], v[i - 1]) == 0 &&
		    (i == 1 || strcmp(v[i], v[i - 2]) != 0))
			strings_add(&comparing.common, v[i]);
	free(v);
}

static bool
is_common(const char *type)
{
	const struct strings *l = &comparing.common;

	return l->n > 0 && bsearch(&type, l->v, l->n, sizeof *l->v,
	    compare_text) != NULL;
}

/* "payload[TYPE]", and its identifier where the type does not tell. */
static void
name_payload(const struct side *s)
{
	struct buf *path = &comparing.path;

	buf_cut(path, 0);
	if (s->type == NULL)
		buf_printf(path, "payload[%zu]", s->index);
	else if (s->identifier == NULL || !is_common(s->type))
		buf_printf(path, "payload[%s]", s->type);
	else
		buf_printf(path, "payload[%s %s]", s->type, s->identifier);
}

static void
compare_payloads(void)
{
	struct sides *old = &comparing.old, *new = &comparing.new;
	size_t i;

	for (i = 0; i < old->n; i++) {
		const struct side *s = &old->v[i];

		name_payload(s);
		if (s->fellow != NONE)
			compare(s->payload, new->v[s->fellow].payload, true);
		else
			one_sided(s->payload, false, true);
	}
	for (i = 0; i < new->n; i++)
		if (new->v[i].fellow == NONE) {
			name_payload(&new->v[i]);
			one_sided(new->v[i].payload, true, true);
		}
}

/* The top without its payloads, which have names of their own. */
static struct tree *
top_of(const struct tree *profile)
{
	struct tree *top = tree_copy(profile);

	if (tree_get_kind(top, "PayloadContent", TREE_ARRAY) != NULL)
		tree_remove(top, "PayloadContent");
	return top;
}

static void
compare_profiles(const struct tree *old, const struct tree *new,
    const struct tree *old_top, const struct tree *new_top)
{
	list_payloads(old, &comparing.old);
	list_payloads(new, &comparing.new);
	match(identifier_of, type_of);
	match(identifier_of, NULL);
	match(type_of, NULL);
	list_common_types(&comparing.old);
	list_common_types(&comparing.new);
	if (comparing.common.n > 0)
		qsort(comparing.common.v, comparing.common.n,
		    sizeof *comparing.common.v, compare_text);
	list_uuids(&comparing.old, &comparing.old_uuids);
	list_uuids(&comparing.new, &comparing.new_uuids);
	buf_puts(&comparing.path, "profile");
	if (old_top != NULL && new_top != NULL)
		compare(old_top, new_top, true);
	else if (old_top != NULL || new_top != NULL)
		one_sided(old_top != NULL ? old_top : new_top,
		    old_top == NULL, true);
	compare_payloads();
}

/* ---- showing ---- */

/* One printable line, with nothing cut off. */
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

static void
add_value(const struct tree *t, bool secret, struct buf *out)
{
	size_t n = tree_count(t);

	if (secret && !args.show_secrets)
		buf_puts(out, "(secret)");
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

/* 1 and 1 of another kind would look the same. */
static void
add_both(const struct change *c, struct buf *out)
{
	auto_buf old = BUF_INIT, new = BUF_INIT;

	add_value(c->old, c->secret, &old);
	add_value(c->new, c->secret, &new);
	if (buf_equal(&old, &new) && tree_kind(c->old) != tree_kind(c->new))
		buf_printf(out, "%s %s -> %s %s",
		    tree_kind_name(tree_kind(c->old)), buf_str(&old),
		    tree_kind_name(tree_kind(c->new)), buf_str(&new));
	else
		buf_printf(out, "%s -> %s", buf_str(&old), buf_str(&new));
}

/* The profile's own lines first; indexes in the order of their numbers. */
static int
compare_changes(const void *va, const void *vb)
{
	const struct change *x = va, *y = vb;
	const char *a = x->path, *b = y->path;
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

static void
show_text(struct buf *out)
{
	size_t i;

	if (args.text && comparing.n > 0)
		qsort(comparing.changes, comparing.n,
		    sizeof *comparing.changes, compare_changes);
	for (i = 0; i < comparing.n; i++) {
		const struct change *c = &comparing.changes[i];

		add_escaped(c->path, strlen(c->path), out);
		buf_puts(out, ": ");
		if (c->old != NULL && c->new != NULL) {
			add_both(c, out);
		} else {
			if (!args.text)
				buf_puts(out, c->new != NULL ? "added " :
				    "removed ");
			add_value(c->new != NULL ? c->new : c->old, c->secret,
			    out);
		}
		buf_putc(out, '\n');
	}
}

static void report_value(struct report *, const char *, const struct tree *,
    bool);

struct reporting {
	struct report *in;
	bool secret;
};

static enum status
report_member(const char *key, struct tree *t, void *arg)
{
	const struct reporting *r = arg;

	report_value(r->in, key, t, r->secret ||
	    (key != NULL && schema_is_secret(key)));
	return OK;
}

static void
report_value(struct report *r, const char *key, const struct tree *t,
    bool secret)
{
	struct reporting inner = { NULL, secret };

	if (secret && !args.show_secrets) {
		report_null(r, key);
		return;
	}
	if (!is_container(t)) {
		tree_add_to_report(t, r, key);
		return;
	}
	inner.in = tree_kind(t) == TREE_DICT ? report_object() :
	    report_array();
	(void)tree_each(t, report_member, &inner);
	report_add(r, key, inner.in);
}

static void
show_json(struct buf *out)
{
	auto_report *top = report_object();
	struct report *list = report_array();
	size_t i;

	for (i = 0; i < comparing.n; i++) {
		const struct change *c = &comparing.changes[i];
		struct report *r = report_object();

		report_str(r, "path", c->path);
		report_str(r, "change", c->old == NULL ? "added" :
		    c->new == NULL ? "removed" : "changed");
		report_bool(r, "secret", c->secret);
		if (c->old != NULL)
			report_value(r, "old", c->old, c->secret);
		if (c->new != NULL)
			report_value(r, "new", c->new, c->secret);
		report_add(list, NULL, r);
	}
	report_bool(top, "equal", comparing.n == 0);
	report_add(top, "changes", list);
	report_render(top, out);
}

static void
forget(void)
{
	struct comparing *c = &comparing;
	size_t i;

	for (i = 0; i < c->n; i++)
		free(c->changes[i].path);
	free(c->changes);
	free(c->old.v);
	free(c->new.v);
	free(c->old_uuids.v);
	free(c->new_uuids.v);
	strings_free(&c->common);
	buf_free(&c->path);
}

/* ---- the tool ---- */

static enum status
check_args(const struct args *a)
{
	if (a->text && a->json)
		return fail(USAGE, "--text and --json exclude each other");
	if (a->text && a->files.n != 1)
		return fail(USAGE, "--text takes one FILE");
	if (!a->text && a->files.n != 2)
		return opts_missing("OLD NEW", "the two profiles");
	return OK;
}

static enum status
run(const struct args *a)
{
	auto_tree *old = NULL, *new = NULL, *old_top = NULL, *new_top = NULL;
	auto_buf out = BUF_INIT;
	enum status st;

	if ((st = check_args(a)) != OK)
		return st;
	if (!a->text && (st = read_profile(a->files.v[0], &old)) != OK)
		return st;
	if ((st = read_profile(a->files.v[a->text ? 0 : 1], &new)) != OK)
		return st;

	old_top = old != NULL ? top_of(old) : NULL;
	new_top = new != NULL ? top_of(new) : NULL;
	compare_profiles(old, new, old_top, new_top);

	if (a->json)
		show_json(&out);
	else
		show_text(&out);
	st = comparing.n > 0 && !a->text ? REFUSED : OK;
	forget();

	if (io_spill(&a->out, &out) != OK)
		return FAULT;
	return st;
}

int
main(int argc, char **argv)
{
	return (int)opts_main(&tool, argc, argv, run);
}
