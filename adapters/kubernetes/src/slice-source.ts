import { ServiceError } from "@allium/core";
import type { ApiClient } from "./api-client.ts";
import { ApiError, apiFailure } from "./api-error.ts";
import { type EndpointSlice, isEndpointSlice, isSliceList, resourceVersionOf } from "./endpoint-slice.ts";

/** How many slices are listed at once. A slice has up to 100 endpoints, by default. */
const pageSize = 100;
/** The most pages of a list. More than a hundred thousand slices are no cluster. */
const mostPages = 1_000;
/** How often a list is begun again because its pages are of a version that the server no longer has. */
const mostBeginnings = 3;
/** How long a watch lasts until the server ends it, in seconds: at least this, and up to twice as long. */
const watchSeconds = 300;

/** Which slices are meant. */
export interface SliceSelection {
	/** The namespace of Kubernetes; undefined for all. */
	readonly namespace: string | undefined;
	/** A label selector; undefined for all slices. */
	readonly selector: string | undefined;
}

/** All slices, and the version of the list. */
export interface SliceListing {
	readonly slices: readonly EndpointSlice[];
	readonly version: string;
}

/** Receives the events of a watch. */
export interface SliceListener {
	/** The server has accepted the watch. */
	opened(): void;
	put(slice: EndpointSlice): void;
	delete(slice: EndpointSlice): void;
	/** Everything up to this version has been told. */
	reached(version: string): void;
	/** The server sent something that is not an EndpointSlice. */
	malformed(): void;
}

/** The EndpointSlices of an API server. */
export class SliceSource {
	readonly #client: ApiClient;
	readonly #server: string;
	readonly #path: string;
	readonly #selector: string | undefined;
	readonly #where: string;

	constructor(client: ApiClient, server: string, { namespace, selector }: SliceSelection) {
		this.#client = client;
		this.#server = server;
		const folder = namespace === undefined ? "" : `/namespaces/${encodeURIComponent(namespace)}`;
		this.#path = `/apis/discovery.k8s.io/v1${folder}/endpointslices`;
		this.#selector = selector;
		this.#where =
			namespace === undefined ? "in all namespaces" : `in the namespace ${JSON.stringify(namespace)}`;
	}

	/**
	 * Asks for one slice, to find out whether this process may list them.
	 *
	 * @throws as {@link list}.
	 */
	async check(signal: AbortSignal): Promise<void> {
		await this.#page("1", undefined, signal);
	}

	/**
	 * Lists all slices, page by page.
	 *
	 * @throws ApiError, or ServiceError `unavailable` when there is no answer.
	 */
	async list(signal: AbortSignal): Promise<SliceListing> {
		for (let beginning = 1; ; beginning++) {
			try {
				return await this.#pages(signal);
			} catch (error) {
				const isOfVersion = error instanceof ApiError && error.isOfVersion;
				if (!isOfVersion || beginning === mostBeginnings) throw error;
			}
		}
	}

	/**
	 * Reports the changes after a version, until the server ends the watch.
	 *
	 * @throws ApiError whose `isOfVersion` is true if the server does not have the version; otherwise as {@link list}.
	 */
	async watch(version: string, signal: AbortSignal, listener: SliceListener): Promise<void> {
		const timeoutSeconds = Math.round(watchSeconds * (1 + Math.random()));
		const path = this.#url({
			watch: "1",
			resourceVersion: version,
			allowWatchBookmarks: "true",
			timeoutSeconds: String(timeoutSeconds),
		});
		const what = `watch endpointslices ${this.#where}`;
		await this.#client.watch(
			{ path, what, signal },
			() => listener.opened(),
			(line) => {
				this.#tell(line, what, listener);
			},
		);
	}

	async #pages(signal: AbortSignal): Promise<SliceListing> {
		const slices: EndpointSlice[] = [];
		let token: string | undefined;
		for (let page = 1; page <= mostPages; page++) {
			const { items, metadata } = await this.#page(String(pageSize), token, signal);
			slices.push(...items.filter(isEndpointSlice));
			token = metadata.continue;
			if (token === undefined || token === "") return { slices, version: metadata.resourceVersion };
		}
		throw this.#unusable(`lists more than ${mostPages} pages of endpointslices ${this.#where}`);
	}

	async #page(limit: string, token: string | undefined, signal: AbortSignal) {
		const what = `list endpointslices ${this.#where}`;
		const path = this.#url({ limit, continue: token });
		const page = await this.#client.get({ path, what, signal });
		if (isSliceList(page)) return page;
		throw this.#unusable(`answers something else than a list to the request to ${what}`);
	}

	#unusable(why: string): ServiceError {
		return new ServiceError({ code: "unavailable", message: `the API server ${this.#server} ${why}` });
	}

	#tell(line: string, what: string, listener: SliceListener): void {
		const event = parseEvent(line);
		const version = resourceVersionOf(event?.object);
		switch (event?.type) {
			case "ADDED":
			case "MODIFIED":
				if (isEndpointSlice(event.object)) listener.put(event.object);
				else listener.malformed();
				break;
			case "DELETED":
				if (isEndpointSlice(event.object)) listener.delete(event.object);
				else listener.malformed();
				break;
			case "BOOKMARK":
				break;
			case "ERROR":
				throw new ApiError(this.#server, what, apiFailure(0, event.object));
			default:
				listener.malformed();
		}
		if (version !== undefined) listener.reached(version);
	}

	#url(query: Readonly<Record<string, string | undefined>>): string {
		const parameters = new URLSearchParams();
		for (const [name, value] of Object.entries({ ...query, labelSelector: this.#selector })) {
			if (value !== undefined) parameters.set(name, value);
		}
		return `${this.#path}?${parameters}`;
	}
}

function parseEvent(line: string): { readonly type: unknown; readonly object: unknown } | undefined {
	try {
		const event: unknown = JSON.parse(line);
		if (typeof event !== "object" || event === null || !("type" in event) || !("object" in event))
			return undefined;
		return event;
	} catch {
		return undefined;
	}
}
