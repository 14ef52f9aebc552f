/** A resource that is in use until it is released. */
export interface Share<Resource> {
	readonly resource: Resource;
	/** Ends this use. The last release closes the resource. A second call has no further effect. */
	release(): Promise<void>;
}

interface Entry<Resource> {
	readonly opening: Promise<Resource>;
	users: number;
}

/**
 * A resource that several ports of one process share, such as the connection of an adapter that serves a registry and
 * a broker. It is opened once for each URL and scope, and closed when its last user releases it. For authors of
 * adapters.
 *
 * @example
 * const connections = new SharedResource((url: string) => connect(url));
 *
 * export async function broker(url: string, { scope }: AdapterOptions): Promise<Broker> {
 * 	const { resource, release } = await connections.use(url, scope);
 * 	return new NatsBroker(resource, release);
 * }
 */
export class SharedResource<Resource extends AsyncDisposable> {
	readonly #open: (url: string) => Promise<Resource>;
	readonly #entries = new WeakMap<object, Map<string, Entry<Resource>>>();

	constructor(open: (url: string) => Promise<Resource>) {
		this.#open = open;
	}

	/**
	 * The resource at a URL. After a failure to open it, the next user opens it again.
	 *
	 * @param scope the process that uses it: {@link AdapterOptions.scope}.
	 */
	async use(url: string, scope: object): Promise<Share<Resource>> {
		const entries = this.#entries.get(scope) ?? new Map<string, Entry<Resource>>();
		this.#entries.set(scope, entries);
		const entry = entries.get(url) ?? { opening: this.#open(url), users: 0 };
		entries.set(url, entry);
		entry.users++;
		const forget = (): void => {
			if (entries.get(url) === entry) entries.delete(url);
		};
		try {
			return { resource: await entry.opening, release: once(() => leave(entry, forget)) };
		} catch (error) {
			forget();
			throw error;
		}
	}
}

async function leave(entry: Entry<AsyncDisposable>, forget: () => void): Promise<void> {
	entry.users--;
	if (entry.users > 0) return;
	forget();
	await (await entry.opening)[Symbol.asyncDispose]();
}

function once(action: () => Promise<void>): () => Promise<void> {
	let done: Promise<void> | undefined;
	return () => {
		done ??= action();
		return done;
	};
}
