/** What the core may cost. Raise a number only together with the reason, in the commit that needs it. */
export const budgets = {
	/**
	 * All that `allium` gives a page, minified and gzipped, in bytes; a page takes less. Of it, frames and WebSockets
	 * are about 14,000, middleware beside the client's defaults and balancers 6,000.
	 */
	browserBundleBytes: 48_000,
	/**
	 * What a page loads that makes calls over `fetch` with the core alone, minified and gzipped, in bytes. That includes
	 * codecs for each method and calls by GET.
	 */
	fetchClientBytes: 24_000,
	/** What the compiler instantiates for a contract of 200 methods, its service and its client. */
	typeInstantiations: 450_000,
	/**
	 * What `npm install allium` puts on the disk, in bytes. Half of it is undici, the client of HTTP; the API of
	 * OpenTelemetry is 700,000. Formats, protocols on the port and backends brought some 100,000.
	 */
	installedBytes: 4_750_000,
	/** How many packages that are, `allium` itself and six others of ours among them. */
	installedPackages: 11,
} as const;
