/** The most that the core may cost. Raise a number only together with the reason, in the commit that needs it. */
export const budgets = {
	/**
	 * Everything that `allium` offers a page, minified and gzipped, in bytes. A page takes less. Frames and WebSockets
	 * are about 14,000 of it; balancers, and middleware beyond the client's defaults, are 6,000. What several hosts take of a client is 1,500:
	 * choices among addresses with fallback, identities that are expected there, and reasons of servers that refuse.
	 * Events in contracts are 1,300, with the checks of their upcasts and keys.
	 */
	browserBundleBytes: 51_500,
	/**
	 * A page that makes calls over `fetch` with the core alone, minified and gzipped, in bytes. It includes codecs for
	 * each method, calls by GET, choices among the addresses of an instance, and ids of calls that follow from their
	 * cause. Of events it includes the check of descriptions alone, which is 100.
	 */
	fetchClientBytes: 25_750,
	/** The types that the compiler instantiates for a contract of 200 methods, its service and its client. */
	typeInstantiations: 450_000,
	/**
	 * The size of `npm install allium` on the disk, in bytes. Half of it is undici, the HTTP client. The API of
	 * OpenTelemetry is 700,000. Formats, protocols on the port and backends added some 100,000, and events 470,000: the
	 * delivery engine, the log and the groups in SQLite, webhooks, and the commands that show what is going on.
	 */
	installedBytes: 5_150_000,
	/**
	 * The number of packages that it installs: `allium` itself, six others from this repository, and third-party ones.
	 */
	installedPackages: 11,
} as const;
