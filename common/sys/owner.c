/* Protects root from paths that other users control. */
#define _GNU_SOURCE	/* S_ISVTX */

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/local.h"

enum {
	LINKS_MAX = 40,
	TARGET_MAX = 4096,
};

/* A path that is followed from the top; links are resolved here. */
struct walk {
	const char *path;	/* as given */
	char *done;		/* the part that was checked; "" is the top */
	char *rest;		/* the rest */
	int links;
	bool folders;		/* check folders as well, not only links */
};

static void
walk_free(struct walk *w)
{
	free(w->done);
	free(w->rest);
}

static const char *
user_name(uid_t uid, char *buf, size_t size)
{
	const struct passwd *user = getpwuid(uid);

	if (user != NULL)
		return user->pw_name;
	snprintf(buf, size, "user %ld", (long)uid);
	return buf;
}

static enum status
refuse_folder(const struct walk *w, const char *part, uid_t uid)
{
	char buf[32];
	const char *user = user_name(uid, buf, sizeof buf);

	return fail(REFUSED, "%s: root writes nothing into a folder of %s "
	    "(%s): run this as that user (runuser -u %s -- ...)", w->path,
	    user, part, user);
}

/* Anything that others may rename, they may replace by a link. */
static bool
is_open(const struct stat *sb)
{
	return (sb->st_mode & S_ISVTX) == 0 && ((sb->st_mode & S_IWOTH) != 0 ||
	    ((sb->st_mode & S_IWGRP) != 0 && sb->st_gid != 0));
}

static enum status
judge_folder(const struct walk *w, const char *part, const struct stat *sb)
{
	if (!w->folders)
		return OK;
	if (sb->st_uid != 0)
		return refuse_folder(w, part, sb->st_uid);
	if (is_open(sb))
		return fail(REFUSED, "%s: others than root can write into "
		    "%s, and put another folder there", w->path, part);
	return OK;
}

/* Puts the link's target in its place in the path. */
static enum status
follow(struct walk *w, const char *part, const struct stat *sb)
{
	char target[TARGET_MAX + 1], buf[32];
	ssize_t n;
	char *rest;

	if (sb->st_uid != 0)
		return fail(REFUSED, "%s: the link %s belongs to %s, and root "
		    "follows it nowhere: give the path that it leads to",
		    w->path, part, user_name(sb->st_uid, buf, sizeof buf));
	if (++w->links > LINKS_MAX) {
		errno = ELOOP;
		return fail_errno(FAULT, "%s: cannot open", w->path);
	}
	if ((n = readlink(part, target, TARGET_MAX)) == -1)
		return fail_errno(FAULT, "%s: cannot read the link", part);
	target[n] = '\0';
	if (target[0] == '/')
		w->done[0] = '\0';
	rest = xasprintf("%s/%s", target, w->rest);
	free(w->rest);
	w->rest = rest;
	return OK;
}

/* Takes the next name off the rest, "" at its end; the caller frees it. */
static char *
take_name(struct walk *w)
{
	size_t skip = strspn(w->rest, "/");
	size_t len = strcspn(w->rest + skip, "/");
	char *name = xstrndup(w->rest + skip, len);

	memmove(w->rest, w->rest + skip + len,
	    strlen(w->rest + skip + len) + 1);
	return name;
}

static void
go_up(struct walk *w)
{
	char *slash = strrchr(w->done, '/');

	if (slash != NULL)
		*slash = '\0';
}

/*
 * Goes one name further; *more is false at the end, or if nothing exists
 * there.
 */
static enum status
step(struct walk *w, bool *more)
{
	auto_char *name = take_name(w), *part = NULL;
	struct stat sb;
	enum status st;

	*more = name[0] != '\0';
	if (!*more || strcmp(name, ".") == 0)
		return OK;
	if (strcmp(name, "..") == 0) {
		go_up(w);
		return OK;
	}
	part = xasprintf("%s/%s", w->done, name);
	if (lstat(part, &sb) == -1) {
		*more = false;
		/* The write itself will fail and report it. */
		return errno == ENOENT || errno == ENOTDIR ? OK :
		    fail_errno(FAULT, "%s: cannot check whether it "
		    "exists", part);
	}
	if (S_ISLNK(sb.st_mode))
		return follow(w, part, &sb);
	if (S_ISDIR(sb.st_mode) && (st = judge_folder(w, part, &sb)) != OK)
		return st;
	free(w->done);
	w->done = STEAL(part);
	return OK;
}

static enum status
walk(const char *path, bool folders)
{
	AUTO(walk_free) struct walk w = { .path = path, .folders = folders };
	auto_char *here = NULL;
	enum status st = OK;
	bool more = true;

	if (geteuid() != 0)
		return OK;
	if (path[0] != '/' && (here = realpath(".", NULL)) == NULL)
		return fail_errno(FAULT, "cannot find the current folder");
	w.rest = here == NULL ? xstrdup(path) : xasprintf("%s/%s", here, path);
	w.done = xstrdup("");
	while (more && st == OK)
		st = step(&w, &more);
	return st;
}

enum status
io_check_root(const char *dir)
{
	return walk(dir, true);
}

enum status
io_check_links(const char *path)
{
	return walk(path, false);
}
