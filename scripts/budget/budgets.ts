/** What the core may cost. Raise a number only together with the reason, in the commit that needs it. */
export const budgets = {
	/**
	 * The core for a browser, minified and gzipped, in bytes: all that it exports; a page takes less. Of it, REST
	 * routes are about 3,000, the transports over `fetch` and WebSockets 5,000, middleware beside the client's
	 * defaults and balancers 6,000, tracing and metrics 1,600, health checks 800, the
	 * tables and short cuts of fast frames and streams 1,000. What strangers hand over is checked where it enters, and
	 * errors say who failed, where and why: 6,000 in frames, errors, endpoints and calls; queries with objects 2,500;
	 * who has a method, and contracts that differ, 1,800; schemas that do not describe themselves 1,000.
	 */
	browserBundleBytes: 57_000,
	/** What the compiler instantiates for a contract of 200 methods, its service and its client. */
	typeInstantiations: 490_000,
	/**
	 * What `npm install allium` puts on the disk, in bytes. Half of it is undici, the client of HTTP; the API of
	 * OpenTelemetry is 700,000, and 200,000 are the tests' tools, of which `allium bench` makes its load.
	 */
	installedBytes: 4_600_000,
	/** How many packages that are, `allium` itself and six others of ours among them. */
	installedPackages: 11,
} as const;
