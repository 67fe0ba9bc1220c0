#include "plist/node.h"

/*
 * A table by address, open, half empty: nodes do not know their source, and
 * only the tools that talk about single keys ask.
 */
struct mark {
	const struct tree *t;
	unsigned long line, column;
	bool is_padded;
};

struct doubled {
	struct mark at;
	char *key;
};

struct tree_marks {
	struct doubled *doubled;
	size_t doubled_count;
	bool allows_doubled, has_padded;
	struct mark *v;
	size_t n, room;		/* room is a power of two */
};

enum { MARKS_ROOM = 256 };

struct tree_marks *
tree_marks_new(void)
{
	struct tree_marks *m = xcalloc(1, sizeof *m);

	m->room = MARKS_ROOM;
	m->v = xcalloc(m->room, sizeof *m->v);
	return m;
}

void
tree_marks_free(struct tree_marks *m)
{
	size_t i;

	for (i = 0; i < m->doubled_count; i++)
		free(m->doubled[i].key);
	free(m->doubled);
	free(m->v);
	free(m);
}

/* The place of t, or the free one where it would go. */
static struct mark *
place(const struct tree_marks *m, const struct tree *t)
{
	uint64_t hash = (uint64_t)(uintptr_t)t * UINT64_C(0x9E3779B97F4A7C15);
	size_t i = (size_t)(hash >> 32) & (m->room - 1);

	while (m->v[i].t != NULL && m->v[i].t != t)
		i = (i + 1) & (m->room - 1);
	return &m->v[i];
}

static void
enlarge(struct tree_marks *m)
{
	struct tree_marks bigger = *m;
	size_t i;

	bigger.room = m->room * 2;
	bigger.v = xcalloc(bigger.room, sizeof *bigger.v);
	for (i = 0; i < m->room; i++)
		if (m->v[i].t != NULL)
			*place(&bigger, m->v[i].t) = m->v[i];
	free(m->v);
	*m = bigger;
}

void
tree_marks_add(struct tree_marks *m, const struct tree *t,
    unsigned long line, unsigned long column)
{
	struct mark *p;

	if (m->n >= m->room / 2)
		enlarge(m);
	p = place(m, t);
	if (p->t == NULL)
		m->n++;
	*p = (struct mark){ t, line, column, false };
}

void
tree_marks_get(const struct tree_marks *m, const struct tree *t,
    unsigned long *line, unsigned long *column)
{
	const struct mark *p = place(m, t);

	*line = p->line;
	*column = p->column;
}

void
tree_marks_allow_doubled(struct tree_marks *m)
{
	m->allows_doubled = true;
}

bool
tree_marks_add_doubled(struct tree_marks *m, const struct tree *dict,
    const char *key, unsigned long line, unsigned long column)
{
	struct doubled *d;

	if (!m->allows_doubled || m->doubled_count == TREE_DOUBLED_MAX)
		return false;
	m->doubled = xreallocarray(m->doubled, m->doubled_count + 1,
	    sizeof *m->doubled);
	d = &m->doubled[m->doubled_count++];
	d->at = (struct mark){ dict, line, column, false };
	d->key = xstrdup(key);
	return true;
}

const char *
tree_marks_doubled(const struct tree_marks *m, size_t i,
    const struct tree **dict, unsigned long *line, unsigned long *column)
{
	if (i >= m->doubled_count)
		return NULL;
	*dict = m->doubled[i].at.t;
	*line = m->doubled[i].at.line;
	*column = m->doubled[i].at.column;
	return m->doubled[i].key;
}

void
tree_marks_add_padded(struct tree_marks *m, const struct tree *t)
{
	struct mark *p = place(m, t);

	if (p->t == NULL)
		return;
	p->is_padded = true;
	m->has_padded = true;
}

bool
tree_marks_has_padded(const struct tree_marks *m)
{
	return m->has_padded;
}

bool
tree_marks_is_padded(const struct tree_marks *m, const struct tree *t)
{
	return place(m, t)->is_padded;
}
