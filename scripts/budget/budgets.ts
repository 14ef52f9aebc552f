/** The most that the core may cost. Raise a number only together with the reason, in the commit that needs it. */
export const budgets = {
	/**
	 * Everything that `allium` offers a page, minified and gzipped, in bytes. A page takes less. Frames and WebSockets
	 * are about 14,000 of it; balancers, and middleware beyond the client's defaults, are 6,000. What several hosts take of a client is 1,500:
	 * choices among addresses with fallback, identities that are expected there, and reasons of servers that refuse.
	 * Events in contracts are 1,300, with the checks of their upcasts and keys. That instances share an address, as behind a
	 * queue, and that a method goes to where it can be carried, is 270. That metadata in frames is read as one text is 40.
	 */
	browserBundleBytes: 52_000,
	/**
	 * A page that makes calls over `fetch` with the core alone, minified and gzipped, in bytes. It includes codecs for
	 * each method, calls by GET, choices among the addresses of an instance, and ids of calls that follow from their
	 * cause. Of events it includes the check of descriptions alone, which is 100. That functions tell their method, so that
	 * workflows know what errors a call declares, is 30. That the deadlines of calls share a timer, with every client of HTTP,
	 * is 220. That instances share an address, and that a method goes to where it can be carried, is 260.
	 */
	fetchClientBytes: 26_400,
	/** The types that the compiler instantiates for a contract of 200 methods, its service and its client. */
	typeInstantiations: 450_000,
	/**
	 * The size of `npm install allium` on the disk, in bytes. Half of it is undici, the HTTP client. The API of
	 * OpenTelemetry is 700,000. Formats, protocols on the port and backends added some 100,000, and events 470,000: the
	 * delivery engine, the log and the groups in SQLite, webhooks, and the commands that show what is going on. Event
	 * sourcing is 700,000, of which the reader of cron expressions is 210,000: stores, deciders, views, workflows and
	 * schedules, and their commands.
	 */
	installedBytes: 5_900_000,
	/**
	 * The number of packages that it installs: `allium` itself, seven others from this repository, and third-party ones.
	 */
	installedPackages: 13,
} as const;
