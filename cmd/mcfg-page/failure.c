/* What HTTP says if a tool has failed. */
#include <string.h>

#include "base/words.h"
#include "failure.h"
#include "site/site.h"

static const struct {
	const char *word;
	enum web_blame blame;
} blames[] = {
	{ "site", WEB_SITE },
	{ "device", WEB_DEVICE },
	{ "message", WEB_DEVICE },
	{ "user", WEB_USER },
	{ "name", WEB_NAME },
	{ "login", WEB_LOGIN },
};

/* "TOOL: site.yaml:3:5: ...": the site's own file is nobody else's fault. */
static bool
is_about_site(const struct failure *f, const char *reason)
{
	const char *subject = strstr(reason, ": ");
	size_t n = f->config != NULL ? strlen(f->config) : 0;

	return f->status == MALFORMED && n > 0 && subject != NULL &&
	    strncmp(subject + 2, f->config, n) == 0 && subject[n + 2] == ':';
}

static enum web_blame
find_blame(const struct failure *f, const char *reason)
{
	size_t i;

	if (f->blame == NULL || is_about_site(f, reason))
		return WEB_SITE;
	for (i = 0; i < ARRAY_LEN(blames); i++)
		if (strcmp(blames[i].word, f->blame) == 0)
			return blames[i].blame;
	return WEB_SITE;
}

struct web_verdict
failure_judge(const struct failure *f, const char *reason, bool *is_read)
{
	struct web_verdict v;

	*is_read = f->blame != NULL && strcmp(f->blame, "message") == 0;
	if (*is_read) {
		v = web_judge_length(f->length, IO_MESSAGE_MAX, false);
		if (v.code != 0) {
			*is_read = false;
			return v;
		}
	}
	return (struct web_verdict){ web_code(find_blame(f, reason), f->status,
	    reason), reason };
}

static void
drop_line(const char *line, void *arg)
{
	(void)line;
	(void)arg;
}

char *
failure_url(const char *config)
{
	auto_site *s = NULL;
	const char *url = NULL;

	diag_divert(drop_line, NULL);
	if (config != NULL && site_load(config, &s) == OK)
		url = site_get(s, "url");
	diag_divert(NULL, NULL);
	return url == NULL ? NULL : xstrdup(url);
}
