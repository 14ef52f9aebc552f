/** How a run is whose journal this version cannot read. */
export const unreadable = "unreadable";

/** How a run can be. */
export const statuses: readonly string[] = [
	"not started",
	"going on",
	"waiting",
	"parked",
	"ended",
	"cancelled",
	unreadable,
];
