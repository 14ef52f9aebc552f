/** The status of a run whose journal this version cannot read. */
export const unreadable = "unreadable";

/** The statuses of runs. */
export const statuses: readonly string[] = [
	"not started",
	"going on",
	"waiting",
	"parked",
	"ended",
	"cancelled",
	unreadable,
];
