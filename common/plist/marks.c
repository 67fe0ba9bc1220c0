/* Marks on nodes: line and column, comments, faults. */
#include "plist/node.h"

/*
 * A hash table by address with open addressing, at most half full.  Nodes do
 * not know their source, and only tools that report about single keys need it.
 */
struct mark {
	const struct tree *t;
	unsigned long line, column;
	bool is_padded;
	size_t comments[2];	/* before and inside, counted from 1; 0: none */
};

struct fault {
	struct tree_fault fault;
	char *text;		/* owned */
};

struct tree_marks {
	struct fault *faults;
	size_t fault_count;
	char **comments;
	size_t comment_count;
	bool forgives, has_padded, keeps_comments;
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

	for (i = 0; i < m->fault_count; i++)
		free(m->faults[i].text);
	free(m->faults);
	mem_free_all(m->comments, m->comment_count);
	free(m->v);
	free(m);
}

/* The entry of t, or the free one where it belongs. */
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
	*p = (struct mark){ .t = t, .line = line, .column = column };
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
tree_marks_forgive(struct tree_marks *m)
{
	m->forgives = true;
}

bool
tree_marks_forgives(const struct tree_marks *m)
{
	return m != NULL && m->forgives;
}

bool
tree_marks_add_fault(struct tree_marks *m, const struct tree_fault *f)
{
	struct fault *one;

	if (!tree_marks_forgives(m) || m->fault_count == TREE_FAULTS_MAX)
		return false;
	one = GROW(m->faults, m->fault_count);
	one->text = xstrdup(f->text);
	one->fault = *f;
	one->fault.text = one->text;
	return true;
}

const struct tree_fault *
tree_marks_fault(const struct tree_marks *m, size_t i)
{
	return m != NULL && i < m->fault_count ? &m->faults[i].fault : NULL;
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

void
tree_marks_keep_comments(struct tree_marks *m)
{
	m->keeps_comments = true;
}

bool
tree_marks_keeps_comments(const struct tree_marks *m)
{
	return m != NULL && m->keeps_comments;
}

void
tree_marks_add_comment(struct tree_marks *m, const struct tree *t,
    bool is_inside, const char *text)
{
	const char *old = tree_marks_comment(m, t, is_inside);

	if (place(m, t)->t == NULL)
		return;
	*GROW(m->comments, m->comment_count) = xasprintf("%s%s",
	    old != NULL ? old : "", text);
	place(m, t)->comments[is_inside] = m->comment_count;
}

const char *
tree_marks_comment(const struct tree_marks *m, const struct tree *t,
    bool is_inside)
{
	size_t i = m != NULL ? place(m, t)->comments[is_inside] : 0;

	return i > 0 ? m->comments[i - 1] : NULL;
}
