/* Root in a folder of somebody else's. */
#include <errno.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/local.h"

enum status
io_check_root(const char *dir)
{
	const struct passwd *owner;
	struct stat sb;

	if (geteuid() != 0)
		return OK;
	if (stat(dir, &sb) == -1 && errno == ENOENT)
		return OK;	/* the write itself will fail, and say so */
	if (stat(dir, &sb) == -1)
		return fail_errno(FAULT, "%s: cannot open the folder", dir);
	if (sb.st_uid == 0)
		return OK;
	if ((owner = getpwuid(sb.st_uid)) == NULL)
		return fail(REFUSED, "%s: root writes nothing into a folder "
		    "of user %ld: run this as that user", dir,
		    (long)sb.st_uid);
	return fail(REFUSED, "%s: root writes nothing into a folder of %s: "
	    "run this as that user (runuser -u %s -- ...)", dir,
	    owner->pw_name, owner->pw_name);
}
