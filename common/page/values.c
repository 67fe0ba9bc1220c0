/* The values for a template. */
#include <string.h>

#include "page/page.h"

void
page_values_free(struct page_values *v)
{
	size_t i;

	for (i = 0; i < v->n; i++) {
		free(v->v[i].name);
		free(v->v[i].text);
	}
	free(v->v);
	*v = (struct page_values)PAGE_VALUES_INIT;
}

static struct page_value *
value_of(struct page_values *v, const char *name)
{
	struct page_value *new;
	size_t i;

	for (i = 0; i < v->n; i++)
		if (strcmp(v->v[i].name, name) == 0)
			return &v->v[i];
	new = GROW(v->v, v->n);
	*new = (struct page_value){ xstrdup(name), NULL, false };
	return new;
}

static void
set(struct page_values *v, const char *name, const char *text, bool is_markup)
{
	struct page_value *value = value_of(v, name);
	char *old = value->text;

	value->text = xstrdup(text != NULL ? text : "");
	value->is_markup = is_markup;
	free(old);
}

void
page_set(struct page_values *v, const char *name, const char *text)
{
	set(v, name, text, false);
}

void
page_set_markup(struct page_values *v, const char *name, const char *html)
{
	set(v, name, html, true);
}
