/* The attributes of a signer, by name and printable value. */
#include <string.h>

#include "facts/cms_local.h"

enum {
	ATTRIBUTES_MAX = 64,	/* of a signer */
	VALUES_MAX = 16,	/* of an attribute */
};

/* SMIMECapabilities: the names of a SEQUENCE of AlgorithmIdentifiers. */
static void
add_capabilities(struct ber in, struct buf *out)
{
	struct ber_item item;

	while (ber_want(&in, BER_SEQUENCE, &item)) {
		auto_char *name = facts_algorithm(&item);

		buf_printf(out, "%s%s", out->len > 0 ? ", " : "", name);
		if (out->len > 512)
			return;
	}
}

static void
add_values(const char *name, struct ber in, struct report *values)
{
	struct ber_item v;
	size_t n = 0;

	while (n++ < VALUES_MAX && ber_next(&in, &v) == NULL) {
		auto_buf text = BUF_INIT;

		if (strcmp(name, "smimeCapabilities") == 0)
			add_capabilities(v.body, &text);
		else
			facts_value(&v, &text);
		report_strn(values, NULL, buf_str(&text), text.len);
	}
}

/* Attributes by OID, with their values as text. */
struct report *
cms_facts_attributes(const struct cms_look *l, const char *where, struct ber in)
{
	struct report *all = report_array();
	struct ber_item attr, oid, set;
	size_t n = 0;

	while (n++ < ATTRIBUTES_MAX && ber_want(&in, BER_SEQUENCE, &attr)) {
		struct ber a = attr.body;
		struct report *e, *values;
		auto_char *name = NULL;
		auto_buf dots = BUF_INIT;
		bool known;

		if (!ber_want(&a, BER_OID, &oid) ||
		    !ber_want(&a, BER_SET, &set))
			continue;
		name = facts_oid(&oid, &known);
		ber_oid(&oid, &dots);
		e = report_add_object(all, NULL);
		values = report_array();
		add_values(name, set.body, values);
		report_str(e, "name", name);
		report_str(e, "oid", buf_str(&dots));
		if (!known)
			facts_note(l->f, "unknown_attribute", where,
			    "unknown attribute %s", name);
		if (report_count(values) != 1)
			facts_note(l->f, "attribute_values", where, "attribute "
			    "%s has %zu values", name, report_count(values));
		report_add(e, "values", values);
	}
	return all;
}

/* The values of a signed attribute of a signer, or NULL. */
static const struct report *
values_of(const struct report *signer, const char *name)
{
	const struct report *attrs = report_get(signer, "signed_attributes");
	size_t i;

	for (i = 0; attrs != NULL && i < report_count(attrs); i++) {
		const struct report *e = report_at(attrs, i);
		const char *is = report_get_text(e, "name");

		if (is != NULL && strcmp(is, name) == 0)
			return report_get(e, "values");
	}
	return NULL;
}

const char *
cms_facts_signed_text(const struct report *signer, const char *name)
{
	const struct report *values = values_of(signer, name);

	return values != NULL && report_count(values) > 0 ?
	    report_text(report_at(values, 0), NULL) : NULL;
}

const struct report *
cms_facts_attribute(const struct report *r, const char *name)
{
	const struct report *signers = report_get(r, "signers");

	if (signers == NULL || report_count(signers) == 0)
		return NULL;
	return values_of(report_at(signers, 0), name);
}
