/* unit_pattern TYPE PATTERN NAME: "fits" or "differs", as scep-ca judges. */
#include <stdio.h>

#include "issue/issue.h"

int
main(int argc, char **argv)
{
	if (argc != 4)
		return USAGE;
	puts(issue_pattern_fits(argv[1], argv[2], argv[3]) ? "fits" :
	    "differs");
	return OK;
}
