/** A service to begin with. */
export interface Template {
	/** Its name, and that of its folder below `templates`. */
	readonly name: string;
	/** What it shows, in a few words. */
	readonly summary: string;
	/** How its service is tried: the words after `allium call <service>`. */
	readonly call: string;
}

/** What `allium new` can begin with; the first is the default. */
export const templates: readonly [Template, ...Template[]] = [
	{ name: "rest", summary: "called over REST and by its types", call: `add '{"text":"Buy onions."}'` },
	{ name: "stream", summary: "called for a stream of messages", call: `countdown '{"from":5}'` },
];
